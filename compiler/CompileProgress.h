//===- CompileProgress.h - how far a compilation is -----------------------------------------------------===//
#ifndef DLC_COMPILER_COMPILEPROGRESS_H
#define DLC_COMPILER_COMPILEPROGRESS_H
#include <atomic>

namespace dlc {
/// Written by the compilation, on any of its threads, and read by whoever shows it, at any time.
struct CompileProgress {
  /// What is done now: "import", a level's name, "machine code", "link".
  std::atomic<const char *> phase{""};
  /// Of 1000, as far as one can say: phases take different shares of different models.
  std::atomic<unsigned> permille{0};
  void set(const char *name, unsigned done) {
    phase = name;
    permille = done;
  }
};
} // namespace dlc
#endif

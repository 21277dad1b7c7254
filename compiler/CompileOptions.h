//===- CompileOptions.h - everything a compilation can be told -----------------------===//
#ifndef DLC_COMPILER_COMPILEOPTIONS_H
#define DLC_COMPILER_COMPILEOPTIONS_H
#include "compiler/target/cpu/TargetInfo.h"
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mlir {
class TimingScope;
} // namespace mlir

namespace dlc {
struct CompileProgress;
namespace tune {
struct Tuning;
}

struct CompileOptions {
  /// The model's name: the artifact's only symbol is dlc_model_<name>.
  std::string name = "model";
  /// The CPU that code is generated for.
  cpu::TargetInfo target;
  /// When there is more than one: code for each of these goes into one artifact, the weakest first, and `target` is not
  /// used. The engine takes the last that its machine can run.
  std::vector<cpu::TargetInfo> variants;
  /// Tells the kernels' symbols of variants apart.
  std::string kernelTag;
  /// LLVM's level for kernels, 0 to 3.
  int optLevel = 3;
  /// Kernels compiled side by side; 0: as many as there are processors.
  unsigned threads = 0;
  /// Results of constant folding may hold at most this many bytes beyond their operands'.
  uint64_t foldBudget = 512ull << 20;
  /// The program that executables are made of: dlc_runner.
  std::string runner;
  /// Write the IR of each level, and the kernels as LLVM IR and assembly, into this folder when not empty.
  std::string dumpDir;
  /// Print the IR after each pass that changed it, to standard error.
  bool printAfterChange = false;
  /// Where the time of levels and passes is added up, when not null.
  mlir::TimingScope *timing = nullptr;
  /// Set when a failure is a fault of dlc and not of the model, when not null.
  bool *internalError = nullptr;
  /// Where the compilation tells how far it is, when not null.
  CompileProgress *progress = nullptr;
  /// What was measured about kernels, and whether more is to be; null: the cost model alone chooses.
  std::shared_ptr<tune::Tuning> tuning;
};
} // namespace dlc
#endif

/// \file A progress bar for what takes longer than a second.
#ifndef DLC_TOOLS_COMMON_PROGRESS_H
#define DLC_TOOLS_COMMON_PROGRESS_H

#include "llvm/ADT/StringRef.h"
#include <chrono>
#include <cstdint>
#include <string>

namespace dlc {

/// Draws on standard error, only when that is a terminal, and only once a second has passed. The destructor erases it.
class Progress {
public:
  /// `total` 0: unknown, only the count is shown.
  Progress(llvm::StringRef title, uint64_t total);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// Sets how much is done; cheap enough to call for every item.
  void update(uint64_t done, llvm::StringRef detail = "");

private:
  using Clock = std::chrono::steady_clock;
  void draw(uint64_t done, llvm::StringRef detail);

  std::string title;
  uint64_t total;
  Clock::time_point start, nextDraw;
  bool isTerminal, isDrawn = false;
};

} // namespace dlc

#endif // DLC_TOOLS_COMMON_PROGRESS_H

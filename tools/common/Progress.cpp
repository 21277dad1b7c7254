#include "tools/common/Progress.h"
#include "tools/common/Terminal.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace dlc {
Progress::Progress(llvm::StringRef title, uint64_t total)
    : title(title), total(total), start(Clock::now()), nextDraw(start + std::chrono::seconds(1)),
      isTerminal(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (isDrawn) {
    std::fputs("\r\033[K", stderr);
    std::fflush(stderr);
  }
}

void Progress::update(uint64_t done, llvm::StringRef detail) {
  if (!isTerminal || Clock::now() < nextDraw) {
    return;
  }
  draw(done, detail);
  nextDraw = Clock::now() + std::chrono::milliseconds(100);
}

void Progress::draw(uint64_t done, llvm::StringRef detail) {
  double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::string line;
  if (total == 0) {
    line = llvm::formatv("{0}: {1}, {2:f0} s {3}", title, done, seconds, detail).str();
  } else {
    constexpr size_t barWidth = 24;
    double fraction = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
    auto filled = static_cast<size_t>(fraction * barWidth);
    std::string bar = std::string(filled, '#') + std::string(barWidth - filled, '.');
    double left = fraction > 0 ? seconds / fraction - seconds : 0;
    line = llvm::formatv("{0} [{1}] {2}/{3}, {4:f0} s left {5}", title, bar, done, total, left, detail).str();
  }
  line.resize(std::min(line.size(), terminalWidth(llvm::errs()) - 1));
  std::fprintf(stderr, "\r%s\033[K", line.c_str());
  std::fflush(stderr);
  isDrawn = true;
}

} // namespace dlc

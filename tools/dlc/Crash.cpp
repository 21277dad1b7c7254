#include "tools/dlc/Crash.h"
#include "tools/common/ExitCode.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"
#include <unistd.h>

namespace dlc {
namespace {

/// Runs in a signal handler, after LLVM removed the temporary files.
void reportCrash(void *) {
  static constexpr char message[] = "dlc: internal error; please report it with the command line and this trace:\n";
  if (::write(STDERR_FILENO, message, sizeof(message) - 1) < 0) {
    ::_exit(exitBug);
  }
  llvm::sys::PrintStackTrace(llvm::errs());
  ::_exit(exitBug);
}

} // namespace

void reportCrashes() { llvm::sys::AddSignalHandler(reportCrash, nullptr); }

} // namespace dlc

#include "tools/common/ExitCode.h"
#include "tools/dlc/Commands.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc {

int reportError(llvm::Error error) {
  llvm::outs().flush();
  llvm::errs() << "dlc: error: " << llvm::toString(std::move(error)) << '\n';
  return exitInput;
}

} // namespace dlc

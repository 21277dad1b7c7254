#include "tools/common/ExitCode.h"
#include "tools/dlc/Commands.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc {

char InternalError::ID = 0;

int reportError(llvm::Error error) {
  llvm::outs().flush();
  bool isInternal = error.isA<InternalError>();
  llvm::errs() << "dlc: error: " << llvm::toString(std::move(error)) << '\n';
  return isInternal ? exitBug : exitInput;
}

} // namespace dlc

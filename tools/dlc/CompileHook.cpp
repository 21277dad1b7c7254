#include "tools/common/HostTensor.h"
#include "tools/dlc/Commands.h"

namespace dlc {

bool isSourceModel(llvm::StringRef path) { return path.ends_with(".onnx"); }

llvm::Error inspectSourceModel(llvm::StringRef path, bool) {
  return makeError("{0}: expected a compiled model, got a source model; compile it with 'dlc compile' first", path);
}

} // namespace dlc

#include "tools/dlc/Commands.h"

namespace dlc {

bool isSourceModel(llvm::StringRef path) { return path.ends_with(".onnx"); }

} // namespace dlc

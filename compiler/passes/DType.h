//===- DType.h - element types in the ABI ---------------------------------------------------------===//
#ifndef DLC_COMPILER_PASSES_DTYPE_H
#define DLC_COMPILER_PASSES_DTYPE_H
#include "dlc/abi.h"
#include "mlir/IR/Types.h"

namespace dlc {
/// The number of an element type in the ABI; DLC_UNDEFINED when it has none.
dlc_dtype getDType(mlir::Type element);
} // namespace dlc
#endif

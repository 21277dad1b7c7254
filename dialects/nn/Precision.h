#ifndef DLC_DIALECTS_NN_PRECISION_H
#define DLC_DIALECTS_NN_PRECISION_H

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace dlc::nn {
/// A unit attribute of ops in f32 that stand for what the model has in half precision (dlc-widen-floats). A function
/// with it may be wrong by 2^-15 of its result, an eighth of what f16 rounds by at most; a cast with it may take the
/// sums of a product or convolution before they are rounded.
inline constexpr llvm::StringLiteral kHalfPrecisionAttr = "nn.half_precision";

/// Flags of the functions that a lowering of `op` computes.
inline mlir::arith::FastMathFlags functionFlags(mlir::Operation *op) {
  return op->hasAttr(kHalfPrecisionAttr) ? mlir::arith::FastMathFlags::afn : mlir::arith::FastMathFlags::none;
}
} // namespace dlc::nn

#endif

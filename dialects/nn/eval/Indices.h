//===- Indices.h - positions found in data -----------------------------------------------------------===//
#ifndef DLC_DIALECTS_NN_EVAL_INDICES_H
#define DLC_DIALECTS_NN_EVAL_INDICES_H
#include "dialects/nn/eval/Eval.h"

namespace dlc::nn {
/// Fails unless element `i` of `indices` is in [low, high), in the words of the engine's check_indices.
inline llvm::LogicalResult checkIndex(EvalContext &context, const Tensor &indices, int64_t i, int64_t low,
                                      int64_t high) {
  int64_t index = indices.integer(i);
  if (index >= low && index < high) {
    return mlir::success();
  }
  return low < high ? context.fail("expected an index from " + llvm::Twine(low) + " to " + llvm::Twine(high - 1) +
                                   ", got " + llvm::Twine(index) + " at element " + llvm::Twine(i) + " of the indices")
                    : context.fail("expected no index, for there is nothing to choose from, got " + llvm::Twine(index) +
                                   " at element " + llvm::Twine(i) + " of the indices");
}

/// Element `i` of `indices`, a position among `size` elements, counted from the front; negative ones count from the
/// end.
inline mlir::FailureOr<int64_t> wrapIndex(EvalContext &context, const Tensor &indices, int64_t i, int64_t size) {
  if (mlir::failed(checkIndex(context, indices, i, -size, size))) {
    return mlir::failure();
  }
  int64_t index = indices.integer(i);
  return index < 0 ? index + size : index;
}
} // namespace dlc::nn
#endif

//===- IndexRanges.h - between which numbers are the elements of an integer tensor? -------------------===//
#ifndef DLC_COMPILER_PASSES_INDEXRANGES_H
#define DLC_COMPILER_PASSES_INDEXRANGES_H
#include "dialects/nn/NN.h"

namespace dlc {
/// Bounds of all elements, both included, as formulas over sizes; unknown where nothing is known. Without elements, any
/// bounds are right.
struct IndexRange {
  dim::Expr low, high;
};
/// Whether all elements are at least `low` and below `high`, whatever the sizes are.
bool isWithin(const IndexRange &range, dim::Expr low, dim::Expr high);

/// Finds bounds from how values are computed, as far as it follows.
class IndexRanges {
public:
  IndexRange of(mlir::Value v);

private:
  IndexRange find(mlir::Value v);
  IndexRange ofArgument(mlir::BlockArgument a);
  IndexRange ofResult(mlir::OpResult v);
  IndexRange ofAll(mlir::ValueRange values);
  IndexRange ofArithmetic(mlir::Operation *op);

  llvm::DenseMap<mlir::Value, IndexRange> known; ///< unknown bounds while a value is being looked at
  nn::ShapeValues shapes;
  int depth = 0;
};
} // namespace dlc
#endif

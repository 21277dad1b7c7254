//===- Infer.h - checks that type inference shares ---------------------------------------===//
#ifndef DLC_DIALECTS_NN_INFER_H
#define DLC_DIALECTS_NN_INFER_H
#include "dialects/nn/NN.h"

namespace dlc::nn {
using Types = llvm::SmallVectorImpl<mlir::Type>;

/// False when both sizes are numbers that differ.
inline bool mayBeEqual(dim::Expr a, dim::Expr b) { return !dim::getConstant(a) || !dim::getConstant(b) || a == b; }

/// The better known of two sizes that are equal.
inline dim::Expr better(dim::Expr a, dim::Expr b) {
  return dim::getConstant(a) || dim::isUnknown(b) ? a : dim::getConstant(b) || dim::isUnknown(a) ? b : a;
}

/// The type of what is either an `a` or a `b`: equal dims stay, others are unknown. Null for different kinds of values.
mlir::Type joinTypes(mlir::Type a, mlir::Type b);
/// The same for elements of sequences, where tensors of different ranks may stand together: as an unranked tensor.
mlir::Type joinItems(mlir::Type a, mlir::Type b);

inline llvm::LogicalResult checkAxis(mlir::Operation *op, int64_t axis, int64_t rank) {
  if (axis < 0 || axis >= rank) {
    return op->emitOpError() << "expected an axis below " << rank << ", got " << axis;
  }
  return mlir::success();
}

inline llvm::LogicalResult checkRankOf(mlir::Operation *op, mlir::Value value, int64_t rank, llvm::StringRef what) {
  if (rankOf(value) != rank) {
    return op->emitOpError() << "expected " << what << " of rank " << rank << ", got " << value.getType();
  }
  return mlir::success();
}

inline llvm::LogicalResult checkElement(mlir::Operation *op, mlir::Value value, mlir::Type element,
                                        llvm::StringRef what) {
  if (elementOf(value) != element) {
    return op->emitOpError() << "expected " << what << " of type " << element << ", got " << elementOf(value);
  }
  return mlir::success();
}

/// An operand (null: absent) that is a vector of `size` elements.
inline llvm::LogicalResult checkVector(mlir::Operation *op, mlir::Value value, dim::Expr size, llvm::StringRef what) {
  if (value && (rankOf(value) != 1 || !mayBeEqual(shapeOf(value)[0], size))) {
    return op->emitOpError() << "expected " << what << " of " << dim::toString(size) << " elements, got "
                             << value.getType();
  }
  return mlir::success();
}

inline mlir::Type integerType(mlir::Operation *op, unsigned bits) {
  return mlir::IntegerType::get(op->getContext(), bits);
}
} // namespace dlc::nn
#endif

//===- NNShapes.cpp - broadcasting and shape arithmetic ------------------------===//
#include "dialects/nn/NN.h"

namespace dlc::nn {
namespace {
/// Longer integer tensors are data, not shapes.
constexpr int64_t kMaxShapeElements = 64;

/// The size of a dim that broadcasting makes of `a` and `b`; null when they differ.
dim::Expr broadcastDim(dim::Expr a, dim::Expr b) {
  if (a == b || dim::isConstant(b, 1)) {
    return a;
  }
  if (dim::isConstant(a, 1)) {
    return b;
  }
  std::optional<int64_t> x = dim::getConstant(a), y = dim::getConstant(b);
  if (x && y) {
    return dim::Expr();
  }
  // One is a number other than 1: whatever the other is, the result is that number. Two formulas: either may be 1.
  if (x || y) {
    return x ? a : b;
  }
  return dim::max(a, b);
}
} // namespace

mlir::FailureOr<dim::Shape> broadcastShapes(llvm::ArrayRef<dim::Shape> shapes, std::string &error) {
  size_t rank = 0;
  for (const dim::Shape &s : shapes) {
    rank = std::max(rank, s.size());
  }
  dim::Shape result(rank);
  for (const dim::Shape &s : shapes) {
    for (size_t i = 0; i < s.size(); ++i) {
      dim::Expr &r = result[rank - s.size() + i];
      dim::Expr merged = r ? broadcastDim(r, s[i]) : s[i];
      if (!merged) {
        error = "expected dims that are equal or 1, got " + dim::toString(r) + " and " + dim::toString(s[i]) +
                " at dim " + std::to_string(rank - s.size() + i);
        return mlir::failure();
      }
      r = merged;
    }
  }
  return result;
}

std::optional<dim::Shape> getShapeValue(mlir::Value value) {
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(value.getType());
  if (!type || !type.hasStaticShape() || type.getNumElements() > kMaxShapeElements ||
      !llvm::isa<mlir::IntegerType>(type.getElementType())) {
    return std::nullopt;
  }
  auto op = value.getDefiningOp<ShapeValue>();
  if (!op) {
    return std::nullopt;
  }
  llvm::SmallVector<std::optional<dim::Shape>> operands;
  for (mlir::Value v : op->getOperands()) {
    operands.push_back(getShapeValue(v));
  }
  std::optional<dim::Shape> result = op.shapeValue(operands);
  if (result && (result->size() != static_cast<size_t>(type.getNumElements()) || llvm::any_of(*result, dim::isUnknown))) {
    return std::nullopt;
  }
  return result;
}
} // namespace dlc::nn

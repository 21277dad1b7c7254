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

namespace {
/// Whether values of type `element` are followed: booleans and index-like integers, others where they are numbers.
bool holds(mlir::IntegerType element, dim::Expr e) {
  std::optional<int64_t> number = dim::getConstant(e);
  if (!number) {
    return !dim::isUnknown(e) && (isBool(element) || isIndexLike(element));
  }
  unsigned bits = element.getWidth();
  if (isBool(element) || element.isUnsigned()) {
    return *number >= 0 && (bits >= 64 || static_cast<uint64_t>(*number) >> bits == 0);
  }
  return llvm::isIntN(bits, *number);
}

bool mayHaveShapeValue(mlir::Value value) {
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(value.getType());
  return type && type.hasStaticShape() && type.getNumElements() <= kMaxShapeElements &&
         llvm::isa<mlir::IntegerType>(type.getElementType()) && value.getDefiningOp<ShapeValue>();
}
} // namespace

std::optional<dim::Shape> inferShapeValue(mlir::Operation *op, llvm::ArrayRef<std::optional<dim::Shape>> operands) {
  if (op->getNumResults() != 1 || !mayHaveShapeValue(op->getResult(0))) {
    return std::nullopt;
  }
  auto type = llvm::cast<mlir::RankedTensorType>(op->getResult(0).getType());
  auto element = llvm::cast<mlir::IntegerType>(type.getElementType());
  std::optional<dim::Shape> result = llvm::cast<ShapeValue>(op).shapeValue(operands);
  bool fits = result && static_cast<int64_t>(result->size()) == type.getNumElements() &&
              llvm::all_of(*result, [&](dim::Expr e) { return holds(element, e); });
  return fits ? result : std::nullopt;
}

std::optional<dim::Shape> ShapeValues::of(mlir::Value value) {
  // Post-order, without recursion: chains may be long.
  llvm::SmallVector<mlir::Value> open{value};
  while (!open.empty()) {
    mlir::Value v = open.back();
    if (known.contains(v)) {
      open.pop_back();
      continue;
    }
    if (!mayHaveShapeValue(v)) {
      known.try_emplace(v, std::nullopt);
      continue;
    }
    mlir::Operation *op = v.getDefiningOp();
    size_t before = open.size();
    llvm::copy_if(op->getOperands(), std::back_inserter(open), [&](mlir::Value o) { return !known.contains(o); });
    if (open.size() > before) {
      continue;
    }
    auto operands = llvm::map_to_vector(op->getOperands(), [&](mlir::Value o) { return known.lookup(o); });
    known.try_emplace(v, inferShapeValue(op, operands));
  }
  return known.lookup(value);
}

void ShapeValues::forget(mlir::Operation *op) {
  for (mlir::Value v : op->getResults()) {
    known.erase(v);
  }
}
} // namespace dlc::nn

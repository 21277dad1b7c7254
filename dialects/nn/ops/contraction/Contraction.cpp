//===- Contraction.cpp - result types of matrix products ------------------------===//
#include "dialects/nn/Infer.h"
#include "dialects/nn/SizeRules.h"

namespace dlc::nn {
namespace {
/// The shape of the product.
mlir::FailureOr<dim::Shape> inferProduct(mlir::Operation *op, mlir::Value lhs, mlir::Value rhs, bool transposeLhs,
                                         bool transposeRhs) {
  dim::Shape a = shapeOf(lhs), b = shapeOf(rhs);
  if (a.empty() || b.empty()) {
    return op->emitOpError() << "expected operands of rank 1 or more, got " << lhs.getType() << " and "
                         << rhs.getType();
  }
  bool vectorLhs = a.size() == 1, vectorRhs = b.size() == 1;
  dim::Expr one = dim::constant(op->getContext(), 1);
  if (vectorLhs) {
    a.insert(a.begin(), one);
  } else if (transposeLhs) {
    std::swap(a[a.size() - 1], a[a.size() - 2]);
  }
  if (vectorRhs) {
    b.push_back(one);
  } else if (transposeRhs) {
    std::swap(b[b.size() - 1], b[b.size() - 2]);
  }
  dim::Expr k = a.back(), k2 = b[b.size() - 2];
  if (dim::getConstant(k) && dim::getConstant(k2) && k != k2) {
    return op->emitOpError() << "expected equal inner dims, got " << dim::toString(k) << " and " << dim::toString(k2);
  }
  std::string error;
  mlir::FailureOr<dim::Shape> result = broadcastShapes(
      {dim::Shape(llvm::ArrayRef(a).drop_back(2)), dim::Shape(llvm::ArrayRef(b).drop_back(2))}, error);
  if (mlir::failed(result)) {
    return op->emitOpError() << error;
  }
  if (!vectorLhs) {
    result->push_back(a[a.size() - 2]);
  }
  if (!vectorRhs) {
    result->push_back(b.back());
  }
  return result;
}

void productRules(SizeRuleList &rules, dim::Shape a, dim::Shape b, bool transposeLhs, bool transposeRhs) {
  dim::Expr k = transposeLhs && a.size() > 1 ? a[a.size() - 2] : a.back();
  dim::Expr k2 = transposeRhs || b.size() == 1 ? b.back() : b[b.size() - 2];
  mustBeEqual(rules, k2, k, "inner dims");
  a.pop_back_n(std::min<size_t>(a.size(), 2));
  b.pop_back_n(std::min<size_t>(b.size(), 2));
  mustBroadcast(rules, {a, b}, "batch dims (equal or 1)");
}
} // namespace

void MatmulOp::sizeRules(SizeRuleList &rules) {
  productRules(rules, shapeOf(getLhs()), shapeOf(getRhs()), getTransposeLhs(), getTransposeRhs());
}
void MatmulIntegerOp::sizeRules(SizeRuleList &rules) {
  productRules(rules, shapeOf(getLhs()), shapeOf(getRhs()), false, false);
}

llvm::LogicalResult MatmulOp::inferResultTypes(Types &types) {
  mlir::FailureOr<dim::Shape> result = inferProduct(*this, getLhs(), getRhs(), getTransposeLhs(), getTransposeRhs());
  if (mlir::failed(result)) {
    return mlir::failure();
  }
  mlir::Type element = elementOf(getLhs()), other = elementOf(getRhs());
  bool bytes = isInteger(element) && isInteger(other) && getElementBits(element) == 8 && getElementBits(other) == 8;
  if (!bytes && element != other) {
    return emitOpError() << "expected operands of one element type, got " << element << " and " << other;
  }
  types.push_back(dim::getTensorType(*result, bytes ? mlir::IntegerType::get(getContext(), 32) : element));
  return mlir::success();
}

llvm::LogicalResult MatmulIntegerOp::inferResultTypes(Types &types) {
  mlir::FailureOr<dim::Shape> result = inferProduct(*this, getLhs(), getRhs(), false, false);
  if (mlir::failed(result)) {
    return mlir::failure();
  }
  for (mlir::Value v : {getLhs(), getRhs()}) {
    if (getElementBits(elementOf(v)) != 8) {
      return emitOpError() << "expected 8-bit integers, got " << v.getType();
    }
  }
  for (auto [zero, v] : {std::pair(getLhsZero(), getLhs()), std::pair(getRhsZero(), getRhs())}) {
    if (zero && mlir::failed(checkElement(*this, zero, elementOf(v), "a zero point"))) {
      return mlir::failure();
    }
  }
  types.push_back(dim::getTensorType(*result, integerType(*this, 32)));
  return mlir::success();
}
} // namespace dlc::nn

//===- Contraction.cpp - result types of matrix products ------------------------===//
#include "dialects/nn/NN.h"

namespace dlc::nn {
llvm::LogicalResult MatmulOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  dim::Shape a = shapeOf(getLhs()), b = shapeOf(getRhs());
  if (a.empty() || b.empty()) {
    return emitOpError() << "expected operands of rank 1 or more, got " << getLhs().getType() << " and "
                         << getRhs().getType();
  }
  bool vectorLhs = a.size() == 1, vectorRhs = b.size() == 1;
  dim::Expr one = dim::constant(getContext(), 1);
  if (vectorLhs) {
    a.insert(a.begin(), one);
  } else if (getTransposeLhs()) {
    std::swap(a[a.size() - 1], a[a.size() - 2]);
  }
  if (vectorRhs) {
    b.push_back(one);
  } else if (getTransposeRhs()) {
    std::swap(b[b.size() - 1], b[b.size() - 2]);
  }
  dim::Expr k = a.back(), k2 = b[b.size() - 2];
  if (dim::getConstant(k) && dim::getConstant(k2) && k != k2) {
    return emitOpError() << "expected equal inner dims, got " << dim::toString(k) << " and " << dim::toString(k2);
  }
  std::string error;
  mlir::FailureOr<dim::Shape> result = broadcastShapes(
      {dim::Shape(llvm::ArrayRef(a).drop_back(2)), dim::Shape(llvm::ArrayRef(b).drop_back(2))}, error);
  if (mlir::failed(result)) {
    return emitOpError() << error;
  }
  if (!vectorLhs) {
    result->push_back(a[a.size() - 2]);
  }
  if (!vectorRhs) {
    result->push_back(b.back());
  }
  mlir::Type element = elementOf(getLhs()), other = elementOf(getRhs());
  bool bytes = isInteger(element) && isInteger(other) && getElementBits(element) == 8 && getElementBits(other) == 8;
  if (!bytes && element != other) {
    return emitOpError() << "expected operands of one element type, got " << element << " and " << other;
  }
  types.push_back(dim::getTensorType(*result, bytes ? mlir::IntegerType::get(getContext(), 32) : element));
  return mlir::success();
}
} // namespace dlc::nn

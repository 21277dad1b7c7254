//===- Random.cpp - result types of random numbers ------------------------------------------------------===//
#include "dialects/nn/Infer.h"

namespace dlc::nn {
namespace {
llvm::LogicalResult inferFloats(mlir::Operation *op, llvm::ArrayRef<dim::Expr> shape, mlir::Type to, Types &types) {
  if (!isFloat(to)) {
    return op->emitOpError() << "expected a type of floats, got " << to;
  }
  types.push_back(dim::getTensorType(shape, to));
  return mlir::success();
}
} // namespace

llvm::LogicalResult RandomUniformOp::inferResultTypes(Types &types) {
  return inferFloats(*this, getShape().getDims(), getTo(), types);
}
llvm::LogicalResult RandomNormalOp::inferResultTypes(Types &types) {
  return inferFloats(*this, getShape().getDims(), getTo(), types);
}
llvm::LogicalResult BernoulliOp::inferResultTypes(Types &types) {
  types.push_back(dim::getTensorType(shapeOf(getInput()), getTo()));
  return mlir::success();
}
llvm::LogicalResult MultinomialOp::inferResultTypes(Types &types) {
  if (rankOf(getInput()) != 2 || getSampleSize() < 0 || !isIndexLike(getTo())) {
    return emitOpError() << "expected an input [batch, classes] and a result of 32-bit or 64-bit integers, got "
                         << getInput().getType() << " and " << getTo();
  }
  types.push_back(dim::getTensorType({shapeOf(getInput())[0], dim::constant(getContext(), getSampleSize())}, getTo()));
  return mlir::success();
}
} // namespace dlc::nn

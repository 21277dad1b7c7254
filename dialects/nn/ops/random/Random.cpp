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
  int64_t count = getSampleSize();
  if (rankOf(getInput()) != 2 || count < 0 || !isIndexLike(getTo())) {
    return emitOpError() << "expected an input [batch, classes], a sample size of at least 0 and a result of 32-bit or "
                            "64-bit integers, got "
                         << getInput().getType() << ", " << count << " and " << getTo();
  }
  types.push_back(dim::getTensorType({shapeOf(getInput())[0], dim::constant(getContext(), count)}, getTo()));
  return mlir::success();
}
} // namespace dlc::nn

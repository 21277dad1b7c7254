//===- Reduce.cpp - result types of reductions -----------------------------------===//
#include "dialects/nn/Infer.h"
#include "dialects/nn/SizeRules.h"

namespace dlc::nn {
llvm::LogicalResult ReduceOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  dim::Shape input = shapeOf(getInput()), result;
  llvm::SmallVector<bool> reduced(input.size());
  for (int64_t axis : getAxes()) {
    if (axis < 0 || axis >= static_cast<int64_t>(input.size()) || reduced[axis]) {
      return emitOpError() << "expected different axes below " << input.size() << ", got " << axis;
    }
    reduced[axis] = true;
  }
  for (auto [size, gone] : llvm::zip(input, reduced)) {
    if (!gone) {
      result.push_back(size);
    } else if (getKeepDims()) {
      result.push_back(dim::constant(getContext(), 1));
    }
  }
  types.push_back(dim::getTensorType(result, elementOf(getInput())));
  return mlir::success();
}

/// Of all elements at once, which is how sizes are multiplied.
std::optional<dim::Shape> ReduceOp::shapeValue(llvm::ArrayRef<std::optional<dim::Shape>> operands) {
  using Fold = dim::Expr (*)(dim::Expr, dim::Expr);
  Fold fold = getKind() == ReduceKind::Sum    ? dim::add
              : getKind() == ReduceKind::Prod ? dim::mul
              : getKind() == ReduceKind::Max  ? dim::max
              : getKind() == ReduceKind::Min  ? dim::min
                                              : Fold();
  bool whole = llvm::cast<mlir::RankedTensorType>(getResult().getType()).getNumElements() == 1;
  if (!fold || !whole || !operands[0] || operands[0]->empty()) {
    return std::nullopt;
  }
  dim::Expr result = operands[0]->front();
  for (dim::Expr e : llvm::drop_begin(*operands[0])) {
    result = fold(result, e);
  }
  return dim::Shape{result};
}

llvm::LogicalResult SoftmaxOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  int64_t axis = getAxis();
  if (axis < 0 || axis >= rankOf(getInput())) {
    return emitOpError() << "expected an axis below " << rankOf(getInput()) << ", got " << axis;
  }
  types.push_back(getInput().getType());
  return mlir::success();
}

llvm::LogicalResult ArgReduceOp::inferResultTypes(Types &types) {
  dim::Shape shape = shapeOf(getInput());
  if (failed(checkAxis(*this, getAxis(), shape.size()))) {
    return mlir::failure();
  }
  if (getKind() != ReduceKind::Max && getKind() != ReduceKind::Min) {
    return emitOpError() << "expected max or min, got " << stringifyReduceKind(getKind());
  }
  if (getKeepDims()) {
    shape[getAxis()] = dim::constant(getContext(), 1);
  } else {
    shape.erase(shape.begin() + getAxis());
  }
  types.push_back(dim::getTensorType(shape, integerType(*this, 64)));
  return mlir::success();
}

llvm::LogicalResult CumSumOp::inferResultTypes(Types &types) {
  types.push_back(getInput().getType());
  return checkAxis(*this, getAxis(), rankOf(getInput()));
}

llvm::LogicalResult CumProdOp::inferResultTypes(Types &types) {
  types.push_back(getInput().getType());
  return checkAxis(*this, getAxis(), rankOf(getInput()));
}

llvm::LogicalResult TopKOp::inferResultTypes(Types &types) {
  dim::Shape shape = shapeOf(getInput());
  if (failed(checkAxis(*this, getAxis(), shape.size()))) {
    return mlir::failure();
  }
  std::optional<int64_t> k = dim::getConstant(getK()), size = dim::getConstant(shape[getAxis()]);
  if (k && (*k < 0 || (size && *k > *size))) {
    return emitOpError() << "expected k from 0 to " << dim::toString(shape[getAxis()]) << ", got " << *k;
  }
  shape[getAxis()] = getK();
  types.push_back(dim::getTensorType(shape, elementOf(getInput())));
  types.push_back(dim::getTensorType(shape, integerType(*this, 64)));
  return mlir::success();
}

void TopKOp::sizeRules(SizeRuleList &rules) {
  mustBeEqual(rules, dim::min(getK(), shapeOf(getInput())[getAxis()]), getK(), "k (at most the size of the axis)");
}
} // namespace dlc::nn

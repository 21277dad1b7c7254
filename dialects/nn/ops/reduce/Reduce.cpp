//===- Reduce.cpp - result types of reductions -----------------------------------===//
#include "dialects/nn/NN.h"

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

llvm::LogicalResult SoftmaxOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  int64_t axis = getAxis();
  if (axis < 0 || axis >= rankOf(getInput())) {
    return emitOpError() << "expected an axis below " << rankOf(getInput()) << ", got " << axis;
  }
  types.push_back(getInput().getType());
  return mlir::success();
}
} // namespace dlc::nn

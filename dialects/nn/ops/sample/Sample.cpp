//===- Sample.cpp - result types of interpolations -----------------------------------------------===//
#include "dialects/nn/Infer.h"

namespace dlc::nn {
llvm::LogicalResult ResizeOp::inferResultTypes(Types &types) {
  size_t rank = rankOf(getInput());
  if (getSizes().getDims().size() != rank || getScales().size() != rank) {
    return emitOpError() << "expected " << rank << " sizes and scales, got " << getSizes().getDims().size() << " and "
                         << getScales().size();
  }
  if (getCoordinates() == CoordinateMode::TfCropAndResize && !getRoi()) {
    return emitOpError() << "expected a roi for tf_crop_and_resize, got none";
  }
  types.push_back(dim::getTensorType(getSizes().getDims(), elementOf(getInput())));
  if (mlir::failed(checkVector(*this, getScaleValues(), dim::constant(getContext(), int64_t(rank)), "scale values"))) {
    return mlir::failure();
  }
  return checkVector(*this, getRoi(), dim::constant(getContext(), 2 * int64_t(rank)), "a roi");
}

llvm::LogicalResult GridSampleOp::inferResultTypes(Types &types) {
  dim::Shape input = shapeOf(getInput()), grid = shapeOf(getGrid());
  bool fits = input.size() >= 3 && grid.size() == input.size() && mayBeEqual(input[0], grid[0]) &&
              mayBeEqual(grid.back(), dim::constant(getContext(), int64_t(input.size()) - 2));
  if (!fits) {
    return emitOpError() << "expected an input [N, C, spatial...] and a grid [N, out..., spatial rank], got "
                         << getInput().getType() << " and " << getGrid().getType();
  }
  dim::Shape shape{better(input[0], grid[0]), input[1]};
  llvm::append_range(shape, llvm::ArrayRef(grid).slice(1, grid.size() - 2));
  types.push_back(dim::getTensorType(shape, elementOf(getInput())));
  return mlir::success();
}

llvm::LogicalResult RoiAlignOp::inferResultTypes(Types &types) {
  auto number = [&](int64_t v) { return dim::constant(getContext(), v); };
  int64_t height = getHeight(), width = getWidth(), ratio = getSamplingRatio();
  if (height < 1 || width < 1 || ratio < 0) {
    return emitOpError() << "expected a height and width of at least 1 and a sampling ratio of at least 0, got "
                         << height << ", " << width << " and " << ratio;
  }
  if (rankOf(getInput()) != 4 || rankOf(getRois()) != 2 || !mayBeEqual(shapeOf(getRois())[1], number(4))) {
    return emitOpError() << "expected an input of rank 4 and rois [R, 4], got " << getInput().getType() << " and "
                         << getRois().getType();
  }
  dim::Expr count = better(shapeOf(getRois())[0], shapeOf(getBatchIndices())[0]);
  types.push_back(dim::getTensorType({count, shapeOf(getInput())[1], number(getHeight()), number(getWidth())},
                                     elementOf(getInput())));
  return checkVector(*this, getBatchIndices(), shapeOf(getRois())[0], "batch indices");
}
} // namespace dlc::nn

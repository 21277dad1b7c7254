//===- Dynamic.cpp - result types of ops whose sizes are found in data -------------------------------===//
#include "dialects/nn/Infer.h"

namespace dlc::nn {
namespace {
/// `shape` with its unknown dims named.
dim::Shape named(dim::Shape shape, std::optional<dim::ShapeAttr> names) {
  if (names && names->getDims().size() == shape.size()) {
    for (auto [own, name] : llvm::zip(shape, names->getDims())) {
      own = dim::isUnknown(own) ? name : own;
    }
  }
  return shape;
}
} // namespace

llvm::LogicalResult NonZeroOp::inferResultTypes(Types &types) {
  dim::Shape shape{dim::constant(getContext(), rankOf(getInput())), dim::unknown(getContext())};
  types.push_back(dim::getTensorType(named(shape, getResultDims()), integerType(*this, 64)));
  return mlir::success();
}

llvm::LogicalResult CompressOp::inferResultTypes(Types &types) {
  dim::Shape shape = shapeOf(getInput());
  if (mlir::failed(checkRankOf(*this, getCondition(), 1, "a condition")) ||
      (getAxis() && mlir::failed(checkAxis(*this, *getAxis(), shape.size())))) {
    return mlir::failure();
  }
  dim::Expr unknown = dim::unknown(getContext());
  if (getAxis()) {
    shape[*getAxis()] = unknown;
  } else {
    shape = {unknown};
  }
  types.push_back(dim::getTensorType(named(shape, getResultDims()), elementOf(getInput())));
  return mlir::success();
}

llvm::LogicalResult UniqueOp::inferResultTypes(Types &types) {
  dim::Shape shape = shapeOf(getInput());
  if (getAxis() && mlir::failed(checkAxis(*this, *getAxis(), shape.size()))) {
    return mlir::failure();
  }
  dim::Expr places = getAxis() ? shape[*getAxis()] : dim::product(getContext(), shape);
  size_t axis = getAxis() ? *getAxis() : 0;
  if (!getAxis()) {
    shape.resize(1, places);
  }
  shape[axis] = dim::unknown(getContext());
  shape = named(shape, getResultDims());
  mlir::Type i64 = integerType(*this, 64);
  types.push_back(dim::getTensorType(shape, elementOf(getInput())));
  types.push_back(dim::getTensorType({shape[axis]}, i64));
  types.push_back(dim::getTensorType({places}, i64));
  types.push_back(dim::getTensorType({shape[axis]}, i64));
  return mlir::success();
}

llvm::LogicalResult NonMaxSuppressionOp::inferResultTypes(Types &types) {
  dim::Shape boxes = shapeOf(getBoxes()), scores = shapeOf(getScores());
  dim::Expr four = dim::constant(getContext(), 4), three = dim::constant(getContext(), 3);
  if (boxes.size() != 3 || scores.size() != 3 || !mayBeEqual(boxes[2], four) || !mayBeEqual(boxes[0], scores[0]) ||
      !mayBeEqual(boxes[1], scores[2])) {
    return emitOpError() << "expected boxes [batch, boxes, 4] and scores [batch, classes, boxes], got "
                         << getBoxes().getType() << " and " << getScores().getType();
  }
  types.push_back(
      dim::getTensorType(named({dim::unknown(getContext()), three}, getResultDims()), integerType(*this, 64)));
  return mlir::success();
}
} // namespace dlc::nn

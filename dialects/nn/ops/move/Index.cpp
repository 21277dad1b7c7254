//===- Index.cpp - result types of gathers, scatters and tensors of positions ------------------===//
#include "dialects/nn/Infer.h"
#include "dialects/nn/SizeRules.h"

namespace dlc::nn {
namespace {
/// `indices` has the rank of `input`.
llvm::LogicalResult checkElementwiseIndices(mlir::Operation *op, mlir::Value input, mlir::Value indices, int64_t axis) {
  if (mlir::failed(checkRankOf(op, indices, rankOf(input), "indices"))) {
    return mlir::failure();
  }
  return checkAxis(op, axis, rankOf(input));
}

/// Indices along `axis` exist for no more positions than the input has.
void inputCovers(SizeRuleList &rules, const dim::Shape &input, const dim::Shape &indices, int64_t axis) {
  for (auto [i, n, m] : llvm::enumerate(input, indices)) {
    if (static_cast<int64_t>(i) != axis) {
      mustBeEqual(rules, dim::max(n, m), n, "greatest dims of input and indices");
    }
  }
}

/// The dims that index vectors choose, given that the first `batch` dims are common; fails with an error.
mlir::FailureOr<dim::Shape> inferSlices(mlir::Operation *op, mlir::Value input, mlir::Value indices, int64_t batch) {
  dim::Shape from = shapeOf(input), at = shapeOf(indices);
  std::optional<int64_t> length = at.empty() ? std::nullopt : dim::getConstant(at.back());
  int64_t rank = from.size();
  if (!length || batch < 0 || batch >= static_cast<int64_t>(at.size()) || batch + *length > rank) {
    return op->emitOpError() << "expected index vectors of a known length for at most " << rank << " dims after "
                             << batch << ", got " << indices.getType();
  }
  for (int64_t i = 0; i < batch; ++i) {
    if (!mayBeEqual(from[i], at[i])) {
      return op->emitOpError() << "expected equal batch dims, got " << input.getType() << " and " << indices.getType();
    }
  }
  dim::Shape result(llvm::ArrayRef(at).drop_back());
  llvm::append_range(result, llvm::ArrayRef(from).drop_front(batch + *length));
  return result;
}
} // namespace

llvm::LogicalResult GatherElementsOp::inferResultTypes(Types &types) {
  types.push_back(dim::getTensorType(shapeOf(getIndices()), elementOf(getInput())));
  return checkElementwiseIndices(*this, getInput(), getIndices(), getAxis());
}

llvm::LogicalResult GatherNDOp::inferResultTypes(Types &types) {
  mlir::FailureOr<dim::Shape> shape = inferSlices(*this, getInput(), getIndices(), getBatchDims());
  if (mlir::failed(shape)) {
    return mlir::failure();
  }
  types.push_back(dim::getTensorType(*shape, elementOf(getInput())));
  return mlir::success();
}

llvm::LogicalResult ScatterElementsOp::inferResultTypes(Types &types) {
  types.push_back(getInput().getType());
  if (mlir::failed(checkElementwiseIndices(*this, getInput(), getIndices(), getAxis())) ||
      mlir::failed(checkElement(*this, getUpdates(), elementOf(getInput()), "updates"))) {
    return mlir::failure();
  }
  for (auto [a, b] : llvm::zip(shapeOf(getIndices()), shapeOf(getUpdates()))) {
    if (!mayBeEqual(a, b)) {
      return emitOpError() << "expected one update per index, got " << getUpdates().getType();
    }
  }
  return checkRankOf(*this, getUpdates(), rankOf(getIndices()), "updates");
}

llvm::LogicalResult ScatterNDOp::inferResultTypes(Types &types) {
  types.push_back(getInput().getType());
  mlir::FailureOr<dim::Shape> slices = inferSlices(*this, getInput(), getIndices(), 0);
  if (mlir::failed(slices) || mlir::failed(checkElement(*this, getUpdates(), elementOf(getInput()), "updates")) ||
      mlir::failed(checkRankOf(*this, getUpdates(), slices->size(), "updates"))) {
    return mlir::failure();
  }
  for (auto [a, b] : llvm::zip(*slices, shapeOf(getUpdates()))) {
    if (!mayBeEqual(a, b)) {
      return emitOpError() << "expected one slice of updates per index vector, got " << getUpdates().getType();
    }
  }
  return mlir::success();
}

void GatherElementsOp::sizeRules(SizeRuleList &rules) {
  inputCovers(rules, shapeOf(getInput()), shapeOf(getIndices()), getAxis());
}
void GatherNDOp::sizeRules(SizeRuleList &rules) {
  mustBeEqual(rules, shapeOf(getIndices()), llvm::ArrayRef(shapeOf(getInput())).take_front(getBatchDims()), "batch dims");
}
void ScatterElementsOp::sizeRules(SizeRuleList &rules) {
  inputCovers(rules, shapeOf(getInput()), shapeOf(getIndices()), getAxis());
  mustBeEqual(rules, shapeOf(getUpdates()), shapeOf(getIndices()), "dims of the updates");
}
void ScatterNDOp::sizeRules(SizeRuleList &rules) {
  mlir::FailureOr<dim::Shape> slices = inferSlices(*this, getInput(), getIndices(), 0);
  if (mlir::succeeded(slices)) {
    mustBeEqual(rules, shapeOf(getUpdates()), *slices, "dims of the updates");
  }
}

void ReverseSequenceOp::sizeRules(SizeRuleList &rules) {
  mustBeEqual(rules, shapeOf(getLengths())[0], shapeOf(getInput())[getBatchAxis()], "number of lengths");
}

llvm::LogicalResult OneHotOp::inferResultTypes(Types &types) {
  dim::Shape shape = shapeOf(getIndices());
  if (mlir::failed(checkAxis(*this, getAxis(), shape.size() + 1)) ||
      mlir::failed(checkVector(*this, getValues(), dim::constant(getContext(), 2), "values"))) {
    return mlir::failure();
  }
  shape.insert(shape.begin() + getAxis(), getDepth());
  types.push_back(dim::getTensorType(shape, elementOf(getValues())));
  return mlir::success();
}

llvm::LogicalResult IotaOp::inferResultTypes(Types &types) {
  if (!isNumber(getTo())) {
    return emitOpError() << "expected a type of numbers, got " << getTo();
  }
  types.push_back(dim::getTensorType(getShape().getDims(), getTo()));
  return checkAxis(*this, getAxis(), getShape().getDims().size());
}
std::optional<dim::Shape> IotaOp::shapeValue(llvm::ArrayRef<std::optional<dim::Shape>>) {
  auto type = llvm::cast<mlir::RankedTensorType>(getResult().getType());
  if (type.getRank() != 1) {
    return std::nullopt;
  }
  dim::Shape result;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    result.push_back(dim::constant(getContext(), i));
  }
  return result;
}

llvm::LogicalResult TileOp::inferResultTypes(Types &types) {
  dim::Shape shape = shapeOf(getInput());
  llvm::ArrayRef<dim::Expr> repeats = getRepeats().getDims();
  if (repeats.size() != shape.size()) {
    return emitOpError() << "expected " << shape.size() << " repeats, got " << repeats.size();
  }
  for (auto [size, n] : llvm::zip(shape, repeats)) {
    size = dim::mul(size, n);
  }
  types.push_back(dim::getTensorType(shape, elementOf(getInput())));
  return mlir::success();
}
std::optional<dim::Shape> TileOp::shapeValue(llvm::ArrayRef<std::optional<dim::Shape>> operands) {
  auto type = llvm::cast<mlir::RankedTensorType>(getResult().getType());
  if (!operands[0] || type.getRank() != 1) {
    return std::nullopt;
  }
  dim::Shape result;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    result.push_back((*operands[0])[i % operands[0]->size()]);
  }
  return result;
}

llvm::LogicalResult ReverseSequenceOp::inferResultTypes(Types &types) {
  int64_t rank = rankOf(getInput());
  types.push_back(getInput().getType());
  if (mlir::failed(checkAxis(*this, getBatchAxis(), rank)) || mlir::failed(checkAxis(*this, getTimeAxis(), rank))) {
    return mlir::failure();
  }
  if (getBatchAxis() == getTimeAxis()) {
    return emitOpError() << "expected different batch and time axes, got " << getTimeAxis();
  }
  return checkVector(*this, getLengths(), shapeOf(getInput())[getBatchAxis()], "lengths");
}

llvm::LogicalResult TriluOp::inferResultTypes(Types &types) {
  types.push_back(getInput().getType());
  if (rankOf(getInput()) < 2) {
    return emitOpError() << "expected an input of rank 2 or more, got " << getInput().getType();
  }
  return mlir::success();
}

llvm::LogicalResult Col2ImOp::inferResultTypes(Types &types) {
  llvm::ArrayRef<dim::Expr> kernel = getKernel().getDims();
  size_t n = kernel.size();
  if (mlir::failed(checkRankOf(*this, getInput(), 3, "an input"))) {
    return mlir::failure();
  }
  if (n == 0 || getImage().getDims().size() != n || getStrides().size() != n || getDilations().size() != n ||
      getPads().size() != 2 * n || llvm::any_of(getStrides(), [](int64_t s) { return s < 1; }) ||
      llvm::any_of(kernel, [](dim::Expr e) { return dim::getConstant(e).value_or(1) < 1; })) {
    return emitOpError() << "expected image, strides, dilations and pads for " << n << " dims";
  }
  dim::Shape input = shapeOf(getInput());
  dim::Shape shape{input[0], dim::floorDiv(input[1], dim::product(getContext(), kernel))};
  llvm::append_range(shape, getImage().getDims());
  types.push_back(dim::getTensorType(shape, elementOf(getInput())));
  return mlir::success();
}

llvm::LogicalResult CheckIndicesOp::verify() {
  size_t low = getLow().getDims().size(), high = getHigh().getDims().size();
  if (low == 0 || low != high) {
    return emitOpError() << "expected a lower and an upper bound per component, got " << low << " and " << high;
  }
  return mlir::success();
}
} // namespace dlc::nn

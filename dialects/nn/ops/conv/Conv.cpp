//===- Conv.cpp - result types of convolutions ----------------------------------===//
#include "dialects/nn/SizeRules.h"

namespace dlc::nn {
namespace {
/// Checks ranks and attribute lengths; the number of spatial dims, or nullopt with an error emitted.
template <class Op> std::optional<int64_t> spatialDims(Op op) {
  int64_t rank = rankOf(op.getInput()), n = rank - 2;
  if (rank < 3 || rankOf(op.getWeight()) != rank) {
    op.emitOpError() << "expected an input of rank 3 or more and a weight of the same rank, got "
                     << op.getInput().getType() << " and " << op.getWeight().getType();
    return std::nullopt;
  }
  auto check = [&](llvm::ArrayRef<int64_t> values, int64_t count, int64_t least, llvm::StringRef what) {
    if (static_cast<int64_t>(values.size()) != count || llvm::any_of(values, [&](int64_t v) { return v < least; })) {
      op.emitOpError() << "expected " << count << " " << what << " of at least " << least << ", got [" << values << "]";
      return false;
    }
    return true;
  };
  if (!check(op.getStrides(), n, 1, "strides") || !check(op.getDilations(), n, 1, "dilations") ||
      !check(op.getPads(), 2 * n, 0, "pads")) {
    return std::nullopt;
  }
  int64_t groups = op.getGroups();
  if (groups < 1) {
    op.emitOpError() << "expected at least 1 group, got " << groups;
    return std::nullopt;
  }
  return n;
}

template <class Op> mlir::FailureOr<mlir::Type> resultElement(Op op) {
  mlir::Type a = elementOf(op.getInput()), b = elementOf(op.getWeight());
  bool bytes = isInteger(a) && isInteger(b) && getElementBits(a) == 8 && getElementBits(b) == 8;
  mlir::Type result = bytes ? mlir::IntegerType::get(op.getContext(), 32) : a;
  if ((!bytes && a != b) || (op.getBias() && elementOf(op.getBias()) != result)) {
    return op.emitOpError() << "expected input, weight and bias of one element type, got " << a << " and " << b;
  }
  return result;
}

/// [N, C, spatial...] or [N, spatial..., C].
dim::Shape assemble(dim::Expr n, dim::Expr c, llvm::ArrayRef<dim::Expr> spatial, bool channelLast) {
  dim::Shape shape{n};
  if (!channelLast) {
    shape.push_back(c);
  }
  llvm::append_range(shape, spatial);
  if (channelLast) {
    shape.push_back(c);
  }
  return shape;
}

llvm::LogicalResult checkBias(mlir::Operation *op, mlir::Value bias, dim::Expr channels) {
  if (bias && (rankOf(bias) != 1 || (dim::getConstant(shapeOf(bias)[0]) && dim::getConstant(channels) &&
                                     shapeOf(bias)[0] != channels))) {
    return op->emitOpError() << "expected a bias of " << dim::toString(channels) << " elements, got " << bias.getType();
  }
  return mlir::success();
}
} // namespace

namespace {
/// The shape of a convolution's result.
template <class Op> mlir::FailureOr<dim::Shape> inferConv(Op op) {
  std::optional<int64_t> n = spatialDims(op);
  if (!n) {
    return mlir::failure();
  }
  mlir::MLIRContext *c = op.getContext();
  dim::Shape input = shapeOf(op.getInput()), weight = shapeOf(op.getWeight());
  dim::Expr channels = input[op.getChannelLast() ? *n + 1 : 1], groups = dim::constant(c, op.getGroups());
  dim::Expr expected = dim::mul(weight[1], groups);
  if (dim::getConstant(channels) && dim::getConstant(expected) && channels != expected) {
    return op.emitOpError() << "expected an input of " << dim::toString(expected) << " channels, got "
                         << dim::toString(channels);
  }
  if (std::optional<int64_t> o = dim::getConstant(weight[0]); o && *o % op.getGroups()) {
    return op.emitOpError() << "expected output channels that are a multiple of " << op.getGroups() << " groups, got " << *o;
  }
  dim::Shape spatial;
  for (int64_t i = 0; i < *n; ++i) {
    dim::Expr size = input[i + (op.getChannelLast() ? 1 : 2)];
    dim::Expr reach = dim::add(dim::mul(dim::add(weight[2 + i], dim::constant(c, -1)), dim::constant(c, op.getDilations()[i])),
                               dim::constant(c, 1 - op.getPads()[i] - op.getPads()[*n + i]));
    dim::Expr out = dim::add(dim::floorDiv(dim::sub(size, reach), dim::constant(c, op.getStrides()[i])), dim::constant(c, 1));
    if (std::optional<int64_t> v = dim::getConstant(out); v && *v < 0) {
      return op.emitOpError() << "expected a kernel within the padded input at spatial dim " << i << ", got "
                           << dim::toString(size) << " elements for a reach of " << dim::toString(reach);
    }
    spatial.push_back(out);
  }
  return assemble(input[0], weight[0], spatial, op.getChannelLast());
}

template <class Op> void channelRule(Op op, SizeRuleList &rules, dim::Expr expected) {
  dim::Shape input = shapeOf(op.getInput());
  mustBeEqual(rules, input[op.getChannelLast() ? input.size() - 1 : 1], expected, "channels of the input");
}
template <class Op> dim::Expr inputChannels(Op op) {
  return dim::mul(shapeOf(op.getWeight())[1], dim::constant(op.getContext(), op.getGroups()));
}
} // namespace

void ConvOp::sizeRules(SizeRuleList &rules) { channelRule(*this, rules, inputChannels(*this)); }
void ConvIntegerOp::sizeRules(SizeRuleList &rules) { channelRule(*this, rules, inputChannels(*this)); }
void ConvTransposeOp::sizeRules(SizeRuleList &rules) { channelRule(*this, rules, shapeOf(getWeight())[0]); }

llvm::LogicalResult ConvOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  mlir::FailureOr<dim::Shape> shape = inferConv(*this);
  mlir::FailureOr<mlir::Type> element = resultElement(*this);
  if (failed(shape) || failed(element) || failed(checkBias(*this, getBias(), shapeOf(getWeight())[0]))) {
    return mlir::failure();
  }
  types.push_back(dim::getTensorType(*shape, *element));
  return mlir::success();
}

llvm::LogicalResult ConvIntegerOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  mlir::FailureOr<dim::Shape> shape = inferConv(*this);
  if (failed(shape)) {
    return mlir::failure();
  }
  mlir::Type input = elementOf(getInput()), weight = elementOf(getWeight());
  if (getElementBits(input) != 8 || getElementBits(weight) != 8) {
    return emitOpError() << "expected 8-bit integers, got " << input << " and " << weight;
  }
  if ((getInputZero() && elementOf(getInputZero()) != input) || (getWeightZero() && elementOf(getWeightZero()) != weight)) {
    return emitOpError() << "expected zero points of the operands' element types";
  }
  types.push_back(dim::getTensorType(*shape, mlir::IntegerType::get(getContext(), 32)));
  return mlir::success();
}

llvm::LogicalResult ConvTransposeOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  std::optional<int64_t> n = spatialDims(*this);
  mlir::FailureOr<mlir::Type> element = n ? resultElement(*this) : mlir::FailureOr<mlir::Type>(mlir::failure());
  if (failed(element)) {
    return mlir::failure();
  }
  mlir::MLIRContext *c = getContext();
  dim::Shape input = shapeOf(getInput()), weight = shapeOf(getWeight());
  dim::Expr channels = input[getChannelLast() ? *n + 1 : 1];
  if (dim::getConstant(channels) && dim::getConstant(weight[0]) && channels != weight[0]) {
    return emitOpError() << "expected an input of " << dim::toString(weight[0]) << " channels, got "
                         << dim::toString(channels);
  }
  if (std::optional<int64_t> v = dim::getConstant(channels); v && *v % getGroups()) {
    return emitOpError() << "expected input channels that are a multiple of " << getGroups() << " groups, got " << *v;
  }
  if (static_cast<int64_t>(getOutputPadding().size()) != *n) {
    return emitOpError() << "expected " << *n << " output paddings, got " << getOutputPadding().size();
  }
  dim::Shape spatial;
  for (int64_t i = 0; i < *n; ++i) {
    dim::Expr size = dim::add(input[i + (getChannelLast() ? 1 : 2)], dim::constant(c, -1));
    dim::Expr reach = dim::mul(dim::add(weight[2 + i], dim::constant(c, -1)), dim::constant(c, getDilations()[i]));
    int64_t extra = getOutputPadding()[i] + 1 - getPads()[i] - getPads()[*n + i];
    spatial.push_back(dim::add(dim::add(dim::mul(size, dim::constant(c, getStrides()[i])), reach), dim::constant(c, extra)));
    if (std::optional<int64_t> v = dim::getConstant(spatial.back()); v && *v < 0) {
      return emitOpError() << "expected pads that leave at least 0 elements at spatial dim " << i << ", got " << *v;
    }
  }
  dim::Expr out = dim::mul(weight[1], dim::constant(c, getGroups()));
  if (failed(checkBias(*this, getBias(), out))) {
    return mlir::failure();
  }
  types.push_back(dim::getTensorType(assemble(input[0], out, spatial, getChannelLast()), *element));
  return mlir::success();
}
} // namespace dlc::nn

//===- ChannelConstants.cpp - constants with one element per channel -----------------------===//
#include "compiler/passes/ChannelConstants.h"
#include <cmath>

namespace dlc {
std::optional<ChannelVector> constantVector(mlir::Value v) {
  std::optional<nn::Tensor> t = constantTensor(v);
  if (!t || !(t->element().isF32() || t->element().isF64())) {
    return std::nullopt;
  }
  ChannelVector values(t->count());
  for (int64_t i = 0; i < t->count(); ++i) {
    values[i] = elementAt(*t, i);
  }
  return values;
}

std::optional<ChannelVector> perChannel(mlir::Value v, int64_t rank, int64_t axis, int64_t channels) {
  auto type = llvm::cast<mlir::RankedTensorType>(v.getType());
  if (!type.hasStaticShape() || type.getNumElements() > channels || type.getRank() > rank) {
    return std::nullopt;
  }
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (type.getDimSize(i) != 1 && rank - type.getRank() + i != axis) {
      return std::nullopt;
    }
  }
  std::optional<ChannelVector> values = constantVector(v);
  if (values && values->size() == 1) {
    values->assign(channels, values->front());
  }
  return values && static_cast<int64_t>(values->size()) == channels ? values : std::nullopt;
}

std::optional<ChannelAffine> affineOf(nn::BatchNormOp op) {
  std::optional<ChannelVector> scale = constantVector(op.getScale()), bias = constantVector(op.getBias()),
                               mean = constantVector(op.getMean()), variance = constantVector(op.getVariance());
  if (!scale || !bias || !mean || !variance) {
    return std::nullopt;
  }
  double epsilon = op.getEpsilon().convertToDouble();
  for (size_t c = 0; c < scale->size(); ++c) {
    (*scale)[c] /= std::sqrt((*variance)[c] + epsilon);
    (*bias)[c] -= (*mean)[c] * (*scale)[c];
  }
  return ChannelAffine{*scale, *bias};
}

namespace {
/// One op of arithmetic per channel; nothing for others.
std::optional<ChannelAffine> affineStep(mlir::Operation *op, mlir::Value input, int64_t axis, int64_t channels) {
  if (auto norm = llvm::dyn_cast<nn::BatchNormOp>(op)) {
    return int64_t(norm.getAxis()) == axis && norm.getInput() == input ? affineOf(norm) : std::nullopt;
  }
  if (!llvm::isa<nn::AddOp, nn::SubOp, nn::MulOp>(op)) {
    return std::nullopt;
  }
  bool isFirst = op->getOperand(0) == input;
  std::optional<ChannelVector> other = perChannel(op->getOperand(isFirst ? 1 : 0), nn::rankOf(input), axis, channels);
  if (!other || (!isFirst && llvm::isa<nn::SubOp>(op))) {
    return std::nullopt;
  }
  if (llvm::isa<nn::MulOp>(op)) {
    return ChannelAffine{*other, ChannelVector(channels, 0)};
  }
  for (double &v : *other) {
    v = llvm::isa<nn::SubOp>(op) ? -v : v;
  }
  return ChannelAffine{ChannelVector(channels, 1), *other};
}
} // namespace

ChannelAffine affineBehind(mlir::Operation *contraction, int64_t axis) {
  mlir::Value v = contraction->getResult(0);
  auto type = llvm::cast<mlir::RankedTensorType>(v.getType());
  if (type.isDynamicDim(axis)) {
    return {};
  }
  int64_t channels = type.getDimSize(axis);
  ChannelAffine all{ChannelVector(channels, 1), ChannelVector(channels, 0)};
  mlir::Value bias;
  if (auto conv = llvm::dyn_cast<nn::ConvOp>(contraction)) {
    bias = conv.getBias();
  } else if (auto conv = llvm::dyn_cast<nn::ConvTransposeOp>(contraction)) {
    bias = conv.getBias();
  }
  if (std::optional<ChannelVector> own = bias ? constantVector(bias) : std::nullopt) {
    all.shift = *own;
  }
  while (v.hasOneUse()) {
    mlir::Operation *user = *v.user_begin();
    std::optional<ChannelAffine> step = affineStep(user, v, axis, channels);
    if (!step || user->getResult(0).getType() != v.getType()) {
      break;
    }
    for (int64_t c = 0; c < channels; ++c) {
      all.scale[c] *= step->scale[c];
      all.shift[c] = all.shift[c] * step->scale[c] + step->shift[c];
    }
    v = user->getResult(0);
  }
  return all;
}
} // namespace dlc

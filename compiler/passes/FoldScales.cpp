//===- FoldScales.cpp - batch normalisation and per-channel arithmetic into convolutions ---------------===//
#include "compiler/passes/ChannelConstants.h"
#include "compiler/passes/Passes.h"

namespace dlc {
#define GEN_PASS_DEF_FOLDSCALES
#include "compiler/passes/Passes.h.inc"
namespace {
using mlir::Value;
using Vector = ChannelVector;

Value makeConstant(mlir::OpBuilder &b, mlir::Location loc, mlir::Type element, llvm::ArrayRef<int64_t> shape, const Vector &values) {
  nn::Tensor t = nn::Tensor::zeros(element, shape);
  for (int64_t i = 0; i < t.count(); ++i) {
    element.isF32() ? void(t.values<float>()[i] = float(values[i])) : void(t.values<double>()[i] = values[i]);
  }
  return dlc::makeConstant(b, loc, t);
}

/// The convolution that alone feeds `v`, with constant weights of a type that is folded.
template <class Conv> Conv foldableConv(Value v) {
  auto conv = v.getDefiningOp<Conv>();
  return conv && v.hasOneUse() && constantVector(conv.getWeight()) && (!conv.getBias() || constantVector(conv.getBias())) ? conv : Conv();
}

/// The dim of the weights that counts output channels, and how output channel `c` is found there.
int64_t outputChannels(nn::ConvOp op) { return llvm::cast<mlir::RankedTensorType>(op.getWeight().getType()).getDimSize(0); }
int64_t outputChannels(nn::ConvTransposeOp op) {
  return llvm::cast<mlir::RankedTensorType>(op.getWeight().getType()).getDimSize(1) * op.getGroups();
}
/// The output channel of weight element `i`.
int64_t channelOf(nn::ConvOp op, llvm::ArrayRef<int64_t> shape, int64_t i) {
  int64_t inner = 1;
  for (int64_t s : shape.drop_front()) {
    inner *= s;
  }
  return i / inner;
}
int64_t channelOf(nn::ConvTransposeOp op, llvm::ArrayRef<int64_t> shape, int64_t i) {
  int64_t inner = 1;
  for (int64_t s : shape.drop_front(2)) {
    inner *= s;
  }
  int64_t in = i / (inner * shape[1]), group = in / (shape[0] / op.getGroups());
  return group * shape[1] + i / inner % shape[1];
}

/// conv * scale + shift becomes one convolution, which replaces `root`.
template <class Conv> void scaleConv(Conv conv, const Vector *scale, const Vector *shift, mlir::Operation *root) {
  mlir::OpBuilder b(conv);
  mlir::Location loc = mlir::FusedLoc::get(conv->getContext(), {conv.getLoc(), root->getLoc()});
  mlir::Type element = nn::elementOf(conv.getWeight());
  int64_t channels = outputChannels(conv);
  if (scale) {
    auto type = llvm::cast<mlir::RankedTensorType>(conv.getWeight().getType());
    Vector weights = *constantVector(conv.getWeight());
    for (size_t i = 0; i < weights.size(); ++i) {
      weights[i] *= (*scale)[channelOf(conv, type.getShape(), i)];
    }
    conv.getWeightMutable().assign(makeConstant(b, loc, element, type.getShape(), weights));
  }
  if (conv.getBias() || shift) {
    Vector bias = conv.getBias() ? *constantVector(conv.getBias()) : Vector(channels, 0);
    for (int64_t c = 0; c < channels; ++c) {
      bias[c] = bias[c] * (scale ? (*scale)[c] : 1) + (shift ? (*shift)[c] : 0);
    }
    conv.getBiasMutable().assign(makeConstant(b, loc, element, {channels}, bias));
  }
  conv->setLoc(loc);
  root->getResult(0).replaceAllUsesWith(conv.getResult());
  root->erase();
}

struct FoldScalesPass : impl::FoldScalesBase<FoldScalesPass> {
  void runOnOperation() override {
    llvm::SmallVector<mlir::Operation *> ops;
    getOperation().walk([&](mlir::Operation *op) {
      if (llvm::isa<nn::BatchNormOp, nn::MulOp, nn::AddOp, nn::SubOp>(op)) {
        ops.push_back(op);
      }
    });
    for (mlir::Operation *op : ops) {
      if (auto norm = llvm::dyn_cast<nn::BatchNormOp>(op)) {
        foldNorm(norm);
      } else if (!fold<nn::ConvOp>(op)) {
        fold<nn::ConvTransposeOp>(op);
      }
    }
  }

private:
  template <class Conv> static bool isChannelAxis(Conv conv, int64_t axis) {
    return axis == (conv.getChannelLast() ? nn::rankOf(conv.getInput()) - 1 : 1);
  }
  void foldNorm(nn::BatchNormOp norm) {
    std::optional<ChannelAffine> factors = affineOf(norm);
    if (!factors) {
      return;
    }
    if (auto conv = foldableConv<nn::ConvOp>(norm.getInput()); conv && isChannelAxis(conv, norm.getAxis())) {
      return scaleConv(conv, &factors->scale, &factors->shift, norm);
    }
    if (auto conv = foldableConv<nn::ConvTransposeOp>(norm.getInput()); conv && isChannelAxis(conv, norm.getAxis())) {
      return scaleConv(conv, &factors->scale, &factors->shift, norm);
    }
    mlir::OpBuilder b(norm);
    llvm::SmallVector<int64_t> shape(nn::rankOf(norm.getInput()) - norm.getAxis(), 1);
    shape[0] = factors->scale.size();
    mlir::Type element = nn::elementOf(norm.getInput());
    if (nn::elementOf(norm.getScale()) != element) {
      return;
    }
    Value scale = makeConstant(b, norm.getLoc(), element, shape, factors->scale);
    Value shift = makeConstant(b, norm.getLoc(), element, shape, factors->shift);
    Value product = nn::create<nn::MulOp>(b, norm.getLoc(), norm.getInput(), scale).getResult();
    Value sum = nn::create<nn::AddOp>(b, norm.getLoc(), product, shift).getResult();
    // Where the channels are a formula, the constants say their number: uses, and a function's result, know it as before.
    sum.setType(norm.getResult().getType());
    norm.getResult().replaceAllUsesWith(sum);
    norm.erase();
  }

  /// op(conv, constant) or op(constant, conv).
  template <class Conv> bool fold(mlir::Operation *op) {
    for (int side : {0, 1}) {
      auto conv = foldableConv<Conv>(op->getOperand(side));
      if (!conv || op->getResult(0).getType() != conv.getResult().getType()) {
        continue;
      }
      int64_t rank = nn::rankOf(conv.getInput()), axis = conv.getChannelLast() ? rank - 1 : 1;
      std::optional<Vector> other = perChannel(op->getOperand(1 - side), rank, axis, outputChannels(conv));
      if (!other || (llvm::isa<nn::SubOp>(op) && side == 1)) {
        continue;
      }
      if (llvm::isa<nn::SubOp>(op)) {
        for (double &v : *other) {
          v = -v;
        }
      }
      bool scales = llvm::isa<nn::MulOp>(op);
      scaleConv(conv, scales ? &*other : nullptr, scales ? nullptr : &*other, op);
      return true;
    }
    return false;
  }
};
} // namespace
} // namespace dlc

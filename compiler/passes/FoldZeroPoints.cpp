//===- FoldZeroPoints.cpp - products of integers without zero points -----------------------------------===//
// sum (x - zx) (w - zw) = sum x v - zx sum v, where v = w - zw. With constant weights v is a constant, and so is its sum.
#include "compiler/passes/ConstantValues.h"
#include "compiler/passes/Passes.h"

namespace dlc {
#define GEN_PASS_DEF_FOLDZEROPOINTS
#include "compiler/passes/Passes.h.inc"
namespace {
using mlir::Value;

/// Constant weights less their zero points, as signed bytes; nothing when a difference does not fit.
/// `channelOf` is the zero point that belongs to element i.
std::optional<nn::Tensor> withoutZeros(Value weight, Value zero, llvm::function_ref<int64_t(int64_t)> channelOf) {
  std::optional<nn::Tensor> w = constantTensor(weight), z = constantTensor(zero);
  if (!w || (zero && !z)) {
    return std::nullopt;
  }
  nn::Tensor result = nn::Tensor::zeros(mlir::IntegerType::get(weight.getContext(), 8), w->shape());
  for (int64_t i = 0; i < w->count(); ++i) {
    int64_t v = w->integer(i) - (!z ? 0 : z->integer(z->count() == 1 ? 0 : channelOf(i)));
    if (v < -128 || v > 127) {
      return std::nullopt;
    }
    result.values<int8_t>()[i] = int8_t(v);
  }
  return result;
}

/// The sum of the weights of each channel, modulo 2^32 as the sums of products are.
std::vector<uint32_t> channelSums(const nn::Tensor &w, int64_t channels, llvm::function_ref<int64_t(int64_t)> channelOf) {
  std::vector<uint32_t> sums(channels);
  for (int64_t i = 0; i < w.count(); ++i) {
    sums[channelOf(i)] += uint32_t(w.values<int8_t>()[i]);
  }
  return sums;
}

Value i32Vector(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<uint32_t> values) {
  nn::Tensor t = nn::Tensor::zeros(b.getI32Type(), {int64_t(values.size())});
  llvm::copy(values, t.values<uint32_t>().begin());
  return makeConstant(b, loc, t);
}

/// What a convolution reads, and how far it is padded, on each side.
struct Padded {
  Value input;
  llvm::SmallVector<int64_t> pads;
};

/// The same without an nn.pad before it that adds `zero`, as the convolution does.
Padded withoutPad(nn::ConvIntegerOp op, double zero) {
  Padded own{op.getInput(), llvm::SmallVector<int64_t>(op.getPads())}, result = own;
  auto pad = op.getInput().getDefiningOp<nn::PadOp>();
  std::optional<double> value = pad && pad.getValue() ? constantNumber(pad.getValue()) : 0.0;
  if (!pad || pad.getMode() != nn::PadMode::Constant || value != zero || op.getChannelLast()) {
    return own;
  }
  result.input = pad.getInput();
  llvm::ArrayRef<int64_t> kernel = llvm::cast<mlir::RankedTensorType>(op.getWeight().getType()).getShape().drop_front(2);
  auto add = [&](llvm::ArrayRef<dim::Expr> sizes, size_t side) {
    for (auto [i, size] : llvm::enumerate(sizes)) {
      int64_t count = dim::getConstant(size).value_or(-1);
      // Images and channels are not padded, and nothing is cut off; every output sees an input.
      if (count < 0 || count >= (i < 2 ? 1 : kernel[i - 2])) {
        return false;
      }
      result.pads[side * kernel.size() + (i < 2 ? 0 : i - 2)] += count;
    }
    return true;
  };
  return add(pad.getBegins().getDims(), 0) && add(pad.getEnds().getDims(), 1) ? result : own;
}

/// A convolution without zero points; null when it must stay. What pads is the input's zero point.
Value plainConv(nn::ConvIntegerOp op) {
  std::optional<double> zero = op.getInputZero() ? constantNumber(op.getInputZero()) : 0.0;
  auto type = llvm::cast<mlir::RankedTensorType>(op.getWeight().getType());
  if (!zero || !type.hasStaticShape() || type.getNumElements() == 0) {
    return {};
  }
  int64_t channels = type.getDimSize(0), perChannel = type.getNumElements() / channels;
  auto channelOf = [=](int64_t i) { return i / perChannel; };
  std::optional<nn::Tensor> w = withoutZeros(op.getWeight(), op.getWeightZero(), channelOf);
  if (!w) {
    return {};
  }
  mlir::OpBuilder b(op);
  std::vector<uint32_t> bias = channelSums(*w, channels, channelOf);
  for (uint32_t &v : bias) {
    v = -v * uint32_t(int32_t(*zero));
  }
  Value biasValue = *zero == 0 ? Value() : i32Vector(b, op.getLoc(), bias);
  Padded padded = withoutPad(op, *zero);
  return nn::create<nn::ConvOp>(b, op.getLoc(), padded.input, makeConstant(b, op.getLoc(), *w), biasValue, op.getStrides(),
                                op.getDilations(), padded.pads, op.getGroups(), op.getChannelLast(), int64_t(*zero)).getResult();
}

/// The left zero point as i32: a scalar, or one per row as [..., rows, 1].
Value rowZeros(mlir::OpBuilder &b, nn::MatmulIntegerOp op) {
  Value zero = op.getLhsZero();
  if (nn::rankOf(zero) == 1) {
    dim::Shape shape = nn::shapeOf(zero);
    shape.push_back(dim::constant(b.getContext(), 1));
    zero = nn::create<nn::ReshapeOp>(b, op.getLoc(), zero, dim::ShapeAttr::get(b.getContext(), shape)).getResult();
  }
  return nn::create<nn::CastOp>(b, op.getLoc(), zero, b.getI32Type(), true).getResult();
}

/// A product without zero points; null when it must stay.
Value plainMatmul(nn::MatmulIntegerOp op) {
  mlir::OpBuilder b(op);
  mlir::Location loc = op.getLoc();
  if (!op.getLhsZero() && !op.getRhsZero()) {
    return nn::create<nn::MatmulOp>(b, loc, op.getLhs(), op.getRhs(), false, false).getResult();
  }
  auto type = llvm::cast<mlir::RankedTensorType>(op.getRhs().getType());
  bool rowsOnly = !op.getLhsZero() || nn::rankOf(op.getLhs()) >= 2;
  if (type.getRank() != 2 || !type.hasStaticShape() || !rowsOnly || (op.getRhsZero() && nn::rankOf(op.getRhsZero()) > 1)) {
    return {};
  }
  int64_t columns = type.getDimSize(1);
  auto columnOf = [=](int64_t i) { return i % columns; };
  std::optional<nn::Tensor> w = withoutZeros(op.getRhs(), op.getRhsZero(), columnOf);
  if (!w) {
    return {};
  }
  Value sums = nn::create<nn::MatmulOp>(b, loc, op.getLhs(), makeConstant(b, loc, *w), false, false).getResult();
  if (!op.getLhsZero()) {
    return sums;
  }
  Value columnSums = i32Vector(b, loc, channelSums(*w, columns, columnOf));
  Value shift = nn::create<nn::MulOp>(b, loc, rowZeros(b, op), columnSums).getResult();
  return nn::create<nn::SubOp>(b, loc, sums, shift).getResult();
}

struct FoldZeroPointsPass : impl::FoldZeroPointsBase<FoldZeroPointsPass> {
  void runOnOperation() override {
    llvm::SmallVector<mlir::Operation *> ops;
    getOperation().walk([&](mlir::Operation *op) {
      if (llvm::isa<nn::ConvIntegerOp, nn::MatmulIntegerOp>(op)) {
        ops.push_back(op);
      }
    });
    for (mlir::Operation *op : ops) {
      auto conv = llvm::dyn_cast<nn::ConvIntegerOp>(op);
      if (Value result = conv ? plainConv(conv) : plainMatmul(llvm::cast<nn::MatmulIntegerOp>(op))) {
        op->getResult(0).replaceAllUsesWith(result);
        op->erase();
      }
    }
  }
};
} // namespace
} // namespace dlc

//===- IntegerContractions.cpp - contractions of quantised values, in integers ------------------------===//
#include "compiler/passes/ConstantValues.h"
#include "compiler/passes/Passes.h"
#include "llvm/ADT/SetVector.h"
#include <cmath>

namespace dlc {
#define GEN_PASS_DEF_INTEGERCONTRACTIONS
#include "compiler/passes/Passes.h.inc"
namespace {
using mlir::Value;

/// Bytes with their scale (one element, or one per channel) and zero point (absent: 0).
struct Quantized {
  Value bytes, scale, zero;
};

bool isOne(Value v) {
  return llvm::all_of(nn::shapeOf(v), [](dim::Expr e) { return dim::isConstant(e, 1); });
}

/// What `v` was dequantised from. `axis` is the only one along which scales may vary; -1: none.
std::optional<Quantized> quantized(Value v, int64_t axis) {
  auto op = v.getDefiningOp<nn::DequantizeLinearOp>();
  if (!op || op.getBlockSize() != 0 || !op.getTo().isF32() || !nn::elementOf(op.getScale()).isF32()) {
    return std::nullopt;
  }
  mlir::Type element = nn::elementOf(op.getInput());
  bool alongAxis = int64_t(op.getAxis()) == axis && nn::rankOf(op.getScale()) == 1;
  bool bytes = nn::isInteger(element) && nn::getElementBits(element) == 8;
  if (!bytes || (!isOne(op.getScale()) && !alongAxis) || (op.getZeroPoint() && !constantTensor(op.getZeroPoint()))) {
    return std::nullopt;
  }
  return Quantized{op.getInput(), op.getScale(), op.getZeroPoint()};
}

/// Whether sums of at most `terms` products of a byte and weights fit i32, whatever the byte.
bool sumsFit(const Quantized &weight, int64_t terms) {
  std::optional<nn::Tensor> w = constantTensor(weight.bytes), zero = constantTensor(weight.zero);
  if (!w) {
    return false;
  }
  auto extent = [](const nn::Tensor &t) {
    int64_t most = 0;
    for (int64_t i = 0; i < t.count(); ++i) {
      most = std::max(most, std::abs(t.integer(i)));
    }
    return most;
  };
  int64_t most = extent(*w) + (zero ? extent(*zero) : 0);
  return terms <= std::numeric_limits<int32_t>::max() / (255 * std::max<int64_t>(1, most));
}

Value scalarOf(mlir::OpBuilder &b, mlir::Location loc, Value v) {
  return !v || nn::rankOf(v) == 0
             ? v
             : nn::create<nn::ReshapeOp>(b, loc, v, dim::ShapeAttr::get(b.getContext(), {})).getResult();
}

/// Sums as floats: cast(sums) * (scale of x * scale of w) + bias. Vectors have one element per channel, and get
/// `trailing` dims of size 1 behind it.
struct Scaling {
  mlir::OpBuilder &b;
  mlir::Location loc;
  unsigned trailing;

  Value perChannel(Value v) {
    if (!v || isOne(v)) {
      return scalarOf(b, loc, v);
    }
    dim::Shape shape = nn::shapeOf(v);
    shape.append(trailing, dim::constant(b.getContext(), 1));
    return nn::create<nn::ReshapeOp>(b, loc, v, dim::ShapeAttr::get(b.getContext(), shape)).getResult();
  }
  Value apply(Value sums, Value xScale, Value wScale, Value bias) {
    Value factor = nn::create<nn::MulOp>(b, loc, perChannel(wScale), scalarOf(b, loc, xScale)).getResult();
    Value real = nn::create<nn::CastOp>(b, loc, sums, b.getF32Type(), true).getResult();
    real = nn::create<nn::MulOp>(b, loc, real, factor).getResult();
    return bias ? nn::create<nn::AddOp>(b, loc, real, perChannel(bias)).getResult() : real;
  }
};

/// conv(dequantize(x), dequantize(w)) in integers; null when it must stay.
Value convInIntegers(nn::ConvOp op) {
  std::optional<Quantized> x = quantized(op.getInput(), -1), w = quantized(op.getWeight(), 0);
  auto type = llvm::cast<mlir::RankedTensorType>(op.getWeight().getType());
  if (!x || !w || op.getChannelLast() || op.getPadValue() != 0 || !type.hasStaticShape() ||
      type.getNumElements() == 0 || !sumsFit(*w, type.getNumElements() / type.getDimSize(0))) {
    return {};
  }
  mlir::OpBuilder b(op);
  mlir::Location loc = op.getLoc();
  Value sums = nn::create<nn::ConvIntegerOp>(b, loc, x->bytes, w->bytes, scalarOf(b, loc, x->zero), w->zero,
                                             op.getStrides(), op.getDilations(), op.getPads(), op.getGroups(), false)
                   .getResult();
  return Scaling{b, loc, unsigned(type.getRank() - 2)}.apply(sums, x->scale, w->scale, op.getBias());
}

/// matmul(dequantize(x), dequantize(w)) with a constant matrix w.
Value matmulInIntegers(nn::MatmulOp op) {
  int64_t columnAxis = op.getTransposeRhs() ? 0 : 1;
  auto type = llvm::cast<mlir::RankedTensorType>(op.getRhs().getType());
  if (type.getRank() != 2 || !type.hasStaticShape() || type.getNumElements() == 0 || op.getTransposeLhs() ||
      nn::rankOf(op.getLhs()) < 2) {
    return {};
  }
  std::optional<Quantized> x = quantized(op.getLhs(), -1), w = quantized(op.getRhs(), columnAxis);
  if (!x || !w || !sumsFit(*w, type.getDimSize(1 - columnAxis))) {
    return {};
  }
  mlir::OpBuilder b(op);
  mlir::Location loc = op.getLoc();
  Value bytes = w->bytes;
  if (op.getTransposeRhs()) {
    bytes = nn::create<nn::TransposeOp>(b, loc, bytes, llvm::ArrayRef<int64_t>{1, 0}).getResult();
  }
  Value zero = w->zero && isOne(w->zero) ? scalarOf(b, loc, w->zero) : w->zero;
  Value sums = nn::create<nn::MatmulIntegerOp>(b, loc, x->bytes, bytes, scalarOf(b, loc, x->zero), zero).getResult();
  return Scaling{b, loc, 0}.apply(sums, x->scale, w->scale, {});
}

/// Whether folding will make a constant of `v`.
bool isFoldable(Value v, int depth = 4) {
  mlir::Operation *op = v.getDefiningOp();
  if (op && llvm::isa<nn::ConstantOp>(op)) {
    return true;
  }
  bool plain = op && depth > 0 && op->getNumOperands() > 0 && op->getNumRegions() == 0 && mlir::isMemoryEffectFree(op);
  return plain && llvm::all_of(op->getOperands(), [&](Value o) { return isFoldable(o, depth - 1); });
}

/// A value of f32 made of constants, times `factor`; null for other values.
Value scaledConstant(mlir::OpBuilder &b, Value v, double factor) {
  if (!nn::elementOf(v).isF32() || !isFoldable(v)) {
    return {};
  }
  mlir::OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfterValue(v);
  return nn::create<nn::MulOp>(b, v.getLoc(), v,
                               makeConstant(b, v.getLoc(), nn::Tensor::scalar(b.getF32Type(), factor)))
      .getResult();
}

/// Erases what made `v` and nothing needs now.
void eraseDead(Value v) {
  llvm::SetVector<mlir::Operation *> candidates;
  auto add = [&](Value made) {
    mlir::Operation *op = made ? made.getDefiningOp() : nullptr;
    op ? void(candidates.insert(op)) : void();
  };
  add(v);
  while (!candidates.empty()) {
    mlir::Operation *op = candidates.pop_back_val();
    if (mlir::isOpTriviallyDead(op)) {
      llvm::for_each(op->getOperands(), add);
      op->erase();
    }
  }
}

/// v * factor (> 0) made from the ops that `v` alone comes from, by changing their constants; null where that takes a
/// product more. What `v` was made from stays.
Value scaled(mlir::OpBuilder &b, Value v, double factor) {
  if (Value constant = scaledConstant(b, v, factor)) {
    return constant;
  }
  mlir::Operation *op = v.getDefiningOp();
  if (!op || !(v.hasOneUse() || llvm::isa<nn::DequantizeLinearOp>(op))) {
    return {};
  }
  mlir::OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op);
  mlir::Location loc = op->getLoc();
  if (auto mul = llvm::dyn_cast<nn::MulOp>(op)) {
    Value l = scaledConstant(b, mul.getLhs(), factor), r = l ? Value() : scaledConstant(b, mul.getRhs(), factor);
    return l || r ? nn::create<nn::MulOp>(b, loc, l ? l : mul.getLhs(), r ? r : mul.getRhs()).getResult() : Value();
  }
  if (auto add = llvm::dyn_cast<nn::AddOp>(op)) {
    Value l = scaled(b, add.getLhs(), factor), r = l ? scaled(b, add.getRhs(), factor) : Value();
    if (l && r) {
      return nn::create<nn::AddOp>(b, loc, l, r).getResult();
    }
    eraseDead(l);
    return {};
  }
  if (auto relu = llvm::dyn_cast<nn::ReluOp>(op)) {
    Value x = scaled(b, relu.getInput(), factor);
    return x ? nn::create<nn::ReluOp>(b, loc, x).getResult() : Value();
  }
  if (auto dequantize = llvm::dyn_cast<nn::DequantizeLinearOp>(op)) {
    Value scale = dequantize.getTo().isF32() ? scaledConstant(b, dequantize.getScale(), factor) : Value();
    return scale
               ? nn::create<nn::DequantizeLinearOp>(b, loc, dequantize.getInput(), scale, dequantize.getZeroPoint(),
                                                    dequantize.getTo(), dequantize.getAxis(), dequantize.getBlockSize())
                     .getResult()
               : Value();
  }
  return {};
}

/// Whether products with `factor`, before or after bytes are dequantised, are rounded to the same integers as quotients
/// by `scale`. Where `v` is made of bytes by clipping alone, quotients may lie halfway between integers, but for
/// rounding.
bool roundsAlike(Value v, float scale, float factor) {
  auto alike = [&](float x, float product) {
    return std::nearbyint(x / scale) == std::nearbyint(x * factor) &&
           std::nearbyint(x / scale) == std::nearbyint(product);
  };
  if (std::optional<double> number = constantNumber(v)) {
    return alike(float(*number), float(*number) * factor);
  }
  mlir::Operation *op = v.getDefiningOp();
  if (llvm::isa_and_nonnull<nn::ReluOp, nn::MinOp, nn::MaxOp>(op)) {
    return llvm::all_of(op->getOperands(), [&](Value operand) { return roundsAlike(operand, scale, factor); });
  }
  auto dequantize = llvm::dyn_cast_or_null<nn::DequantizeLinearOp>(op);
  if (!dequantize || nn::getElementBits(nn::elementOf(dequantize.getInput())) > 8) {
    return true;
  }
  std::optional<double> from = constantNumber(dequantize.getScale());
  float first = from.value_or(0), both = first * factor;
  for (int byte = -255; from && byte <= 255; ++byte) {
    if (!alike(float(byte) * first, float(byte) * both)) {
      return false;
    }
  }
  return from.has_value();
}

/// A quantisation behind scaled sums multiplies by 1 / scale instead of dividing: the factor has been rounded already,
/// and a division costs as much as dozens of products. Where constants before it take the factor, nothing multiplies at
/// all.
void multiplyInstead(nn::QuantizeLinearOp op) {
  std::optional<double> scale = constantNumber(op.getScale());
  bool byTensor =
      op.getBlockSize() == 0 && nn::elementOf(op.getInput()).isF32() && nn::elementOf(op.getScale()).isF32();
  if (!scale || *scale <= 0 || *scale == 1 || op.getPrecision() || !byTensor) {
    return;
  }
  if (!roundsAlike(op.getInput(), *scale, 1 / *scale)) {
    return;
  }
  mlir::OpBuilder b(op);
  auto scalar = [&](double v) { return makeConstant(b, op.getLoc(), nn::Tensor::scalar(b.getF32Type(), v)); };
  Value old = op.getInput(), input = scaled(b, old, 1 / *scale);
  op.getInputMutable().assign(input ? input
                                    : nn::create<nn::MulOp>(b, op.getLoc(), old, scalar(1 / *scale)).getResult());
  eraseDead(old);
  op.getScaleMutable().assign(scalar(1));
}

struct IntegerContractionsPass : impl::IntegerContractionsBase<IntegerContractionsPass> {
  void runOnOperation() override {
    llvm::SmallVector<mlir::Operation *> ops;
    getOperation().walk([&](mlir::Operation *op) {
      if (llvm::isa<nn::ConvOp, nn::MatmulOp>(op)) {
        ops.push_back(op);
      }
    });
    for (mlir::Operation *op : ops) {
      auto conv = llvm::dyn_cast<nn::ConvOp>(op);
      Value result = conv ? convInIntegers(conv) : matmulInIntegers(llvm::cast<nn::MatmulOp>(op));
      if (!result) {
        continue;
      }
      op->getResult(0).replaceAllUsesWith(result);
      op->erase();
      finishQuantization(result);
    }
  }

private:
  /// The quantisations in the chain of elementwise ops that alone use the result: its epilogue.
  static void finishQuantization(Value v) {
    while (v.hasOneUse() && nn::isElementwise(*v.user_begin())) {
      mlir::Operation *user = *v.user_begin();
      if (auto quantize = llvm::dyn_cast<nn::QuantizeLinearOp>(user); quantize && quantize.getInput() == v) {
        multiplyInstead(quantize);
      }
      v = user->getResult(0);
    }
  }
};
} // namespace
} // namespace dlc

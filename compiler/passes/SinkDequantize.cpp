//===- SinkDequantize.cpp - data moves while it is quantised -----------------------------------------===//
#include "compiler/passes/ConstantValues.h"
#include "compiler/passes/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace dlc {
#define GEN_PASS_DEF_SINKDEQUANTIZE
#include "compiler/passes/Passes.h.inc"
namespace {
using mlir::Value;

/// One scale and zero point for all elements, both known.
bool isPerTensor(nn::DequantizeLinearOp op) {
  return constantNumber(op.getScale()) && (!op.getZeroPoint() || constantNumber(op.getZeroPoint()));
}

/// The dequantisation of operand 0; null when there is none, or its scales belong to places.
nn::DequantizeLinearOp dequantized(Value v) {
  auto op = v.getDefiningOp<nn::DequantizeLinearOp>();
  return op && op.getBlockSize() == 0 && isPerTensor(op) ? op : nn::DequantizeLinearOp();
}

/// Replaces `op`, which moves elements, by one of quantised elements `inputs` (its first operands) and a
/// dequantisation as `like` does it. `axis` is where like's axis has gone.
void sink(mlir::PatternRewriter &rewriter, mlir::Operation *op, mlir::ValueRange inputs, nn::DequantizeLinearOp like, int64_t axis) {
  llvm::SmallVector<Value> operands(inputs);
  llvm::append_range(operands, op->getOperands().drop_front(inputs.size()));
  mlir::OperationState state(op->getLoc(), op->getName(), operands, rewriter.getNoneType(), op->getAttrs());
  mlir::Operation *moved = rewriter.create(state);
  bool fits = mlir::succeeded(nn::refineResultTypes(moved));
  assert(fits && "elements of another type move alike");
  (void)fits;
  auto result = nn::create<nn::DequantizeLinearOp>(rewriter, op->getLoc(), moved->getResult(0), like.getScale(), like.getZeroPoint(),
                                                   like.getTo(), axis, like.getBlockSize());
  rewriter.replaceOp(op, result);
}

/// op(dequantize(x)) = dequantize(op(x)).
template <class Op> struct SinkBelow : mlir::OpRewritePattern<Op> {
  using mlir::OpRewritePattern<Op>::OpRewritePattern;
  mlir::LogicalResult matchAndRewrite(Op op, mlir::PatternRewriter &rewriter) const override {
    nn::DequantizeLinearOp source = dequantized(op->getOperand(0));
    // Scales may have one dim of size 1, so the result has to have a dim.
    if (!source || nn::rankOf(op->getResult(0)) == 0) {
      return rewriter.notifyMatchFailure(op, "the operand is not dequantised by one scale");
    }
    if (llvm::isa<nn::MaxPoolOp>(op) && *constantNumber(source.getScale()) <= 0) {
      return rewriter.notifyMatchFailure(op, "the scale turns the order");
    }
    sink(rewriter, op, source.getInput(), source, 0);
    return mlir::success();
  }
};

/// transpose(dequantize(x)), with scales along an axis too.
struct SinkBelowTranspose : mlir::OpRewritePattern<nn::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  mlir::LogicalResult matchAndRewrite(nn::TransposeOp op, mlir::PatternRewriter &rewriter) const override {
    auto source = op.getInput().getDefiningOp<nn::DequantizeLinearOp>();
    if (!source || source.getBlockSize() != 0) {
      return rewriter.notifyMatchFailure(op, "the operand is not dequantised by tensor or axis");
    }
    const int64_t *found = llvm::find(op.getPermutation(), source.getAxis());
    int64_t axis = found == op.getPermutation().end() ? 0 : found - op.getPermutation().begin();
    sink(rewriter, op, source.getInput(), source, axis);
    return mlir::success();
  }
};

/// Parts with equal scales and zero points.
struct SinkBelowConcat : mlir::OpRewritePattern<nn::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  mlir::LogicalResult matchAndRewrite(nn::ConcatOp op, mlir::PatternRewriter &rewriter) const override {
    llvm::SmallVector<Value> parts;
    nn::DequantizeLinearOp like = dequantized(op.getInputs()[0]);
    for (Value v : op.getInputs()) {
      nn::DequantizeLinearOp part = dequantized(v);
      if (!part || !equalConstants(part.getScale(), like.getScale()) || !equalConstants(part.getZeroPoint(), like.getZeroPoint()) ||
          nn::elementOf(part.getInput()) != nn::elementOf(like.getInput()) || part.getTo() != like.getTo()) {
        return rewriter.notifyMatchFailure(op, "the parts are not dequantised alike");
      }
      parts.push_back(part.getInput());
    }
    sink(rewriter, op, parts, like, 0);
    return mlir::success();
  }
};

/// quantize(dequantize(x)) = x where both have the same scale and zero point, and 8 or 16 bits leave f32 room to round.
struct CancelQuantize : mlir::OpRewritePattern<nn::QuantizeLinearOp> {
  using OpRewritePattern::OpRewritePattern;
  mlir::LogicalResult matchAndRewrite(nn::QuantizeLinearOp op, mlir::PatternRewriter &rewriter) const override {
    nn::DequantizeLinearOp source = dequantized(op.getInput());
    if (!source || source.getInput().getType() != op.getType() || op.getPrecision() || op.getBlockSize() != 0 || !source.getTo().isF32() ||
        !nn::isInteger(op.getTo()) || nn::getElementBits(op.getTo()) > 16 || !equalConstants(op.getScale(), source.getScale()) ||
        !equalConstants(op.getZeroPoint(), source.getZeroPoint())) {
      return rewriter.notifyMatchFailure(op, "not the inverse of a dequantisation");
    }
    double scale = std::abs(*constantNumber(op.getScale()));
    if (!nn::elementOf(op.getScale()).isF32() || !(scale > 1e-30 && scale < 1e30)) {
      return rewriter.notifyMatchFailure(op, "products with the scale may not be numbers");
    }
    rewriter.replaceOp(op, source.getInput());
    return mlir::success();
  }
};

/// quantize(relu(x)) = quantize(x) where 0 is the least quantised value, so that saturation does what relu does.
struct DropRelu : mlir::OpRewritePattern<nn::QuantizeLinearOp> {
  using OpRewritePattern::OpRewritePattern;
  mlir::LogicalResult matchAndRewrite(nn::QuantizeLinearOp op, mlir::PatternRewriter &rewriter) const override {
    auto relu = op.getInput().getDefiningOp<nn::ReluOp>();
    std::optional<double> zero = op.getZeroPoint() ? constantNumber(op.getZeroPoint()) : 0.0, scale = constantNumber(op.getScale());
    if (!relu || !zero || !scale || *scale <= 0 || op.getBlockSize() != 0 || !nn::isInteger(op.getTo()) || nn::getElementBits(op.getTo()) > 16) {
      return rewriter.notifyMatchFailure(op, "no relu, or its 0 is not the least value");
    }
    double least = op.getTo().isUnsignedInteger() ? 0 : -std::ldexp(1.0, nn::getElementBits(op.getTo()) - 1);
    if (*zero != least) {
      return rewriter.notifyMatchFailure(op, "0 is not the least value");
    }
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(relu.getInput()); });
    return mlir::success();
  }
};

/// quantize(pad(x)) = pad(quantize(x)), with one scale for all: what makes x may round its results itself.
struct QuantizeBeforePad : mlir::OpRewritePattern<nn::QuantizeLinearOp> {
  using OpRewritePattern::OpRewritePattern;
  mlir::LogicalResult matchAndRewrite(nn::QuantizeLinearOp op, mlir::PatternRewriter &rewriter) const override {
    auto pad = op.getInput().getDefiningOp<nn::PadOp>();
    auto isScalar = [](Value v) { return !v || nn::rankOf(v) == 0; };
    bool perTensor = op.getBlockSize() == 0 && isScalar(op.getScale()) && isScalar(op.getZeroPoint());
    if (!pad || !pad->hasOneUse() || pad.getMode() != nn::PadMode::Constant || !perTensor || !isScalar(pad.getValue())) {
      return rewriter.notifyMatchFailure(op, "no padding by a value, or more than one scale");
    }
    auto quantized = [&](Value v) {
      mlir::OperationState state(op->getLoc(), op->getName(), op->getOperands(), rewriter.getNoneType(), op->getAttrs());
      state.operands[0] = v;
      return inferred(rewriter.create(state));
    };
    // Without a value, zeros are added: they are the zero point.
    Value value = pad.getValue() ? quantized(pad.getValue()) : op.getZeroPoint();
    Value input = quantized(pad.getInput());
    auto moved = nn::PadOp::create(rewriter, pad.getLoc(), rewriter.getNoneType(), input, value, pad.getMode(), pad.getBegins(), pad.getEnds());
    rewriter.replaceOp(op, inferred(moved));
    return mlir::success();
  }

  /// The result of an op whose type follows from its operands'.
  static Value inferred(mlir::Operation *op) {
    bool fits = mlir::succeeded(nn::refineResultTypes(op));
    assert(fits && "elements of another type move alike");
    (void)fits;
    return op->getResult(0);
  }
};

struct SinkDequantizePass : impl::SinkDequantizeBase<SinkDequantizePass> {
  void runOnOperation() override {
    mlir::RewritePatternSet patterns(&getContext());
    patterns.add<SinkBelow<nn::ReshapeOp>, SinkBelow<nn::SliceOp>, SinkBelow<nn::MaxPoolOp>, SinkBelow<nn::GatherOp>, SinkBelow<nn::BroadcastOp>,
                 SinkBelowTranspose, SinkBelowConcat, CancelQuantize, DropRelu, QuantizeBeforePad>(&getContext());
    if (mlir::failed(mlir::applyPatternsGreedily(getOperation(), std::move(patterns)))) {
      signalPassFailure();
    }
  }
};
} // namespace
} // namespace dlc

#include "compiler/passes/math/OnePlus.h"
#include "compiler/passes/math/Functions.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;

namespace dlc {
namespace {

using mathlib::Emitter;
using mathlib::V;

/// Whether all lanes are `number`, as the type rounds it.
bool isRounded(Value v, double number) {
  if (auto broadcast = v.getDefiningOp<vector::BroadcastOp>()) {
    v = broadcast.getSource();
  }
  APFloat found(0.0), rounded(number);
  if (!matchPattern(v, m_ConstantFloat(&found))) {
    return false;
  }
  bool inexact;
  rounded.convert(found.getSemantics(), APFloat::rmNearestTiesToEven, &inexact);
  return found == rounded;
}

/// x of x sqrt(1/2) or x / sqrt(2); null for anything else.
Value unscaled(Value y) {
  if (auto product = y.getDefiningOp<arith::MulFOp>()) {
    return isRounded(product.getRhs(), M_SQRT1_2)   ? product.getLhs()
           : isRounded(product.getLhs(), M_SQRT1_2) ? product.getRhs()
                                                    : Value();
  }
  auto quotient = y.getDefiningOp<arith::DivFOp>();
  return quotient && isRounded(quotient.getRhs(), M_SQRT2) ? quotient.getLhs() : Value();
}

V onePlus(math::ErfOp op, Emitter &e) {
  Value x = unscaled(op.getOperand());
  return x ? mathlib::erfcOfScaled(-V(e, x)) : mathlib::erfc(-V(e, op.getOperand()));
}

V onePlus(math::TanhOp op, Emitter &e) { return mathlib::logistic(V(e, op.getOperand()) * 2.0) * 2.0; }

/// The sums of a value and 1.
SmallVector<arith::AddFOp> sumsWithOne(Value v) {
  SmallVector<arith::AddFOp> sums;
  for (Operation *user : v.getUsers()) {
    auto sum = dyn_cast<arith::AddFOp>(user);
    if (sum && isRounded(sum.getLhs() == v ? sum.getRhs() : sum.getLhs(), 1)) {
      sums.push_back(sum);
    }
  }
  return sums;
}

bool isWide(Value v) {
  Type element = getElementTypeOrSelf(v.getType());
  return element.isF32() || element.isF64();
}

template <class OpTy> struct OnePlus : OpRewritePattern<OpTy> {
  OnePlus(MLIRContext *context, const MathOptions &options)
      : OpRewritePattern<OpTy>(context, /*benefit=*/2), options(options) {}

  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    SmallVector<arith::AddFOp> sums = isWide(op) ? sumsWithOne(op) : SmallVector<arith::AddFOp>();
    if (sums.empty()) {
      return rewriter.notifyMatchFailure(op, "expected a sum with 1, of f32 or f64");
    }
    Emitter e{rewriter, op.getLoc(), options};
    Value complement = onePlus(op, e).get();
    for (arith::AddFOp sum : sums) {
      rewriter.replaceOp(sum, complement);
    }
    return success();
  }

  MathOptions options;
};

/// 1 / (1 + e^y), where nothing else reads the power.
struct Logistic : OpRewritePattern<math::ExpOp> {
  Logistic(MLIRContext *context, const MathOptions &options)
      : OpRewritePattern(context, /*benefit=*/2), options(options) {}

  LogicalResult matchAndRewrite(math::ExpOp op, PatternRewriter &rewriter) const override {
    SmallVector<arith::AddFOp> sums = isWide(op) && op->hasOneUse() ? sumsWithOne(op) : SmallVector<arith::AddFOp>();
    auto quotient =
        sums.size() == 1 && sums[0]->hasOneUse() ? dyn_cast<arith::DivFOp>(*sums[0]->user_begin()) : arith::DivFOp();
    if (!quotient || quotient.getRhs() != sums[0].getResult() || !isRounded(quotient.getLhs(), 1)) {
      return rewriter.notifyMatchFailure(op, "expected 1 / (1 + e^y), of f32 or f64");
    }
    Emitter e{rewriter, op.getLoc(), options};
    auto negated = op.getOperand().getDefiningOp<arith::NegFOp>();
    V x = negated ? V(e, negated.getOperand()) : -V(e, op.getOperand());
    rewriter.replaceOp(quotient, mathlib::logistic(x).get());
    return success();
  }

  MathOptions options;
};

} // namespace

void populateOnePlusPatterns(RewritePatternSet &patterns, const MathOptions &options) {
  patterns.add<OnePlus<math::ErfOp>, OnePlus<math::TanhOp>, Logistic>(patterns.getContext(), options);
}

} // namespace dlc

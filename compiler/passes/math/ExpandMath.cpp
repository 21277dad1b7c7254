#include "compiler/passes/math/ExpandMath.h"
#include "compiler/passes/math/Functions.h"
#include "compiler/passes/math/NarrowFloat.h"
#include "compiler/passes/math/OnePlus.h"
#include "compiler/target/cpu/TargetInfo.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace dlc {
namespace {

using mathlib::Emitter;
using mathlib::V;

bool isScalarOrVector(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return (vector && !vector.isScalable()) || type.isIntOrIndexOrFloat();
}

bool isNarrow(Type type) { return isScalarOrVector(type) && mathlib::isNarrowFloat(getElementTypeOrSelf(type)); }

bool isWide(Type type) {
  Type element = getElementTypeOrSelf(type);
  return isScalarOrVector(type) && (element.isF32() || element.isF64());
}

/// A pattern that knows the target's instructions.
template <typename Op> struct MathPattern : OpRewritePattern<Op> {
  MathPattern(MLIRContext *context, const MathOptions &options) : OpRewritePattern<Op>(context), options(options) {}
  MathOptions options;
};

/// Op -> fn, which takes and returns as many values as the op: an `F` of V(V), V(V, V) or V(V, V, V).
template <typename Op, auto fn> struct FunctionPattern : MathPattern<Op> {
  using MathPattern<Op>::MathPattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!isWide(op->getOperand(0).getType())) {
      return rewriter.notifyMatchFailure(op, "expected scalars or vectors of f32 or f64");
    }
    Emitter e{rewriter, op.getLoc(), this->options};
    rewriter.replaceOp(op, call(e, op->getOperands(), fn).get());
    return success();
  }

  static V call(Emitter &e, ValueRange x, V (*f)(V)) { return f(V(e, x[0])); }
  static V call(Emitter &e, ValueRange x, V (*f)(V, V)) { return f(V(e, x[0]), V(e, x[1])); }
  static V call(Emitter &e, ValueRange x, V (*f)(V, V, V)) { return f(V(e, x[0]), V(e, x[1]), V(e, x[2])); }
};

/// Op -> fn, which is short, where the op may be approximate: before its other patterns, and sums with 1.
template <typename Op, auto fn> struct NearPattern : OpRewritePattern<Op> {
  NearPattern(MLIRContext *context, const MathOptions &options)
      : OpRewritePattern<Op>(context, /*benefit=*/3), options(options) {}

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    bool approximate = arith::bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::afn);
    if (!approximate || !isWide(op.getType()) || !getElementTypeOrSelf(op.getType()).isF32()) {
      return rewriter.notifyMatchFailure(op, "expected f32 that may be approximate");
    }
    Emitter e{rewriter, op.getLoc(), this->options};
    rewriter.replaceOp(op, fn(V(e, op.getOperand())).get());
    return success();
  }

  MathOptions options;
};

struct SincosPattern : MathPattern<math::SincosOp> {
  using MathPattern::MathPattern;

  LogicalResult matchAndRewrite(math::SincosOp op, PatternRewriter &rewriter) const override {
    if (!isWide(op.getOperand().getType())) {
      return rewriter.notifyMatchFailure(op, "expected a scalar or vector of f32 or f64");
    }
    Emitter e{rewriter, op.getLoc(), options};
    auto [sine, cosine] = mathlib::sincos(V(e, op.getOperand()));
    rewriter.replaceOp(op, ValueRange{sine.get(), cosine.get()});
    return success();
  }
};

struct IPowIPattern : MathPattern<math::IPowIOp> {
  using MathPattern::MathPattern;

  LogicalResult matchAndRewrite(math::IPowIOp op, PatternRewriter &rewriter) const override {
    if (!isScalarOrVector(op.getType()) || !getElementTypeOrSelf(op.getType()).isInteger()) {
      return rewriter.notifyMatchFailure(op, "expected scalars or vectors of integers");
    }
    Emitter e{rewriter, op.getLoc(), options};
    rewriter.replaceOp(op, mathlib::ipowi(V(e, op.getLhs()), V(e, op.getRhs())).get());
    return success();
  }
};

V clamp(V x, V low, V high) {
  Emitter &e = x.emitter();
  Value above = arith::MaximumFOp::create(e.b, e.loc, x.get(), low.get());
  return V(e, arith::MinimumFOp::create(e.b, e.loc, above, high.get()));
}

// These two have no lowering to LLVM.
V isInf(V x) { return equal(abs(x), infinity(x)); }
V isNormal(V x) {
  V magnitude = abs(x);
  return less(magnitude, infinity(x)) & !less(magnitude, mathlib::pick(x, 0x1p-126, 0x1p-1022));
}

bool isNumber(Value v) {
  if (auto broadcast = v.getDefiningOp<vector::BroadcastOp>()) {
    v = broadcast.getSource();
  }
  APFloat number(0.0f);
  return matchPattern(v, m_ConstantFloat(&number)) && !number.isNaN();
}

/// The greater (or smaller) of two, where NaN wins, as comparisons that match the CPU's instructions. LLVM's own form
/// also orders zeros by their signs, and narrows extended operands to types that the CPU has no comparisons for.
template <typename Op, bool greatest> struct ExtremePattern : MathPattern<Op> {
  using MathPattern<Op>::MathPattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!isWide(op.getType())) {
      return rewriter.notifyMatchFailure(op, "expected scalars or vectors of f32 or f64");
    }
    Emitter e{rewriter, op.getLoc(), this->options};
    V x(e, op.getLhs()), y(e, op.getRhs());
    if (isNumber(y.get())) {
      std::swap(x, y);
    }
    V best = select(greatest ? less(y, x) : less(x, y), x, y); // y where one is NaN
    rewriter.replaceOp(op, (isNumber(x.get()) ? best : select(unordered(x, x), x, best)).get());
    return success();
  }
};

struct ExtendPattern : MathPattern<arith::ExtFOp> {
  using MathPattern::MathPattern;

  LogicalResult matchAndRewrite(arith::ExtFOp op, PatternRewriter &rewriter) const override {
    Type from = getElementTypeOrSelf(op.getIn().getType()), to = getElementTypeOrSelf(op.getType());
    if (!isNarrow(op.getIn().getType()) || (from.isF16() && options.f16c)) {
      return rewriter.notifyMatchFailure(op, "the target has the conversion");
    }
    Emitter e{rewriter, op.getLoc(), options};
    V single = mathlib::extendFloat(V(e, op.getIn()));
    rewriter.replaceOp(op, to.isF32() ? single.get() : mathlib::convert(single, to).get());
    return success();
  }
};

struct TruncatePattern : MathPattern<arith::TruncFOp> {
  using MathPattern::MathPattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    Type from = getElementTypeOrSelf(op.getIn().getType()), to = getElementTypeOrSelf(op.getType());
    if (!isNarrow(op.getType()) || (to.isF16() && from.isF32() && options.f16c)) {
      return rewriter.notifyMatchFailure(op, "the target has the conversion");
    }
    if (op.getRoundingmode().value_or(arith::RoundingMode::to_nearest_even) != arith::RoundingMode::to_nearest_even) {
      return rewriter.notifyMatchFailure(op, "expected rounding to nearest even");
    }
    Emitter e{rewriter, op.getLoc(), options};
    V x(e, op.getIn());
    if (from.isF16() || from.isBF16()) {
      x = mathlib::convert(x, rewriter.getF32Type());
    }
    rewriter.replaceOp(op, mathlib::truncateFloat(x, cast<FloatType>(to), /*saturate=*/false).get());
    return success();
  }
};

/// Elementwise arithmetic on narrow floats becomes arithmetic on f32 between conversions. f16 keeps what the CPU
/// converts by itself, which is all but functions.
struct WidenPattern : RewritePattern {
  WidenPattern(MLIRContext *context, const MathOptions &options)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context), options(options) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!concerns(op)) {
      return rewriter.notifyMatchFailure(op, "no arithmetic on narrow floats");
    }
    auto widened = [&](Type type) -> Type {
      return isNarrow(type) ? Type(V::typeWith(type, rewriter.getF32Type())) : type;
    };
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      Type wide = widened(operand.getType());
      bool same = wide == operand.getType();
      operands.push_back(same ? operand : arith::ExtFOp::create(rewriter, op->getLoc(), wide, operand).getResult());
    }
    SmallVector<Type> types(llvm::map_range(op->getResultTypes(), widened));
    Operation *wide = rewriter.create(op->getLoc(), op->getName().getIdentifier(), operands, types, op->getAttrs());
    SmallVector<Value> results;
    for (auto [result, type] : llvm::zip(wide->getResults(), op->getResultTypes())) {
      bool same = result.getType() == type;
      results.push_back(same ? result : arith::TruncFOp::create(rewriter, op->getLoc(), type, result).getResult());
    }
    rewriter.replaceOp(op, results);
    return success();
  }

private:
  bool concerns(Operation *op) const {
    bool dialect = isa_and_nonnull<arith::ArithDialect, math::MathDialect>(op->getDialect());
    if (!dialect || op->getNumRegions() ||
        isa<arith::ConstantOp, arith::ExtFOp, arith::TruncFOp, arith::BitcastOp, arith::SelectOp, arith::ScalingExtFOp,
            arith::ScalingTruncFOp>(op)) {
      return false;
    }
    bool function = isa<arith::RemFOp>(op) || isa<math::MathDialect>(op->getDialect());
    auto needs = [&](Type type) {
      return isNarrow(type) && !(getElementTypeOrSelf(type).isF16() && options.f16c && !function);
    };
    return llvm::any_of(op->getOperandTypes(), needs) || llvm::any_of(op->getResultTypes(), needs);
  }

  MathOptions options;
};

void addFunctions(RewritePatternSet &patterns, const MathOptions &options) {
  using namespace mathlib;
  patterns.add<
      NearPattern<math::ExpOp, nearExp>, NearPattern<math::ErfOp, nearErf>, FunctionPattern<math::ExpOp, exp>,
      FunctionPattern<math::Exp2Op, exp2>, FunctionPattern<math::ExpM1Op, expm1>, FunctionPattern<math::LogOp, log>,
      FunctionPattern<math::Log2Op, log2>, FunctionPattern<math::Log10Op, log10>, FunctionPattern<math::Log1pOp, log1p>,
      FunctionPattern<math::TanhOp, tanh>, FunctionPattern<math::SinhOp, sinh>, FunctionPattern<math::CoshOp, cosh>,
      FunctionPattern<math::AsinhOp, asinh>, FunctionPattern<math::AcoshOp, acosh>,
      FunctionPattern<math::AtanhOp, atanh>, FunctionPattern<math::ErfOp, erf>, FunctionPattern<math::ErfcOp, erfc>,
      FunctionPattern<math::SinOp, sin>, FunctionPattern<math::CosOp, cos>, FunctionPattern<math::TanOp, tan>,
      FunctionPattern<math::AsinOp, asin>, FunctionPattern<math::AcosOp, acos>, FunctionPattern<math::AtanOp, atan>,
      FunctionPattern<math::Atan2Op, atan2>, FunctionPattern<math::PowFOp, powf>, FunctionPattern<math::FPowIOp, fpowi>,
      FunctionPattern<math::RsqrtOp, rsqrt>, FunctionPattern<math::CbrtOp, cbrt>, FunctionPattern<arith::RemFOp, remf>,
      FunctionPattern<math::ClampFOp, clamp>, FunctionPattern<math::IsInfOp, isInf>,
      FunctionPattern<math::IsNormalOp, isNormal>, SincosPattern, IPowIPattern, ExtremePattern<arith::MaximumFOp, true>,
      ExtremePattern<arith::MinimumFOp, false>>(patterns.getContext(), options);
}

void addMissingInstructions(RewritePatternSet &patterns, const MathOptions &options) {
  using namespace mathlib;
  if (!options.fma) {
    patterns.add<FunctionPattern<math::FmaOp, softFma>>(patterns.getContext(), options);
  }
  if (!options.rounding) {
    patterns.add<FunctionPattern<math::FloorOp, softFloor>, FunctionPattern<math::CeilOp, softCeil>,
                 FunctionPattern<math::TruncOp, softTrunc>, FunctionPattern<math::RoundEvenOp, softRoundEven>,
                 FunctionPattern<math::RoundOp, softRound>>(patterns.getContext(), options);
  }
}

} // namespace

MathOptions MathOptions::of(const cpu::TargetInfo &target) {
  // Every CPU with FMA has SSE4.1.
  return {target.fma, target.fma, target.f16c};
}

void populateExpandConversionPatterns(RewritePatternSet &patterns, const MathOptions &options) {
  patterns.add<ExtendPattern, TruncatePattern>(patterns.getContext(), options);
}

void populateExpandMathPatterns(RewritePatternSet &patterns, const MathOptions &options) {
  addFunctions(patterns, options);
  populateOnePlusPatterns(patterns, options);
  addMissingInstructions(patterns, options);
  populateExpandConversionPatterns(patterns, options);
  patterns.add<WidenPattern>(patterns.getContext(), options);
}

void expandMath(Operation *root, const MathOptions &options) {
  RewritePatternSet patterns(root->getContext());
  populateExpandMathPatterns(patterns, options);
  GreedyRewriteConfig config;
  config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  (void)applyPatternsGreedily(root, std::move(patterns), config);
}

} // namespace dlc

// C's fmod: exact. Each step subtracts from |x| the multiple q (|y| 2^k) with k chosen so that q stays below 2^23 (f32)
// or 2^52 (f64): then the difference is exact in a fused multiply-add, also when q is one too large.
#include "compiler/passes/math/Functions.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace dlc::mathlib {
namespace {

V minInt(V x, V y) { return select(less(x, y), x, y); }
V maxInt(V x, V y) { return select(less(x, y), y, x); }

/// The biased exponent of x > 0, as if subnormal numbers were normalised.
V exponentOf(V x) {
  int mantissa = mantissaBits(x);
  V subnormal = less(x, pick(x, 0x1p-126, 0x1p-1022));
  V normal = select(subnormal, x * pick(x, 0x1p23, 0x1p52), x);
  V exponent = bits(normal) >> mantissa;
  return select(subnormal, exponent - mantissa, exponent);
}

/// One step: the remainder of r, for r >= y > 0.
V reduce(V r, V y, V exponentOfY) {
  int mantissa = mantissaBits(r), bias = exponentBias(r), bitsOfQuotient = mantissa - 1;
  V zero = constantInt(bits(r), 0);
  V distance = (bits(r) >> mantissa) - exponentOfY - bitsOfQuotient;
  V k = maxInt(distance, zero);
  // 2^k in two factors: k can be larger than a float's exponent, when y is subnormal.
  V k1 = minInt(k, constantInt(k, bias)), k2 = k - k1;
  V divisor = y * floating((k1 + bias) << mantissa) * floating((k2 + bias) << mantissa);
  V next = fma(trunc(r / divisor), -divisor, r);
  return select(less(next, 0.0), next + divisor, next);
}

} // namespace

V remf(V x, V y) {
  Emitter &e = x.emitter();
  V divisor = abs(y);
  auto defined = [&](V v) { return less(v, infinity(v)); };
  V start = abs(x), exponent = exponentOf(divisor);
  V valid = defined(start) & defined(divisor) & greater(divisor, 0.0);
  auto scoped = [&](OpBuilder &b, auto body) {
    OpBuilder::InsertionGuard guard(e.b);
    e.b.setInsertionPoint(b.getInsertionBlock(), b.getInsertionPoint());
    body();
  };
  auto before = [&](OpBuilder &b, Location loc, ValueRange carried) {
    scoped(b, [&] {
      V r(e, carried[0]);
      scf::ConditionOp::create(e.b, loc, anyLane(lessEqual(divisor, r) & valid), carried);
    });
  };
  auto after = [&](OpBuilder &b, Location loc, ValueRange carried) {
    scoped(b, [&] {
      V r(e, carried[0]);
      scf::YieldOp::create(e.b, loc, select(lessEqual(divisor, r) & valid, reduce(r, divisor, exponent), r).get());
    });
  };
  auto loop = scf::WhileOp::create(e.b, e.loc, TypeRange{x.type()}, ValueRange{start.get()}, before, after);
  V result = copysign(V(e, loop.getResult(0)), x);
  V undefined = unordered(x, y) | !defined(start) | equal(divisor, 0.0);
  return select(undefined, quietNaN(x), result);
}

} // namespace dlc::mathlib

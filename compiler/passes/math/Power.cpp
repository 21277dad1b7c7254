// Powers: |x|^y = e^(y log|x|), with the logarithm as the sum of two floats. The logarithm is 2 atanh(q), with
// q = (m - 1) / (m + 1) and its cube as sums of two floats; after N. Juffa's powf.
#include "compiler/passes/math/Coefficients.h"
#include "compiler/passes/math/Functions.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace dlc::mathlib {
namespace {

/// The unevaluated sum of two floats, the second below the rounding of the first.
struct Sum {
  V high, low;
};

/// (q^3 (1/3 + ...)) for q = high + low.
Sum atanhTail(Sum q, V square, V squareLow) {
  V cube = square * q.high;
  V cubeLow = fma(square, q.low, fma(squareLow, q.high, fma(square, q.high, -cube)));
  if (q.high.isF32()) {
    V p = horner(square, powAtanhF32);
    V high = p * cube;
    return {high, fma(p, cubeLow, fma(p, cube, -high))};
  }
  constexpr double third = 0x1.5555555555555p-2, thirdLow = 0x1.5555555555555p-56;
  V p = fma(square, horner(square, powAtanhTailF64), thirdLow);
  V factor = p + third, factorLow = (third - factor) + p;
  V high = factor * cube;
  V low = fma(factor, cube, -high);
  return {high, fma(factorLow, cube, fma(factor, cubeLow, low))};
}

/// log(x) for positive finite x.
Sum extendedLog(V x) {
  auto [f, e] = logParts(x);
  V reciprocal = 1.0 / (f + 2.0);
  V q = f * reciprocal;
  V qLow = fma(q, -f, fma(q, -2.0, f)) * reciprocal;
  V square = q * q;
  V squareLow = fma(q, qLow + qLow, fma(q, q, -square));
  Sum tail = atanhTail({q, qLow}, square, squareLow);
  V sum = q + tail.high;
  V sumLow = ((q - sum) + tail.high) + (tail.low + qLow);
  double ln2High = pick(x, 0x1.62e43p-1, 0x1.62e42fefa39efp-1);
  double ln2Low = pick(x, -0x1.05c61p-29, 0x1.abc9e3b39803fp-56);
  V twice = sum + sum;
  V high = fma(e, ln2High, twice);
  V part = fma(e, -ln2High, high);
  V low = fma(e, ln2Low, (sumLow + sumLow) + (twice - part));
  V total = high + low;
  return {total, (high - total) + low};
}

/// x^(y + yLow) for x >= 0 or NaN. yLow may be null.
V positivePower(V x, V y, V yLow) {
  auto [high, low] = extendedLog(x);
  high = select(less(x, infinity(x)), high, x);
  high = select(equal(x, 0.0), -infinity(x), high);
  V product = y * high;
  V rest = fma(y, low, fma(y, high, -product));
  rest = yLow.get() ? fma(yLow, high, rest) : rest;
  rest = select(less(abs(product), pick(x, 0x1p7, 0x1p10)), rest, 0.0);
  auto [q, qLow, s1, s2] = preciseExp(product, rest);
  return (q + 1.0) * s1 * s2;
}

/// The integer n as the sum of two floats.
Sum integerAsSum(V n, Type element) {
  if (n.element().isIndex()) {
    Emitter &e = n.emitter();
    n = V(e, arith::IndexCastOp::create(e.b, e.loc, n.typeWithInt(64), n.get()));
  }
  V high = signedToFloat(n, element);
  // Near 2^63 the conversion back overflows; so do all the powers there, except those of 1.
  V low = signedToFloat(n - floatToSigned(high, n.element()), element);
  return {high, low};
}

} // namespace

V powf(V x, V y) {
  V half = y * 0.5;
  V isInteger = equal(trunc(y), y), isOdd = notEqual(trunc(half), half) & isInteger;
  V magnitude = abs(x), infinite = infinity(x);
  V result = positivePower(magnitude, y, V());
  V undefined = less(x, 0.0) & !isInteger & less(magnitude, infinite);
  result = select(undefined, quietNaN(x), result);
  result = select(isOdd, copysign(result, x), result);
  V one = equal(y, 0.0) | equal(x, 1.0) | (equal(x, -1.0) & equal(abs(y), infinite));
  return select(one, 1.0, result);
}

V fpowi(V x, V n) {
  auto [y, yLow] = integerAsSum(n, x.element());
  V result = positivePower(abs(x), y, yLow);
  V isOdd = notEqual(n & 1, constantInt(n, 0));
  result = select(isOdd, copysign(result, x), result);
  return select(equal(n, 0.0) | equal(x, 1.0), 1.0, result);
}

/// Square and multiply, one bit of n per turn; powers with n < 0 are 1 / x^|n| rounded towards zero.
V ipowi(V x, V n) {
  Emitter &e = x.emitter();
  V zero = constantInt(x, 0), one = constantInt(x, 1);
  V negative = less(n, zero);
  V isUnit = lessUnsigned(x + 1, constantInt(x, 3)) & notEqual(x, zero);
  V exponent = select(negative, n & 1, n);
  auto index = [&](int64_t i) -> Value { return arith::ConstantIndexOp::create(e.b, e.loc, i); };
  auto body = [&](OpBuilder &b, Location loc, Value, ValueRange carried) {
    OpBuilder::InsertionGuard guard(e.b);
    e.b.setInsertionPoint(b.getInsertionBlock(), b.getInsertionPoint());
    V power(e, carried[0]), square(e, carried[1]), rest(e, carried[2]);
    V next = select(notEqual(rest & 1, zero), power * square, power);
    scf::YieldOp::create(e.b, loc, ValueRange{next.get(), (square * square).get(), (rest >> 1).get()});
  };
  auto loop = scf::ForOp::create(e.b, e.loc, index(0), index(x.width()), index(1),
                                 ValueRange{one.get(), x.get(), exponent.get()}, body);
  V result(e, loop.getResult(0));
  return select(negative & !isUnit, zero, result);
}

} // namespace dlc::mathlib

// Logarithms: x = (1 + f) 2^e, log(x) = e ln 2 + log(1 + f). For f64, log(1 + f) is computed as in FreeBSD's e_log.c
// (Sun Microsystems, 1993), from s = f / (2 + f); for f32, where a division costs more than it saves, from f alone.
#include "compiler/passes/math/Coefficients.h"
#include "compiler/passes/math/Functions.h"

namespace dlc::mathlib {
namespace {

/// The significand of a positive normal number in [sqrt(1/2), sqrt(2)), and its biased exponent (an integer).
struct Split {
  V significand, exponent;
};

Split split(V x) {
  int mantissa = mantissaBits(x);
  int64_t rootHalf = pick(x, int64_t(0x3f3504f3), int64_t(0x3fe6a09e667f3bcd));
  V shifted = bits(x) + ((int64_t(exponentBias(x)) << mantissa) - rootHalf);
  V fraction = shifted & ((int64_t(1) << mantissa) - 1);
  return {floating(fraction + rootHalf), shifted >> mantissa};
}

/// An integer below 2^mantissa as a float, minus `bias` (a float constant, or one per lane).
V smallToFloat(V integer, V biasPlusMagic) {
  int64_t magic = integer.width() == 32 ? 0x4b000000 : 0x4330000000000000;
  return floating(integer | magic) - biasPlusMagic;
}

double magicOf(V x) { return pick(x, 0x1p23, 0x1p52); }

/// log(1 + f) = f + low.
V logLow(V f) {
  if (f.isF32()) {
    return f * f * fma(f, horner(f, logF32), -0.5);
  }
  V s = f / (f + 2.0), z = s * s, halfSquare = f * f * 0.5;
  return fma(s, fma(z, horner(z, atanhLogF64), halfSquare), -halfSquare);
}

/// log(x), given its value for positive finite x.
V withLimits(V x, V result) {
  result = select(less(x, infinity(x)), result, x);
  V outside = select(equal(x, 0.0), -infinity(x), quietNaN(x));
  return select(lessEqual(x, 0.0), outside, result);
}

/// A number as the sum of two of that precision.
struct Pair {
  double high, low;
};

/// log_b(x) = e log_b(2) + (f + low) log_b(e).
V logOfBase(V x, Pair log2, Pair logE) {
  auto [f, e] = logParts(x);
  V low = logLow(f);
  V y = fma(low, logE.high, f * logE.low);
  y = fma(e, log2.low, y);
  return withLimits(x, fma(e, log2.high, fma(f, logE.high, y)));
}

/// log(1 + f) + e ln 2.
V naturalLog(V f, V e) {
  V low = fma(e, pick(f, -0x1.05c61p-29, 0x1.abc9e3b39803fp-56), logLow(f));
  return fma(e, pick(f, 0x1.62e43p-1, 0x1.62e42fefa39efp-1), f + low);
}

} // namespace

LogParts logParts(V x) {
  V subnormal = less(x, pick(x, 0x1p-126, 0x1p-1022));
  V normal = select(subnormal, x * magicOf(x), x);
  auto [significand, exponent] = split(normal);
  double bias = exponentBias(x) + magicOf(x);
  V offset = select(subnormal, constant(x, bias + mantissaBits(x)), bias);
  return {significand - 1.0, smallToFloat(exponent, offset)};
}

V log(V x) {
  auto [f, e] = logParts(x);
  return withLimits(x, naturalLog(f, e));
}

V log2(V x) {
  return logOfBase(x, {1, 0},
                   pick(x, Pair{0x1.715476p+0, 0x1.4ae0cp-26}, Pair{0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56}));
}

V log10(V x) {
  Pair log2 = pick(x, Pair{0x1.344136p-2, -0x1.ec10cp-27}, Pair{0x1.34413509f79ffp-2, -0x1.9dc1da994fd21p-59});
  Pair logE = pick(x, Pair{0x1.bcb7b2p-2, -0x1.5b235ep-27}, Pair{0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57});
  return logOfBase(x, log2, logE);
}

/// With 1 + x = m 2^e: f = m - 1 = x 2^-e + (2^-e - 1), in which only the last sum is rounded.
V log1p(V x) {
  V sum = x + 1.0;
  auto [significand, exponent] = split(sum);
  V scale = floating((constantInt(exponent, 2 * exponentBias(x)) - exponent) << mantissaBits(x));
  V f = select(less(x, magicOf(x)), fma(x, scale, scale - 1.0), significand - 1.0);
  V e = smallToFloat(exponent, constant(x, exponentBias(x) + magicOf(x)));
  V result = copysign(naturalLog(f, e), x);
  result = select(less(x, infinity(x)), result, x);
  V outside = select(equal(x, -1.0), -infinity(x), quietNaN(x));
  return select(lessEqual(x, -1.0), outside, result);
}

} // namespace dlc::mathlib

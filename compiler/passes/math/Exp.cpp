// Exponential functions: e^x = 2^n e^r with n = round(x / ln 2), as in P. Tang, "Table-driven implementation of the
// exponential function", TOMS 15, 1989, without the table. n is found by adding 1.5 * 2^mantissa, which leaves it in
// the low bits of the sum.
#include "compiler/passes/math/Coefficients.h"
#include "compiler/passes/math/Functions.h"

namespace dlc::mathlib {
namespace {

constexpr double log2e = 0x1.71547652b82fep+0;

/// An integer n near y, as a float; the low bits of `raw` hold n + offset.
struct Rounded {
  V n, raw;
};

double roundingConstant(V x) { return pick(x, 0x1.8p23, 0x1.8p52); }

/// n = round(x * scale), for small n + offset.
Rounded roundScaled(V x, double scale, int64_t offset) {
  double magic = roundingConstant(x) + double(offset);
  V sum = scale == 1 ? x + magic : fma(x, scale, magic);
  return {sum - magic, bits(sum)};
}

/// x - n ln 2.
V subtractLn2(V x, V n) {
  V r = fma(n, -pick(x, 0x1.62e43p-1, 0x1.62e42fefa39efp-1), x);
  return fma(n, -pick(x, -0x1.05c61p-29, 0x1.abc9e3b39803fp-56), r);
}

/// 2^k * 2^bias as a float, for the exponent k in the low bits of an integer.
V power(V biased) { return floating(biased << mantissaBits(biased)); }

/// (1 + q) 2^n for n + 2 bias in the low bits of `raw`; 2^n alone may be no normal number.
ScaledExp scaled(V q, V raw) {
  V half = raw >> 1;
  return {q, power(half), power(raw - half)};
}

/// e^x with x inside of the range where that is neither 0 nor infinite, by a margin.
V clampExponent(V x) { return clampBelow(clampAbove(x, pick(x, 90.0, 711.0)), pick(x, -105.0, -747.0)); }

/// e^r - 1 for |r| <= ln(2) / 2: accurate relative to itself, or to e^r.
V expm1Polynomial(V r) { return fma(r * r, horner(r, expm1F32, expm1F64), r); }
V expPolynomial(V r) { return fma(r * r, horner(r, expF32, expm1F64), r); }

} // namespace

ScaledExp scaledExp(V x, int shift) {
  V y = clampExponent(x);
  auto [n, raw] = roundScaled(y, log2e, 2 * exponentBias(x) + shift);
  return scaled(expPolynomial(subtractLn2(y, n)), raw);
}

/// e^(r + low) - 1 = r + (r^2 p(r) + low e^r), in which the last sum's error is kept.
PreciseExp preciseExp(V x, V low) {
  V y = clampExponent(x);
  auto [n, raw] = roundScaled(y, log2e, 2 * exponentBias(x));
  V r = subtractLn2(y, n);
  V square = r * r, p = horner(r, expF32, expm1F64), rough = fma(square, p, r);
  V rest = fma(square, p, fma(rough, low, low));
  auto [q, s1, s2] = scaled(r + rest, raw);
  return {q, (r - q) + rest, s1, s2};
}

SmallExp smallExp(V x) {
  auto [n, raw] = roundScaled(x, log2e, exponentBias(x));
  return {expm1Polynomial(subtractLn2(x, n)), power(raw)};
}

V exp(V x) {
  auto [q, s1, s2] = scaledExp(x);
  return (q + 1.0) * s1 * s2;
}

/// With s = 2^(n-1), which is a normal number up to the overflow, or 0.
V nearExp(V x) {
  V y = clampBelow(clampAbove(x, 89.0), -87.5);
  auto [n, raw] = roundScaled(y, log2e, exponentBias(x) - 1);
  return horner(fma(n, -0x1.62e43p-1, y), nearExpF32) * power(raw);
}

/// With e^-x = (1 + q) s / t and t = 2^-64 (f64: 2^-512), it is t / (t + (1 + q) s), which neither overflows nor rounds
/// a subnormal number on the way. The denominator is rounded once: sum + low is t + s.
V logistic(V x) {
  V y = clampBelow(clampAbove(-x, pick(x, 105.0, 747.0)), pick(x, -43.0, -353.0)); // at the lower end it is 1
  auto [n, raw] = roundScaled(y, log2e, exponentBias(x) - pick(x, 64, 512));
  V q = expPolynomial(subtractLn2(y, n)), s = power(raw), t = constant(x, pick(x, 0x1p-64, 0x1p-512));
  V sum = s + t, low = t - (sum - s);
  return t / (fma(q, s, low) + sum);
}

V exp2(V x) {
  V y = clampBelow(clampAbove(x, pick(x, 130.0, 1026.0)), pick(x, -152.0, -1077.0));
  auto [n, raw] = roundScaled(y, 1, 2 * exponentBias(x));
  V r = (y - n) * pick(x, 0x1.62e43p-1, 0x1.62e42fefa39efp-1);
  auto [q, s1, s2] = scaled(expPolynomial(r), raw);
  return (q + 1.0) * s1 * s2;
}

/// With s = 2^(n-1), which is a normal number up to the overflow: 2 (s q + (s - 1/2)).
V expm1(V x) {
  V y = clampBelow(clampAbove(x, pick(x, 89.0, 710.0)), pick(x, -18.0, -38.0));
  auto [n, raw] = roundScaled(y, log2e, exponentBias(x) - 1);
  V q = expm1Polynomial(subtractLn2(y, n));
  V s = power(raw);
  return copysign(fma(s, q, s - 0.5) * 2.0, x);
}

} // namespace dlc::mathlib

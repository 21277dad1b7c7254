// Roots. The cube root is Newton's iteration for x^(-1/3), which needs no division, and one corrected step for x^(1/3).
#include "compiler/passes/math/Coefficients.h"
#include "compiler/passes/math/Functions.h"

namespace dlc::mathlib {

V rsqrt(V x) { return 1.0 / sqrt(x); }

/// |x| = m 2^(3 k) with m in [1, 8), after scaling subnormal numbers by a power of 8.
V cbrt(V x) {
  int mantissa = mantissaBits(x), bias = exponentBias(x), scale = x.isF32() ? 24 : 54;
  V magnitude = abs(x);
  V subnormal = less(magnitude, pick(x, 0x1p-126, 0x1p-1022));
  V raw = bits(select(subnormal, magnitude * pick(x, 0x1p24, 0x1p54), magnitude));
  // Round the bias up to a multiple of 3, so that a division of positive numbers gives k.
  int pad = (3 - bias % 3) % 3;
  V exponent = (raw >> mantissa) + pad;
  V third = (exponent * 0x5556) >> 16;
  V within = exponent - (third + third + third);
  V m = floating((raw & ((int64_t(1) << mantissa) - 1)) | ((within + bias) << mantissa));
  V z = horner(m, cbrtF32, cbrtF64);
  for (int i = 0; i < (x.isF32() ? 2 : 3); ++i) {
    V residual = fma(m * z, -(z * z), 1.0);
    z = fma(z * residual, 1.0 / 3, z);
  }
  V y = m * z * z;
  V square = y * y;
  V residual = fma(square, -y, m) - fma(y, y, -square) * y;
  y = fma(residual, z * z * (1.0 / 3), y);
  int64_t offset = bias - (bias + pad) / 3;
  V k = third + select(subnormal, constantInt(third, offset - scale / 3), constantInt(third, offset));
  V result = copysign(y * floating(k << mantissa), x);
  V regular = less(magnitude, infinity(x)) & greater(magnitude, 0.0);
  return select(regular, result, x);
}

} // namespace dlc::mathlib

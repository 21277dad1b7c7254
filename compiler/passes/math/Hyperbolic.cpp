// Hyperbolic functions and their inverses, from exponentials and logarithms where those lose nothing, and from
// polynomials near zero.
#include "compiler/passes/math/Coefficients.h"
#include "compiler/passes/math/Functions.h"

namespace dlc::mathlib {
namespace {

constexpr double ln2 = 0x1.62e42fefa39efp-1;

/// x + x^3 p(x^2).
V oddPolynomial(V x, llvm::ArrayRef<double> f32, llvm::ArrayRef<double> f64) {
  V square = x * x;
  return fma(x * square, horner(square, f32, f64), x);
}

/// e^|x| / 2: finite as long as sinh and cosh are.
V halfExp(V magnitude) {
  auto [q, s1, s2] = scaledExp(magnitude, /*shift=*/-1);
  return (q + 1.0) * s1 * s2;
}

/// log(x + y), x >= y >= 0, with the rounding error of the sum made good; log(2 limited) where that is huge, and x + y
/// may have overflowed.
V logOfSum(V x, V y, V limited) {
  V sum = x + y;
  V error = (x - sum) + y;
  V huge = greater(limited, pick(x, 0x1p30, 0x1p60));
  V direct = log(select(huge, limited, sum));
  return direct + select(huge, constant(x, ln2), error / sum);
}

} // namespace

/// tanh |x| = 1 - 2 / (e^2|x| + 1), as a quotient whose two sums have the same rounding error.
V tanh(V x) {
  V magnitude = abs(x);
  auto [q, s] = smallExp(clampAbove(magnitude, pick(x, 9.02, 19.1)) * 2.0);
  V denominator = fma(s, q, s + 1.0);
  V large = (denominator - 2.0) / denominator;
  return copysign(select(less(magnitude, 0.55), oddPolynomial(magnitude, tanhF32, tanhF64), large), x);
}

V sinh(V x) {
  V magnitude = abs(x);
  V half = halfExp(magnitude);
  V large = half - 0.25 / half;
  return select(less(magnitude, 1.0), oddPolynomial(x, sinhF32, sinhF64), copysign(large, x));
}

V cosh(V x) {
  V half = halfExp(abs(x));
  return half + 0.25 / half;
}

V asinh(V x) {
  V magnitude = abs(x);
  V root = sqrt(fma(magnitude, magnitude, 1.0));
  V large = logOfSum(root, magnitude, magnitude);
  return copysign(select(less(magnitude, 1.0), oddPolynomial(magnitude, asinhF32, asinhF64), large), x);
}

V acosh(V x) {
  V t = x - 1.0, root = sqrt(t * 2.0);
  V small = fma(root * t, horner(t, acoshF32, acoshF64), root);
  V large = logOfSum(x, sqrt(fma(x, x, -1.0)), x);
  return select(less(x, 2.0), small, large);
}

V atanh(V x) {
  V magnitude = abs(x);
  V large = log((magnitude + 1.0) / (1.0 - magnitude)) * 0.5;
  return copysign(select(less(magnitude, 0.5), oddPolynomial(magnitude, atanhF32, atanhF64), large), x);
}

} // namespace dlc::mathlib

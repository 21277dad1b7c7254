// The error function and its complement.
//
// f32 erf: erf(x) = 1 - e^-g(x), g(x) = -log(erfc(x)) a polynomial without constant term, and e^-g - 1 without
// cancellation (N. Juffa's choice of g for large x, extended to all x). f64 erf: a polynomial below 1, 1 - erfc above.
// erfc: e^(-x^2) times a function of (x - k) / (x + k), after M. Shepherd and J. Laframboise, "Chebyshev approximation
// of (1 + 2x) exp(x^2) erfc x", Math. Comp. 36, 1981, and N. Juffa's way of correcting the quotients.
#include "compiler/passes/math/Coefficients.h"
#include "compiler/passes/math/Functions.h"

namespace dlc::mathlib {
namespace {

constexpr double sqrtHalf = 0x1.6a09e667f3bcdp-1;

/// The unevaluated sum of two floats, the second below the rounding of the first.
struct Sum {
  V high, low;
};

/// e^(x^2) erfc(x) for x >= 0.
Sum scaledErfc(V x) {
  double k = pick(x, 1.94140625, 3.8125);
  V reciprocal = 1.0 / (x + k);
  V q = (x - k) * reciprocal;
  V residual = fma(-x, q, fma(q + 1.0, -k, x));
  q = fma(reciprocal, residual, q);
  llvm::ArrayRef<double> c = pick(x, llvm::ArrayRef(erfcTailF32), llvm::ArrayRef(erfcTailF64));
  V rest = horner(q, c.drop_front());
  V p = fma(q, rest, c[0]), pLow = fma(q, rest, c[0] - p);
  reciprocal = 1.0 / fma(x, 2.0, 1.0);
  V quotient = p * reciprocal;
  residual = fma(quotient * -2.0, x, p - quotient) + pLow;
  return {quotient, reciprocal * residual};
}

/// erfc(y) for y >= 0, where square + low is y^2, to be known better than y: it is what the tail depends on.
V erfcTail(V y, V square, V low) {
  auto [q, qLow, s1, s2] = preciseExp(-square, -low);
  auto [tail, tailLow] = scaledErfc(y);
  V correction = fma(tail, qLow, fma(tailLow, q, tailLow));
  return (tail + fma(tail, q, correction)) * s1 * s2;
}

/// erfc(x) for x >= 0.
V positiveErfc(V x) {
  V y = clampAbove(x, pick(x, 10.2, 27.5));
  V square = y * y;
  return erfcTail(y, square, fma(y, y, -square));
}

} // namespace

V erf(V x) {
  V magnitude = abs(x);
  if (x.isF32()) {
    V y = clampAbove(magnitude, 3.95);
    auto [q, s] = smallExp(-fma(y, horner(y, erfExponentF32), y));
    return copysign(fma(-s, q, 1.0 - s), x);
  }
  V small = fma(magnitude, horner(magnitude * magnitude, erfCentreF64), magnitude);
  V large = 1.0 - positiveErfc(magnitude);
  return copysign(select(less(magnitude, 1.0), small, large), x);
}

V nearErf(V x) {
  // Here the polynomial's own rounding gives 1.
  constexpr double end = 0x1.8ccdf2p+1;
  V y = clampBelow(clampAbove(x, end), -end);
  return horner(y * y, nearErfF32) * y;
}

V erfc(V x) {
  V positive = positiveErfc(abs(x));
  return select(less(x, 0.0), 2.0 - positive, positive);
}

/// Of f32: shorter than erfc, by one quotient.
V erfcOfScaled(V x) {
  V y = clampAbove(abs(x), pick(x, 14.42, 38.89));
  V square = y * y, low = fma(y, y, -square); // halves of both are exact
  if (!x.isF32()) {
    V positive = erfcTail(y * sqrtHalf, square * 0.5, low * 0.5);
    return select(less(x, 0.0), 2.0 - positive, positive);
  }
  V reciprocal = 1.0 / (y + 2.75);
  V tail = horner(y * reciprocal, normalTailF32) * reciprocal;
  auto [q, s1, s2] = scaledExp(square * -0.5);
  V power = q + 1.0;
  V positive = tail * fma(power, low * -0.5, power) * s1 * s2;
  return select(less(x, 0.0), 2.0 - positive, positive);
}

} // namespace dlc::mathlib

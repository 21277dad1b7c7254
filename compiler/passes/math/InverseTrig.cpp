// Inverse trigonometric functions: odd polynomials on a central interval, and the identities that lead there. Multiples
// of pi are added as sums of two floats.
#include "compiler/passes/math/Coefficients.h"
#include "compiler/passes/math/Functions.h"

namespace dlc::mathlib {
namespace {

double halfPiHigh(V x) { return pick(x, 0x1.921fb6p+0, 0x1.921fb54442d18p+0); }
double halfPiLow(V x) { return pick(x, -0x1.777a5cp-25, 0x1.1a62633145c07p-54); }

/// atan(x), 0 <= x <= 1.
V centralAtan(V x) {
  V z = x * x;
  return fma(x * z, horner(z, atanF32, atanF64), x);
}

/// For a = |x| <= 1/2: asin(a) = s + tail. Above: asin(sqrt((1 - a) / 2)) = acos(a) / 2 = s + tail.
struct HalfAngle {
  V s, tail, large;
};

HalfAngle halfAngle(V magnitude) {
  V large = greater(magnitude, 0.5);
  V z = select(large, fma(magnitude, -0.5, 0.5), magnitude * magnitude);
  V s = select(large, sqrt(z), magnitude);
  return {s, s * z * horner(z, asinF32, asinF64), large};
}

} // namespace

V asin(V x) {
  auto [s, tail, large] = halfAngle(abs(x));
  V outer = fma(s, -2.0, halfPiHigh(x)), error = fma(s, -2.0, halfPiHigh(x) - outer);
  outer = outer + (error - fma(tail, 2.0, -halfPiLow(x)));
  return copysign(select(large, outer, s + tail), x);
}

V acos(V x) {
  auto [s, tail, large] = halfAngle(abs(x));
  V angle = s + tail, twice = angle * 2.0;
  V outer = select(less(x, 0.0), 2 * halfPiHigh(x) - (twice - 2 * halfPiLow(x)), twice);
  V inner = halfPiHigh(x) - (copysign(angle, x) - halfPiLow(x));
  return select(large, outer, inner);
}

V atan(V x) {
  V magnitude = abs(x);
  V inverted = greater(magnitude, 1.0);
  V angle = centralAtan(select(inverted, 1.0 / magnitude, magnitude));
  V complement = halfPiHigh(x) - (angle - halfPiLow(x));
  return copysign(select(inverted, complement, angle), x);
}

/// The angle of the smaller to the larger coordinate, reflected into the octant of the point.
V atan2(V y, V x) {
  V ax = abs(x), ay = abs(y);
  V steep = less(ax, ay);
  V small = select(steep, ax, ay), large = select(steep, ay, ax);
  V ratio = small / large;
  ratio = select(equal(large, 0.0), 0.0, ratio);
  ratio = select(equal(small, infinity(x)), 1.0, ratio);
  V angle = centralAtan(ratio);
  V left = less(bits(x), constantInt(bits(x), 0));
  V turned = select(steep ^ left, -angle, angle);
  auto base = [&](double halfPi) {
    return select(steep, constant(x, halfPi), select(left, constant(x, 2 * halfPi), constant(x, 0)));
  };
  V result = copysign(base(halfPiHigh(x)) + (base(halfPiLow(x)) + turned), y);
  return select(unordered(x, y), x + y, result);
}

} // namespace dlc::mathlib

// Sine, cosine and tangent of the reduced angle: polynomials on [-pi/4, pi/4], to which the low part of the angle is
// added in first order.
#include "compiler/passes/math/Coefficients.h"
#include "compiler/passes/math/Functions.h"

namespace dlc::mathlib {
namespace {

V sinPolynomial(V r, V low) {
  V z = r * r;
  return r + fma(z * r, horner(z, sinF32, sinF64), low);
}

V cosPolynomial(V r, V low) {
  V z = r * r;
  V tail = fma(z * z, horner(z, cosF32, cosF64), -(r * low));
  return fma(z, -0.5, 1.0) + tail;
}

V isOdd(V quadrant) { return notEqual(quadrant & 1, constantInt(quadrant, 0)); }

/// x, negated when bit 1 of the quadrant is set.
V negateInSecondHalf(V x, V quadrant) {
  V sign = (quadrant & 2) << int(x.width() - 2);
  return floating(bits(x) ^ sign);
}

V sinOf(V x, V sine, V cosine, V quadrant) {
  V result = negateInSecondHalf(select(isOdd(quadrant), cosine, sine), quadrant);
  return select(equal(x, 0.0), x, result);
}

V cosOf(V sine, V cosine, V quadrant) {
  return negateInSecondHalf(select(isOdd(quadrant), sine, cosine), quadrant + 1);
}

} // namespace

V sin(V x) {
  auto [r, low, quadrant] = reduceAngle(x);
  return sinOf(x, sinPolynomial(r, low), cosPolynomial(r, low), quadrant);
}

V cos(V x) {
  auto [r, low, quadrant] = reduceAngle(x);
  return cosOf(sinPolynomial(r, low), cosPolynomial(r, low), quadrant);
}

std::pair<V, V> sincos(V x) {
  auto [r, low, quadrant] = reduceAngle(x);
  V sine = sinPolynomial(r, low), cosine = cosPolynomial(r, low);
  return {sinOf(x, sine, cosine, quadrant), cosOf(sine, cosine, quadrant)};
}

/// tan(r + low) = tan(r) + low (1 + tan(r)^2); -1 / tan in odd quadrants.
V tan(V x) {
  auto [r, low, quadrant] = reduceAngle(x);
  V z = r * r, cube = z * r;
  V p = horner(z, tanF32, tanF64);
  V rough = fma(cube, p, r);
  V tangent = r + fma(cube, p, fma(rough * rough, low, low));
  V result = select(isOdd(quadrant), -1.0 / tangent, tangent);
  return select(equal(x, 0.0), x, result);
}

} // namespace dlc::mathlib

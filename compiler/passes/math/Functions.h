#ifndef DLC_COMPILER_PASSES_MATH_FUNCTIONS_H
#define DLC_COMPILER_PASSES_MATH_FUNCTIONS_H

#include "compiler/passes/math/Emit.h"

#include <utility>

/// The functions on f32 or f64 values. What each promises is said in ExpandMath.h; how, in its file.
namespace dlc::mathlib {

// Exp.cpp
V exp(V x);
/// Of f32, to 2^-17 of the result: short. Below 2^-125 it is 0.
V nearExp(V x);
V exp2(V x);
V expm1(V x);
/// 1 / (1 + e^-x).
V logistic(V x);
/// e^x = (1 + q) * s1 * s2 with powers of two s1 and s2, so that a product that underflows can be rounded once.
struct ScaledExp {
  V q, s1, s2;
};
/// e^x * 2^shift.
ScaledExp scaledExp(V x, int shift = 0);
/// e^(x + low), for low that is tiny against 1; q + qLow is what is called q above.
struct PreciseExp {
  V q, qLow, s1, s2;
};
PreciseExp preciseExp(V x, V low);
/// e^x = (1 + q) * s for x in [-25, 25] (f32), [-55, 55] (f64).
struct SmallExp {
  V q, s;
};
SmallExp smallExp(V x);

// Hyperbolic.cpp
V tanh(V x);
V sinh(V x);
V cosh(V x);
V asinh(V x);
V acosh(V x);
V atanh(V x);

// Log.cpp
V log(V x);
V log2(V x);
V log10(V x);
V log1p(V x);
/// x = (1 + f) * 2^e, with 1 + f in [sqrt(1/2), sqrt(2)); both are floats. For x > 0 and finite.
struct LogParts {
  V f, e;
};
LogParts logParts(V x);

// Erf.cpp
V erf(V x);
/// Of f32, to 2^-15 of the result: short. From 3.11 on it is 1.
V nearErf(V x);
V erfc(V x);
/// erfc(x sqrt(1/2)): twice the chance that a normal variable exceeds x. Rounding the product first would cost the tail
/// x^2 ulps. To 5 ulps, f64 4.
V erfcOfScaled(V x);

// Trig.cpp
V sin(V x);
V cos(V x);
V tan(V x);
std::pair<V, V> sincos(V x);

// TrigReduction.cpp
/// x = (r + low) + quadrant * pi/2 with |r| <= pi/4 (a little more by rounding); quadrant is an integer of x's width,
/// of which the lowest two bits count.
struct ReducedAngle {
  V r, low, quadrant;
};
ReducedAngle reduceAngle(V x);

// InverseTrig.cpp
V asin(V x);
V acos(V x);
V atan(V x);
V atan2(V y, V x);

// Power.cpp
V powf(V x, V y);
V fpowi(V x, V n);
V ipowi(V x, V n);

// Root.cpp
V rsqrt(V x);
V cbrt(V x);

// Remainder.cpp
V remf(V x, V y);

// Rounding.cpp: without the instructions.
V softFma(V x, V y, V z);
V softFloor(V x);
V softCeil(V x);
V softTrunc(V x);
V softRoundEven(V x);
V softRound(V x);

} // namespace dlc::mathlib

#endif

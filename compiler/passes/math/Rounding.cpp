// Fused multiply-add and rounding to integers, for CPUs without the instructions.
#include "compiler/passes/math/Functions.h"

namespace dlc::mathlib {
namespace {

/// The two halves of x: 26 bits each (T. Dekker, "A floating-point technique for extending the available precision",
/// 1971).
std::pair<V, V> halves(V x) {
  V scaled = x * 0x1.0000002p27;
  V high = scaled - (scaled - x);
  return {high, x - high};
}

/// |x| to the nearest integer, ties to even.
V nearestMagnitude(V magnitude) {
  double magic = pick(magnitude, 0x1p23, 0x1p52);
  V shifted = (magnitude + magic) - magic;
  return select(less(magnitude, magic), shifted, magnitude);
}

} // namespace

/// f32: exact in f64, up to the second rounding. f64: Dekker's product and Knuth's sum; correct but for double
/// rounding, while the product is below 2^996 and its error is no subnormal number.
V softFma(V x, V y, V z) {
  if (x.isF32()) {
    mlir::Type f64 = x.emitter().b.getF64Type();
    return convert(convert(x, f64) * convert(y, f64) + convert(z, f64), x.element());
  }
  V p = x * y;
  auto [xh, xl] = halves(x);
  auto [yh, yl] = halves(y);
  V error = (((xh * yh - p) + xh * yl) + xl * yh) + xl * yl;
  V sum = p + z, virtualZ = sum - p;
  V sumError = (p - (sum - virtualZ)) + (z - virtualZ);
  V exact = sum + (error + sumError);
  // Splitting overflows for large factors: then the product's error is lost.
  V large = less(abs(x), 0x1p996) & less(abs(y), 0x1p996) & less(abs(sum), infinity(x));
  return select(large, exact, sum);
}

V softRoundEven(V x) { return copysign(nearestMagnitude(abs(x)), x); }

V softTrunc(V x) {
  V magnitude = abs(x), nearest = nearestMagnitude(magnitude);
  return copysign(select(less(magnitude, nearest), nearest - 1.0, nearest), x);
}

V softFloor(V x) {
  V nearest = softRoundEven(x);
  return copysign(select(less(x, nearest), nearest - 1.0, nearest), x);
}

V softCeil(V x) {
  V nearest = softRoundEven(x);
  return copysign(select(less(nearest, x), nearest + 1.0, nearest), x);
}

/// Ties away from zero.
V softRound(V x) {
  V magnitude = abs(x), down = abs(softTrunc(x));
  V up = select(lessEqual(constant(x, 0.5), magnitude - down), down + 1.0, down);
  return copysign(up, x);
}

} // namespace dlc::mathlib

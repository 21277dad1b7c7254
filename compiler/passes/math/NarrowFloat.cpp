// Conversions between f32 and narrower floats in integer arithmetic, rounding to nearest even.
#include "compiler/passes/math/NarrowFloat.h"
#include "compiler/passes/math/Emit.h"

using namespace mlir;

namespace dlc::mathlib {
namespace {

/// A narrow format, from the semantics that LLVM keeps of it.
struct Format {
  int width, mantissa, bias;
  /// Largest finite code without sign, and the codes of infinity (-1: none) and NaN.
  int64_t largest, infinity, nan;
  /// NaN is the code of -0, and there is no -0.
  bool nanIsNegativeZero;
};

Format formatOf(FloatType type) {
  const llvm::fltSemantics &semantics = type.getFloatSemantics();
  auto code = [](APFloat value) { return int64_t(value.bitcastToAPInt().getZExtValue()); };
  Format f;
  f.width = type.getWidth();
  f.mantissa = APFloat::semanticsPrecision(semantics) - 1;
  f.bias = 1 - APFloat::semanticsMinExponent(semantics);
  f.largest = code(APFloat::getLargest(semantics));
  f.infinity = APFloat::semanticsHasInf(semantics) ? code(APFloat::getInf(semantics)) : -1;
  f.nan = code(APFloat::getQNaN(semantics));
  f.nanIsNegativeZero = f.nan == int64_t(1) << (f.width - 1);
  return f;
}

/// f64 to f32, rounded to odd: rounding the result again, to a format with two bits less, is rounding once (S. Boldo
/// and G. Melquiond, "Emulation of FMA and correctly rounded sums", IEEE TC 57, 2008).
V roundToOdd(V x) {
  V rounded = convert(x, x.emitter().b.getF32Type());
  // Of the magnitude, so that no pass takes the two conversions for a superfluous rounding.
  V back = convert(abs(rounded), x.element()), magnitude = abs(x);
  V raw = bits(rounded);
  V towardsZero = select(less(magnitude, back), raw - 1, raw) | 1;
  return floating(select(equal(back, magnitude) | unordered(x, x), raw, towardsZero));
}

V toBF16(V x) {
  V raw = bits(x);
  V rounded = (raw + 0x7fff + ((raw >> 16) & 1)) >> 16;
  V nan = (raw >> 16) | 0x40;
  return truncate(select(unordered(x, x), nan, rounded), 16);
}

/// The code of |x|, rounded, before limits: the mantissa is cut in integers, or, below the smallest normal number, by
/// adding a float whose last bit is the smallest subnormal number.
V magnitudeCode(V magnitude, const Format &f) {
  int cut = 23 - f.mantissa;
  V normal = magnitude - (int64_t(127 - f.bias) << 23);
  normal = (normal + ((int64_t(1) << (cut - 1)) - 1) + ((magnitude >> cut) & 1)) >> cut;
  int64_t magic = int64_t(127 - f.bias + 1 + cut) << 23;
  V subnormal = bits(floating(magnitude) + floating(constantInt(magnitude, magic))) - magic;
  V isNormal = lessEqual(constantInt(magnitude, int64_t(127 - f.bias + 1) << 23), magnitude);
  return select(isNormal, normal, subnormal);
}

V toNarrow(V x, const Format &f, bool saturate) {
  V raw = bits(x), magnitude = raw & 0x7fffffff;
  V sign = (raw >> (32 - f.width)) & (int64_t(1) << (f.width - 1));
  V code = magnitudeCode(magnitude, f);
  V largest = constantInt(raw, f.largest);
  int64_t beyond = saturate ? f.largest : f.infinity >= 0 ? f.infinity : f.nan;
  code = select(less(largest, code), constantInt(raw, beyond), code);
  code = select(unordered(x, x), constantInt(raw, f.nan), code);
  if (f.nanIsNegativeZero) {
    V hasSign = notEqual(code, constantInt(raw, 0));
    sign = select(hasSign, sign, constantInt(raw, 0));
  }
  return truncate(code | sign, f.width);
}

V fromNarrow(V code, const Format &f) {
  V wide = zeroExtend(code, 32);
  V magnitude = wide & ((int64_t(1) << (f.width - 1)) - 1);
  V scaled = floating(magnitude << (23 - f.mantissa)) * std::ldexp(1.0, 127 - f.bias);
  V result = bits(scaled);
  if (f.infinity >= 0) {
    V special = lessEqual(constantInt(wide, f.infinity), magnitude);
    result = select(special, result | 0x7f800000, result);
  } else {
    V special = equal(f.nanIsNegativeZero ? wide : magnitude, double(f.nan));
    result = select(special, constantInt(wide, 0x7fc00000), result);
  }
  V sign = (wide >> (f.width - 1)) << 31;
  return floating(result | sign);
}

} // namespace

bool isNarrowFloat(Type type) {
  auto narrow = dyn_cast<FloatType>(type);
  return narrow && (narrow.isF16() || narrow.isBF16() ||
                    isa<Float8E4M3FNType, Float8E4M3FNUZType, Float8E5M2Type, Float8E5M2FNUZType, Float8E4M3Type,
                        Float8E3M4Type, Float8E4M3B11FNUZType>(narrow));
}

V truncateFloat(V x, FloatType to, bool saturate) {
  Emitter &e = x.emitter();
  V single = x.isF32() ? x : roundToOdd(x);
  V code;
  if (to.isBF16() && !saturate) {
    code = toBF16(single);
  } else {
    code = toNarrow(single, formatOf(to), saturate);
  }
  return V(e, arith::BitcastOp::create(e.b, e.loc, code.typeWith(to), code.get()));
}

V extendFloat(V x) {
  Emitter &e = x.emitter();
  auto type = cast<FloatType>(x.element());
  V code(e, arith::BitcastOp::create(e.b, e.loc, x.typeWithInt(type.getWidth()), x.get()));
  if (type.isBF16()) {
    return floating(zeroExtend(code, 32) << 16);
  }
  return fromNarrow(code, formatOf(type));
}

} // namespace dlc::mathlib

namespace dlc {

Value truncateFloat(OpBuilder &b, Location loc, Value x, FloatType to, bool saturate) {
  mathlib::Emitter e{b, loc, {}};
  return mathlib::truncateFloat(mathlib::V(e, x), to, saturate).get();
}

Value extendFloat(OpBuilder &b, Location loc, Value x) {
  mathlib::Emitter e{b, loc, {}};
  return mathlib::extendFloat(mathlib::V(e, x)).get();
}

} // namespace dlc

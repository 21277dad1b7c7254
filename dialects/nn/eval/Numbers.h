//===- Numbers.h - native types of elements ---------------------------------------===//
#ifndef DLC_DIALECTS_NN_EVAL_NUMBERS_H
#define DLC_DIALECTS_NN_EVAL_NUMBERS_H
#include "dialects/nn/NN.h"
#include "llvm/ADT/APFloat.h"
#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>

namespace dlc::nn {
/// A small float kept as bits, converted through float with round to nearest, ties to even.
struct BFloat16 {
  uint16_t bits = 0;
  BFloat16() = default;
  BFloat16(float f) {
    uint32_t u;
    std::memcpy(&u, &f, 4);
    bits = f != f ? uint16_t((u >> 16) | 0x40) : uint16_t((u + 0x7fff + ((u >> 16) & 1)) >> 16);
  }
  operator float() const {
    uint32_t u = uint32_t(bits) << 16;
    float f;
    std::memcpy(&f, &u, 4);
    return f;
  }
};

/// An 8-bit (or narrower) float of LLVM's `Semantics`, kept in one byte.
template <llvm::APFloat::Semantics S> struct TinyFloat {
  static float greatest() {
    llvm::APFloat x = llvm::APFloat::getLargest(llvm::APFloat::EnumToSemantics(S));
    bool lost;
    x.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &lost);
    return x.convertToFloat();
  }
  uint8_t bits = 0;
  TinyFloat() = default;
  TinyFloat(float f) {
    if constexpr (S == llvm::APFloat::S_Float4E2M1FN) { // always saturates, and has no NaN: docs/technical/float4 of ONNX
      f = f != f ? greatest() : std::clamp(f, -greatest(), greatest());
    }
    llvm::APFloat x(f);
    bool lost;
    x.convert(llvm::APFloat::EnumToSemantics(S), llvm::APFloat::rmNearestTiesToEven, &lost);
    bits = uint8_t(x.bitcastToAPInt().getZExtValue());
  }
  operator float() const {
    const llvm::fltSemantics &semantics = llvm::APFloat::EnumToSemantics(S);
    llvm::APFloat x(semantics, llvm::APInt(llvm::APFloat::semanticsSizeInBits(semantics), bits));
    bool lost;
    x.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &lost);
    return x.convertToFloat();
  }
};

/// A power of two, 2^(bits - 127), or NaN (255).
struct F8E8M0FNU {
  enum class Round { Up, Down, Nearest };
  static constexpr uint8_t nan = 255, last = 254;
  static float greatest() { return std::ldexp(1.0f, 127); }
  static F8E8M0FNU of(uint8_t bits) {
    F8E8M0FNU x;
    x.bits = bits;
    return x;
  }
  /// ONNX's Cast: see nn.cast.
  static F8E8M0FNU from(double v, Round round, bool saturate) {
    if (v != v || v < 0) {
      return of(nan);
    }
    if (v < std::ldexp(1.0, -127)) {
      return of(saturate ? 0 : nan);
    }
    int exponent = 128;
    if (std::isfinite(v)) {
      exponent = std::ilogb(v);
      double below = std::ldexp(1.0, exponent);
      exponent += v > below && (round == Round::Up || (round == Round::Nearest && v >= 1.5 * below));
    }
    return of(exponent <= 127 ? uint8_t(exponent + 127) : saturate ? last : nan);
  }
  uint8_t bits = 0;
  F8E8M0FNU() = default;
  F8E8M0FNU(float f) { *this = from(f, Round::Up, true); }
  operator float() const {
    return bits == nan ? std::numeric_limits<float>::quiet_NaN() : std::ldexp(1.0f, int(bits) - 127);
  }
};
using Float16 = _Float16;
using F8E4M3FN = TinyFloat<llvm::APFloat::S_Float8E4M3FN>;
using F8E4M3FNUZ = TinyFloat<llvm::APFloat::S_Float8E4M3FNUZ>;
using F8E5M2 = TinyFloat<llvm::APFloat::S_Float8E5M2>;
using F8E5M2FNUZ = TinyFloat<llvm::APFloat::S_Float8E5M2FNUZ>;
using F4E2M1FN = TinyFloat<llvm::APFloat::S_Float4E2M1FN>;

template <class T> constexpr bool isComplex = false;
template <class T> constexpr bool isComplex<std::complex<T>> = true;
template <class T>
constexpr bool isSmallFloat = !std::is_arithmetic_v<T> && !isComplex<T> && !std::is_same_v<T, std::string>;
template <class T> constexpr bool isFloating = std::is_floating_point_v<T> || isSmallFloat<T>;
/// What arithmetic on T is done in: small floats in float, the others in themselves.
template <class T> using Compute = std::conditional_t<isSmallFloat<T>, float, T>;

template <class T> struct Tag {
  using type = T;
};

/// Calls `f(Tag<T>())` with the native type of `element`; false when there is none. Integers of less than a byte are
/// kept in bytes: what makes them wraps or saturates them.
template <class F> bool visitElement(mlir::Type element, F &&f) {
  if (auto i = llvm::dyn_cast<mlir::IntegerType>(element)) {
    bool u = i.isUnsigned();
    switch (i.getWidth()) {
    case 1:
      return f(Tag<bool>()), true;
    case 2:
    case 4:
    case 8:
      return u ? f(Tag<uint8_t>()) : f(Tag<int8_t>()), true;
    case 16:
      return u ? f(Tag<uint16_t>()) : f(Tag<int16_t>()), true;
    case 32:
      return u ? f(Tag<uint32_t>()) : f(Tag<int32_t>()), true;
    case 64:
      return u ? f(Tag<uint64_t>()) : f(Tag<int64_t>()), true;
    default:
      return false;
    }
  }
  if (element.isF32()) {
    return f(Tag<float>()), true;
  }
  if (element.isF64()) {
    return f(Tag<double>()), true;
  }
  if (element.isF16()) {
    return f(Tag<Float16>()), true;
  }
  if (element.isBF16()) {
    return f(Tag<BFloat16>()), true;
  }
  if (llvm::isa<mlir::Float8E4M3FNType>(element)) {
    return f(Tag<F8E4M3FN>()), true;
  }
  if (llvm::isa<mlir::Float8E4M3FNUZType>(element)) {
    return f(Tag<F8E4M3FNUZ>()), true;
  }
  if (llvm::isa<mlir::Float8E5M2Type>(element)) {
    return f(Tag<F8E5M2>()), true;
  }
  if (llvm::isa<mlir::Float8E5M2FNUZType>(element)) {
    return f(Tag<F8E5M2FNUZ>()), true;
  }
  if (llvm::isa<mlir::Float8E8M0FNUType>(element)) {
    return f(Tag<F8E8M0FNU>()), true;
  }
  if (llvm::isa<mlir::Float4E2M1FNType>(element)) {
    return f(Tag<F4E2M1FN>()), true;
  }
  if (auto c = llvm::dyn_cast<mlir::ComplexType>(element)) {
    return c.getElementType().isF64() ? f(Tag<std::complex<double>>()) : f(Tag<std::complex<float>>()), true;
  }
  if (isString(element)) {
    return f(Tag<std::string>()), true;
  }
  return false;
}
} // namespace dlc::nn
#endif

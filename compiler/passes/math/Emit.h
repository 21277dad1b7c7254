#ifndef DLC_COMPILER_PASSES_MATH_EMIT_H
#define DLC_COMPILER_PASSES_MATH_EMIT_H

#include "compiler/passes/math/ExpandMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace dlc::mathlib {

/// Where values are built, and for which instructions.
struct Emitter {
  mlir::OpBuilder &b;
  mlir::Location loc;
  MathOptions options;
};

/// A scalar or a vector of floats, integers or booleans, with arithmetic: formulas read like formulas, and emit `arith`
/// and `math` ops without fast-math flags. A `double` or `int64_t` operand is a constant of the other operand's type
/// (rounded to it).
class V {
public:
  V() = default;
  V(Emitter &e, mlir::Value value) : value(value), e(&e) {}

  mlir::Value get() const { return value; }
  Emitter &emitter() const { return *e; }
  mlir::Type type() const { return value.getType(); }
  mlir::Type element() const;
  bool isFloat() const { return llvm::isa<mlir::FloatType>(element()); }
  bool isF32() const { return element().isF32(); }
  unsigned width() const { return element().getIntOrFloatBitWidth(); }
  /// The same shape with another element type.
  mlir::Type typeWith(mlir::Type element) const { return typeWith(type(), element); }
  static mlir::Type typeWith(mlir::Type shape, mlir::Type element);
  mlir::Type typeWithInt(unsigned width) const;

private:
  mlir::Value value;
  Emitter *e = nullptr;
};

/// Bits of mantissa, and the bias of the exponent, of f32 or f64.
int mantissaBits(V x);
int exponentBias(V x);
/// One of two tables or constants, by the precision of x.
template <typename T> const T &pick(V x, const T &f32, const T &f64) { return x.isF32() ? f32 : f64; }

V constant(V like, double number);
V constantInt(V like, int64_t number);
V infinity(V like);
V quietNaN(V like);

// Arithmetic of floats or integers (integers wrap).
V operator+(V x, V y);
V operator-(V x, V y);
V operator*(V x, V y);
V operator/(V x, V y);
V operator-(V x);
V operator&(V x, V y);
V operator|(V x, V y);
V operator^(V x, V y);
V operator<<(V x, int bits);
V operator<<(V x, V bits);
/// Logical shift right.
V operator>>(V x, int bits);
V operator>>(V x, V bits);
V operator!(V boolean);
#define DLC_CONSTANT_OPERAND(op)                                                                                       \
  template <typename T, std::enable_if_t<std::is_arithmetic_v<T>, int> = 0> V operator op(V x, T y) {                  \
    return x op(x.isFloat() ? constant(x, double(y)) : constantInt(x, int64_t(y)));                                    \
  }                                                                                                                    \
  template <typename T, std::enable_if_t<std::is_arithmetic_v<T>, int> = 0> V operator op(T x, V y) {                  \
    return (y.isFloat() ? constant(y, double(x)) : constantInt(y, int64_t(x)))op y;                                    \
  }
DLC_CONSTANT_OPERAND(+)
DLC_CONSTANT_OPERAND(-)
DLC_CONSTANT_OPERAND(*)
DLC_CONSTANT_OPERAND(/)
DLC_CONSTANT_OPERAND(&)
DLC_CONSTANT_OPERAND(|)
DLC_CONSTANT_OPERAND(^)
#undef DLC_CONSTANT_OPERAND

/// x * y + z, rounded once.
V fma(V x, V y, V z);
inline V fma(V x, double y, V z) { return fma(x, constant(x, y), z); }
inline V fma(V x, V y, double z) { return fma(x, y, constant(x, z)); }
inline V fma(V x, double y, double z) { return fma(x, constant(x, y), constant(x, z)); }
/// c[0] + c[1] x + c[2] x^2 + ...
V horner(V x, llvm::ArrayRef<double> c);
inline V horner(V x, llvm::ArrayRef<double> f32, llvm::ArrayRef<double> f64) { return horner(x, pick(x, f32, f64)); }

V abs(V x);
V copysign(V magnitude, V sign);
V sqrt(V x);
V trunc(V x);

// Comparisons: false for NaN, except notEqual and notLessEqual; integers are signed.
V less(V x, V y);
V lessEqual(V x, V y);
V equal(V x, V y);
V notEqual(V x, V y);
V notLessEqual(V x, V y);
V unordered(V x, V y);
V lessUnsigned(V x, V y);
inline V less(V x, double y) { return less(x, constant(x, y)); }
inline V lessEqual(V x, double y) { return lessEqual(x, constant(x, y)); }
inline V notLessEqual(V x, double y) { return notLessEqual(x, constant(x, y)); }
inline V greater(V x, double y) { return less(constant(x, y), x); }
inline V equal(V x, double y) { return equal(x, x.isFloat() ? constant(x, y) : constantInt(x, int64_t(y))); }
V select(V condition, V x, V y);
inline V select(V condition, V x, double y) { return select(condition, x, constant(x, y)); }
inline V select(V condition, double x, V y) { return select(condition, constant(y, x), y); }
/// x below or above a bound becomes the bound; NaN stays. One instruction each on x86.
V clampAbove(V x, double bound);
V clampBelow(V x, double bound);

/// The bits of a float as an integer of its width, and back.
V bits(V x);
V floating(V x);
V convert(V x, mlir::Type element);
V signedToFloat(V x, mlir::Type element);
V unsignedToFloat(V x, mlir::Type element);
V floatToSigned(V x, mlir::Type element);
V zeroExtend(V x, unsigned width);
V truncate(V x, unsigned width);

/// Whether any lane is true, as an i1 scalar. Ranks above 1 are allowed.
mlir::Value anyLane(V condition);

} // namespace dlc::mathlib

#endif

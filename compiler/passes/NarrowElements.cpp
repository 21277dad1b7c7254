//===- NarrowElements.cpp - arithmetic for elements that kernels keep in bytes ----------------------------===//
#include "compiler/passes/NarrowElements.h"
#include "dialects/nn/eval/Eval.h"
#include <cmath>

namespace dlc::narrow {
namespace {
using mlir::Type;
using mlir::Value;

bool isTiny(Type element) { return llvm::isa<mlir::Float4E2M1FNType>(element); }
bool isPower(Type element) { return llvm::isa<mlir::Float8E8M0FNUType>(element); }

/// nn ops at one place.
struct Ops {
  mlir::OpBuilder &b;
  mlir::Location loc;

  template <class Op, class... Args> Value make(Args &&...args) const {
    return nn::create<Op>(b, loc, std::forward<Args>(args)...);
  }
  Value cast(Value v, Type to) const { return nn::elementOf(v) == to ? v : make<nn::CastOp>(v, to, true); }
  Value scalar(Type element, double value) const {
    return nn::ConstantOp::of(b, loc, nn::attrFromTensor(nn::Tensor::scalar(element, value)));
  }
  /// A number of v's type.
  Value like(Value v, double value) const { return scalar(nn::elementOf(v), value); }
  Value less(Value a, Value c) const { return make<nn::LessOp>(a, c); }
  Value select(Value condition, Value yes, Value no) const { return make<nn::SelectOp>(condition, yes, no); }
  Value add(Value v, double n) const { return make<nn::AddOp>(v, like(v, n)); }
  Value bits(Value v, double mask) const { return make<nn::BitAndOp>(v, like(v, mask)); }
  Type ui8() const { return b.getIntegerType(8, false); }
};

/// The number of each of a byte's 256 values; of f4E2M1FN only the low bits count.
Value tableOf(const Ops &o, Type element) {
  nn::Tensor table = nn::Tensor::zeros(o.b.getF32Type(), {256});
  for (int64_t i = 0; i < 256; ++i) {
    nn::F4E2M1FN tiny;
    tiny.bits = uint8_t(i & 15);
    table.values<float>()[i] = isTiny(element) ? float(tiny) : float(nn::F8E8M0FNU::of(uint8_t(i)));
  }
  return nn::ConstantOp::of(o.b, o.loc, nn::attrFromTensor(table));
}

/// The low bits of an integer as one of that many bits, in bytes.
Value lowBits(const Ops &o, Value v, Type element) {
  v = o.cast(v, o.b.getI32Type());
  unsigned width = nn::getElementBits(element);
  double mask = std::ldexp(1, width) - 1, half = std::ldexp(1, width - 1);
  bool isSigned = element.isSignlessInteger();
  Value kept = isSigned ? o.add(o.bits(o.add(v, half), mask), -half) : o.bits(v, mask);
  return o.cast(kept, bytesOf(element));
}

Value toInteger(const Ops &o, Value v, Type element) {
  return lowBits(o, nn::isFloat(nn::elementOf(v)) ? o.make<nn::RoundOp>(v) : v, element);
}

/// Below 2, 4 and up to 6 the numbers stand 1/2, 1 and 2 apart; codes count them.
Value toTiny(const Ops &o, Value v) {
  Type from = nn::elementOf(v), type = from.isF64() ? from : Type(o.b.getF32Type());
  v = o.cast(v, type);
  v = o.select(o.make<nn::IsNaNOp>(v), o.scalar(type, 6), v);
  Value size = o.make<nn::MinOp>(o.make<nn::AbsOp>(v), o.scalar(type, 6));
  Value isLow = o.less(size, o.scalar(type, 2)), isMiddle = o.less(size, o.scalar(type, 4));
  auto choose = [&](double low, double middle, double high) {
    return o.select(isLow, o.scalar(type, low), o.select(isMiddle, o.scalar(type, middle), o.scalar(type, high)));
  };
  Value steps = o.make<nn::RoundOp>(o.make<nn::MulOp>(size, choose(2, 1, 0.5)));
  Value code = o.cast(o.make<nn::AddOp>(steps, choose(0, 2, 4)), o.b.getI32Type());
  Type bits = from.isF64() ? o.b.getI64Type() : o.b.getI32Type();
  Value asInteger = o.make<nn::BitCastOp>(v, bits);
  Value isNegative = o.less(asInteger, o.scalar(bits, 0)); // -0 is, too
  return o.cast(o.select(isNegative, o.add(code, 8), code), o.ui8());
}

/// Rounded by an addition below the exponent's bits of a double, which then is the code but for its bias.
Value toPower(const Ops &o, Value v, llvm::StringRef roundMode, bool saturate) {
  Type f64 = o.b.getF64Type(), ui64 = o.b.getIntegerType(64, false), i64 = o.b.getI64Type();
  constexpr uint64_t one = uint64_t(1) << 52;
  uint64_t up = roundMode == "up" ? one - 1 : roundMode == "nearest" ? one / 2 : 0;
  v = o.cast(v, f64);
  nn::Tensor added = nn::Tensor::zeros(ui64, {}), shift = nn::Tensor::zeros(ui64, {});
  added.values<uint64_t>()[0] = up;
  shift.values<uint64_t>()[0] = 52;
  auto constant = [&](const nn::Tensor &t) { return nn::ConstantOp::of(o.b, o.loc, nn::attrFromTensor(t)); };
  Value bits = o.make<nn::AddOp>(o.make<nn::BitCastOp>(v, ui64), constant(added));
  Value code = o.add(o.cast(o.make<nn::ShiftRightOp>(bits, constant(shift)), i64), 127 - 1023);
  double last = nn::F8E8M0FNU::last, nan = nn::F8E8M0FNU::nan;
  code = o.select(o.less(o.scalar(i64, last), code), o.scalar(i64, saturate ? last : nan), code);
  code = o.select(o.less(v, o.scalar(f64, std::ldexp(1.0, -127))), o.scalar(i64, saturate ? 0 : nan), code);
  Value isNone = o.make<nn::OrOp>(o.make<nn::IsNaNOp>(v), o.less(v, o.scalar(f64, 0)));
  return o.cast(o.select(isNone, o.scalar(i64, nan), code), o.ui8());
}
} // namespace

bool isNarrow(Type element) {
  auto integer = llvm::dyn_cast_or_null<mlir::IntegerType>(element);
  return element &&
         ((integer && (integer.getWidth() == 2 || integer.getWidth() == 4)) || isTiny(element) || isPower(element));
}

Type bytesOf(Type element) {
  bool isSigned = element.isSignlessInteger();
  return mlir::IntegerType::get(element.getContext(), 8,
                                isSigned ? mlir::IntegerType::Signless : mlir::IntegerType::Unsigned);
}

Value unpack(mlir::OpBuilder &b, mlir::Location loc, Value packed) {
  Ops o{b, loc};
  return isPower(nn::elementOf(packed)) ? o.make<nn::BitCastOp>(packed, o.ui8()) : o.make<nn::UnpackBitsOp>(packed);
}
Value pack(mlir::OpBuilder &b, mlir::Location loc, Value bytes, Type element) {
  Ops o{b, loc};
  return isPower(element) ? o.make<nn::BitCastOp>(bytes, element) : o.make<nn::PackBitsOp>(bytes, element);
}

Value decode(mlir::OpBuilder &b, mlir::Location loc, Value v, Type element) {
  Ops o{b, loc};
  if (!isNarrow(element) || nn::isInteger(element)) {
    return v;
  }
  return o.make<nn::GatherOp>(tableOf(o, element), o.cast(v, b.getI32Type()), 0);
}

Value encode(mlir::OpBuilder &b, mlir::Location loc, Value v, Type element, llvm::StringRef roundMode, bool saturate) {
  Ops o{b, loc};
  return isTiny(element)    ? toTiny(o, v)
         : isPower(element) ? toPower(o, v, roundMode, saturate)
                            : toInteger(o, v, element);
}

Value saturate(mlir::OpBuilder &b, mlir::Location loc, Value v, Type element) {
  Ops o{b, loc};
  unsigned width = nn::getElementBits(element);
  bool isSigned = element.isSignlessInteger();
  double low = isSigned ? -std::ldexp(1, width - 1) : 0, high = std::ldexp(1, isSigned ? width - 1 : width) - 1;
  return o.make<nn::MinOp>(o.make<nn::MaxOp>(v, o.like(v, low)), o.like(v, high));
}

Value reinterpret(mlir::OpBuilder &b, mlir::Location loc, Value v, Type from, Type to) {
  Ops o{b, loc};
  if (nn::getElementBits(from) < 8) { // the code, or one that is made an integer with a sign
    return nn::isInteger(to) ? lowBits(o, v, to) : lowBits(o, v, b.getIntegerType(nn::getElementBits(from), false));
  }
  return isNarrow(from) && isNarrow(to) ? v : o.make<nn::BitCastOp>(v, isNarrow(to) ? o.ui8() : to);
}
} // namespace dlc::narrow

#include "compiler/passes/math/Emit.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

namespace dlc::mathlib {

Type V::element() const { return getElementTypeOrSelf(value.getType()); }

Type V::typeWith(Type shape, Type element) {
  auto vector = dyn_cast<VectorType>(shape);
  return vector ? Type(vector.clone(element)) : element;
}

Type V::typeWithInt(unsigned width) const { return typeWith(IntegerType::get(value.getContext(), width)); }

int mantissaBits(V x) { return x.width() == 32 ? 23 : 52; }
int exponentBias(V x) { return x.width() == 32 ? 127 : 1023; }

static V splat(V like, TypedAttr scalar) {
  Emitter &e = like.emitter();
  if (auto vector = dyn_cast<VectorType>(like.type())) {
    scalar = DenseElementsAttr::get(vector, Attribute(scalar));
  }
  return V(e, arith::ConstantOp::create(e.b, e.loc, scalar));
}

V constant(V like, double number) {
  auto type = cast<FloatType>(like.element());
  APFloat value(number);
  bool lost = false;
  value.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
  return splat(like, FloatAttr::get(type, value));
}

V constantInt(V like, int64_t number) {
  APInt value(like.width(), static_cast<uint64_t>(number), /*isSigned=*/false, /*implicitTrunc=*/true);
  return splat(like, IntegerAttr::get(like.element(), value));
}

V infinity(V like) { return constant(like, std::numeric_limits<double>::infinity()); }
V quietNaN(V like) { return constant(like, std::numeric_limits<double>::quiet_NaN()); }

template <typename FloatOp, typename IntOp> static V binary(V x, V y) {
  Emitter &e = x.emitter();
  if (x.isFloat()) {
    return V(e, FloatOp::create(e.b, e.loc, x.get(), y.get()));
  }
  return V(e, IntOp::create(e.b, e.loc, x.get(), y.get()));
}

template <typename Op> static V ints(V x, V y) {
  return V(x.emitter(), Op::create(x.emitter().b, x.emitter().loc, x.get(), y.get()));
}

template <typename Op> static V unary(V x) {
  return V(x.emitter(), Op::create(x.emitter().b, x.emitter().loc, x.get()));
}

template <typename Op> static V castTo(V x, Type type) {
  if (x.type() == type) {
    return x;
  }
  return V(x.emitter(), Op::create(x.emitter().b, x.emitter().loc, type, x.get()));
}

V operator+(V x, V y) { return binary<arith::AddFOp, arith::AddIOp>(x, y); }
V operator-(V x, V y) { return binary<arith::SubFOp, arith::SubIOp>(x, y); }
V operator*(V x, V y) { return binary<arith::MulFOp, arith::MulIOp>(x, y); }
V operator/(V x, V y) { return binary<arith::DivFOp, arith::DivUIOp>(x, y); }
V operator-(V x) { return x.isFloat() ? unary<arith::NegFOp>(x) : constantInt(x, 0) - x; }
V operator&(V x, V y) { return ints<arith::AndIOp>(x, y); }
V operator|(V x, V y) { return ints<arith::OrIOp>(x, y); }
V operator^(V x, V y) { return ints<arith::XOrIOp>(x, y); }
V operator<<(V x, V bits) { return ints<arith::ShLIOp>(x, bits); }
V operator>>(V x, V bits) { return ints<arith::ShRUIOp>(x, bits); }
V operator<<(V x, int bits) { return x << constantInt(x, bits); }
V operator>>(V x, int bits) { return x >> constantInt(x, bits); }
V operator!(V boolean) { return boolean ^ constantInt(boolean, 1); }

V fma(V x, V y, V z) {
  Emitter &e = x.emitter();
  return V(e, math::FmaOp::create(e.b, e.loc, x.get(), y.get(), z.get()));
}

V horner(V x, ArrayRef<double> c) {
  V sum = constant(x, c.back());
  for (double term : llvm::reverse(c.drop_back())) {
    sum = fma(sum, x, term);
  }
  return sum;
}

V abs(V x) { return unary<math::AbsFOp>(x); }
V copysign(V magnitude, V sign) { return ints<math::CopySignOp>(magnitude, sign); }
V sqrt(V x) { return unary<math::SqrtOp>(x); }
V trunc(V x) { return unary<math::TruncOp>(x); }

static V compare(V x, V y, CmpFPredicate floats, CmpIPredicate integers) {
  Emitter &e = x.emitter();
  if (x.isFloat()) {
    return V(e, arith::CmpFOp::create(e.b, e.loc, floats, x.get(), y.get()));
  }
  return V(e, arith::CmpIOp::create(e.b, e.loc, integers, x.get(), y.get()));
}

V less(V x, V y) { return compare(x, y, CmpFPredicate::OLT, CmpIPredicate::slt); }
V lessEqual(V x, V y) { return compare(x, y, CmpFPredicate::OLE, CmpIPredicate::sle); }
V equal(V x, V y) { return compare(x, y, CmpFPredicate::OEQ, CmpIPredicate::eq); }
V notEqual(V x, V y) { return compare(x, y, CmpFPredicate::UNE, CmpIPredicate::ne); }
V notLessEqual(V x, V y) { return compare(x, y, CmpFPredicate::UGT, CmpIPredicate::sgt); }
V unordered(V x, V y) { return compare(x, y, CmpFPredicate::UNO, CmpIPredicate::ne); }
V lessUnsigned(V x, V y) { return compare(x, y, CmpFPredicate::OLT, CmpIPredicate::ult); }

V select(V condition, V x, V y) {
  Emitter &e = x.emitter();
  return V(e, arith::SelectOp::create(e.b, e.loc, condition.get(), x.get(), y.get()));
}

V clampAbove(V x, double bound) {
  V limit = constant(x, bound);
  return select(less(limit, x), limit, x);
}

V clampBelow(V x, double bound) {
  V limit = constant(x, bound);
  return select(less(x, limit), limit, x);
}

V bits(V x) { return castTo<arith::BitcastOp>(x, x.typeWithInt(x.width())); }

V floating(V x) {
  OpBuilder &b = x.emitter().b;
  return castTo<arith::BitcastOp>(x, x.typeWith(x.width() == 32 ? b.getF32Type() : b.getF64Type()));
}

V convert(V x, Type element) {
  if (element.getIntOrFloatBitWidth() > x.width()) {
    return castTo<arith::ExtFOp>(x, x.typeWith(element));
  }
  return castTo<arith::TruncFOp>(x, x.typeWith(element));
}

V signedToFloat(V x, Type element) { return castTo<arith::SIToFPOp>(x, x.typeWith(element)); }
V unsignedToFloat(V x, Type element) { return castTo<arith::UIToFPOp>(x, x.typeWith(element)); }
V floatToSigned(V x, Type element) { return castTo<arith::FPToSIOp>(x, x.typeWith(element)); }
V zeroExtend(V x, unsigned width) { return castTo<arith::ExtUIOp>(x, x.typeWithInt(width)); }
V truncate(V x, unsigned width) { return castTo<arith::TruncIOp>(x, x.typeWithInt(width)); }

Value anyLane(V condition) {
  auto vector = dyn_cast<VectorType>(condition.type());
  if (!vector) {
    return condition.get();
  }
  Emitter &e = condition.emitter();
  Value flat = condition.get();
  if (vector.getRank() != 1) {
    flat = vector::ShapeCastOp::create(e.b, e.loc, VectorType::get({vector.getNumElements()}, e.b.getI1Type()), flat);
  }
  return vector::ReductionOp::create(e.b, e.loc, vector::CombiningKind::OR, flat);
}

} // namespace dlc::mathlib

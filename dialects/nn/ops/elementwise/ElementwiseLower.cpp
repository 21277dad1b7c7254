//===- ElementwiseLower.cpp - elements as arith and math ops, and the loops around them -----------===//
#include "dialects/nn/Precision.h"
#include "dialects/nn/lower/Registration.h"

namespace dlc::nn {
namespace {
namespace arith = mlir::arith;
namespace math = mlir::math;
using mlir::Value;

/// What a rule gets: values of the compute type, and the nn element types.
struct Emit {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Operation *op;
  mlir::Type element; // of the first operand
  mlir::Type result;  // element type of the result
  Value constant(Value like, double v) const { return constantOf(b, loc, like.getType(), v); }
  bool floating() const { return isFloat(element); }
  bool isUnsigned() const { return element.isUnsignedInteger(); }
  template <class OpTy> Value f(Value x) const { return OpTy::create(b, loc, x); }
  template <class OpTy> Value f(Value x, Value y) const { return OpTy::create(b, loc, x, y); }
  Value select(Value c, Value x, Value y) const { return arith::SelectOp::create(b, loc, c, x, y); }
  Value less(Value x, Value y) const {
    return floating() ? Value(arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, y))
                      : Value(arith::CmpIOp::create(b, loc, isUnsigned() ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt, x, y));
  }
  Value lessEqual(Value x, Value y) const {
    return floating() ? Value(arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLE, x, y))
                      : Value(arith::CmpIOp::create(b, loc, isUnsigned() ? arith::CmpIPredicate::ule : arith::CmpIPredicate::sle, x, y));
  }
  Value equal(Value x, Value y) const {
    return floating() ? Value(arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, x, y))
                      : Value(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x, y));
  }
};

Value emitAbs(const Emit &e, Value x) {
  if (e.floating()) {
    return e.f<math::AbsFOp>(x);
  }
  return e.isUnsigned() ? x : e.f<arith::MaxSIOp>(x, e.f<arith::SubIOp>(e.constant(x, 0), x));
}
Value emitNeg(const Emit &e, Value x) {
  return e.floating() ? e.f<arith::NegFOp>(x) : e.f<arith::SubIOp>(e.constant(x, 0), x);
}
Value emitSign(const Emit &e, Value x) {
  Value zero = e.constant(x, 0), one = e.constant(x, 1);
  Value r = e.select(e.less(zero, x), one, x);
  return e.isUnsigned() ? r : e.select(e.less(x, zero), e.constant(x, -1), r);
}
Value emitRelu(const Emit &e, Value x) { // NaN stays
  Value zero = e.constant(x, 0);
  return e.isUnsigned() ? x : e.select(e.less(x, zero), zero, x);
}
Value emitErf(const Emit &e, Value x) { return math::ErfOp::create(e.b, e.loc, x, functionFlags(e.op)); }
Value emitSigmoid(const Emit &e, Value x) {
  Value one = e.constant(x, 1);
  return e.f<arith::DivFOp>(one, e.f<arith::AddFOp>(one, e.f<math::ExpOp>(e.f<arith::NegFOp>(x))));
}
Value emitSoftplus(const Emit &e, Value x) {
  Value zero = e.constant(x, 0), magnitude = e.f<math::AbsFOp>(x);
  Value tail = e.f<math::Log1pOp>(e.f<math::ExpOp>(e.f<arith::NegFOp>(magnitude)));
  return e.f<arith::AddFOp>(e.select(e.less(x, zero), zero, x), tail);
}
Value emitReciprocal(const Emit &e, Value x) { return e.f<arith::DivFOp>(e.constant(x, 1), x); }
Value emitNot(const Emit &e, Value x) { return e.f<arith::XOrIOp>(x, integerOf(e.b, e.loc, x.getType(), 1)); }
Value emitBitNot(const Emit &e, Value x) { return e.f<arith::XOrIOp>(x, integerOf(e.b, e.loc, x.getType(), -1)); }
Value emitIsNaN(const Emit &e, Value x) { return arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::UNO, x, x); }
Value emitIsInf(const Emit &e, Value x) {
  auto op = llvm::cast<IsInfOp>(e.op);
  double inf = std::numeric_limits<double>::infinity();
  Value high = e.equal(x, e.constant(x, inf)), low = e.equal(x, e.constant(x, -inf));
  if (op.getPositive() && op.getNegative()) {
    return e.f<arith::OrIOp>(high, low);
  }
  return op.getPositive()   ? high
         : op.getNegative() ? low
                            : integerOf(e.b, e.loc, high.getType(), 0);
}
Value emitLeakyRelu(const Emit &e, Value x) {
  Value scaled = e.f<arith::MulFOp>(x, e.constant(x, llvm::cast<LeakyReluOp>(e.op).getAlpha().convertToDouble()));
  return e.select(e.less(x, e.constant(x, 0)), scaled, x);
}
Value emitElu(const Emit &e, Value x) {
  Value scaled = e.f<arith::MulFOp>(e.f<math::ExpM1Op>(x), e.constant(x, llvm::cast<EluOp>(e.op).getAlpha().convertToDouble()));
  return e.select(e.less(x, e.constant(x, 0)), scaled, x);
}
Value emitHardSigmoid(const Emit &e, Value x) {
  auto op = llvm::cast<HardSigmoidOp>(e.op);
  Value y = e.f<arith::AddFOp>(e.f<arith::MulFOp>(x, e.constant(x, op.getAlpha().convertToDouble())),
                               e.constant(x, op.getBeta().convertToDouble()));
  return emitMax(e.b, e.loc, emitMin(e.b, e.loc, y, e.constant(x, 1), e.element), e.constant(x, 0), e.element);
}

Value emitSub(const Emit &e, Value x, Value y) {
  return e.floating() ? e.f<arith::SubFOp>(x, y) : e.f<arith::SubIOp>(x, y);
}
/// A divisor that cannot trap: 1 where it is 0; and, when signed, where it is -1 (negated afterwards).
Value safeDivisor(const Emit &e, Value y) { return e.select(e.equal(y, e.constant(y, 0)), e.constant(y, 1), y); }
Value emitDiv(const Emit &e, Value x, Value y) {
  if (e.floating()) {
    return e.f<arith::DivFOp>(x, y);
  }
  Value divisor = safeDivisor(e, y);
  if (e.isUnsigned()) {
    return e.f<arith::DivUIOp>(x, divisor);
  }
  Value minusOne = e.equal(y, e.constant(y, -1));
  divisor = e.select(minusOne, e.constant(y, 1), divisor);
  return e.select(minusOne, emitNeg(e, x), e.f<arith::DivSIOp>(x, divisor));
}
Value emitFmod(const Emit &e, Value x, Value y) {
  if (e.floating()) {
    return e.f<arith::RemFOp>(x, y);
  }
  Value divisor = safeDivisor(e, y);
  if (e.isUnsigned()) {
    return e.f<arith::RemUIOp>(x, divisor);
  }
  divisor = e.select(e.equal(y, e.constant(y, -1)), e.constant(y, 1), divisor);
  return e.f<arith::RemSIOp>(x, divisor);
}
Value emitMod(const Emit &e, Value x, Value y) {
  Value r = emitFmod(e, x, y), zero = e.constant(x, 0);
  if (e.isUnsigned()) {
    return r;
  }
  Value signsDiffer = e.f<arith::XOrIOp>(e.less(r, zero), e.less(y, zero));
  Value adjust = e.f<arith::AndIOp>(signsDiffer, emitNot(e, e.equal(r, zero)));
  return e.select(adjust, emitAdd(e.b, e.loc, r, y), r);
}
/// The exponent, when it is the same known number for all elements.
std::optional<double> knownExponent(PowOp op) {
  auto constant = op->getOperand(1).getDefiningOp<ConstantOp>();
  auto dense = constant ? llvm::dyn_cast<mlir::DenseElementsAttr>(constant.getValue()) : mlir::DenseElementsAttr();
  if (!dense || !dense.isSplat()) {
    return std::nullopt;
  }
  mlir::Attribute value = dense.getSplatValue<mlir::Attribute>();
  if (auto number = llvm::dyn_cast<mlir::FloatAttr>(value)) {
    return number.getValueAsDouble();
  }
  auto integer = llvm::dyn_cast<mlir::IntegerAttr>(value);
  bool fits = integer && integer.getValue().getSignificantBits() <= 32 && !elementOf(op->getOperand(1)).isUnsignedInteger();
  return fits ? std::optional(double(integer.getValue().getSExtValue())) : std::nullopt;
}
Value emitPow(const Emit &e, Value x, Value y) {
  mlir::Type exponent = elementOf(e.op->getOperand(1));
  if (e.floating()) {
    std::optional<double> known = knownExponent(llvm::cast<PowOp>(e.op));
    if (known == 1.0 || known == 2.0) { // exact, and correctly rounded
      return *known == 1.0 ? x : e.f<arith::MulFOp>(x, x);
    }
    if (known == -1.0) {
      return e.f<arith::DivFOp>(e.constant(x, 1), x);
    }
    Value power = emitCast(e.b, e.loc, y, exponent, e.element);
    return e.f<math::PowFOp>(x, power);
  }
  // Integer bases go through f64, which is exact where the result fits in 53 bits.
  mlir::Type f64 = e.b.getF64Type();
  Value r = e.f<math::PowFOp>(emitCast(e.b, e.loc, x, e.element, f64), emitCast(e.b, e.loc, y, exponent, f64));
  return emitCast(e.b, e.loc, r, f64, e.element);
}
Value emitShift(const Emit &e, Value x, Value y, bool left) {
  Value width = e.constant(y, llvm::cast<mlir::IntegerType>(e.element).getWidth());
  Value inRange = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::ult, y, width);
  Value amount = e.select(inRange, y, e.constant(y, 0));
  Value r = left             ? e.f<arith::ShLIOp>(x, amount)
            : e.isUnsigned() ? e.f<arith::ShRUIOp>(x, amount)
                             : e.f<arith::ShRSIOp>(x, amount);
  return e.select(inRange, r, e.constant(x, 0));
}

template <auto rule> Value apply1(const Emit &e, llvm::ArrayRef<Value> v) { return rule(e, v[0]); }
template <auto rule> Value apply2(const Emit &e, llvm::ArrayRef<Value> v) { return rule(e, v[0], v[1]); }
template <class OpTy> Value direct1(const Emit &e, llvm::ArrayRef<Value> v) { return e.f<OpTy>(v[0]); }
template <class OpTy> Value direct2(const Emit &e, llvm::ArrayRef<Value> v) { return e.f<OpTy>(v[0], v[1]); }
Value add2(const Emit &e, llvm::ArrayRef<Value> v) { return emitAdd(e.b, e.loc, v[0], v[1]); }
Value mul2(const Emit &e, llvm::ArrayRef<Value> v) { return emitMul(e.b, e.loc, v[0], v[1]); }
Value min2(const Emit &e, llvm::ArrayRef<Value> v) { return emitMin(e.b, e.loc, v[0], v[1], e.element); }
Value max2(const Emit &e, llvm::ArrayRef<Value> v) { return emitMax(e.b, e.loc, v[0], v[1], e.element); }
Value equal2(const Emit &e, llvm::ArrayRef<Value> v) { return e.equal(v[0], v[1]); }
Value less2(const Emit &e, llvm::ArrayRef<Value> v) { return e.less(v[0], v[1]); }
Value lessEqual2(const Emit &e, llvm::ArrayRef<Value> v) { return e.lessEqual(v[0], v[1]); }
Value shl2(const Emit &e, llvm::ArrayRef<Value> v) { return emitShift(e, v[0], v[1], true); }
Value shr2(const Emit &e, llvm::ArrayRef<Value> v) { return emitShift(e, v[0], v[1], false); }
Value select3(const Emit &e, llvm::ArrayRef<Value> v) { return e.select(v[0], v[1], v[2]); }
Value cast1(const Emit &e, llvm::ArrayRef<Value> v) {
  Value r = emitCast(e.b, e.loc, v[0], e.element, e.result);
  bool tiny = isFloat(e.result) && getElementBits(e.result) == 8;
  return tiny && llvm::cast<CastOp>(e.op).getSaturate() ? clampToGreatest(e.b, e.loc, r, e.result) : r;
}

/// Bits stay as they are: no way through a compute type, which would change some NaNs.
llvm::LogicalResult lowerBitCast(BitCastOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape shape = shapeOf(op.getResult());
  mlir::Type to = getStorageType(op.getTo());
  mlir::AffineMap same = c.b.getMultiDimIdentityMap(shape.size());
  results.push_back(c.map(shape, to, {operands[0]}, {same}, [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange v) {
    return v[0].getType() == to ? v[0] : arith::BitcastOp::create(b, loc, to, v[0]).getResult();
  }));
  return mlir::success();
}

template <class OpTy, auto rule> struct ElementModel : EmitElement::ExternalModel<ElementModel<OpTy, rule>, OpTy> {
  Value emitElement(mlir::Operation *op, mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<Value> operands) const {
    Emit e{b, loc, op, elementOf(op->getOperand(0)), elementOf(op->getResult(0))};
    if constexpr (std::is_same_v<OpTy, SelectOp>) {
      e.element = elementOf(op->getOperand(1));
    }
    llvm::SmallVector<Value> values;
    for (auto [v, operand] : llvm::zip(operands, op->getOperands())) {
      values.push_back(fromStorage(b, loc, v, elementOf(operand)));
    }
    return toStorage(b, loc, rule(e, values), e.result);
  }
};

/// The map of an operand whose broadcasting is known now; null when a dim is compared at run time.
mlir::AffineMap staticBroadcast(mlir::Builder &b, llvm::ArrayRef<dim::Expr> own, llvm::ArrayRef<dim::Expr> result) {
  llvm::SmallVector<mlir::AffineExpr> exprs;
  for (auto [i, e] : llvm::enumerate(own)) {
    unsigned d = result.size() - own.size() + i;
    if (e == result[d] && !dim::isUnknown(e)) {
      exprs.push_back(b.getAffineDimExpr(d));
    } else if (dim::isConstant(e, 1)) {
      exprs.push_back(b.getAffineConstantExpr(0));
    } else {
      return {};
    }
  }
  return mlir::AffineMap::get(result.size(), 0, exprs, b.getContext());
}

llvm::LogicalResult lowerElementwise(mlir::Operation *op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape shape = shapeOf(op->getResult(0));
  llvm::SmallVector<mlir::AffineMap> maps;
  for (Value v : op->getOperands()) {
    maps.push_back(staticBroadcast(c.b, shapeOf(v), shape));
  }
  llvm::SmallVector<Value> inputs;
  llvm::SmallVector<mlir::AffineMap> inputMaps;
  for (auto [i, map] : llvm::enumerate(maps)) {
    if (map) {
      inputs.push_back(operands[i]);
      inputMaps.push_back(map);
    }
  }
  mlir::Type storage = getStorageType(elementOf(op->getResult(0)));
  results.push_back(c.map(shape, storage, inputs, inputMaps, [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange given) {
    llvm::SmallVector<Value> elements;
    unsigned next = 0;
    for (auto [i, map] : llvm::enumerate(maps)) {
      if (map) {
        elements.push_back(given[next++]);
        continue;
      }
      llvm::SmallVector<Value> indices;
      dim::Shape own = shapeOf(op->getOperand(i));
      for (auto [k, e] : llvm::enumerate(own)) {
        unsigned d = shape.size() - own.size() + k;
        indices.push_back(c.broadcastIndex(b, loc, e, shape[d], mlir::linalg::IndexOp::create(b, loc, d)));
      }
      elements.push_back(LowerContext::extract(b, loc, operands[i], indices));
    }
    return llvm::cast<EmitElement>(op).emitElement(b, loc, elements);
  }));
  return mlir::success();
}

template <class OpTy, auto rule> void attach(mlir::MLIRContext &context) {
  OpTy::template attachInterface<ElementModel<OpTy, rule>, LowerWith<OpTy, lowerElementwise>>(context);
}
} // namespace

void attachElementwiseLower(mlir::MLIRContext &c) {
  attach<AbsOp, apply1<emitAbs>>(c);
  attach<NegOp, apply1<emitNeg>>(c);
  attach<SignOp, apply1<emitSign>>(c);
  attach<ReluOp, apply1<emitRelu>>(c);
  attach<NotOp, apply1<emitNot>>(c);
  attach<BitNotOp, apply1<emitBitNot>>(c);
  attach<ExpOp, direct1<math::ExpOp>>(c);
  attach<LogOp, direct1<math::LogOp>>(c);
  attach<SqrtOp, direct1<math::SqrtOp>>(c);
  attach<ReciprocalOp, apply1<emitReciprocal>>(c);
  attach<SinOp, direct1<math::SinOp>>(c);
  attach<CosOp, direct1<math::CosOp>>(c);
  attach<TanOp, direct1<math::TanOp>>(c);
  attach<AsinOp, direct1<math::AsinOp>>(c);
  attach<AcosOp, direct1<math::AcosOp>>(c);
  attach<AtanOp, direct1<math::AtanOp>>(c);
  attach<SinhOp, direct1<math::SinhOp>>(c);
  attach<CoshOp, direct1<math::CoshOp>>(c);
  attach<TanhOp, direct1<math::TanhOp>>(c);
  attach<AsinhOp, direct1<math::AsinhOp>>(c);
  attach<AcoshOp, direct1<math::AcoshOp>>(c);
  attach<AtanhOp, direct1<math::AtanhOp>>(c);
  attach<ErfOp, apply1<emitErf>>(c);
  attach<SigmoidOp, apply1<emitSigmoid>>(c);
  attach<SoftplusOp, apply1<emitSoftplus>>(c);
  attach<FloorOp, direct1<math::FloorOp>>(c);
  attach<CeilOp, direct1<math::CeilOp>>(c);
  attach<RoundOp, direct1<math::RoundEvenOp>>(c);
  attach<IsNaNOp, apply1<emitIsNaN>>(c);
  attach<IsInfOp, apply1<emitIsInf>>(c);
  attach<LeakyReluOp, apply1<emitLeakyRelu>>(c);
  attach<EluOp, apply1<emitElu>>(c);
  attach<HardSigmoidOp, apply1<emitHardSigmoid>>(c);
  attach<AddOp, add2>(c);
  attach<SubOp, apply2<emitSub>>(c);
  attach<MulOp, mul2>(c);
  attach<DivOp, apply2<emitDiv>>(c);
  attach<ModOp, apply2<emitMod>>(c);
  attach<FmodOp, apply2<emitFmod>>(c);
  attach<MinOp, min2>(c);
  attach<MaxOp, max2>(c);
  attach<PowOp, apply2<emitPow>>(c);
  attach<AndOp, direct2<arith::AndIOp>>(c);
  attach<OrOp, direct2<arith::OrIOp>>(c);
  attach<XorOp, direct2<arith::XOrIOp>>(c);
  attach<BitAndOp, direct2<arith::AndIOp>>(c);
  attach<BitOrOp, direct2<arith::OrIOp>>(c);
  attach<BitXorOp, direct2<arith::XOrIOp>>(c);
  attach<ShiftLeftOp, shl2>(c);
  attach<ShiftRightOp, shr2>(c);
  attach<EqualOp, equal2>(c);
  attach<LessOp, less2>(c);
  attach<LessEqualOp, lessEqual2>(c);
  attach<SelectOp, select3>(c);
  attach<CastOp, cast1>(c);
  attachLower<BitCastOp, lowerBitCast>(c);
}
} // namespace dlc::nn

//===- QuantLower.cpp - quantisation as arithmetic on elements --------------------------------------===//
#include "dialects/nn/lower/Registration.h"
#include "dialects/nn/lower/Windows.h"
#include "mlir/IR/Matchers.h"

namespace dlc::nn {
namespace {
namespace arith = mlir::arith;
using mlir::Value;
using Indices = llvm::SmallVector<Value>;

Value read(mlir::OpBuilder &b, mlir::Location loc, Value lowered, mlir::ValueRange at, mlir::Type element) {
  return fromStorage(b, loc, LowerContext::extract(b, loc, lowered, at), element);
}
Value compare(mlir::OpBuilder &b, mlir::Location loc, arith::CmpFPredicate predicate, Value x, Value y) {
  return arith::CmpFOp::create(b, loc, predicate, x, y);
}
Value select(mlir::OpBuilder &b, mlir::Location loc, Value condition, Value x, Value y) {
  return arith::SelectOp::create(b, loc, condition, x, y);
}

/// Indices of the scale (or zero point) `v` that belongs to the element at `i`.
template <class Op>
Indices granule(Op op, LowerContext &c, mlir::OpBuilder &b, mlir::Location loc, Value v, mlir::ValueRange i) {
  IndexMath m{b, loc};
  dim::Shape own = shapeOf(v);
  if (op.getBlockSize() > 0) {
    Indices at(i);
    at[op.getAxis()] = arith::DivUIOp::create(b, loc, at[op.getAxis()], m.c(op.getBlockSize()));
    return at;
  }
  if (own.empty()) {
    return {};
  }
  // One element, whatever the axis says; a vector along the axis otherwise.
  dim::Shape input = shapeOf(op.getInput());
  bool hasAxis = op.getAxis() < input.size();
  return {hasAxis ? c.broadcastIndex(b, loc, own[0], input[op.getAxis()], i[op.getAxis()]) : m.c(0)};
}

/// round(v) + zero as an integer of at most 16 bits, saturating; NaN gives 0. `zero` may be null.
Value roundAndSaturate(mlir::OpBuilder &b, mlir::Location loc, Value v, Value zero, mlir::Type to) {
  unsigned width = llvm::cast<mlir::IntegerType>(to).getWidth();
  bool isUnsigned = to.isUnsignedInteger();
  mlir::Type type = v.getType(), i32 = withElement(type, b.getI32Type()),
             storage = withElement(type, getStorageType(to));
  bool shifted = zero && !mlir::matchPattern(zero, mlir::m_Zero());
  Value shift = shifted ? emitCast(b, loc, zero, to, mlir::getElementTypeOrSelf(type)) : constantOf(b, loc, type, 0);
  // Bounds are integers: rounding after the comparison is the same as before.
  auto bound = [&](double end) {
    Value limit = constantOf(b, loc, type, end);
    return shifted ? arith::SubFOp::create(b, loc, limit, shift).getResult() : limit;
  };
  Value low = bound(isUnsigned ? 0 : -std::ldexp(1, width - 1)),
        high = bound(std::ldexp(1, isUnsigned ? width : width - 1) - 1);
  if (!isUnsigned || shifted) {
    Value none = shifted ? arith::NegFOp::create(b, loc, shift).getResult() : shift;
    v = select(b, loc, compare(b, loc, arith::CmpFPredicate::UNO, v, v), none, v);
  }
  // NaN is not greater: it becomes the lower bound, which is 0 where it got here.
  v = select(b, loc, compare(b, loc, arith::CmpFPredicate::OGT, v, low), v, low);
  v = select(b, loc, compare(b, loc, arith::CmpFPredicate::OLT, v, high), v, high);
  Value number;
  if (mlir::getElementTypeOrSelf(type).isF32()) {
    // 1.5 * 2^23 leaves the rounded number in the low bits of the sum.
    number =
        arith::BitcastOp::create(b, loc, i32, arith::AddFOp::create(b, loc, v, constantOf(b, loc, type, 0x1.8p23)));
  } else {
    number = arith::FPToSIOp::create(b, loc, i32, mlir::math::RoundEvenOp::create(b, loc, v));
  }
  number =
      shifted ? arith::AddIOp::create(b, loc, number, emitCast(b, loc, zero, to, b.getI32Type())).getResult() : number;
  return arith::TruncIOp::create(b, loc, storage, number);
}

/// `v` rounded to the float type `precision`, in its compute type.
Value rounded(mlir::OpBuilder &b, mlir::Location loc, Value v, mlir::Type precision) {
  return fromStorage(b, loc, toStorage(b, loc, v, precision), precision);
}

/// Elements narrower than a byte have no arithmetic here.
llvm::LogicalResult checkWidths(mlir::Operation *op, llvm::ArrayRef<mlir::Type> types) {
  for (mlir::Type t : types) {
    if (getElementBits(t) < 8) {
      return op->emitOpError() << "expected elements of 8 bits or more, got " << t;
    }
  }
  return mlir::success();
}

/// The quantised element, from elements of storage types (or vectors of them); `zero` may be null.
Value emit(QuantizeLinearOp op, mlir::OpBuilder &b, mlir::Location loc, Value x, Value scale, Value zero) {
  mlir::Type from = elementOf(op.getInput()), scaleType = elementOf(op.getScale()), to = op.getTo();
  mlir::Type precision = op.getPrecision() ? *op.getPrecision() : scaleType, type = getComputeType(precision);
  bool small = isInteger(to) && getElementBits(to) <= 16;
  // Sums with wide zero points need the bits of a double.
  mlir::Type sumType = isInteger(to) ? b.getF64Type() : type;
  x = emitCast(b, loc, fromStorage(b, loc, x, from), from, type);
  scale = emitCast(b, loc, fromStorage(b, loc, scale, scaleType), getComputeType(scaleType), type);
  Value v = rounded(b, loc, arith::DivFOp::create(b, loc, x, rounded(b, loc, scale, precision)), precision);
  if (small) {
    return roundAndSaturate(b, loc, v, zero ? fromStorage(b, loc, zero, to) : Value(), to);
  }
  v = isInteger(to) ? mlir::math::RoundEvenOp::create(b, loc, v).getResult() : v;
  v = emitCast(b, loc, v, type, sumType);
  if (zero) {
    Value z = fromStorage(b, loc, zero, to);
    v = arith::AddFOp::create(b, loc, v, emitCast(b, loc, z, isInteger(to) ? to : getComputeType(to), sumType));
  }
  v = emitCast(b, loc, v, sumType, to);
  bool tiny = isFloat(to) && getElementBits(to) == 8 && op.getSaturate();
  return toStorage(b, loc, tiny ? clampToGreatest(b, loc, v, to) : v, to);
}

/// The number that a quantised element stands for; as above.
Value emit(DequantizeLinearOp op, mlir::OpBuilder &b, mlir::Location loc, Value x, Value scale, Value zero) {
  mlir::Type from = elementOf(op.getInput()), scaleType = elementOf(op.getScale()), to = op.getTo();
  mlir::Type type = getComputeType(scaleType);
  // 8-bit and 16-bit integers subtract in i32, exactly.
  mlir::Type difference = isInteger(from) && getElementBits(from) <= 32 ? b.getI32Type()
                          : isInteger(from)                             ? from
                                                                        : type;
  auto wide = [&](Value v) {
    return emitCast(b, loc, fromStorage(b, loc, v, from), isFloat(from) ? getComputeType(from) : from, difference);
  };
  x = wide(x);
  if (zero) {
    Value z = wide(zero);
    x = isFloat(difference) ? arith::SubFOp::create(b, loc, x, z).getResult()
                            : arith::SubIOp::create(b, loc, x, z).getResult();
  }
  Value v = arith::MulFOp::create(b, loc, emitCast(b, loc, x, difference, type), fromStorage(b, loc, scale, scaleType));
  return toStorage(b, loc, emitCast(b, loc, v, type, getComputeType(to)), to);
}

/// Whether one scale and zero point serve the whole tensor, and kernels have arithmetic for its elements.
bool isPerTensor(mlir::Operation *op) {
  auto isOne = [](Value v) { return llvm::all_of(shapeOf(v), [](dim::Expr e) { return dim::isConstant(e, 1); }); };
  auto hasArithmetic = [](Value v) { return getElementBits(elementOf(v)) >= (isFloat(elementOf(v)) ? 16 : 8); };
  // No more dims than the input, so that the result has the input's.
  auto fits = [&](Value v) { return rankOf(v) <= rankOf(op->getOperand(0)) && hasArithmetic(v); };
  return llvm::all_of(op->getOperands(), fits) && llvm::all_of(op->getOperands().drop_front(), isOne) &&
         hasArithmetic(op->getResult(0));
}

/// One scale for the whole tensor.
template <class Op> Value byTensor(Op op, LowerContext &c, Lowered operands) {
  dim::Shape shape = shapeOf(op.getResult());
  llvm::SmallVector<mlir::AffineMap> maps;
  for (Value v : op->getOperands()) {
    llvm::SmallVector<mlir::AffineExpr> zeros(rankOf(v), c.b.getAffineConstantExpr(0));
    maps.push_back(maps.empty() ? c.b.getMultiDimIdentityMap(shape.size())
                                : mlir::AffineMap::get(shape.size(), 0, zeros, op.getContext()));
  }
  return c.map(shape, getStorageType(elementOf(op.getResult())), operands, maps,
               [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange v) {
                 return emit(op, b, loc, v[0], v[1], v.size() > 2 ? v[2] : Value());
               });
}

/// Each element with the scale and zero point that belong to it.
template <class Op> Value lowerWithScales(Op op, LowerContext &c, Lowered operands) {
  if (isPerTensor(op)) {
    return byTensor(op, c, operands);
  }
  Value zero = loweredOperand(op, operands, 2);
  return c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    Value scale = LowerContext::extract(b, loc, operands[1], granule(op, c, b, loc, op.getScale(), i));
    Value z = zero ? LowerContext::extract(b, loc, zero, granule(op, c, b, loc, op.getZeroPoint(), i)) : Value();
    return emit(op, b, loc, LowerContext::extract(b, loc, operands[0], i), scale, z);
  });
}

/// One scale for the whole tensor.
template <class Op> struct PerTensor : EmitElement::ExternalModel<PerTensor<Op>, Op> {
  Value emitElement(mlir::Operation *op, mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<Value> operands) const {
    return emit(llvm::cast<Op>(op), b, loc, operands[0], operands[1], operands.size() > 2 ? operands[2] : Value());
  }
  bool worksByElement(mlir::Operation *op) const { return isPerTensor(op); }
};

llvm::LogicalResult lowerQuantizeLinear(QuantizeLinearOp op, LowerContext &c, Lowered operands,
                                        LoweredResults &results) {
  mlir::Type from = elementOf(op.getInput()), scaleType = elementOf(op.getScale()), to = op.getTo();
  if (mlir::failed(checkWidths(op, {from, scaleType, to}))) {
    return mlir::failure();
  }
  results.push_back(lowerWithScales(op, c, operands));
  return mlir::success();
}

llvm::LogicalResult lowerDequantizeLinear(DequantizeLinearOp op, LowerContext &c, Lowered operands,
                                          LoweredResults &results) {
  mlir::Type from = elementOf(op.getInput()), scaleType = elementOf(op.getScale()), to = op.getTo();
  if (mlir::failed(checkWidths(op, {from, scaleType, to}))) {
    return mlir::failure();
  }
  results.push_back(lowerWithScales(op, c, operands));
  return mlir::success();
}

llvm::LogicalResult lowerDynamicQuantize(DynamicQuantizeOp op, LowerContext &c, Lowered operands,
                                         LoweredResults &results) {
  mlir::Type element = elementOf(op.getInput()), compute = getComputeType(element), f32 = c.b.getF32Type();
  mlir::Type byte = elementOf(op.getResult());
  dim::Shape shape = shapeOf(op.getInput());
  // The least (or greatest) of the elements and 0; NaN takes no part.
  auto extreme = [&](arith::CmpFPredicate wins) {
    return c.reduce({}, shape, compute, constantOf(c.b, c.loc, compute, 0),
                    [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
                      Value x = read(b, loc, operands[0], i, element);
                      return select(b, loc, compare(b, loc, wins, x, acc), x, acc);
                    });
  };
  Value least = extreme(arith::CmpFPredicate::OLT), greatest = extreme(arith::CmpFPredicate::OGT);
  Value scale = c.compute(op.getScale(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange) {
    Value range = arith::SubFOp::create(b, loc, LowerContext::extract(b, loc, greatest, {}),
                                        LowerContext::extract(b, loc, least, {}));
    Value s = arith::DivFOp::create(b, loc, emitCast(b, loc, range, compute, f32), constantOf(b, loc, f32, 255));
    return select(b, loc, compare(b, loc, arith::CmpFPredicate::OEQ, s, constantOf(b, loc, f32, 0)),
                  constantOf(b, loc, f32, 1), s);
  });
  Value zero = c.compute(op.getZeroPoint(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange) {
    Value low = arith::NegFOp::create(b, loc, emitCast(b, loc, LowerContext::extract(b, loc, least, {}), compute, f32));
    Value z = arith::DivFOp::create(b, loc, low, LowerContext::extract(b, loc, scale, {}));
    return roundAndSaturate(b, loc, z, {}, byte);
  });
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    Value x = emitCast(b, loc, read(b, loc, operands[0], i, element), compute, f32);
    Value v = arith::DivFOp::create(b, loc, x, LowerContext::extract(b, loc, scale, {}));
    return roundAndSaturate(b, loc, v, LowerContext::extract(b, loc, zero, {}), byte);
  }));
  results.append({scale, zero});
  return mlir::success();
}
} // namespace

void attachQuantLower(mlir::MLIRContext &context) {
  attachLower<QuantizeLinearOp, lowerQuantizeLinear>(context);
  attachLower<DequantizeLinearOp, lowerDequantizeLinear>(context);
  QuantizeLinearOp::attachInterface<PerTensor<QuantizeLinearOp>>(context);
  DequantizeLinearOp::attachInterface<PerTensor<DequantizeLinearOp>>(context);
  attachLower<DynamicQuantizeOp, lowerDynamicQuantize>(context);
}
} // namespace dlc::nn

//===- Math.cpp - scalar and vector arithmetic that several families share --------------------===//
#include "dialects/nn/lower/Lower.h"

namespace dlc::nn {
namespace {
namespace arith = mlir::arith;
using mlir::Value;

mlir::Type elementType(mlir::Type t) { return mlir::getElementTypeOrSelf(t); }
bool isUnsigned(mlir::Type element) { return element.isUnsignedInteger(); }

/// Float to integer of the storage width, saturating, NaN to 0.
Value floatToInt(mlir::OpBuilder &b, mlir::Location loc, Value v, mlir::Type to) {
  unsigned width = llvm::cast<mlir::IntegerType>(to).getWidth();
  bool u = isUnsigned(to);
  mlir::Type storage = withElement(v.getType(), getStorageType(to));
  double high = u ? std::ldexp(1.0, width) : std::ldexp(1.0, width - 1), low = u ? 0.0 : -high;
  Value highV = constantOf(b, loc, v.getType(), high), lowV = constantOf(b, loc, v.getType(), low);
  Value above = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, v, highV);
  Value below = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ULE, v, lowV); // also NaN
  Value outside = arith::OrIOp::create(b, loc, above, below);
  Value safe = arith::SelectOp::create(b, loc, outside, constantOf(b, loc, v.getType(), 0.0), v);
  Value r = u ? Value(arith::FPToUIOp::create(b, loc, storage, safe)) : Value(arith::FPToSIOp::create(b, loc, storage, safe));
  int64_t least = u ? 0 : int64_t(-(uint64_t(1) << (width - 1)));
  int64_t most = u ? int64_t(width == 64 ? ~uint64_t(0) : (uint64_t(1) << width) - 1)
                   : int64_t((uint64_t(1) << (width - 1)) - 1);
  Value isNumber = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, v, v);
  Value lowR = arith::SelectOp::create(b, loc, isNumber, integerOf(b, loc, storage, least), integerOf(b, loc, storage, 0));
  r = arith::SelectOp::create(b, loc, below, lowR, r);
  return arith::SelectOp::create(b, loc, above, integerOf(b, loc, storage, most), r);
}
} // namespace

mlir::Type withElement(mlir::Type type, mlir::Type element) {
  auto vector = llvm::dyn_cast<mlir::VectorType>(type);
  return vector ? mlir::Type(mlir::VectorType::get(vector.getShape(), element)) : element;
}

Value constantOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type, double value) {
  mlir::Type element = elementType(type);
  mlir::TypedAttr attr;
  if (auto f = llvm::dyn_cast<mlir::FloatType>(element)) {
    llvm::APFloat x(value);
    bool lost;
    x.convert(f.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &lost);
    attr = mlir::FloatAttr::get(f, x);
  } else {
    return integerOf(b, loc, type, int64_t(value));
  }
  if (auto vector = llvm::dyn_cast<mlir::VectorType>(type)) {
    attr = mlir::DenseElementsAttr::get(vector, llvm::cast<mlir::Attribute>(attr));
  }
  return arith::ConstantOp::create(b, loc, attr);
}

Value integerOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type, int64_t value) {
  mlir::Type element = elementType(type);
  unsigned width = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
  mlir::TypedAttr attr = mlir::IntegerAttr::get(element, llvm::APInt(64, uint64_t(value)).zextOrTrunc(width));
  if (auto vector = llvm::dyn_cast<mlir::VectorType>(type)) {
    attr = mlir::DenseElementsAttr::get(vector, llvm::cast<mlir::Attribute>(attr));
  }
  return arith::ConstantOp::create(b, loc, attr);
}

mlir::Type getComputeType(mlir::Type element) {
  if (isBool(element)) {
    return element;
  }
  if (auto f = llvm::dyn_cast<mlir::FloatType>(element); f && f.getWidth() < 32) {
    return mlir::Float32Type::get(element.getContext());
  }
  return getStorageType(element);
}

Value fromStorage(mlir::OpBuilder &b, mlir::Location loc, Value v, mlir::Type element) {
  if (isBool(element)) {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, v, integerOf(b, loc, v.getType(), 0));
  }
  mlir::Type compute = getComputeType(element);
  if (compute != getStorageType(element)) {
    return arith::ExtFOp::create(b, loc, withElement(v.getType(), compute), v);
  }
  return v;
}

Value toStorage(mlir::OpBuilder &b, mlir::Location loc, Value v, mlir::Type element) {
  mlir::Type storage = withElement(v.getType(), getStorageType(element));
  if (isBool(element)) {
    return arith::ExtUIOp::create(b, loc, storage, v);
  }
  if (getComputeType(element) != getStorageType(element)) {
    return arith::TruncFOp::create(b, loc, storage, v);
  }
  return v;
}

Value emitAdd(mlir::OpBuilder &b, mlir::Location loc, Value x, Value y) {
  return llvm::isa<mlir::FloatType>(elementType(x.getType())) ? Value(arith::AddFOp::create(b, loc, x, y))
                                                              : Value(arith::AddIOp::create(b, loc, x, y));
}
Value emitMul(mlir::OpBuilder &b, mlir::Location loc, Value x, Value y) {
  return llvm::isa<mlir::FloatType>(elementType(x.getType())) ? Value(arith::MulFOp::create(b, loc, x, y))
                                                              : Value(arith::MulIOp::create(b, loc, x, y));
}
Value emitMin(mlir::OpBuilder &b, mlir::Location loc, Value x, Value y, mlir::Type element) {
  if (isFloat(element)) {
    return arith::MinimumFOp::create(b, loc, x, y);
  }
  return isUnsigned(element) ? Value(arith::MinUIOp::create(b, loc, x, y)) : Value(arith::MinSIOp::create(b, loc, x, y));
}
Value emitMax(mlir::OpBuilder &b, mlir::Location loc, Value x, Value y, mlir::Type element) {
  if (isFloat(element)) {
    return arith::MaximumFOp::create(b, loc, x, y);
  }
  return isUnsigned(element) ? Value(arith::MaxUIOp::create(b, loc, x, y)) : Value(arith::MaxSIOp::create(b, loc, x, y));
}

Value emitCast(mlir::OpBuilder &b, mlir::Location loc, Value v, mlir::Type from, mlir::Type to) {
  mlir::Type target = withElement(v.getType(), getComputeType(to));
  if (isBool(to)) {
    Value zero = isFloat(from) ? constantOf(b, loc, v.getType(), 0.0) : integerOf(b, loc, v.getType(), 0);
    return isBool(from)   ? v
           : isFloat(from) ? Value(arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, v, zero))
                           : Value(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, v, zero));
  }
  if (isFloat(from) && isFloat(to)) {
    unsigned a = elementType(v.getType()).getIntOrFloatBitWidth(), w = elementType(target).getIntOrFloatBitWidth();
    return a == w ? v : a < w ? Value(arith::ExtFOp::create(b, loc, target, v)) : Value(arith::TruncFOp::create(b, loc, target, v));
  }
  if (isFloat(to)) {
    return isUnsigned(from) || isBool(from) ? Value(arith::UIToFPOp::create(b, loc, target, v))
                                            : Value(arith::SIToFPOp::create(b, loc, target, v));
  }
  if (isFloat(from)) {
    return floatToInt(b, loc, v, to);
  }
  unsigned a = elementType(v.getType()).getIntOrFloatBitWidth(), w = elementType(target).getIntOrFloatBitWidth();
  if (a == w) {
    return v;
  }
  if (a > w) {
    return arith::TruncIOp::create(b, loc, target, v);
  }
  return isUnsigned(from) || isBool(from) ? Value(arith::ExtUIOp::create(b, loc, target, v))
                                          : Value(arith::ExtSIOp::create(b, loc, target, v));
}

Value clampToGreatest(mlir::OpBuilder &b, mlir::Location loc, Value v, mlir::Type element) {
  llvm::APFloat greatest = llvm::APFloat::getLargest(llvm::cast<mlir::FloatType>(element).getFloatSemantics());
  bool lost;
  greatest.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lost);
  double limit = greatest.convertToDouble();
  Value high = constantOf(b, loc, v.getType(), limit), low = constantOf(b, loc, v.getType(), -limit);
  return arith::MaximumFOp::create(b, loc, arith::MinimumFOp::create(b, loc, v, high), low);
}
} // namespace dlc::nn

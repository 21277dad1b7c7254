//===- FloatMath.h - builds scalar arithmetic on floats ---------------------------------------------===//
#ifndef DLC_DIALECTS_NN_LOWER_FLOATMATH_H
#define DLC_DIALECTS_NN_LOWER_FLOATMATH_H
#include "dialects/nn/lower/Lower.h"

namespace dlc::nn {
/// Arithmetic in one float type. Comparisons are ordered.
struct FloatMath {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type type;
  mlir::Value c(double v) const { return constantOf(b, loc, type, v); }
  mlir::Value add(mlir::Value x, mlir::Value y) const { return mlir::arith::AddFOp::create(b, loc, x, y); }
  mlir::Value sub(mlir::Value x, mlir::Value y) const { return mlir::arith::SubFOp::create(b, loc, x, y); }
  mlir::Value mul(mlir::Value x, mlir::Value y) const { return mlir::arith::MulFOp::create(b, loc, x, y); }
  mlir::Value div(mlir::Value x, mlir::Value y) const { return mlir::arith::DivFOp::create(b, loc, x, y); }
  mlir::Value add(mlir::Value x, double y) const { return y == 0 ? x : add(x, c(y)); }
  mlir::Value mul(mlir::Value x, double y) const { return y == 1 ? x : mul(x, c(y)); }
  mlir::Value abs(mlir::Value x) const { return mlir::math::AbsFOp::create(b, loc, x); }
  mlir::Value floor(mlir::Value x) const { return mlir::math::FloorOp::create(b, loc, x); }
  mlir::Value ceil(mlir::Value x) const { return mlir::math::CeilOp::create(b, loc, x); }
  mlir::Value roundEven(mlir::Value x) const { return mlir::math::RoundEvenOp::create(b, loc, x); }
  mlir::Value less(mlir::Value x, mlir::Value y) const {
    return mlir::arith::CmpFOp::create(b, loc, mlir::arith::CmpFPredicate::OLT, x, y);
  }
  mlir::Value lessEqual(mlir::Value x, mlir::Value y) const {
    return mlir::arith::CmpFOp::create(b, loc, mlir::arith::CmpFPredicate::OLE, x, y);
  }
  mlir::Value equal(mlir::Value x, mlir::Value y) const {
    return mlir::arith::CmpFOp::create(b, loc, mlir::arith::CmpFPredicate::OEQ, x, y);
  }
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y) const {
    return mlir::arith::SelectOp::create(b, loc, condition, x, y);
  }
  mlir::Value min(mlir::Value x, mlir::Value y) const { return select(less(x, y), x, y); }
  mlir::Value max(mlir::Value x, mlir::Value y) const { return select(less(y, x), x, y); }
  mlir::Value clamp(mlir::Value x, mlir::Value low, mlir::Value high) const { return min(max(x, low), high); }
  /// low <= x <= high.
  mlir::Value within(mlir::Value x, mlir::Value low, mlir::Value high) const {
    return mlir::arith::AndIOp::create(b, loc, lessEqual(low, x), lessEqual(x, high));
  }
  mlir::Value fromIndex(mlir::Value i) const {
    return mlir::arith::SIToFPOp::create(b, loc, type, mlir::arith::IndexCastOp::create(b, loc, b.getI64Type(), i));
  }
  /// A whole number as an index; numbers beyond +-2^30, and NaN, give one of these bounds.
  mlir::Value toIndex(mlir::Value x) const {
    mlir::Value safe = clamp(x, c(-1073741824.0), c(1073741824.0));
    return mlir::arith::IndexCastOp::create(b, loc, b.getIndexType(), mlir::arith::FPToSIOp::create(b, loc, b.getI32Type(), safe));
  }
  /// The weights of linear and cubic interpolation for an element at distance x.
  mlir::Value linearKernel(mlir::Value x) const { return max(sub(c(1), abs(x)), c(0)); }
  mlir::Value cubicKernel(mlir::Value x, double a) const {
    mlir::Value d = abs(x);
    mlir::Value near = add(mul(mul(add(mul(d, a + 2), -(a + 3)), d), d), 1);
    mlir::Value far = add(mul(add(mul(add(mul(d, a), -5 * a), d), 8 * a), d), -4 * a);
    return select(lessEqual(d, c(1)), near, select(less(d, c(2)), far, c(0)));
  }
};
} // namespace dlc::nn
#endif

//===- Windows.h - positions under a sliding window --------------------------------------------------===//
#ifndef DLC_DIALECTS_NN_LOWER_WINDOWS_H
#define DLC_DIALECTS_NN_LOWER_WINDOWS_H
#include "dialects/nn/lower/Lower.h"

namespace dlc::nn {
/// Builds index arithmetic.
struct IndexMath {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Value c(int64_t v) const { return mlir::arith::ConstantIndexOp::create(b, loc, v); }
  mlir::Value add(mlir::Value x, mlir::Value y) const { return mlir::arith::AddIOp::create(b, loc, x, y); }
  mlir::Value sub(mlir::Value x, mlir::Value y) const { return mlir::arith::SubIOp::create(b, loc, x, y); }
  mlir::Value mul(mlir::Value x, mlir::Value y) const { return mlir::arith::MulIOp::create(b, loc, x, y); }
  mlir::Value mul(mlir::Value x, int64_t y) const { return y == 1 ? x : mul(x, c(y)); }
  mlir::Value add(mlir::Value x, int64_t y) const { return y == 0 ? x : add(x, c(y)); }
  mlir::Value min(mlir::Value x, mlir::Value y) const { return mlir::arith::MinSIOp::create(b, loc, x, y); }
  mlir::Value max(mlir::Value x, mlir::Value y) const { return mlir::arith::MaxSIOp::create(b, loc, x, y); }
  mlir::Value floorDiv(mlir::Value x, mlir::Value y) const { return mlir::arith::FloorDivSIOp::create(b, loc, x, y); }
  mlir::Value ceilDiv(mlir::Value x, mlir::Value y) const { return mlir::arith::CeilDivSIOp::create(b, loc, x, y); }
  mlir::Value rem(mlir::Value x, mlir::Value y) const { return mlir::arith::RemSIOp::create(b, loc, x, y); }
  mlir::Value less(mlir::Value x, mlir::Value y) const {
    return mlir::arith::CmpIOp::create(b, loc, mlir::arith::CmpIPredicate::slt, x, y);
  }
  mlir::Value equal(mlir::Value x, mlir::Value y) const {
    return mlir::arith::CmpIOp::create(b, loc, mlir::arith::CmpIPredicate::eq, x, y);
  }
  /// 0 <= x < n in one unsigned comparison.
  mlir::Value inside(mlir::Value x, mlir::Value n) const {
    return mlir::arith::CmpIOp::create(b, loc, mlir::arith::CmpIPredicate::ult, x, n);
  }
  mlir::Value both(mlir::Value x, mlir::Value y) const { return x ? mlir::arith::AndIOp::create(b, loc, x, y) : y; }
  mlir::Value select(mlir::Value c, mlir::Value x, mlir::Value y) const {
    return mlir::arith::SelectOp::create(b, loc, c, x, y);
  }
  /// x clamped to [0, n).
  mlir::Value clamp(mlir::Value x, mlir::Value n) const { return max(min(x, add(n, -1)), c(0)); }
  /// An integer from data as an index; negative ones count from the end of `n` elements.
  mlir::Value fromEnd(mlir::Value integer, mlir::Value n) const {
    mlir::Value i = mlir::arith::IndexCastOp::create(b, loc, b.getIndexType(), integer);
    return select(less(i, c(0)), add(i, n), i);
  }
  /// The same, clamped to [0, n), so that no data reads out of bounds.
  mlir::Value wrapped(mlir::Value integer, mlir::Value n) const { return clamp(fromEnd(integer, n), n); }
};
} // namespace dlc::nn
#endif

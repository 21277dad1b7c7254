//===- OrderLower.cpp - positions of extremes, and running sums ----------------------------------------===//
#include "dialects/nn/lower/Registration.h"
#include "dialects/nn/lower/Windows.h"

namespace dlc::nn {
namespace {
namespace arith = mlir::arith;
using mlir::Value;
using Indices = llvm::SmallVector<Value>;

Indices withIndex(mlir::ValueRange i, int64_t axis, Value index) {
  Indices at(i);
  at[axis] = index;
  return at;
}

/// Comparisons of numbers of the nn type `element`; floats compare as ordered.
struct Compare {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type element;
  Value less(Value x, Value y) const {
    if (isFloat(element)) {
      return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, y);
    }
    bool u = element.isUnsignedInteger();
    return arith::CmpIOp::create(b, loc, u ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt, x, y);
  }
  Value equal(Value x, Value y) const {
    return isFloat(element) ? Value(arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, x, y))
                            : Value(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x, y));
  }
};

/// Reduces to the best position so far; its element is read again.
llvm::LogicalResult lowerArgReduce(ArgReduceOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  int64_t axis = op.getAxis(), rank = rankOf(op.getInput());
  mlir::Type element = elementOf(op.getInput()), i64 = c.b.getI64Type();
  dim::Expr size = shapeOf(op.getInput())[axis];
  Value best = c.reduce(
      shapeOf(op.getResult()), {size}, i64, integerOf(c.b, c.loc, i64, 0),
      [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) -> Value {
        IndexMath m{b, loc};
        Compare compare{b, loc, element};
        Indices at(i.drop_back());
        if (static_cast<int64_t>(at.size()) < rank) {
          at.insert(at.begin() + axis, i.back());
        }
        auto read = [&](Value k) { return fromStorage(b, loc, LowerContext::extract(b, loc, operands[0], withIndex(at, axis, k)), element); };
        Value x = read(i.back()), y = read(arith::IndexCastOp::create(b, loc, b.getIndexType(), acc));
        Value wins = op.getKind() == ReduceKind::Max ? compare.less(y, x) : compare.less(x, y);
        if (op.getSelectLast()) {
          wins = arith::OrIOp::create(b, loc, wins, compare.equal(x, y));
        }
        return m.select(wins, arith::IndexCastOp::create(b, loc, i64, i.back()), acc);
      });
  results.push_back(best);
  return mlir::success();
}

/// A scan along the axis; in reverse, over the mirrored input, mirrored again where it is read.
template <class Op, auto combine>
llvm::LogicalResult lowerCumulative(Op op, LowerContext &c, Lowered operands, LoweredResults &results) {
  int64_t axis = op.getAxis();
  mlir::Type element = elementOf(op.getInput()), storage = getStorageType(element);
  dim::Shape shape = shapeOf(op.getInput());
  Value last = op.getReverse() ? c.size(dim::sub(shape[axis], dim::constant(op.getContext(), 1))) : Value();
  auto mirrored = [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    return last ? withIndex(i, axis, arith::SubIOp::create(b, loc, last, i[axis])) : Indices(i);
  };
  constexpr bool isProduct = std::is_same_v<Op, CumProdOp>;
  Value init = constantOf(c.b, c.loc, getComputeType(element), isProduct);
  Value scan = c.scan(shape, axis, storage, init, [&](mlir::OpBuilder &b, mlir::Location loc, Value carried, mlir::ValueRange i) {
    Value x = fromStorage(b, loc, LowerContext::extract(b, loc, operands[0], mirrored(b, loc, i)), element);
    Value next = combine(b, loc, carried, x);
    return std::pair(toStorage(b, loc, op.getExclusive() ? carried : next, element), next);
  });
  results.push_back(!last ? scan : c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    return LowerContext::extract(b, loc, scan, mirrored(b, loc, i));
  }));
  return mlir::success();
}
} // namespace

void attachOrderLower(mlir::MLIRContext &context) {
  attachLower<ArgReduceOp, lowerArgReduce>(context);
  attachLower<CumSumOp, lowerCumulative<CumSumOp, emitAdd>>(context);
  attachLower<CumProdOp, lowerCumulative<CumProdOp, emitMul>>(context);
}
} // namespace dlc::nn

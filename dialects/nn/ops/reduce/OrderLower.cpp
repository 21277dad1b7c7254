//===- OrderLower.cpp - positions of extremes, running sums and top-k ------------------------------------===//
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
  /// Whether x comes before y among the greatest (or least) first; NaN is greater than everything.
  Value before(Value x, Value y, bool greatest) const {
    Value wins = greatest ? less(y, x) : less(x, y);
    if (!isFloat(element)) {
      return wins;
    }
    auto isNaN = [&](Value v) { return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, v, v).getResult(); };
    auto isNumber = [&](Value v) { return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, v, v).getResult(); };
    Value nan = greatest ? both(isNaN(x), isNumber(y)) : both(isNumber(x), isNaN(y));
    return arith::OrIOp::create(b, loc, wins, nan);
  }
  Value both(Value x, Value y) const { return arith::AndIOp::create(b, loc, x, y); }
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

/// Counts for each element how many come before it: its place in the order. Then every place looks for its element.
/// For n elements along the axis: n^2 comparisons and k n reads, all independent.
llvm::LogicalResult lowerTopK(TopKOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  int64_t axis = op.getAxis();
  mlir::Type element = elementOf(op.getInput()), i64 = c.b.getI64Type();
  dim::Shape shape = shapeOf(op.getInput());
  Value zero = integerOf(c.b, c.loc, i64, 0);
  Value place = c.reduce(shape, {shape[axis]}, i64, zero, [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    Compare compare{b, loc, element};
    auto read = [&](Value k) {
      return fromStorage(b, loc, LowerContext::extract(b, loc, operands[0], withIndex(i.drop_back(), axis, k)), element);
    };
    Value x = read(i[axis]), other = read(i.back());
    Value first = compare.before(other, x, op.getLargest()), later = compare.before(x, other, op.getLargest());
    // Of equal elements, those with a lower index come first.
    Value comesFirst = m.select(later, integerOf(b, loc, b.getI1Type(), 0), m.select(first, first, m.less(i.back(), i[axis])));
    return emitAdd(b, loc, acc, arith::ExtUIOp::create(b, loc, i64, comesFirst));
  });
  Value position = c.reduce(shapeOf(op.getIndices()), {shape[axis]}, i64, zero,
                            [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
                              IndexMath m{b, loc};
                              Value p = LowerContext::extract(b, loc, place, withIndex(i.drop_back(), axis, i.back()));
                              Value here = m.equal(p, arith::IndexCastOp::create(b, loc, i64, i[axis]));
                              return m.select(here, arith::IndexCastOp::create(b, loc, i64, i.back()), acc);
                            });
  results.push_back(c.compute(op.getValues(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    Value from = arith::IndexCastOp::create(b, loc, b.getIndexType(), LowerContext::extract(b, loc, position, i));
    return LowerContext::extract(b, loc, operands[0], withIndex(i, axis, from));
  }));
  results.push_back(position);
  return mlir::success();
}
} // namespace

void attachOrderLower(mlir::MLIRContext &context) {
  attachLower<ArgReduceOp, lowerArgReduce>(context);
  attachLower<CumSumOp, lowerCumulative<CumSumOp, emitAdd>>(context);
  attachLower<CumProdOp, lowerCumulative<CumProdOp, emitMul>>(context);
  attachLower<TopKOp, lowerTopK>(context);
}
} // namespace dlc::nn

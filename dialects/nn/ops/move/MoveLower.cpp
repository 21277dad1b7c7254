//===- MoveLower.cpp - data movement as index arithmetic ------------------------------------------------===//
#include "dialects/nn/lower/Registration.h"
#include "dialects/nn/lower/Windows.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace dlc::nn {
namespace {
using mlir::Value;

/// Removes dims of size 1.
llvm::SmallVector<unsigned> nonUnitDims(llvm::ArrayRef<dim::Expr> shape) {
  llvm::SmallVector<unsigned> dims;
  for (auto [i, e] : llvm::enumerate(shape)) {
    if (!dim::isConstant(e, 1)) {
      dims.push_back(i);
    }
  }
  return dims;
}

llvm::LogicalResult lowerReshape(ReshapeOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape from = shapeOf(op.getInput()), to = shapeOf(op.getResult());
  llvm::SmallVector<unsigned> a = nonUnitDims(from), d = nonUnitDims(to);
  bool sameDims = a.size() == d.size() && llvm::all_of(llvm::zip(a, d), [&](auto p) {
    return dim::equal(from[std::get<0>(p)], to[std::get<1>(p)]);
  });
  llvm::SmallVector<Value> fromSizes, toSizes;
  if (!sameDims) {
    llvm::transform(from, std::back_inserter(fromSizes), [&](dim::Expr e) { return c.size(e); });
    llvm::transform(to, std::back_inserter(toSizes), [&](dim::Expr e) { return c.size(e); });
  }
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    llvm::SmallVector<Value> at(from.size(), m.c(0));
    if (sameDims) {
      for (auto [x, y] : llvm::zip(a, d)) {
        at[x] = i[y];
      }
      return LowerContext::extract(b, loc, operands[0], at);
    }
    Value linear = m.c(0);
    for (auto [index, size] : llvm::zip(i, toSizes)) {
      linear = m.add(m.mul(linear, size), index);
    }
    for (size_t k = from.size(); k-- > 0;) {
      at[k] = k == 0 ? linear : mlir::arith::RemUIOp::create(b, loc, linear, fromSizes[k]);
      linear = k == 0 ? linear : mlir::arith::DivUIOp::create(b, loc, linear, fromSizes[k]);
    }
    return LowerContext::extract(b, loc, operands[0], at);
  }));
  return mlir::success();
}

llvm::LogicalResult lowerBroadcast(BroadcastOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape from = shapeOf(op.getInput()), to = shapeOf(op.getResult());
  llvm::SmallVector<Value> sizes;
  llvm::transform(from, std::back_inserter(sizes), [&](dim::Expr e) { return c.size(e); });
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    llvm::SmallVector<Value> at;
    for (auto [k, e] : llvm::enumerate(from)) {
      unsigned d = to.size() - from.size() + k;
      at.push_back(dim::equal(e, to[d])       ? i[d]
                   : dim::isConstant(e, 1) ? m.c(0)
                                           : m.select(m.equal(sizes[k], m.c(1)), m.c(0), i[d]));
    }
    return LowerContext::extract(b, loc, operands[0], at);
  }));
  return mlir::success();
}

llvm::LogicalResult lowerTranspose(TransposeOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  llvm::SmallVector<mlir::AffineExpr> exprs(op.getPermutation().size());
  for (auto [i, p] : llvm::enumerate(op.getPermutation())) {
    exprs[p] = c.b.getAffineDimExpr(i);
  }
  mlir::AffineMap map = mlir::AffineMap::get(exprs.size(), 0, exprs, op.getContext());
  results.push_back(c.map(shapeOf(op.getResult()), getStorageType(elementOf(op.getResult())), operands[0], map,
                          [](mlir::OpBuilder &, mlir::Location, mlir::ValueRange v) { return v[0]; }));
  return mlir::success();
}

llvm::LogicalResult lowerSlice(SliceOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  llvm::SmallVector<Value> starts;
  llvm::transform(op.getStarts().getDims(), std::back_inserter(starts), [&](dim::Expr e) { return c.size(e); });
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    llvm::SmallVector<Value> at;
    for (auto [k, start] : llvm::enumerate(starts)) {
      Value offset = m.mul(i[k], op.getSteps()[k]);
      at.push_back(dim::isConstant(op.getStarts().getDims()[k], 0) ? offset : m.add(start, offset));
    }
    return LowerContext::extract(b, loc, operands[0], at);
  }));
  return mlir::success();
}

/// The element of input `k` or a later one, whose begin along the axis is `begins[k]`.
Value concatElement(mlir::OpBuilder &b, mlir::Location loc, Lowered inputs, llvm::ArrayRef<Value> begins, mlir::ValueRange i,
                    unsigned axis, unsigned k) {
  IndexMath m{b, loc};
  auto read = [&](mlir::OpBuilder &nested) -> Value {
    llvm::SmallVector<Value> at(i);
    at[axis] = mlir::arith::SubIOp::create(nested, loc, i[axis], begins[k]);
    return LowerContext::extract(nested, loc, inputs[k], at);
  };
  if (k + 1 == inputs.size()) {
    return read(b);
  }
  auto branch = mlir::scf::IfOp::create(
      b, loc, m.less(i[axis], begins[k + 1]),
      [&](mlir::OpBuilder &nested, mlir::Location l) { mlir::scf::YieldOp::create(nested, l, read(nested)); },
      [&](mlir::OpBuilder &nested, mlir::Location l) {
        mlir::scf::YieldOp::create(nested, l, concatElement(nested, l, inputs, begins, i, axis, k + 1));
      });
  return branch.getResult(0);
}

llvm::LogicalResult lowerConcat(ConcatOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  llvm::SmallVector<Value> begins;
  dim::Expr at = dim::constant(op.getContext(), 0);
  for (Value v : op.getInputs()) {
    begins.push_back(c.size(at));
    at = dim::add(at, shapeOf(v)[op.getAxis()]);
  }
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    return concatElement(b, loc, operands, begins, i, op.getAxis(), 0);
  }));
  return mlir::success();
}

llvm::LogicalResult lowerGather(GatherOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  unsigned axis = op.getAxis(), rank = rankOf(op.getIndices());
  Value size = c.size(shapeOf(op.getInput())[axis]);
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    Value raw = LowerContext::extract(b, loc, operands[1], i.slice(axis, rank));
    Value index = mlir::arith::IndexCastOp::create(b, loc, b.getIndexType(), raw);
    index = m.select(m.less(index, m.c(0)), m.add(index, size), index);
    llvm::SmallVector<Value> at(i.take_front(axis));
    at.push_back(m.clamp(index, size));
    llvm::append_range(at, i.drop_front(axis + rank));
    return LowerContext::extract(b, loc, operands[0], at);
  }));
  return mlir::success();
}

/// Where index `p` (relative to the input, possibly outside of [0, n)) reads in modes other than constant.
Value padSource(const IndexMath &m, PadMode mode, Value p, Value n) {
  switch (mode) {
  case PadMode::Reflect: {
    // The pattern repeats every 2 (n - 1); n = 1 repeats its only element.
    Value period = m.max(m.mul(m.add(n, -1), 2), m.c(1));
    Value r = m.rem(p, period);
    r = m.select(m.less(r, m.c(0)), m.add(r, period), r);
    return m.clamp(m.select(m.less(r, n), r, m.sub(period, r)), n);
  }
  case PadMode::Wrap: {
    Value r = m.rem(p, m.max(n, m.c(1)));
    return m.select(m.less(r, m.c(0)), m.add(r, n), r);
  }
  default:
    return m.clamp(p, n);
  }
}

llvm::LogicalResult lowerPad(PadOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape input = shapeOf(op.getInput());
  llvm::SmallVector<Value> begins, sizes;
  llvm::transform(op.getBegins().getDims(), std::back_inserter(begins), [&](dim::Expr e) { return c.size(e); });
  llvm::transform(input, std::back_inserter(sizes), [&](dim::Expr e) { return c.size(e); });
  mlir::Type storage = getStorageType(elementOf(op.getResult()));
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) -> Value {
    IndexMath m{b, loc};
    llvm::SmallVector<Value> at;
    Value valid;
    for (size_t k = 0; k < input.size(); ++k) {
      bool untouched = dim::isConstant(op.getBegins().getDims()[k], 0) && dim::isConstant(op.getEnds().getDims()[k], 0);
      Value p = untouched ? i[k] : m.sub(i[k], begins[k]);
      if (!untouched && op.getMode() == PadMode::Constant) {
        valid = m.both(valid, m.inside(p, sizes[k]));
      }
      at.push_back(untouched ? p : padSource(m, op.getMode(), p, sizes[k]));
    }
    Value x = LowerContext::extract(b, loc, operands[0], at);
    if (!valid) {
      return x;
    }
    llvm::SmallVector<Value> first(op.getValue() ? rankOf(op.getValue()) : 0, m.c(0));
    Value outside = operands.size() > 1 && operands[1] ? LowerContext::extract(b, loc, operands[1], first)
                                                       : constantOf(b, loc, storage, 0);
    return m.select(valid, x, outside);
  }));
  return mlir::success();
}
} // namespace

void attachMoveLower(mlir::MLIRContext &context) {
  attachLower<ReshapeOp, lowerReshape>(context);
  attachLower<BroadcastOp, lowerBroadcast>(context);
  attachLower<TransposeOp, lowerTranspose>(context);
  attachLower<SliceOp, lowerSlice>(context);
  attachLower<ConcatOp, lowerConcat>(context);
  attachLower<GatherOp, lowerGather>(context);
  attachLower<PadOp, lowerPad>(context);
}
} // namespace dlc::nn

//===- PoolLower.cpp - pooling as reductions over windows -------------------------------------------===//
#include "dialects/nn/lower/Registration.h"
#include "dialects/nn/lower/Windows.h"

namespace dlc::nn {
namespace {
using mlir::Value;

/// The window of a pooling op over a lowered input.
template <class Op> struct Window {
  Op op;
  LowerContext &c;
  Value input;
  int64_t n = rankOf(op.getInput()) - 2;
  int64_t first = op.getChannelLast() ? 1 : 2; // the first spatial dim
  mlir::Type element = elementOf(op.getInput());
  llvm::SmallVector<Value> sizes;
  dim::Shape kernel;

  Window(Op op, LowerContext &c, Value input) : op(op), c(c), input(input) {
    for (int64_t i = 0; i < n; ++i) {
      sizes.push_back(c.size(shapeOf(op.getInput())[first + i]));
      kernel.push_back(dim::constant(op.getContext(), op.getKernel()[i]));
    }
  }
  /// Reduces the window's elements that are inside the input.
  Value reduce(Value init, llvm::function_ref<Value(mlir::OpBuilder &, mlir::Location, Value, Value)> combine) {
    return reduceAt(init, [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, Value x, mlir::ValueRange) {
      return combine(b, loc, acc, x);
    });
  }
  /// The same; `combine` also gets the element's indices.
  Value reduceAt(Value init,
                 llvm::function_ref<Value(mlir::OpBuilder &, mlir::Location, Value, Value, mlir::ValueRange)> combine) {
    dim::Shape shape = shapeOf(op.getResult());
    return c.reduce(shape, kernel, init.getType(), init,
                    [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) -> Value {
                      IndexMath m{b, loc};
                      llvm::SmallVector<Value> at(i.take_front(shape.size()));
                      Value valid;
                      for (int64_t s = 0; s < n; ++s) {
                        Value p = m.add(m.mul(i[first + s], op.getStrides()[s]), m.mul(i[shape.size() + s], op.getDilations()[s]));
                        p = m.add(p, -op.getPads()[s]);
                        if (needsCheck(s)) {
                          valid = m.both(valid, m.inside(p, sizes[s]));
                          p = m.clamp(p, sizes[s]);
                        }
                        at[first + s] = p;
                      }
                      Value x = fromStorage(b, loc, LowerContext::extract(b, loc, input, at), element);
                      Value r = combine(b, loc, acc, x, at);
                      return valid ? m.select(valid, r, acc) : r;
                    });
  }
  /// Whether windows reach outside of the input along spatial dim `s`.
  bool needsCheck(int64_t s) {
    return op.getPads()[s] != 0 || op.getPads()[n + s] != 0 || op.getCeilMode();
  }
  /// How many of the window's positions along `s` count: those in the input or, with `padded`, in its padding too.
  Value count(const IndexMath &m, Value out, int64_t s, bool padded) {
    Value start = m.add(m.mul(out, op.getStrides()[s]), -op.getPads()[s]);
    Value limit = padded ? m.add(sizes[s], op.getPads()[n + s]) : sizes[s];
    Value d = m.c(op.getDilations()[s]);
    Value low = padded ? m.c(0) : m.max(m.c(0), m.ceilDiv(m.sub(m.c(0), start), d));
    Value high = m.min(m.c(op.getKernel()[s]), m.ceilDiv(m.sub(limit, start), d));
    return m.max(m.sub(high, low), m.c(0));
  }
};

/// What every number of the type is at least.
Value lowestOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Type element) {
  mlir::Type type = getComputeType(element);
  if (isFloat(element)) {
    return constantOf(b, loc, type, -std::numeric_limits<double>::infinity());
  }
  unsigned width = type.getIntOrFloatBitWidth();
  llvm::APInt least = element.isUnsignedInteger() ? llvm::APInt::getMinValue(width) : llvm::APInt::getSignedMinValue(width);
  return mlir::arith::ConstantOp::create(b, loc, mlir::IntegerAttr::get(type, least));
}

llvm::LogicalResult lowerMaxPool(MaxPoolOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  Window<MaxPoolOp> w(op, c, operands[0]);
  mlir::Type element = w.element, type = getComputeType(element);
  Value peak = w.reduce(lowestOf(c.b, c.loc, element), [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, Value x) {
    return emitMax(b, loc, acc, x, element);
  });
  results.push_back(type == getStorageType(element)
                        ? peak
                        : c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
                            return toStorage(b, loc, LowerContext::extract(b, loc, peak, i), element);
                          }));
  return mlir::success();
}

llvm::LogicalResult lowerAvgPool(AvgPoolOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  Window<AvgPoolOp> w(op, c, operands[0]);
  mlir::Type element = w.element, type = getComputeType(element);
  if (!isFloat(element)) {
    return op.emitOpError() << "expected floating-point numbers, got " << element;
  }
  Value sum = w.reduce(constantOf(c.b, c.loc, type, 0), [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, Value x) {
    return emitAdd(b, loc, acc, x);
  });
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    Value count = m.c(1);
    for (int64_t s = 0; s < w.n; ++s) {
      bool whole = !w.needsCheck(s);
      count = m.mul(count, whole ? m.c(op.getKernel()[s]) : w.count(m, i[w.first + s], s, op.getCountIncludePad()));
    }
    Value n = mlir::arith::SIToFPOp::create(b, loc, type, mlir::arith::IndexCastOp::create(b, loc, b.getI64Type(), count));
    Value v = mlir::arith::DivFOp::create(b, loc, LowerContext::extract(b, loc, sum, i), n);
    return toStorage(b, loc, v, element);
  }));
  return mlir::success();
}

llvm::LogicalResult lowerLpPool(LpPoolOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  Window<LpPoolOp> w(op, c, operands[0]);
  mlir::Type element = w.element, type = getComputeType(element);
  if (!isFloat(element)) {
    return op.emitOpError() << "expected floating-point numbers, got " << element;
  }
  auto power = [&](mlir::OpBuilder &b, mlir::Location loc, Value x, double p) -> Value {
    return p == 1     ? x
           : p == 2   ? mlir::arith::MulFOp::create(b, loc, x, x).getResult()
           : p == 0.5 ? mlir::math::SqrtOp::create(b, loc, x).getResult()
                      : mlir::math::PowFOp::create(b, loc, x, constantOf(b, loc, type, p)).getResult();
  };
  double p = double(op.getP());
  Value sum = w.reduce(constantOf(c.b, c.loc, type, 0), [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, Value x) {
    return emitAdd(b, loc, acc, power(b, loc, mlir::math::AbsFOp::create(b, loc, x), p));
  });
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    return toStorage(b, loc, power(b, loc, LowerContext::extract(b, loc, sum, i), 1 / p), element);
  }));
  return mlir::success();
}

/// The window is reduced to the spatial position of its greatest element, counted in row-major order (or -1).
llvm::LogicalResult lowerMaxPoolIndices(MaxPoolIndicesOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  Window<MaxPoolIndicesOp> w(op, c, operands[0]);
  mlir::Type element = w.element, i64 = c.b.getI64Type();
  /// Spatial indices of position `p`.
  auto spatial = [&](const IndexMath &m, Value p) {
    llvm::SmallVector<Value> at(w.n);
    for (int64_t s = w.n; s-- > 0;) {
      at[s] = s == 0 ? p : mlir::arith::RemUIOp::create(m.b, m.loc, p, w.sizes[s]).getResult();
      p = s == 0 ? p : mlir::arith::DivUIOp::create(m.b, m.loc, p, w.sizes[s]).getResult();
    }
    return at;
  };
  auto linear = [&](const IndexMath &m, mlir::ValueRange at, bool columnMajor) {
    Value p = m.c(0);
    for (int64_t s = 0; s < w.n; ++s) {
      int64_t d = columnMajor ? w.n - 1 - s : s;
      p = m.add(m.mul(p, w.sizes[d]), at[d]);
    }
    return p;
  };
  auto read = [&](const IndexMath &m, mlir::ValueRange plane, Value position) {
    Value p = m.max(mlir::arith::IndexCastOp::create(m.b, m.loc, m.b.getIndexType(), position), m.c(0));
    llvm::SmallVector<Value> at(plane.take_front(2));
    llvm::append_range(at, spatial(m, p));
    return LowerContext::extract(m.b, m.loc, operands[0], at);
  };
  auto isNone = [&](const IndexMath &m, Value position) {
    return mlir::arith::CmpIOp::create(m.b, m.loc, mlir::arith::CmpIPredicate::slt, position, integerOf(m.b, m.loc, i64, 0)).getResult();
  };
  Value best = w.reduceAt(integerOf(c.b, c.loc, i64, -1), [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, Value x, mlir::ValueRange at) {
    IndexMath m{b, loc};
    Value y = fromStorage(b, loc, read(m, at, acc), element);
    Value greater = isFloat(element) ? mlir::arith::CmpFOp::create(b, loc, mlir::arith::CmpFPredicate::OGT, x, y).getResult()
                                     : mlir::arith::CmpIOp::create(b, loc, element.isUnsignedInteger() ? mlir::arith::CmpIPredicate::ugt : mlir::arith::CmpIPredicate::sgt, x, y).getResult();
    Value here = mlir::arith::IndexCastOp::create(b, loc, i64, linear(m, at.drop_front(2), false));
    return m.select(mlir::arith::OrIOp::create(b, loc, isNone(m, acc), greater), here, acc);
  });
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    Value position = LowerContext::extract(b, loc, best, i);
    return m.select(isNone(m, position), toStorage(b, loc, lowestOf(b, loc, element), element), read(m, i, position));
  }));
  dim::Shape input = shapeOf(op.getInput());
  Value channels = c.size(input[1]), plane = c.size(dim::product(op.getContext(), llvm::ArrayRef(input).drop_front(2)));
  results.push_back(c.compute(op.getIndices(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    Value position = LowerContext::extract(b, loc, best, i);
    Value p = m.max(mlir::arith::IndexCastOp::create(b, loc, b.getIndexType(), position), m.c(0));
    p = op.getStorageOrder() ? linear(m, spatial(m, p), true) : p;
    p = m.add(m.mul(m.add(m.mul(i[0], channels), i[1]), plane), p);
    return m.select(isNone(m, position), position, mlir::arith::IndexCastOp::create(b, loc, i64, p));
  }));
  return mlir::success();
}

/// Each element looks for the last one that is put on it, among those of its own [N, C] plane: an element of a window
/// never leaves its channel. The cost: (elements of the result) * (elements of a plane of the input).
llvm::LogicalResult lowerMaxUnpool(MaxUnpoolOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape input = shapeOf(op.getInput()), shape = shapeOf(op.getResult());
  llvm::ArrayRef<dim::Expr> indexed = op.getIndexed().getDims(), window = llvm::ArrayRef(input).drop_front(2);
  size_t rank = shape.size();
  if (rank < 3) {
    return op.emitOpError() << "expected a tensor of rank 3 or more, got " << op.getInput().getType();
  }
  llvm::SmallVector<Value> limits, sizes;
  llvm::transform(indexed, std::back_inserter(limits), [&](dim::Expr e) { return c.size(e); });
  llvm::transform(window, std::back_inserter(sizes), [&](dim::Expr e) { return c.size(e); });
  mlir::Type i64 = c.b.getI64Type(), storage = getStorageType(elementOf(op.getInput()));
  Value found = c.reduce(shape, window, i64, integerOf(c.b, c.loc, i64, -1), [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    Value index = m.c(0), number = m.c(0), within;
    for (size_t d = 0; d < rank; ++d) {
      index = m.add(m.mul(index, limits[d]), i[d]);
      within = dim::equal(indexed[d], shape[d]) ? within : m.both(within, m.less(i[d], limits[d]));
    }
    for (size_t d = 0; d < sizes.size(); ++d) {
      number = m.add(m.mul(number, sizes[d]), i[rank + d]);
    }
    llvm::SmallVector<Value> at(i.take_front(2));
    llvm::append_range(at, i.drop_front(rank));
    Value target = mlir::arith::IndexCastOp::create(b, loc, b.getIndexType(), LowerContext::extract(b, loc, operands[1], at));
    return m.select(m.both(within, m.equal(target, index)), mlir::arith::IndexCastOp::create(b, loc, i64, number), acc);
  });
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    Value raw = mlir::arith::IndexCastOp::create(b, loc, b.getIndexType(), LowerContext::extract(b, loc, found, i)), p = m.max(raw, m.c(0));
    llvm::SmallVector<Value> at(i.take_front(2)), inner(sizes.size());
    for (size_t d = sizes.size(); d-- > 0;) {
      inner[d] = d == 0 ? p : mlir::arith::RemUIOp::create(b, loc, p, sizes[d]).getResult();
      p = d == 0 ? p : mlir::arith::DivUIOp::create(b, loc, p, sizes[d]).getResult();
    }
    llvm::append_range(at, inner);
    return m.select(m.less(raw, m.c(0)), constantOf(b, loc, storage, 0), LowerContext::extract(b, loc, operands[0], at));
  }));
  return mlir::success();
}
} // namespace

void attachPoolLower(mlir::MLIRContext &context) {
  attachLower<MaxPoolOp, lowerMaxPool>(context);
  attachLower<AvgPoolOp, lowerAvgPool>(context);
  attachLower<LpPoolOp, lowerLpPool>(context);
  attachLower<MaxPoolIndicesOp, lowerMaxPoolIndices>(context);
  attachLower<MaxUnpoolOp, lowerMaxUnpool>(context);
}
} // namespace dlc::nn

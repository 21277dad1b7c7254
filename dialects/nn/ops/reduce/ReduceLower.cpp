//===- ReduceLower.cpp - reductions and softmax ---------------------------------------------------===//
#include "dialects/nn/Precision.h"
#include "dialects/nn/lower/Registration.h"

namespace dlc::nn {
namespace {
namespace arith = mlir::arith;
using mlir::Value;

/// Sums may be reordered (into a fixed order, chosen when the kernel is compiled).
Value add(mlir::OpBuilder &b, mlir::Location loc, Value x, Value y) {
  if (llvm::isa<mlir::FloatType>(x.getType())) {
    return arith::AddFOp::create(b, loc, x, y, arith::FastMathFlags::reassoc | arith::FastMathFlags::contract);
  }
  return arith::AddIOp::create(b, loc, x, y);
}
Value mul(mlir::OpBuilder &b, mlir::Location loc, Value x, Value y) {
  if (llvm::isa<mlir::FloatType>(x.getType())) {
    return arith::MulFOp::create(b, loc, x, y, arith::FastMathFlags::reassoc | arith::FastMathFlags::contract);
  }
  return arith::MulIOp::create(b, loc, x, y);
}

Value abs(mlir::OpBuilder &b, mlir::Location loc, Value x, mlir::Type element) {
  if (isFloat(element)) {
    return mlir::math::AbsFOp::create(b, loc, x);
  }
  if (element.isUnsignedInteger()) {
    return x;
  }
  return arith::MaxSIOp::create(b, loc, x, arith::SubIOp::create(b, loc, integerOf(b, loc, x.getType(), 0), x));
}

/// The identity of min or max; integers take the ends of their range.
Value extreme(mlir::OpBuilder &b, mlir::Location loc, mlir::Type element, bool greatest) {
  mlir::Type type = getComputeType(element);
  if (isFloat(element)) {
    double inf = std::numeric_limits<double>::infinity();
    return constantOf(b, loc, type, greatest ? inf : -inf);
  }
  if (isBool(element)) {
    return integerOf(b, loc, type, greatest);
  }
  unsigned width = type.getIntOrFloatBitWidth();
  bool u = element.isUnsignedInteger();
  llvm::APInt v = greatest ? (u ? llvm::APInt::getMaxValue(width) : llvm::APInt::getSignedMaxValue(width))
                           : (u ? llvm::APInt::getMinValue(width) : llvm::APInt::getSignedMinValue(width));
  return arith::ConstantOp::create(b, loc, mlir::IntegerAttr::get(type, v));
}

struct Reduction {
  LowerContext &c;
  Value input;        // the nn value
  Value lowered;
  llvm::SmallVector<bool> reduced;
  mlir::Type element = elementOf(input);
  dim::Shape kept, gone;
  /// Reduced dims are kept as ones: loops that a result of the same shape shares.
  bool withOnes;

  Reduction(LowerContext &c, Value input, Value lowered, llvm::ArrayRef<int64_t> axes, bool withOnes = false)
      : c(c), input(input), lowered(lowered), reduced(rankOf(input)), withOnes(withOnes) {
    for (int64_t a : axes) {
      reduced[a] = true;
    }
    for (auto [size, r] : llvm::zip(shapeOf(input), reduced)) {
      (r ? gone : kept).push_back(size);
      if (r && withOnes) {
        kept.push_back(dim::constant(c.b.getContext(), 1));
      }
    }
  }
  /// The input's element at the indices of kept dims, then reduced dims, in the compute type.
  Value read(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange indices) const {
    llvm::SmallVector<Value> at;
    unsigned k = 0, g = kept.size();
    for (bool r : reduced) {
      at.push_back(indices[r ? g++ : k++]);
      k += r && withOnes;
    }
    return fromStorage(b, loc, LowerContext::extract(b, loc, lowered, at), element);
  }
  /// combine(acc, f(element, kept indices)) over the reduced dims; elements of the compute type.
  Value run(Value init, llvm::function_ref<Value(mlir::OpBuilder &, mlir::Location, Value, Value, mlir::ValueRange)> step) const {
    return c.reduce(kept, gone, init.getType(), init,
                    [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange indices) {
                      return step(b, loc, acc, read(b, loc, indices), indices.take_front(kept.size()));
                    });
  }
};

/// i1 accumulators are kept as bytes.
Value reduceKind(const Reduction &r, ReduceKind kind) {
  LowerContext &c = r.c;
  mlir::Type element = r.element;
  auto zero = [&]() { return constantOf(c.b, c.loc, getComputeType(element), 0); };
  auto sum = [&](auto f) {
    return r.run(zero(), [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, Value x, mlir::ValueRange) {
      return add(b, loc, acc, f(b, loc, x));
    });
  };
  switch (kind) {
  case ReduceKind::Max:
  case ReduceKind::Min:
    return r.run(extreme(c.b, c.loc, element, kind == ReduceKind::Min),
                 [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, Value x, mlir::ValueRange) {
                   return kind == ReduceKind::Max ? emitMax(b, loc, acc, x, element) : emitMin(b, loc, acc, x, element);
                 });
  case ReduceKind::Prod:
    return r.run(constantOf(c.b, c.loc, getComputeType(element), 1),
                 [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, Value x, mlir::ValueRange) { return mul(b, loc, acc, x); });
  case ReduceKind::L1:
    return sum([&](mlir::OpBuilder &b, mlir::Location loc, Value x) { return abs(b, loc, x, element); });
  case ReduceKind::L2:
  case ReduceKind::SumSquare:
    return sum([&](mlir::OpBuilder &b, mlir::Location loc, Value x) { return mul(b, loc, x, x); });
  default:
    return sum([&](mlir::OpBuilder &, mlir::Location, Value x) { return x; });
  }
}

/// What is done with the reduced value at the end.
Value finish(mlir::OpBuilder &b, mlir::Location loc, ReduceKind kind, Value v, mlir::Type element, Value count) {
  if (kind == ReduceKind::Mean) {
    mlir::Type i64 = b.getI64Type();
    Value n = emitCast(b, loc, arith::IndexCastOp::create(b, loc, i64, count), i64, element);
    if (isFloat(element)) {
      return arith::DivFOp::create(b, loc, v, n);
    }
    Value one = constantOf(b, loc, n.getType(), 1);
    Value divisor = arith::MaxUIOp::create(b, loc, n, one);
    return element.isUnsignedInteger() ? Value(arith::DivUIOp::create(b, loc, v, divisor))
                                       : Value(arith::DivSIOp::create(b, loc, v, divisor));
  }
  if (kind == ReduceKind::L2 || kind == ReduceKind::LogSum) {
    mlir::Type f = isFloat(element) ? element : mlir::Type(b.getF64Type());
    Value x = emitCast(b, loc, v, element, f);
    x = kind == ReduceKind::L2 ? Value(mlir::math::SqrtOp::create(b, loc, x)) : Value(mlir::math::LogOp::create(b, loc, x));
    return emitCast(b, loc, x, f, element);
  }
  return v;
}

/// log(sum(exp(x - max))) + max, with max taken as 0 where it is infinite.
Value logSumExp(const Reduction &r) {
  LowerContext &c = r.c;
  Value peak = reduceKind(r, ReduceKind::Max);
  mlir::Type type = getComputeType(r.element);
  auto safePeak = [type](mlir::OpBuilder &b, mlir::Location loc, Value peak, mlir::ValueRange at) -> Value {
    Value m = LowerContext::extract(b, loc, peak, at);
    Value inf = constantOf(b, loc, type, std::numeric_limits<double>::infinity());
    Value finite = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, mlir::math::AbsFOp::create(b, loc, m), inf);
    return arith::SelectOp::create(b, loc, finite, m, constantOf(b, loc, type, 0));
  };
  Value sum = r.run(constantOf(c.b, c.loc, type, 0), [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, Value x, mlir::ValueRange at) {
    Value shifted = arith::SubFOp::create(b, loc, x, safePeak(b, loc, peak, at));
    return add(b, loc, acc, mlir::math::ExpOp::create(b, loc, shifted));
  });
  return c.compute(r.kept, type, [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange at) -> Value {
    Value l = mlir::math::LogOp::create(b, loc, LowerContext::extract(b, loc, sum, at));
    return arith::AddFOp::create(b, loc, l, safePeak(b, loc, peak, at));
  });
}

llvm::LogicalResult lowerReduce(ReduceOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  bool keep = op.getKeepDims();
  // Rows that are summed up to a number each have their loops to themselves.
  bool withOnes = keep && !op.getAxes().empty() && !llvm::is_contained(op.getAxes(), rankOf(op.getInput()) - 1);
  Reduction r(c, op.getInput(), operands[0], op.getAxes(), withOnes);
  mlir::Type element = r.element;
  if (op.getKind() == ReduceKind::LogSumExp && !isFloat(element)) {
    return op.emitOpError() << "expected floating-point numbers for log_sum_exp, got " << element;
  }
  if (isBool(element)) {
    return op.emitOpError() << "expected numbers, got booleans";
  }
  Value reduced = op.getKind() == ReduceKind::LogSumExp ? logSumExp(r) : reduceKind(r, op.getKind());
  Value count = c.size(dim::product(op.getContext(), r.gone));
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange indices) {
    llvm::SmallVector<Value> at;
    for (auto [i, gone] : llvm::enumerate(r.reduced)) {
      if (keep && !gone) {
        at.push_back(indices[i]);
      }
    }
    Value v = LowerContext::extract(b, loc, reduced, keep && !withOnes ? mlir::ValueRange(at) : indices);
    return toStorage(b, loc, finish(b, loc, op.getKind(), v, element, count), element);
  }));
  return mlir::success();
}

llvm::LogicalResult lowerSoftmax(SoftmaxOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  Reduction r(c, op.getInput(), operands[0], {int64_t(op.getAxis())});
  mlir::Type type = getComputeType(r.element);
  int64_t axis = op.getAxis();
  Value peak = reduceKind(r, ReduceKind::Max);
  auto without = [&](mlir::ValueRange indices) {
    llvm::SmallVector<Value> at(indices);
    at.erase(at.begin() + axis);
    return at;
  };
  // exp(x - max), kept: it is read twice.
  Value shifted = c.compute(shapeOf(op.getInput()), type, [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange indices) -> Value {
    Value x = fromStorage(b, loc, LowerContext::extract(b, loc, operands[0], indices), r.element);
    Value d = arith::SubFOp::create(b, loc, x, LowerContext::extract(b, loc, peak, without(indices)));
    return op.getLog() ? d : Value(mlir::math::ExpOp::create(b, loc, d, functionFlags(op)));
  });
  Reduction s(c, op.getInput(), shifted, {axis});
  s.element = type;
  Value sum = s.run(constantOf(c.b, c.loc, type, 0), [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, Value x, mlir::ValueRange) {
    return add(b, loc, acc, op.getLog() ? Value(mlir::math::ExpOp::create(b, loc, x)) : x);
  });
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange indices) {
    Value x = LowerContext::extract(b, loc, shifted, indices), total = LowerContext::extract(b, loc, sum, without(indices));
    Value v = op.getLog() ? Value(arith::SubFOp::create(b, loc, x, mlir::math::LogOp::create(b, loc, total)))
                          : Value(arith::DivFOp::create(b, loc, x, total));
    return toStorage(b, loc, v, r.element);
  }));
  return mlir::success();
}
} // namespace

void attachReduceLower(mlir::MLIRContext &context) {
  attachLower<ReduceOp, lowerReduce>(context);
  attachLower<SoftmaxOp, lowerSoftmax>(context);
}
} // namespace dlc::nn

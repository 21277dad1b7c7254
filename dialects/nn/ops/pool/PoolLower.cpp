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
                      Value r = combine(b, loc, acc, x);
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

llvm::LogicalResult lowerMaxPool(MaxPoolOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  Window<MaxPoolOp> w(op, c, operands[0]);
  mlir::Type element = w.element, type = getComputeType(element);
  Value init;
  if (isFloat(element)) {
    init = constantOf(c.b, c.loc, type, -std::numeric_limits<double>::infinity());
  } else {
    unsigned width = type.getIntOrFloatBitWidth();
    llvm::APInt least = element.isUnsignedInteger() ? llvm::APInt::getMinValue(width) : llvm::APInt::getSignedMinValue(width);
    init = mlir::arith::ConstantOp::create(c.b, c.loc, mlir::IntegerAttr::get(type, least));
  }
  Value peak = w.reduce(init, [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, Value x) {
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
} // namespace

void attachPoolLower(mlir::MLIRContext &context) {
  attachLower<MaxPoolOp, lowerMaxPool>(context);
  attachLower<AvgPoolOp, lowerAvgPool>(context);
}
} // namespace dlc::nn

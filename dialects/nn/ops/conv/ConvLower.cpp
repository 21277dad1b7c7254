//===- ConvLower.cpp - convolutions of any kind, as plain reductions -----------------------------------===//
#include "dialects/nn/lower/Registration.h"
#include "dialects/nn/lower/Windows.h"

namespace dlc::nn {
namespace {
using mlir::Value;

/// What both kinds of convolution share.
template <class Op> struct ConvDims {
  Op op;
  LowerContext &c;
  int64_t n = rankOf(op.getInput()) - 2;
  bool last = op.getChannelLast();
  int64_t channel = last ? n + 1 : 1, first = last ? 1 : 2;
  dim::Shape input = shapeOf(op.getInput()), weight = shapeOf(op.getWeight()), result = shapeOf(op.getResult());
  llvm::SmallVector<Value> sizes;
  mlir::Type element = elementOf(op.getResult()), compute = getComputeType(element);

  ConvDims(Op op, LowerContext &c) : op(op), c(c) {
    for (int64_t i = 0; i < n; ++i) {
      sizes.push_back(c.size(input[first + i]));
    }
  }
  /// Elements as numbers of the result's type.
  Value inputNumber(mlir::OpBuilder &b, mlir::Location loc, Value x) {
    return emitCast(b, loc, fromStorage(b, loc, x, elementOf(op.getInput())), elementOf(op.getInput()), element);
  }
  Value weightNumber(mlir::OpBuilder &b, mlir::Location loc, Value w) {
    return emitCast(b, loc, fromStorage(b, loc, w, elementOf(op.getWeight())), elementOf(op.getWeight()), element);
  }
  Value product(mlir::OpBuilder &b, mlir::Location loc, Value x, Value w) {
    return emitMul(b, loc, inputNumber(b, loc, x), weightNumber(b, loc, w));
  }
  /// Adds the bias and stores.
  Value finish(Value sum, Value bias) {
    if (!bias && compute == getStorageType(element)) {
      return sum;
    }
    return c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
      Value v = LowerContext::extract(b, loc, sum, i);
      if (bias) {
        Value x = LowerContext::extract(b, loc, bias, {i[channel]});
        v = emitAdd(b, loc, v, fromStorage(b, loc, x, element));
      }
      return toStorage(b, loc, v, element);
    });
  }
};

/// The sums of what `product(input, weight, output channel)` makes of the elements that meet.
template <class Op>
Value sumOfProducts(ConvDims<Op> &d, Lowered operands,
                    llvm::function_ref<Value(mlir::OpBuilder &, mlir::Location, Value, Value, Value)> product, int64_t padValue = 0) {
  Op op = d.op;
  LowerContext &c = d.c;
  dim::Expr outPerGroup = dim::floorDiv(d.weight[0], dim::constant(op.getContext(), op.getGroups()));
  Value perGroupOut = c.size(outPerGroup), perGroupIn = c.size(d.weight[1]);
  dim::Shape reduced(llvm::ArrayRef(d.weight).drop_front());
  unsigned rank = d.result.size();
  Value init = constantOf(c.b, c.loc, d.compute, 0);
  return c.reduce(d.result, reduced, d.compute, init, [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) -> Value {
    IndexMath m{b, loc};
    Value o = i[d.channel];
    llvm::SmallVector<Value> at(i.take_front(rank)), weight{o};
    Value group = op.getGroups() == 1 ? m.c(0) : m.floorDiv(o, perGroupOut);
    at[d.channel] = op.getGroups() == 1 ? i[rank] : m.add(m.mul(group, perGroupIn), i[rank]);
    weight.push_back(i[rank]);
    Value valid;
    for (int64_t s = 0; s < d.n; ++s) {
      Value k = i[rank + 1 + s];
      weight.push_back(k);
      Value p = m.add(m.add(m.mul(i[d.first + s], op.getStrides()[s]), m.mul(k, op.getDilations()[s])), -op.getPads()[s]);
      if (op.getPads()[s] || op.getPads()[d.n + s]) {
        valid = m.both(valid, m.inside(p, d.sizes[s]));
        p = m.clamp(p, d.sizes[s]);
      }
      at[d.first + s] = p;
    }
    Value x = LowerContext::extract(b, loc, operands[0], at);
    if (valid && padValue) {
      x = m.select(valid, x, constantOf(b, loc, x.getType(), padValue));
    }
    Value r = emitAdd(b, loc, acc, product(b, loc, x, LowerContext::extract(b, loc, operands[1], weight), o));
    return valid && !padValue ? m.select(valid, r, acc) : r;
  });
}

llvm::LogicalResult lowerConv(ConvOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  ConvDims<ConvOp> d(op, c);
  Value sum = sumOfProducts(d, operands, [&](mlir::OpBuilder &b, mlir::Location loc, Value x, Value w, Value) {
    return d.product(b, loc, x, w);
  }, op.getPadValue());
  results.push_back(d.finish(sum, loweredOperand(op, operands, 2)));
  return mlir::success();
}

llvm::LogicalResult lowerConvInteger(ConvIntegerOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  ConvDims<ConvIntegerOp> d(op, c);
  auto less = [&](mlir::OpBuilder &b, mlir::Location loc, Value x, Value nnZero, unsigned number, Value channel) -> Value {
    if (!nnZero) {
      return x;
    }
    llvm::SmallVector<Value> at;
    if (rankOf(nnZero) > 0) {
      at.push_back(c.broadcastIndex(b, loc, shapeOf(nnZero)[0], d.weight[0], channel));
    }
    Value z = LowerContext::extract(b, loc, loweredOperand(op, operands, number), at);
    return mlir::arith::SubIOp::create(b, loc, x, emitCast(b, loc, z, elementOf(nnZero), d.element));
  };
  results.push_back(sumOfProducts(d, operands, [&](mlir::OpBuilder &b, mlir::Location loc, Value x, Value w, Value channel) {
    return emitMul(b, loc, less(b, loc, d.inputNumber(b, loc, x), op.getInputZero(), 2, channel),
                   less(b, loc, d.weightNumber(b, loc, w), op.getWeightZero(), 3, channel));
  }));
  return mlir::success();
}

/// Each output gathers the inputs that reach it: position * stride - pad + k * dilation.
llvm::LogicalResult lowerConvTranspose(ConvTransposeOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  ConvDims<ConvTransposeOp> d(op, c);
  dim::Expr inPerGroup = dim::floorDiv(d.weight[0], dim::constant(op.getContext(), op.getGroups()));
  Value perGroupIn = c.size(inPerGroup), perGroupOut = c.size(d.weight[1]);
  dim::Shape reduced{inPerGroup};
  llvm::append_range(reduced, llvm::ArrayRef(d.weight).drop_front(2));
  unsigned rank = d.result.size();
  Value init = constantOf(c.b, c.loc, d.compute, 0);
  Value sum = c.reduce(d.result, reduced, d.compute, init, [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    Value o = i[d.channel];
    Value group = op.getGroups() == 1 ? m.c(0) : m.floorDiv(o, perGroupOut);
    Value in = op.getGroups() == 1 ? i[rank] : m.add(m.mul(group, perGroupIn), i[rank]);
    Value within = op.getGroups() == 1 ? o : m.sub(o, m.mul(group, perGroupOut));
    llvm::SmallVector<Value> at(i.take_front(rank)), weight{in, within};
    at[d.channel] = in;
    Value valid;
    for (int64_t s = 0; s < d.n; ++s) {
      Value k = i[rank + 1 + s], stride = m.c(op.getStrides()[s]);
      weight.push_back(k);
      Value p = m.sub(m.add(i[d.first + s], op.getPads()[s]), m.mul(k, op.getDilations()[s]));
      Value q = m.floorDiv(p, stride);
      valid = m.both(valid, m.both(m.equal(m.mul(q, stride), p), m.inside(q, d.sizes[s])));
      at[d.first + s] = m.clamp(q, d.sizes[s]);
    }
    Value r = emitAdd(b, loc, acc, d.product(b, loc, LowerContext::extract(b, loc, operands[0], at),
                                             LowerContext::extract(b, loc, operands[1], weight)));
    return m.select(valid, r, acc);
  });
  results.push_back(d.finish(sum, loweredOperand(op, operands, 2)));
  return mlir::success();
}
} // namespace

void attachConvLower(mlir::MLIRContext &context) {
  attachLower<ConvOp, lowerConv>(context);
  attachLower<ConvIntegerOp, lowerConvInteger>(context);
  attachLower<ConvTransposeOp, lowerConvTranspose>(context);
}
} // namespace dlc::nn

//===- RandomLower.cpp - random numbers inside of kernels --------------------------------------------------===//
// Generator: Philox-4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
#include "dialects/nn/lower/FloatMath.h"
#include "dialects/nn/lower/Registration.h"
#include "dialects/nn/lower/Windows.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace dlc::nn {
namespace {
namespace arith = mlir::arith;
using mlir::Value;
using Indices = llvm::SmallVector<Value>;

/// 32-bit words, each in an i64.
struct Words {
  mlir::OpBuilder &b;
  mlir::Location loc;
  Value c(uint64_t v) const { return integerOf(b, loc, b.getI64Type(), int64_t(v)); }
  Value low(Value x) const { return arith::AndIOp::create(b, loc, x, c(0xFFFFFFFF)); }
  Value high(Value x) const { return arith::ShRUIOp::create(b, loc, x, c(32)); }
  Value mix(Value x, Value y, uint32_t key) const {
    return arith::XOrIOp::create(b, loc, arith::XOrIOp::create(b, loc, x, y), c(key));
  }
  /// The first two words for a counter.
  std::pair<Value, Value> philox(Value counter, uint64_t key) const {
    Value w[4] = {low(counter), high(counter), c(0), c(0)};
    uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
    for (int round = 0; round < 10; ++round) {
      Value x = arith::MulIOp::create(b, loc, w[0], c(0xD2511F53)), y = arith::MulIOp::create(b, loc, w[2], c(0xCD9E8D57));
      Value next[4] = {mix(high(y), w[1], k0), low(y), mix(high(x), w[3], k1), low(x)};
      std::copy(next, next + 4, w);
      k0 += 0x9E3779B9, k1 += 0xBB67AE85;
    }
    return {w[0], w[1]};
  }
  /// A number of f64 in [0, 1).
  Value uniform(Value word) const {
    Value bits = arith::ShRUIOp::create(b, loc, word, c(8));
    return arith::MulFOp::create(b, loc, arith::SIToFPOp::create(b, loc, b.getF64Type(), bits),
                                 constantOf(b, loc, b.getF64Type(), 0x1p-24));
  }
};

/// A result each element of which is `f(math, the first two uniform numbers, indices)`, of f64.
template <class Op, class F> void generate(Op op, LowerContext &c, LoweredResults &results, F f) {
  Indices sizes;
  for (dim::Expr e : shapeOf(op.getResult())) {
    sizes.push_back(c.size(e));
  }
  mlir::Type to = op.getTo();
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    IndexMath m{b, loc};
    Words words{b, loc};
    Value counter = m.c(0);
    for (auto [size, index] : llvm::zip(sizes, i)) {
      counter = m.add(m.mul(counter, size), index);
    }
    auto [first, second] = words.philox(arith::IndexCastOp::create(b, loc, b.getI64Type(), counter), uint64_t(op.getSeed()));
    Value v = f(FloatMath{b, loc, b.getF64Type()}, words.uniform(first), words.uniform(second), i);
    return toStorage(b, loc, emitCast(b, loc, v, b.getF64Type(), isFloat(to) ? getComputeType(to) : to), to);
  }));
}

llvm::LogicalResult lowerUniform(RandomUniformOp op, LowerContext &c, Lowered, LoweredResults &results) {
  double low = op.getLow().convertToDouble(), high = op.getHigh().convertToDouble();
  generate(op, c, results, [&](const FloatMath &f, Value u, Value, mlir::ValueRange) {
    return f.add(f.mul(u, high - low), low);
  });
  return mlir::success();
}

llvm::LogicalResult lowerNormal(RandomNormalOp op, LowerContext &c, Lowered, LoweredResults &results) {
  double mean = op.getMean().convertToDouble(), scale = op.getScale().convertToDouble();
  constexpr double kTwoPi = 6.283185307179586;
  generate(op, c, results, [&](const FloatMath &f, Value u, Value v, mlir::ValueRange) {
    Value l = mlir::math::LogOp::create(f.b, f.loc, f.sub(f.c(1), u));
    Value radius = mlir::math::SqrtOp::create(f.b, f.loc, f.mul(l, -2));
    return f.add(f.mul(f.mul(radius, scale), mlir::math::CosOp::create(f.b, f.loc, f.mul(v, kTwoPi))), mean);
  });
  return mlir::success();
}

Value readDouble(const FloatMath &f, Value lowered, mlir::ValueRange at, mlir::Type element) {
  Value v = fromStorage(f.b, f.loc, LowerContext::extract(f.b, f.loc, lowered, at), element);
  return emitCast(f.b, f.loc, v, getComputeType(element), f.type);
}

llvm::LogicalResult lowerBernoulli(BernoulliOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  mlir::Type element = elementOf(op.getInput());
  generate(op, c, results, [&](const FloatMath &f, Value u, Value, mlir::ValueRange i) {
    return f.select(f.less(u, readDouble(f, operands[0], i, element)), f.c(1), f.c(0));
  });
  return mlir::success();
}

/// Each sample goes through the classes, adding up their probabilities until they exceed its number.
llvm::LogicalResult lowerMultinomial(MultinomialOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  mlir::Type element = elementOf(op.getInput()), f64 = c.b.getF64Type();
  dim::Shape shape = shapeOf(op.getInput());
  Value classes = c.size(shape[1]);
  Value greatest = c.reduce({shape[0]}, {shape[1]}, f64, constantOf(c.b, c.loc, f64, -std::numeric_limits<double>::infinity()),
                            [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
                              FloatMath f{b, loc, f64};
                              return f.max(acc, readDouble(f, operands[0], i, element));
                            });
  auto weight = [&](const FloatMath &f, Value row, Value k) {
    Value x = readDouble(f, operands[0], {row, k}, element);
    return mlir::math::ExpOp::create(f.b, f.loc, f.sub(x, LowerContext::extract(f.b, f.loc, greatest, row))).getResult();
  };
  Value total = c.reduce({shape[0]}, {shape[1]}, f64, constantOf(c.b, c.loc, f64, 0),
                         [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
                           FloatMath f{b, loc, f64};
                           return f.add(acc, weight(f, i[0], i[1]));
                         });
  generate(op, c, results, [&](const FloatMath &f, Value u, Value, mlir::ValueRange i) {
    Value bound = f.mul(u, LowerContext::extract(f.b, f.loc, total, i[0]));
    IndexMath m{f.b, f.loc};
    // The sum so far, and how many classes did not exceed the bound.
    auto loop = mlir::scf::ForOp::create(
        f.b, f.loc, m.c(0), classes, m.c(1), mlir::ValueRange{f.c(0), f.c(0)},
        [&](mlir::OpBuilder &b, mlir::Location loc, Value k, mlir::ValueRange carried) {
          FloatMath g{b, loc, f64};
          Value sum = g.add(carried[0], weight(g, i[0], k));
          Value passed = g.select(g.less(bound, sum), carried[1], g.add(carried[1], 1));
          mlir::scf::YieldOp::create(b, loc, mlir::ValueRange{sum, passed});
        });
    return f.min(loop.getResult(1), f.add(f.fromIndex(classes), -1));
  });
  return mlir::success();
}
} // namespace

void attachRandomLower(mlir::MLIRContext &context) {
  attachLower<RandomUniformOp, lowerUniform>(context);
  attachLower<RandomNormalOp, lowerNormal>(context);
  attachLower<BernoulliOp, lowerBernoulli>(context);
  attachLower<MultinomialOp, lowerMultinomial>(context);
}
} // namespace dlc::nn

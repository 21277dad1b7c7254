//===- EinsumLower.cpp - einsum as one reduction, det as elimination ---------------------------------------===//
#include "dialects/nn/lower/FloatMath.h"
#include "dialects/nn/lower/Registration.h"
#include "dialects/nn/lower/Windows.h"
#include "dialects/nn/ops/contraction/Einsum.h"

namespace dlc::nn {
namespace {
namespace arith = mlir::arith;
using mlir::Value;
using Indices = llvm::SmallVector<Value>;

/// The size of each label: that of an operand's dim that does not broadcast.
dim::Shape labelSizes(EinsumOp op, const EinsumEquation &equation) {
  dim::Shape sizes(equation.labels, dim::constant(op.getContext(), 1));
  for (auto [operand, labels] : llvm::zip(op.getInputs(), equation.operands)) {
    for (auto [label, size] : llvm::zip(labels, shapeOf(operand))) {
      bool better = dim::isConstant(sizes[label], 1) || (dim::getConstant(size) && !dim::isConstant(size, 1));
      sizes[label] = better ? size : sizes[label];
    }
  }
  return sizes;
}

llvm::LogicalResult lowerEinsum(EinsumOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  llvm::SmallVector<int64_t> ranks;
  for (Value v : op.getInputs()) {
    ranks.push_back(rankOf(v));
  }
  std::string error;
  mlir::FailureOr<EinsumEquation> equation = parseEinsum(op.getEquation(), ranks, error);
  if (mlir::failed(equation)) {
    return op.emitOpError() << error;
  }
  dim::Shape sizes = labelSizes(op, *equation), summed;
  llvm::SmallVector<int> order(equation->result); // the label of each loop
  for (int label = 0; label < equation->labels; ++label) {
    if (!llvm::is_contained(equation->result, label)) {
      order.push_back(label);
      summed.push_back(sizes[label]);
    }
  }
  mlir::Type element = elementOf(op.getResult()), type = getComputeType(element);
  Value zero = constantOf(c.b, c.loc, type, 0);
  Value sum = c.reduce(shapeOf(op.getResult()), summed, type, zero, [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
    Value product;
    for (auto [number, labels] : llvm::enumerate(equation->operands)) {
      Indices at;
      for (auto [label, own] : llvm::zip(labels, shapeOf(op.getInputs()[number]))) {
        at.push_back(c.broadcastIndex(b, loc, own, sizes[label], i[llvm::find(order, label) - order.begin()]));
      }
      Value x = fromStorage(b, loc, LowerContext::extract(b, loc, operands[number], at), element);
      product = product ? emitMul(b, loc, product, x) : x;
    }
    return emitAdd(b, loc, acc, product);
  });
  results.push_back(type == getStorageType(element) ? sum : c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
    return toStorage(b, loc, LowerContext::extract(b, loc, sum, i), element);
  }));
  return mlir::success();
}

/// Gaussian elimination with partial pivoting, in f64: one pass over all matrices per column.
class Elimination {
public:
  Elimination(DetOp op, LowerContext &c, Value input, int64_t n)
      : op(op), c(c), element(elementOf(op.getInput())), f64(c.b.getF64Type()), n(n), shape(shapeOf(op.getInput())) {
    matrix = c.compute(shape, f64, [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
      return emitCast(b, loc, fromStorage(b, loc, LowerContext::extract(b, loc, input, i), element), getComputeType(element), f64);
    });
  }
  Value run() {
    for (int64_t k = 0; k < n; ++k) {
      pivots.push_back(findPivot(k));
      matrix = eliminate(k);
    }
    return c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange batch) {
      FloatMath f{b, loc, f64};
      IndexMath m{b, loc};
      Value det = f.c(1);
      for (int64_t k = 0; k < n; ++k) {
        det = f.mul(det, at(b, loc, batch, m.c(k), m.c(k)));
        det = f.select(m.equal(pivot(b, loc, k, batch), m.c(k)), det, f.mul(det, f.c(-1)));
      }
      return toStorage(b, loc, emitCast(b, loc, det, f64, getComputeType(element)), element);
    });
  }

private:
  Value at(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange batch, Value row, Value column) {
    Indices i(batch);
    i.append({row, column});
    return LowerContext::extract(b, loc, matrix, i);
  }
  Value pivot(mlir::OpBuilder &b, mlir::Location loc, int64_t k, mlir::ValueRange batch) {
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), LowerContext::extract(b, loc, pivots[k], batch));
  }
  /// The row from `k` on with the greatest element in column `k`.
  Value findPivot(int64_t k) {
    dim::Shape batch(llvm::ArrayRef(shape).drop_back(2));
    mlir::Type i64 = c.b.getI64Type();
    return c.reduce(batch, {dim::constant(op.getContext(), n - k)}, i64, integerOf(c.b, c.loc, i64, k),
                    [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
                      FloatMath f{b, loc, f64};
                      IndexMath m{b, loc};
                      Value row = m.add(i.back(), k), best = arith::IndexCastOp::create(b, loc, b.getIndexType(), acc);
                      Value x = f.abs(at(b, loc, i.drop_back(), row, m.c(k))), y = f.abs(at(b, loc, i.drop_back(), best, m.c(k)));
                      return f.select(f.less(y, x), arith::IndexCastOp::create(b, loc, b.getI64Type(), row), acc);
                    });
  }
  /// Exchanges row `k` and the pivot's, and clears column `k` below.
  Value eliminate(int64_t k) {
    return c.compute(shape, f64, [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
      FloatMath f{b, loc, f64};
      IndexMath m{b, loc};
      mlir::ValueRange batch = i.drop_back(2);
      Value row = i[i.size() - 2], column = i.back(), from = pivot(b, loc, k, batch);
      Value source = m.select(m.equal(row, m.c(k)), from, m.select(m.equal(row, from), m.c(k), row));
      Value x = at(b, loc, batch, source, column), top = at(b, loc, batch, from, m.c(k));
      Value factor = f.div(at(b, loc, batch, source, m.c(k)), top);
      Value clears = m.both(m.less(m.c(k), row), arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, top, f.c(0)));
      return f.select(clears, f.sub(x, f.mul(factor, at(b, loc, batch, from, column))), x);
    });
  }

  DetOp op;
  LowerContext &c;
  mlir::Type element, f64;
  int64_t n;
  dim::Shape shape;
  Value matrix;
  Indices pivots;
};

llvm::LogicalResult lowerDet(DetOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape shape = shapeOf(op.getInput());
  std::optional<int64_t> rows = dim::getConstant(shape[shape.size() - 2]), columns = dim::getConstant(shape.back());
  constexpr int64_t kLargest = 64;
  if (!rows || rows != columns || *rows > kLargest) {
    return op.emitOpError() << "expected square matrices of a known size of at most " << kLargest << ", got "
                            << op.getInput().getType();
  }
  results.push_back(Elimination(op, c, operands[0], *rows).run());
  return mlir::success();
}
} // namespace

void attachEinsumLower(mlir::MLIRContext &context) {
  attachLower<EinsumOp, lowerEinsum>(context);
  attachLower<DetOp, lowerDet>(context);
}
} // namespace dlc::nn

//===- ContractionLower.cpp - matrix products of any type, as plain reductions -------------------------===//
#include "dialects/nn/lower/Registration.h"

namespace dlc::nn {
namespace {
using mlir::Value;

/// Indices of an operand: its batch dims broadcast against the result's, then row and column.
llvm::SmallVector<Value> operandIndices(LowerContext &c, mlir::OpBuilder &b, mlir::Location loc, Value nnOperand,
                                        llvm::ArrayRef<dim::Expr> result, mlir::ValueRange batch, Value row, Value column,
                                        bool transpose, bool vector) {
  llvm::SmallVector<Value> at;
  int64_t rank = rankOf(nnOperand);
  dim::Shape own = shapeOf(nnOperand);
  for (int64_t i = 0; i + 2 < rank; ++i) {
    int64_t d = int64_t(batch.size()) - (rank - 2) + i;
    at.push_back(c.broadcastIndex(b, loc, own[i], result[d], batch[d]));
  }
  if (vector) {
    at.push_back(row ? row : column);
    return at;
  }
  at.push_back(transpose ? column : row);
  at.push_back(transpose ? row : column);
  return at;
}

/// Reads an element of an operand as a number of the result's type.
using ReadElement = llvm::function_ref<Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

/// The sums of products of the elements that `readLhs` and `readRhs` give for operand indices.
Value sumOfProducts(mlir::Operation *op, LowerContext &c, bool transposeLhs, bool transposeRhs, ReadElement readLhs,
                    ReadElement readRhs) {
  Value lhs = op->getOperand(0), rhs = op->getOperand(1), result = op->getResult(0);
  dim::Shape shape = shapeOf(result), a = shapeOf(lhs);
  bool vectorLhs = a.size() == 1, vectorRhs = rankOf(rhs) == 1;
  dim::Expr k = vectorLhs || !transposeLhs ? a.back() : a[a.size() - 2];
  mlir::Type compute = getComputeType(elementOf(result));
  unsigned batchRank = shape.size() - !vectorLhs - !vectorRhs;
  Value init = constantOf(c.b, c.loc, compute, 0);
  return c.reduce(shape, {k}, compute, init, [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
    mlir::ValueRange batch = i.take_front(batchRank);
    Value kk = i.back(), row = vectorLhs ? Value() : i[batchRank], column = vectorRhs ? Value() : i[shape.size() - 1];
    Value x = readLhs(b, loc, operandIndices(c, b, loc, lhs, shape, batch, vectorLhs ? kk : row, vectorLhs ? Value() : kk, transposeLhs,
                                             vectorLhs));
    Value y = readRhs(b, loc, operandIndices(c, b, loc, rhs, shape, batch, kk, vectorRhs ? Value() : column, transposeRhs, vectorRhs));
    return emitAdd(b, loc, acc, emitMul(b, loc, x, y));
  });
}

llvm::LogicalResult lowerMatmul(MatmulOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  mlir::Type element = elementOf(op.getResult());
  auto read = [&](unsigned number) {
    return [&, number](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange at) {
      mlir::Type own = elementOf(op->getOperand(number));
      return emitCast(b, loc, fromStorage(b, loc, LowerContext::extract(b, loc, operands[number], at), own), own, element);
    };
  };
  Value sum = sumOfProducts(op, c, op.getTransposeLhs(), op.getTransposeRhs(), read(0), read(1));
  if (getComputeType(element) != getStorageType(element)) {
    sum = c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
      return toStorage(b, loc, LowerContext::extract(b, loc, sum, i), element);
    });
  }
  results.push_back(sum);
  return mlir::success();
}

/// The zero point for the element at `at`: a scalar, a vector (along the rows of the left operand, the columns of the
/// right one), or a tensor that broadcasts.
llvm::SmallVector<Value> zeroIndices(LowerContext &c, mlir::OpBuilder &b, mlir::Location loc, Value zero, Value operand,
                                     mlir::ValueRange at, bool isLhs) {
  dim::Shape shape = shapeOf(zero), full = shapeOf(operand);
  llvm::SmallVector<Value> indices;
  bool alongRows = isLhs && shape.size() == 1 && at.size() > 1;
  for (auto [i, e] : llvm::enumerate(shape)) {
    size_t d = alongRows ? at.size() - 2 : at.size() - shape.size() + i;
    indices.push_back(c.broadcastIndex(b, loc, e, full[d], at[d]));
  }
  return indices;
}

llvm::LogicalResult lowerMatmulInteger(MatmulIntegerOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  mlir::Type i32 = elementOf(op.getResult());
  auto read = [&](unsigned number, Value zero) {
    return [&, number, zero](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange at) {
      mlir::Type own = elementOf(op->getOperand(number));
      Value x = emitCast(b, loc, LowerContext::extract(b, loc, operands[number], at), own, i32);
      if (!zero) {
        return x;
      }
      auto indices = zeroIndices(c, b, loc, zero, op->getOperand(number), at, number == 0);
      Value z = LowerContext::extract(b, loc, loweredOperand(op, operands, number + 2), indices);
      return mlir::arith::SubIOp::create(b, loc, x, emitCast(b, loc, z, own, i32)).getResult();
    };
  };
  results.push_back(sumOfProducts(op, c, false, false, read(0, op.getLhsZero()), read(1, op.getRhsZero())));
  return mlir::success();
}
} // namespace

void attachContractionLower(mlir::MLIRContext &context) {
  attachLower<MatmulOp, lowerMatmul>(context);
  attachLower<MatmulIntegerOp, lowerMatmulInteger>(context);
}
} // namespace dlc::nn

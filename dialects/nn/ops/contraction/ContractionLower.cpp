//===- ContractionLower.cpp - matrix products of any type, as plain reductions -------------------------===//
#include "dialects/nn/lower/Registration.h"

namespace dlc::nn {
namespace {
using mlir::Value;

/// Indices of an operand: its batch dims broadcast against the result's, then row and column.
llvm::SmallVector<Value> operandIndices(mlir::OpBuilder &b, mlir::Location loc, Value nnOperand, mlir::ValueRange batch,
                                        Value row, Value column, bool transpose, bool vector) {
  llvm::SmallVector<Value> at;
  int64_t rank = rankOf(nnOperand);
  dim::Shape own = shapeOf(nnOperand);
  for (int64_t i = 0; i + 2 < rank; ++i) {
    Value index = batch[batch.size() - (rank - 2) + i];
    at.push_back(dim::isConstant(own[i], 1) ? Value(mlir::arith::ConstantIndexOp::create(b, loc, 0)) : index);
  }
  if (vector) {
    at.push_back(row ? row : column);
    return at;
  }
  at.push_back(transpose ? column : row);
  at.push_back(transpose ? row : column);
  return at;
}

llvm::LogicalResult lowerMatmul(MatmulOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  dim::Shape shape = shapeOf(op.getResult()), a = shapeOf(op.getLhs());
  bool vectorLhs = a.size() == 1, vectorRhs = rankOf(op.getRhs()) == 1;
  dim::Expr k = vectorLhs || !op.getTransposeLhs() ? a.back() : a[a.size() - 2];
  mlir::Type element = elementOf(op.getResult()), compute = getComputeType(element);
  unsigned batchRank = shape.size() - !vectorLhs - !vectorRhs;
  Value init = constantOf(c.b, c.loc, compute, 0);
  Value sum = c.reduce(shape, {k}, compute, init, [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
    mlir::ValueRange batch = i.take_front(batchRank);
    Value kk = i.back(), row = vectorLhs ? Value() : i[batchRank], column = vectorRhs ? Value() : i[shape.size() - 1];
    Value x = LowerContext::extract(b, loc, operands[0],
                                    operandIndices(b, loc, op.getLhs(), batch, vectorLhs ? kk : row, vectorLhs ? Value() : kk,
                                                   op.getTransposeLhs(), vectorLhs));
    Value y = LowerContext::extract(b, loc, operands[1],
                                    operandIndices(b, loc, op.getRhs(), batch, kk, vectorRhs ? Value() : column,
                                                   op.getTransposeRhs(), vectorRhs));
    x = emitCast(b, loc, fromStorage(b, loc, x, elementOf(op.getLhs())), elementOf(op.getLhs()), element);
    y = emitCast(b, loc, fromStorage(b, loc, y, elementOf(op.getRhs())), elementOf(op.getRhs()), element);
    return emitAdd(b, loc, acc, emitMul(b, loc, x, y));
  });
  if (compute != getStorageType(element)) {
    sum = c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
      return toStorage(b, loc, LowerContext::extract(b, loc, sum, i), element);
    });
  }
  results.push_back(sum);
  return mlir::success();
}
} // namespace

void attachContractionLower(mlir::MLIRContext &context) { attachLower<MatmulOp, lowerMatmul>(context); }
} // namespace dlc::nn

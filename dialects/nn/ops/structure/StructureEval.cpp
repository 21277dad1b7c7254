//===- StructureEval.cpp - reference evaluation -----------------------------------------===//
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
namespace {
llvm::LogicalResult evalConstant(ConstantOp op, EvalContext &context, Operands, Results &results) {
  mlir::FailureOr<Tensor> t = tensorFromAttr(op.getValue());
  if (mlir::failed(t)) {
    return context.fail("expected a constant whose data is present");
  }
  results.push_back(*t);
  return mlir::success();
}

void store(Tensor &t, llvm::ArrayRef<int64_t> values) {
  visitElement(t.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>) {
      std::copy(values.begin(), values.end(), t.values<T>().begin());
    }
  });
}

llvm::LogicalResult evalShape(ShapeOp op, EvalContext &, Operands operands, Results &results) {
  llvm::ArrayRef<int64_t> shape = operands[0].tensor().shape().slice(op.getStart(), op.getEnd() - op.getStart());
  Tensor t = Tensor::zeros(elementOf(op.getResult()), {int64_t(shape.size())});
  store(t, shape);
  results.push_back(t);
  return mlir::success();
}

llvm::LogicalResult evalReadDims(ReadDimsOp op, EvalContext &context, Operands operands, Results &results) {
  for (auto [i, symbol] : llvm::enumerate(op.getSymbols().getDims())) {
    context.bind(symbol.getSymbol(), operands[0].tensor().integer(i));
  }
  results.push_back(operands[0]);
  return mlir::success();
}

llvm::LogicalResult evalAssume(AssumeOp op, EvalContext &context, Operands, Results &) {
  mlir::FailureOr<int64_t> lhs = context.size(op.getLhs()), rhs = context.size(op.getRhs());
  if (mlir::failed(lhs) || mlir::failed(rhs)) {
    return mlir::failure();
  }
  if (*lhs != *rhs) {
    return context.fail(op.getMessage() + ": expected " + llvm::Twine(*rhs) + ", got " + llvm::Twine(*lhs));
  }
  return mlir::success();
}

llvm::LogicalResult evalSizes(SizesOp op, EvalContext &context, Operands, Results &results) {
  mlir::FailureOr<llvm::SmallVector<int64_t>> values = context.sizes(op.getValues().getDims());
  if (mlir::failed(values)) {
    return mlir::failure();
  }
  Tensor t = Tensor::zeros(elementOf(op.getResult()), llvm::cast<mlir::RankedTensorType>(op.getTo()).getShape());
  store(t, *values);
  results.push_back(t);
  return mlir::success();
}
} // namespace

void attachStructureEval(mlir::MLIRContext &context) {
  attachEvaluate<ConstantOp, evalConstant>(context);
  attachEvaluate<ShapeOp, evalShape>(context);
  attachEvaluate<ReadDimsOp, evalReadDims>(context);
  attachEvaluate<AssumeOp, evalAssume>(context);
  attachEvaluate<SizesOp, evalSizes>(context);
}
} // namespace dlc::nn

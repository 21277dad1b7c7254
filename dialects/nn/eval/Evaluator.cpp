//===- Evaluator.cpp - runs graphs op by op -------------------------------------------===//
#include "dialects/nn/eval/Eval.h"
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
mlir::FailureOr<int64_t> EvalContext::size(dim::Expr e) {
  std::optional<int64_t> v = dim::evaluate(e, symbols);
  if (!v) {
    return fail("expected a known size, got " + dim::toString(e));
  }
  return *v;
}

mlir::FailureOr<llvm::SmallVector<int64_t>> EvalContext::sizes(llvm::ArrayRef<dim::Expr> shape) {
  llvm::SmallVector<int64_t> result;
  for (dim::Expr e : shape) {
    mlir::FailureOr<int64_t> v = size(e);
    if (mlir::failed(v)) {
      return mlir::failure();
    }
    result.push_back(*v);
  }
  return result;
}

mlir::FailureOr<Tensor> EvalContext::result(mlir::Value v) {
  mlir::FailureOr<llvm::SmallVector<int64_t>> shape = sizes(shapeOf(v));
  if (mlir::failed(shape)) {
    return mlir::failure();
  }
  for (int64_t s : *shape) {
    if (s < 0) {
      return fail("expected a size of at least 0, got " + llvm::Twine(s));
    }
  }
  return Tensor::zeros(elementOf(v), *shape);
}

llvm::LogicalResult EvalContext::fail(const llvm::Twine &message) {
  error = message.str();
  return mlir::failure();
}

mlir::FailureOr<llvm::SmallVector<Datum>> Evaluator::runOp(mlir::Operation *op, llvm::ArrayRef<Datum> operands) {
  auto rule = llvm::dyn_cast<Evaluate>(op);
  if (!rule && !(custom && llvm::isa<CustomOp>(op))) {
    return op->emitOpError() << "has no reference evaluation";
  }
  EvalContext context([&](llvm::StringRef name) -> std::optional<int64_t> {
    auto it = symbols.find(name);
    return it == symbols.end() ? std::nullopt : std::optional<int64_t>(it->second);
  });
  context.bind = [&](llvm::StringRef name, int64_t value) { symbols[name] = value; };
  context.runRegion = [&](mlir::Region &region, llvm::ArrayRef<Datum> inputs) { return run(region.front(), inputs); };
  llvm::SmallVector<Datum> results;
  llvm::LogicalResult evaluated =
      rule ? rule.evaluate(context, operands, results) : custom(op, context, operands, results);
  if (mlir::failed(evaluated)) {
    return op->emitOpError() << (context.error.empty() ? "could not be evaluated" : context.error);
  }
  for (auto [value, datum] : llvm::zip(op->getResults(), results)) {
    if (mlir::failed(bindShape(value, datum, context))) {
      return op->emitOpError() << context.error;
    }
  }
  return results;
}

llvm::LogicalResult Evaluator::bindShape(mlir::Value value, const Datum &datum, EvalContext &context) {
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(value.getType());
  if (!type || datum.getKind() != Datum::Kind::Tensor) {
    return mlir::success();
  }
  llvm::ArrayRef<int64_t> sizes = datum.tensor().shape();
  if (static_cast<int64_t>(sizes.size()) != type.getRank()) {
    return context.fail("expected a result of rank " + llvm::Twine(type.getRank()) + ", got " +
                        llvm::Twine(sizes.size()));
  }
  for (auto [e, size] : llvm::zip(dim::getShape(type), sizes)) {
    if (e.getKind() == dim::ExprKind::Symbol) {
      symbols[e.getSymbol()] = size;
    } else if (!dim::isUnknown(e)) {
      mlir::FailureOr<int64_t> inferred = context.size(e);
      if (mlir::failed(inferred) || *inferred != size) {
        return context.fail("expected a result whose size is " + dim::toString(e) + ", got " + llvm::Twine(size));
      }
    }
  }
  return mlir::success();
}

llvm::LogicalResult Evaluator::bindTypes(mlir::Block &block, llvm::ArrayRef<Datum> inputs) {
  for (auto [argument, datum] : llvm::zip(block.getArguments(), inputs)) {
    auto type = llvm::dyn_cast<mlir::RankedTensorType>(argument.getType());
    if (!type || datum.getKind() != Datum::Kind::Tensor) {
      continue;
    }
    for (auto [e, size] : llvm::zip(dim::getShape(type), datum.tensor().shape())) {
      if (e.getKind() == dim::ExprKind::Symbol) {
        symbols[e.getSymbol()] = size;
      }
    }
  }
  return mlir::success();
}

mlir::FailureOr<std::vector<Datum>> Evaluator::run(mlir::Block &block, llvm::ArrayRef<Datum> inputs) {
  if (inputs.size() != block.getNumArguments() || mlir::failed(bindTypes(block, inputs))) {
    return block.getParentOp()->emitError()
           << "expected " << block.getNumArguments() << " inputs, got " << inputs.size();
  }
  llvm::DenseMap<mlir::Value, unsigned> uses;
  for (auto [argument, datum] : llvm::zip(block.getArguments(), inputs)) {
    values[argument] = datum;
  }
  for (mlir::Operation &op : block.without_terminator()) {
    llvm::SmallVector<Datum> operands;
    for (mlir::Value v : op.getOperands()) {
      operands.push_back(values[v]);
      if (!operands.back()) {
        return op.emitOpError() << "has an operand without a value";
      }
    }
    mlir::FailureOr<llvm::SmallVector<Datum>> results = runOp(&op, operands);
    if (mlir::failed(results)) {
      return mlir::failure();
    }
    for (auto [i, datum] : llvm::enumerate(*results)) {
      if (visit) {
        visit(&op, i, datum);
      }
      values[op.getResult(i)] = datum;
      uses[op.getResult(i)] = std::distance(op.getResult(i).use_begin(), op.getResult(i).use_end());
    }
    for (mlir::Value v : op.getOperands()) {
      auto it = uses.find(v);
      if (it != uses.end() && --it->second == 0) {
        values.erase(v);
      }
    }
  }
  std::vector<Datum> outputs;
  for (mlir::Value v : block.getTerminator()->getOperands()) {
    outputs.push_back(values[v]);
  }
  return outputs;
}

void registerEvaluate(mlir::DialectRegistry &registry) {
  registry.addExtension(+[](mlir::MLIRContext *context, NNDialect *) {
    attachStructureEval(*context);
    attachElementwiseEval(*context);
    attachCastEval(*context);
    attachContractionEval(*context);
    attachConvEval(*context);
    attachPoolEval(*context);
    attachReduceEval(*context);
    attachMoveEval(*context);
    attachOrderEval(*context);
    attachNormEval(*context);
    attachQuantEval(*context);
    attachRandomEval(*context);
    attachEinsumEval(*context);
    attachDynamicEval(*context);
    attachSequenceEval(*context);
    attachControlEval(*context);
    attachSampleEval(*context);
    attachResizeEval(*context);
    attachIndexEval(*context);
    attachRnnEval(*context);
    attachTextEval(*context);
  });
}
} // namespace dlc::nn

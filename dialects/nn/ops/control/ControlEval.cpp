//===- ControlEval.cpp - reference evaluation of control flow ----------------------------------------===//
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
namespace {
llvm::LogicalResult evalIf(IfOp op, EvalContext &context, Operands operands, Results &results) {
  if (operands[0].tensor().count() != 1) {
    return context.fail("expected a condition of one element, got " + llvm::Twine(operands[0].tensor().count()));
  }
  mlir::FailureOr<std::vector<Datum>> values =
      context.runRegion(operands[0].tensor().integer(0) ? op.getThenBody() : op.getElseBody(), {});
  if (mlir::failed(values)) {
    return context.fail("has a region that could not be evaluated");
  }
  results.append(values->begin(), values->end());
  return mlir::success();
}

/// The outputs of all iterations along a new first dim.
mlir::FailureOr<Tensor> stack(EvalContext &context, const std::vector<Datum> &items, mlir::RankedTensorType type) {
  llvm::SmallVector<int64_t> shape{static_cast<int64_t>(items.size())};
  if (items.empty()) {
    for (int64_t size : type.getShape()) {
      shape.push_back(mlir::ShapedType::isDynamic(size) ? 0 : size);
    }
    return Tensor::zeros(type.getElementType(), shape);
  }
  llvm::append_range(shape, items.front().tensor().shape());
  Tensor result = Tensor::zeros(type.getElementType(), shape);
  llvm::LogicalResult done = mlir::success();
  for (auto [i, item] : llvm::enumerate(items)) {
    const Tensor &t = item.tensor();
    if (t.shape() != items.front().tensor().shape()) {
      return context.fail("expected scan outputs of one shape in all iterations");
    }
    done = dispatch<AllElements>(context, t.element(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      std::copy(t.values<T>().begin(), t.values<T>().end(), result.values<T>().begin() + i * t.count());
    });
  }
  return mlir::failed(done) ? mlir::FailureOr<Tensor>(done) : result;
}

llvm::LogicalResult evalLoop(LoopOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor *trips = optionalOperand(op, operands, 0), *condition = optionalOperand(op, operands, 1);
  int64_t count = trips ? trips->integer(0) : std::numeric_limits<int64_t>::max();
  bool goOn = condition ? condition->integer(0) != 0 : true;
  size_t carried = op.getCarried().size();
  std::vector<Datum> state(operands.end() - carried, operands.end());
  auto yielded = op.getBody().front().getTerminator()->getOperands();
  std::vector<std::vector<Datum>> scans(yielded.size() - 1 - carried);
  for (int64_t i = 0; i < count && goOn; ++i) {
    Tensor iteration = Tensor::zeros(elementOf(op.getBody().getArgument(0)), {});
    Tensor flag = Tensor::zeros(elementOf(op.getBody().getArgument(1)), {});
    iteration.values<int64_t>()[0] = i;
    flag.values<bool>()[0] = true;
    std::vector<Datum> inputs{iteration, flag};
    inputs.insert(inputs.end(), state.begin(), state.end());
    mlir::FailureOr<std::vector<Datum>> values = context.runRegion(op.getBody(), inputs);
    if (mlir::failed(values)) {
      return context.fail("has a region that could not be evaluated");
    }
    goOn = values->front().tensor().integer(0) != 0;
    state.assign(values->begin() + 1, values->begin() + 1 + carried);
    for (size_t s = 0; s < scans.size(); ++s) {
      scans[s].push_back((*values)[1 + carried + s]);
    }
  }
  results.append(state.begin(), state.end());
  for (auto [s, items] : llvm::enumerate(scans)) {
    auto type = llvm::cast<mlir::RankedTensorType>(yielded[1 + carried + s].getType());
    mlir::FailureOr<Tensor> all = stack(context, items, type);
    if (mlir::failed(all)) {
      return mlir::failure();
    }
    results.push_back(*all);
  }
  return mlir::success();
}
} // namespace

void attachControlEval(mlir::MLIRContext &context) {
  attachEvaluate<IfOp, evalIf>(context);
  attachEvaluate<LoopOp, evalLoop>(context);
}
} // namespace dlc::nn

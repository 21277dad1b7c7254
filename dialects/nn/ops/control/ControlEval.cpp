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

/// Rows [begin, begin + count) of the first dim.
mlir::FailureOr<Tensor> rowsOf(EvalContext &context, const Tensor &t, int64_t begin, int64_t count) {
  llvm::SmallVector<int64_t> shape(t.shape());
  int64_t each = shape[0] ? t.count() / shape[0] : 0;
  shape[0] = count;
  Tensor rows = Tensor::zeros(t.element(), shape);
  llvm::LogicalResult done = dispatch<AllElements>(context, t.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    auto from = t.values<T>().slice(begin * each, count * each);
    std::copy(from.begin(), from.end(), rows.values<T>().begin());
  });
  return mlir::failed(done) ? mlir::FailureOr<Tensor>(done) : rows;
}

/// Writes a part's rows into the whole, whose next rows begin at element `at`.
llvm::LogicalResult append(EvalContext &context, const Tensor &part, Tensor &whole, int64_t &at) {
  llvm::LogicalResult done = dispatch<AllElements>(context, part.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::copy(part.values<T>().begin(), part.values<T>().end(), whole.values<T>().begin() + at);
  });
  at += part.count();
  return done;
}

llvm::LogicalResult evalSplitBatch(SplitBatchOp op, EvalContext &context, Operands operands, Results &results) {
  mlir::FailureOr<int64_t> images = context.size(op.getBatch());
  if (mlir::failed(images)) {
    return mlir::failure();
  }
  llvm::SmallVector<int64_t> filled(op.getNumResults(), 0);
  llvm::SmallVector<Tensor> wholes;
  for (mlir::Value v : op.getResults()) {
    mlir::FailureOr<Tensor> whole = context.result(v);
    if (mlir::failed(whole)) {
      return mlir::failure();
    }
    wholes.push_back(*whole);
  }
  for (int64_t first = 0, size = op.getSize(); first < *images; first += size) {
    int64_t count = std::min(size, *images - first);
    std::vector<Datum> parts;
    for (const Datum &d : operands) {
      int64_t each = d.tensor().shape()[0] / *images;
      mlir::FailureOr<Tensor> rows = rowsOf(context, d.tensor(), first * each, count * each);
      if (mlir::failed(rows)) {
        return mlir::failure();
      }
      parts.push_back(*rows);
    }
    if (op.getPart()) {
      context.bind(*op.getPart(), count);
    }
    mlir::FailureOr<std::vector<Datum>> values = context.runRegion(op.getBody(), parts);
    if (mlir::failed(values)) {
      return context.fail("has a region that could not be evaluated");
    }
    for (auto [i, value] : llvm::enumerate(*values)) {
      if (mlir::failed(append(context, value.tensor(), wholes[i], filled[i]))) {
        return mlir::failure();
      }
    }
  }
  results.append(wholes.begin(), wholes.end());
  return mlir::success();
}
} // namespace

void attachControlEval(mlir::MLIRContext &context) {
  attachEvaluate<IfOp, evalIf>(context);
  attachEvaluate<LoopOp, evalLoop>(context);
  attachEvaluate<SplitBatchOp, evalSplitBatch>(context);
}
} // namespace dlc::nn

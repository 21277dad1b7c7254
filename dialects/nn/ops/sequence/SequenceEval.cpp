//===- SequenceEval.cpp - reference evaluation of lists and optionals --------------------------------===//
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
namespace {
using Shape = llvm::SmallVector<int64_t>;

/// The position that an operand names among `size` places; the last one when it is absent.
mlir::FailureOr<int64_t> placeOf(EvalContext &context, const Tensor *position, int64_t size) {
  int64_t p = position ? position->integer(0) : size - 1;
  if (p < -size || p >= size || size == 0) {
    return context.fail("expected a position within " + llvm::Twine(size) + " places, got " + llvm::Twine(p));
  }
  return p < 0 ? p + size : p;
}

llvm::LogicalResult evalEmpty(SequenceEmptyOp, EvalContext &, Operands, Results &results) {
  results.push_back(Datum::sequence({}));
  return mlir::success();
}

llvm::LogicalResult evalConstruct(SequenceConstructOp, EvalContext &, Operands operands, Results &results) {
  results.push_back(Datum::sequence(operands.vec()));
  return mlir::success();
}

llvm::LogicalResult evalInsert(SequenceInsertOp op, EvalContext &context, Operands operands, Results &results) {
  std::vector<Datum> items = operands[0].items();
  const Tensor *position = optionalOperand(op, operands, 2);
  int64_t size = items.size(), place = position ? position->integer(0) : size;
  if (place < -size || place > size) {
    return context.fail("expected a position within " + llvm::Twine(size) + " elements, got " + llvm::Twine(place));
  }
  items.insert(items.begin() + (place < 0 ? place + size : place), operands[1]);
  results.push_back(Datum::sequence(std::move(items)));
  return mlir::success();
}

llvm::LogicalResult evalErase(SequenceEraseOp op, EvalContext &context, Operands operands, Results &results) {
  std::vector<Datum> items = operands[0].items();
  mlir::FailureOr<int64_t> place = placeOf(context, optionalOperand(op, operands, 1), items.size());
  if (mlir::failed(place)) {
    return mlir::failure();
  }
  items.erase(items.begin() + *place);
  results.push_back(Datum::sequence(std::move(items)));
  return mlir::success();
}

llvm::LogicalResult evalAt(SequenceAtOp op, EvalContext &context, Operands operands, Results &results) {
  mlir::FailureOr<int64_t> place = placeOf(context, &operands[1].tensor(), operands[0].items().size());
  if (mlir::failed(place)) {
    return mlir::failure();
  }
  results.push_back(operands[0].items()[*place]);
  return mlir::success();
}

llvm::LogicalResult evalLength(SequenceLengthOp op, EvalContext &, Operands operands, Results &results) {
  results.push_back(Tensor::scalar(elementOf(op.getResult()), double(operands[0].items().size())));
  return mlir::success();
}

/// Copies `size` elements of dim `axis` between two tensors of equal other dims.
llvm::LogicalResult copyRange(EvalContext &context, const Tensor &from, int64_t start, Tensor &to, int64_t at,
                              int64_t size, int64_t axis) {
  AxisSplit a(from.shape(), axis), b(to.shape(), axis);
  return dispatch<AllElements>(context, from.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t o = 0; o < a.outer; ++o) {
      auto row = from.values<T>().slice(a.at(o, start, 0), size * a.inner);
      std::copy(row.begin(), row.end(), to.values<T>().begin() + b.at(o, at, 0));
    }
  });
}

/// The sizes of the parts.
Shape partSizes(int64_t total, const Tensor *split) {
  Shape sizes;
  if (split && split->rank() == 1) {
    for (int64_t i = 0; i < split->count(); ++i) {
      sizes.push_back(split->integer(i));
    }
    return sizes;
  }
  int64_t size = split ? split->integer(0) : 1;
  for (int64_t start = 0; start < total && size > 0; start += size) {
    sizes.push_back(std::min(size, total - start));
  }
  return sizes;
}

llvm::LogicalResult evalSplit(SplitToSequenceOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor(), *split = optionalOperand(op, operands, 1);
  int64_t axis = op.getAxis(), start = 0;
  Shape sizes = partSizes(x.shape()[axis], split);
  int64_t sum = 0;
  for (int64_t size : sizes) {
    sum = size < 0 ? -1 : sum + size;
    if (sum < 0 || sum > x.shape()[axis]) {
      break;
    }
  }
  if (sum != x.shape()[axis]) {
    return context.fail("expected parts that add up to " + llvm::Twine(x.shape()[axis]));
  }
  std::vector<Datum> items;
  for (int64_t size : sizes) {
    Shape shape(x.shape());
    shape[axis] = size;
    Tensor part = Tensor::zeros(x.element(), shape);
    if (mlir::failed(copyRange(context, x, start, part, 0, size, axis))) {
      return mlir::failure();
    }
    if (!split && !op.getKeepDims()) {
      shape.erase(shape.begin() + axis);
    }
    items.push_back(part.reshaped(shape));
    start += size;
  }
  results.push_back(Datum::sequence(std::move(items)));
  return mlir::success();
}

llvm::LogicalResult evalConcat(ConcatFromSequenceOp op, EvalContext &context, Operands operands, Results &results) {
  std::vector<Tensor> parts;
  int64_t axis = op.getAxis(), total = 0;
  for (const Datum &item : operands[0].items()) {
    Shape shape(item.tensor().shape());
    if (op.getNewAxis()) {
      shape.insert(shape.begin() + axis, 1);
    }
    parts.push_back(item.tensor().reshaped(shape));
    total += shape[axis];
  }
  if (parts.empty()) {
    return context.fail("expected a sequence of at least one tensor, got none");
  }
  Shape shape(parts.front().shape());
  shape[axis] = total;
  Tensor result = Tensor::zeros(parts.front().element(), shape);
  int64_t start = 0;
  for (const Tensor &part : parts) {
    Shape expected(shape);
    expected[axis] = part.shape()[axis];
    if (part.shape() != llvm::ArrayRef<int64_t>(expected)) {
      return context.fail("expected tensors of equal sizes but along dim " + llvm::Twine(axis));
    }
    if (mlir::failed(copyRange(context, part, 0, result, start, part.shape()[axis], axis))) {
      return mlir::failure();
    }
    start += part.shape()[axis];
  }
  results.push_back(result);
  return mlir::success();
}

llvm::LogicalResult evalMake(OptionalMakeOp, EvalContext &, Operands operands, Results &results) {
  results.push_back(Datum::optional(operands.vec()));
  return mlir::success();
}

llvm::LogicalResult evalHas(OptionalHasOp op, EvalContext &, Operands operands, Results &results) {
  bool has = operands[0].getKind() != Datum::Kind::Optional || !operands[0].items().empty();
  results.push_back(Tensor::scalar(elementOf(op.getResult()), has));
  return mlir::success();
}

llvm::LogicalResult evalGet(OptionalGetOp, EvalContext &context, Operands operands, Results &results) {
  if (operands[0].getKind() != Datum::Kind::Optional) {
    results.push_back(operands[0]);
    return mlir::success();
  }
  if (operands[0].items().empty()) {
    return context.fail("expected an optional with a value, got an empty one");
  }
  results.push_back(operands[0].items().front());
  return mlir::success();
}
} // namespace

void attachSequenceEval(mlir::MLIRContext &context) {
  attachEvaluate<SequenceEmptyOp, evalEmpty>(context);
  attachEvaluate<SequenceConstructOp, evalConstruct>(context);
  attachEvaluate<SequenceInsertOp, evalInsert>(context);
  attachEvaluate<SequenceEraseOp, evalErase>(context);
  attachEvaluate<SequenceAtOp, evalAt>(context);
  attachEvaluate<SequenceLengthOp, evalLength>(context);
  attachEvaluate<SplitToSequenceOp, evalSplit>(context);
  attachEvaluate<ConcatFromSequenceOp, evalConcat>(context);
  attachEvaluate<OptionalMakeOp, evalMake>(context);
  attachEvaluate<OptionalHasOp, evalHas>(context);
  attachEvaluate<OptionalGetOp, evalGet>(context);
}
} // namespace dlc::nn

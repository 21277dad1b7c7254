//===- MoveEval.cpp - reference evaluation of data movement -------------------------------===//
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Indices.h"
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
namespace {
using Sizes = llvm::SmallVector<int64_t>;

/// result[index] = x[first + index * steps].
llvm::LogicalResult copyStrided(EvalContext &context, const Tensor &x, llvm::ArrayRef<int64_t> shape, int64_t first,
                                llvm::ArrayRef<int64_t> steps, Results &results) {
  Tensor result = Tensor::zeros(x.element(), shape);
  results.push_back(result);
  return dispatch<AllElements>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    IndexSpace index(shape);
    for (int64_t i = 0; i < result.count(); ++i, index.next()) {
      result.values<T>()[i] = x.values<T>()[first + dot(*index, steps)];
    }
  });
}

/// The value of a shape attribute, each size at least 0.
mlir::FailureOr<Sizes> sizesOf(EvalContext &context, dim::ShapeAttr shape) {
  mlir::FailureOr<Sizes> sizes = context.sizes(shape.getDims());
  if (mlir::failed(sizes)) {
    return mlir::failure();
  }
  for (int64_t size : *sizes) {
    if (size < 0) {
      return context.fail("expected sizes of at least 0, got " + llvm::Twine(size));
    }
  }
  return sizes;
}

llvm::LogicalResult evalReshape(ReshapeOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  mlir::FailureOr<Sizes> shape = sizesOf(context, op.getShape());
  if (mlir::failed(shape)) {
    return mlir::failure();
  }
  if (countOf(*shape) != x.count()) {
    return context.fail("expected " + llvm::Twine(x.count()) + " elements, got " + llvm::Twine(countOf(*shape)));
  }
  results.push_back(x.reshaped(*shape));
  return mlir::success();
}

llvm::LogicalResult evalBroadcast(BroadcastOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  mlir::FailureOr<Sizes> shape = sizesOf(context, op.getShape());
  if (mlir::failed(shape)) {
    return mlir::failure();
  }
  for (int64_t i = 0; i < x.rank(); ++i) {
    int64_t to = (*shape)[shape->size() - x.rank() + i];
    if (x.shape()[i] != to && x.shape()[i] != 1) {
      return context.fail("expected a dim of 1 or " + llvm::Twine(to) + ", got " + llvm::Twine(x.shape()[i]));
    }
  }
  return copyStrided(context, x, *shape, 0, broadcastSteps(x.shape(), *shape), results);
}

llvm::LogicalResult evalTranspose(TransposeOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  Sizes strides = rowMajorStrides(x.shape()), shape, steps;
  for (int64_t p : op.getPermutation()) {
    shape.push_back(x.shape()[p]);
    steps.push_back(strides[p]);
  }
  return copyStrided(context, x, shape, 0, steps, results);
}

llvm::LogicalResult evalSlice(SliceOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  mlir::FailureOr<Sizes> starts = context.sizes(op.getStarts().getDims()), shape = sizesOf(context, op.getSizes());
  if (mlir::failed(starts) || mlir::failed(shape)) {
    return mlir::failure();
  }
  Sizes steps = rowMajorStrides(x.shape());
  int64_t first = dot(*starts, steps);
  for (int64_t i = 0; i < x.rank(); ++i) {
    int64_t start = (*starts)[i], last = start + ((*shape)[i] - 1) * op.getSteps()[i];
    if (countOf(*shape) > 0 && (std::min(start, last) < 0 || std::max(start, last) >= x.shape()[i])) {
      return context.fail("expected a slice within dim " + llvm::Twine(i) + " of size " + llvm::Twine(x.shape()[i]) +
                          ", got " + llvm::Twine(start) + " to " + llvm::Twine(last));
    }
    steps[i] *= op.getSteps()[i];
  }
  return copyStrided(context, x, *shape, first, steps, results);
}

llvm::LogicalResult evalConcat(ConcatOp op, EvalContext &context, Operands operands, Results &results) {
  int64_t axis = op.getAxis(), total = 0;
  Sizes shape(operands[0].tensor().shape());
  for (const Datum &operand : operands) {
    llvm::ArrayRef<int64_t> own = operand.tensor().shape();
    for (size_t i = 0; i < shape.size(); ++i) {
      if (static_cast<int64_t>(i) != axis && own[i] != shape[i]) {
        return context.fail("expected a dim of size " + llvm::Twine(shape[i]) + ", got " + llvm::Twine(own[i]));
      }
    }
    total += own[axis];
  }
  shape[axis] = total;
  Tensor result = Tensor::zeros(operands[0].tensor().element(), shape);
  results.push_back(result);
  return dispatch<AllElements>(context, result.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    AxisSplit to(shape, axis);
    int64_t start = 0;
    for (const Datum &operand : operands) {
      const Tensor &x = operand.tensor();
      AxisSplit from(x.shape(), axis);
      int64_t run = from.size * from.inner;
      for (int64_t o = 0; o < from.outer; ++o) {
        auto row = x.values<T>().slice(o * run, run);
        std::copy(row.begin(), row.end(), result.values<T>().begin() + to.at(o, start, 0));
      }
      start += from.size;
    }
  });
}

llvm::LogicalResult evalGather(GatherOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor(), &indices = operands[1].tensor();
  AxisSplit axis(x.shape(), op.getAxis());
  Sizes shape(x.shape().take_front(op.getAxis())), at;
  llvm::append_range(shape, indices.shape());
  llvm::append_range(shape, x.shape().drop_front(op.getAxis() + 1));
  for (int64_t i = 0; i < indices.count(); ++i) {
    mlir::FailureOr<int64_t> index = wrapIndex(context, indices, i, axis.size);
    if (mlir::failed(index)) {
      return mlir::failure();
    }
    at.push_back(*index);
  }
  Tensor result = Tensor::zeros(x.element(), shape);
  results.push_back(result);
  return dispatch<AllElements>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T *out = result.values<T>().data();
    for (int64_t o = 0; o < axis.outer; ++o) {
      for (int64_t index : at) {
        auto row = x.values<T>().slice(axis.at(o, index, 0), axis.inner);
        out = std::copy(row.begin(), row.end(), out);
      }
    }
  });
}

/// The element of a dim of size `n` that stands at `position`, or -1 for the padding value.
int64_t paddedSource(PadMode mode, int64_t position, int64_t n) {
  if (position >= 0 && position < n) {
    return position;
  }
  auto wrapped = [&](int64_t period) { return ((position % period) + period) % period; };
  switch (mode) {
  case PadMode::Constant:
    return -1;
  case PadMode::Edge:
    return position < 0 ? 0 : n - 1;
  case PadMode::Wrap:
    return wrapped(n);
  case PadMode::Reflect: {
    if (n == 1) {
      return 0;
    }
    int64_t p = wrapped(2 * (n - 1));
    return p < n ? p : 2 * (n - 1) - p;
  }
  }
  return -1;
}

llvm::LogicalResult evalPad(PadOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  mlir::FailureOr<Sizes> begins = context.sizes(op.getBegins().getDims()), ends = context.sizes(op.getEnds().getDims());
  if (mlir::failed(begins) || mlir::failed(ends)) {
    return mlir::failure();
  }
  Sizes shape, strides = rowMajorStrides(x.shape());
  std::vector<std::vector<int64_t>> sources;
  for (int64_t d = 0; d < x.rank(); ++d) {
    int64_t n = x.shape()[d];
    shape.push_back(n + (*begins)[d] + (*ends)[d]);
    if (shape.back() < 0 || (n == 0 && shape.back() > 0 && op.getMode() != PadMode::Constant)) {
      return context.fail("expected padding that fits dim " + llvm::Twine(d) + " of size " + llvm::Twine(n));
    }
    sources.emplace_back();
    for (int64_t i = 0; i < shape.back(); ++i) {
      sources.back().push_back(paddedSource(op.getMode(), i - (*begins)[d], n));
    }
  }
  Tensor result = Tensor::zeros(x.element(), shape);
  results.push_back(result);
  return dispatch<AllElements>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T value = operands.size() > 1 && operands[1] ? operands[1].tensor().values<T>()[0] : T();
    IndexSpace index(shape);
    for (int64_t i = 0; i < result.count(); ++i, index.next()) {
      int64_t offset = 0;
      bool inside = true;
      for (int64_t d = 0; d < x.rank(); ++d) {
        int64_t source = sources[d][(*index)[d]];
        inside &= source >= 0;
        offset += source * strides[d];
      }
      result.values<T>()[i] = inside ? x.values<T>()[offset] : value;
    }
  });
}
} // namespace

void attachMoveEval(mlir::MLIRContext &context) {
  attachEvaluate<ReshapeOp, evalReshape>(context);
  attachEvaluate<BroadcastOp, evalBroadcast>(context);
  attachEvaluate<TransposeOp, evalTranspose>(context);
  attachEvaluate<SliceOp, evalSlice>(context);
  attachEvaluate<ConcatOp, evalConcat>(context);
  attachEvaluate<GatherOp, evalGather>(context);
  attachEvaluate<PadOp, evalPad>(context);
}
} // namespace dlc::nn

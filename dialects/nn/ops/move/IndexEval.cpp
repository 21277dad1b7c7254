//===- IndexEval.cpp - reference evaluation of gathers, scatters and positions -----------------===//
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Image.h"
#include "dialects/nn/eval/Indices.h"
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
namespace {
using Shape = llvm::SmallVector<int64_t>;

/// For every element of `indices`, the offset in `input` that it stands for along `axis`.
mlir::FailureOr<std::vector<int64_t>> elementOffsets(EvalContext &context, const Tensor &input, const Tensor &indices,
                                                     int64_t axis) {
  Shape strides = rowMajorStrides(input.shape());
  for (int64_t d = 0; d < input.rank(); ++d) {
    if (d != axis && indices.shape()[d] > input.shape()[d]) {
      return context.fail("expected indices within the input's dims, got " + llvm::Twine(indices.shape()[d]) + " of " +
                          llvm::Twine(input.shape()[d]));
    }
  }
  std::vector<int64_t> offsets;
  IndexSpace index(indices.shape());
  for (int64_t i = 0; i < indices.count(); ++i, index.next()) {
    mlir::FailureOr<int64_t> at = wrapIndex(context, indices, i, input.shape()[axis]);
    if (mlir::failed(at)) {
      return mlir::failure();
    }
    offsets.push_back(dot(*index, strides) + (*at - (*index)[axis]) * strides[axis]);
  }
  return offsets;
}

/// For every index vector, the offset of its slice in `input`.
mlir::FailureOr<std::vector<int64_t>> sliceOffsets(EvalContext &context, const Tensor &input, const Tensor &indices,
                                                   int64_t batchDims) {
  Shape strides = rowMajorStrides(input.shape());
  int64_t length = indices.shape().back();
  llvm::ArrayRef<int64_t> space = indices.shape().drop_back();
  std::vector<int64_t> offsets;
  IndexSpace index(space);
  for (int64_t i = 0; i < countOf(space); ++i, index.next()) {
    int64_t offset = dot((*index).take_front(batchDims), strides);
    for (int64_t k = 0; k < length; ++k) {
      mlir::FailureOr<int64_t> at = wrapIndex(context, indices, i * length + k, input.shape()[batchDims + k]);
      if (mlir::failed(at)) {
        return mlir::failure();
      }
      offset += *at * strides[batchDims + k];
    }
    offsets.push_back(offset);
  }
  return offsets;
}

/// result = runs of `run` elements of `x` at `offsets`.
llvm::LogicalResult gather(EvalContext &context, const Tensor &x, llvm::ArrayRef<int64_t> offsets, int64_t run,
                           llvm::ArrayRef<int64_t> shape, Results &results) {
  Tensor result = Tensor::zeros(x.element(), shape);
  results.push_back(result);
  return dispatch<AllElements>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T *out = result.values<T>().data();
    for (int64_t offset : offsets) {
      auto from = x.values<T>().slice(offset, run);
      out = std::copy(from.begin(), from.end(), out);
    }
  });
}

template <class T> T combine(ScatterKind kind, T old, T update) {
  if constexpr ((classOf<T> & Numbers) != 0) {
    Compute<T> a = old, b = update;
    switch (kind) {
    case ScatterKind::None:
      return update;
    case ScatterKind::Add:
      return T(Sum<T>(a) + Sum<T>(b));
    case ScatterKind::Mul:
      return T(Sum<T>(a) * Sum<T>(b));
    case ScatterKind::Max:
      return a != a || a > b ? old : update;
    case ScatterKind::Min:
      return a != a || a < b ? old : update;
    }
  }
  return update;
}

/// A copy of `x` with runs of `run` updates at `offsets`.
llvm::LogicalResult scatter(EvalContext &context, const Tensor &x, const Tensor &updates,
                            llvm::ArrayRef<int64_t> offsets, int64_t run, ScatterKind kind, Results &results) {
  if (updates.count() != static_cast<int64_t>(offsets.size()) * run) {
    return context.fail("expected " + llvm::Twine(offsets.size() * run) + " updates, got " +
                        llvm::Twine(updates.count()));
  }
  Tensor result = Tensor::zeros(x.element(), x.shape());
  results.push_back(result);
  bool moved = kind == ScatterKind::None;
  auto fill = [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::copy(x.values<T>().begin(), x.values<T>().end(), result.values<T>().begin());
    const T *update = updates.values<T>().data();
    for (int64_t offset : offsets) {
      for (int64_t i = 0; i < run; ++i) {
        T &to = result.values<T>()[offset + i];
        to = combine<T>(kind, to, *update++);
      }
    }
  };
  return moved ? dispatch<AllElements>(context, x.element(), fill) : dispatch<Numbers>(context, x.element(), fill);
}

llvm::LogicalResult evalGatherElements(GatherElementsOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor(), &indices = operands[1].tensor();
  mlir::FailureOr<std::vector<int64_t>> offsets = elementOffsets(context, x, indices, op.getAxis());
  return mlir::failed(offsets) ? mlir::failure() : gather(context, x, *offsets, 1, indices.shape(), results);
}

llvm::LogicalResult evalScatterElements(ScatterElementsOp op, EvalContext &context, Operands operands,
                                        Results &results) {
  const Tensor &x = operands[0].tensor(), &indices = operands[1].tensor();
  mlir::FailureOr<std::vector<int64_t>> offsets = elementOffsets(context, x, indices, op.getAxis());
  return mlir::failed(offsets) ? mlir::failure()
                               : scatter(context, x, operands[2].tensor(), *offsets, 1, op.getReduction(), results);
}

llvm::LogicalResult evalGatherND(GatherNDOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor(), &indices = operands[1].tensor();
  mlir::FailureOr<std::vector<int64_t>> offsets = sliceOffsets(context, x, indices, op.getBatchDims());
  llvm::ArrayRef<int64_t> slice = x.shape().drop_front(op.getBatchDims() + indices.shape().back());
  Shape shape(indices.shape().drop_back());
  llvm::append_range(shape, slice);
  return mlir::failed(offsets) ? mlir::failure() : gather(context, x, *offsets, countOf(slice), shape, results);
}

llvm::LogicalResult evalScatterND(ScatterNDOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor(), &indices = operands[1].tensor();
  mlir::FailureOr<std::vector<int64_t>> offsets = sliceOffsets(context, x, indices, 0);
  int64_t run = countOf(x.shape().drop_front(indices.shape().back()));
  return mlir::failed(offsets) ? mlir::failure()
                               : scatter(context, x, operands[2].tensor(), *offsets, run, op.getReduction(), results);
}

llvm::LogicalResult evalOneHot(OneHotOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &indices = operands[0].tensor(), &values = operands[1].tensor();
  mlir::FailureOr<int64_t> depth = context.size(op.getDepth());
  if (mlir::failed(depth) || *depth < 0) {
    return mlir::failed(depth) ? mlir::failure()
                               : context.fail("expected a depth of at least 0, got " + llvm::Twine(*depth));
  }
  Shape shape(indices.shape());
  shape.insert(shape.begin() + op.getAxis(), *depth);
  Tensor result = Tensor::zeros(values.element(), shape);
  results.push_back(result);
  std::vector<double> at = toDoubles(indices);
  AxisSplit axis(shape, op.getAxis());
  return dispatch<AllElements>(context, values.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t i = 0; i < result.count(); ++i) {
      double index = std::trunc(at[i / (axis.size * axis.inner) * axis.inner + i % axis.inner]);
      bool hot = double(i / axis.inner % axis.size) == (index < 0 ? index + double(*depth) : index);
      result.values<T>()[i] = values.values<T>()[hot];
    }
  });
}

llvm::LogicalResult evalIota(IotaOp op, EvalContext &context, Operands, Results &results) {
  mlir::FailureOr<Tensor> result = context.result(op.getResult());
  if (mlir::failed(result)) {
    return mlir::failure();
  }
  AxisSplit axis(result->shape(), op.getAxis());
  results.push_back(*result);
  return dispatch<Numbers>(context, op.getTo(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t i = 0; i < result->count(); ++i) {
      result->template values<T>()[i] = convert<T>(i / axis.inner % axis.size);
    }
  });
}

llvm::LogicalResult evalTile(TileOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  mlir::FailureOr<Shape> repeats = context.sizes(op.getRepeats().getDims());
  if (mlir::failed(repeats)) {
    return mlir::failure();
  }
  Shape shape(x.shape()), strides = rowMajorStrides(x.shape());
  for (auto [size, n] : llvm::zip(shape, *repeats)) {
    if (n < 0) {
      return context.fail("expected repeats of at least 0, got " + llvm::Twine(n));
    }
    size *= n;
  }
  std::vector<int64_t> offsets;
  IndexSpace index(shape);
  for (int64_t i = countOf(shape); i > 0; --i, index.next()) {
    int64_t offset = 0;
    for (int64_t d = 0; d < x.rank(); ++d) {
      offset += (*index)[d] % x.shape()[d] * strides[d];
    }
    offsets.push_back(offset);
  }
  return gather(context, x, offsets, 1, shape, results);
}

llvm::LogicalResult evalReverseSequence(ReverseSequenceOp op, EvalContext &context, Operands operands,
                                        Results &results) {
  const Tensor &x = operands[0].tensor(), &lengths = operands[1].tensor();
  Shape strides = rowMajorStrides(x.shape());
  for (int64_t i = 0; i < lengths.count(); ++i) {
    if (mlir::failed(checkIndex(context, lengths, i, 0, x.shape()[op.getTimeAxis()] + 1))) {
      return mlir::failure();
    }
  }
  std::vector<int64_t> offsets;
  IndexSpace index(x.shape());
  for (int64_t i = 0; i < x.count(); ++i, index.next()) {
    int64_t t = (*index)[op.getTimeAxis()], length = lengths.integer((*index)[op.getBatchAxis()]);
    offsets.push_back(t < length ? i + (length - 1 - 2 * t) * strides[op.getTimeAxis()] : i);
  }
  return gather(context, x, offsets, 1, x.shape(), results);
}

llvm::LogicalResult evalCheckIndices(CheckIndicesOp op, EvalContext &context, Operands operands, Results &) {
  mlir::FailureOr<Shape> low = context.sizes(op.getLow().getDims()), high = context.sizes(op.getHigh().getDims());
  if (mlir::failed(low) || mlir::failed(high)) {
    return mlir::failure();
  }
  const Tensor &indices = operands[0].tensor();
  for (int64_t i = 0; i < indices.count(); ++i) {
    size_t k = i % low->size();
    if (mlir::failed(checkIndex(context, indices, i, (*low)[k], (*high)[k]))) {
      return mlir::failure();
    }
  }
  return mlir::success();
}

llvm::LogicalResult evalTrilu(TriluOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor(), *diagonal = optionalOperand(op, operands, 1);
  int64_t k = diagonal ? diagonal->integer(0) : 0, rows = x.shape()[x.rank() - 2], columns = x.shape().back();
  Tensor result = Tensor::zeros(x.element(), x.shape());
  results.push_back(result);
  return dispatch<AllElements>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t i = 0; i < x.count(); ++i) {
      int64_t row = i / columns % rows, column = i % columns, start = row + std::clamp(k, -rows - 1, columns + 1);
      if (op.getUpper() ? column >= start : column <= start) {
        result.values<T>()[i] = x.values<T>()[i];
      }
    }
  });
}

/// How many windows fit along one dim.
int64_t windowCount(Col2ImOp op, size_t d, int64_t size, llvm::ArrayRef<int64_t> kernel) {
  int64_t padded = size + op.getPads()[d] + op.getPads()[kernel.size() + d];
  int64_t span = padded - (kernel[d] - 1) * op.getDilations()[d] - 1;
  return span < 0 ? 0 : span / op.getStrides()[d] + 1;
}

llvm::LogicalResult evalCol2Im(Col2ImOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  mlir::FailureOr<Shape> sizes = context.sizes(op.getImage().getDims()), kernelSizes = context.sizes(op.getKernel().getDims());
  if (mlir::failed(sizes) || mlir::failed(kernelSizes)) {
    return mlir::failure();
  }
  llvm::ArrayRef<int64_t> kernel = *kernelSizes;
  if (llvm::any_of(kernel, [](int64_t s) { return s < 1; })) {
    return context.fail("expected a kernel of at least one element");
  }
  int64_t taps = countOf(kernel), channels = x.shape()[1] / taps;
  Shape windows;
  for (size_t d = 0; d < kernel.size(); ++d) {
    windows.push_back(windowCount(op, d, (*sizes)[d], kernel));
  }
  if (channels * taps != x.shape()[1] || countOf(windows) != x.shape()[2]) {
    return context.fail("expected a multiple of " + llvm::Twine(taps) + " channels and " +
                        llvm::Twine(countOf(windows)) + " windows, got " + llvm::Twine(x.shape()[1]) + " and " +
                        llvm::Twine(x.shape()[2]));
  }
  Tensor result = Tensor::zeros(x.element(), Image::shape(x.shape()[0], channels, *sizes, false));
  results.push_back(result);
  Image image(result.shape(), false);
  std::vector<double> sums(result.count());
  std::vector<double> values = toDoubles(x);
  IndexSpace index(x.shape());
  for (double v : values) {
    llvm::ArrayRef<int64_t> i = *index; // [n, channel and tap, window]
    Shape at(kernel.size());
    int64_t tap = i[1] % taps, window = i[2];
    for (size_t d = kernel.size(); d-- > 0;) {
      at[d] = window % windows[d] * op.getStrides()[d] - op.getPads()[d] + tap % kernel[d] * op.getDilations()[d];
      window /= windows[d], tap /= kernel[d];
    }
    if (std::optional<int64_t> offset = image.offset(at)) {
      sums[image.at(i[0], i[1] / taps) + *offset] += v;
    }
    index.next();
  }
  return storeDoubles(context, result, sums);
}
} // namespace

void attachIndexEval(mlir::MLIRContext &context) {
  attachEvaluate<GatherElementsOp, evalGatherElements>(context);
  attachEvaluate<GatherNDOp, evalGatherND>(context);
  attachEvaluate<ScatterElementsOp, evalScatterElements>(context);
  attachEvaluate<ScatterNDOp, evalScatterND>(context);
  attachEvaluate<OneHotOp, evalOneHot>(context);
  attachEvaluate<IotaOp, evalIota>(context);
  attachEvaluate<TileOp, evalTile>(context);
  attachEvaluate<ReverseSequenceOp, evalReverseSequence>(context);
  attachEvaluate<TriluOp, evalTrilu>(context);
  attachEvaluate<CheckIndicesOp, evalCheckIndices>(context);
  attachEvaluate<Col2ImOp, evalCol2Im>(context);
}
} // namespace dlc::nn

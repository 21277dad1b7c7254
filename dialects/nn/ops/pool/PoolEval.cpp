//===- PoolEval.cpp - reference evaluation of pooling -------------------------------------===//
#include "dialects/nn/eval/Image.h"
#include "dialects/nn/eval/Indices.h"
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
namespace {
using Sizes = llvm::SmallVector<int64_t>;

/// ONNX MaxPool, since version 22: with ceil_mode, windows that would start in the end padding are dropped.
template <class Op> Sizes pooledSizes(Op op, llvm::ArrayRef<int64_t> input) {
  Sizes sizes;
  for (size_t i = 0; i < input.size(); ++i) {
    int64_t begin = op.getPads()[i], end = op.getPads()[input.size() + i], stride = op.getStrides()[i];
    int64_t span = input[i] + begin + end - (op.getKernel()[i] - 1) * op.getDilations()[i] - 1;
    if (span < 0) {
      sizes.push_back(op.getCeilMode() && span > -stride && begin + input[i] > 0 ? 1 : 0);
      continue;
    }
    int64_t size = (op.getCeilMode() ? (span + stride - 1) / stride : span / stride) + 1;
    sizes.push_back(op.getCeilMode() && (size - 1) * stride >= input[i] + begin ? size - 1 : size);
  }
  return sizes;
}

/// Calls `visit(within the padded input, offset or nullopt outside of the input)` for every tap of the window at `out`.
template <class Op, class F> void forEachTap(Op op, const Image &input, llvm::ArrayRef<int64_t> out, F visit) {
  llvm::ArrayRef<int64_t> kernel = op.getKernel();
  Sizes at(kernel.size());
  IndexSpace tap(kernel);
  for (int64_t t = countOf(kernel); t > 0; --t, tap.next()) {
    bool padded = true;
    for (size_t d = 0; d < kernel.size(); ++d) {
      at[d] = out[d] * op.getStrides()[d] - op.getPads()[d] + (*tap)[d] * op.getDilations()[d];
      padded &= at[d] < input.sizes[d] + op.getPads()[kernel.size() + d];
    }
    visit(padded, input.offset(at));
  }
}

/// Calls `f(first element of the channel, output index, output offset)` for every output element.
template <class F> void forEachWindow(const Image &input, const Image &output, F f) {
  for (int64_t n = 0; n < output.batch; ++n) {
    for (int64_t c = 0; c < output.channels; ++c) {
      IndexSpace out(output.sizes);
      for (int64_t i = countOf(output.sizes); i > 0; --i, out.next()) {
        f(input.at(n, c), *out, output.at(n, c) + dot(*out, output.steps));
      }
    }
  }
}

template <class Op> Tensor pooledResult(Op op, const Image &input, Results &results) {
  Sizes shape = Image::shape(input.batch, input.channels, pooledSizes(op, input.sizes), op.getChannelLast());
  Tensor result = Tensor::zeros(elementOf(op.getInput()), shape);
  results.push_back(result);
  return result;
}

llvm::LogicalResult evalMaxPool(MaxPoolOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  Image input(x.shape(), op.getChannelLast());
  Tensor result = pooledResult(op, input, results);
  return dispatch<Numbers>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    forEachWindow(input, Image(result.shape(), op.getChannelLast()),
                  [&](int64_t first, llvm::ArrayRef<int64_t> out, int64_t to) {
                    Compute<T> best = lowest<T>();
                    forEachTap(op, input, out, [&](bool, std::optional<int64_t> offset) {
                      if (offset) {
                        Compute<T> v = x.values<T>()[first + *offset];
                        best = v > best || v != v ? v : best;
                      }
                    });
                    result.values<T>()[to] = T(best);
                  });
  });
}

llvm::LogicalResult evalAvgPool(AvgPoolOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  Image input(x.shape(), op.getChannelLast());
  Tensor result = pooledResult(op, input, results);
  return dispatch<Floats>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    forEachWindow(input, Image(result.shape(), op.getChannelLast()),
                  [&](int64_t first, llvm::ArrayRef<int64_t> out, int64_t to) {
                    double sum = 0;
                    int64_t count = 0;
                    forEachTap(op, input, out, [&](bool padded, std::optional<int64_t> offset) {
                      sum += offset ? double(Compute<T>(x.values<T>()[first + *offset])) : 0;
                      count += offset || (padded && op.getCountIncludePad());
                    });
                    result.values<T>()[to] = T(count ? sum / count : 0);
                  });
  });
}

llvm::LogicalResult evalLpPool(LpPoolOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  Image input(x.shape(), op.getChannelLast());
  Tensor result = pooledResult(op, input, results);
  std::vector<double> values = toDoubles(x), norms(result.count());
  double p = double(op.getP());
  forEachWindow(input, Image(result.shape(), op.getChannelLast()),
                [&](int64_t first, llvm::ArrayRef<int64_t> out, int64_t to) {
                  double sum = 0;
                  forEachTap(op, input, out, [&](bool, std::optional<int64_t> offset) {
                    sum += offset ? std::pow(std::abs(values[first + *offset]), p) : 0;
                  });
                  norms[to] = std::pow(sum, 1 / p);
                });
  return storeDoubles(context, result, norms);
}

/// The offset of a spatial position counted in column-major order.
int64_t columnMajor(const Image &image, int64_t offset) {
  int64_t result = 0, step = 1;
  for (size_t d = 0; d < image.sizes.size(); ++d) {
    result += offset / image.steps[d] % image.sizes[d] * step;
    step *= image.sizes[d];
  }
  return result;
}

llvm::LogicalResult evalMaxPoolIndices(MaxPoolIndicesOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  Image input(x.shape(), false);
  Tensor result = pooledResult(op, input, results);
  Tensor indices = Tensor::zeros(elementOf(op.getIndices()), result.shape());
  results.push_back(indices);
  return dispatch<Numbers>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    forEachWindow(input, Image(result.shape(), false), [&](int64_t first, llvm::ArrayRef<int64_t> out, int64_t to) {
      std::optional<int64_t> best;
      forEachTap(op, input, out, [&](bool, std::optional<int64_t> offset) {
        if (offset &&
            (!best || Compute<T>(x.values<T>()[first + *offset]) > Compute<T>(x.values<T>()[first + *best]))) {
          best = offset;
        }
      });
      result.values<T>()[to] = best ? x.values<T>()[first + *best] : T(lowest<T>());
      indices.values<int64_t>()[to] = best ? first + (op.getStorageOrder() ? columnMajor(input, *best) : *best) : -1;
    });
  });
}

llvm::LogicalResult evalMaxUnpool(MaxUnpoolOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor(), &indices = operands[1].tensor();
  mlir::FailureOr<Sizes> indexed = context.sizes(op.getIndexed().getDims());
  mlir::FailureOr<Tensor> result = context.result(op.getResult());
  if (mlir::failed(indexed) || mlir::failed(result)) {
    return mlir::failure();
  }
  Sizes from = rowMajorStrides(*indexed), to = rowMajorStrides(result->shape());
  std::vector<int64_t> offsets;
  for (int64_t i = 0; i < x.count(); ++i) {
    int64_t index = indices.integer(i), offset = 0;
    if (mlir::failed(checkIndex(context, indices, i, 0, countOf(*indexed)))) {
      return mlir::failure();
    }
    for (size_t d = 0; d < from.size(); ++d) {
      int64_t position = index / from[d] % (*indexed)[d];
      if (position >= result->shape()[d]) {
        return context.fail("expected an element within the result, got position " + llvm::Twine(position));
      }
      offset += position * to[d];
    }
    offsets.push_back(offset);
  }
  results.push_back(*result);
  return dispatch<Numbers>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t i = 0; i < x.count(); ++i) {
      result->template values<T>()[offsets[i]] = x.values<T>()[i];
    }
  });
}
} // namespace

void attachPoolEval(mlir::MLIRContext &context) {
  attachEvaluate<MaxPoolOp, evalMaxPool>(context);
  attachEvaluate<AvgPoolOp, evalAvgPool>(context);
  attachEvaluate<LpPoolOp, evalLpPool>(context);
  attachEvaluate<MaxPoolIndicesOp, evalMaxPoolIndices>(context);
  attachEvaluate<MaxUnpoolOp, evalMaxUnpool>(context);
}
} // namespace dlc::nn

//===- ReduceEval.cpp - reference evaluation of reductions --------------------------------===//
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
namespace {
using Sizes = llvm::SmallVector<int64_t>;

/// The integer results of the kinds that stay within T; sums wrap.
template <class T> T reduceIntegers(ReduceKind kind, const std::vector<T> &values) {
  uint64_t sum = 0, product = 1;
  T least = highest<T>(), greatest = lowest<T>();
  for (T v : values) {
    bool negative = v < T(0);
    uint64_t x = uint64_t(v);
    sum += kind == ReduceKind::SumSquare ? x * x : kind == ReduceKind::L1 && negative ? -x : x;
    product *= x;
    least = std::min(least, v);
    greatest = std::max(greatest, v);
  }
  switch (kind) {
  case ReduceKind::Prod:
    return T(product);
  case ReduceKind::Max:
    return greatest;
  case ReduceKind::Min:
    return least;
  case ReduceKind::Mean:
    if (std::is_signed_v<T>) {
      return values.empty() ? T(0) : T(int64_t(sum) / int64_t(values.size()));
    }
    return values.empty() ? T(0) : T(sum / values.size());
  default:
    return T(sum);
  }
}

double logSumExp(const std::vector<double> &values) {
  double greatest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (double v : values) {
    greatest = std::max(greatest, v);
  }
  double shift = std::isinf(greatest) ? 0 : greatest;
  for (double v : values) {
    sum += std::exp(v - shift);
  }
  return shift + std::log(sum);
}

double reduceDoubles(ReduceKind kind, const std::vector<double> &values) {
  double sum = 0, absolute = 0, squares = 0, product = 1;
  double least = highest<double>(), greatest = lowest<double>();
  for (double v : values) {
    sum += v;
    absolute += std::abs(v);
    squares += v * v;
    product *= v;
    least = v < least || v != v ? v : least;
    greatest = v > greatest || v != v ? v : greatest;
  }
  switch (kind) {
  case ReduceKind::Sum:
    return sum;
  case ReduceKind::Mean:
    return sum / double(values.size());
  case ReduceKind::Prod:
    return product;
  case ReduceKind::Max:
    return greatest;
  case ReduceKind::Min:
    return least;
  case ReduceKind::L1:
    return absolute;
  case ReduceKind::L2:
    return std::sqrt(squares);
  case ReduceKind::LogSum:
    return std::log(sum);
  case ReduceKind::LogSumExp:
    return logSumExp(values);
  case ReduceKind::SumSquare:
    return squares;
  }
  return 0;
}

bool staysInteger(ReduceKind kind) {
  return kind != ReduceKind::L2 && kind != ReduceKind::LogSum && kind != ReduceKind::LogSumExp;
}

template <class T, class Value> std::vector<Value> collect(const T *first, llvm::ArrayRef<int64_t> offsets) {
  std::vector<Value> values;
  values.reserve(offsets.size());
  for (int64_t offset : offsets) {
    values.push_back(Value(Compute<T>(first[offset])));
  }
  return values;
}

template <class T> T reduceAt(ReduceKind kind, const T *first, llvm::ArrayRef<int64_t> offsets) {
  if constexpr (std::is_same_v<T, bool>) {
    bool all = true, any = false;
    for (int64_t offset : offsets) {
      all &= first[offset];
      any |= first[offset];
    }
    return kind == ReduceKind::Max ? any : all;
  } else if constexpr (std::is_integral_v<T>) {
    if (staysInteger(kind)) {
      return reduceIntegers(kind, collect<T, T>(first, offsets));
    }
    return convert<T>(reduceDoubles(kind, collect<T, double>(first, offsets)));
  } else {
    return T(reduceDoubles(kind, collect<T, double>(first, offsets)));
  }
}

/// The offsets of all elements with the sizes `shape` and the steps `steps`.
std::vector<int64_t> offsetsOf(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> steps) {
  std::vector<int64_t> offsets;
  IndexSpace index(shape);
  for (int64_t i = countOf(shape); i > 0; --i, index.next()) {
    offsets.push_back(dot(*index, steps));
  }
  return offsets;
}

llvm::LogicalResult evalReduce(ReduceOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  Sizes strides = rowMajorStrides(x.shape()), shape, kept, keptSteps, gone, goneSteps;
  for (int64_t i = 0; i < x.rank(); ++i) {
    bool reduced = llvm::is_contained(op.getAxes(), i);
    (reduced ? gone : kept).push_back(x.shape()[i]);
    (reduced ? goneSteps : keptSteps).push_back(strides[i]);
    if (!reduced || op.getKeepDims()) {
      shape.push_back(reduced ? 1 : x.shape()[i]);
    }
  }
  Tensor result = Tensor::zeros(x.element(), shape);
  results.push_back(result);
  if (isBool(x.element()) && op.getKind() != ReduceKind::Max && op.getKind() != ReduceKind::Min) {
    return failElement(context, x.element());
  }
  std::vector<int64_t> from = offsetsOf(kept, keptSteps), window = offsetsOf(gone, goneSteps);
  return dispatch<Numbers | Bools>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t i = 0; i < result.count(); ++i) {
      result.values<T>()[i] = reduceAt<T>(op.getKind(), x.values<T>().data() + from[i], window);
    }
  });
}

llvm::LogicalResult evalSoftmax(SoftmaxOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  Tensor result = Tensor::zeros(x.element(), x.shape());
  results.push_back(result);
  AxisSplit axis(x.shape(), op.getAxis());
  return dispatch<Floats>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::vector<double> row(axis.size);
    for (int64_t o = 0; o < axis.outer; ++o) {
      for (int64_t r = 0; r < axis.inner; ++r) {
        double greatest = lowest<double>(), sum = 0;
        for (int64_t i = 0; i < axis.size; ++i) {
          row[i] = double(Compute<T>(x.values<T>()[axis.at(o, i, r)]));
          greatest = row[i] > greatest || row[i] != row[i] ? row[i] : greatest;
        }
        for (int64_t i = 0; i < axis.size; ++i) {
          sum += std::exp(row[i] - greatest);
        }
        for (int64_t i = 0; i < axis.size; ++i) {
          double shifted = row[i] - greatest;
          result.values<T>()[axis.at(o, i, r)] = T(op.getLog() ? shifted - std::log(sum) : std::exp(shifted) / sum);
        }
      }
    }
  });
}
} // namespace

void attachReduceEval(mlir::MLIRContext &context) {
  attachEvaluate<ReduceOp, evalReduce>(context);
  attachEvaluate<SoftmaxOp, evalSoftmax>(context);
}
} // namespace dlc::nn

//===- OrderEval.cpp - reference evaluation of positions, running sums and top-k -------------===//
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Registration.h"
#include <numeric>

namespace dlc::nn {
namespace {
llvm::LogicalResult evalArgReduce(ArgReduceOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  AxisSplit axis(x.shape(), op.getAxis());
  llvm::SmallVector<int64_t> shape(x.shape());
  if (op.getKeepDims()) {
    shape[op.getAxis()] = 1;
  } else {
    shape.erase(shape.begin() + op.getAxis());
  }
  Tensor result = Tensor::zeros(elementOf(op.getResult()), shape);
  results.push_back(result);
  if (axis.size == 0 && result.count() > 0) {
    return context.fail("expected at least one element along the axis, got none");
  }
  return dispatch<Numbers>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    auto wins = [&](Compute<T> a, Compute<T> b) { return op.getKind() == ReduceKind::Max ? a > b : a < b; };
    for (int64_t o = 0; o < axis.outer; ++o) {
      for (int64_t r = 0; r < axis.inner; ++r) {
        int64_t best = 0;
        for (int64_t i = 1; i < axis.size; ++i) {
          Compute<T> v = x.values<T>()[axis.at(o, i, r)], b = x.values<T>()[axis.at(o, best, r)];
          best = wins(v, b) || (op.getSelectLast() && v == b) ? i : best;
        }
        result.values<int64_t>()[o * axis.inner + r] = best;
      }
    }
  });
}

/// A running sum or product, wrapping for integers.
template <class Op, class Combine>
llvm::LogicalResult accumulate(Op op, EvalContext &context, Operands operands, Results &results, int start,
                               Combine combine) {
  const Tensor &x = operands[0].tensor();
  AxisSplit axis(x.shape(), op.getAxis());
  Tensor result = Tensor::zeros(x.element(), x.shape());
  results.push_back(result);
  return dispatch<Numbers>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t o = 0; o < axis.outer; ++o) {
      for (int64_t r = 0; r < axis.inner; ++r) {
        Sum<T> total = start;
        for (int64_t n = 0; n < axis.size; ++n) {
          int64_t at = axis.at(o, op.getReverse() ? axis.size - 1 - n : n, r);
          Sum<T> next = combine(total, Sum<T>(Compute<T>(x.values<T>()[at])));
          result.values<T>()[at] = T(op.getExclusive() ? total : next);
          total = next;
        }
      }
    }
  });
}

llvm::LogicalResult evalCumSum(CumSumOp op, EvalContext &context, Operands operands, Results &results) {
  return accumulate(op, context, operands, results, 0, [](auto a, auto b) { return a + b; });
}
llvm::LogicalResult evalCumProd(CumProdOp op, EvalContext &context, Operands operands, Results &results) {
  return accumulate(op, context, operands, results, 1, [](auto a, auto b) { return a * b; });
}

/// A total order: NaN is greater than everything.
template <class C> bool before(C a, C b, bool largest) {
  if (a != a || b != b) {
    return largest ? a != a && b == b : a == a && b != b;
  }
  return largest ? a > b : a < b;
}

llvm::LogicalResult evalTopK(TopKOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  AxisSplit from(x.shape(), op.getAxis());
  mlir::FailureOr<int64_t> k = context.size(op.getK());
  if (mlir::failed(k)) {
    return mlir::failure();
  }
  if (*k < 0 || *k > from.size) {
    return context.fail("expected k from 0 to " + llvm::Twine(from.size) + ", got " + llvm::Twine(*k));
  }
  llvm::SmallVector<int64_t> shape(x.shape());
  shape[op.getAxis()] = *k;
  AxisSplit to(shape, op.getAxis());
  Tensor values = Tensor::zeros(x.element(), shape), indices = Tensor::zeros(elementOf(op.getIndices()), shape);
  results.append({values, indices});
  return dispatch<Numbers>(context, x.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::vector<int64_t> order(from.size);
    for (int64_t o = 0; o < from.outer; ++o) {
      for (int64_t r = 0; r < from.inner; ++r) {
        std::iota(order.begin(), order.end(), 0);
        auto value = [&](int64_t i) { return Compute<T>(x.values<T>()[from.at(o, i, r)]); };
        llvm::sort(order, [&](int64_t a, int64_t b) {
          bool first = before(value(a), value(b), op.getLargest()), last = before(value(b), value(a), op.getLargest());
          return first || (!last && a < b);
        });
        for (int64_t i = 0; i < *k; ++i) {
          values.values<T>()[to.at(o, i, r)] = x.values<T>()[from.at(o, order[i], r)];
          indices.values<int64_t>()[to.at(o, i, r)] = order[i];
        }
      }
    }
  });
}
} // namespace

void attachOrderEval(mlir::MLIRContext &context) {
  attachEvaluate<ArgReduceOp, evalArgReduce>(context);
  attachEvaluate<CumSumOp, evalCumSum>(context);
  attachEvaluate<CumProdOp, evalCumProd>(context);
  attachEvaluate<TopKOp, evalTopK>(context);
}
} // namespace dlc::nn

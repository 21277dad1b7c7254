//===- EinsumEval.cpp - reference evaluation of einsum and det ------------------------------------------===//
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Registration.h"
#include "dialects/nn/ops/contraction/Einsum.h"

namespace dlc::nn {
namespace {
using Sizes = llvm::SmallVector<int64_t>;

/// The size of each label; fails when operands disagree.
mlir::FailureOr<Sizes> labelSizes(EvalContext &context, const EinsumEquation &equation, Operands operands) {
  Sizes sizes(equation.labels, 1);
  for (auto [datum, labels] : llvm::zip(operands, equation.operands)) {
    for (auto [label, size] : llvm::zip(labels, datum.tensor().shape())) {
      if (sizes[label] != 1 && size != 1 && sizes[label] != size) {
        return context.fail("expected dims of equal size, got " + llvm::Twine(sizes[label]) + " and " +
                            llvm::Twine(size));
      }
      sizes[label] = sizes[label] == 1 ? size : sizes[label];
    }
  }
  return sizes;
}

/// Per label, the step in a tensor whose dims have `labels`; dims of size 1 broadcast.
Sizes labelSteps(const EinsumEquation &equation, llvm::ArrayRef<int> labels, llvm::ArrayRef<int64_t> shape) {
  Sizes steps(equation.labels, 0), strides = rowMajorStrides(shape);
  for (auto [label, size, stride] : llvm::zip(labels, shape, strides)) {
    steps[label] += size == 1 ? 0 : stride;
  }
  return steps;
}

llvm::LogicalResult evalEinsum(EinsumOp op, EvalContext &context, Operands operands, Results &results) {
  Sizes ranks;
  for (const Datum &d : operands) {
    ranks.push_back(d.tensor().rank());
  }
  mlir::FailureOr<EinsumEquation> equation = parseEinsum(op.getEquation(), ranks, context.error);
  mlir::FailureOr<Sizes> sizes =
      mlir::failed(equation) ? mlir::FailureOr<Sizes>(mlir::failure()) : labelSizes(context, *equation, operands);
  if (mlir::failed(sizes)) {
    return mlir::failure();
  }
  Sizes shape;
  for (int label : equation->result) {
    shape.push_back((*sizes)[label]);
  }
  std::vector<Sizes> steps;
  for (auto [datum, labels] : llvm::zip(operands, equation->operands)) {
    steps.push_back(labelSteps(*equation, labels, datum.tensor().shape()));
  }
  Sizes to = labelSteps(*equation, equation->result, shape);
  Tensor result = Tensor::zeros(operands[0].tensor().element(), shape);
  results.push_back(result);
  return dispatch<Numbers>(context, result.element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::vector<Sum<T>> sums(result.count());
    IndexSpace index(*sizes);
    for (int64_t n = countOf(*sizes); n > 0; --n, index.next()) {
      Sum<T> product = 1;
      for (size_t i = 0; i < operands.size(); ++i) {
        product *= Sum<T>(Compute<T>(operands[i].tensor().values<T>()[dot(*index, steps[i])]));
      }
      sums[dot(*index, to)] += product;
    }
    std::transform(sums.begin(), sums.end(), result.values<T>().begin(), [](Sum<T> v) { return T(v); });
  });
}

/// Gaussian elimination with partial pivoting; destroys the matrix.
double determinant(double *m, int64_t n) {
  double det = 1;
  for (int64_t k = 0; k < n; ++k) {
    int64_t pivot = k;
    for (int64_t i = k + 1; i < n; ++i) {
      pivot = std::abs(m[i * n + k]) > std::abs(m[pivot * n + k]) ? i : pivot;
    }
    if (m[pivot * n + k] == 0) {
      return 0;
    }
    if (pivot != k) {
      std::swap_ranges(m + k * n, m + (k + 1) * n, m + pivot * n);
      det = -det;
    }
    det *= m[k * n + k];
    for (int64_t i = k + 1; i < n; ++i) {
      double factor = m[i * n + k] / m[k * n + k];
      for (int64_t j = k; j < n; ++j) {
        m[i * n + j] -= factor * m[k * n + j];
      }
    }
  }
  return det;
}

llvm::LogicalResult evalDet(DetOp, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  int64_t n = x.shape().back();
  if (x.shape()[x.rank() - 2] != n) {
    return context.fail("expected square matrices, got " + llvm::Twine(x.shape()[x.rank() - 2]) + " x " +
                        llvm::Twine(n));
  }
  std::vector<double> values = toDoubles(x), dets;
  Tensor result = Tensor::zeros(x.element(), x.shape().drop_back(2));
  for (int64_t i = 0; i < result.count(); ++i) {
    dets.push_back(determinant(values.data() + i * n * n, n));
  }
  results.push_back(result);
  return storeDoubles(context, result, dets);
}
} // namespace

void attachEinsumEval(mlir::MLIRContext &context) {
  attachEvaluate<EinsumOp, evalEinsum>(context);
  attachEvaluate<DetOp, evalDet>(context);
}
} // namespace dlc::nn

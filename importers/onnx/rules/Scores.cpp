//===- Scores.cpp - what becomes of the scores of ai.onnx.ml's models ------------------------===//
#include "importers/onnx/rules/Scores.h"

namespace dlc::onnx_import {
namespace {
/// The softmax of the elements that are not zero; zeros stay. The specification only names it: as ONNX Runtime computes
/// it, what is nearer to zero than 1e-7 counts as zero, and a row of zeros gives NaN.
Value softmaxZero(Node &n, Value x) {
  if (n.failed()) {
    return {};
  }
  Type e = nn::elementOf(x);
  Value greatest = n.reduce(x, nn::ReduceKind::Max, {1});
  Value counts = n.make<nn::LessOp>(n.scalar(e, 1e-7), n.make<nn::AbsOp>(x));
  Value power = n.make<nn::ExpOp>(n.sub(x, greatest));
  Value scaled = n.mul(x, n.make<nn::ExpOp>(n.make<nn::NegOp>(greatest)));
  Value sum = n.reduce(n.select(counts, power, n.scalar(e, 0)), nn::ReduceKind::Sum, {1});
  return n.div(n.select(counts, power, scaled), sum);
}

/// The quantile of the normal distribution, sqrt(2) erfinv(2x - 1), by Winitzki's approximation of erfinv with
/// a = 0.147. The specification only names it: ONNX Runtime computes it so, with pi as 3.14159.
Value probit(Node &n, Value x) {
  if (n.failed()) {
    return {};
  }
  Type e = nn::elementOf(x);
  constexpr double a = 0.147, pi = 3.14159, root2 = 1.41421356;
  Value y = n.sub(n.mul(x, 2), 1), one = n.scalar(e, 1);
  Value log = n.make<nn::LogOp>(n.mul(n.sub(one, y), n.add(y, 1)));
  Value v = n.add(n.mul(log, 0.5), 2 / (pi * a));
  Value root = n.make<nn::SqrtOp>(n.sub(n.mul(v, v), n.div(log, a)));
  Value size = n.mul(n.make<nn::SqrtOp>(n.sub(root, v)), root2);
  return n.select(n.make<nn::LessOp>(y, n.scalar(e, 0)), n.make<nn::NegOp>(size), size);
}
} // namespace

Value postTransform(Node &n, Value scores, llvm::StringRef transform) {
  if (transform == "NONE") {
    return scores;
  }
  if (transform == "SOFTMAX") {
    return n.make<nn::SoftmaxOp>(scores, 1, false);
  }
  if (transform == "LOGISTIC") {
    return n.make<nn::SigmoidOp>(scores);
  }
  if (transform == "SOFTMAX_ZERO") {
    return softmaxZero(n, scores);
  }
  if (transform == "PROBIT") {
    return probit(n, scores);
  }
  (void)n.fail("expected post_transform NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT, got '" + transform + "'");
  return {};
}

ClassLabels readClassLabels(Node &n, llvm::StringRef integers) {
  Ints numbers = n.getInts(integers);
  llvm::SmallVector<std::string> texts = n.getStrings("classlabels_strings");
  if (numbers.empty() == texts.empty() || numbers.size() + texts.size() < 2) {
    (void)n.fail("expected two or more labels in either " + integers + " or classlabels_strings");
    return {};
  }
  if (!numbers.empty()) {
    return {n.i64s(numbers), int64_t(numbers.size())};
  }
  nn::Tensor t = nn::Tensor::zeros(nn::StringType::get(n.context()), {int64_t(texts.size())});
  llvm::copy(texts, t.values<std::string>().begin());
  return {n.constant(nn::attrFromTensor(t)), int64_t(texts.size())};
}

llvm::LogicalResult classified(Node &n, const ClassLabels &labels, Value classes, Value scores) {
  if (n.failed()) {
    return mlir::failure();
  }
  n.set(0, n.make<nn::GatherOp>(labels.table, classes, 0));
  if (n.wants(1)) {
    n.set(1, n.cast(scores, n.builder.getF32Type()));
  }
  return n.status();
}
} // namespace dlc::onnx_import

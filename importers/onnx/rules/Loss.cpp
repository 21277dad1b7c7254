//===- Loss.cpp - losses of classifiers --------------------------------------------------------------------------===//
#include "importers/onnx/rules/Indices.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// The reduction of -log probability[target] * weight[target]; targets that equal ignore_index count nothing.
/// `logs` is [N, C, ...], operand 1 the targets [N, ...], operand 2 the classes' weights.
Value negativeLogLikelihood(Node &n, Value logs) {
  std::string reduction = n.getString("reduction", "mean");
  if (reduction != "mean" && reduction != "sum" && reduction != "none") {
    (void)n.fail("expected reduction none, mean or sum, got '" + reduction + "'");
  }
  if (!logs || nn::rankOf(logs) < 2 || nn::rankOf(n.in(1)) != nn::rankOf(logs) - 1) {
    (void)n.fail("expected scores [N, C, ...] and targets [N, ...]");
    return {};
  }
  Value target = n.in(1);
  Type e = nn::elementOf(logs), index = nn::elementOf(target);
  Shape shape = nn::shapeOf(target), column = shape;
  column.insert(column.begin() + 1, n.number(1));
  Value ignored;
  if (n.hasAttribute("ignore_index")) {
    ignored = n.make<nn::EqualOp>(target, n.scalar(index, double(n.getInt("ignore_index", 0))));
    target = n.select(ignored, n.scalar(index, 0), target);
  }
  checkIndices(n, target, nn::shapeOf(logs)[1]);
  Value picked = n.make<nn::GatherElementsOp>(logs, n.reshape(target, column), 1);
  Value loss = n.make<nn::NegOp>(n.reshape(picked, shape));
  Value weight = n.has(2) ? n.make<nn::GatherOp>(n.in(2), target, 0) : n.broadcast(n.scalar(e, 1), shape);
  if (ignored) {
    weight = n.select(ignored, n.scalar(e, 0), weight);
  }
  loss = n.mul(loss, weight);
  if (n.failed() || reduction == "none") {
    return loss;
  }
  Ints all;
  for (int64_t i = 0; i < nn::rankOf(loss); ++i) {
    all.push_back(i);
  }
  Value sum = n.reduce(loss, nn::ReduceKind::Sum, all, false);
  return reduction == "sum" ? sum : n.div(sum, n.reduce(weight, nn::ReduceKind::Sum, all, false));
}

Result nllLoss(Node &n) { return n.result(negativeLogLikelihood(n, n.in(0))); }

Result softmaxCrossEntropy(Node &n) {
  Value logs = nn::rankOf(n.in(0)) < 2 ? Value() : n.make<nn::SoftmaxOp>(n.in(0), 1, true);
  n.set(1, logs);
  return n.result(negativeLogLikelihood(n, logs));
}
} // namespace

void addLossRules(RuleTable &table) {
  table.add({{"", "NegativeLogLikelihoodLoss", {12, 13, 22}, nllLoss, {2, 3}},
             {"", "SoftmaxCrossEntropyLoss", {12, 13}, softmaxCrossEntropy, {2, 3}}});
}
} // namespace dlc::onnx_import

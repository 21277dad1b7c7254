//===- Training.cpp - steps of optimisers (ai.onnx.preview.training) ---------------------===//
#include "importers/onnx/Node.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// The operands after the rate R and the count T, in `parts` lists of equal length: tensors, gradients, states.
struct Lists {
  Value rate, count;
  unsigned length = 0;
};
std::optional<Lists> readLists(Node &n, unsigned parts) {
  unsigned given = n.numInputs() - 2;
  if (given == 0 || given % parts) {
    (void)n.fail("expected " + llvm::Twine(parts) + " lists of tensors of one length, got " + llvm::Twine(given) +
                 " tensors");
  }
  return n.failed() ? std::nullopt : std::optional(Lists{n.in(0), n.in(1), given / parts});
}

/// G + norm_coefficient * X
Value regularized(Node &n, Value x, Value gradient) {
  double norm = n.getFloat("norm_coefficient", 0);
  return norm == 0 ? gradient : n.add(n.mul(x, norm), gradient);
}

/// Whether the count, a scalar, is above 0.
Value isUnderWay(Node &n, Value count) { return n.make<nn::LessOp>(n.scalar(nn::elementOf(count), 0), count); }

Result adagrad(Node &n) {
  std::optional<Lists> l = readLists(n, 3);
  double decay = n.getFloat("decay_factor", 0), epsilon = n.getFloat("epsilon", 1e-6);
  n.ignore({"norm_coefficient"});
  for (unsigned i = 0; l && i < l->length; ++i) {
    Value x = n.in(2 + i), h = n.in(2 + 2 * l->length + i), g = regularized(n, x, n.in(2 + l->length + i));
    Type e = nn::elementOf(x);
    Value rate = n.div(n.cast(l->rate, e), n.add(n.mul(n.cast(l->count, e), decay), 1.0));
    Value next = n.add(h, n.mul(g, g));
    n.set(i, n.sub(x, n.div(n.mul(rate, g), n.add(n.make<nn::SqrtOp>(next), epsilon))));
    n.set(l->length + i, next);
  }
  return n.status();
}

Result adam(Node &n) {
  std::optional<Lists> l = readLists(n, 4);
  double alpha = n.getFloat("alpha", 0.9), beta = n.getFloat("beta", 0.999), epsilon = n.getFloat("epsilon", 1e-6);
  double post = n.getFloat("norm_coefficient_post", 0);
  n.ignore({"norm_coefficient"});
  for (unsigned i = 0; l && i < l->length; ++i) {
    unsigned k = l->length;
    Value x = n.in(2 + i), g = regularized(n, x, n.in(2 + k + i)), v = n.in(2 + 2 * k + i), h = n.in(2 + 3 * k + i);
    Type e = nn::elementOf(x);
    Value rate = n.cast(l->rate, e), count = n.cast(l->count, e);
    auto without = [&](double base) { return n.sub(n.scalar(e, 1), n.make<nn::PowOp>(n.scalar(e, base), count)); };
    Value adjusted = n.div(n.mul(rate, n.make<nn::SqrtOp>(without(beta))), without(alpha));
    adjusted = n.select(isUnderWay(n, l->count), adjusted, rate);
    Value nextV = n.add(n.mul(v, alpha), n.mul(g, 1 - alpha)),
          nextH = n.add(n.mul(h, beta), n.mul(n.mul(g, g), 1 - beta));
    Value y = n.sub(x, n.div(n.mul(adjusted, nextV), n.add(n.make<nn::SqrtOp>(nextH), epsilon)));
    n.set(i, post == 0 ? y : n.mul(y, 1 - post));
    n.set(k + i, nextV);
    n.set(2 * k + i, nextH);
  }
  return n.status();
}

Result momentum(Node &n) {
  std::optional<Lists> l = readLists(n, 3);
  double alpha = n.getFloat("alpha", 0), beta = n.getFloat("beta", 0);
  std::string mode = n.getString("mode", "");
  n.ignore({"norm_coefficient"});
  if (mode != "standard" && mode != "nesterov") {
    return n.fail("expected mode standard or nesterov, got '" + mode + "'");
  }
  for (unsigned i = 0; l && i < l->length; ++i) {
    Value x = n.in(2 + i), g = regularized(n, x, n.in(2 + l->length + i)), v = n.in(2 + 2 * l->length + i);
    Type e = nn::elementOf(x);
    Value factor = n.select(isUnderWay(n, l->count), n.scalar(e, beta), n.scalar(e, 1));
    Value next = n.add(n.mul(v, alpha), n.mul(g, factor));
    Value direction = mode == "standard" ? next : n.add(g, n.mul(next, alpha));
    n.set(i, n.sub(x, n.mul(direction, n.cast(l->rate, e))));
    n.set(l->length + i, next);
  }
  return n.status();
}
} // namespace

void addTrainingRules(RuleTable &table) {
  constexpr llvm::StringLiteral kTraining = "ai.onnx.preview.training";
  table.add({{kTraining, "Adagrad", {1}, adagrad, {3, kAnyNumber}},
             {kTraining, "Adam", {1}, adam, {3, kAnyNumber}},
             {kTraining, "Momentum", {1}, momentum, {3, kAnyNumber}}});
}
} // namespace dlc::onnx_import

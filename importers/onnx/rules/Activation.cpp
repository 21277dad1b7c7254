//===- Activation.cpp - activation functions, out of simpler ops ---------------------------------===//
#include "importers/onnx/Node.h"
#include <cmath>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

template <class OpTy> Result plain(Node &n) {
  n.ignore({"consumed_inputs"});
  return n.result(n.make<OpTy>(n.in(0)));
}

Value alphaBeta(Node &n, Value x, double alpha, double beta) {
  return n.make<nn::HardSigmoidOp>(x, llvm::APFloat(alpha), llvm::APFloat(beta));
}
Value elu(Node &n, Value x, double alpha) {
  return n.make<nn::EluOp>(x, llvm::APFloat(alpha), llvm::APFloat(0.0));
}

Result leakyRelu(Node &n) {
  n.ignore({"consumed_inputs"});
  double alpha = n.getFloat("alpha", 0.01);
  return n.result(n.make<nn::LeakyReluOp>(n.in(0), llvm::APFloat(alpha), llvm::APFloat(0.0)));
}
Result eluRule(Node &n) {
  n.ignore({"consumed_inputs"});
  double alpha = n.getFloat("alpha", 1.0);
  return n.result(elu(n, n.in(0), alpha));
}
Result hardSigmoid(Node &n) {
  n.ignore({"consumed_inputs"});
  double alpha = n.getFloat("alpha", 0.2), beta = n.getFloat("beta", 0.5);
  return n.result(alphaBeta(n, n.in(0), alpha, beta));
}
Result hardSwish(Node &n) { return n.result(n.mul(n.in(0), alphaBeta(n, n.in(0), 1.0 / 6, 0.5))); }

Result selu(Node &n) {
  n.ignore({"consumed_inputs"});
  // The defaults before version 6 had fewer digits.
  double alpha = n.getFloat("alpha", n.since < 6 ? 1.6732 : 1.67326319217681884765625);
  double gamma = n.getFloat("gamma", n.since < 6 ? 1.0507 : 1.05070102214813232421875);
  return n.result(n.mul(elu(n, n.in(0), alpha), gamma));
}

/// max(0, x) + min(0, alpha * (exp(x / alpha) - 1))
Result celu(Node &n) {
  Value x = n.in(0);
  double alpha = n.getFloat("alpha", 1.0);
  Value scaled = n.mul(elu(n, n.div(x, alpha), 1.0), alpha);
  Value positive = n.make<nn::LessOp>(n.scalar(nn::elementOf(x), 0), x);
  return n.result(n.select(positive, x, scaled));
}

Result mish(Node &n) {
  Value softplus = n.make<nn::SoftplusOp>(n.in(0));
  return n.result(n.mul(n.in(0), n.make<nn::TanhOp>(softplus)));
}

Result swish(Node &n) {
  Value x = n.in(0);
  double alpha = n.getFloat("alpha", n.op() == "QuickGelu" ? 1.702 : 1.0);
  return n.result(n.mul(x, n.make<nn::SigmoidOp>(alpha == 1.0 ? x : n.mul(x, alpha))));
}

Value geluErf(Node &n, Value x) {
  Value erf = n.make<nn::ErfOp>(n.mul(x, std::sqrt(0.5)));
  return n.mul(n.mul(x, 0.5), n.add(erf, 1.0));
}
/// 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))
Value geluTanh(Node &n, Value x) {
  Value inner = n.mul(x, n.add(n.mul(n.mul(x, x), 0.044715), 1.0));
  Value tanh = n.make<nn::TanhOp>(n.mul(inner, std::sqrt(2 / M_PI)));
  return n.mul(n.mul(x, 0.5), n.add(tanh, 1.0));
}
Result gelu(Node &n) {
  std::string approximate = n.getString("approximate", "none");
  if (approximate != "none" && approximate != "tanh") {
    return n.fail("expected approximate 'none' or 'tanh', got '" + approximate + "'");
  }
  return n.result(approximate == "none" ? geluErf(n, n.in(0)) : geluTanh(n, n.in(0)));
}
Result fastGelu(Node &n) { return n.result(geluTanh(n, n.has(1) ? n.add(n.in(0), n.in(1)) : n.in(0))); }
Result biasGelu(Node &n) { return n.result(geluErf(n, n.add(n.in(0), n.in(1)))); }

Result softsign(Node &n) {
  Value x = n.in(0);
  return n.result(n.div(x, n.add(n.make<nn::AbsOp>(x), 1.0)));
}

Result thresholdedRelu(Node &n) {
  Value x = n.in(0);
  Type e = nn::elementOf(x);
  double alpha = n.getFloat("alpha", 1.0);
  return n.result(n.select(n.make<nn::LessOp>(n.scalar(e, alpha), x), x, n.scalar(e, 0)));
}

Result shrink(Node &n) {
  Type e = nn::elementOf(n.in(0)), compute = nn::isInteger(e) ? n.builder.getF32Type() : e;
  Value x = n.cast(n.in(0), compute), zero = n.scalar(compute, 0);
  double bias = n.getFloat("bias", 0.0), lambd = n.getFloat("lambd", 0.5);
  Value low = n.make<nn::LessOp>(x, n.scalar(compute, -lambd)), high = n.make<nn::LessOp>(n.scalar(compute, lambd), x);
  return n.result(n.cast(n.select(low, n.add(x, bias), n.select(high, n.sub(x, bias), zero)), e));
}

Result prelu(Node &n) {
  Value x = n.in(0), slope = n.in(1);
  n.ignore({"consumed_inputs"});
  if (n.since < 7 && nn::rankOf(x) > 1) {
    slope = n.perChannel(slope, 1, nn::rankOf(x));
  }
  Value negative = n.make<nn::LessOp>(x, n.scalar(nn::elementOf(x), 0));
  return n.result(n.select(negative, n.mul(x, slope), x));
}

/// min(max(x, low), high): where the bounds cross, the upper one wins.
Result clip(Node &n) {
  n.ignore({"consumed_inputs"});
  Value x = n.in(0), low = n.in(1), high = n.in(2);
  Type e = nn::elementOf(x);
  if (n.since < 11) {
    low = n.hasAttribute("min") ? n.scalar(e, n.getFloat("min", 0)) : Value();
    high = n.hasAttribute("max") ? n.scalar(e, n.getFloat("max", 0)) : Value();
  }
  auto bound = [&](Value v) { return v && nn::rankOf(v) == 1 ? n.reshape(v, {}) : v; };
  if (low) {
    x = n.max(x, bound(low));
  }
  return n.result(high ? n.min(x, bound(high)) : x);
}

/// Before version 13, everything from the axis on counts as one dim.
Result softmax(Node &n) {
  Value x = n.in(0);
  bool log = n.op() == "LogSoftmax";
  int64_t rank = nn::rankOf(x);
  int64_t axis = n.axis(n.getInt("axis", n.since < 13 ? 1 : -1), rank);
  if (n.failed()) {
    return mlir::failure();
  }
  if (n.since >= 13 || axis == rank - 1) {
    return n.result(n.make<nn::SoftmaxOp>(x, axis, log));
  }
  Shape shape = nn::shapeOf(x);
  llvm::ArrayRef<Expr> dims(shape);
  Value flat = n.reshape(x, {dim::product(n.context(), dims.take_front(axis)), dim::product(n.context(), dims.drop_front(axis))});
  return n.result(n.reshape(n.make<nn::SoftmaxOp>(flat, 1, log), shape));
}
} // namespace

void addActivationRules(RuleTable &table) {
  table.add({{"", "Relu", {1, 6, 13, 14}, plain<nn::ReluOp>, {1, 1}},
             {"", "Tanh", {1, 6, 13}, plain<nn::TanhOp>, {1, 1}},
             {"", "Sigmoid", {1, 6, 13}, plain<nn::SigmoidOp>, {1, 1}},
             {"", "Softplus", {1, 22}, plain<nn::SoftplusOp>, {1, 1}},
             {"", "LeakyRelu", {1, 6, 16}, leakyRelu, {1, 1}},
             {"", "Elu", {1, 6, 22}, eluRule, {1, 1}},
             {"", "HardSigmoid", {1, 6, 22}, hardSigmoid, {1, 1}},
             {"", "HardSwish", {14, 22}, hardSwish, {1, 1}},
             {"", "Selu", {1, 6, 22}, selu, {1, 1}},
             {"", "Celu", {12}, celu, {1, 1}},
             {"", "Mish", {18, 22}, mish, {1, 1}},
             {"", "Swish", {24}, swish, {1, 1}},
             {"", "Gelu", {20}, gelu, {1, 1}},
             {"", "Softsign", {1, 22}, softsign, {1, 1}},
             {"", "ThresholdedRelu", {10, 22}, thresholdedRelu, {1, 1}},
             {"", "Shrink", {9}, shrink, {1, 1}},
             {"", "PRelu", {1, 6, 7, 9, 16}, prelu, {2, 2}},
             {"", "Clip", {1, 6, 11, 12, 13}, clip, {1, 3}},
             {"", "Softmax", {1, 11, 13}, softmax, {1, 1}},
             {"", "LogSoftmax", {1, 11, 13}, softmax, {1, 1}},
             {kMicrosoft, "Gelu", {1}, gelu, {1, 1}},
             {kMicrosoft, "QuickGelu", {1}, swish, {1, 1}},
             {kMicrosoft, "FastGelu", {1}, fastGelu, {1, 2}},
             {kMicrosoft, "BiasGelu", {1}, biasGelu, {2, 2}}});
}
} // namespace dlc::onnx_import

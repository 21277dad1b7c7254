//===- Pool.cpp - pooling --------------------------------------------------------------------------------------===//
#include "importers/onnx/rules/Window.h"
#include <cmath>
#include <limits>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// What never wins against an element of the type.
double lowest(Type element) {
  if (auto integer = llvm::dyn_cast<mlir::IntegerType>(element)) {
    return integer.isUnsigned() ? 0.0 : -std::ldexp(1.0, integer.getWidth() - 1);
  }
  return -std::numeric_limits<double>::infinity();
}

Value maxOf(Node &n, Value x, const Window &w) {
  return n.make<nn::MaxPoolOp>(x, w.kernel, w.strides, w.dilations, w.pads, w.ceilMode, false);
}
Value meanOf(Node &n, Value x, const Window &w, bool countPad) {
  return n.make<nn::AvgPoolOp>(x, w.kernel, w.strides, w.dilations, w.pads, w.ceilMode, false, countPad);
}

Result maxPool(Node &n) {
  Value x = n.in(0);
  int64_t order = n.getInt("storage_order", 0);
  std::optional<Window> w = readWindow(n, x, {}, n.scalar(nn::elementOf(x), lowest(nn::elementOf(x))));
  if (!w) {
    return mlir::failure();
  }
  if (!n.wants(1)) {
    return n.result(withOutputSizes(n, *w, maxOf(n, x, *w)));
  }
  if (x != n.in(0)) {
    return n.fail("expected padding that is known at compile time, and at least 0, where indices are wanted");
  }
  auto [y, indices] = n.makeAll<nn::MaxPoolIndicesOp, 2>(x, w->kernel, w->strides, w->dilations, w->pads, w->ceilMode,
                                                         false, order);
  n.set(1, indices);
  return n.result(y);
}

Result averagePool(Node &n) {
  Value x = n.in(0);
  bool countPad = n.getBool("count_include_pad", false);
  std::optional<Window> w = readWindow(n, x, {}, countPad ? n.scalar(nn::elementOf(x), 0) : Value());
  return w ? n.result(withOutputSizes(n, *w, meanOf(n, x, *w, countPad))) : mlir::failure();
}

Ints spatialAxes(Node &n) {
  Ints axes;
  for (int64_t i = 2; i < nn::rankOf(n.in(0)); ++i) {
    axes.push_back(i);
  }
  return axes;
}

template <nn::ReduceKind kind> Result globalPool(Node &n) {
  if (nn::rankOf(n.in(0)) < 3) {
    return n.fail("expected an input of rank 3 or more, got rank " + llvm::Twine(nn::rankOf(n.in(0))));
  }
  return n.result(n.reduce(n.in(0), kind, spatialAxes(n)));
}

/// The order of the norm; version 1 has it as a float.
double normOrder(Node &n) { return n.since < 2 ? n.getFloat("p", 2.0) : double(n.getInt("p", 2)); }

Value power(Node &n, Value v, double exponent) {
  return !v || exponent == 1.0 ? v : n.make<nn::PowOp>(v, n.scalar(nn::elementOf(v), exponent));
}

Result globalLpPool(Node &n) {
  double p = normOrder(n);
  Value powers = power(n, n.make<nn::AbsOp>(n.in(0)), p);
  if (p == 0) {
    return n.fail("expected p other than 0");
  }
  return n.failed() ? mlir::failure() : n.result(power(n, n.reduce(powers, nn::ReduceKind::Sum, spatialAxes(n)), 1 / p));
}

Result lpPool(Node &n) {
  Value x = n.in(0);
  double p = normOrder(n);
  std::optional<Window> w = readWindow(n, x, {}, n.scalar(nn::elementOf(x), 0));
  if (!w || p < 1 || p != std::floor(p)) {
    return n.fail("expected p to be an integer of at least 1");
  }
  Value y = n.make<nn::LpPoolOp>(x, w->kernel, w->strides, w->dilations, w->pads, w->ceilMode, false, int64_t(p));
  return n.result(withOutputSizes(n, *w, y));
}
} // namespace

void addPoolRules(RuleTable &table) {
  table.add({{"", "MaxPool", {1, 8, 10, 11, 12, 22}, maxPool, {1, 1}},
             {"", "AveragePool", {1, 7, 10, 11, 19, 22}, averagePool, {1, 1}},
             {"", "LpPool", {1, 2, 11, 18, 22}, lpPool, {1, 1}},
             {"", "GlobalAveragePool", {1, 22}, globalPool<nn::ReduceKind::Mean>, {1, 1}},
             {"", "GlobalMaxPool", {1, 22}, globalPool<nn::ReduceKind::Max>, {1, 1}},
             {"", "GlobalLpPool", {1, 2, 22}, globalLpPool, {1, 1}}});
}
} // namespace dlc::onnx_import

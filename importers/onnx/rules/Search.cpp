//===- Search.cpp - positions, orders and running sums along an axis -----------------------------------------===//
#include "importers/onnx/rules/AxesSwitch.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

template <nn::ReduceKind kind> Result argReduce(Node &n) {
  int64_t axis = n.axis(n.getInt("axis", 0), nn::rankOf(n.in(0)));
  bool keep = n.getBool("keepdims", true), last = n.getBool("select_last_index", false);
  return n.result(n.make<nn::ArgReduceOp>(n.in(0), kind, axis, keep, last));
}

Result topK(Node &n) {
  int64_t axis = n.axis(n.getInt("axis", -1), nn::rankOf(n.in(0)));
  bool largest = n.getBool("largest", true), sorted = n.getBool("sorted", true);
  Expr k;
  if (n.since < 10) {
    k = n.number(n.getInt("k", -1));
  } else {
    std::optional<Shape> sizes = n.sizes(1);
    if (!sizes || sizes->size() != 1) {
      return n.fail("expected one number k");
    }
    k = sizes->front();
  }
  auto [values, indices] = n.makeAll<nn::TopKOp, 2>(n.in(0), axis, k, largest, sorted);
  n.set(1, indices);
  return n.result(values);
}

template <class OpTy> Result cumulative(Node &n) {
  bool exclusive = n.getBool("exclusive", false), reverse = n.getBool("reverse", false);
  int64_t rank = nn::rankOf(n.in(0));
  auto along = [&](int64_t axis) { return n.make<OpTy>(n.in(0), axis, exclusive, reverse); };
  if (hasUnknownAxes(n, 1)) {
    auto any = [](llvm::ArrayRef<int64_t> axes) { return axes.size() == 1; };
    return n.result(switchAxes(n, 1, rank, any, [&](llvm::ArrayRef<int64_t> axes) { return along(axes[0]); }));
  }
  std::optional<Ints> axis = n.knownInts(n.in(1));
  if (!axis || axis->size() != 1) {
    return n.fail("expected one axis");
  }
  return n.result(along(n.axis(axis->front(), rank)));
}

/// 1 at the first greatest element. Before version 13, everything from the axis on counts as one dim.
Result hardmax(Node &n) {
  Value x = n.in(0);
  Shape shape = nn::shapeOf(x);
  int64_t rank = shape.size(), axis = n.axis(n.getInt("axis", n.since < 13 ? 1 : -1), rank);
  if (n.failed()) {
    return mlir::failure();
  }
  if (n.since < 13) {
    llvm::ArrayRef<Expr> dims(shape);
    x = n.reshape(x, {dim::product(n.context(), dims.take_front(axis)), dim::product(n.context(), dims.drop_front(axis))});
    axis = 1;
  }
  Type i64 = n.builder.getI64Type(), e = nn::elementOf(n.in(0));
  Value best = n.make<nn::ArgReduceOp>(x, nn::ReduceKind::Max, axis, true, false);
  if (!best) {
    return mlir::failure();
  }
  Value position = n.make<nn::IotaOp>(n.shapeAttr(nn::shapeOf(x)), axis, i64);
  Value hot = n.cast(n.make<nn::EqualOp>(position, best), e);
  return n.result(n.reshape(hot, shape));
}
} // namespace

void addSearchRules(RuleTable &table) {
  using Kind = nn::ReduceKind;
  table.add({{"", "ArgMax", {1, 11, 12, 13}, argReduce<Kind::Max>, {1, 1}},
             {"", "ArgMin", {1, 11, 12, 13}, argReduce<Kind::Min>, {1, 1}},
             {"", "TopK", {1}, topK, {1, 1}},
             {"", "TopK", {10, 11, 24}, topK, {2, 2}},
             {"", "CumSum", {11, 14}, cumulative<nn::CumSumOp>, {2, 2}},
             {"", "CumProd", {26}, cumulative<nn::CumProdOp>, {2, 2}},
             {"", "Hardmax", {1, 11, 13}, hardmax, {1, 1}}});
}
} // namespace dlc::onnx_import

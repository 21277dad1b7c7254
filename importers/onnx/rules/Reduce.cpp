//===- Reduce.cpp - reductions ----------------------------------------------------------------------------------===//
#include "importers/onnx/rules/AxesSwitch.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

bool hasNoAxes(Node &n) { return n.has(1) && dim::isConstant(dim::product(n.context(), nn::shapeOf(n.in(1))), 0); }

/// The axes of the attribute or of operand 1; all when there are none. Nullopt when nothing is to be reduced, or when
/// the node failed.
std::optional<Ints> reducedAxes(Node &n, int64_t rank) {
  std::optional<Ints> stated = hasNoAxes(n) ? std::optional<Ints>(Ints()) : n.knownIntsOf("axes", 1);
  bool noop = n.getBool("noop_with_empty_axes", false);
  if (n.failed()) {
    return std::nullopt;
  }
  if (!stated || stated->empty()) {
    Ints all;
    for (int64_t i = 0; i < rank; ++i) {
      all.push_back(i);
    }
    return noop ? std::nullopt : std::optional<Ints>(all);
  }
  Ints axes = n.axes(*stated, rank);
  return n.failed() ? std::nullopt : std::optional<Ints>(axes);
}

/// Booleans are reduced as the numbers 0 and 1.
Value reduceOver(Node &n, nn::ReduceKind kind, llvm::ArrayRef<int64_t> axes, bool keep) {
  Value x = n.in(0);
  if (!nn::isBool(nn::elementOf(x))) {
    return n.reduce(x, kind, axes, keep);
  }
  return n.cast(n.reduce(n.cast(x, n.builder.getIntegerType(8, false)), kind, axes, keep), n.builder.getI1Type());
}

/// Axes of a number that is known and not 0, whose values a run knows.
template <nn::ReduceKind kind> Result reduceUnknown(Node &n, bool keep) {
  n.ignore({"noop_with_empty_axes"});
  auto any = [](llvm::ArrayRef<int64_t>) { return true; };
  return n.result(switchAxes(n, 1, nn::rankOf(n.in(0)), any,
                             [&](llvm::ArrayRef<int64_t> axes) { return reduceOver(n, kind, axes, keep); }));
}

/// What a reduction over no dims does with each element.
Value reduceNothing(Node &n, nn::ReduceKind kind, Value x) {
  switch (kind) {
  case nn::ReduceKind::L1:
  case nn::ReduceKind::L2:
    return n.make<nn::AbsOp>(x);
  case nn::ReduceKind::LogSum:
    return n.make<nn::LogOp>(x);
  case nn::ReduceKind::SumSquare:
    return n.mul(x, x);
  default: // sums, means, products, extremes and log(exp(x)) of one element
    return x;
  }
}

template <nn::ReduceKind kind> Result reduce(Node &n) {
  Value x = n.in(0);
  bool keep = n.getBool("keepdims", true);
  if (hasUnknownAxes(n, 1) && !hasNoAxes(n)) {
    return reduceUnknown<kind>(n, keep);
  }
  std::optional<Ints> axes = reducedAxes(n, nn::rankOf(x));
  if (n.failed()) {
    return mlir::failure();
  }
  if (!axes) {
    return n.result(reduceNothing(n, kind, x));
  }
  return n.result(reduceOver(n, kind, *axes, keep));
}
} // namespace

void addReduceRules(RuleTable &table) {
  using Kind = nn::ReduceKind;
  const llvm::SmallVector<int, 6> common{1, 11, 13, 18}, extreme{1, 11, 12, 13, 18, 20};
  table.add({{"", "ReduceSum", {1, 11, 13}, reduce<Kind::Sum>, {1, 2}},
             {"", "ReduceMean", common, reduce<Kind::Mean>, {1, 2}},
             {"", "ReduceProd", common, reduce<Kind::Prod>, {1, 2}},
             {"", "ReduceMax", extreme, reduce<Kind::Max>, {1, 2}},
             {"", "ReduceMin", extreme, reduce<Kind::Min>, {1, 2}},
             {"", "ReduceL1", common, reduce<Kind::L1>, {1, 2}},
             {"", "ReduceL2", common, reduce<Kind::L2>, {1, 2}},
             {"", "ReduceLogSum", common, reduce<Kind::LogSum>, {1, 2}},
             {"", "ReduceLogSumExp", common, reduce<Kind::LogSumExp>, {1, 2}},
             {"", "ReduceSumSquare", common, reduce<Kind::SumSquare>, {1, 2}}});
}
} // namespace dlc::onnx_import

//===- Forest.cpp - decision trees as tables (ai.onnx.ml) -----------------------------------===//
#include "importers/onnx/rules/Forest.h"
#include "importers/onnx/Graph.h"
#include "importers/onnx/rules/LoopBuilder.h"
#include <limits>

namespace dlc::onnx_import {
namespace {
constexpr unsigned kUnrolled = 6;

/// The longest way from `at` to a leaf; nothing where the children do not form a tree.
std::optional<int64_t> depthOf(const Forest &f) {
  llvm::SmallVector<std::pair<int64_t, int64_t>> open;
  int64_t deepest = 0;
  size_t seen = 0, limit = 2 * (f.inner() + 1) * std::max<size_t>(f.roots.size(), 1);
  for (int64_t root : f.roots) {
    open.push_back({root, 0});
  }
  while (!open.empty()) {
    auto [at, depth] = open.pop_back_val();
    if (at < 0 || at >= int64_t(f.inner()) + f.leaves || depth > int64_t(f.inner()) || ++seen > limit + f.leaves) {
      return std::nullopt;
    }
    deepest = std::max(deepest, depth);
    if (at < int64_t(f.inner())) {
      open.push_back({f.yes[at], depth + 1});
      open.push_back({f.no[at], depth + 1});
    }
  }
  return deepest;
}

/// The walk: from the roots, [N, trees], one step down.
Value stepDown(Node &n, const Forest &f, Value x, Value at) {
  auto table = [&](const Ints &inner, bool own) {
    Ints all = inner;
    for (int64_t i = 0; i < f.leaves; ++i) {
      all.push_back(own ? int64_t(f.inner()) + i : 0);
    }
    return n.make<nn::GatherOp>(n.i64s(all), at, 0);
  };
  llvm::SmallVector<double> splits = f.split;
  splits.resize(f.inner() + f.leaves, 0);
  Type i64 = n.builder.getI64Type();
  Value value = n.make<nn::GatherElementsOp>(x, table(f.feature, false), 1);
  Value split = n.cast(n.make<nn::GatherOp>(numbersOf(n, splits, {int64_t(splits.size())}), at, 0), nn::elementOf(x));
  Value mode, taken;
  bool several = llvm::any_of(f.mode, [&](int64_t m) { return m != f.mode.front(); });
  mode = several ? table(f.mode, false) : Value();
  for (int64_t m = LessEqual; m <= NotEqual; ++m) {
    if (!llvm::is_contained(f.mode, m)) {
      continue;
    }
    Value holds = m == LessEqual      ? n.make<nn::LessEqualOp>(value, split)
                  : m == Less         ? n.make<nn::LessOp>(value, split)
                  : m == GreaterEqual ? n.make<nn::LessEqualOp>(split, value)
                  : m == Greater      ? n.make<nn::LessOp>(split, value)
                                      : n.make<nn::EqualOp>(value, split);
    holds = m == NotEqual ? n.make<nn::NotOp>(holds) : holds;
    taken = taken ? n.select(n.make<nn::EqualOp>(mode, n.scalar(i64, double(m))), holds, taken) : holds;
  }
  if (llvm::any_of(f.missing, [](int64_t m) { return m != 0; })) {
    Value tracks = n.cast(table(f.missing, false), n.builder.getI1Type());
    taken = n.make<nn::OrOp>(taken, n.make<nn::AndOp>(tracks, n.make<nn::IsNaNOp>(value)));
  }
  return n.select(taken, table(f.yes, true), table(f.no, true));
}

/// The leaves that the rows of x come to: [N, trees].
Value leavesOf(Node &n, const Forest &f, Value x) {
  std::optional<int64_t> depth = depthOf(f);
  if (!depth || f.roots.empty() || f.inner() > kMaxNodes || nn::rankOf(x) != 2) {
    (void)n.fail("expected a matrix, and nodes that form trees");
    return {};
  }
  Expr rows = nn::shapeOf(n.in(0))[0], trees = n.number(f.roots.size());
  Value at = n.broadcast(n.i64s(f.roots), {rows, trees});
  if (*depth <= kUnrolled) {
    for (int64_t i = 0; i < *depth; ++i) {
      at = n.failed() ? Value() : stepDown(n, f, x, at);
    }
  } else {
    Values results;
    auto body = [&](llvm::ArrayRef<Value> arguments, Values &yielded) {
      yielded.append({Value(), stepDown(n, f, x, arguments[2])});
      return n.status();
    };
    if (n.failed() ||
        mlir::failed(buildLoop(n, n.scalar(n.builder.getI64Type(), double(*depth)), Value(), {at}, body, results))) {
      return {};
    }
    at = results[0];
  }
  return n.sub(at, double(f.inner()));
}
} // namespace

Value numbersOf(Node &n, llvm::ArrayRef<double> values, llvm::ArrayRef<int64_t> shape) {
  nn::Tensor t = nn::Tensor::zeros(n.builder.getF64Type(), shape);
  llvm::copy(values, t.values<double>().begin());
  return n.constant(nn::attrFromTensor(t));
}

ForestScores evaluateForest(Node &n, const Forest &f, Aggregate aggregate) {
  Type e = nn::elementOf(n.in(0)), compute = e.isF64() ? e : n.builder.getF32Type();
  Value leaf = leavesOf(n, f, n.cast(n.in(0), compute));
  if (n.failed()) {
    return {};
  }
  auto perTree = [&](llvm::ArrayRef<double> table) { // [N, trees, targets]
    return n.cast(n.make<nn::GatherOp>(numbersOf(n, table, {f.leaves, f.targets}), leaf, 0), compute);
  };
  bool least = aggregate == Aggregate::Min, ordered = least || aggregate == Aggregate::Max;
  llvm::SmallVector<double> weights = f.weights;
  for (size_t i = 0; ordered && i < f.given.size(); ++i) {
    constexpr double inf = std::numeric_limits<double>::infinity();
    weights[i] = f.given[i] ? weights[i] : least ? inf : -inf;
  }
  nn::ReduceKind kind = least                             ? nn::ReduceKind::Min
                        : ordered                         ? nn::ReduceKind::Max
                        : aggregate == Aggregate::Average ? nn::ReduceKind::Mean
                                                          : nn::ReduceKind::Sum;
  ForestScores s{n.reduce(perTree(weights), kind, {1}, false), {}};
  if (!f.given.empty()) {
    s.given = n.cast(n.reduce(perTree(f.given), nn::ReduceKind::Max, {1}, false), n.builder.getI1Type());
    s.scores = ordered ? n.select(s.given, s.scores, n.scalar(compute, 0)) : s.scores;
  }
  return s;
}

std::optional<llvm::SmallVector<double>> tensorAttribute(Node &n, llvm::StringRef name) {
  const onnx::TensorProto *proto = n.getTensor(name);
  std::string error;
  mlir::ElementsAttr value = proto ? n.importer.convertConstant(*proto, error) : mlir::ElementsAttr();
  std::optional<llvm::SmallVector<double>> numbers = value ? n.knownFloats(n.constant(value)) : std::nullopt;
  if (!numbers) {
    return std::nullopt;
  }
  return numbers;
}
} // namespace dlc::onnx_import

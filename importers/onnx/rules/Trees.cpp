//===- Trees.cpp - ensembles of decision trees (ai.onnx.ml) -------------------------------===//
#include "importers/onnx/Graph.h"
#include "importers/onnx/rules/LoopBuilder.h"
#include <cmath>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// As TreeEnsemble-5 numbers them.
enum Mode { LessEqual, Less, GreaterEqual, Greater, Equal, NotEqual, Member };
constexpr unsigned kUnrolled = 6;
constexpr size_t kMaxNodes = size_t(1) << 26;

/// All trees in one table. Where a child is a leaf it is numbered from the number of inner nodes on; a leaf's children
/// are itself, so that a walk of too many steps stays there.
struct Forest {
  Ints feature, mode, yes, no, missing, roots;
  llvm::SmallVector<double> split, weights; ///< weights: [leaves, targets]
  int64_t leaves = 0, targets = 0, depth = 0;
  size_t inner() const { return feature.size(); }
};

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

Value numbersOf(Node &n, llvm::ArrayRef<double> values, llvm::ArrayRef<int64_t> shape) {
  nn::Tensor t = nn::Tensor::zeros(n.builder.getF64Type(), shape);
  llvm::copy(values, t.values<double>().begin());
  return n.constant(nn::attrFromTensor(t));
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

/// x [N, features] -> the leaves' weights, summed (or averaged) over the trees: [N, targets].
Value evaluateForest(Node &n, Forest &f, bool average) {
  Value x = n.in(0);
  std::optional<int64_t> depth = depthOf(f);
  if (!depth || f.roots.empty() || f.inner() == 0 || f.inner() > kMaxNodes || nn::rankOf(x) != 2) {
    (void)n.fail("expected a matrix, and nodes that form trees");
    return {};
  }
  Type e = nn::elementOf(x), compute = e.isF64() ? e : n.builder.getF32Type();
  x = n.cast(x, compute);
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
  Value leaf = n.sub(at, double(f.inner()));
  Value weights = n.cast(n.make<nn::GatherOp>(numbersOf(n, f.weights, {f.leaves, f.targets}), leaf, 0), compute);
  return n.reduce(weights, average ? nn::ReduceKind::Mean : nn::ReduceKind::Sum, {1}, false);
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

/// Set membership as a chain of equalities, the last of which goes on where the node's false branch does.
void expandMembers(Forest &f, size_t node, llvm::ArrayRef<double> members) {
  for (size_t i = 0; i < members.size(); ++i) {
    f.split[node] = members[i];
    f.mode[node] = Equal;
    if (i + 1 == members.size()) {
      return;
    }
    f.feature.push_back(f.feature[node]);
    f.yes.push_back(f.yes[node]);
    f.no.push_back(f.no[node]);
    f.missing.push_back(f.missing[node]);
    f.mode.push_back(Equal);
    f.split.push_back(0);
    f.no[node] = -int64_t(f.feature.size()); // an inner node that was added
    node = f.feature.size() - 1;
  }
}

/// The attributes of TreeEnsemble-5.
std::optional<Forest> readEnsemble(Node &n) {
  Forest f;
  f.feature = n.getInts("nodes_featureids");
  f.yes = n.getInts("nodes_truenodeids");
  f.no = n.getInts("nodes_falsenodeids");
  f.roots = n.getInts("tree_roots");
  f.missing = n.getInts("nodes_missing_value_tracks_true", Ints(f.feature.size(), 0));
  f.targets = n.getInt("n_targets", 1);
  Ints yesLeaf = n.getInts("nodes_trueleafs"), noLeaf = n.getInts("nodes_falseleafs"),
       target = n.getInts("leaf_targetids");
  auto split = tensorAttribute(n, "nodes_splits"), mode = tensorAttribute(n, "nodes_modes"),
       weight = tensorAttribute(n, "leaf_weights");
  auto members =
      n.hasAttribute("membership_values") ? tensorAttribute(n, "membership_values") : llvm::SmallVector<double>();
  n.ignore({"nodes_hitrates"});
  size_t count = f.feature.size(), leaves = target.size();
  auto sized = [&](const auto &list) { return list.size() == count; };
  if (!split || !mode || !weight || !members || !sized(f.yes) || !sized(f.no) || !sized(f.missing) || !sized(yesLeaf) ||
      !sized(noLeaf) || !sized(*split) || !sized(*mode) || weight->size() != leaves || f.targets < 1 ||
      leaves * f.targets > kMaxNodes) {
    (void)n.fail("expected lists of one length for the nodes, and for the leaves");
    return std::nullopt;
  }
  f.split = *split;
  f.mode.append(mode->begin(), mode->end());
  size_t next = 0;
  // Until the number of inner nodes is known, leaves have numbers from kMaxNodes on, and added nodes negative ones.
  auto isChild = [&](int64_t child, bool leaf) { return child >= 0 && child < int64_t(leaf ? leaves : count); };
  for (size_t i = 0; i < count; ++i) {
    if (!isChild(f.yes[i], yesLeaf[i]) || !isChild(f.no[i], noLeaf[i])) {
      (void)n.fail("expected children that are nodes or leaves");
      return std::nullopt;
    }
    f.yes[i] += yesLeaf[i] ? int64_t(kMaxNodes) : 0;
    f.no[i] += noLeaf[i] ? int64_t(kMaxNodes) : 0;
  }
  for (size_t i = 0; i < count; ++i) {
    if (f.mode[i] < LessEqual || f.mode[i] > Member) {
      (void)n.fail("expected nodes_modes of 0 to 6");
      return std::nullopt;
    }
    if (f.mode[i] == Member) {
      size_t end = next;
      while (end < members->size() && !std::isnan((*members)[end])) {
        ++end;
      }
      if (end == next) {
        (void)n.fail("expected membership_values for every node that tests them");
        return std::nullopt;
      }
      expandMembers(f, i, llvm::ArrayRef(*members).slice(next, end - next));
      next = end + 1;
    }
  }
  auto settle = [&](int64_t &child) {
    child = child < 0                     ? -child - 1
            : child >= int64_t(kMaxNodes) ? child - int64_t(kMaxNodes) + int64_t(f.inner())
                                          : child;
  };
  llvm::for_each(f.yes, settle);
  llvm::for_each(f.no, settle);
  f.leaves = leaves;
  f.weights.resize(leaves * f.targets, 0);
  for (auto [i, t] : llvm::enumerate(target)) {
    if (t < 0 || t >= f.targets) {
      (void)n.fail("expected leaf_targetids below n_targets");
      return std::nullopt;
    }
    f.weights[i * f.targets + t] = (*weight)[i];
  }
  return f;
}

Result treeEnsemble(Node &n) {
  int64_t aggregate = n.getInt("aggregate_function", 1), transform = n.getInt("post_transform", 0);
  std::optional<Forest> f = readEnsemble(n);
  if (!f || aggregate < 0 || aggregate > 1 || transform < 0 || transform > 2) {
    return n.fail(
        "expected aggregate_function 0 (average) or 1 (sum) and post_transform 0 (none), 1 (softmax) or 2 (logistic)");
  }
  Type e = nn::elementOf(n.in(0));
  Value y = evaluateForest(n, *f, aggregate == 0);
  if (transform && y) {
    y = transform == 1 ? n.make<nn::SoftmaxOp>(y, 1, false) : n.make<nn::SigmoidOp>(y);
  }
  return n.failed() ? mlir::failure() : n.result(n.cast(y, e));
}
} // namespace

void addTreeRules(RuleTable &table) { table.add({{"ai.onnx.ml", "TreeEnsemble", {5}, treeEnsemble, {1, 1}}}); }
} // namespace dlc::onnx_import

//===- Trees.cpp - ensembles of decision trees (ai.onnx.ml) -------------------------------===//
#include "importers/onnx/rules/Forest.h"
#include <cmath>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

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
  Value y = evaluateForest(n, *f, aggregate ? Aggregate::Sum : Aggregate::Average).scores;
  if (transform && y) {
    y = transform == 1 ? n.make<nn::SoftmaxOp>(y, 1, false) : n.make<nn::SigmoidOp>(y);
  }
  return n.failed() ? mlir::failure() : n.result(n.cast(y, e));
}
} // namespace

void addTreeRules(RuleTable &table) {
  constexpr llvm::StringLiteral kMl = "ai.onnx.ml";
  table.add({{kMl, "TreeEnsemble", {5}, treeEnsemble, {1, 1}},
             {kMl, "TreeEnsembleRegressor", {1, 3}, treeEnsembleRegressor, {1, 1}},
             {kMl, "TreeEnsembleClassifier", {1, 3}, treeEnsembleClassifier, {1, 1}}});
}
} // namespace dlc::onnx_import

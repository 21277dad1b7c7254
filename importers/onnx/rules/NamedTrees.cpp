//===- NamedTrees.cpp - trees whose nodes are named by tree and number (ai.onnx.ml) ----------===//
#include "importers/onnx/rules/Forest.h"
#include "importers/onnx/rules/Scores.h"
#include "llvm/ADT/StringSwitch.h"
#include <limits>
#include <map>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;
using Doubles = llvm::SmallVector<double>;

/// The place in the tables of the node that (tree, number) names.
using Places = std::map<std::pair<int64_t, int64_t>, int64_t>;

/// Attribute `name`, or, since version 3, its form as a tensor of doubles.
Doubles doublesOf(Node &n, const std::string &name) {
  if (n.since >= 3 && n.hasAttribute(name + "_as_tensor")) {
    std::optional<Doubles> numbers = tensorAttribute(n, name + "_as_tensor");
    if (!numbers) {
      (void)n.fail("expected a tensor of numbers as " + name + "_as_tensor");
    }
    return numbers.value_or(Doubles());
  }
  llvm::SmallVector<float> narrow = n.getFloats(name);
  return Doubles(narrow.begin(), narrow.end());
}

std::optional<TreeMode> modeOf(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<TreeMode>>(name)
      .Case("BRANCH_LEQ", LessEqual)
      .Case("BRANCH_LT", Less)
      .Case("BRANCH_GTE", GreaterEqual)
      .Case("BRANCH_GT", Greater)
      .Case("BRANCH_EQ", Equal)
      .Case("BRANCH_NEQ", NotEqual)
      .Default(std::nullopt);
}

/// The attributes nodes_*, as they stand in the model.
struct NodeLists {
  Ints tree, number, feature, yes, no, missing;
  llvm::SmallVector<std::string> mode;
  Doubles split;
};

std::optional<NodeLists> readLists(Node &n) {
  NodeLists l;
  l.tree = n.getInts("nodes_treeids");
  l.number = n.getInts("nodes_nodeids");
  l.feature = n.getInts("nodes_featureids");
  l.yes = n.getInts("nodes_truenodeids");
  l.no = n.getInts("nodes_falsenodeids");
  l.mode = n.getStrings("nodes_modes");
  l.split = doublesOf(n, "nodes_values");
  size_t count = l.tree.size();
  l.missing = n.getInts("nodes_missing_value_tracks_true", Ints(count, 0));
  l.missing.resize(l.missing.empty() ? count : l.missing.size(), 0);
  n.ignore({"nodes_hitrates", "nodes_hitrates_as_tensor"});
  bool sized = l.number.size() == count && l.feature.size() == count && l.yes.size() == count && l.no.size() == count &&
               l.missing.size() == count && l.mode.size() == count && l.split.size() == count;
  if (n.failed() || !sized || count == 0 || count > kMaxNodes) {
    (void)n.fail("expected lists nodes_treeids, nodes_nodeids, nodes_featureids, nodes_modes, nodes_values, "
                 "nodes_truenodeids and nodes_falsenodeids of one length");
    return std::nullopt;
  }
  return l;
}

/// Gives every node its place: inner nodes first, then leaves. A tree's root is its first node, as in ONNX Runtime; the
/// specification does not say which it is.
Result placeNodes(Node &n, const NodeLists &l, Forest &f, Places &places) {
  int64_t inner = llvm::count_if(l.mode, [](const std::string &m) { return m != "LEAF"; }), nextInner = 0;
  for (size_t i = 0; i < l.tree.size(); ++i) {
    int64_t place = l.mode[i] == "LEAF" ? inner + f.leaves++ : nextInner++;
    if (i == 0 || l.tree[i] != l.tree[i - 1]) {
      auto known = places.lower_bound({l.tree[i], std::numeric_limits<int64_t>::min()});
      if (known != places.end() && known->first.first == l.tree[i]) {
        return n.fail("expected the nodes of tree " + llvm::Twine(l.tree[i]) + " one after the other");
      }
      f.roots.push_back(place);
    }
    if (!places.insert({{l.tree[i], l.number[i]}, place}).second) {
      return n.fail("expected one node " + llvm::Twine(l.number[i]) + " in tree " + llvm::Twine(l.tree[i]));
    }
  }
  return n.status();
}

Result readInner(Node &n, const NodeLists &l, const Places &places, Forest &f) {
  for (size_t i = 0; i < l.tree.size(); ++i) {
    if (l.mode[i] == "LEAF") {
      continue;
    }
    std::optional<TreeMode> mode = modeOf(l.mode[i]);
    if (!mode) {
      return n.fail(
          "expected nodes_modes BRANCH_LEQ, BRANCH_LT, BRANCH_GTE, BRANCH_GT, BRANCH_EQ, BRANCH_NEQ or LEAF, got '" +
          l.mode[i] + "'");
    }
    auto yes = places.find({l.tree[i], l.yes[i]}), no = places.find({l.tree[i], l.no[i]});
    if (yes == places.end() || no == places.end() || l.feature[i] < 0) {
      return n.fail("expected a feature, and children that are nodes of the same tree, for node " +
                    llvm::Twine(l.number[i]) + " of tree " + llvm::Twine(l.tree[i]));
    }
    f.mode.push_back(*mode);
    f.feature.push_back(l.feature[i]);
    f.split.push_back(l.split[i]);
    f.missing.push_back(l.missing[i] != 0);
    f.yes.push_back(yes->second);
    f.no.push_back(no->second);
  }
  return n.status();
}

/// The weights: attributes `prefix`_treeids, _nodeids, _ids and _weights. Those of inner nodes count for nothing.
Result readWeights(Node &n, const std::string &prefix, const Places &places, Forest &f) {
  Ints tree = n.getInts(prefix + "_treeids"), number = n.getInts(prefix + "_nodeids"),
       target = n.getInts(prefix + "_ids");
  Doubles weight = doublesOf(n, prefix + "_weights");
  size_t count = weight.size();
  if (n.failed() || count == 0 || tree.size() != count || number.size() != count || target.size() != count ||
      size_t(std::max<int64_t>(f.leaves, 1)) > kMaxNodes / size_t(f.targets)) {
    return n.fail("expected lists " + prefix + "_treeids, " + prefix + "_nodeids, " + prefix + "_ids and " + prefix +
                  "_weights of one length");
  }
  f.weights.resize(f.leaves * f.targets, 0);
  f.given.resize(f.weights.size(), 0);
  for (size_t i = 0; i < count; ++i) {
    auto at = places.find({tree[i], number[i]});
    if (at == places.end() || target[i] < 0 || target[i] >= f.targets) {
      return n.fail("expected weights of nodes that there are, for " + prefix + "_ids below " + llvm::Twine(f.targets));
    }
    if (at->second < int64_t(f.inner())) {
      continue;
    }
    size_t to = (at->second - f.inner()) * f.targets + target[i];
    if (f.given[to] != 0) {
      return n.fail("expected one weight of a leaf for each of " + prefix + "_ids");
    }
    f.weights[to] = weight[i];
    f.given[to] = 1;
  }
  if (!llvm::is_contained(f.given, 0.0)) {
    f.given.clear();
  }
  return n.status();
}

std::optional<Forest> readForest(Node &n, const std::string &prefix, int64_t targets) {
  Forest f;
  Places places;
  f.targets = targets;
  std::optional<NodeLists> lists = readLists(n);
  if (!lists || mlir::failed(placeNodes(n, *lists, f, places)) || mlir::failed(readInner(n, *lists, places, f)) ||
      mlir::failed(readWeights(n, prefix, places, f))) {
    return std::nullopt;
  }
  return f;
}

/// Adds base_values, one for each column of `scores`; there may be none. All columns get theirs, as the specification says
/// (ONNX Runtime leaves out targets that no leaf of a row had a weight for).
Value addBase(Node &n, Value scores, int64_t columns) {
  Doubles base = doublesOf(n, "base_values");
  if (n.failed() || base.empty()) {
    return scores;
  }
  if (int64_t(base.size()) != columns) {
    (void)n.fail("expected " + llvm::Twine(columns) + " base_values, got " + llvm::Twine(base.size()));
    return {};
  }
  return n.add(scores, n.cast(numbersOf(n, base, {columns}), nn::elementOf(scores)));
}

std::optional<Aggregate> aggregateOf(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<Aggregate>>(name)
      .Case("AVERAGE", Aggregate::Average)
      .Case("SUM", Aggregate::Sum)
      .Case("MIN", Aggregate::Min)
      .Case("MAX", Aggregate::Max)
      .Default(std::nullopt);
}
} // namespace

/// The transform is applied to one target, too, as the specification says (ONNX Runtime applies only PROBIT there).
llvm::LogicalResult treeEnsembleRegressor(Node &n) {
  std::string how = n.getString("aggregate_function", "SUM"), transform = n.getString("post_transform", "NONE");
  int64_t targets = n.getInt("n_targets", 1);
  std::optional<Aggregate> aggregate = aggregateOf(how);
  if (!aggregate || targets < 1 || targets > int64_t(kMaxNodes)) {
    return n.fail("expected aggregate_function AVERAGE, SUM, MIN or MAX, and n_targets of 1 or more");
  }
  std::optional<Forest> f = readForest(n, "target", targets);
  if (!f) {
    return mlir::failure();
  }
  Value y = addBase(n, evaluateForest(n, *f, *aggregate).scores, targets);
  y = postTransform(n, y, transform);
  return n.failed() ? mlir::failure() : n.result(n.cast(y, n.builder.getF32Type()));
}

namespace {
/// Two classes of which only one has weights, [N, 1]: what the specification leaves open is as in ONNX Runtime.
struct Binary {
  Value isSecond, scores;
};
Binary scoreOneOfTwo(Node &n, const Forest &f, Value one, bool isFirst, llvm::StringRef transform) {
  bool positive = llvm::all_of(f.weights, [](double w) { return w >= 0; });
  if (n.failed() || transform == "PROBIT" || (!isFirst && n.hasAttribute("base_values"))) {
    (void)n.fail("expected no PROBIT, and base_values only where class_ids are 0, with weights for one of two classes");
    return {};
  }
  Type e = nn::elementOf(one);
  Binary b{n.make<nn::LessOp>(n.scalar(e, positive ? 0.5 : 0), one), {}};
  if (!isFirst) { // the class without weights scores 0
    b.scores = postTransform(n, n.concat({n.mul(one, 0), one}, 1), transform);
  } else if (transform == "LOGISTIC") {
    b.scores = postTransform(n, n.concat({n.make<nn::NegOp>(one), one}, 1), transform);
  } else { // other transforms are left out
    Value other = positive ? n.sub(n.scalar(e, 1), one) : n.make<nn::NegOp>(one);
    b.scores = n.concat({other, one}, 1);
  }
  return b;
}
} // namespace

/// The class of the greatest score before the transform, the first of equal ones. Where the specification is silent
/// this is ONNX Runtime: classes that no weight speaks for do not compete, unless there are base values. Two classes
/// that both have weights are no exception, as the specification says (ONNX Runtime then gives label 1 or 0 by a sign).
llvm::LogicalResult treeEnsembleClassifier(Node &n) {
  ClassLabels labels = readClassLabels(n, "classlabels_int64s");
  std::string transform = n.getString("post_transform", "NONE");
  Ints ids = n.getInts("class_ids");
  std::optional<Forest> f = n.failed() ? std::nullopt : readForest(n, "class", labels.count);
  if (!f) {
    return mlir::failure();
  }
  ForestScores s = evaluateForest(n, *f, Aggregate::Sum);
  bool isOne = labels.count == 2 && llvm::all_equal(ids);
  if (isOne) {
    Value one = addBase(n, n.failed() ? Value() : n.slice(s.scores, 1, n.number(ids[0]), n.number(1)), 1);
    Binary b = scoreOneOfTwo(n, *f, one, ids[0] == 0, transform);
    Value isSecond = b.isSecond ? n.reshape(b.isSecond, {nn::shapeOf(n.in(0))[0]}) : Value();
    return classified(n, labels, n.cast(isSecond, n.builder.getI64Type()), b.scores);
  }
  Value scores = addBase(n, s.scores, labels.count), competing = scores;
  if (s.given && scores == s.scores) {
    constexpr double inf = std::numeric_limits<double>::infinity();
    competing = n.select(s.given, scores, n.scalar(nn::elementOf(scores), -inf));
  }
  Value classes = n.make<nn::ArgReduceOp>(competing, nn::ReduceKind::Max, 1, false, false);
  return classified(n, labels, classes, postTransform(n, scores, transform));
}
} // namespace dlc::onnx_import

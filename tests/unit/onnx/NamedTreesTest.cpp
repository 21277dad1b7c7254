//===- NamedTreesTest.cpp - TreeEnsembleRegressor and TreeEnsembleClassifier ------------------===//
#include "tests/unit/onnx/Messages.h"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace {
using namespace dlc::onnx_testing;
using Floats = std::vector<float>;
using Numbers = std::vector<int64_t>;
using Texts = std::vector<std::string>;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

onnx::AttributeProto &attribute(onnx::NodeProto &n, const std::string &name, onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto *a = nullptr;
  for (auto &known : *n.mutable_attribute()) {
    a = known.name() == name ? &known : a;
  }
  a = a ? a : n.add_attribute();
  a->Clear();
  a->set_name(name);
  a->set_type(type);
  return *a;
}
void set(onnx::NodeProto &n, const std::string &name, const Numbers &v) {
  attribute(n, name, onnx::AttributeProto::INTS).mutable_ints()->Add(v.begin(), v.end());
}
void set(onnx::NodeProto &n, const std::string &name, const Floats &v) {
  attribute(n, name, onnx::AttributeProto::FLOATS).mutable_floats()->Add(v.begin(), v.end());
}
void set(onnx::NodeProto &n, const std::string &name, const Texts &v) {
  for (auto &a = attribute(n, name, onnx::AttributeProto::STRINGS); const std::string &s : v) {
    a.add_strings(s);
  }
}

/// Two trees of x [n, 2]. Tree 0: x0 <= 1 ? node 1 : node 2. Tree 7, which goes to node 4 for NaN, too: x1 > 0 ? node 4
/// : node 5. `prefix` is target or class; the weights are of target `ids` in nodes 1, 2, 4 and 5.
struct Trees : TestModel {
  Trees(const std::string &op, const std::string &prefix, const Numbers &ids, const Floats &weights) : TestModel(18) {
    auto *opset = proto.add_opset_import();
    opset->set_domain("ai.onnx.ml");
    opset->set_version(3);
    input("x", {"n", 2}).output("y");
    node(op, {"x"}, {"y"}).set_domain("ai.onnx.ml");
    set(own(), "nodes_treeids", Numbers{0, 0, 0, 7, 7, 7});
    set(own(), "nodes_nodeids", Numbers{0, 1, 2, 3, 4, 5});
    set(own(), "nodes_featureids", Numbers{0, 0, 0, 1, 0, 0});
    set(own(), "nodes_values", Floats{1, 0, 0, 0, 0, 0});
    set(own(), "nodes_modes", Texts{"BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_GT", "LEAF", "LEAF"});
    set(own(), "nodes_truenodeids", Numbers{1, 0, 0, 4, 0, 0});
    set(own(), "nodes_falsenodeids", Numbers{2, 0, 0, 5, 0, 0});
    set(own(), "nodes_missing_value_tracks_true", Numbers{0, 0, 0, 1, 0, 0});
    set(own(), prefix + "_treeids", Numbers{0, 0, 7, 7});
    set(own(), prefix + "_nodeids", Numbers{1, 2, 4, 5});
    set(own(), prefix + "_ids", ids);
    set(own(), prefix + "_weights", weights);
  }
  onnx::NodeProto &own() { return *graph().mutable_node(0); }
  void expect(const Floats &expected) {
    ASSERT_TRUE(import()) << problemText();
    Floats y = run({{{3, 2}, {1, 1, 2, 0, kNaN, kNaN}}});
    ASSERT_EQ(y.size(), expected.size()) << error;
    for (size_t i = 0; i < y.size(); ++i) {
      EXPECT_NEAR(y[i], expected[i], 1e-5f) << i;
    }
  }
};
struct Regressor : Trees {
  Regressor() : Trees("TreeEnsembleRegressor", "target", {0, 0, 0, 0}, {10, 20, 1, 2}) {}
};
/// Three classes, or two of which the first has the weights.
struct Classifier : Trees {
  explicit Classifier(bool two, const Floats &weights = {0.5f, 0.75f, 0.125f, 0.25f})
      : Trees("TreeEnsembleClassifier", "class", two ? Numbers{0, 0, 0, 0} : Numbers{0, 2, 1, 1}, weights) {
    set(own(), "classlabels_strings", two ? Texts{"no", "yes"} : Texts{"a", "b", "c"});
  }
  void expectLabels(const Texts &labels) {
    own().set_output(0, "y");
    own().mutable_output()->DeleteSubrange(1, own().output_size() - 1);
    ASSERT_TRUE(import()) << problemText();
    dlc::nn::Tensor x = dlc::nn::Tensor::zeros(mlir::Float32Type::get(context.get()), {3, 2});
    llvm::copy(Floats{1, 1, 2, 0, kNaN, kNaN}, x.values<float>().begin());
    auto outputs = evaluate(*module, {x}, error);
    ASSERT_TRUE(outputs) << error;
    llvm::ArrayRef<std::string> y = outputs->front().tensor().values<std::string>();
    EXPECT_EQ(Texts(y.begin(), y.end()), labels);
  }
  void expectScores(const Floats &scores) {
    own().set_output(0, "label");
    own().add_output("y");
    expect(scores);
  }
};

TEST(NamedTrees, Aggregate) {
  const std::pair<const char *, Floats> cases[] = {
      {"SUM", {11, 22, 21}}, {"AVERAGE", {5.5f, 11, 10.5f}}, {"MIN", {1, 2, 1}}, {"MAX", {10, 20, 20}}};
  for (const auto &[how, expected] : cases) {
    Regressor m;
    setString(m.own(), "aggregate_function", how);
    m.expect(expected);
    Regressor based;
    setString(based.own(), "aggregate_function", how);
    set(based.own(), "base_values", Floats{100});
    based.expect({expected[0] + 100, expected[1] + 100, expected[2] + 100});
  }
}

TEST(NamedTrees, TargetsWithoutWeightsScoreZero) {
  Regressor m;
  set(m.own(), "target_ids", Numbers{0, 1, 1, 1});
  setInt(m.own(), "n_targets", 2);
  setString(m.own(), "aggregate_function", "MAX");
  m.expect({10, 1, 0, 20, 0, 20});
}

TEST(NamedTrees, ATreeMayBeOneLeaf) {
  Regressor m;
  set(m.own(), "nodes_modes", Texts{"LEAF", "LEAF", "LEAF", "LEAF", "LEAF", "LEAF"});
  set(m.own(), "target_nodeids", Numbers{0, 2, 3, 5});
  m.expect({11, 11, 11});
}

TEST(NamedTrees, PostTransforms) {
  const double inverse = std::exp(-1);
  const auto soft = float(inverse / (1 + inverse)), logistic = float(1 / (1 + inverse));
  const std::pair<const char *, Floats> cases[] = {
      {"SOFTMAX", {soft, 1 - soft, 0.5f, 0.5f, 0.5f, 0.5f}},
      {"LOGISTIC", {0.5f, logistic, logistic, logistic, logistic, logistic}},
      {"SOFTMAX_ZERO", {0, 1, 0.5f, 0.5f, 0.5f, 0.5f}}};
  for (const auto &[transform, expected] : cases) {
    Regressor m;
    set(m.own(), "target_ids", Numbers{0, 0, 1, 1});
    set(m.own(), "target_weights", Floats{0, 1, 1, 1});
    setInt(m.own(), "n_targets", 2);
    setString(m.own(), "post_transform", transform);
    m.expect(expected);
  }
  Regressor m; // the quantiles of 0.5, 0.975 and 0.025; the approximation is good to 0.003
  set(m.own(), "target_weights", Floats{0.475f, 0, 0.025f, 0.975f});
  setString(m.own(), "post_transform", "PROBIT");
  ASSERT_TRUE(m.import()) << m.problemText();
  Floats y = m.run({{{3, 2}, {1, 1, 2, 0, kNaN, kNaN}}});
  ASSERT_EQ(y.size(), 3u) << m.error;
  EXPECT_NEAR(y[0], 0, 5e-3);
  EXPECT_NEAR(y[1], 1.95996, 5e-3);
  EXPECT_NEAR(y[2], -1.95996, 5e-3);
}

TEST(NamedTrees, ClassOfTheGreatestScore) {
  Classifier(false).expectLabels({"a", "c", "c"});
  Classifier(false).expectScores({0.5f, 0.125f, 0, 0, 0.25f, 0.75f, 0, 0.125f, 0.75f});
  Classifier(false, {-3, -4, -1, -2}).expectLabels({"b", "b", "b"}); // those without a weight do not compete
}

TEST(NamedTrees, OneWeightForTwoClasses) {
  Classifier(true).expectLabels({"yes", "yes", "yes"});
  Classifier(true, {0.25f, 0.5f, 0.125f, 0.25f}).expectLabels({"no", "yes", "yes"});
  Classifier(true, {0.25f, 0.5f, 0.125f, 0.25f}).expectScores({0.625f, 0.375f, 0.25f, 0.75f, 0.375f, 0.625f});
  Classifier(true, {-1, 2, 0.5f, 1}).expectLabels({"no", "yes", "yes"});
  Classifier(true, {-1, 2, 0.5f, 1}).expectScores({0.5f, -0.5f, -3, 3, -2.5f, 2.5f});
}

TEST(NamedTrees, Refused) {
  auto regressor = [](const char *name, const auto &v, const char *message) {
    Regressor m;
    set(m.own(), name, v);
    expectRefused(m, message);
  };
  auto classifier = [](const char *name, const auto &v, const char *message) {
    Classifier m(true);
    set(m.own(), name, v);
    expectRefused(m, message);
  };
  regressor("nodes_values", Floats{1},
            "expected lists nodes_treeids, nodes_nodeids, nodes_featureids, nodes_modes, nodes_values, "
            "nodes_truenodeids and nodes_falsenodeids of one length");
  regressor("nodes_treeids", Numbers{0, 7, 0, 7, 7, 7}, "expected the nodes of tree 0 one after the other");
  regressor("nodes_nodeids", Numbers{0, 1, 1, 3, 4, 5}, "expected one node 1 in tree 0");
  regressor("nodes_modes", Texts{"BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_MEMBER", "LEAF", "LEAF"},
            "expected nodes_modes BRANCH_LEQ, BRANCH_LT, BRANCH_GTE, BRANCH_GT, BRANCH_EQ, BRANCH_NEQ or LEAF, got "
            "'BRANCH_MEMBER'");
  regressor("nodes_truenodeids", Numbers{9, 0, 0, 4, 0, 0},
            "expected a feature, and children that are nodes of the same tree, for node 0 of tree 0");
  regressor("nodes_truenodeids", Numbers{0, 0, 0, 4, 0, 0}, "expected a matrix, and nodes that form trees");
  regressor("target_weights", Floats{1},
            "expected lists target_treeids, target_nodeids, target_ids and target_weights of one length");
  regressor("target_ids", Numbers{0, 0, 0, 1}, "expected weights of nodes that there are, for target_ids below 1");
  regressor("target_nodeids", Numbers{1, 1, 4, 5}, "expected one weight of a leaf for each of target_ids");
  regressor("base_values", Floats{1, 2}, "expected 1 base_values, got 2");
  classifier("classlabels_strings", Texts{"one"},
             "expected two or more labels in either classlabels_int64s or classlabels_strings");
  Regressor aggregate, transform, tensor;
  setString(aggregate.own(), "aggregate_function", "MEDIAN");
  expectRefused(aggregate, "expected aggregate_function AVERAGE, SUM, MIN or MAX, and n_targets of 1 or more");
  setString(transform.own(), "post_transform", "TANH");
  expectRefused(transform, "expected post_transform NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT, got 'TANH'");
  auto &text = *attribute(tensor.own(), "base_values_as_tensor", onnx::AttributeProto::TENSOR).mutable_t();
  text.set_data_type(onnx::TensorProto::STRING);
  text.add_dims(1);
  text.add_string_data("1");
  expectRefused(tensor, "expected a tensor of numbers as base_values_as_tensor");
  Classifier binary(true);
  setString(binary.own(), "post_transform", "PROBIT");
  expectRefused(binary,
                "expected no PROBIT, and base_values only where class_ids are 0, with weights for one of two classes");
}
} // namespace

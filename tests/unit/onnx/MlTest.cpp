//===- MlTest.cpp - ai.onnx.ml, and slices and pads that only a run knows -----------------------===//
#include "tests/unit/onnx/TestModel.h"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace {
using namespace dlc::onnx_testing;
using Floats = std::vector<float>;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

void setFloats(onnx::NodeProto &n, const std::string &name, std::initializer_list<float> values) {
  auto *a = n.add_attribute();
  a->set_name(name);
  a->set_type(onnx::AttributeProto::FLOATS);
  a->mutable_floats()->Add(values.begin(), values.end());
}
void setFloat(onnx::NodeProto &n, const std::string &name, float value) {
  auto *a = n.add_attribute();
  a->set_name(name);
  a->set_type(onnx::AttributeProto::FLOAT);
  a->set_f(value);
}

/// One node of ai.onnx.ml from a matrix of three columns.
struct MlModel : TestModel {
  explicit MlModel(const std::string &op) : TestModel(20) {
    auto *set = proto.add_opset_import();
    set->set_domain("ai.onnx.ml");
    set->set_version(3);
    input("x", {"n", 3}).output("y");
    node(op, {"x"}, {"y"}).set_domain("ai.onnx.ml");
  }
  onnx::NodeProto &own() { return *graph().mutable_node(0); }
  Floats of(const Floats &x) {
    EXPECT_TRUE(import()) << problemText();
    return module ? run({{{int64_t(x.size()) / 3, 3}, x}}) : Floats();
  }
};

TEST(Ml, BinarizerIsStrict) {
  MlModel m("Binarizer");
  setFloat(m.own(), "threshold", 1);
  EXPECT_EQ(m.of({0, 1, 1.5f}), (Floats{0, 0, 1}));
}

TEST(Ml, ScalerSubtractsFirst) {
  MlModel m("Scaler");
  setFloats(m.own(), "offset", {1, 2, 3});
  setFloats(m.own(), "scale", {10, 100, 1000});
  EXPECT_EQ(m.of({2, 2, 2, 0, 0, 0}), (Floats{10, 0, -1000, -10, -200, -3000}));
}

TEST(Ml, NormalizerLeavesRowsOfZeros) {
  const std::pair<const char *, Floats> cases[] = {{"MAX", {0.5f, 1, 0.5f, 0, 0, 0}},
                                                   {"L1", {0.25f, 0.5f, 0.25f, 0, 0, 0}},
                                                   {"L2", {2 / 4.8989795f, 4 / 4.8989795f, 2 / 4.8989795f, 0, 0, 0}}};
  for (const auto &[norm, expected] : cases) {
    MlModel m("Normalizer");
    setString(m.own(), "norm", norm);
    Floats y = m.of({2, 4, 2, 0, 0, 0});
    ASSERT_EQ(y.size(), expected.size());
    for (size_t i = 0; i < y.size(); ++i) {
      EXPECT_NEAR(y[i], expected[i], 1e-6f) << norm;
    }
  }
}

TEST(Ml, ImputerReplacesNaNToo) {
  MlModel m("Imputer");
  setFloats(m.own(), "imputed_value_floats", {7, 8, 9});
  setFloat(m.own(), "replaced_value_float", kNaN);
  EXPECT_EQ(m.of({kNaN, 1, kNaN}), (Floats{7, 1, 9}));
  MlModel number("Imputer");
  setFloats(number.own(), "imputed_value_floats", {5});
  setFloat(number.own(), "replaced_value_float", -1);
  EXPECT_EQ(number.of({-1, 1, -1}), (Floats{5, 1, 5}));
}

TEST(Ml, LinearRegressorHasTargetsOneAfterTheOther) {
  MlModel m("LinearRegressor");
  setFloats(m.own(), "coefficients", {1, 2, 3, 10, 0, 0});
  setFloats(m.own(), "intercepts", {0.5f, -1});
  setInt(m.own(), "targets", 2);
  EXPECT_EQ(m.of({1, 1, 1}), (Floats{6.5f, 9}));
}

void setTensor(onnx::NodeProto &n, const std::string &name, int type, const std::vector<float> &values) {
  auto *a = n.add_attribute();
  a->set_name(name);
  a->set_type(onnx::AttributeProto::TENSOR);
  a->mutable_t()->set_data_type(type);
  a->mutable_t()->add_dims(values.size());
  for (float v : values) {
    type == onnx::TensorProto::FLOAT ? a->mutable_t()->add_float_data(v) : a->mutable_t()->add_int32_data(int(v));
  }
}

/// Tree 0: x0 <= 1 ? 10 for target 0 : (x1 in {2, 3} ? 20 for target 1 : 30 for target 0). Tree 1: x2 > 0 ? 1 : 2,
/// target 1.
void fillTrees(onnx::NodeProto &n) {
  setInts(n, "tree_roots", {0, 2});
  setInts(n, "nodes_featureids", {0, 1, 2});
  setTensor(n, "nodes_modes", onnx::TensorProto::UINT8, {0, 6, 3});
  setTensor(n, "nodes_splits", onnx::TensorProto::FLOAT, {1, 0, 0});
  setTensor(n, "membership_values", onnx::TensorProto::FLOAT, {2, 3, kNaN});
  setInts(n, "nodes_truenodeids", {0, 1, 3});
  setInts(n, "nodes_trueleafs", {1, 1, 1});
  setInts(n, "nodes_falsenodeids", {1, 2, 4});
  setInts(n, "nodes_falseleafs", {0, 1, 1});
  setInts(n, "leaf_targetids", {0, 1, 0, 1, 1});
  setTensor(n, "leaf_weights", onnx::TensorProto::FLOAT, {10, 20, 30, 1, 2});
  setInt(n, "n_targets", 2);
}

TEST(Ml, TreesAreSummed) {
  for (bool missing : {false, true}) {
    MlModel m("TreeEnsemble");
    m.proto.mutable_opset_import(1)->set_version(5);
    fillTrees(m.own());
    if (missing) {
      setInts(m.own(), "nodes_missing_value_tracks_true", {1, 0, 0});
    }
    EXPECT_EQ(m.of({1, 0, 1, 2, 3, 0, 2, 4, 0, kNaN, 2, 1}),
              (missing ? Floats{10, 1, 0, 22, 30, 2, 10, 1} : Floats{10, 1, 0, 22, 30, 2, 0, 21}));
  }
}

// https://onnx.ai/onnx/operators/onnx_aionnxml_LabelEncoder.html: what is no key becomes -0.0.
TEST(Ml, LabelEncoderKnowsNegativeZero) {
  for (auto type : {onnx::TensorProto::FLOAT, onnx::TensorProto::DOUBLE, onnx::TensorProto::FLOAT16}) {
    TestModel m(20);
    auto *set = m.proto.add_opset_import();
    set->set_domain("ai.onnx.ml");
    set->set_version(4);
    m.input("x", {2}).output("y");
    onnx::NodeProto &n = m.node("LabelEncoder", {"x"}, {"e"});
    n.set_domain("ai.onnx.ml");
    setFloats(n, "keys_floats", {1});
    auto *a = n.add_attribute();
    a->set_name("values_tensor");
    a->set_type(onnx::AttributeProto::TENSOR);
    a->mutable_t()->set_data_type(type);
    a->mutable_t()->add_dims(1);
    type == onnx::TensorProto::FLOAT    ? a->mutable_t()->add_float_data(0)
    : type == onnx::TensorProto::DOUBLE ? a->mutable_t()->add_double_data(0)
                                        : a->mutable_t()->add_int32_data(0);
    setInt(m.node("Cast", {"e"}, {"y"}), "to", onnx::TensorProto::FLOAT);
    ASSERT_TRUE(m.import()) << m.problemText();
    Floats y = m.run({{{2}, {1, 2}}});
    ASSERT_EQ(y.size(), 2u) << m.error;
    EXPECT_FALSE(std::signbit(y[0])) << type;
    EXPECT_TRUE(y[1] == 0 && std::signbit(y[1])) << type;
  }
}

// Scales that only the run knows.
TEST(Ml, ResizeRefusesScalesThatNoneCanBe) {
  constexpr float inf = std::numeric_limits<float>::infinity();
  for (float scale : {2.0f, 0.5f, 0.0f, -1.0f, kNaN, inf, 1e6f}) {
    TestModel m(19);
    m.input("x", {"n"}).input("s", {"k"}).output("y");
    m.node("Resize", {"x", "", "s"}, {"y"}, "r");
    ASSERT_TRUE(m.import()) << m.problemText();
    Floats y = m.run({{{4}, {1, 2, 3, 4}}, {{1}, {scale}}});
    bool good = scale == 2 || scale == 0.5f;
    EXPECT_EQ(y.size(), good ? size_t(4 * scale) : 0u) << scale << m.error;
    const char *what = "number of scales above 0 and below a million";
    EXPECT_EQ(m.error.find(what) != std::string::npos, !good) << scale << m.error;
  }
  TestModel m(19);
  m.input("x", {"n"}).input("s", {"k"}).output("y");
  m.node("Resize", {"x", "", "s"}, {"y"}, "r");
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_TRUE(m.run({{{4}, {1, 2, 3, 4}}, {{2}, {1, 1}}}).empty());
  EXPECT_NE(m.error.find("number of scales: "), std::string::npos) << m.error;
}

TEST(Ml, TreesMustBeTrees) {
  MlModel m("TreeEnsemble");
  m.proto.mutable_opset_import(1)->set_version(5);
  fillTrees(m.own());
  for (auto &a : *m.own().mutable_attribute()) {
    if (a.name() == "nodes_falsenodeids") {
      a.set_ints(0, 0); // its own child
    }
  }
  EXPECT_FALSE(m.import());
  EXPECT_NE(m.problemText().find("nodes that form trees"), std::string::npos) << m.problemText();
}

TEST(Ml, RefusesFeaturesThatDoNotFit) {
  MlModel m("Scaler");
  setFloats(m.own(), "offset", {1, 2});
  setFloats(m.own(), "scale", {1, 2});
  EXPECT_FALSE(m.import());
  EXPECT_NE(m.problemText().find("as many as there are features"), std::string::npos) << m.problemText();
}

/// Runs a Slice or Pad all of whose operands are inputs.
struct Computed {
  Computed(const std::string &op, std::initializer_list<std::vector<int64_t>> operands, std::vector<int64_t> shape,
           const Floats &x) {
    TestModel m(18);
    m.input("x", {"a", "b"}).output("y");
    std::vector<dlc::nn::Datum> data;
    dlc::nn::Tensor t = dlc::nn::Tensor::zeros(mlir::Float32Type::get(m.context.get()), shape);
    llvm::copy(x, t.values<float>().begin());
    data.push_back(t);
    onnx::NodeProto &n = m.node(op, {"x"}, {"y"});
    for (const auto &[i, values] : llvm::enumerate(operands)) {
      std::string name = "i" + std::to_string(i);
      if (op == "Pad" && i == 1) {
        n.add_input("");
      }
      n.add_input(name);
      m.input(name, {int(values.size())}, onnx::TensorProto::INT64);
      dlc::nn::Tensor v = dlc::nn::Tensor::zeros(mlir::IntegerType::get(m.context.get(), 64), {int64_t(values.size())});
      llvm::copy(values, v.values<int64_t>().begin());
      data.push_back(v);
    }
    EXPECT_TRUE(m.import()) << m.problemText();
    auto outputs = m.module ? evaluate(*m.module, data, m.error) : std::nullopt;
    EXPECT_TRUE(outputs) << m.error;
    if (outputs) {
      sizes = outputs->front().tensor().shape().vec();
      llvm::ArrayRef<float> v = outputs->front().tensor().values<float>();
      values.assign(v.begin(), v.end());
    }
  }
  std::vector<int64_t> sizes;
  Floats values;
};

TEST(RunTime, SliceByAnyAxesAndSteps) {
  const Floats x{1, 2, 3, 4, 5, 6, 7, 8};
  constexpr int64_t kFar = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(Computed("Slice", {{1}, {3}, {-1}, {1}}, {2, 4}, x).values, (Floats{2, 3, 6, 7}));
  EXPECT_EQ(Computed("Slice", {{kFar, -1}, {-kFar, kFar}, {1, 0}, {-3, 1}}, {2, 4}, x).values, (Floats{8, 5}));
  EXPECT_EQ(Computed("Slice", {{-4, 0}, {kFar, 2}, {1, 0}, {2, 1}}, {2, 4}, x).values, (Floats{1, 3, 5, 7}));
  EXPECT_EQ(Computed("Slice", {{2}, {1}, {1}, {1}}, {2, 4}, x).sizes, (std::vector<int64_t>{2, 0}));
  EXPECT_EQ(Computed("Slice", {{9}, {9}, {1}, {-1}}, {2, 4}, x).sizes, (std::vector<int64_t>{2, 0}));
}

TEST(RunTime, PadByAnyAxes) {
  Computed r("Pad", {{1, 0}, {-1}}, {1, 2}, {1, 2});
  EXPECT_EQ(r.values, (Floats{0, 1, 2}));
}

TEST(RunTime, BooleansAreReducedOverAnyAxes) {
  TestModel m(20);
  m.input("x", {2, 2}).input("axes", {1}, onnx::TensorProto::INT64).output("y");
  setInt(m.node("Cast", {"x"}, {"b"}), "to", onnx::TensorProto::BOOL);
  setInt(m.node("ReduceMax", {"b", "axes"}, {"r"}), "keepdims", 0);
  setInt(m.node("Cast", {"r"}, {"y"}), "to", onnx::TensorProto::FLOAT);
  ASSERT_TRUE(m.import()) << m.problemText();
  dlc::nn::Tensor x = dlc::nn::Tensor::zeros(mlir::Float32Type::get(m.context.get()), {2, 2});
  x.values<float>()[3] = 1;
  dlc::nn::Tensor axes = dlc::nn::Tensor::zeros(mlir::IntegerType::get(m.context.get(), 64), {1});
  axes.values<int64_t>()[0] = -1;
  auto outputs = evaluate(*m.module, {x, axes}, m.error);
  ASSERT_TRUE(outputs) << m.error;
  llvm::ArrayRef<float> y = outputs->front().tensor().values<float>();
  EXPECT_EQ(Floats(y.begin(), y.end()), (Floats{0, 1}));
}
} // namespace

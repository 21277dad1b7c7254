//===- LinearClassifierTest.cpp - LinearClassifier of ai.onnx.ml ------------------------------===//
#include "tests/unit/onnx/Messages.h"
#include <cmath>
#include <gtest/gtest.h>

namespace {
using namespace dlc::onnx_testing;
using Floats = std::vector<float>;

/// Labels 5, 6 and so on for x [n, 2]; "y" is the label as a float, or the scores.
struct Linear : TestModel {
  Linear(int classes, const Floats &coefficients, const Floats &intercepts, const char *transform, bool label)
      : TestModel(18) {
    proto.add_opset_import()->set_domain("ai.onnx.ml");
    proto.mutable_opset_import(1)->set_version(1);
    input("x", {"n", 2}).output("y");
    onnx::NodeProto &n = node("LinearClassifier", {"x"}, {label ? "l" : "none", label ? "s" : "y"});
    n.set_domain("ai.onnx.ml");
    setString(n, "post_transform", transform);
    for (auto [name, values] : {std::pair("coefficients", coefficients), std::pair("intercepts", intercepts)}) {
      auto *a = n.add_attribute();
      a->set_name(name);
      a->set_type(onnx::AttributeProto::FLOATS);
      a->mutable_floats()->Add(values.begin(), values.end());
    }
    setInts(n, "classlabels_ints", {});
    for (int i = 0; i < classes; ++i) {
      n.mutable_attribute(n.attribute_size() - 1)->add_ints(5 + i);
    }
    if (label) {
      setInt(node("Cast", {"l"}, {"y"}), "to", onnx::TensorProto::FLOAT);
    }
  }
  void expect(const Floats &expected) {
    ASSERT_TRUE(import()) << problemText();
    Floats y = run({{{2, 2}, {1, 2, -1, 0}}});
    ASSERT_EQ(y.size(), expected.size()) << error;
    for (size_t i = 0; i < y.size(); ++i) {
      EXPECT_NEAR(y[i], expected[i], 1e-5f) << i;
    }
  }
};

TEST(LinearClassifier, ThreeClasses) {
  const Floats w{1, 0, 0, 1, -1, 0}, b{0, 0, 0.5f}; // scores: 1, 2, -0.5; -1, 0, 1.5
  Linear(3, w, b, "NONE", true).expect({6, 7});
  Linear(3, w, b, "SOFTMAX", true).expect({6, 7});
  Linear(3, w, b, "NONE", false).expect({1, 2, -0.5f, -1, 0, 1.5f});
  Floats logistic;
  for (double s : {1.0, 2.0, -0.5, -1.0, 0.0, 1.5}) {
    logistic.push_back(float(1 / (1 + std::exp(-s))));
  }
  Linear(3, w, b, "LOGISTIC", false).expect(logistic);
}

TEST(LinearClassifier, OneScoreForTwoClasses) {
  const Floats w{0.5f, 0}, b{-0.25f}; // scores: 0.25, -0.75
  Linear(2, w, b, "NONE", true).expect({6, 5});
  Linear(2, w, b, "NONE", false).expect({0.75f, 0.25f, 1.75f, -0.75f});
  const auto p = float(1 / (1 + std::exp(-0.25))), q = float(1 / (1 + std::exp(0.75)));
  Linear(2, w, b, "LOGISTIC", false).expect({1 - p, p, 1 - q, q});
}

TEST(LinearClassifier, Refused) {
  Linear probit(2, {1, 1}, {0}, "PROBIT", false), rows(3, {1, 1}, {0}, "NONE", false);
  expectRefused(probit, "expected no PROBIT for one score of two classes");
  expectRefused(rows, "expected a matrix, and coefficients and intercepts for every class, or for the second of two");
}
} // namespace

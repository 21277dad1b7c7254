//===- SvmTest.cpp - SVMRegressor of ai.onnx.ml -----------------------------------------------===//
#include "tests/unit/onnx/Messages.h"
#include <cmath>
#include <gtest/gtest.h>

namespace {
using namespace dlc::onnx_testing;
using Floats = std::vector<float>;

/// Support vectors (1, 0) and (0, 2) with coefficients 2 and -1, and rho 0.5.
struct Svm : TestModel {
  explicit Svm(const char *kernel, const Floats &params = {0.5f, 1, 2}) : TestModel(18) {
    proto.add_opset_import()->set_domain("ai.onnx.ml");
    proto.mutable_opset_import(1)->set_version(1);
    input("x", {"n", 2}).output("y");
    node("SVMRegressor", {"x"}, {"y"}).set_domain("ai.onnx.ml");
    setString(own(), "kernel_type", kernel);
    setInt(own(), "n_supports", 2);
    floatsOf("kernel_params", params);
    floatsOf("support_vectors", {1, 0, 0, 2});
    floatsOf("coefficients", {2, -1});
    floatsOf("rho", {0.5f});
  }
  onnx::NodeProto &own() { return *graph().mutable_node(0); }
  void floatsOf(const char *name, const Floats &values) {
    auto *a = own().add_attribute();
    a->set_name(name);
    a->set_type(onnx::AttributeProto::FLOATS);
    a->mutable_floats()->Add(values.begin(), values.end());
  }
  void expect(const std::vector<double> &expected) {
    ASSERT_TRUE(import()) << problemText();
    Floats y = run({{{2, 2}, {1, 1, 3, -1}}}); // products with the vectors: 1, 2; 3, -2
    ASSERT_EQ(y.size(), expected.size()) << error;
    for (size_t i = 0; i < y.size(); ++i) {
      EXPECT_NEAR(y[i], expected[i], 1e-4) << i;
    }
  }
};

TEST(Svm, Kernels) {
  Svm("LINEAR").expect({0.5, 8.5});
  Svm("POLY").expect({2 * 2.25 - 4 + 0.5, 2 * 6.25 - 0 + 0.5});
  Svm("SIGMOID").expect({2 * std::tanh(1.5) - std::tanh(2) + 0.5, 2 * std::tanh(2.5) - std::tanh(0) + 0.5});
  Svm("RBF").expect({2 * std::exp(-0.5) - std::exp(-1) + 0.5, 2 * std::exp(-2.5) - std::exp(-9) + 0.5});
}

TEST(Svm, OneClassIsASign) {
  Svm m("POLY", {1, 0, 1});
  setInt(m.own(), "one_class", 1);
  m.expect({1, 1});
}

TEST(Svm, Refused) {
  Svm kernel("WAVELET"), transform("LINEAR");
  expectRefused(kernel, "expected kernel_type LINEAR, or POLY, RBF or SIGMOID with three kernel_params");
  setString(transform.own(), "post_transform", "LOGISTIC");
  expectRefused(transform, "expected a matrix, a coefficient for each of n_supports support_vectors, one rho, and no "
                           "post_transform");
}
} // namespace

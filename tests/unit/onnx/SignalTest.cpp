//===- SignalTest.cpp - transforms, grids, optimisers and dropout ---------------------------===//
#include "tests/unit/onnx/TestModel.h"
#include <cmath>
#include <gtest/gtest.h>

namespace {
using namespace dlc::onnx_testing;
using Floats = std::vector<float>;

void expectNear(const Floats &got, const Floats &expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], expected[i], 1e-5f) << "element " << i;
  }
}
void setFloat(onnx::NodeProto &n, const std::string &name, float value) {
  auto *a = n.add_attribute();
  a->set_name(name);
  a->set_type(onnx::AttributeProto::FLOAT);
  a->set_f(value);
}

TEST(Signal, DftAndItsInverse) {
  TestModel m(20);
  m.input("x", {1, "n", 1}).output("y");
  m.node("DFT", {"x"}, {"y"});
  ASSERT_TRUE(m.import()) << m.problemText();
  expectNear(m.run({{{1, 4, 1}, {1, 2, 3, 4}}}), {10, 0, -2, 2, -2, 0, -2, -2});

  TestModel inverse(20);
  inverse.input("x", {1, "n", 2}).output("y");
  setInt(inverse.node("DFT", {"x"}, {"y"}), "inverse", 1);
  ASSERT_TRUE(inverse.import()) << inverse.problemText();
  expectNear(inverse.run({{{1, 4, 2}, {10, 0, -2, 2, -2, 0, -2, -2}}}), {1, 0, 2, 0, 3, 0, 4, 0});
}

TEST(Signal, OnesidedHalves) {
  // Also of odd lengths, where no bin stands in the middle: 1, 2, 4 has 7 and -2 + sqrt(3) i.
  TestModel m(17);
  m.input("x", {1, 3, 1}).output("y");
  setInt(m.node("DFT", {"x"}, {"y"}), "onesided", 1);
  ASSERT_TRUE(m.import()) << m.problemText();
  expectNear(m.run({{{1, 3, 1}, {1, 2, 4}}}), {7, 0, -2, std::sqrt(3.0f)});

  TestModel inverse(20);
  inverse.ints("length", {}, {3});
  inverse.input("x", {1, 2, 2}).output("y");
  onnx::NodeProto &n = inverse.node("DFT", {"x", "length"}, {"y"});
  setInt(n, "inverse", 1);
  setInt(n, "onesided", 1);
  ASSERT_TRUE(inverse.import()) << inverse.problemText();
  expectNear(inverse.run({{{1, 2, 2}, {7, 0, -2, std::sqrt(3.0f)}}}), {1, 2, 4});
}

TEST(Signal, DftPadsAndCuts) {
  for (int64_t length : {2, 4}) {
    TestModel m(20);
    m.ints("length", {}, {length});
    m.input("x", {1, 3, 1}).output("y");
    m.node("DFT", {"x", "length"}, {"y"});
    ASSERT_TRUE(m.import()) << m.problemText();
    // Of 1, 2; and of 1, 2, 3, 0.
    expectNear(m.run({{{1, 3, 1}, {1, 2, 3}}}), length == 2 ? Floats{3, 0, -1, 0} : Floats{6, 0, -2, -2, 2, 0, -2, 2});
  }
}

TEST(Signal, StftOfWindows) {
  TestModel m(17);
  m.ints("step", {}, {2});
  m.floats("window", {2}, {1, 0.5f});
  m.input("x", {1, "n", 1}).output("y");
  m.node("STFT", {"x", "step", "window"}, {"y"});
  ASSERT_TRUE(m.import()) << m.problemText();
  // Windows 1, 2 * 0.5 and 3, 4 * 0.5; a fifth sample fills no window.
  expectNear(m.run({{{1, 5, 1}, {1, 2, 3, 4, 5}}}), {2, 0, 0, 0, 5, 0, 1, 0});
}

TEST(Grid, CenterCropPadKeepsTheMiddle) {
  TestModel m(18);
  m.ints("shape", {2}, {2, 4});
  m.input("x", {5, 1}).output("y");
  m.node("CenterCropPad", {"x", "shape"}, {"y"});
  ASSERT_TRUE(m.import()) << m.problemText();
  expectNear(m.run({{{5, 1}, {1, 2, 3, 4, 5}}}), {0, 2, 0, 0, 0, 3, 0, 0});
}

TEST(Grid, AffineGridOfTheIdentity) {
  for (bool corners : {false, true}) {
    TestModel m(20);
    m.ints("size", {4}, {1, 1, 2, 3});
    m.input("theta", {1, 2, 3}).output("y");
    setInt(m.node("AffineGrid", {"theta", "size"}, {"y"}), "align_corners", corners);
    ASSERT_TRUE(m.import()) << m.problemText();
    float x = corners ? 1 : 2 / 3.0f, y = corners ? 1 : 0.5f;
    expectNear(m.run({{{1, 2, 3}, {1, 0, 0, 0, 1, 0}}}), {-x, -y, 0, -y, x, -y, -x, y, 0, y, x, y});
  }
}

TEST(Grid, DeformConvReadsBetweenElements) {
  TestModel m(19);
  m.floats("w", {1, 1, 1, 2}, {1, 10});
  m.input("x", {1, 1, 1, 3}).input("offset", {1, 4, 1, 2}).output("y");
  m.node("DeformConv", {"x", "w", "offset"}, {"y"});
  ASSERT_TRUE(m.import()) << m.problemText();
  // Rows and columns of the first tap, then of the second. The first output reads 1.5 and 2, the second 4 and, beyond
  // the last column by half, 2.
  expectNear(m.run({{{1, 1, 1, 3}, {1, 2, 4}}, {{1, 4, 1, 2}, {0, 0, 0.5f, 1, 0, 0, 0, 0.5f}}}), {21.5f, 24});
}

onnx::NodeProto &step(TestModel &m, const std::string &op, int states) {
  auto *set = m.proto.add_opset_import();
  set->set_domain("ai.onnx.preview.training");
  set->set_version(1);
  m.floats("r", {}, {0.1f});
  m.ints("t", {}, {2});
  m.input("x", {1}).input("g", {1}).input("v", {1}).output("y");
  if (states > 1) {
    m.input("h", {1});
  }
  onnx::NodeProto &n = m.node(op, {"r", "t", "x", "g", "v"}, {"y", "v_new"});
  if (states > 1) {
    n.add_input("h");
    n.add_output("h_new");
  }
  n.set_domain("ai.onnx.preview.training");
  return n;
}

TEST(Training, Steps) {
  TestModel adagrad(20);
  onnx::NodeProto &a = step(adagrad, "Adagrad", 1);
  setFloat(a, "decay_factor", 0.5f);
  setFloat(a, "norm_coefficient", 1);
  ASSERT_TRUE(adagrad.import()) << adagrad.problemText();
  // The gradient is 2 + 1, the rate 0.1 / 2, the new sum of squares 16 + 9.
  expectNear(adagrad.run({{{1}, {1}}, {{1}, {2}}, {{1}, {16}}}), {1 - 0.05f * 3 / 5});

  for (const char *mode : {"standard", "nesterov"}) {
    TestModel momentum(20);
    onnx::NodeProto &n = step(momentum, "Momentum", 1);
    setFloat(n, "alpha", 0.5f);
    setFloat(n, "beta", 0.25f);
    setFloat(n, "norm_coefficient", 0);
    setString(n, "mode", mode);
    ASSERT_TRUE(momentum.import()) << momentum.problemText();
    // The new momentum is 0.5 * 4 + 0.25 * 2 = 2.5.
    expectNear(momentum.run({{{1}, {1}}, {{1}, {2}}, {{1}, {4}}}), {mode[0] == 's' ? 0.75f : 1 - 0.1f * 3.25f});
  }

  TestModel adam(20);
  onnx::NodeProto &n = step(adam, "Adam", 2);
  setFloat(n, "alpha", 0.5f);
  setFloat(n, "beta", 0.5f);
  ASSERT_TRUE(adam.import()) << adam.problemText();
  // V = 0.5 * 4 + 0.5 * 2 = 3, H = 0.5 * 14 + 0.5 * 4 = 9, and the rate 0.1 * sqrt(1 - 1/4) / (1 - 1/4).
  expectNear(adam.run({{{1}, {1}}, {{1}, {2}}, {{1}, {4}}, {{1}, {14}}}), {1 - 0.1f / std::sqrt(0.75f)});
}

TEST(Dropout, TrainingScalesWhatStays) {
  TestModel m(13);
  m.floats("ratio", {}, {0.75f});
  m.input("x", {1000}).output("y");
  onnx::TensorProto &training = m.ints("training", {}, {});
  training.set_data_type(onnx::TensorProto::BOOL);
  training.add_int32_data(1);
  setInt(m.node("Dropout", {"x", "ratio", "training"}, {"y"}), "seed", 7);
  ASSERT_TRUE(m.import()) << m.problemText();
  Floats y = m.run({{{1000}, Floats(1000, 1)}});
  ASSERT_EQ(y.size(), 1000u);
  int64_t stay = std::count(y.begin(), y.end(), 4.0f), gone = std::count(y.begin(), y.end(), 0.0f);
  EXPECT_EQ(stay + gone, 1000);
  EXPECT_GT(stay, 190); // 250 +- 14
  EXPECT_LT(stay, 310);
  EXPECT_EQ(m.run({{{1000}, Floats(1000, 1)}}), y);
}

TEST(Reshape, ShapeThatOnlyARunKnows) {
  TestModel m(14);
  m.input("x", {2, 3, 4}).input("shape", {3}, onnx::TensorProto::INT64).output("y");
  m.node("Reshape", {"x", "shape"}, {"y"});
  EXPECT_TRUE(m.import()) << m.problemText();
}
} // namespace

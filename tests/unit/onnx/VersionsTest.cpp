//===- VersionsTest.cpp - special cases of old and new versions of ops ------------------===//
#include "tests/unit/onnx/TestModel.h"
#include <gtest/gtest.h>
#include <limits>

namespace {
using namespace dlc::onnx_testing;
using Floats = std::vector<float>;

TEST(Versions, AddWithBroadcastAxis) {
  TestModel m(6, 3);
  m.input("x", {1, 2, 2}).output("y");
  m.floats("b", {2}, {10, 20});
  onnx::NodeProto &n = m.node("Add", {"x", "b"}, {"y"});
  setInt(n, "broadcast", 1);
  setInt(n, "axis", 1);
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.run({{{1, 2, 2}, {1, 2, 3, 4}}}), (Floats{11, 12, 23, 24}));
}

TEST(Versions, InitialisersAreInputsBeforeIr4) {
  TestModel m(7, 3);
  m.input("x", {2}).input("b", {2}).output("y");
  m.floats("b", {2}, {1, 2});
  m.node("Add", {"x", "b"}, {"y"});
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.signature(), "(tensor<2xf32>) -> tensor<2xf32>");
}

TEST(Versions, SoftmaxFlattensBefore13) {
  for (int opset : {11, 13}) {
    TestModel m(opset);
    m.input("x", {1, 2, 2}).output("y");
    setInt(m.node("Softmax", {"x"}, {"y"}), "axis", 1);
    ASSERT_TRUE(m.import()) << m.problemText();
    EXPECT_FLOAT_EQ(m.run({{{1, 2, 2}, {0, 0, 0, 0}}})[0], opset < 13 ? 0.25f : 0.5f);
  }
}

TEST(Versions, CastTakesAName) {
  TestModel m(5, 3);
  m.input("x", {2}).output("y");
  setString(m.node("Cast", {"x"}, {"y"}), "to", "INT32");
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.signature(), "(tensor<2xf32>) -> tensor<2xi32>");
}

TEST(Versions, ReshapeAndSqueezeByAttribute) {
  TestModel m(4, 3);
  m.input("x", {"n", 6}).output("y");
  setInts(m.node("Reshape", {"x"}, {"a"}), "shape", {0, -1, 3, 1});
  setInts(m.node("Squeeze", {"a"}, {"y"}), "axes", {3});
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_NE(m.signature().find("-> tensor<?x2x3xf32, #dim.shape<[n, 2, 3]>>"), std::string::npos) << m.signature();
}

TEST(Versions, UnknownVersionIsAProblem) {
  TestModel m(8);
  m.input("x", {2}).output("y").node("Erf", {"x"}, {"y"});
  EXPECT_FALSE(m.import());
  EXPECT_NE(m.problemText().find("this version of the op"), std::string::npos) << m.problemText();
  TestModel future(28);
  future.input("x", {2}).output("y").node("Relu", {"x"}, {"y"});
  EXPECT_FALSE(future.import());
}

TEST(Versions, SamePaddingOfSymbolicSizes) {
  TestModel m(11);
  m.input("x", {1, 1, "h", 8}).output("y");
  m.floats("w", {1, 1, 3, 3}, Floats(9, 1));
  onnx::NodeProto &n = m.node("Conv", {"x", "w"}, {"y"});
  setString(n, "auto_pad", "SAME_UPPER");
  setInts(n, "strides", {2, 2});
  ASSERT_TRUE(m.import()) << m.problemText();
  // ceil(h / 2) rows, whatever h is.
  EXPECT_EQ(m.run({{{1, 1, 5, 8}, Floats(40, 1)}}).size(), 12u) << m.error;
  EXPECT_EQ(m.run({{{1, 1, 4, 8}, Floats(32, 1)}}).size(), 8u) << m.error;
  EXPECT_EQ(m.run({{{1, 1, 4, 8}, Floats(32, 1)}})[0], 9.0f);
}

TEST(Versions, SamePaddingIsExplicitWhereSizesAreKnown) {
  TestModel m(11);
  m.input("x", {"n", 1, 7, 7}).output("y");
  onnx::NodeProto &n = m.node("MaxPool", {"x"}, {"y"});
  setString(n, "auto_pad", "SAME_LOWER");
  setInts(n, "strides", {2, 2});
  setInts(n, "kernel_shape", {3, 3});
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.count("nn.pad"), 0u);
  EXPECT_NE(m.signature().find("[n, 1, 4, 4]"), std::string::npos) << m.signature();
}

TEST(Versions, SliceClampsSymbolicBounds) {
  TestModel m(10);
  m.input("x", {"n", 4}).output("y");
  m.ints("starts", {2}, {-3, 1});
  m.ints("ends", {2}, {9223372036854775807, -1});
  m.node("Slice", {"x", "starts", "ends"}, {"y"});
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.run({{{2, 4}, {0, 1, 2, 3, 4, 5, 6, 7}}}), (Floats{1, 2, 5, 6})) << m.error;
  EXPECT_EQ(m.run({{{4, 4}, Floats(16, 1)}}).size(), 6u) << m.error;
}

TEST(Versions, SliceBackwardsOverEverything) {
  TestModel m(13);
  m.input("x", {3}).output("y");
  m.ints("starts", {1}, {-1});
  m.ints("ends", {1}, {std::numeric_limits<int64_t>::min()});
  m.ints("axes", {1}, {0});
  m.node("Slice", {"x", "starts", "ends", "axes", "starts"}, {"y"});
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.signature(), "(tensor<3xf32>) -> tensor<3xf32>");
  EXPECT_EQ(m.run({{{3}, {1, 2, 3}}}), (Floats{3, 2, 1})) << m.error;
}

TEST(Versions, ShapeArithmeticStaysSymbolic) {
  TestModel m(13);
  m.input("x", {"n", 3, 4}).output("y");
  m.ints("zero", {}, {0});
  m.ints("axes", {1}, {0});
  m.ints("rest", {1}, {-1});
  m.node("Shape", {"x"}, {"s"});
  m.node("Gather", {"s", "zero"}, {"n0"});
  m.node("Unsqueeze", {"n0", "axes"}, {"n1"});
  m.node("Concat", {"n1", "rest"}, {"t"}).add_attribute();
  auto *axis = m.graph().mutable_node(3)->mutable_attribute(0);
  axis->set_name("axis");
  axis->set_type(onnx::AttributeProto::INT);
  m.node("Reshape", {"x", "t"}, {"y"});
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_NE(m.signature().find("-> tensor<?x12xf32, #dim.shape<[n, 12]>>"), std::string::npos) << m.signature();
  EXPECT_EQ(m.count("nn.read_dims"), 0u);
}
} // namespace

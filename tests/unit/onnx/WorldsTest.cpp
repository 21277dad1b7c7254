//===- WorldsTest.cpp - Ifs whose branches give different kinds of values --------------------===//
#include "tests/unit/onnx/TestModel.h"
#include <gtest/gtest.h>

namespace {
using namespace dlc::onnx_testing;

void setGraph(onnx::NodeProto &n, const std::string &name, const onnx::GraphProto &graph) {
  auto *a = n.add_attribute();
  a->set_name(name);
  a->set_type(onnx::AttributeProto::GRAPH);
  *a->mutable_g() = graph;
}

/// x: [n, m]; h: x without its last dim where that is 1, otherwise x. As PyTorch exports `squeeze(-1)`.
class Squeezed : public TestModel {
public:
  Squeezed() : TestModel(17) {
    input("x", {"n", "m"});
    ints("one", {1}, {1});
    addIf("x", "h");
  }
  void addIf(const std::string &from, const std::string &to) {
    setInt(node("Shape", {from}, {to + "_shape"}), "start", 1);
    node("Equal", {to + "_shape", "one"}, {to + "_is"});
    onnx::NodeProto &branch = node("If", {to + "_is"}, {to}, "if_" + to);
    for (const char *name : {"then_branch", "else_branch"}) {
      TestModel inner(17);
      bool then = name[0] == 't';
      inner.node(then ? "Squeeze" : "Identity", {from}, {to + name}).add_input(then ? "one" : "");
      inner.output(to + name);
      setGraph(branch, name, inner.graph());
    }
  }
};

TEST(Worlds, MeetWhereTypesAreOneAgain) {
  Squeezed m;
  m.node("Exp", {"x"}, {"e"});
  setInt(m.node("ReduceSum", {"h"}, {"sum"}), "keepdims", 0);
  m.node("Neg", {"sum"}, {"minus"});
  m.node("Add", {"minus", "e"}, {"y"});
  m.output("y");
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.count("nn.if"), 1u);
  EXPECT_EQ(m.count("nn.reduce"), 2u) << "in each world";
  EXPECT_EQ(m.count("nn.neg"), 1u) << "after the worlds have met";
  EXPECT_EQ(m.count("nn.exp"), 1u) << "does not depend on the branches";
  EXPECT_EQ(m.count("nn.assume"), 1u) << "the dim that is taken out is 1";
  EXPECT_EQ(m.run({{{2, 1}, {0, 0}}}), (std::vector<float>{1, 1})) << m.error;
  EXPECT_EQ(m.run({{{1, 3}, {0, 0, 0}}}), (std::vector<float>{1, 1, 1})) << m.error;
}

TEST(Worlds, TheBranchThatMakesTheGraphMeaninglessIsExcluded) {
  Squeezed m;
  setInts(m.node("Transpose", {"h"}, {"y"}, "swap"), "perm", {1, 0});
  m.output("y");
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.count("nn.if"), 0u);
  EXPECT_EQ(m.count("nn.assume"), 1u);
  EXPECT_EQ(m.run({{{2, 2}, {1, 2, 3, 4}}}), (std::vector<float>{1, 3, 2, 4})) << m.error;
  EXPECT_TRUE(m.run({{{2, 1}, {1, 2}}}).empty());
  EXPECT_NE(m.error.find("If 'if_h' can only take its else_branch"), std::string::npos) << m.error;
  EXPECT_NE(m.error.find("node \"swap\" (Transpose, opset 17)"), std::string::npos) << m.error;
}

TEST(Worlds, ConditionsFromDataAreCheckedToo) {
  TestModel m(17);
  m.input("x", {1, 2}).input("c", {}, onnx::TensorProto::BOOL).output("y");
  m.ints("zero", {1}, {0});
  onnx::NodeProto &branch = m.node("If", {"c"}, {"h"}, "choice");
  for (const char *name : {"then_branch", "else_branch"}) {
    TestModel inner(17);
    bool then = name[0] == 't';
    inner.node(then ? "Squeeze" : "Identity", {"x"}, {name}).add_input(then ? "zero" : "");
    inner.output(name);
    setGraph(branch, name, inner.graph());
  }
  setInts(m.node("Transpose", {"h"}, {"y"}), "perm", {0});
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.count("nn.read_dims"), 1u);
  EXPECT_EQ(m.signature(), "(tensor<1x2xf32>, tensor<i1>) -> tensor<2xf32>");
}

TEST(Worlds, WithinWorlds) {
  Squeezed m;
  m.node("Exp", {"x"}, {"x2"});
  m.addIf("x2", "k");
  for (const char *v : {"h", "k"}) {
    setInt(m.node("ReduceSum", {v}, {std::string(v) + "_sum"}), "keepdims", 0);
  }
  m.node("Identity", {"h"}, {"both"});
  m.node("Mul", {"both", "k"}, {"product"});
  setInt(m.node("ReduceSum", {"product"}, {"products"}), "keepdims", 0);
  m.node("Sub", {"h_sum", "k_sum"}, {"difference"});
  m.node("Add", {"difference", "products"}, {"y"});
  m.output("y");
  ASSERT_TRUE(m.import()) << m.problemText();
  float e = std::exp(1.0f);
  std::vector<float> one = m.run({{{2, 1}, {0, 1}}}), three = m.run({{{1, 3}, {0, 1, 0}}});
  ASSERT_EQ(one.size() + three.size(), 2u) << m.error;
  EXPECT_NEAR(one[0], 1 - (1 + e) + e, 1e-6);
  EXPECT_NEAR(three[0], 1 - (2 + e) + e, 1e-6);
}

TEST(Worlds, InGraphsOfOtherIfs) {
  Squeezed m;
  onnx::GraphProto inner;
  setInt(*inner.add_node(), "keepdims", 0);
  inner.mutable_node(0)->set_op_type("ReduceSum");
  inner.mutable_node(0)->add_input("h");
  inner.mutable_node(0)->add_output("then");
  inner.add_output()->set_name("then");
  TestModel other(17);
  setInt(other.node("ReduceSum", {"x"}, {"else"}), "keepdims", 0);
  other.output("else");
  m.input("c", {}, onnx::TensorProto::BOOL);
  onnx::NodeProto &branch = m.node("If", {"c"}, {"y"});
  setGraph(branch, "then_branch", inner);
  setGraph(branch, "else_branch", other.graph());
  m.output("y");
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.signature(), "(tensor<?x?xf32, #dim.shape<[n, m]>>, tensor<i1>) -> tensor<f32>");
}

TEST(Worlds, OutputsOfDifferentRanksAreRefused) {
  Squeezed m;
  m.node("Neg", {"h"}, {"y"});
  m.output("y");
  EXPECT_FALSE(m.import());
  ASSERT_EQ(m.problems.size(), 1u) << m.problemText();
  EXPECT_EQ(m.problems[0].node, "if_h");
  EXPECT_NE(m.problemText().find("one type"), std::string::npos) << m.problemText();
  dlc::onnx_import::ImportOptions options;
  options.dims["m"] = "1";
  EXPECT_TRUE(m.import(options)) << m.problemText();
}

TEST(Worlds, WhatFailsInBothIsReported) {
  Squeezed m;
  setInts(m.node("Transpose", {"h"}, {"y"}, "swap"), "perm", {2, 1, 0});
  m.output("y");
  EXPECT_FALSE(m.import());
  EXPECT_NE(m.problemText().find("\"swap\""), std::string::npos) << m.problemText();
}

TEST(SizeChecks, FormulasThatMustAgree) {
  TestModel m(17);
  m.input("a", {"n"}).input("b", {"m"}).output("y");
  m.node("Add", {"a", "b"}, {"y"}, "sum");
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.run({{{2}, {1, 2}}, {{2}, {3, 4}}}), (std::vector<float>{4, 6})) << m.error;
  EXPECT_EQ(m.run({{{2}, {1, 2}}, {{1}, {3}}}), (std::vector<float>{4, 5})) << m.error;
  EXPECT_TRUE(m.run({{{2}, {1, 2}}, {{3}, {3, 4, 5}}}).empty());
  EXPECT_NE(m.error.find("node \"sum\": dims of the operands (equal or 1): expected 3, got 2"), std::string::npos)
      << m.error;
}
} // namespace

//===- RuleMessagesGraphsTest.cpp - what is said of nodes whose graphs don't fit ------------------===//
#include "tests/unit/onnx/TestModel.h"
#include <gtest/gtest.h>

namespace {
using namespace dlc::onnx_testing;

void expectReason(TestModel &m, const char *reason) {
  EXPECT_FALSE(m.import());
  ASSERT_EQ(m.problems.size(), 1u) << m.problemText();
  EXPECT_EQ(m.problems[0].reason, reason) << m.problemText();
}

/// Gives the node a graph without nodes.
onnx::GraphProto &addGraph(onnx::NodeProto &n, const std::string &name, std::initializer_list<std::string> inputs,
                           std::initializer_list<std::string> outputs) {
  onnx::AttributeProto &a = *n.add_attribute();
  a.set_name(name);
  a.set_type(onnx::AttributeProto::GRAPH);
  a.mutable_g()->set_name(name);
  for (const auto &s : inputs) {
    a.mutable_g()->add_input()->set_name(s);
  }
  for (const auto &s : outputs) {
    a.mutable_g()->add_output()->set_name(s);
  }
  return *a.mutable_g();
}
onnx::NodeProto &addNode(onnx::GraphProto &g, const std::string &op, std::initializer_list<std::string> inputs,
                         const std::string &output) {
  onnx::NodeProto &n = *g.add_node();
  n.set_op_type(op);
  for (const auto &s : inputs) {
    n.add_input(s);
  }
  n.add_output(output);
  return n;
}

TEST(RuleMessagesGraphs, FlexAttention) {
  auto expect = [](const char *op, std::initializer_list<std::string> outputs, const char *attribute,
                   const char *reason) {
    TestModel m(26);
    m.proto.add_opset_import()->set_domain("ai.onnx.preview");
    m.proto.mutable_opset_import(1)->set_version(1);
    m.input("x", {1, 1, 2, 4}).output("y");
    onnx::NodeProto &n = m.node("FlexAttention", {"x", "x", "x"}, {"y"});
    n.set_domain("ai.onnx.preview");
    addNode(addGraph(n, attribute, {"s"}, outputs), op, {"s"}, "t");
    expectReason(m, reason);
  };
  expect("Exp", {"s", "t"}, "score_mod", "expected score_mod to be a graph of one input and one output");
  expect("Exp", {"s", "t"}, "prob_mod", "expected prob_mod to be a graph of one input and one output");
  expect("Shape", {"t"}, "score_mod", "expected score_mod to keep rank and element type");
  expect("Shape", {"t"}, "prob_mod", "expected prob_mod to keep rank and element type");
}

TEST(RuleMessagesGraphs, If) {
  TestModel none(13);
  none.input("c", {}, onnx::TensorProto::BOOL).output("y").node("If", {"c"}, {"y"});
  expectReason(none, "expected a then_branch and an else_branch");
  TestModel m(13);
  m.input("c", {}, onnx::TensorProto::BOOL).input("x", {2}).output("y");
  onnx::NodeProto &n = m.node("If", {"c"}, {"y"});
  addGraph(n, "then_branch", {}, {"x"});
  addGraph(n, "else_branch", {}, {"x", "x"});
  expectReason(m, "expected branches of equally many outputs, got 1 and 2");
  auto expect = [](std::initializer_list<Size> sizes, int type, const char *reason) {
    TestModel m(13);
    m.input("c", sizes, type).input("x", {2}).output("y");
    onnx::NodeProto &n = m.node("If", {"c"}, {"y"});
    addGraph(n, "then_branch", {}, {"x"});
    addGraph(n, "else_branch", {}, {"x"});
    expectReason(m, reason);
  };
  expect({2}, onnx::TensorProto::BOOL, "expected a condition of one boolean, got tensor<2xi1>");
  expect({}, onnx::TensorProto::INT64, "expected a condition of one boolean, got tensor<i64>");
}

TEST(RuleMessagesGraphs, Loop) {
  const char *output = "expected a body with an output for the condition and for each carried value";
  auto model = [] {
    TestModel m(13);
    m.input("n", {}, onnx::TensorProto::INT64).input("x", {2}).output("y");
    return m;
  };
  TestModel absent = model();
  addGraph(absent.node("Loop", {"n", "", "x", "", "x"}, {"y"}), "body", {"i", "c", "a", "b"}, {"c", "a", "b"});
  expectReason(absent, "expected every carried value to be present");
  TestModel bodiless = model();
  bodiless.node("Loop", {"n", "", "x"}, {"y"});
  expectReason(bodiless, output);
  TestModel few = model();
  addGraph(few.node("Loop", {"n", "", "x"}, {"y"}), "body", {"i", "c", "a"}, {"c"});
  expectReason(few, output);
  TestModel sequence = model();
  sequence.node("SequenceConstruct", {"x"}, {"s"});
  addGraph(sequence.node("Loop", {"s", "", "x"}, {"y"}), "body", {"i", "c", "a"}, {"c", "a"});
  expectReason(sequence, "expected a trip count of one integer, got !nn.sequence<tensor<2xf32>>");
  auto expect = [](const char *trips, const char *condition, const char *yields, const char *reason) {
    TestModel m(13);
    m.input("n", {}, onnx::TensorProto::INT64).input("many", {2}, onnx::TensorProto::INT64);
    m.input("x", {}).input("flags", {2}, onnx::TensorProto::BOOL).output("y");
    addGraph(m.node("Loop", {trips, condition, "x"}, {"y"}), "body", {"i", "c", "a"}, {yields, "a"});
    expectReason(m, reason);
  };
  expect("many", "", "c", "expected a trip count of one integer, got tensor<2xi64>");
  expect("x", "", "c", "expected a trip count of one integer, got tensor<f32>");
  expect("n", "x", "c", "expected a condition of one boolean, got tensor<f32>");
  expect("n", "flags", "c", "expected a condition of one boolean, got tensor<2xi1>");
  expect("n", "", "i", "expected a condition of one boolean, got tensor<i64>");
  expect("n", "", "flags", "expected a condition of one boolean, got tensor<2xi1>");
}

TEST(RuleMessagesGraphs, CarriedValues) {
  TestModel kinds(13);
  kinds.input("n", {}, onnx::TensorProto::INT64).input("x", {2}).output("y").output("z");
  onnx::GraphProto &body =
      addGraph(kinds.node("Loop", {"n", "", "x", "x"}, {"y", "z"}), "body", {"i", "c", "a", "b"}, {"c", "a", "t"});
  addNode(body, "Shape", {"b"}, "t");
  expectReason(kinds, "expected carried value 1 to keep its kind, rank and element type");
  TestModel stacked(13);
  stacked.input("n", {}, onnx::TensorProto::INT64).input("x", {2}).output("y");
  onnx::GraphProto &made = addGraph(stacked.node("Loop", {"n", ""}, {"y"}), "body", {"i", "c"}, {"c", "s"});
  addNode(made, "SequenceConstruct", {"x"}, "s");
  expectReason(stacked,
               "expected a loop whose results have types: 'nn.loop' op expected scan outputs that are tensors, "
               "got '!nn.sequence<tensor<2xf32>>'");
  // The last of eight values grows; in every attempt, one more takes its sizes from the next.
  TestModel chain(13);
  chain.input("n", {}, onnx::TensorProto::INT64).input("x", {2}).output("y0");
  onnx::NodeProto &n = chain.node("Loop", {"n", ""}, {});
  onnx::GraphProto &shift = addGraph(n, "body", {"i", "c"}, {"c"});
  for (int k = 0; k < 8; ++k) {
    n.add_input("x");
    n.add_output("y" + std::to_string(k));
    shift.add_input()->set_name("a" + std::to_string(k));
    shift.add_output()->set_name(k < 7 ? "a" + std::to_string(k + 1) : "t");
  }
  setInt(addNode(shift, "Concat", {"a7", "a7"}, "t"), "axis", 0);
  expectReason(chain, "expected carried values whose types settle");
}

TEST(RuleMessagesGraphs, Scan) {
  auto expect = [](int opset, std::initializer_list<std::string> inputs, int scans, std::initializer_list<int64_t> axes,
                   const char *reason) {
    TestModel m(opset);
    m.input("x", {2, 3}).input("l", {1}, onnx::TensorProto::INT64).output("y");
    onnx::NodeProto &n = m.node("Scan", inputs, {"y"});
    if (scans >= 0) {
      addGraph(n, "body", {"a"}, {"a"});
      setInt(n, "num_scan_inputs", scans);
    }
    if (axes.size()) {
      setInts(n, "scan_input_axes", axes);
    }
    expectReason(m, reason);
  };
  expect(9, {"x"}, 0, {}, "expected at least one scan input, got 0");
  expect(9, {"x"}, 2, {}, "expected at least one scan input, got 2");
  expect(9, {"x"}, 1, {0, 0}, "expected one axis and direction per scan input and output");
  expect(8, {"l", "x"}, 1, {}, "expected no sequence_lens");
  expect(9, {"", "x"}, 1, {}, "expected every input to be present");
  expect(8, {"", "x"}, 1, {}, "expected a batch of 1");
  expect(9, {"x"}, -1, {}, "expected a body");
  TestModel lengths(9);
  lengths.input("x", {2, 3}).input("z", {3, 3}).output("y");
  onnx::NodeProto &n = lengths.node("Scan", {"x", "z"}, {"y"});
  addNode(addGraph(n, "body", {"a", "b"}, {"s"}), "Add", {"a", "b"}, "s");
  setInt(n, "num_scan_inputs", 2);
  expectReason(lengths, "expected 2 as length of every scan input, got 3");
}
} // namespace

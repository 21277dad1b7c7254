//===- GraphMessagesTest.cpp - what the importer says of nodes, functions and branches -----===//
#include "tests/unit/onnx/Messages.h"

namespace {
using namespace dlc::onnx_testing;
using dlc::onnx_import::ImportOptions;
using onnx::TensorProto;

void setGraph(onnx::NodeProto &n, const std::string &name, const onnx::GraphProto &graph) {
  auto *a = n.add_attribute();
  a->set_name(name);
  a->set_type(onnx::AttributeProto::GRAPH);
  *a->mutable_g() = graph;
}

TEST(GraphMessages, Nodes) {
  Plain missing;
  missing.own().set_input(0, "nowhere");
  expectRefused(missing, "expected input 'nowhere' to be defined, got no such value");
  Plain unknown;
  unknown.own().set_op_type("Frobnicate");
  expectRefused(unknown, "the op is not supported");
  unknown.own().set_domain("own");
  expectRefused(unknown, "the op is not supported; a library may bring it (--op-library)");
  TestModel old(8);
  old.input("x", {2}).output("y").node("Erf", {"x"}, {"y"});
  expectRefused(old, "this version of the op is not supported");
  Plain attribute;
  setInt(attribute.own(), "frobnicate", 1);
  expectRefused(attribute, "expected no attribute 'frobnicate'");
  Plain outputs;
  outputs.own().add_output("z");
  expectRefused(outputs, "expected no use of output 1, which is not supported");
  Plain inputs;
  inputs.own().add_input("x");
  expectRefused(inputs, "expected 1 inputs, got 2");
  Plain absent;
  absent.own().set_op_type("Add");
  absent.own().set_input(0, "");
  absent.own().add_input("x");
  expectRefused(absent, "expected input 0 to be present");
  Plain list;
  list.node("SequenceConstruct", {"x"}, {"s"});
  list.own().set_input(0, "s");
  expectRefused(list, "expected a tensor as input 0");
  Plain type;
  type.own().set_op_type("Softmax");
  setString(type.own(), "axis", "last");
  expectRefused(type, "expected attribute 'axis' of type INT, got STRING");
  Plain cycle;
  cycle.own().set_input(0, "z");
  cycle.node("Neg", {"y"}, {"z"});
  expectRefused(cycle,
                "expected a graph without cycles, got 2 nodes that need their own results or wait for such nodes");
  Plain repeated;
  repeated.node("Neg", {"x"}, {"y"});
  EXPECT_FALSE(repeated.import());
  EXPECT_EQ(repeated.problems[0].reason, "expected every value to be computed once, got a second one called 'y'");
  TestModel reshape(4, 3);
  reshape.input("x", {2}).output("y");
  setInts(reshape.node("Reshape", {"x"}, {"y"}), "shape", {int64_t(1) << 47});
  expectRefused(reshape, "expected sizes below 2^46, and formulas of few terms");
  Plain expand;
  expand.ints("s", {3}, {int64_t(1) << 30, int64_t(1) << 30, 2});
  expand.own().set_op_type("Expand");
  expand.own().add_input("s");
  expectRefused(expand, "expected results of fewer than 2^46 elements, and formulas of few terms");
}

TEST(GraphMessages, Subgraphs) {
  auto refuse = [](const std::string &message, llvm::function_ref<void(onnx::GraphProto &)> change) {
    TestModel m(17), inner(17);
    inner.input("i", {}, TensorProto::INT64).input("c", {}, TensorProto::BOOL);
    inner.output("c");
    change(inner.graph());
    m.ints("count", {}, {2});
    m.input("x", {2}).output("y").node("Identity", {"x"}, {"y"});
    m.output("z");
    onnx::NodeProto &loop = m.node("Loop", {"count", "", "x"}, {"z"});
    inner.graph().add_input()->set_name("carried");
    inner.graph().add_output()->set_name("carried");
    setGraph(loop, "body", inner.graph());
    expectRefused(m, message);
  };
  refuse("expected a subgraph of 3 inputs, got 4", [](auto &g) { g.add_input()->set_name("more"); });
  refuse("expected subgraph inputs of different names, got 'i' twice",
         [](auto &g) { g.mutable_input(1)->set_name("i"); });
  refuse("expected subgraph output 'nowhere' to be defined, got no such value",
         [](auto &g) { g.mutable_output(0)->set_name("nowhere"); });
}

/// y = own.f0(x); fi(a) -> c is `depth` functions deep, each of which calls the next one twice.
struct Functions : TestModel {
  explicit Functions(int depth) : TestModel(17) {
    input("x", {2}).output("y").node("f0", {"x"}, {"y"}).set_domain("own");
    for (int i = 0; i < depth; ++i) {
      onnx::FunctionProto &f = *proto.add_functions();
      f.set_domain("own");
      f.set_name("f" + std::to_string(i));
      f.add_input("a");
      f.add_output("c");
      for (auto [from, to] : {std::pair("a", "b"), std::pair("b", "c")}) {
        onnx::NodeProto &n = *f.add_node();
        n.set_op_type(i + 1 == depth ? "Relu" : "f" + std::to_string(i + 1));
        n.set_domain(i + 1 == depth ? "" : "own");
        n.add_input(from);
        n.add_output(to);
      }
    }
  }
  onnx::FunctionProto &first() { return *proto.mutable_functions(0); }
};

TEST(GraphMessages, Functions) {
  Functions twice(1);
  *twice.proto.add_functions() = twice.first();
  expectRefused(twice, "expected one function called 'f0' in domain 'own', got two");
  Functions outputs(1);
  outputs.graph().mutable_node(0)->add_output("z");
  expectRefused(outputs, "expected at most 1 inputs and 1 outputs of the model's function");
  Functions names(1);
  names.first().add_input("a");
  expectRefused(names, "expected inputs of different names in the model's function, got 'a' twice");
  Functions missing(1);
  missing.first().set_output(0, "nowhere");
  expectRefused(missing, "expected output 'nowhere' of the model's function to be defined, got no such value");
  Functions endless(1);
  endless.first().mutable_node(0)->set_op_type("f0");
  endless.first().mutable_node(0)->set_domain("own");
  expectRefused(endless, "expected at most 64 nested graphs and functions");
  // 2^22 nodes are too many: 128 calls of the innermost function.
  Functions many(8);
  for (int i = 0; i < 1 << 15; ++i) {
    many.proto.mutable_functions(7)->add_node();
  }
  expectRefused(many, "expected a model of fewer nodes, with those of its functions at every call");
}

/// A library of one op whose result has 2^60 elements.
struct Library : dlc::onnx_import::CustomOps {
  bool has(llvm::StringRef, llvm::StringRef op, int64_t) const override { return op == "Own"; }
  bool infer(const dlc::onnx_import::CustomNode &node, llvm::SmallVectorImpl<dlc::onnx_import::CustomResult> &results,
             std::string &) const override {
    mlir::MLIRContext *context = node.operands[0].getContext();
    dlc::dim::Expr size = dlc::dim::constant(context, int64_t(1) << 30);
    results.push_back({mlir::Float32Type::get(context), {size, size}});
    return true;
  }
};

TEST(GraphMessages, OpsOfLibraries) {
  Library library;
  ImportOptions options;
  options.customOps = &library;
  Plain m;
  m.own().set_op_type("Own");
  expectRefused(m, "expected outputs of fewer than 2^46 elements", options);
  setGraph(m.own(), "body", {});
  expectRefused(m, "attribute 'body': expected numbers, strings or a tensor, got GRAPH", options);
  m.own().clear_attribute();
  m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(TensorProto::STRING);
  expectRefused(m, "expected a tensor of numbers as input 0", options);
}

TEST(GraphMessages, BranchesOfTwoTypes) {
  TestModel m(17);
  m.input("x", {1, 2}).input("c", {}, TensorProto::BOOL).output("y");
  m.ints("zero", {1}, {0});
  onnx::NodeProto &branch = m.node("If", {"c"}, {"y"});
  for (const char *name : {"then_branch", "else_branch"}) {
    TestModel inner(17);
    bool then = name[0] == 't';
    inner.node(then ? "Squeeze" : "Identity", {"x"}, {name}).add_input(then ? "zero" : "");
    inner.output(name);
    setGraph(branch, name, inner.graph());
  }
  expectRefused(m, "expected branches whose outputs have one type, or inputs of sizes that decide the condition, got "
                   "tensor<2xf32> and tensor<1x2xf32>");
}
} // namespace

//===- ModelMessagesTest.cpp - what the importer says of models, graphs and constants -------===//
#include "tests/unit/onnx/TestModel.h"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace {
using namespace dlc::onnx_testing;
using dlc::onnx_import::ImportOptions;
using onnx::TensorProto;

void expectRefused(TestModel &m, const std::string &message, const ImportOptions &options = {},
                   const std::string &folder = "") {
  EXPECT_FALSE(m.import(options, folder)) << message;
  ASSERT_EQ(m.problems.size(), 1u) << message << "\n" << m.problemText();
  EXPECT_EQ(m.problems[0].reason, message);
}

/// x: [2] -> Relu -> y.
struct Plain : TestModel {
  Plain() : TestModel(17) { input("x", {2}).output("y").node("Relu", {"x"}, {"y"}); }
  onnx::NodeProto &own() { return *graph().mutable_node(0); }
};

void setGraph(onnx::NodeProto &n, const std::string &name, const onnx::GraphProto &graph) {
  auto *a = n.add_attribute();
  a->set_name(name);
  a->set_type(onnx::AttributeProto::GRAPH);
  *a->mutable_g() = graph;
}

TEST(ModelMessages, Model) {
  Plain ir;
  ir.proto.set_ir_version(14);
  expectRefused(ir, "expected IR version 3 to 13, got 14");
  Plain none;
  none.proto.clear_graph();
  expectRefused(none, "expected an ONNX model, got none with a graph");
  Plain silent;
  silent.proto.clear_opset_import();
  expectRefused(silent, "expected the model to state its opset, got no opset_import");
  Plain opsets;
  opsets.proto.add_opset_import()->set_version(16);
  expectRefused(opsets, "expected one opset per domain, got 17 and 16 for ''");
  auto context = makeContext();
  // The second is a Model whose opset_import ends within a number.
  const std::pair<std::string, const char *> cases[] = {
      {"\x08", "expected an ONNX model, got bytes that are not of protobuf's format"},
      {"\x42\x01\x08", "expected an ONNX model, got bytes that protobuf can't parse as one"}};
  for (const auto &[bytes, message] : cases) {
    std::vector<dlc::onnx_import::Problem> problems;
    EXPECT_TRUE(failed(dlc::onnx_import::importModelFromMemory(*context, bytes, "", {}, problems)));
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].reason, message);
  }
  const std::string folder = testing::TempDir(), nothing = folder + "dlc_no_such_model.onnx";
  const std::pair<std::string, std::string> files[] = {
      {nothing, "can't read " + nothing + ": No such file or directory"},
      {folder, "expected a regular file, got " + folder}};
  for (const auto &[path, message] : files) {
    std::vector<dlc::onnx_import::Problem> problems;
    EXPECT_TRUE(failed(dlc::onnx_import::importModel(*context, path, {}, problems)));
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].reason, message);
  }
}

TEST(ModelMessages, TypesOfInputs) {
  auto refuse = [](const onnx::TypeProto &type, const std::string &message) {
    Plain m;
    *m.graph().mutable_input(0)->mutable_type() = type;
    expectRefused(m, "input 'x': " + message);
  };
  onnx::TypeProto type;
  refuse(type, "expected a type, got none");
  type.mutable_map_type();
  refuse(type, "expected a tensor, sequence or optional, got a map");
  type.mutable_sparse_tensor_type();
  refuse(type, "expected a tensor, sequence or optional, got a sparse tensor");
  type.mutable_tensor_type()->set_elem_type(21);
  refuse(type, "expected a supported element type, got UINT4");
  type.mutable_tensor_type()->set_elem_type(99);
  refuse(type, "expected a supported element type, got data type 99");
  type.mutable_tensor_type()->set_elem_type(TensorProto::FLOAT);
  refuse(type, "expected a tensor of known rank");
  for (int i = 0; i < 65; ++i) {
    type.mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(1);
  }
  refuse(type, "expected at most 64 dims, got 65");
  onnx::TypeProto nested;
  onnx::TypeProto *inner = &nested;
  for (int i = 0; i < 17; ++i) {
    inner = inner->mutable_sequence_type()->mutable_elem_type();
  }
  refuse(nested, "expected at most 16 nested types");
}

TEST(ModelMessages, InputsAndOutputs) {
  Plain plain;
  ImportOptions shapes, feeds, constants, dims;
  shapes.inputShapes["x"] = {"2 +"};
  EXPECT_FALSE(plain.import(shapes));
  EXPECT_NE(plain.problemText().find("input 'x': expected a size, got `2 +`: "), std::string::npos)
      << plain.problemText();
  feeds.feeds = {"z"};
  EXPECT_FALSE(plain.import(feeds));
  EXPECT_NE(plain.problemText().find("expected a fed value whose type the model states, got 'z'\n"), std::string::npos)
      << plain.problemText();
  mlir::Builder b(plain.context.get());
  constants.constants["z"] =
      mlir::DenseElementsAttr::get(mlir::RankedTensorType::get({}, b.getF32Type()), b.getF32FloatAttr(1));
  expectRefused(plain, "expected constants for inputs, of the type that the model states, got one for 'z'", constants);
  TestModel symbolic(17);
  symbolic.input("x", {"n"}).output("y").node("Relu", {"x"}, {"y"});
  dims.dims["n"] = "2 +";
  EXPECT_FALSE(symbolic.import(dims));
  EXPECT_NE(symbolic.problemText().find("input 'x': expected a formula for dim n, got `2 +`: "), std::string::npos)
      << symbolic.problemText();
  Plain list;
  auto *tensor = list.graph().mutable_input(0)->mutable_type()->mutable_sequence_type()->mutable_elem_type();
  tensor->mutable_tensor_type()->set_elem_type(TensorProto::FLOAT);
  tensor->mutable_tensor_type()->mutable_shape();
  shapes.inputShapes["x"] = {"2"};
  expectRefused(list, "input 'x': expected no sizes for an input that is no tensor", shapes);
  Plain huge;
  huge.input("h", {1 << 30, 1 << 30});
  expectRefused(huge, "input 'h': expected fewer than 2^46 elements, and formulas of few terms");
  Plain twice;
  twice.input("x", {2});
  expectRefused(twice, "expected inputs of different names, got 'x' twice");
  Plain missing;
  missing.output("z");
  expectRefused(missing, "expected output 'z' to be defined, got no such value");
}

/// A model that adds an initialiser `w` to its input.
struct Weighted : TestModel {
  Weighted() : TestModel(17) { input("x", {2}).output("y").node("Add", {"x", "w"}, {"y"}); }
};

TEST(ModelMessages, Initialisers) {
  auto refuse = [](const std::string &message, llvm::function_ref<void(onnx::TensorProto &)> change) {
    Weighted m;
    change(m.floats("w", {2}, {1, 2}));
    expectRefused(m, "initialiser 'w': " + message);
  };
  refuse("expected a supported element type, got UINT4", [](auto &w) { w.set_data_type(21); });
  refuse("expected sizes of a tensor that fits in memory, got [-1]", [](auto &w) { w.set_dims(0, -1); });
  refuse("expected data of 3 elements, got 2", [](auto &w) { w.set_dims(0, 3); });
  refuse("expected 8 bytes of data, got 4", [](auto &w) { w.set_raw_data("1234"); });
  refuse("expected a tensor in one piece, got a segment", [](auto &w) { w.mutable_segment()->set_begin(0); });
  Weighted twice;
  twice.floats("w", {2}, {1, 2});
  twice.floats("w", {2}, {1, 2});
  expectRefused(twice, "expected one initialiser called 'w', got two");
}

TEST(ModelMessages, ExternalData) {
  const std::string folder = (std::filesystem::path(testing::TempDir()) / "dlc_model_messages").string();
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/w.bin", std::ios::binary).write("1234", 4);
  struct {
    const char *location, *offset, *length, *message;
  } cases[] = {{"../w.bin", "0", "8", "expected external data at a path below the model's folder, got `../w.bin`"},
               {"w.bin", "x", "8", "expected a number as offset of external data, got `x`"},
               {"w.bin", "0", "-8", "expected a number as length of external data, got `-8`"},
               {"w.bin", "2", "8", "expected external data within the 4 bytes of `w.bin`, got 8 bytes at 2"}};
  for (const auto &c : cases) {
    Weighted m;
    onnx::TensorProto &w = m.floats("w", {2}, {});
    w.set_data_location(TensorProto::EXTERNAL);
    for (auto [key, value] : {std::pair("location", c.location), {"offset", c.offset}, {"length", c.length}}) {
      auto *entry = w.add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
    expectRefused(m, std::string("initialiser 'w': ") + c.message, {}, folder);
  }
}

TEST(ModelMessages, SparseInitialisers) {
  auto refuse = [](int type, std::vector<int64_t> at, const std::string &message) {
    Weighted m;
    onnx::SparseTensorProto &w = *m.graph().add_sparse_initializer();
    w.add_dims(2);
    w.mutable_values()->set_name("w");
    w.mutable_values()->set_data_type(TensorProto::FLOAT);
    w.mutable_values()->add_dims(1);
    w.mutable_values()->add_float_data(1);
    w.mutable_indices()->set_data_type(type);
    w.mutable_indices()->add_dims(at.size());
    w.mutable_indices()->mutable_int64_data()->Add(at.begin(), at.end());
    w.mutable_indices()->mutable_int32_data()->Add(at.begin(), at.end());
    expectRefused(m, "initialiser 'w': " + message);
  };
  refuse(TensorProto::INT32, {0}, "expected a sparse tensor of at most 2 GiB with indices of type INT64");
  refuse(TensorProto::INT64, {0, 1}, "expected one index per value of a sparse tensor");
  refuse(TensorProto::INT64, {2}, "expected indices within a sparse tensor, got 2");
}

TEST(ModelMessages, Nodes) {
  Plain missing;
  missing.own().set_input(0, "nowhere");
  expectRefused(missing, "expected input 'nowhere' to be defined, got no such value");
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

TEST(ModelMessages, Subgraphs) {
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

TEST(ModelMessages, Functions) {
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
  EXPECT_FALSE(many.import());
  EXPECT_EQ(many.problems[0].reason, "expected a model of fewer nodes, with those of its functions at every call");
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

TEST(ModelMessages, OpsOfLibraries) {
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

TEST(ModelMessages, BranchesOfTwoTypes) {
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
  m.node("Transpose", {"y"}, {"t"});
  setInts(*m.graph().mutable_node(1), "perm", {0});
  m.graph().mutable_output(0)->set_name("t");
  m.graph().mutable_input(1)->mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(2);
  expectRefused(m, "expected a condition of one element");
}
} // namespace

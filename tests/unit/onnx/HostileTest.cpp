//===- HostileTest.cpp - bytes that are no good models -----------------------------------===//
#include "tests/unit/onnx/TestModel.h"
#include <gtest/gtest.h>
#include <random>

namespace {
using namespace dlc::onnx_testing;

std::string validModel() {
  TestModel m(13);
  m.input("x", {"n", 3, 8, 8}).output("y");
  m.floats("w", {4, 3, 3, 3}, {}).set_raw_data(std::string(4 * 3 * 3 * 3 * 4, '\1'));
  m.ints("t", {2}, {0, -1});
  onnx::NodeProto &conv = m.node("Conv", {"x", "w"}, {"c"}, "conv");
  setInts(conv, "pads", {1, 1, 1, 1});
  setInts(conv, "strides", {2, 2});
  m.node("Relu", {"c"}, {"r"});
  m.node("Reshape", {"r", "t"}, {"f"});
  setInt(m.node("Softmax", {"f"}, {"y"}), "axis", -1);
  return m.proto.SerializeAsString();
}

/// Imports whatever the bytes are; what comes of it does not matter, only that it ends.
void importBytes(mlir::MLIRContext &context, const std::string &bytes) {
  std::vector<dlc::onnx_import::Problem> problems;
  auto module = dlc::onnx_import::importModelFromMemory(context, bytes, "", {}, problems);
  EXPECT_EQ(failed(module), !problems.empty());
}

TEST(Hostile, TruncatedAnywhere) {
  std::string bytes = validModel();
  auto context = makeContext();
  for (size_t n = 0; n < bytes.size(); ++n) {
    importBytes(*context, bytes.substr(0, n));
  }
}

TEST(Hostile, MutatedAnywhere) {
  std::string bytes = validModel();
  std::mt19937 random(7);
  auto context = makeContext();
  for (int round = 0; round < 4000; ++round) {
    std::string changed = bytes;
    for (int k = 0; k < 1 + round % 3; ++k) {
      changed[random() % changed.size()] = char(random());
    }
    importBytes(*context, changed);
  }
}

TEST(Hostile, HugeSizes) {
  TestModel m(13);
  m.output("y").node("Relu", {"w"}, {"y"});
  onnx::TensorProto &w = m.floats("w", {int64_t(1) << 40, int64_t(1) << 40}, {1});
  EXPECT_FALSE(m.import());
  w.set_dims(1, 1);
  EXPECT_FALSE(m.import());
  w.set_dims(0, -1);
  EXPECT_FALSE(m.import());
}

TEST(Hostile, DeepNesting) {
  std::string inner;
  // Graphs in attributes of nodes, far beyond what protobuf allows.
  for (int i = 0; i < 2000; ++i) {
    onnx::AttributeProto attribute;
    attribute.set_name("body");
    std::string bytes = attribute.SerializeAsString();
    auto field = [](int number, const std::string &value) {
      std::string out;
      for (uint64_t v : {uint64_t(number) << 3 | 2, uint64_t(value.size())}) {
        for (; v >= 0x80; v >>= 7) {
          out.push_back(char(v | 0x80));
        }
        out.push_back(char(v));
      }
      return out + value;
    };
    inner = field(1, field(5, bytes + field(6, inner)));
  }
  onnx::ModelProto model;
  model.set_ir_version(8);
  std::string bytes = model.SerializeAsString();
  onnx::GraphProto graph;
  ASSERT_FALSE(graph.ParseFromString(inner));
  bytes += std::string("\x3a", 1);
  for (uint64_t v = inner.size();; v >>= 7) {
    bytes.push_back(char(v >= 0x80 ? v | 0x80 : v));
    if (v < 0x80) {
      break;
    }
  }
  auto context = makeContext();
  importBytes(*context, bytes + inner);
}

TEST(Hostile, FunctionsThatGrowExponentially) {
  TestModel m(15);
  m.input("x", {2}).output("y").node("f0", {"x"}, {"y"}).set_domain("own");
  for (int i = 0; i < 60; ++i) {
    onnx::FunctionProto &f = *m.proto.add_functions();
    f.set_domain("own");
    f.set_name("f" + std::to_string(i));
    f.add_input("a");
    f.add_output("c");
    for (auto [from, to] : {std::pair("a", "b"), std::pair("b", "c")}) {
      onnx::NodeProto &n = *f.add_node();
      n.set_op_type(i == 59 ? "Relu" : "f" + std::to_string(i + 1));
      n.set_domain(i == 59 ? "" : "own");
      n.add_input(from);
      n.add_output(to);
    }
  }
  EXPECT_FALSE(m.import());
}

TEST(Hostile, FormulasThatGrowExponentially) {
  TestModel m(13);
  m.input("x", {"a", "b"}).input("s", {1}, onnx::TensorProto::INT64).output("y");
  std::string last = "x";
  for (int i = 0; i < 60; ++i) {
    std::string next = "v" + std::to_string(i);
    setInt(m.node("Concat", {last, last}, {next}), "axis", i % 2);
    m.node("Expand", {next, "s"}, {next + "e"});
    last = next + "e";
  }
  m.node("Relu", {last}, {"y"});
  (void)m.import();
  TestModel squares(13);
  squares.input("x", {"a", "b"}).output("y").node("Shape", {"x"}, {"v0"});
  for (int i = 0; i < 40; ++i) {
    squares.node("Mul", {"v" + std::to_string(i), "v" + std::to_string(i)}, {"w" + std::to_string(i)});
    squares.node("Add", {"w" + std::to_string(i), "v" + std::to_string(i)}, {"v" + std::to_string(i + 1)});
  }
  squares.node("ConstantOfShape", {"v40"}, {"y"});
  (void)squares.import();
}
} // namespace

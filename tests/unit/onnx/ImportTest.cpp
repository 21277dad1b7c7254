//===- ImportTest.cpp - graphs, names, problems, functions and constants ----------------===//
#include "tests/unit/onnx/TestModel.h"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace {
using namespace dlc::onnx_testing;
using dlc::onnx_import::ImportOptions;

TEST(Import, NamesDimsAfterTheModel) {
  TestModel m(13);
  m.input("x", {"batch size", 3, nullptr}).output("y").node("Relu", {"x"}, {"y"});
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_NE(m.signature().find("[batch_size, 3, x_d2]"), std::string::npos) << m.signature();
}

TEST(Import, OverridesDims) {
  TestModel m(13);
  m.input("x", {"n", 3}).output("y").node("Relu", {"x"}, {"y"});
  ImportOptions options;
  options.dims["n"] = "2 * batch";
  ASSERT_TRUE(m.import(options)) << m.problemText();
  EXPECT_NE(m.signature().find("2 * batch"), std::string::npos) << m.signature();
  options.dims["n"] = "4";
  ASSERT_TRUE(m.import(options)) << m.problemText();
  EXPECT_EQ(m.signature(), "(tensor<4x3xf32>) -> tensor<4x3xf32>");
}

TEST(Import, ListsAllProblemsWithTheirNodes) {
  TestModel m(13);
  m.input("x", {2, 3}).output("y").output("z");
  m.node("Frobnicate", {"x"}, {"a"}, "first");
  m.node("Relu", {"a"}, {"b"}, "follower");
  m.node("MatMul", {"x", "x"}, {"c"}, "second");
  m.node("Add", {"b", "c"}, {"y"}, "third");
  setInts(m.node("Transpose", {"x"}, {"z"}, "fourth"), "perm", {0, 0});
  EXPECT_FALSE(m.import());
  ASSERT_EQ(m.problems.size(), 3u) << m.problemText();
  EXPECT_EQ(m.problems[0].node, "first");
  EXPECT_EQ(m.problems[0].op, "Frobnicate");
  EXPECT_EQ(m.problems[0].opset, 13);
  EXPECT_EQ(m.problems[1].node, "second");
  EXPECT_NE(m.problems[1].reason.find("inner dims"), std::string::npos) << m.problemText();
  EXPECT_EQ(m.problems[2].node, "fourth");
}

TEST(Import, LeavesOutWhatNobodyFetches) {
  TestModel m(13);
  m.input("x", {2}).input("unused", {2}).output("y").output("z");
  m.node("Relu", {"x"}, {"y"});
  m.node("Frobnicate", {"unused"}, {"z"});
  ImportOptions options;
  options.fetches = {"y"};
  ASSERT_TRUE(m.import(options)) << m.problemText();
  EXPECT_EQ(m.signature(), "(tensor<2xf32>) -> tensor<2xf32>");
}

TEST(Import, FeedsAnIntermediateValue) {
  TestModel m(13);
  m.input("x", {2}).output("y");
  m.node("Frobnicate", {"x"}, {"h"});
  m.node("Neg", {"h"}, {"y"});
  *m.graph().add_value_info() = m.graph().input(0);
  m.graph().mutable_value_info(0)->set_name("h");
  ImportOptions options;
  options.feeds = {"h"};
  ASSERT_TRUE(m.import(options)) << m.problemText();
  EXPECT_EQ(m.run({{{2}, {1, -2}}}), (std::vector<float>{-1, 2}));
}

TEST(Import, SortsNodesAndRefusesCycles) {
  TestModel m(13);
  m.input("x", {2}).output("y");
  m.node("Neg", {"h"}, {"y"});
  m.node("Relu", {"x"}, {"h"});
  ASSERT_TRUE(m.import()) << m.problemText();
  m.graph().mutable_node(1)->set_input(0, "y");
  EXPECT_FALSE(m.import());
  EXPECT_NE(m.problemText().find("without cycles"), std::string::npos) << m.problemText();
}

TEST(Import, RefusesMissingAndDoubleNames) {
  TestModel m(13);
  m.input("x", {2}).output("y");
  m.node("Add", {"x", "nowhere"}, {"y"}, "a");
  EXPECT_FALSE(m.import());
  EXPECT_NE(m.problemText().find("'nowhere'"), std::string::npos);
  TestModel twice(13);
  twice.input("x", {2}).output("y").output("z");
  twice.node("Relu", {"x"}, {"y"});
  twice.node("Split", {"x"}, {"z", "y"});
  EXPECT_FALSE(twice.import());
}

TEST(Import, RefusesAttributesThatNoRuleKnows) {
  TestModel m(13);
  m.input("x", {2}).output("y");
  setInt(m.node("Relu", {"x"}, {"y"}, "r"), "frobnicate", 1);
  EXPECT_FALSE(m.import());
  EXPECT_NE(m.problemText().find("attribute 'frobnicate'"), std::string::npos) << m.problemText();
}

TEST(Import, InlinesFunctions) {
  TestModel m(15);
  m.input("x", {2}).output("y");
  onnx::NodeProto &call = m.node("Twice", {"x"}, {"y"});
  call.set_domain("own");
  setInt(call, "axis", -1);
  auto *domain = m.proto.add_opset_import();
  domain->set_domain("own");
  domain->set_version(1);
  onnx::FunctionProto &f = *m.proto.add_functions();
  f.set_name("Twice");
  f.set_domain("own");
  f.add_input("a");
  f.add_output("b");
  f.add_attribute("axis");
  f.add_opset_import()->set_version(15);
  onnx::NodeProto &softmax = *f.add_node();
  softmax.set_op_type("Softmax");
  softmax.add_input("a");
  softmax.add_output("s");
  auto *reference = softmax.add_attribute();
  reference->set_name("axis");
  reference->set_type(onnx::AttributeProto::INT);
  reference->set_ref_attr_name("axis");
  onnx::NodeProto &add = *f.add_node();
  add.set_op_type("Add");
  add.add_input("s");
  add.add_input("s");
  add.add_output("b");
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.run({{{2}, {0, 0}}}), (std::vector<float>{1, 1}));
  // A function that calls itself ends.
  add.set_op_type("Twice");
  add.set_domain("own");
  EXPECT_FALSE(m.import());
}

TEST(Import, MapsLargeWeightsAndReadsExternalOnes) {
  namespace fs = std::filesystem;
  fs::path folder = fs::path(testing::TempDir()) / "dlc_onnx_external";
  fs::create_directories(folder / "sub");
  std::vector<float> values(4096, 2.0f);
  std::ofstream(folder / "sub" / "w.bin", std::ios::binary)
      .write("pad!", 4)
      .write(reinterpret_cast<const char *>(values.data()), values.size() * 4);
  TestModel m(13);
  m.input("x", {4096}).output("y").node("Mul", {"x", "w"}, {"y"});
  onnx::TensorProto &w = m.floats("w", {4096}, {});
  w.set_data_location(onnx::TensorProto::EXTERNAL);
  auto entry = [&](const std::string &key, const std::string &value) {
    auto *e = w.add_external_data();
    e->set_key(key);
    e->set_value(value);
  };
  entry("location", "sub/w.bin");
  entry("offset", "4");
  entry("length", std::to_string(values.size() * 4));
  ASSERT_TRUE(m.import({}, folder.string())) << m.problemText();
  EXPECT_EQ(m.run({{{4096}, values}})[7], 4.0f);
  for (const char *bad : {"../w.bin", "/etc/passwd", "", "sub", "none"}) {
    w.mutable_external_data(0)->set_value(bad);
    EXPECT_FALSE(m.import({}, folder.string())) << bad;
  }
  w.mutable_external_data(0)->set_value("sub/w.bin");
  w.mutable_external_data(1)->set_value("8");
  EXPECT_FALSE(m.import({}, folder.string()));
  // Raw data inside of the model.
  TestModel raw(13);
  raw.input("x", {4096}).output("y").node("Mul", {"x", "w"}, {"y"});
  raw.floats("w", {4096}, {}).set_raw_data(values.data(), values.size() * 4);
  ASSERT_TRUE(raw.import()) << raw.problemText();
  EXPECT_EQ(raw.run({{{4096}, values}})[4095], 4.0f);
  raw.graph().mutable_initializer(0)->set_dims(0, 4095);
  EXPECT_FALSE(raw.import());
}

TEST(Import, ReadsSizesFromData) {
  TestModel m(13);
  m.input("x", {2, 6}).input("shape", {2}, onnx::TensorProto::INT64).output("y");
  m.node("Reshape", {"x", "shape"}, {"y"});
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.count("nn.read_dims"), 1u);
}
} // namespace

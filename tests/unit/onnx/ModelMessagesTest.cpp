//===- ModelMessagesTest.cpp - what the importer says of models and constants -------------===//
#include "tests/unit/onnx/Messages.h"
#include <filesystem>
#include <fstream>

namespace {
using namespace dlc::onnx_testing;
using dlc::onnx_import::ImportOptions;
using onnx::TensorProto;

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
  Plain future;
  future.proto.mutable_opset_import(0)->set_version(28);
  EXPECT_FALSE(future.import());
  EXPECT_EQ(future.problems[0].reason, "expected opset 1 to 27, got 28");
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
  type.mutable_tensor_type()->set_elem_type(99);
  refuse(type, "expected a supported element type, got data type 99");
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
  ImportOptions names;
  names.dims["m"] = "2";
  expectRefused(symbolic, "expected the name of a dim of an input (n), got 'm'", names);
  expectRefused(plain, "expected the name of a dim of an input (there is none), got 'm'", names);
  onnx::TypeProto &stated = *plain.graph().mutable_output(0)->mutable_type();
  stated.mutable_tensor_type()->set_elem_type(TensorProto::INT32);
  expectRefused(plain, "output 'y': expected INT32 as the model states, got f32");
  stated = plain.graph().input(0).type();
  stated.mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_param("n");
  expectRefused(plain, "output 'y': expected the shape [2, n] that the model states, got [2]");
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
  refuse("expected a supported element type, got data type 99", [](auto &w) { w.set_data_type(99); });
  refuse("expected sizes of a tensor that fits in memory, got [-1]", [](auto &w) { w.set_dims(0, -1); });
  refuse("expected data of 3 elements, got 2", [](auto &w) { w.set_dims(0, 3); });
  refuse("expected 8 bytes of data, got 4", [](auto &w) { w.set_raw_data("1234"); });
  refuse("expected a tensor in one piece, got a segment", [](auto &w) { w.mutable_segment()->set_begin(0); });
  struct {
    int type; // 19 and 22 to 25: f8E5M2, i4, f4E2M1, f8E8M0FNU, u2
    int number;
    const char *message;
  } numbers[] = {{TensorProto::INT8, 128, "expected entries of int32_data from -128 to 127, got "},
                 {TensorProto::UINT8, -1, "expected entries of int32_data from 0 to 255, got "},
                 {TensorProto::BOOL, 2, "expected entries of int32_data from 0 to 1, got "},
                 {TensorProto::FLOAT16, 65536, "expected entries of int32_data from -32768 to 65535, got "},
                 {19, 256, "expected entries of int32_data from -128 to 255, got "},
                 {22, 256, "expected entries of int32_data from -128 to 255, got "},
                 {25, -129, "expected entries of int32_data from -128 to 255, got "},
                 {23, 300, "expected entries of int32_data from -128 to 255, got "}};
  for (const auto &c : numbers) {
    refuse(c.message + std::to_string(c.number) + " at 0", [&](auto &w) {
      w.clear_float_data();
      w.set_data_type(c.type);
      w.set_dims(0, 1);
      w.add_int32_data(c.number);
    });
  }
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
} // namespace

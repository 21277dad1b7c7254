//===- TestModel.h - small models made in memory ---------------------------------------===//
#ifndef DLC_TESTS_UNIT_ONNX_TESTMODEL_H
#define DLC_TESTS_UNIT_ONNX_TESTMODEL_H
#include "importers/onnx/OnnxProto.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tests/unit/onnx/ReferenceRun.h"
#include <initializer_list>
#include <variant>

namespace dlc::onnx_testing {
using Size = std::variant<int, const char *>;

/// A model of one graph, and what comes of importing it.
class TestModel {
public:
  explicit TestModel(int64_t opset, int64_t ir = 8) {
    proto.set_ir_version(ir);
    proto.add_opset_import()->set_version(opset);
    proto.mutable_graph()->set_name("test");
  }
  onnx::GraphProto &graph() { return *proto.mutable_graph(); }

  TestModel &input(const std::string &name, std::initializer_list<Size> sizes, int type = onnx::TensorProto::FLOAT) {
    describe(*graph().add_input(), name, sizes, type);
    return *this;
  }
  TestModel &output(const std::string &name) {
    graph().add_output()->set_name(name);
    return *this;
  }
  onnx::NodeProto &node(const std::string &op, std::initializer_list<std::string> inputs,
                        std::initializer_list<std::string> outputs, const std::string &name = "") {
    onnx::NodeProto &n = *graph().add_node();
    n.set_op_type(op);
    n.set_name(name);
    for (const auto &s : inputs) {
      n.add_input(s);
    }
    for (const auto &s : outputs) {
      n.add_output(s);
    }
    return n;
  }
  onnx::TensorProto &floats(const std::string &name, std::initializer_list<int64_t> shape, std::vector<float> values) {
    onnx::TensorProto &t = *graph().add_initializer();
    t.set_name(name);
    t.set_data_type(onnx::TensorProto::FLOAT);
    t.mutable_dims()->Add(shape.begin(), shape.end());
    t.mutable_float_data()->Add(values.begin(), values.end());
    return t;
  }
  onnx::TensorProto &ints(const std::string &name, std::initializer_list<int64_t> shape, std::vector<int64_t> values) {
    onnx::TensorProto &t = *graph().add_initializer();
    t.set_name(name);
    t.set_data_type(onnx::TensorProto::INT64);
    t.mutable_dims()->Add(shape.begin(), shape.end());
    t.mutable_int64_data()->Add(values.begin(), values.end());
    return t;
  }

  /// Imports; `problems` and `text` (of the result type of `@main`) say what came of it.
  bool import(const onnx_import::ImportOptions &options = {}, const std::string &folder = "") {
    problems.clear();
    auto result = onnx_import::importModelFromMemory(*context, proto.SerializeAsString(), folder, options, problems);
    module = failed(result) ? mlir::OwningOpRef<mlir::ModuleOp>() : std::move(*result);
    return bool(module);
  }
  std::string problemText() const {
    std::string text;
    for (const auto &p : problems) {
      text += onnx_import::toString(p) + "\n";
    }
    return text;
  }
  std::string signature() {
    std::string text;
    llvm::raw_string_ostream(text) << module->lookupSymbol<mlir::func::FuncOp>("main").getFunctionType();
    return text;
  }
  unsigned count(llvm::StringRef op) {
    unsigned n = 0;
    module->walk([&](mlir::Operation *o) { n += o->getName().getStringRef() == op; });
    return n;
  }
  /// The first output's elements for f32 inputs; the error's text in `error`.
  std::vector<float> run(std::vector<std::pair<std::vector<int64_t>, std::vector<float>>> inputs) {
    std::vector<nn::Datum> data;
    for (const auto &[shape, values] : inputs) {
      nn::Tensor t = nn::Tensor::zeros(mlir::Float32Type::get(context.get()), shape);
      llvm::copy(values, t.values<float>().begin());
      data.push_back(t);
    }
    auto outputs = evaluate(*module, data, error);
    if (!outputs) {
      return {};
    }
    llvm::ArrayRef<float> v = outputs->front().tensor().values<float>();
    return {v.begin(), v.end()};
  }

  onnx::ModelProto proto;
  std::unique_ptr<mlir::MLIRContext> context = makeContext();
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<onnx_import::Problem> problems;
  std::string error;

private:
  static void describe(onnx::ValueInfoProto &info, const std::string &name, std::initializer_list<Size> sizes, int type) {
    info.set_name(name);
    auto *tensor = info.mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(type);
    tensor->mutable_shape();
    for (const Size &s : sizes) {
      auto *d = tensor->mutable_shape()->add_dim();
      if (const int *number = std::get_if<int>(&s)) {
        d->set_dim_value(*number);
      } else if (std::get<const char *>(s)) {
        d->set_dim_param(std::get<const char *>(s));
      }
    }
  }
};

inline void setInt(onnx::NodeProto &n, const std::string &name, int64_t value) {
  auto *a = n.add_attribute();
  a->set_name(name);
  a->set_type(onnx::AttributeProto::INT);
  a->set_i(value);
}
inline void setInts(onnx::NodeProto &n, const std::string &name, std::initializer_list<int64_t> values) {
  auto *a = n.add_attribute();
  a->set_name(name);
  a->set_type(onnx::AttributeProto::INTS);
  a->mutable_ints()->Add(values.begin(), values.end());
}
inline void setString(onnx::NodeProto &n, const std::string &name, const std::string &value) {
  auto *a = n.add_attribute();
  a->set_name(name);
  a->set_type(onnx::AttributeProto::STRING);
  a->set_s(value);
}
} // namespace dlc::onnx_testing
#endif

//===- Constant.cpp - constants, ranges and what passes through --------------------------------===//
#include "importers/onnx/Graph.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

template <class T> mlir::ElementsAttr tensorOf(Type element, llvm::ArrayRef<T> values, bool scalar) {
  nn::Tensor t = scalar ? nn::Tensor::zeros(element, {}) : nn::Tensor::zeros(element, {int64_t(values.size())});
  llvm::copy(values, t.values<T>().begin());
  return nn::attrFromTensor(t);
}

mlir::ElementsAttr constantValue(Node &n, std::string &error) {
  mlir::Builder &b = n.builder;
  if (const onnx::TensorProto *tensor = n.getTensor("value")) {
    return n.importer.convertConstant(*tensor, error);
  }
  if (const onnx::AttributeProto *a = n.getAttribute("sparse_value")) {
    return n.importer.convertConstant(a->sparse_tensor(), error);
  }
  if (n.hasAttribute("value_int")) {
    return tensorOf<int64_t>(b.getI64Type(), {n.getInt("value_int", 0)}, true);
  }
  if (n.hasAttribute("value_ints")) {
    return tensorOf<int64_t>(b.getI64Type(), n.getInts("value_ints"), false);
  }
  if (n.hasAttribute("value_float")) {
    return tensorOf<float>(b.getF32Type(), {float(n.getFloat("value_float", 0))}, true);
  }
  if (n.hasAttribute("value_floats")) {
    return tensorOf<float>(b.getF32Type(), n.getFloats("value_floats"), false);
  }
  Type string = nn::StringType::get(n.context());
  if (n.hasAttribute("value_string")) {
    return tensorOf<std::string>(string, {n.getString("value_string", "")}, true);
  }
  if (n.hasAttribute("value_strings")) {
    return tensorOf<std::string>(string, n.getStrings("value_strings"), false);
  }
  error = "expected an attribute with the value, got none";
  return {};
}

Result constant(Node &n) {
  std::string error;
  mlir::ElementsAttr value = constantValue(n, error);
  return value ? n.result(n.constant(value)) : n.fail(error);
}

Result constantOfShape(Node &n) {
  std::optional<Shape> shape = n.sizes(0);
  mlir::ElementsAttr value;
  if (const onnx::TensorProto *tensor = n.getTensor("value")) {
    std::string error;
    value = n.importer.convertConstant(*tensor, error);
    if (!value) {
      return n.fail(error);
    }
    if (value.getNumElements() != 1) {
      return n.fail("expected a value of one element, got " + llvm::Twine(value.getNumElements()));
    }
  }
  if (!shape) {
    return mlir::failure();
  }
  Value scalar = value ? n.reshape(n.constant(value), {}) : n.scalar(n.builder.getF32Type(), 0);
  return n.result(n.broadcast(scalar, *shape));
}

Result identity(Node &n) {
  n.ignore({"consumed_inputs"});
  return n.result(n.in(0));
}
} // namespace

void addConstantRules(RuleTable &table) {
  table.add({{"", "Constant", {1, 9, 11, 12, 13, 19, 21, 23, 24, 25}, constant, {0, 0}},
             {"", "ConstantOfShape", {9, 20, 21, 23, 24, 25}, constantOfShape, {1, 1}},
             {"", "Identity", {1, 13, 14, 16, 19, 21, 23, 24, 25}, identity, {1, 1}, Inputs::Any}});
}
} // namespace dlc::onnx_import

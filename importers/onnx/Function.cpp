//===- Function.cpp - the model's own functions, inlined ------------------------------------===//
#include "importers/onnx/Graph.h"
#include <google/protobuf/unknown_field_set.h>

namespace dlc::onnx_import {
namespace {
/// Fields that the generated classes may be too old to know.
constexpr int kNodeOverload = 8, kFunctionOverload = 13, kFunctionAttributeDefaults = 11;

template <class Message> std::string unknownText(const Message &message, int number) {
  const auto &fields = Message::GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < fields.field_count(); ++i) {
    if (fields.field(i).number() == number &&
        fields.field(i).type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) {
      return fields.field(i).length_delimited();
    }
  }
  return {};
}

std::string functionKey(llvm::StringRef domain, llvm::StringRef name, llvm::StringRef overload) {
  return ((domain == "ai.onnx" ? llvm::StringRef() : domain) + ":" + name + ":" + overload).str();
}

/// The attributes that a function has where a call does not state them.
std::vector<onnx::AttributeProto> defaults(const onnx::FunctionProto &function) {
  std::vector<onnx::AttributeProto> result;
  const auto &fields = onnx::FunctionProto::GetReflection()->GetUnknownFields(function);
  for (int i = 0; i < fields.field_count(); ++i) {
    onnx::AttributeProto attribute;
    if (fields.field(i).number() == kFunctionAttributeDefaults &&
        fields.field(i).type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED &&
        attribute.ParseFromString(fields.field(i).length_delimited())) {
      result.push_back(std::move(attribute));
    }
  }
  return result;
}
} // namespace

void Importer::readFunctions() {
  for (const auto &f : model.proto.functions()) {
    if (!functions.try_emplace(functionKey(f.domain(), f.name(), unknownText(f, kFunctionOverload)), &f).second) {
      report(nullptr, 0, "expected one function called '" + f.name() + "' in domain '" + f.domain() + "', got two");
    }
  }
}

const onnx::FunctionProto *Importer::findFunction(const onnx::NodeProto &node) const {
  if (functions.empty()) {
    return nullptr;
  }
  auto it = functions.find(functionKey(node.domain(), node.op_type(), unknownText(node, kNodeOverload)));
  return it == functions.end() ? nullptr : it->second;
}

void Importer::applyFunction(Scope &scope, const onnx::NodeProto &node, mlir::OpBuilder &builder,
                             const onnx::FunctionProto &function, llvm::ArrayRef<Value> operands) {
  if (static_cast<int>(operands.size()) > function.input_size() || node.output_size() > function.output_size()) {
    report(scope, node,
           "expected at most " + llvm::Twine(function.input_size()) + " inputs and " +
               llvm::Twine(function.output_size()) + " outputs of the model's function");
    return poison(scope, node);
  }
  Frame inner;
  inner.depth = scope.frame.depth + 1;
  readOpsets(function.opset_import(), inner);
  if (function.opset_import().empty()) {
    inner.opsets = scope.frame.opsets;
  }
  std::vector<onnx::AttributeProto> stated = defaults(function);
  for (const auto &a : stated) {
    inner.attributes[a.name()] = &a;
  }
  for (const auto &a : node.attribute()) {
    const onnx::AttributeProto *value = &a;
    if (!a.ref_attr_name().empty()) {
      auto it = scope.frame.attributes.find(a.ref_attr_name());
      value = it == scope.frame.attributes.end() ? nullptr : it->second;
    }
    if (value) {
      inner.attributes[a.name()] = value;
    }
  }
  Scope body(inner);
  for (auto [i, name] : llvm::enumerate(function.input())) {
    Binding binding;
    binding.value = i < operands.size() ? operands[i] : Value();
    // An absent operand stays undefined; nodes of the body may pass it on.
    if (!body.define(name, binding)) {
      report(scope, node, "expected inputs of different names in the model's function, got '" + name + "' twice");
    }
  }
  std::vector<std::string> wanted;
  for (int i = 0; i < node.output_size(); ++i) {
    wanted.push_back(function.output(i));
  }
  importNodes(body, function.node(), wanted, builder);
  llvm::SmallVector<Value> results;
  for (const std::string &name : wanted) {
    Binding *binding = body.find(name);
    if (!binding) {
      report(scope, node, "expected output '" + name + "' of the model's function to be defined, got no such value");
    }
    results.push_back(binding ? binding->value : Value());
  }
  define(scope, node, results);
}
} // namespace dlc::onnx_import

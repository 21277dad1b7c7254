//===- Labels.cpp - tables from keys to values (ai.onnx.ml) --------------------------------------------===//
#include "importers/onnx/Graph.h"
#include "importers/onnx/Node.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

nn::Tensor tensorOf(Node &n, llvm::ArrayRef<float> values) {
  nn::Tensor t = nn::Tensor::zeros(n.builder.getF32Type(), {int64_t(values.size())});
  llvm::copy(values, t.values<float>().begin());
  return t;
}
nn::Tensor tensorOf(Node &n, llvm::ArrayRef<int64_t> values) {
  nn::Tensor t = nn::Tensor::zeros(n.builder.getI64Type(), {int64_t(values.size())});
  llvm::copy(values, t.values<int64_t>().begin());
  return t;
}
nn::Tensor tensorOf(Node &n, llvm::ArrayRef<std::string> values) {
  nn::Tensor t = nn::Tensor::zeros(nn::StringType::get(n.context()), {int64_t(values.size())});
  llvm::copy(values, t.values<std::string>().begin());
  return t;
}

/// The tensor of an attribute as a vector; nullopt when there is none, or it is damaged (then the node has failed).
std::optional<nn::Tensor> tensorAttribute(Node &n, llvm::StringRef name) {
  const onnx::TensorProto *proto = n.getTensor(name);
  if (!proto) {
    return std::nullopt;
  }
  std::string error;
  mlir::ElementsAttr value = n.importer.convertConstant(*proto, error);
  mlir::FailureOr<nn::Tensor> tensor = value ? nn::tensorFromAttr(value) : mlir::FailureOr<nn::Tensor>();
  if (mlir::failed(tensor)) {
    (void)n.fail("attribute '" + name + "': " + error);
    return std::nullopt;
  }
  return tensor->reshaped({tensor->count()});
}

/// The one of `prefix`_strings, _int64s, _floats and _tensor that is given.
std::optional<nn::Tensor> listOf(Node &n, llvm::StringRef prefix) {
  auto name = [&](llvm::StringRef suffix) { return (prefix + suffix).str(); };
  if (n.hasAttribute(name("_strings"))) {
    return tensorOf(n, n.getStrings(name("_strings")));
  }
  if (n.hasAttribute(name("_int64s"))) {
    return tensorOf(n, llvm::ArrayRef<int64_t>(n.getInts(name("_int64s"))));
  }
  if (n.hasAttribute(name("_floats"))) {
    return tensorOf(n, llvm::ArrayRef<float>(n.getFloats(name("_floats"))));
  }
  return tensorAttribute(n, name("_tensor"));
}

/// What stands for keys that are not in the table: one element of the values' type.
std::optional<nn::Tensor> defaultOf(Node &n, Type element) {
  std::string text = n.getString("default_string", "_Unused");
  int64_t integer = n.getInt("default_int64", -1);
  auto number = float(n.getFloat("default_float", -0.0));
  if (std::optional<nn::Tensor> given = tensorAttribute(n, "default_tensor")) {
    if (given->element() != element || given->count() != 1) {
      (void)n.fail("expected a default_tensor of one element of the values' type");
      return std::nullopt;
    }
    return given;
  }
  if (nn::isString(element)) {
    return tensorOf(n, llvm::ArrayRef<std::string>(text));
  }
  if (element.isF32()) {
    return tensorOf(n, llvm::ArrayRef<float>(number));
  }
  if (element.isSignlessInteger(64)) {
    return tensorOf(n, llvm::ArrayRef<int64_t>(integer));
  }
  return nn::Tensor::scalar(element, nn::isInteger(element) ? -1 : -0.0).reshaped({1});
}

/// Each element's place among the keys, or their number where it is none of them. NaN is found, too.
Value placeOf(Node &n, Value x, Value keys) {
  if (n.failed()) {
    return {};
  }
  Shape shape = nn::shapeOf(x);
  int64_t rank = shape.size();
  Expr count = nn::shapeOf(keys)[0];
  shape.push_back(n.number(1));
  Value each = n.reshape(x, shape), same = n.make<nn::EqualOp>(each, keys);
  if (same && nn::isFloat(nn::elementOf(x))) {
    same = n.make<nn::OrOp>(same, n.make<nn::AndOp>(n.make<nn::IsNaNOp>(each), n.make<nn::IsNaNOp>(keys)));
  }
  Type i64 = n.builder.getI64Type();
  Value places = n.make<nn::IotaOp>(n.shapeAttr({count}), 0, i64);
  Value found = n.select(same, places, n.scalar(i64, double(*dim::getConstant(count))));
  return n.failed() ? Value() : n.reduce(found, nn::ReduceKind::Min, {rank}, false);
}

Result lookUp(Node &n, std::optional<nn::Tensor> keys, std::optional<nn::Tensor> values) {
  Type from = nn::elementOf(n.in(0));
  if (n.failed() || !keys || !values || keys->count() != values->count() || keys->count() == 0) {
    return n.fail("expected as many keys as values, at least one");
  }
  if (keys->element() != from) {
    return n.fail("expected keys of the input's type");
  }
  std::optional<nn::Tensor> otherwise = defaultOf(n, values->element());
  if (!otherwise) {
    return mlir::failure();
  }
  Value place = placeOf(n, n.in(0), n.constant(nn::attrFromTensor(*keys)));
  Value all = n.concat({n.constant(nn::attrFromTensor(*values)), n.constant(nn::attrFromTensor(*otherwise))}, 0);
  return n.failed() ? mlir::failure() : n.result(n.make<nn::GatherOp>(all, place, 0));
}

Result labelEncoder(Node &n) {
  if (n.since > 1) {
    std::optional<nn::Tensor> keys = listOf(n, "keys"), values = listOf(n, "values");
    return lookUp(n, keys, values);
  }
  llvm::SmallVector<std::string> classes = n.getStrings("classes_strings");
  Ints numbers(classes.size());
  for (size_t i = 0; i < classes.size(); ++i) {
    numbers[i] = i;
  }
  nn::Tensor texts = tensorOf(n, classes), places = tensorOf(n, llvm::ArrayRef<int64_t>(numbers));
  return nn::isString(nn::elementOf(n.in(0))) ? lookUp(n, texts, places) : lookUp(n, places, texts);
}
} // namespace

void addLabelRules(RuleTable &table) { table.add({{"ai.onnx.ml", "LabelEncoder", {1, 2, 4}, labelEncoder, {1, 1}}}); }
} // namespace dlc::onnx_import

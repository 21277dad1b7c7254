//===- Custom.cpp - nodes that a library of the user computes ---------------------------------------===//
#include "importers/onnx/Graph.h"

namespace dlc::onnx_import {
namespace {
using Attribute = onnx::AttributeProto;

/// Null, with the reason in `error`, for attributes that libraries are not given.
mlir::Attribute convertAttribute(Importer &importer, mlir::Builder &b, const Attribute &a, std::string &error) {
  switch (a.type()) {
  case Attribute::INT:
    return b.getI64IntegerAttr(a.i());
  case Attribute::FLOAT:
    return b.getF32FloatAttr(a.f());
  case Attribute::STRING:
    return b.getStringAttr(a.s());
  case Attribute::INTS:
    return b.getDenseI64ArrayAttr(Ints(a.ints().begin(), a.ints().end()));
  case Attribute::FLOATS:
    return b.getDenseF32ArrayAttr(llvm::SmallVector<float>(a.floats().begin(), a.floats().end()));
  case Attribute::STRINGS:
    return b.getStrArrayAttr(llvm::SmallVector<llvm::StringRef>(a.strings().begin(), a.strings().end()));
  case Attribute::TENSOR:
    return importer.convertConstant(a.t(), error);
  default:
    error = "expected numbers, strings or a tensor, got " + Attribute::AttributeType_Name(a.type());
    return {};
  }
}
} // namespace

void Importer::applyCustom(Scope &scope, const onnx::NodeProto &proto, mlir::OpBuilder &builder, int64_t opset,
                           llvm::ArrayRef<Value> operands) {
  auto fail = [&](const llvm::Twine &reason) {
    report(&proto, opset, reason);
    poison(scope, proto);
  };
  CustomNode node{normalDomain(proto.domain()), proto.op_type(), opset, {}, {}, unsigned(proto.output_size())};
  llvm::SmallVector<mlir::NamedAttribute> attributes;
  for (const Attribute &own : proto.attribute()) {
    const Attribute *a = &own;
    if (!own.ref_attr_name().empty()) {
      auto it = scope.frame.attributes.find(own.ref_attr_name());
      a = it == scope.frame.attributes.end() ? nullptr : it->second;
    }
    std::string error;
    mlir::Attribute value = a ? convertAttribute(*this, builder, *a, error) : mlir::Attribute();
    if (a && !value) {
      return fail("attribute '" + own.name() + "': " + error);
    }
    if (value) {
      attributes.push_back(builder.getNamedAttr(own.name(), value));
    }
  }
  node.attributes = builder.getDictionaryAttr(attributes);
  llvm::SmallVector<Value> inputs;
  llvm::SmallVector<int64_t> places;
  for (auto [i, v] : llvm::enumerate(operands)) {
    auto type = v ? llvm::dyn_cast<mlir::RankedTensorType>(v.getType()) : mlir::RankedTensorType();
    if (v && (!type || nn::isString(type.getElementType()))) {
      return fail("expected a tensor of numbers as input " + llvm::Twine(i));
    }
    node.operands.push_back(type);
    places.push_back(v ? int64_t(inputs.size()) : -1);
    if (v) {
      inputs.push_back(v);
    }
  }
  llvm::SmallVector<CustomResult> results;
  std::string error;
  if (!options.customOps->infer(node, results, error)) {
    return fail(error);
  }
  llvm::SmallVector<Type> types;
  for (CustomResult &result : results) {
    for (Expr &e : result.shape) {
      e = dim::isUnknown(e) ? symbols.fresh(proto.op_type() + "_dim") : e;
    }
    types.push_back(dim::getTensorType(result.shape, result.element));
    if (!noteSizes(types.back())) {
      return fail("expected outputs of fewer than 2^46 elements");
    }
  }
  auto op = nn::CustomOp::create(builder, locationOf(proto), types, node.domain, node.op, node.version, node.attributes,
                                 places, inputs);
  define(scope, proto, llvm::SmallVector<Value>(op->getResults()));
}
} // namespace dlc::onnx_import

//===- Attributes.cpp - a node's attributes -----------------------------------------------===//
#include "importers/onnx/Node.h"
#include "importers/onnx/Types.h"

namespace dlc::onnx_import {
using Attribute = onnx::AttributeProto;

/// Looks through references to attributes of the surrounding function.
const Attribute *Node::resolve(llvm::StringRef name) const {
  for (const Attribute &a : proto.attribute()) {
    if (a.name() != name) {
      continue;
    }
    if (a.ref_attr_name().empty()) {
      return &a;
    }
    auto it = scope.frame.attributes.find(a.ref_attr_name());
    return it == scope.frame.attributes.end() ? nullptr : it->second;
  }
  return nullptr;
}

const Attribute *Node::getAttribute(llvm::StringRef name) {
  used.insert(name);
  return resolve(name);
}

const Attribute *Node::attribute(llvm::StringRef name, Attribute::AttributeType type) {
  const Attribute *a = getAttribute(name);
  // Files before IR 2 don't state the type.
  if (a && a->type() != type && a->type() != Attribute::UNDEFINED) {
    (void)fail("expected attribute '" + name + "' of type " + Attribute::AttributeType_Name(type) + ", got " +
               Attribute::AttributeType_Name(a->type()));
    return nullptr;
  }
  return a;
}

bool Node::hasAttribute(llvm::StringRef name) { return getAttribute(name) != nullptr; }

int64_t Node::getInt(llvm::StringRef name, int64_t otherwise) {
  const Attribute *a = attribute(name, Attribute::INT);
  return a ? a->i() : otherwise;
}

double Node::getFloat(llvm::StringRef name, double otherwise) {
  const Attribute *a = attribute(name, Attribute::FLOAT);
  return a ? double(a->f()) : double(float(otherwise));
}

std::string Node::getString(llvm::StringRef name, llvm::StringRef otherwise) {
  const Attribute *a = attribute(name, Attribute::STRING);
  return a ? a->s() : otherwise.str();
}

Ints Node::getInts(llvm::StringRef name, llvm::ArrayRef<int64_t> otherwise) {
  const Attribute *a = attribute(name, Attribute::INTS);
  return a ? Ints(a->ints().begin(), a->ints().end()) : Ints(otherwise);
}

llvm::SmallVector<float> Node::getFloats(llvm::StringRef name) {
  const Attribute *a = attribute(name, Attribute::FLOATS);
  return a ? llvm::SmallVector<float>(a->floats().begin(), a->floats().end()) : llvm::SmallVector<float>();
}

llvm::SmallVector<std::string> Node::getStrings(llvm::StringRef name) {
  const Attribute *a = attribute(name, Attribute::STRINGS);
  return a ? llvm::SmallVector<std::string>(a->strings().begin(), a->strings().end()) : llvm::SmallVector<std::string>();
}

const onnx::GraphProto *Node::getGraph(llvm::StringRef name) {
  const Attribute *a = attribute(name, Attribute::GRAPH);
  return a && a->has_g() ? &a->g() : nullptr;
}

const onnx::TensorProto *Node::getTensor(llvm::StringRef name) {
  const Attribute *a = attribute(name, Attribute::TENSOR);
  return a && a->has_t() ? &a->t() : nullptr;
}

Type Node::getElementType(llvm::StringRef name, int64_t otherwise) {
  int64_t dataType = getInt(name, otherwise);
  Type type = elementType(context(), dataType);
  if (!type) {
    (void)fail("expected a supported element type in attribute '" + name + "', got " + dataTypeName(dataType));
  }
  return type;
}

void Node::ignore(std::initializer_list<llvm::StringRef> names) {
  for (llvm::StringRef name : names) {
    used.insert(name);
  }
}

llvm::StringRef Node::unusedAttribute() const {
  for (const Attribute &a : proto.attribute()) {
    if (!used.contains(a.name()) && resolve(a.name())) {
      return a.name();
    }
  }
  return {};
}

int64_t Node::axis(int64_t axis, int64_t rank) {
  std::optional<int64_t> result = nn::normalizeAxis(axis, rank);
  if (!result && rank == 0) {
    (void)fail("expected a tensor of at least 1 dim, got a scalar, which has no axis " + llvm::Twine(axis));
  } else if (!result) {
    (void)fail("expected an axis in [-" + llvm::Twine(rank) + ", " + llvm::Twine(rank) + "), got " + llvm::Twine(axis));
  }
  return result.value_or(0);
}

Ints Node::axes(llvm::ArrayRef<int64_t> axes, int64_t rank, bool sorted) {
  Ints result;
  for (int64_t a : axes) {
    int64_t normal = axis(a, rank);
    if (llvm::is_contained(result, normal) && !failed()) {
      (void)fail("expected different axes, got " + llvm::Twine(a) + " twice");
    }
    result.push_back(normal);
  }
  if (sorted) {
    llvm::sort(result);
  }
  return failed() ? Ints() : result;
}
} // namespace dlc::onnx_import

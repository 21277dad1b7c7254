//===- ProtoEdit.cpp - changes to a model's protobuf ---------------------------------------===//
#include "importers/onnx/ProtoEdit.h"
#include "importers/onnx/Graph.h"
#include <limits>

namespace dlc::onnx_import {
namespace {
constexpr size_t kMaxBytes = std::numeric_limits<int>::max();
constexpr int64_t kLastIrWithListedInitializers = 3;

bool isExternal(const onnx::TensorProto &t) { return t.data_location() == onnx::TensorProto::EXTERNAL; }

/// True when a tensor of a node, or of a graph in it, is external.
bool anyExternal(const onnx::NodeProto &node) {
  return llvm::any_of(node.attribute(), [](const onnx::AttributeProto &a) {
    bool inGraph = llvm::any_of(a.g().initializer(), isExternal) || llvm::any_of(a.g().node(), anyExternal);
    return isExternal(a.t()) || inGraph;
  });
}
} // namespace

ProtoEdit::ProtoEdit(mlir::MLIRContext *context, llvm::StringRef path, llvm::StringRef folder) : context(context) {
  model.folder = folder.str();
  model.file = mapFile(path, error);
  if (!model.file) {
    return;
  }
  size_t size = model.file->getBufferSize();
  if (size > kMaxBytes || !model.proto.ParseFromArray(model.file->getBufferStart(), static_cast<int>(size))) {
    failSize();
    return;
  }
  for (onnx::NodeProto &node : *model.proto.mutable_graph()->mutable_node()) {
    std::string name = node.name();
    if (name.empty()) {
      name = node.op_type() + ":" + (node.output_size() ? node.output(0) : std::string());
    }
    auto [it, isNew] = nodes.try_emplace(name, &node);
    it->second = isNew ? &node : nullptr;
  }
  for (onnx::TensorProto &tensor : *model.proto.mutable_graph()->mutable_initializer()) {
    initializers[tensor.name()] = &tensor;
  }
}

bool ProtoEdit::fail(const std::string &reason) {
  error = error.empty() ? reason : error;
  return false;
}

bool ProtoEdit::failSize() {
  return fail("expected a model of at most 2 GiB, with its external data, which becomes part of it");
}

bool ProtoEdit::failTensor(llvm::StringRef name) {
  return fail("tensor '" + name.str() + "': expected numbers of whole bytes, as which it can be replaced");
}

bool ProtoEdit::failNode(const std::string &name, const std::string &what) {
  return fail("node \"" + name + "\": can't state " + what + " in the model; compile with --prune instead");
}

bool ProtoEdit::takeExternalData() {
  if (llvm::any_of(model.proto.graph().node(), anyExternal)) {
    return fail(
        "expected external data of initialisers only, got some in a node's attribute; put it into the model first");
  }
  Constants constants(context, model);
  size_t total = model.file->getBufferSize();
  for (onnx::TensorProto &tensor : *model.proto.mutable_graph()->mutable_initializer()) {
    if (!isExternal(tensor)) {
      continue;
    }
    mlir::ElementsAttr value = constants.convert(tensor, error);
    mlir::FailureOr<nn::Tensor> t = value ? nn::tensorFromAttr(value) : mlir::FailureOr<nn::Tensor>(mlir::failure());
    if (mlir::failed(t)) {
      return fail(error);
    }
    if ((total += t->bytes()) > kMaxBytes) {
      return failSize();
    }
    if (!store(tensor, tensor.name(), *t)) {
      return false;
    }
  }
  return true;
}

int64_t ProtoEdit::opset() const {
  int64_t version = 1;
  for (const auto &import : model.proto.opset_import()) {
    version = normalDomain(import.domain()).empty() ? import.version() : version;
  }
  return version;
}

onnx::NodeProto *ProtoEdit::node(llvm::StringRef name) { return nodes.lookup(name); }

bool ProtoEdit::store(onnx::TensorProto &proto, llvm::StringRef name, const nn::Tensor &t) {
  unsigned bits = nn::getElementBits(t.element());
  bool isWhole = bits >= 8 && proto.data_type() != onnx::TensorProto::STRING && !nn::isString(t.element());
  if (!isWhole || elementType(context, proto.data_type()) != t.element()) {
    return failTensor(name);
  }
  onnx::TensorProto stored;
  stored.set_name(proto.name());
  stored.set_doc_string(proto.doc_string());
  stored.set_data_type(proto.data_type());
  for (int64_t size : t.shape()) {
    stored.add_dims(size);
  }
  stored.set_raw_data(t.raw(), t.bytes());
  proto = std::move(stored);
  return true;
}

bool ProtoEdit::setTensor(llvm::StringRef name, llvm::ArrayRef<int64_t> before, const nn::Tensor &t) {
  onnx::TensorProto *tensor = initializers.lookup(name);
  if (tensor) {
    for (onnx::ValueInfoProto &info : *model.proto.mutable_graph()->mutable_input()) {
      auto *shape = info.name() == name ? info.mutable_type()->mutable_tensor_type()->mutable_shape() : nullptr;
      for (int i = 0; shape && i < shape->dim_size() && i < t.rank(); ++i) {
        shape->mutable_dim(i)->set_dim_value(t.shape()[i]);
      }
    }
  } else if (onnx::NodeProto *constant = node(name); constant && constant->op_type() == "Constant") {
    for (onnx::AttributeProto &a : *constant->mutable_attribute()) {
      tensor = a.name() == "value" ? a.mutable_t() : tensor;
    }
  }
  if (!tensor || Ints(tensor->dims().begin(), tensor->dims().end()) != Ints(before)) {
    return fail("tensor '" + name.str() +
                "': expected an initialiser or a Constant node's tensor, as which it can be " +
                "replaced; compile with --prune instead");
  }
  return store(*tensor, name, t);
}

bool ProtoEdit::hasAttribute(const onnx::NodeProto &node, llvm::StringRef name) const {
  return llvm::any_of(node.attribute(), [&](const onnx::AttributeProto &a) { return a.name() == name; });
}

bool ProtoEdit::setInt(onnx::NodeProto &node, llvm::StringRef attribute, int64_t value) {
  removeAttribute(node, attribute);
  onnx::AttributeProto *a = node.add_attribute();
  a->set_name(attribute.str());
  a->set_type(onnx::AttributeProto::INT);
  a->set_i(value);
  return true;
}

bool ProtoEdit::setInts(onnx::NodeProto &node, int input, llvm::StringRef attribute, llvm::ArrayRef<int64_t> values) {
  bool isAttribute = !attribute.empty() && (hasAttribute(node, attribute) || node.input_size() <= 1);
  if (isAttribute) {
    removeAttribute(node, attribute);
    onnx::AttributeProto *a = node.add_attribute();
    a->set_name(attribute.str());
    a->set_type(onnx::AttributeProto::INTS);
    a->mutable_ints()->Add(values.begin(), values.end());
    return true;
  }
  std::string name;
  do {
    name = "pruned_sizes_" + std::to_string(added++);
  } while (initializers.count(name));
  while (node.input_size() <= input) {
    node.add_input();
  }
  std::string before = node.input(input);
  node.set_input(input, name);
  dropUnused(before);
  onnx::TensorProto *tensor = model.proto.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::INT64);
  tensor->add_dims(static_cast<int64_t>(values.size()));
  tensor->set_raw_data(values.data(), values.size() * sizeof(int64_t));
  if (model.proto.ir_version() <= kLastIrWithListedInitializers) {
    onnx::ValueInfoProto *info = model.proto.mutable_graph()->add_input();
    info->set_name(name);
    info->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::INT64);
    info->mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(
        static_cast<int64_t>(values.size()));
  }
  return true;
}

/// Takes an initialiser out that nothing names any more. Graphs in attributes may name every one of the model's.
void ProtoEdit::dropUnused(const std::string &name) {
  onnx::GraphProto &graph = *model.proto.mutable_graph();
  auto names = [&](const auto &list) { return llvm::is_contained(list, name); };
  bool isUsed = llvm::any_of(graph.node(), [&](const onnx::NodeProto &node) {
    return names(node.input()) || llvm::any_of(node.attribute(), [](const onnx::AttributeProto &a) {
             return a.has_g() || a.graphs_size() > 0;
           });
  });
  auto drop = [&](auto &list) {
    for (int i = list.size(); i-- > 0;) {
      if (list.Get(i).name() == name) {
        list.DeleteSubrange(i, 1);
      }
    }
  };
  bool isOutput = llvm::any_of(graph.output(), [&](const onnx::ValueInfoProto &info) { return info.name() == name; });
  if (!isUsed && !isOutput && initializers.erase(name)) {
    drop(*graph.mutable_initializer());
    drop(*graph.mutable_input());
  }
}

void ProtoEdit::removeAttribute(onnx::NodeProto &node, llvm::StringRef name) {
  for (int i = node.attribute_size(); i-- > 0;) {
    if (node.attribute(i).name() == name) {
      node.mutable_attribute()->DeleteSubrange(i, 1);
    }
  }
}

bool ProtoEdit::serialise(std::string &bytes) {
  // What the model states of values in between is no longer so.
  model.proto.mutable_graph()->clear_value_info();
  if (model.proto.ByteSizeLong() > kMaxBytes || !model.proto.SerializeToString(&bytes)) {
    return failSize();
  }
  return true;
}
} // namespace dlc::onnx_import

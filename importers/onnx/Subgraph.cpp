//===- Subgraph.cpp - graphs in attributes --------------------------------------------------===//
#include "importers/onnx/Graph.h"

namespace dlc::onnx_import {
void Importer::discard(mlir::Operation *op) {
  op->remove();
  discarded.push_back(op);
}

llvm::LogicalResult Importer::importSubgraph(Node &node, const onnx::GraphProto &graph,
                                             llvm::ArrayRef<Value> arguments, llvm::SmallVectorImpl<Value> &results) {
  Scope scope(node.scope.frame, &node.scope);
  if (static_cast<size_t>(graph.input_size()) != arguments.size()) {
    return node.fail("expected a subgraph of " + llvm::Twine(arguments.size()) + " inputs, got " +
                     llvm::Twine(graph.input_size()));
  }
  for (auto [input, value] : llvm::zip(graph.input(), arguments)) {
    Binding binding;
    binding.value = value;
    if (!scope.define(input.name(), binding)) {
      return node.fail("expected subgraph inputs of different names, got '" + input.name() + "' twice");
    }
  }
  addInitializers(scope, graph);
  std::vector<std::string> wanted;
  for (const auto &output : graph.output()) {
    wanted.push_back(output.name());
  }
  importNodes(scope, graph.node(), wanted, node.builder);
  bool complete = true;
  for (const std::string &name : wanted) {
    Binding *binding = scope.find(name);
    if (!binding) {
      return node.fail("expected subgraph output '" + name + "' to be defined, got no such value");
    }
    results.push_back(materialize(name, *binding));
    complete &= bool(results.back());
  }
  return mlir::success(complete);
}
} // namespace dlc::onnx_import

//===- Order.h - which nodes of a graph to import, and in what order ----------------===//
#ifndef DLC_IMPORTERS_ONNX_ORDER_H
#define DLC_IMPORTERS_ONNX_ORDER_H
#include "importers/onnx/OnnxProto.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace dlc::onnx_import {
using NodeList = google::protobuf::RepeatedPtrField<onnx::NodeProto>;

using NodeRefs = std::vector<const onnx::NodeProto *>;

/// The nodes that `wanted` need, producers first, otherwise as in the file; those that need themselves; and, with the
/// name, those that compute a value which a node before them computes.
struct NodeOrder {
  NodeRefs nodes;
  NodeRefs cyclic;
  std::vector<std::pair<const onnx::NodeProto *, std::string>> repeated;
};
/// `given` says which names need no node.
NodeOrder orderNodes(const NodeList &nodes, const std::vector<std::string> &wanted,
                     llvm::function_ref<bool(llvm::StringRef)> given);

/// Calls `visit` for every name that the node reads: its inputs, and what its subgraphs capture.
void forEachUse(const onnx::NodeProto &node, llvm::function_ref<void(llvm::StringRef)> visit);
} // namespace dlc::onnx_import
#endif

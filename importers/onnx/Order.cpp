//===- Order.cpp - which nodes of a graph to import, and in what order --------------===//
#include "importers/onnx/Order.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include <queue>

namespace dlc::onnx_import {
namespace {
/// The names that `graph` reads but does not define.
void forEachCapture(const onnx::GraphProto &graph, llvm::function_ref<void(llvm::StringRef)> visit) {
  llvm::StringSet<> defined;
  for (const auto &input : graph.input()) {
    defined.insert(input.name());
  }
  for (const auto &tensor : graph.initializer()) {
    defined.insert(tensor.name());
  }
  for (const auto &tensor : graph.sparse_initializer()) {
    defined.insert(tensor.values().name());
  }
  for (const auto &node : graph.node()) {
    for (const auto &output : node.output()) {
      defined.insert(output);
    }
  }
  auto capture = [&](llvm::StringRef name) {
    if (!defined.contains(name)) {
      visit(name);
    }
  };
  for (const auto &node : graph.node()) {
    forEachUse(node, capture);
  }
  for (const auto &output : graph.output()) {
    capture(output.name());
  }
}

/// The nodes as a graph of numbers.
struct Dependencies {
  std::vector<llvm::SmallVector<int, 4>> producers;
  std::vector<bool> needed;
};

Dependencies findNeeded(const NodeList &nodes, const std::vector<std::string> &wanted,
                        llvm::function_ref<bool(llvm::StringRef)> given) {
  llvm::StringMap<int> producer;
  for (int i = 0; i < nodes.size(); ++i) {
    for (const auto &output : nodes[i].output()) {
      if (!output.empty()) {
        producer.try_emplace(output, i);
      }
    }
  }
  Dependencies d;
  d.producers.resize(nodes.size());
  d.needed.resize(nodes.size());
  std::vector<int> open;
  auto need = [&](llvm::StringRef name) {
    auto it = producer.find(name);
    if (it == producer.end() || given(name)) {
      return -1;
    }
    if (!d.needed[it->second]) {
      d.needed[it->second] = true;
      open.push_back(it->second);
    }
    return it->second;
  };
  for (const std::string &name : wanted) {
    need(name);
  }
  while (!open.empty()) {
    int node = open.back();
    open.pop_back();
    forEachUse(nodes[node], [&](llvm::StringRef name) {
      if (int from = need(name); from >= 0) {
        d.producers[node].push_back(from);
      }
    });
  }
  return d;
}
std::vector<std::pair<const onnx::NodeProto *, std::string>> findRepeated(const NodeList &nodes) {
  llvm::StringSet<> names;
  std::vector<std::pair<const onnx::NodeProto *, std::string>> repeated;
  for (const auto &node : nodes) {
    for (const auto &output : node.output()) {
      if (!output.empty() && !names.insert(output).second) {
        repeated.push_back({&node, output});
      }
    }
  }
  return repeated;
}
} // namespace

void forEachUse(const onnx::NodeProto &node, llvm::function_ref<void(llvm::StringRef)> visit) {
  for (const auto &input : node.input()) {
    if (!input.empty()) {
      visit(input);
    }
  }
  for (const auto &attribute : node.attribute()) {
    if (attribute.has_g()) {
      forEachCapture(attribute.g(), visit);
    }
    for (const auto &graph : attribute.graphs()) {
      forEachCapture(graph, visit);
    }
  }
}

NodeOrder orderNodes(const NodeList &nodes, const std::vector<std::string> &wanted,
                     llvm::function_ref<bool(llvm::StringRef)> given) {
  Dependencies d = findNeeded(nodes, wanted, given);
  std::vector<llvm::SmallVector<int, 4>> consumers(nodes.size());
  std::vector<int> waiting(nodes.size());
  std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
  for (int i = 0; i < nodes.size(); ++i) {
    for (int from : d.producers[i]) {
      consumers[from].push_back(i);
      ++waiting[i];
    }
    if (d.needed[i] && waiting[i] == 0) {
      ready.push(i);
    }
  }
  NodeOrder order;
  order.repeated = findRepeated(nodes);
  while (!ready.empty()) {
    int i = ready.top();
    ready.pop();
    order.nodes.push_back(&nodes[i]);
    for (int next : consumers[i]) {
      if (--waiting[next] == 0) {
        ready.push(next);
      }
    }
  }
  for (int i = 0; i < nodes.size(); ++i) {
    if (d.needed[i] && waiting[i] > 0) {
      order.cyclic.push_back(&nodes[i]);
    }
  }
  return order;
}
} // namespace dlc::onnx_import

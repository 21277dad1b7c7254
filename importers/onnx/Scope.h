//===- Scope.h - what names mean while a graph is imported --------------------------===//
#ifndef DLC_IMPORTERS_ONNX_SCOPE_H
#define DLC_IMPORTERS_ONNX_SCOPE_H
#include "importers/onnx/OnnxProto.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/StringMap.h"

namespace dlc::onnx_import {
/// What a graph's nodes share: the opsets that their domains mean, and, in a function's body, the call's attributes.
struct Frame {
  llvm::StringMap<int64_t> opsets;
  llvm::StringMap<const onnx::AttributeProto *> attributes;
  /// Calls of functions around this one.
  unsigned depth = 0;

  /// 1 for domains that the model does not name; 0 for ONNX's own then.
  int64_t opsetOf(llvm::StringRef domain) const {
    auto it = opsets.find(domain);
    return it != opsets.end() ? it->second : domain.empty() ? 0 : 1;
  }
};

/// What one name stands for.
struct Binding {
  mlir::Value value;
  /// A constant of the file that nobody has used yet.
  const onnx::TensorProto *tensor = nullptr;
  const onnx::SparseTensorProto *sparse = nullptr;
  /// Its node could not be imported: what uses it is left out without further complaint.
  bool poisoned = false;
  /// An operand that a call of a function left out.
  bool isAbsent() const { return !value && !tensor && !sparse && !poisoned; }
};

/// The names of a graph; a subgraph also sees those around it.
class Scope {
public:
  explicit Scope(const Frame &frame, Scope *parent = nullptr)
      : frame(frame), parent(parent), depth(parent ? parent->depth + 1 : 0) {}
  /// False when the name has a meaning in this very graph already.
  bool define(llvm::StringRef name, Binding binding) { return names.try_emplace(name, binding).second; }
  bool defines(llvm::StringRef name) const { return names.contains(name); }
  /// Null when the name means nothing here.
  Binding *find(llvm::StringRef name) {
    for (Scope *s = this; s; s = s->parent) {
      auto it = s->names.find(name);
      if (it != s->names.end()) {
        return &it->second;
      }
    }
    return nullptr;
  }
  /// Takes over the names of a scope inside of this one.
  void absorb(const Scope &inner) {
    for (const auto &entry : inner.names) {
      define(entry.getKey(), entry.getValue());
    }
  }
  const Frame &frame;
  Scope *const parent;
  const unsigned depth;

private:
  llvm::StringMap<Binding> names;
};
} // namespace dlc::onnx_import
#endif

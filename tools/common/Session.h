/// \file The engine with values and errors of the tools: loading, binding, running.
#ifndef DLC_TOOLS_COMMON_SESSION_H
#define DLC_TOOLS_COMMON_SESSION_H

#include "dlc/runtime.h"
#include "tools/common/HostTensor.h"
#include "tools/common/ValueFile.h"
#include <memory>
#include <optional>

namespace dlc {

/// The engine's last message as an error.
llvm::Error engineError();

struct ModelRelease {
  void operator()(dlc_model *model) const { dlc_model_release(model); }
};
struct ContextDestroy {
  void operator()(dlc_context *context) const { dlc_context_destroy(context); }
};
struct ValueDestroy {
  void operator()(dlc_value *value) const { dlc_value_destroy(value); }
};
using ModelHandle = std::unique_ptr<dlc_model, ModelRelease>;
using ContextHandle = std::unique_ptr<dlc_context, ContextDestroy>;
using ValueHandle = std::unique_ptr<dlc_value, ValueDestroy>;

llvm::Expected<ModelHandle> loadModel(llvm::StringRef path, const dlc_model_options *options = nullptr);
llvm::Expected<ModelHandle> loadModelFromMemory(llvm::StringRef bytes, const dlc_model_options *options = nullptr);

/// An input or output that the caller gives or takes; `index` is the engine's.
struct Port {
  PortType type;
  size_t index = 0;
  bool isOptional = false;
  bool isState = false; ///< the context keeps it from run to run
  std::string doc;
  std::vector<int64_t> minimum, maximum; ///< per dim; maximum -1: unbounded
};

/// An entry's ports in graph order, without those that feed back into the context: of all specialisations together, or
/// of one.
std::vector<Port> inputPorts(const dlc_model *model, size_t entry, std::optional<size_t> specialisation = std::nullopt);
std::vector<Port> outputPorts(const dlc_model *model, size_t entry,
                              std::optional<size_t> specialisation = std::nullopt);
/// The inputs that are state, and, in the same order, the outputs that become it.
std::vector<Port> statePorts(const dlc_model *model, size_t entry);
std::vector<Port> stateOutputPorts(const dlc_model *model, size_t entry);

llvm::Expected<ValueHandle> toEngine(const HostValue &value);
llvm::Expected<HostValue> fromEngine(const dlc_value *value);

/// A context and what is bound to it.
class Session {
public:
  static llvm::Expected<Session> create(const dlc_model *model, size_t entry, const dlc_context_options &options);

  /// Binds an input; tensors are read in place, so `value` must outlive the runs.
  llvm::Error bind(const Port &port, const HostValue &value);
  /// Binds one value per port; an input that isn't optional must have one.
  llvm::Error bind(const std::vector<Port> &ports, const std::vector<std::optional<HostValue>> &values);
  /// Sets the states that ports of statePorts name; those without a value stay as they are.
  llvm::Error setStates(const std::vector<Port> &ports, const std::vector<std::optional<HostValue>> &values);
  llvm::Error run();
  /// The last run's value of an output.
  llvm::Expected<HostValue> output(const Port &port) const;
  /// The state that a port of statePorts names, as it is now.
  llvm::Expected<HostValue> state(const Port &port) const;
  dlc_context *context() const { return handle.get(); }
  size_t entry() const { return entryIndex; }

private:
  ContextHandle handle;
  size_t entryIndex = 0;
  std::vector<ValueHandle> bound;
};

} // namespace dlc

#endif // DLC_TOOLS_COMMON_SESSION_H

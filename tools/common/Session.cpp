#include "tools/common/Session.h"
#include "tools/common/ElementType.h"
#include <cstring>

namespace dlc {
namespace {

Port makePort(const dlc_port &source, size_t index) {
  Port port;
  port.index = index;
  port.isOptional = source.flags & DLC_PORT_OPTIONAL;
  port.isState = source.flags & DLC_PORT_FEEDBACK;
  port.doc = source.doc;
  port.type.name = source.name;
  port.type.kind = static_cast<dlc_kind>(source.kind);
  port.type.dtype = static_cast<dlc_dtype>(source.dtype);
  port.type.type = source.type;
  for (uint32_t i = 0; i < source.rank; ++i) {
    port.type.dims.push_back(source.dims[i].size);
    port.type.symbols.emplace_back(source.dims[i].symbol ? source.dims[i].symbol : "");
    port.minimum.push_back(source.dims[i].min);
    port.maximum.push_back(source.dims[i].max);
  }
  return port;
}

/// `get(index, port)` describes a port.
template <typename Get> std::vector<Port> listPorts(size_t count, bool isState, Get get) {
  std::vector<Port> ports;
  for (size_t i = 0; i < count; ++i) {
    dlc_port port{};
    port.struct_size = sizeof(port);
    if (get(i, &port) == DLC_OK && bool(port.flags & DLC_PORT_FEEDBACK) == isState) {
      ports.push_back(makePort(port, i));
    }
  }
  return ports;
}

llvm::Error inPort(const Port &port, llvm::StringRef what, llvm::Error error) {
  return error ? makeError("{0} '{1}': {2}", what, port.type.name, llvm::toString(std::move(error)))
               : llvm::Error::success();
}

llvm::Error fillTensor(dlc_value *target, const HostTensor &tensor) {
  void *data = nullptr;
  if (dlc_value_set_tensor(target, tensor.dtype, tensor.dims.size(), tensor.dims.data(), &data)) {
    return engineError();
  }
  if (!tensor.bytes.empty()) {
    std::memcpy(data, tensor.bytes.data(), tensor.bytes.size());
  }
  return llvm::Error::success();
}

llvm::Error fillStrings(dlc_value *target, const HostTensor &tensor) {
  std::vector<dlc_string> strings;
  for (const std::string &text : tensor.strings) {
    strings.push_back({text.data(), text.size()});
  }
  return dlc_value_set_strings(target, tensor.dims.size(), tensor.dims.data(), strings.data()) ? engineError()
                                                                                               : llvm::Error::success();
}

/// The element type of what a container holds; DLC_UNDEFINED when it is empty.
dlc_dtype innerType(const HostValue &value) {
  if (value.kind == DLC_KIND_TENSOR || value.kind == DLC_KIND_STRINGS) {
    return value.tensor.dtype;
  }
  return value.elements.empty() ? DLC_UNDEFINED : innerType(value.elements.back());
}

HostTensor tensorFromEngine(const dlc_value *value) {
  HostTensor tensor;
  tensor.dtype = static_cast<dlc_dtype>(dlc_value_dtype(value));
  const int64_t *dims = dlc_value_dims(value);
  tensor.dims.assign(dims, dims + dlc_value_rank(value));
  auto count = static_cast<size_t>(dlc_value_element_count(value));
  if (dlc_value_kind(value) == DLC_KIND_STRINGS) {
    tensor.dtype = DLC_STRING;
    const auto *strings = static_cast<const dlc_string *>(dlc_value_data(value));
    for (size_t i = 0; i < count; ++i) {
      tensor.strings.emplace_back(strings[i].data, strings[i].size);
    }
    return tensor;
  }
  const auto *data = static_cast<const uint8_t *>(dlc_value_data(value));
  tensor.bytes.assign(data, data + elementBytes(tensor.dtype, count).value_or(0));
  return tensor;
}

} // namespace

llvm::Error engineError() { return makeError("{0}", dlc_last_error()); }

llvm::Expected<ModelHandle> loadModel(llvm::StringRef path, const dlc_model_options *options) {
  dlc_model *model = nullptr;
  if (dlc_model_load_file(path.str().c_str(), options, &model)) {
    return engineError();
  }
  return ModelHandle(model);
}

llvm::Expected<ModelHandle> loadModelFromMemory(llvm::StringRef bytes, const dlc_model_options *options) {
  dlc_model *model = nullptr;
  if (dlc_model_load_memory(bytes.data(), bytes.size(), options, &model)) {
    return engineError();
  }
  return ModelHandle(model);
}

std::vector<Port> inputPorts(const dlc_model *model, size_t entry, std::optional<size_t> specialisation) {
  return listPorts(dlc_model_input_count(model, entry), /*isState=*/false, [&](size_t index, dlc_port *port) {
    return specialisation ? dlc_model_specialisation_input(model, entry, *specialisation, index, port)
                          : dlc_model_input(model, entry, index, port);
  });
}

std::vector<Port> outputPorts(const dlc_model *model, size_t entry, std::optional<size_t> specialisation) {
  return listPorts(dlc_model_output_count(model, entry), /*isState=*/false, [&](size_t index, dlc_port *port) {
    return specialisation ? dlc_model_specialisation_output(model, entry, *specialisation, index, port)
                          : dlc_model_output(model, entry, index, port);
  });
}

std::vector<Port> statePorts(const dlc_model *model, size_t entry) {
  return listPorts(dlc_model_input_count(model, entry), /*isState=*/true,
                   [&](size_t index, dlc_port *port) { return dlc_model_input(model, entry, index, port); });
}

std::vector<Port> stateOutputPorts(const dlc_model *model, size_t entry) {
  return listPorts(dlc_model_output_count(model, entry), /*isState=*/true,
                   [&](size_t index, dlc_port *port) { return dlc_model_output(model, entry, index, port); });
}

llvm::Expected<ValueHandle> toEngine(const HostValue &value) {
  dlc_value *raw = nullptr;
  if (dlc_value_create(value.kind, innerType(value), &raw)) {
    return engineError();
  }
  ValueHandle handle(raw);
  if (value.kind == DLC_KIND_TENSOR || value.kind == DLC_KIND_STRINGS) {
    llvm::Error error = value.kind == DLC_KIND_TENSOR ? fillTensor(raw, value.tensor) : fillStrings(raw, value.tensor);
    return error ? llvm::Expected<ValueHandle>(std::move(error)) : std::move(handle);
  }
  for (const HostValue &element : value.elements) {
    auto item = toEngine(element);
    if (!item) {
      return item.takeError();
    }
    if (dlc_value_insert(raw, dlc_value_item_count(raw), item->get())) {
      return engineError();
    }
  }
  return handle;
}

llvm::Expected<HostValue> fromEngine(const dlc_value *value) {
  auto kind = static_cast<dlc_kind>(dlc_value_kind(value));
  if (kind == DLC_KIND_TENSOR || kind == DLC_KIND_STRINGS) {
    return HostValue(tensorFromEngine(value));
  }
  HostValue result;
  result.kind = kind;
  for (size_t i = 0, count = dlc_value_item_count(value); i < count; ++i) {
    auto element = fromEngine(dlc_value_item(value, i));
    if (!element) {
      return element.takeError();
    }
    result.elements.push_back(std::move(*element));
  }
  return result;
}

llvm::Expected<Session> Session::create(const dlc_model *model, size_t entry, const dlc_context_options &options) {
  dlc_context *context = nullptr;
  if (dlc_context_create(model, &options, &context)) {
    return engineError();
  }
  Session session;
  session.handle.reset(context);
  session.entryIndex = entry;
  return session;
}

llvm::Error Session::bind(const Port &port, const HostValue &value) {
  if (value.kind == DLC_KIND_TENSOR && port.type.kind == DLC_KIND_TENSOR) {
    if (value.tensor.dims.size() > DLC_MAX_RANK) {
      return makeError("input '{0}': expected a rank of at most {1}, got {2}", port.type.name, DLC_MAX_RANK,
                       value.tensor.dims.size());
    }
    dlc_tensor tensor = DLC_TENSOR_INIT;
    tensor.dtype = value.tensor.dtype;
    tensor.rank = value.tensor.dims.size();
    std::copy(value.tensor.dims.begin(), value.tensor.dims.end(), tensor.dims);
    alignas(DLC_ABI_ALIGNMENT) static uint8_t nothing[DLC_ABI_ALIGNMENT];
    tensor.data = value.tensor.bytes.empty() ? nothing : const_cast<uint8_t *>(value.tensor.bytes.data());
    tensor.byte_size = value.tensor.bytes.size();
    return dlc_context_set_input(context(), entryIndex, port.index, &tensor) ? engineError() : llvm::Error::success();
  }
  auto converted = toEngine(value);
  if (!converted) {
    return inPort(port, "input", converted.takeError());
  }
  bound.push_back(std::move(*converted));
  return dlc_context_set_input_value(context(), entryIndex, port.index, bound.back().get()) ? engineError()
                                                                                            : llvm::Error::success();
}

llvm::Error Session::bind(const std::vector<Port> &ports, const std::vector<std::optional<HostValue>> &values) {
  for (auto [port, value] : llvm::zip_equal(ports, values)) {
    if (!value && !port.isOptional) {
      return makeError("input '{0}': expected a value, got none", port.type.name);
    }
    if (llvm::Error error = value ? bind(port, *value) : llvm::Error::success()) {
      return error;
    }
  }
  return llvm::Error::success();
}

llvm::Error Session::setStates(const std::vector<Port> &ports, const std::vector<std::optional<HostValue>> &values) {
  for (auto [port, value] : llvm::zip_equal(ports, values)) {
    if (!value) {
      continue;
    }
    dlc_tensor tensor = DLC_TENSOR_INIT;
    tensor.dtype = value->tensor.dtype;
    tensor.data = const_cast<uint8_t *>(value->tensor.bytes.data());
    tensor.byte_size = value->tensor.bytes.size();
    if (dlc_context_set_variable(context(), port.type.name.c_str(), &tensor)) {
      return engineError();
    }
  }
  return llvm::Error::success();
}

llvm::Error Session::run() { return dlc_context_run(context(), entryIndex) ? engineError() : llvm::Error::success(); }

llvm::Expected<HostValue> Session::output(const Port &port) const {
  const dlc_value *value = nullptr;
  if (dlc_context_get_output_value(context(), entryIndex, port.index, &value)) {
    return engineError();
  }
  auto result = fromEngine(value);
  if (!result) {
    return inPort(port, "output", result.takeError());
  }
  result->name = port.type.name;
  result->tensor.name = port.type.name;
  return result;
}

llvm::Expected<HostValue> Session::state(const Port &port) const {
  dlc_tensor view = DLC_TENSOR_INIT;
  if (dlc_context_get_variable(context(), port.type.name.c_str(), &view)) {
    return engineError();
  }
  HostTensor tensor;
  tensor.name = port.type.name;
  tensor.dtype = port.type.dtype;
  tensor.dims = port.type.dims; // a state's sizes are numbers
  const auto *data = static_cast<const uint8_t *>(view.data);
  tensor.bytes.assign(data, data + view.byte_size);
  HostValue value(std::move(tensor));
  value.name = port.type.name;
  return value;
}

} // namespace dlc

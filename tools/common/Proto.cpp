#include "tools/common/Proto.h"
#include "onnx/onnx-data_pb.h"
#include "onnx/onnx_pb.h"
#include "tools/common/FileIO.h"
#include <limits>

namespace dlc {
namespace {

llvm::Expected<HostValue> fromSequence(const onnx::SequenceProto &proto);
llvm::Expected<HostValue> fromOptional(const onnx::OptionalProto &proto);

/// Keys (a 1-D tensor) and values (a sequence).
llvm::Expected<HostValue> fromMap(const onnx::MapProto &proto) {
  HostValue map;
  map.kind = DLC_KIND_MAP;
  map.name = proto.name();
  HostTensor keys;
  bool isString = proto.key_type() == DLC_STRING;
  keys.dtype = isString ? DLC_STRING : DLC_I64;
  keys.dims = {isString ? proto.string_keys_size() : proto.keys_size()};
  if (isString) {
    keys.strings.assign(proto.string_keys().begin(), proto.string_keys().end());
  } else {
    keys.bytes.resize(keys.dims[0] * sizeof(int64_t));
    std::copy(proto.keys().begin(), proto.keys().end(), keys.as<int64_t>());
  }
  auto values = fromSequence(proto.values());
  if (!values) {
    return values.takeError();
  }
  if (static_cast<int64_t>(values->elements.size()) != keys.dims[0]) {
    return makeError("map '{0}': expected as many values as keys, got {1} and {2}", map.name, values->elements.size(),
                     keys.dims[0]);
  }
  map.elements.push_back(std::move(keys));
  map.elements.push_back(std::move(*values));
  return map;
}

llvm::Expected<HostValue> wrapTensor(const onnx::TensorProto &proto) {
  auto tensor = tensorFromProto(proto);
  return tensor ? llvm::Expected<HostValue>(std::move(*tensor)) : tensor.takeError();
}

/// Appends one converted message per element.
template <typename Repeated, typename Convert>
llvm::Error appendAll(HostValue &value, const Repeated &protos, Convert convert) {
  for (const auto &proto : protos) {
    llvm::Expected<HostValue> element = convert(proto);
    if (!element) {
      return element.takeError();
    }
    value.elements.push_back(std::move(*element));
  }
  return llvm::Error::success();
}

llvm::Expected<HostValue> fromSequence(const onnx::SequenceProto &proto) {
  HostValue sequence;
  sequence.kind = DLC_KIND_SEQUENCE;
  sequence.name = proto.name();
  llvm::Error error = llvm::Error::success();
  switch (proto.elem_type()) {
  case onnx::SequenceProto::TENSOR:
    error = appendAll(sequence, proto.tensor_values(), wrapTensor);
    break;
  case onnx::SequenceProto::SEQUENCE:
    error = appendAll(sequence, proto.sequence_values(), fromSequence);
    break;
  case onnx::SequenceProto::MAP:
    error = appendAll(sequence, proto.map_values(), fromMap);
    break;
  case onnx::SequenceProto::OPTIONAL:
    error = appendAll(sequence, proto.optional_values(), fromOptional);
    break;
  case onnx::SequenceProto::UNDEFINED:
    break;
  default:
    return makeError("sequence '{0}': expected elements of tensors, sequences, maps or optionals, got type {1}",
                     sequence.name, proto.elem_type());
  }
  if (error) {
    return error;
  }
  return sequence;
}

llvm::Expected<HostValue> fromOptional(const onnx::OptionalProto &proto) {
  HostValue optional;
  optional.kind = DLC_KIND_OPTIONAL;
  optional.name = proto.name();
  auto take = [&](llvm::Expected<HostValue> element) -> llvm::Expected<HostValue> {
    if (!element) {
      return element.takeError();
    }
    optional.elements.push_back(std::move(*element));
    return optional;
  };
  if (proto.has_tensor_value()) {
    return take(wrapTensor(proto.tensor_value()));
  }
  if (proto.has_sequence_value()) {
    return take(fromSequence(proto.sequence_value()));
  }
  if (proto.has_map_value()) {
    return take(fromMap(proto.map_value()));
  }
  if (proto.has_optional_value()) {
    return take(fromOptional(proto.optional_value()));
  }
  return optional;
}

template <typename Message, typename Convert>
llvm::Expected<HostValue> parseAs(llvm::StringRef bytes, const char *what, Convert convert) {
  Message message;
  if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return makeError("expected {0} of at most 2 GiB, got {1} bytes", what, bytes.size());
  }
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return makeError("expected {0}, got {1} bytes that are not a protobuf message of that kind", what, bytes.size());
  }
  return convert(message);
}

void toSequence(const HostValue &value, onnx::SequenceProto &proto);
void toOptional(const HostValue &value, onnx::OptionalProto &proto);

void toMap(const HostValue &value, onnx::MapProto &proto) {
  const HostTensor &keys = value.elements[0].tensor;
  proto.set_name(value.name);
  proto.set_key_type(keys.dtype);
  if (keys.dtype == DLC_STRING) {
    proto.mutable_string_keys()->Assign(keys.strings.begin(), keys.strings.end());
  }
  for (int64_t i = 0; keys.dtype != DLC_STRING && i < keys.elementCount(); ++i) {
    proto.add_keys(static_cast<int64_t>(keys.at(i)));
  }
  toSequence(value.elements[1], *proto.mutable_values());
}

void toSequence(const HostValue &value, onnx::SequenceProto &proto) {
  if (!value.name.empty()) {
    proto.set_name(value.name);
  }
  proto.set_elem_type(onnx::SequenceProto::TENSOR);
  for (const HostValue &element : value.elements) {
    if (element.kind == DLC_KIND_SEQUENCE) {
      proto.set_elem_type(onnx::SequenceProto::SEQUENCE);
      toSequence(element, *proto.add_sequence_values());
    } else if (element.kind == DLC_KIND_MAP) {
      proto.set_elem_type(onnx::SequenceProto::MAP);
      toMap(element, *proto.add_map_values());
    } else if (element.kind == DLC_KIND_OPTIONAL) {
      proto.set_elem_type(onnx::SequenceProto::OPTIONAL);
      toOptional(element, *proto.add_optional_values());
    } else {
      tensorToProto(element.tensor, *proto.add_tensor_values());
    }
  }
}

void toOptional(const HostValue &value, onnx::OptionalProto &proto) {
  if (!value.name.empty()) {
    proto.set_name(value.name);
  }
  proto.set_elem_type(onnx::OptionalProto::UNDEFINED);
  if (value.elements.empty()) {
    return;
  }
  const HostValue &element = value.elements.front();
  switch (element.kind) {
  case DLC_KIND_SEQUENCE:
    proto.set_elem_type(onnx::OptionalProto::SEQUENCE);
    return toSequence(element, *proto.mutable_sequence_value());
  case DLC_KIND_MAP:
    proto.set_elem_type(onnx::OptionalProto::MAP);
    return toMap(element, *proto.mutable_map_value());
  case DLC_KIND_OPTIONAL:
    proto.set_elem_type(onnx::OptionalProto::OPTIONAL);
    return toOptional(element, *proto.mutable_optional_value());
  case DLC_KIND_TENSOR:
  case DLC_KIND_STRINGS:
    proto.set_elem_type(onnx::OptionalProto::TENSOR);
    return tensorToProto(element.tensor, *proto.mutable_tensor_value());
  }
}

template <typename Message, typename Fill>
llvm::Error writeAs(llvm::StringRef path, const HostValue &value, Fill fill) {
  Message message;
  fill(value, message);
  std::string bytes;
  if (message.ByteSizeLong() > static_cast<size_t>(std::numeric_limits<int>::max()) ||
      !message.SerializeToString(&bytes)) {
    return makeError("{0}: a .pb holds at most 2 GiB, got {1} bytes; write npy instead", path, message.ByteSizeLong());
  }
  return writeFile(path, {bytes});
}

} // namespace

llvm::Expected<HostValue> readProto(llvm::StringRef bytes, dlc_kind kind) {
  switch (kind) {
  case DLC_KIND_SEQUENCE:
    return parseAs<onnx::SequenceProto>(bytes, "a SequenceProto", fromSequence);
  case DLC_KIND_OPTIONAL:
    return parseAs<onnx::OptionalProto>(bytes, "an OptionalProto", fromOptional);
  case DLC_KIND_MAP:
    return parseAs<onnx::MapProto>(bytes, "a MapProto", fromMap);
  case DLC_KIND_TENSOR:
  case DLC_KIND_STRINGS:
    break;
  }
  return parseAs<onnx::TensorProto>(bytes, "a TensorProto", wrapTensor);
}

llvm::Error writeProto(llvm::StringRef path, const HostValue &value) {
  switch (value.kind) {
  case DLC_KIND_SEQUENCE:
    return writeAs<onnx::SequenceProto>(path, value, toSequence);
  case DLC_KIND_OPTIONAL:
    return writeAs<onnx::OptionalProto>(path, value, toOptional);
  case DLC_KIND_MAP:
    return writeAs<onnx::MapProto>(path, value, toMap);
  case DLC_KIND_TENSOR:
  case DLC_KIND_STRINGS:
    break;
  }
  return writeAs<onnx::TensorProto>(
      path, value, [](const HostValue &from, onnx::TensorProto &to) { tensorToProto(from.tensor, to); });
}

} // namespace dlc

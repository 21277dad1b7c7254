#include "onnx/onnx_pb.h"
#include "tools/common/ElementType.h"
#include "tools/common/Proto.h"
#include <cstring>
#include <limits>

namespace dlc {
namespace {

/// How a type's elements lie in the typed fields (onnx.proto, TensorProto).
enum class Field { none, floats, doubles, int32s, int64s, uint64s, strings };

Field typedField(dlc_dtype dtype) {
  switch (dtype) {
  case DLC_F32:
  case DLC_C64:
    return Field::floats;
  case DLC_F64:
  case DLC_C128:
    return Field::doubles;
  case DLC_I64:
    return Field::int64s;
  case DLC_U32:
  case DLC_U64:
    return Field::uint64s;
  case DLC_STRING:
    return Field::strings;
  case DLC_UNDEFINED:
    return Field::none;
  default:
    return Field::int32s;
  }
}

llvm::Error sizeError(const HostTensor &tensor, llvm::StringRef field, uint64_t expected, uint64_t found) {
  return makeError("tensor '{0}' of {1}: expected {2} entries in {3}, got {4}", tensor.name, typeString(tensor),
                   expected, field, found);
}

/// Copies a repeated field whose elements have the tensor's own representation.
template <typename Repeated>
llvm::Error copyField(HostTensor &tensor, const Repeated &field, llvm::StringRef name, uint64_t entries) {
  if (static_cast<uint64_t>(field.size()) != entries) {
    return sizeError(tensor, name, entries, field.size());
  }
  tensor.bytes.resize(entries * sizeof(*field.data()));
  if (entries != 0) {
    std::memcpy(tensor.bytes.data(), field.data(), tensor.bytes.size());
  }
  return llvm::Error::success();
}

/// The range of an int32_data entry: values for integers, bit patterns (signed or not) for floats and packed types.
std::pair<int64_t, int64_t> entryRange(dlc_dtype dtype) {
  switch (dtype) {
  case DLC_BOOL:
    return {0, 1};
  case DLC_U8:
    return {0, 255};
  case DLC_I8:
    return {-128, 127};
  case DLC_U16:
    return {0, 65535};
  case DLC_I16:
    return {-32768, 32767};
  case DLC_I32:
    return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
  default:
    return elementBits(dtype) == 16 ? std::pair<int64_t, int64_t>{-32768, 65535}
                                    : std::pair<int64_t, int64_t>{-128, 255};
  }
}

/// int32_data: one entry per element; per byte for packed types.
llvm::Error narrowField(HostTensor &tensor, const google::protobuf::RepeatedField<int32_t> &field, uint64_t bytes) {
  unsigned width = isPackedElement(tensor.dtype) ? 1 : elementBits(tensor.dtype) / 8;
  if (static_cast<uint64_t>(field.size()) != bytes / width) {
    return sizeError(tensor, "int32_data", bytes / width, field.size());
  }
  auto [low, high] = entryRange(tensor.dtype);
  tensor.bytes.resize(bytes);
  for (int i = 0; i < field.size(); ++i) {
    int32_t value = field[i];
    if (value < low || value > high) {
      return makeError("tensor '{0}' of {1}: expected entries of int32_data in {2} to {3}, got {4} at {5}", tensor.name,
                       typeString(tensor), low, high, value, i);
    }
    std::memcpy(&tensor.bytes[size_t(i) * width], &value, width);
  }
  return llvm::Error::success();
}

llvm::Error fillTyped(HostTensor &tensor, const onnx::TensorProto &proto, uint64_t count, uint64_t bytes) {
  switch (typedField(tensor.dtype)) {
  case Field::floats:
    return copyField(tensor, proto.float_data(), "float_data", bytes / 4);
  case Field::doubles:
    return copyField(tensor, proto.double_data(), "double_data", bytes / 8);
  case Field::int64s:
    return copyField(tensor, proto.int64_data(), "int64_data", count);
  case Field::int32s:
    return narrowField(tensor, proto.int32_data(), bytes);
  case Field::strings:
    if (static_cast<uint64_t>(proto.string_data_size()) != count) {
      return sizeError(tensor, "string_data", count, proto.string_data_size());
    }
    tensor.strings.assign(proto.string_data().begin(), proto.string_data().end());
    return llvm::Error::success();
  case Field::uint64s:
    if (tensor.dtype == DLC_U64) {
      return copyField(tensor, proto.uint64_data(), "uint64_data", count);
    }
    if (static_cast<uint64_t>(proto.uint64_data_size()) != count) {
      return sizeError(tensor, "uint64_data", count, proto.uint64_data_size());
    }
    tensor.bytes.resize(bytes);
    for (uint64_t i = 0; i < count; ++i) {
      tensor.as<uint32_t>()[i] = static_cast<uint32_t>(proto.uint64_data(static_cast<int>(i)));
    }
    return llvm::Error::success();
  case Field::none:
    break;
  }
  return makeError("tensor '{0}': expected an element type, got none", tensor.name);
}

} // namespace

llvm::Expected<HostTensor> tensorFromProto(const onnx::TensorProto &proto) {
  HostTensor tensor;
  tensor.name = proto.name();
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    return makeError("tensor '{0}': expected its data in the file, got a reference to another file", tensor.name);
  }
  if (proto.has_segment()) {
    return makeError("tensor '{0}': expected a whole tensor, got a segment of one", tensor.name);
  }
  if (proto.data_type() <= DLC_UNDEFINED || proto.data_type() > DLC_I2) {
    return makeError("tensor '{0}': expected a known element type (1 to {1}), got {2}", tensor.name, int(DLC_I2),
                     proto.data_type());
  }
  tensor.dtype = static_cast<dlc_dtype>(proto.data_type());
  tensor.dims.assign(proto.dims().begin(), proto.dims().end());
  std::optional<uint64_t> count = countElements(tensor.dims);
  std::optional<uint64_t> bytes = !count                       ? std::nullopt
                                  : tensor.dtype == DLC_STRING ? std::optional<uint64_t>(0)
                                                               : elementBytes(tensor.dtype, *count);
  if (!bytes) {
    return makeError("tensor '{0}': expected sizes of 0 or more, got {1}", tensor.name, shapeString(tensor.dims));
  }
  if (!proto.has_raw_data()) {
    if (llvm::Error error = fillTyped(tensor, proto, *count, *bytes)) {
      return error;
    }
    return tensor;
  }
  if (tensor.dtype == DLC_STRING || proto.raw_data().size() != *bytes) {
    return makeError("tensor '{0}' of {1}: expected {2} bytes of raw_data, got {3}", tensor.name, typeString(tensor),
                     *bytes, proto.raw_data().size());
  }
  tensor.bytes.assign(proto.raw_data().begin(), proto.raw_data().end());
  return tensor;
}

void tensorToProto(const HostTensor &tensor, onnx::TensorProto &proto) {
  if (!tensor.name.empty()) {
    proto.set_name(tensor.name);
  }
  proto.set_data_type(tensor.dtype);
  proto.mutable_dims()->Assign(tensor.dims.begin(), tensor.dims.end());
  if (tensor.dtype == DLC_STRING) {
    proto.mutable_string_data()->Assign(tensor.strings.begin(), tensor.strings.end());
  } else {
    proto.set_raw_data(tensor.bytes.data(), tensor.bytes.size());
  }
}

} // namespace dlc

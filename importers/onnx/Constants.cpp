//===- Constants.cpp - tensors of a model as attributes ----------------------------===//
#include "importers/onnx/Constants.h"
#include "dialects/nn/eval/Eval.h"
#include "importers/onnx/Types.h"
#include "importers/onnx/WireFormat.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"
#include <google/protobuf/unknown_field_set.h>

namespace dlc::onnx_import {
namespace {
/// Smaller constants are written out in the IR.
constexpr size_t kInlineBytes = 1024;
/// Bytes of one constant; far above what can be mapped.
constexpr uint64_t kMaxBytes = uint64_t(1) << 46;
constexpr uint64_t kMaxDenseBytes = uint64_t(1) << 31;

std::string sizesText(llvm::ArrayRef<int64_t> sizes) {
  std::string text = "[";
  for (auto [i, s] : llvm::enumerate(sizes)) {
    text += (i ? ", " : "") + std::to_string(s);
  }
  return text + "]";
}

/// The type, with its size in bytes checked. Null, with the text in `error`, when there is none.
mlir::RankedTensorType tensorType(mlir::MLIRContext *context, int64_t dataType, llvm::ArrayRef<int64_t> sizes,
                                  std::string &error) {
  mlir::Type element = elementType(context, dataType);
  if (!element) {
    error = "expected a supported element type, got " + dataTypeName(dataType);
    return {};
  }
  uint64_t elements = 1;
  bool tooLarge = sizes.size() > 64;
  for (int64_t s : sizes) {
    tooLarge |= s < 0 || (s && __builtin_mul_overflow(elements, uint64_t(s), &elements)) || elements > kMaxBytes;
  }
  if (tooLarge) {
    error = "expected sizes of a tensor that fits in memory, got " + sizesText(sizes);
    return {};
  }
  return mlir::RankedTensorType::get(sizes, element);
}

/// Whether entries of int32_data are those of a type: values of integers, bits (as a number with or without sign) of
/// floats, and of the bytes that elements of less than a byte are packed in.
template <class Values> bool isInRange(mlir::Type element, const Values &values, std::string &error) {
  int64_t bits = std::max<int64_t>(nn::getElementBits(element), 8);
  bool isPlain = nn::isInteger(element) && nn::getElementBits(element) >= 8;
  int64_t low = isPlain && element.isUnsignedInteger() ? 0 : -(int64_t(1) << (bits - 1));
  int64_t high = (int64_t(1) << (isPlain && low < 0 ? bits - 1 : bits)) - 1;
  if (nn::isBool(element)) {
    low = 0, high = 1;
  }
  for (int i = 0; i < int(values.size()); ++i) {
    if (int64_t(values.Get(i)) < low || int64_t(values.Get(i)) > high) {
      error = "expected entries of int32_data from " + std::to_string(low) + " to " + std::to_string(high) + ", got " +
              std::to_string(values.Get(i)) + " at " + std::to_string(i);
      return false;
    }
  }
  return true;
}

/// Copies `values` to `t` as numbers of its type T, bit by bit where T is a small float.
template <class T, class Values> void copyNumbers(nn::Tensor &t, const Values &values) {
  for (int64_t i = 0; i < t.count(); ++i) {
    if constexpr (nn::isSmallFloat<T>) {
      uint32_t bits = static_cast<uint32_t>(values.Get(i));
      std::memcpy(&t.values<T>()[i], &bits, sizeof(T));
    } else {
      t.values<T>()[i] = static_cast<T>(values.Get(i));
    }
  }
}

template <class Values> bool hasCount(const Values &values, int64_t count, std::string &error) {
  if (values.size() != count) {
    error = "expected data of " + std::to_string(count) + " elements, got " + std::to_string(values.size());
    return false;
  }
  return true;
}

/// Reads the typed field that belongs to T. See TensorProto in onnx.proto for which one that is.
template <class T> bool readTyped(const onnx::TensorProto &proto, nn::Tensor &t, int64_t count, std::string &error) {
  auto read = [&](const auto &values) {
    if (!hasCount(values, count, error)) {
      return false;
    }
    t = nn::Tensor::zeros(t.element(), t.shape());
    copyNumbers<T>(t, values);
    return true;
  };
  auto readPairs = [&](const auto &values) {
    if (!hasCount(values, 2 * count, error)) {
      return false;
    }
    t = nn::Tensor::zeros(t.element(), t.shape());
    using Part = std::decay_t<decltype(values.Get(0))>;
    for (int64_t i = 0; i < 2 * count; ++i) {
      reinterpret_cast<Part *>(t.rawMutable())[i] = values.Get(i);
    }
    return true;
  };
  if constexpr (std::is_same_v<T, std::string>) {
    if (!hasCount(proto.string_data(), count, error)) {
      return false;
    }
    t = nn::Tensor::zeros(t.element(), t.shape());
    llvm::copy(proto.string_data(), t.values<std::string>().begin());
    return true;
  } else if constexpr (std::is_same_v<T, std::complex<float>>) {
    return readPairs(proto.float_data());
  } else if constexpr (std::is_same_v<T, std::complex<double>>) {
    return readPairs(proto.double_data());
  } else if constexpr (std::is_same_v<T, float>) {
    return read(proto.float_data());
  } else if constexpr (std::is_same_v<T, double>) {
    return read(proto.double_data());
  } else if constexpr (std::is_same_v<T, int64_t>) {
    return read(proto.int64_data());
  } else if constexpr (std::is_same_v<T, uint32_t> || std::is_same_v<T, uint64_t>) {
    return read(proto.uint64_data());
  } else {
    return isInRange(t.element(), proto.int32_data(), error) && read(proto.int32_data());
  }
}

/// Elements of less than a byte, of which a byte holds several, low bits first.
mlir::ElementsAttr fromPacked(mlir::RankedTensorType type, llvm::ArrayRef<char> bytes, std::string &error) {
  mlir::Type element = type.getElementType();
  uint64_t bits = nn::getElementBits(element), expected = (uint64_t(type.getNumElements()) * bits + 7) / 8;
  if (bytes.size() != expected) {
    error = "expected " + std::to_string(expected) + " bytes of data, got " + std::to_string(bytes.size());
    return {};
  }
  nn::Tensor t = nn::Tensor::zeros(element, type.getShape());
  for (uint64_t i = 0; i < uint64_t(t.count()); ++i) {
    t.rawMutable()[i] = nn::extendBits(char(uint8_t(bytes[i * bits / 8]) >> (i * bits % 8)), element);
  }
  return nn::attrFromTensor(t);
}

const onnx::StringStringEntryProto *findEntry(const onnx::TensorProto &tensor, llvm::StringRef key) {
  for (const auto &entry : tensor.external_data()) {
    if (entry.key() == key) {
      return &entry;
    }
  }
  return nullptr;
}

/// A relative path that stays below the model's folder.
bool isInside(llvm::StringRef path) {
  if (path.empty() || path.contains('\0') || path.contains('\\') || llvm::sys::path::is_absolute(path)) {
    return false;
  }
  return std::none_of(llvm::sys::path::begin(path), llvm::sys::path::end(path),
                      [](llvm::StringRef part) { return part == ".."; });
}
} // namespace

std::optional<Constants::Bytes> Constants::externalBytes(const onnx::TensorProto &tensor, std::string &error) {
  const auto *location = findEntry(tensor, "location");
  if (!location || !isInside(location->value()) || model.folder.empty()) {
    error = "expected external data at a path below the model's folder, got `" +
            (location ? location->value() : std::string()) + "`";
    return std::nullopt;
  }
  MappedFile &file = external[location->value()];
  llvm::SmallString<256> path(model.folder);
  llvm::sys::path::append(path, location->value());
  if (!file && !(file = mapFile(path, error))) {
    return std::nullopt;
  }
  uint64_t offset = 0, size = file->getBufferSize();
  if (const auto *entry = findEntry(tensor, "offset");
      entry && llvm::StringRef(entry->value()).getAsInteger(10, offset)) {
    error = "expected a number as offset of external data, got `" + entry->value() + "`";
    return std::nullopt;
  }
  uint64_t length = offset <= size ? size - offset : 0;
  if (const auto *entry = findEntry(tensor, "length");
      entry && llvm::StringRef(entry->value()).getAsInteger(10, length)) {
    error = "expected a number as length of external data, got `" + entry->value() + "`";
    return std::nullopt;
  }
  if (offset > size || length > size - offset) {
    error = "expected external data within the " + std::to_string(size) + " bytes of `" + location->value() +
            "`, got " + std::to_string(length) + " bytes at " + std::to_string(offset);
    return std::nullopt;
  }
  return Bytes{{file->getBufferStart() + offset, size_t(length)}, file};
}

std::optional<Constants::Bytes> Constants::rawBytes(const onnx::TensorProto &tensor, std::string &error) {
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
    return externalBytes(tensor, error);
  }
  const auto &unknown = onnx::TensorProto::GetReflection()->GetUnknownFields(tensor);
  for (int i = unknown.field_count(); i-- > 0;) {
    const google::protobuf::UnknownField &field = unknown.field(i);
    if (field.number() == kDetachedField && field.type() == google::protobuf::UnknownField::TYPE_VARINT &&
        field.varint() < model.detached.size()) {
      return Bytes{model.detached[field.varint()], model.file};
    }
  }
  return Bytes{{tensor.raw_data().data(), tensor.raw_data().size()}, nullptr};
}

mlir::ElementsAttr Constants::fromRaw(mlir::RankedTensorType type, const Bytes &bytes, std::string &error) {
  mlir::Type element = type.getElementType();
  if (nn::getElementBits(element) < 8) {
    return fromPacked(type, bytes.data, error);
  }
  uint64_t expected = uint64_t(type.getNumElements()) * (nn::getElementBits(element) / 8);
  if (bytes.data.size() != expected) {
    error = "expected " + std::to_string(expected) + " bytes of data, got " + std::to_string(bytes.data.size());
    return {};
  }
  size_t alignment =
      llvm::isa<mlir::ComplexType>(element) ? nn::getElementBits(element) / 16 : nn::getElementBits(element) / 8;
  bool aligned = reinterpret_cast<uintptr_t>(bytes.data.data()) % alignment == 0;
  if (bytes.owner && aligned && expected > kInlineBytes && !nn::isBool(element)) {
    auto release = [owner = bytes.owner](void *, size_t, size_t) {};
    return mlir::DenseResourceElementsAttr::get(
        type, "weight", mlir::UnmanagedAsmResourceBlob::allocateWithAlign(bytes.data, alignment, std::move(release)));
  }
  nn::Tensor t = nn::Tensor::zeros(element, type.getShape());
  if (expected) {
    std::memcpy(t.rawMutable(), bytes.data.data(), expected);
  }
  if (nn::isBool(element)) {
    for (int64_t i = 0; i < t.count(); ++i) {
      t.rawMutable()[i] = t.raw()[i] != 0;
    }
  }
  return nn::attrFromTensor(t);
}

mlir::ElementsAttr Constants::convert(const onnx::TensorProto &proto, std::string &error) {
  llvm::SmallVector<int64_t> sizes(proto.dims().begin(), proto.dims().end());
  mlir::RankedTensorType type = tensorType(context, proto.data_type(), sizes, error);
  if (!type) {
    return {};
  }
  if (proto.has_segment()) {
    error = "expected a tensor in one piece, got a segment";
    return {};
  }
  std::optional<Bytes> bytes = rawBytes(proto, error);
  if (!bytes) {
    return {};
  }
  bool isRaw = !bytes->data.empty() || proto.has_raw_data() || bytes->owner;
  if (isRaw && !nn::isString(type.getElementType())) {
    return fromRaw(type, *bytes, error);
  }
  if (unsigned bits = nn::getElementBits(type.getElementType()); bits > 0 && bits < 8) { // a byte in each entry
    if (!isInRange(type.getElementType(), proto.int32_data(), error)) {
      return {};
    }
    llvm::SmallVector<char> packed(proto.int32_data().begin(), proto.int32_data().end());
    return fromPacked(type, packed, error);
  }
  nn::Tensor t = nn::Tensor::view(type.getElementType(), sizes, nullptr);
  bool read = false;
  nn::visitElement(type.getElementType(), [&](auto tag) {
    read = readTyped<typename decltype(tag)::type>(proto, t, type.getNumElements(), error);
  });
  return read ? nn::attrFromTensor(t) : mlir::ElementsAttr();
}

mlir::ElementsAttr Constants::convert(const onnx::SparseTensorProto &proto, std::string &error) {
  llvm::SmallVector<int64_t> sizes(proto.dims().begin(), proto.dims().end());
  mlir::RankedTensorType type = tensorType(context, proto.values().data_type(), sizes, error);
  mlir::ElementsAttr values = type ? convert(proto.values(), error) : nullptr;
  mlir::ElementsAttr indices = values ? convert(proto.indices(), error) : nullptr;
  if (!indices) {
    return {};
  }
  mlir::FailureOr<nn::Tensor> from = nn::tensorFromAttr(values), at = nn::tensorFromAttr(indices);
  size_t bytes = nn::getElementBits(type.getElementType()) / 8;
  if (failed(from) || failed(at) || bytes == 0 || uint64_t(type.getNumElements()) * bytes > kMaxDenseBytes ||
      !at->element().isSignlessInteger(64)) {
    error = "expected a sparse tensor of at most 2 GiB with indices of type INT64";
    return {};
  }
  bool linear = at->rank() == 1;
  int64_t rank = linear ? 1 : static_cast<int64_t>(sizes.size());
  if (from->rank() != 1 || at->count() != from->count() * rank) {
    error = "expected one index per value of a sparse tensor";
    return {};
  }
  nn::Tensor t = nn::Tensor::zeros(type.getElementType(), sizes);
  for (int64_t i = 0; i < from->count(); ++i) {
    int64_t position = 0;
    for (int64_t d = 0; d < rank; ++d) {
      int64_t index = at->integer(i * rank + d), bound = linear ? t.count() : sizes[d];
      if (index < 0 || index >= bound) {
        error = "expected indices within a sparse tensor, got " + std::to_string(index);
        return {};
      }
      position = position * (linear ? 1 : sizes[d]) + index;
    }
    std::memcpy(t.rawMutable() + position * bytes, from->raw() + i * bytes, bytes);
  }
  return nn::attrFromTensor(t);
}
} // namespace dlc::onnx_import

#include "tools/common/Npy.h"
#include "tools/common/ElementType.h"
#include "tools/common/FileIO.h"
#include "tools/common/NpyHeader.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Endian.h"
#include <algorithm>
#include <cstring>

namespace dlc {
namespace {

constexpr llvm::StringLiteral npyMagic("\x93NUMPY");

void reverseUnits(uint8_t *data, size_t size, unsigned unit) {
  for (size_t i = 0; i + unit <= size; i += unit) {
    std::reverse(data + i, data + i + unit);
  }
}

/// Calls `visit(rowMajorIndex, columnMajorIndex)` for every element.
template <typename Visit> void forEachFortranIndex(llvm::ArrayRef<int64_t> dims, size_t count, Visit visit) {
  std::vector<int64_t> strides(dims.size(), 1), position(dims.size(), 0);
  for (size_t i = 1; i < dims.size(); ++i) {
    strides[i] = strides[i - 1] * dims[i - 1];
  }
  int64_t source = 0;
  for (size_t target = 0; target < count; ++target) {
    visit(target, static_cast<size_t>(source));
    for (size_t axis = dims.size(); axis-- > 0;) {
      source += strides[axis];
      if (++position[axis] < dims[axis]) {
        break;
      }
      source -= strides[axis] * dims[axis];
      position[axis] = 0;
    }
  }
}

/// One fixed-width string field; NumPy pads with zeros.
llvm::Expected<std::string> readString(llvm::StringRef field, const NpyElement &element) {
  if (!element.isUnicode) {
    return field.rtrim('\0').str();
  }
  std::string text;
  for (size_t i = 0; i + 4 <= field.size(); i += 4) {
    auto order = element.swapBytes ? llvm::endianness::big : llvm::endianness::little;
    char utf8[UNI_MAX_UTF8_BYTES_PER_CODE_POINT];
    char *end = utf8;
    uint32_t code = llvm::support::endian::read<uint32_t>(field.data() + i, order);
    if (!llvm::ConvertCodePointToUTF8(code, end)) {
      return makeError("expected UTF-32 strings, got the code point {0:x}", code);
    }
    text.append(utf8, end);
  }
  return llvm::StringRef(text).rtrim('\0').str();
}

llvm::Error fillStrings(HostTensor &tensor, llvm::StringRef data, const NpyElement &element, bool isFortran) {
  size_t count = tensor.strings.size();
  auto read = [&](size_t target, size_t source) -> llvm::Error {
    auto text = readString(data.substr(source * element.bytes, element.bytes), element);
    if (!text) {
      return text.takeError();
    }
    tensor.strings[target] = std::move(*text);
    return llvm::Error::success();
  };
  llvm::Error error = llvm::Error::success();
  auto visit = [&](size_t target, size_t source) {
    if (!error) {
      error = read(target, source);
    }
  };
  if (isFortran) {
    forEachFortranIndex(tensor.dims, count, visit);
  } else {
    for (size_t i = 0; i < count; ++i) {
      visit(i, i);
    }
  }
  return error;
}

void fillNumbers(HostTensor &tensor, llvm::StringRef data, const NpyElement &element, bool isFortran) {
  if (tensor.bytes.empty()) {
    return;
  }
  if (isFortran) {
    forEachFortranIndex(tensor.dims, tensor.bytes.size() / element.bytes, [&](size_t target, size_t source) {
      std::memcpy(&tensor.bytes[target * element.bytes], data.data() + source * element.bytes, element.bytes);
    });
  } else {
    std::memcpy(tensor.bytes.data(), data.data(), tensor.bytes.size());
  }
  if (element.swapBytes) {
    reverseUnits(tensor.bytes.data(), tensor.bytes.size(), element.swapBytes);
  }
}

/// Splits a file into its header and its data.
llvm::Expected<NpyHeader> splitNpy(llvm::StringRef bytes, llvm::StringRef &data) {
  if (!bytes.starts_with(npyMagic) || bytes.size() < 10) {
    return makeError("expected a .npy file, got {0} bytes that don't start with its signature", bytes.size());
  }
  unsigned version = static_cast<uint8_t>(bytes[6]);
  if (version < 1 || version > 3) {
    return makeError("expected .npy version 1, 2 or 3, got {0}", version);
  }
  size_t lengthBytes = version == 1 ? 2 : 4;
  if (bytes.size() < 8 + lengthBytes) {
    return makeError("the .npy header is cut off");
  }
  size_t length = version == 1 ? llvm::support::endian::read16le(bytes.data() + 8)
                               : llvm::support::endian::read32le(bytes.data() + 8);
  if (length > bytes.size() - 8 - lengthBytes) {
    return makeError("the .npy header is cut off: expected {0} bytes, got {1}", length, bytes.size() - 8 - lengthBytes);
  }
  data = bytes.drop_front(8 + lengthBytes + length);
  return parseNpyHeader(bytes.substr(8 + lengthBytes, length));
}

} // namespace

llvm::Expected<HostTensor> readNpy(llvm::StringRef bytes) {
  llvm::StringRef data;
  auto header = splitNpy(bytes, data);
  if (!header) {
    return header.takeError();
  }
  auto element = parseNpyDescr(header->descr);
  if (!element) {
    return element.takeError();
  }
  std::optional<uint64_t> count = countElements(header->dims);
  // Zero-width strings take no bytes in the file, but each takes memory here.
  uint64_t available = element->bytes ? data.size() / element->bytes : data.size();
  if (!count || *count > available) {
    return makeError(
        "the .npy data is cut off: the shape {0} of {1} needs more than the {2} bytes that follow the header",
        shapeString(header->dims), header->descr, data.size());
  }
  auto tensor = HostTensor::create(element->dtype, header->dims);
  if (!tensor) {
    return tensor.takeError();
  }
  if (element->dtype != DLC_STRING) {
    fillNumbers(*tensor, data, *element, header->isFortranOrder);
  } else if (llvm::Error error = fillStrings(*tensor, data, *element, header->isFortranOrder)) {
    return error;
  }
  return tensor;
}

} // namespace dlc

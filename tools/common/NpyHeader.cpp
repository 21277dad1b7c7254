#include "tools/common/NpyHeader.h"
#include "tools/common/ElementType.h"

namespace dlc {
namespace {

/// Reads the few forms of Python literals that NumPy writes into headers.
class LiteralReader {
public:
  explicit LiteralReader(llvm::StringRef text) : rest(text) {}

  bool consume(llvm::StringRef token) {
    rest = rest.ltrim(" \t\r\n");
    return rest.consume_front(token);
  }

  bool atEnd() {
    rest = rest.ltrim(llvm::StringRef(" \t\r\n\0", 5));
    return rest.empty();
  }

  std::optional<llvm::StringRef> readString() {
    rest = rest.ltrim(" \t\r\n");
    if (rest.empty() || (rest.front() != '\'' && rest.front() != '"')) {
      return std::nullopt;
    }
    size_t end = rest.find(rest.front(), 1);
    if (end == llvm::StringRef::npos) {
      return std::nullopt;
    }
    llvm::StringRef text = rest.substr(1, end - 1);
    rest = rest.drop_front(end + 1);
    return text;
  }

  bool readBool(bool &value) {
    value = consume("True");
    return value || consume("False");
  }

  /// "(2, 3)", "(2,)", "()"; numbers may carry Python 2's "L".
  bool readTuple(std::vector<int64_t> &values) {
    if (!consume("(")) {
      return false;
    }
    while (!consume(")")) {
      int64_t value = 0;
      rest = rest.ltrim(" \t\r\n");
      if (rest.consumeInteger(10, value) || value < 0) {
        return false;
      }
      rest.consume_front("L");
      values.push_back(value);
      if (!consume(",")) {
        return consume(")");
      }
    }
    return true;
  }

private:
  llvm::StringRef rest;
};

llvm::Error headerError(llvm::StringRef text) {
  return makeError("expected a .npy header with descr, fortran_order and shape, got '{0}'",
                   text.take_front(120).trim());
}

dlc_dtype numberType(char kind, uint64_t bytes) {
  switch (kind) {
  case 'b':
    return bytes == 1 ? DLC_BOOL : DLC_UNDEFINED;
  case 'i':
    return bytes == 1 ? DLC_I8 : bytes == 2 ? DLC_I16 : bytes == 4 ? DLC_I32 : bytes == 8 ? DLC_I64 : DLC_UNDEFINED;
  case 'u':
    return bytes == 1 ? DLC_U8 : bytes == 2 ? DLC_U16 : bytes == 4 ? DLC_U32 : bytes == 8 ? DLC_U64 : DLC_UNDEFINED;
  case 'f':
    return bytes == 2 ? DLC_F16 : bytes == 4 ? DLC_F32 : bytes == 8 ? DLC_F64 : DLC_UNDEFINED;
  case 'c':
    return bytes == 8 ? DLC_C64 : bytes == 16 ? DLC_C128 : DLC_UNDEFINED;
  default:
    return DLC_UNDEFINED;
  }
}

} // namespace

llvm::Expected<NpyHeader> parseNpyHeader(llvm::StringRef text) {
  LiteralReader reader(text);
  NpyHeader header;
  bool hasDescr = false, hasOrder = false, hasShape = false;
  if (!reader.consume("{")) {
    return headerError(text);
  }
  while (!reader.consume("}")) {
    auto key = reader.readString();
    if (!key || !reader.consume(":")) {
      return headerError(text);
    }
    if (*key == "descr") {
      auto descr = reader.readString();
      if (!descr) {
        return makeError("expected an array of numbers or strings, got records or objects: {0}",
                         text.take_front(120).trim());
      }
      header.descr = descr->str();
      hasDescr = true;
    } else if (*key == "fortran_order" && reader.readBool(header.isFortranOrder)) {
      hasOrder = true;
    } else if (*key == "shape" && !hasShape && reader.readTuple(header.dims)) {
      hasShape = true;
    } else {
      return headerError(text);
    }
    if (!reader.consume(",")) {
      if (!reader.consume("}")) {
        return headerError(text);
      }
      break;
    }
  }
  if (!hasDescr || !hasOrder || !hasShape || !reader.atEnd()) {
    return headerError(text);
  }
  return header;
}

std::string formatNpyHeader(const NpyHeader &header) {
  std::string shape;
  for (int64_t dim : header.dims) {
    shape += std::to_string(dim) + ", ";
  }
  if (header.dims.size() > 1) {
    shape.resize(shape.size() - 2);
  } else if (header.dims.size() == 1) {
    shape.pop_back();
  }
  return llvm::formatv("{{'descr': '{0}', 'fortran_order': {1}, 'shape': ({2}), }", header.descr,
                       header.isFortranOrder ? "True" : "False", shape)
      .str();
}

llvm::Expected<NpyElement> parseNpyDescr(llvm::StringRef descr) {
  auto unsupported = [&]() {
    return makeError("expected a .npy of bool, integers, floats, complex numbers or strings, got descr '{0}'", descr);
  };
  llvm::StringRef rest = descr;
  bool isBigEndian = rest.starts_with(">");
  if (rest.empty() || !llvm::StringRef("<>|=").contains(rest.front())) {
    return unsupported();
  }
  rest = rest.drop_front();
  uint64_t size = 0;
  if (rest.empty() || rest.drop_front().getAsInteger(10, size) || size > (1u << 28)) {
    return unsupported();
  }
  char kind = rest.front();
  NpyElement element;
  if (kind == 'U' || kind == 'S') {
    element.dtype = DLC_STRING;
    element.isUnicode = kind == 'U';
    element.bytes = element.isUnicode ? 4 * size : size;
    element.swapBytes = element.isUnicode && isBigEndian ? 4 : 0;
    return element;
  }
  element.dtype = numberType(kind, size);
  element.bytes = size;
  if (element.dtype == DLC_UNDEFINED) {
    return unsupported();
  }
  element.swapBytes = isBigEndian && size > 1 ? static_cast<unsigned>(kind == 'c' ? size / 2 : size) : 0;
  return element;
}

} // namespace dlc

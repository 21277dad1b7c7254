#include "tools/common/HostTensor.h"
#include "tools/common/ElementType.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include <unistd.h>

namespace dlc {
namespace {

uint64_t machineBytes() {
  long pages = ::sysconf(_SC_PHYS_PAGES), size = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? uint64_t(pages) * uint64_t(size) : uint64_t(1) << 36;
}

} // namespace

std::optional<uint64_t> countElements(llvm::ArrayRef<int64_t> dims) {
  uint64_t count = 1;
  bool isEmpty = llvm::is_contained(dims, 0);
  for (int64_t dim : dims) {
    if (dim < 0) {
      return std::nullopt;
    }
    bool overflows = false;
    count = llvm::SaturatingMultiply(count, isEmpty ? std::min<uint64_t>(dim, 1) : uint64_t(dim), &overflows);
    if (overflows || count > uint64_t(1) << 60) {
      return std::nullopt;
    }
  }
  return count;
}

int64_t HostTensor::elementCount() const { return static_cast<int64_t>(countElements(dims).value_or(0)); }

double HostTensor::at(size_t index) const { return loadElement(dtype, bytes.data(), index); }

void HostTensor::set(size_t index, double value) { storeElement(dtype, bytes.data(), index, value); }

llvm::Expected<HostTensor> HostTensor::create(dlc_dtype dtype, llvm::ArrayRef<int64_t> dims) {
  HostTensor tensor;
  tensor.dtype = dtype;
  tensor.dims.assign(dims.begin(), dims.end());
  std::optional<uint64_t> count = countElements(dims);
  if (!count) {
    return makeError("expected sizes of 0 or more whose product fits in memory, got the shape {0}", shapeString(dims));
  }
  bool isString = dtype == DLC_STRING;
  std::optional<uint64_t> bytes = isString ? *count * sizeof(std::string) : elementBytes(dtype, *count);
  if (!bytes || *bytes > machineBytes()) {
    return makeError("a tensor of {0} {1} doesn't fit in this machine's memory of {2} bytes", elementName(dtype),
                     shapeString(dims), machineBytes());
  }
  if (isString) {
    tensor.strings.resize(*count);
  } else {
    tensor.bytes.resize(*bytes);
  }
  return tensor;
}

std::string shapeString(llvm::ArrayRef<int64_t> dims) {
  if (dims.empty()) {
    return "scalar";
  }
  std::string text;
  for (int64_t dim : dims) {
    text += (text.empty() ? "" : "x") + std::to_string(dim);
  }
  return text;
}

llvm::Expected<std::vector<int64_t>> parseShape(llvm::StringRef text) {
  std::vector<int64_t> dims;
  if (text.empty() || text == "scalar") {
    return dims;
  }
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, text.contains(',') ? ',' : 'x');
  for (llvm::StringRef part : parts) {
    int64_t dim = 0;
    if (part.getAsInteger(10, dim) || dim < 0) {
      return makeError("expected a shape such as 1x3x224x224, got '{0}'", text);
    }
    dims.push_back(dim);
  }
  if (dims.empty() || !countElements(dims)) {
    return makeError("expected a shape such as 1x3x224x224, got '{0}'", text);
  }
  return dims;
}

std::string typeString(const HostTensor &tensor) {
  return (elementName(tensor.dtype) + " " + shapeString(tensor.dims)).str();
}

std::string typeString(const HostValue &value) {
  switch (value.kind) {
  case DLC_KIND_TENSOR:
  case DLC_KIND_STRINGS:
    return typeString(value.tensor);
  case DLC_KIND_SEQUENCE:
    return "sequence of " + std::to_string(value.elements.size());
  case DLC_KIND_OPTIONAL:
    return value.elements.empty() ? "an absent optional" : "an optional of " + typeString(value.elements.front());
  case DLC_KIND_MAP:
    return "a map";
  }
  return "a value of an unknown kind";
}

llvm::Expected<HostTensor> convertElements(const HostTensor &tensor, dlc_dtype dtype) {
  if (tensor.dtype == dtype) {
    return tensor;
  }
  if (tensor.dtype == DLC_STRING || dtype == DLC_STRING) {
    return makeError("expected {0}, got {1}: strings and numbers are not converted into each other", elementName(dtype),
                     elementName(tensor.dtype));
  }
  auto result = HostTensor::create(dtype, tensor.dims);
  if (!result) {
    return result.takeError();
  }
  result->name = tensor.name;
  for (size_t i = 0, count = tensor.elementCount(); i < count; ++i) {
    result->set(i, tensor.at(i));
  }
  return result;
}

} // namespace dlc

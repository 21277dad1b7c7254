#include "tools/common/ValueFile.h"
#include "tools/common/ElementType.h"
#include "tools/common/FileIO.h"
#include "tools/common/Npy.h"
#include "tools/common/Proto.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace dlc {
namespace {

/// True for types that .npy has no name for, so that another type has to carry them.
bool needsCarrier(dlc_dtype dtype) { return npyElementType(dtype) != dtype; }

llvm::Expected<HostValue> adaptType(HostTensor tensor, const PortType &port) {
  if (port.kind != DLC_KIND_TENSOR && port.kind != DLC_KIND_STRINGS) {
    return makeError("input '{0}': expected {1}, got a tensor; a .pb file holds such values", port.name,
                     port.toString());
  }
  tensor.name = port.name;
  if (port.dtype == DLC_UNDEFINED || tensor.dtype == port.dtype) {
    return HostValue(std::move(tensor));
  }
  if (needsCarrier(port.dtype) && tensor.dtype != DLC_STRING) {
    auto converted = convertElements(tensor, port.dtype);
    for (size_t i = 0; converted && isIntegerElement(port.dtype) && i < size_t(tensor.elementCount()); ++i) {
      if (converted->at(i) != tensor.at(i)) {
        return makeError("input '{0}': expected numbers that {1} holds, got {2} at {3}", port.name,
                         elementName(port.dtype), tensor.at(i), i);
      }
    }
    return converted ? llvm::Expected<HostValue>(std::move(*converted)) : converted.takeError();
  }
  return makeError("input '{0}': expected {1}, got {2}; store the array as {3}", port.name, port.toString(),
                   typeString(tensor), elementName(port.dtype));
}

/// Fills what the user left open from the port's static sizes.
ImageOptions completeOptions(ImageOptions options, const PortType &port) {
  llvm::ArrayRef<int64_t> dims = port.dims;
  dims = dims.size() == 4 ? dims.drop_front() : dims;
  auto isChannels = [](int64_t dim) { return dim == 1 || dim == 3; };
  if (dims.size() == 3 && !options.layout) {
    bool isChannelsLast = isChannels(dims[2]) && !isChannels(dims[0]);
    options.layout = isChannelsLast ? ImageLayout::nhwc : ImageLayout::nchw;
  }
  bool isPlanar = options.layout.value_or(ImageLayout::nchw) == ImageLayout::nchw;
  int64_t channels = dims.size() == 3 ? dims[isPlanar ? 0 : 2] : dims.size() == 2 ? 1 : 3;
  if (!options.channels && channels == 1) {
    options.channels = ImageChannels::gray;
  }
  if (!options.size && dims.size() >= 2) {
    int64_t height = dims[dims.size() == 3 && isPlanar ? 1 : 0];
    int64_t width = dims[dims.size() == 3 && isPlanar ? 2 : 1];
    if (height > 0 && width > 0) {
      options.size = {width, height};
    }
  }
  return options;
}

llvm::Expected<HostValue> readImageFor(llvm::StringRef bytes, const PortType &port, const ImageOptions &options) {
  size_t rank = port.dims.size();
  if (port.kind != DLC_KIND_TENSOR || rank < 2 || rank > 4 || port.dtype == DLC_STRING) {
    return makeError("input '{0}': expected {1}, got an image, which fills tensors of rank 2 to 4", port.name,
                     port.toString());
  }
  auto image = decodeImage(bytes);
  if (!image) {
    return image.takeError();
  }
  auto tensor = imageToTensor(*image, completeOptions(options, port), port.dtype);
  if (!tensor) {
    return tensor.takeError();
  }
  while (tensor->dims.size() > rank && tensor->dims.front() == 1) {
    tensor->dims.erase(tensor->dims.begin());
  }
  if (tensor->dims.size() > rank && tensor->dims.back() == 1) {
    tensor->dims.pop_back();
  }
  return adaptType(std::move(*tensor), port);
}

/// The member called `member`, or the port, or the only one.
llvm::Expected<HostValue> readNpzFor(llvm::StringRef bytes, llvm::StringRef member, const PortType &port) {
  auto tensors = readNpz(bytes);
  if (!tensors) {
    return tensors.takeError();
  }
  std::string names;
  llvm::StringRef wanted = member.empty() ? llvm::StringRef(port.name) : member;
  for (HostTensor &tensor : *tensors) {
    names += (names.empty() ? "" : ", ") + tensor.name;
    if (tensor.name == wanted || (member.empty() && tensors->size() == 1)) {
      return adaptType(std::move(tensor), port);
    }
  }
  return makeError("expected a member '{0}' in the archive, got: {1}", wanted, names.empty() ? "none" : names);
}

/// Splits "archive.npz:member", unless the whole text is a file.
std::pair<llvm::StringRef, llvm::StringRef> splitMember(llvm::StringRef file) {
  size_t position = file.rfind(".npz:");
  if (position == llvm::StringRef::npos || llvm::sys::fs::exists(file)) {
    return {file, ""};
  }
  return {file.take_front(position + 4), file.drop_front(position + 5)};
}

llvm::Expected<HostValue> readProtoFor(llvm::StringRef bytes, const PortType &port) {
  auto value = readProto(bytes, port.kind);
  if (!value || (value->kind != DLC_KIND_TENSOR && value->kind != DLC_KIND_STRINGS)) {
    return value;
  }
  return adaptType(std::move(value->tensor), port);
}

llvm::Expected<HostValue> readBytes(llvm::StringRef path, llvm::StringRef member, llvm::StringRef bytes,
                                    const PortType &port, const ImageOptions &options) {
  if (bytes.starts_with("\x93NUMPY")) {
    auto tensor = readNpy(bytes);
    return tensor ? adaptType(std::move(*tensor), port) : tensor.takeError();
  }
  if (isImage(bytes)) {
    return readImageFor(bytes, port, options);
  }
  llvm::StringRef extension = llvm::sys::path::extension(path);
  if (extension == ".npz" || bytes.starts_with("PK\x03\x04")) {
    return readNpzFor(bytes, member, port);
  }
  if (extension == ".pb") {
    return readProtoFor(bytes, port);
  }
  return makeError("expected .npy, .npz, .pb, .png, .jpg or raw:FILE:TYPE:SHAPE, got a file of another kind");
}

} // namespace

std::string PortType::toString() const {
  if (kind != DLC_KIND_TENSOR && kind != DLC_KIND_STRINGS) {
    return type.empty() ? "a value that is no tensor" : type;
  }
  std::string text = elementName(dtype).str() + " [";
  for (size_t i = 0; i < dims.size(); ++i) {
    bool isSymbolic = dims[i] < 0;
    std::string symbol = i < symbols.size() && !symbols[i].empty() ? symbols[i] : "?";
    text += (i ? ", " : "") + (isSymbolic ? symbol : std::to_string(dims[i]));
  }
  return text + "]";
}

InputSpec parseInputSpec(llvm::StringRef text) {
  size_t position = text.find('=');
  if (position == llvm::StringRef::npos || llvm::sys::fs::exists(text)) {
    return {"", text.str()};
  }
  return {text.take_front(position).str(), text.drop_front(position + 1).str()};
}

llvm::Expected<HostTensor> readRaw(llvm::StringRef spec) {
  spec.consume_front("raw:");
  auto [rest, shapeText] = spec.rsplit(':');
  auto [path, typeText] = rest.rsplit(':');
  std::optional<dlc_dtype> dtype = parseElementName(typeText);
  if (!dtype || *dtype == DLC_STRING || path.empty()) {
    return makeError("expected raw:FILE:TYPE:SHAPE such as raw:x.bin:f32:1x3x224x224, got 'raw:{0}'", spec);
  }
  auto dims = parseShape(shapeText);
  if (!dims) {
    return dims.takeError();
  }
  auto buffer = readFile(path);
  if (!buffer) {
    return buffer.takeError();
  }
  llvm::StringRef bytes = (*buffer)->getBuffer();
  std::optional<uint64_t> expected = elementBytes(*dtype, *countElements(*dims));
  if (!expected || *expected != bytes.size()) {
    return makeError("{0}: expected {1} bytes for {2} {3}, got {4}", path, expected.value_or(UINT64_MAX), typeText,
                     shapeString(*dims), bytes.size());
  }
  HostTensor tensor;
  tensor.dtype = *dtype;
  tensor.dims = std::move(*dims);
  tensor.bytes.assign(bytes.bytes_begin(), bytes.bytes_end());
  return tensor;
}

llvm::Expected<HostValue> readValue(llvm::StringRef file, const PortType &port, const ImageOptions &options) {
  if (file.starts_with("raw:")) {
    auto tensor = readRaw(file);
    return tensor ? adaptType(std::move(*tensor), port) : tensor.takeError();
  }
  auto [path, member] = splitMember(file);
  auto buffer = readFile(path);
  if (!buffer) {
    return buffer.takeError();
  }
  auto value = readBytes(path, member, (*buffer)->getBuffer(), port, options);
  if (!value) {
    return inFile(path, value.takeError());
  }
  value->name = port.name;
  return value;
}

llvm::Expected<std::vector<std::string>> writeValue(llvm::StringRef stem, const HostValue &value, ValueFormat format) {
  std::vector<std::string> files;
  if (format == ValueFormat::pb) {
    files.push_back((stem + ".pb").str());
    llvm::Error error = writeProto(files.back(), value);
    return error ? llvm::Expected<std::vector<std::string>>(std::move(error)) : files;
  }
  if (value.kind == DLC_KIND_TENSOR || value.kind == DLC_KIND_STRINGS) {
    files.push_back((stem + ".npy").str());
    llvm::Error error = writeNpy(files.back(), value.tensor);
    return error ? llvm::Expected<std::vector<std::string>>(std::move(error)) : files;
  }
  for (size_t i = 0; i < value.elements.size(); ++i) {
    auto inner = writeValue((stem + "_" + std::to_string(i)).str(), value.elements[i], format);
    if (!inner) {
      return inner.takeError();
    }
    files.insert(files.end(), inner->begin(), inner->end());
  }
  return files;
}

} // namespace dlc

#include "tools/common/ElementType.h"
#include "tools/common/FileIO.h"
#include "tools/common/Npy.h"
#include "tools/common/NpyHeader.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Endian.h"

namespace dlc {
namespace {

/// The descr of a type that .npy files can hold.
std::string npyDescr(dlc_dtype dtype) {
  unsigned bytes = elementBits(dtype) / 8;
  char kind = dtype == DLC_BOOL ? 'b' : isComplexElement(dtype) ? 'c' : isFloatElement(dtype) ? 'f' : 'i';
  if (dtype == DLC_U8 || dtype == DLC_U16 || dtype == DLC_U32 || dtype == DLC_U64) {
    kind = 'u';
  }
  return (bytes == 1 ? "|" : "<") + std::string(1, kind) + std::to_string(bytes);
}

/// Signature, version, length and header, padded with spaces so that the data starts at a multiple of 64.
std::string npyPrefix(const NpyHeader &header) {
  std::string text = formatNpyHeader(header);
  bool isLong = text.size() + 11 + 64 > 0xffff;
  size_t fixed = isLong ? 12 : 10;
  text.append((64 - (fixed + text.size() + 1) % 64) % 64, ' ');
  text += '\n';
  std::string prefix = "\x93NUMPY";
  prefix += isLong ? '\2' : '\1';
  prefix += '\0';
  char length[4];
  llvm::support::endian::write32le(length, static_cast<uint32_t>(text.size()));
  prefix.append(length, isLong ? 4 : 2);
  return prefix + text;
}

llvm::Error writeStrings(llvm::StringRef path, const HostTensor &tensor) {
  std::vector<std::vector<llvm::UTF32>> rows;
  size_t width = 1;
  for (llvm::StringRef text : tensor.strings) {
    std::vector<llvm::UTF32> row(text.size() + 1);
    auto *source = reinterpret_cast<const llvm::UTF8 *>(text.data());
    llvm::UTF32 *target = row.data();
    llvm::ConvertUTF8toUTF32(&source, source + text.size(), &target, target + row.size(), llvm::lenientConversion);
    row.resize(target - row.data());
    width = std::max(width, row.size());
    rows.push_back(std::move(row));
  }
  std::string data;
  for (auto &row : rows) {
    row.resize(width, 0);
    data.append(reinterpret_cast<const char *>(row.data()), width * sizeof(llvm::UTF32));
  }
  return writeFile(path, {npyPrefix({"<U" + std::to_string(width), false, tensor.dims}), data});
}

} // namespace

dlc_dtype npyElementType(dlc_dtype dtype) {
  if (isPackedElement(dtype) && isIntegerElement(dtype)) {
    return dtype == DLC_U4 || dtype == DLC_U2 ? DLC_U8 : DLC_I8;
  }
  bool isNumpyFloat = dtype == DLC_F16 || dtype == DLC_F32 || dtype == DLC_F64;
  return isFloatElement(dtype) && !isNumpyFloat ? DLC_F32 : dtype;
}

llvm::Error writeNpy(llvm::StringRef path, const HostTensor &tensor) {
  if (tensor.dtype == DLC_STRING) {
    return writeStrings(path, tensor);
  }
  dlc_dtype dtype = npyElementType(tensor.dtype);
  if (dtype != tensor.dtype) {
    auto widened = convertElements(tensor, dtype);
    return widened ? writeNpy(path, *widened) : inFile(path, widened.takeError());
  }
  llvm::StringRef data(reinterpret_cast<const char *>(tensor.bytes.data()), tensor.bytes.size());
  return writeFile(path, {npyPrefix({npyDescr(dtype), false, tensor.dims}), data});
}

} // namespace dlc

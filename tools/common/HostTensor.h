/// \file Tensors and other values in the host's memory, as files hold them.
#ifndef DLC_TOOLS_COMMON_HOSTTENSOR_H
#define DLC_TOOLS_COMMON_HOSTTENSOR_H

#include "dlc/abi.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FormatVariadic.h"
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dlc {

/// Gives memory that kernels may read directly (DLC_ABI_ALIGNMENT).
template <typename T> struct AlignedAllocator {
  using value_type = T;
  AlignedAllocator() = default;
  template <typename U> AlignedAllocator(const AlignedAllocator<U> &) {}
  T *allocate(size_t count) {
    return static_cast<T *>(::operator new(count * sizeof(T), std::align_val_t(DLC_ABI_ALIGNMENT)));
  }
  void deallocate(T *pointer, size_t) { ::operator delete(pointer, std::align_val_t(DLC_ABI_ALIGNMENT)); }
  template <typename U> bool operator==(const AlignedAllocator<U> &) const { return true; }
};

using AlignedBytes = std::vector<uint8_t, AlignedAllocator<uint8_t>>;

/// A dense row-major tensor. `strings` is used instead of `bytes` when dtype is DLC_STRING. Types below 8 bits are
/// packed, low bits first.
struct HostTensor {
  std::string name;
  dlc_dtype dtype = DLC_UNDEFINED;
  std::vector<int64_t> dims;
  AlignedBytes bytes;
  std::vector<std::string> strings;

  /// The product of the dims.
  int64_t elementCount() const;
  /// Element `index` as a double (see loadElement).
  double at(size_t index) const;
  void set(size_t index, double value);

  template <typename T> T *as() { return reinterpret_cast<T *>(bytes.data()); }
  template <typename T> const T *as() const { return reinterpret_cast<const T *>(bytes.data()); }

  /// A zero tensor (empty strings), or an error when a dim is negative or the machine's memory can't hold it.
  static llvm::Expected<HostTensor> create(dlc_dtype dtype, llvm::ArrayRef<int64_t> dims);
};

/// Any value that crosses a model's border. Tensors of strings have kind DLC_KIND_STRINGS.
struct HostValue {
  dlc_kind kind = DLC_KIND_TENSOR;
  HostTensor tensor;               ///< of DLC_KIND_TENSOR and DLC_KIND_STRINGS
  std::vector<HostValue> elements; ///< of a sequence; none or one of an optional; keys then values of a map
  std::string name;

  HostValue() = default;
  HostValue(HostTensor value)
      : kind(value.dtype == DLC_STRING ? DLC_KIND_STRINGS : DLC_KIND_TENSOR), tensor(std::move(value)) {
    name = tensor.name;
  }
};

/// The number of elements, or nothing when a dim is negative or the product exceeds 2^60.
std::optional<uint64_t> countElements(llvm::ArrayRef<int64_t> dims);

/// "2x3x4"; "scalar" for rank 0.
std::string shapeString(llvm::ArrayRef<int64_t> dims);

/// Parses "1x3x224x224" or "1,3,224,224"; an empty text and "scalar" are rank 0.
llvm::Expected<std::vector<int64_t>> parseShape(llvm::StringRef text);

/// "f32 2x3x4"; sequences, optionals and maps in words.
std::string typeString(const HostTensor &tensor);
std::string typeString(const HostValue &value);

/// The tensor with each element converted to `dtype` (see storeElement). Strings are not convertible.
llvm::Expected<HostTensor> convertElements(const HostTensor &tensor, dlc_dtype dtype);

/// An error with a text made by llvm::formatv. House rule: lower case, no full stop, what was expected and found.
template <typename... Parts> llvm::Error makeError(const char *format, Parts &&...parts) {
  return llvm::createStringError(llvm::formatv(false, format, std::forward<Parts>(parts)...).str());
}

} // namespace dlc

#endif // DLC_TOOLS_COMMON_HOSTTENSOR_H

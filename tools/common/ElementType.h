/// \file Names, widths and values of element types.
#ifndef DLC_TOOLS_COMMON_ELEMENTTYPE_H
#define DLC_TOOLS_COMMON_ELEMENTTYPE_H

#include "dlc/abi.h"
#include "llvm/ADT/StringRef.h"
#include <cstddef>
#include <cstdint>
#include <optional>

namespace dlc {

/// Bits of one element; 0 for strings and unknown types. Types below 8 bits are packed, low bits first.
unsigned elementBits(dlc_dtype dtype);

/// A short name such as "f32", "bf16", "i4" or "string"; "unknown" for a number that is no dlc_dtype.
llvm::StringRef elementName(dlc_dtype dtype);

/// The inverse of elementName; also takes the long names "float32", "int64", "uint8", "bfloat16", ...
std::optional<dlc_dtype> parseElementName(llvm::StringRef name);

/// True for f16, f32, f64, bf16 and the floats of 4 and 8 bits.
bool isFloatElement(dlc_dtype dtype);
/// True for signed and unsigned integers, of any width; not for bool.
bool isIntegerElement(dlc_dtype dtype);
/// True for types below 8 bits, whose elements share bytes.
bool isPackedElement(dlc_dtype dtype);
bool isComplexElement(dlc_dtype dtype);

/// Element `index` of a buffer as a double; the real part of complex numbers. 64-bit integers above 2^53 are rounded.
double loadElement(dlc_dtype dtype, const uint8_t *data, size_t index);

/// Writes `value` as element `index`: rounded to nearest even for floats, truncated and saturated for integers.
void storeElement(dlc_dtype dtype, uint8_t *data, size_t index, double value);

/// Bytes of `count` elements, or nothing when that exceeds what memory can address.
std::optional<uint64_t> elementBytes(dlc_dtype dtype, uint64_t count);

} // namespace dlc

#endif // DLC_TOOLS_COMMON_ELEMENTTYPE_H

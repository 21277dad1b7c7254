// Element types: sizes, names, and conversion to integers.
#pragma once
#include "dlc/runtime.h"

namespace dlc::rt {

/// Bits per element; 0 for strings and unknown types.
uint32_t dtypeBits(uint32_t dtype);
const char *dtypeText(uint32_t dtype);
/// Bytes that `count` packed elements take; false on overflow or an unknown type.
bool dtypeBytes(uint32_t dtype, int64_t count, int64_t &bytes);
/// The alignment that a buffer of this type needs.
uint32_t dtypeAlignment(uint32_t dtype);
/// The product of sizes; false on a negative size or overflow.
bool elementCount(const int64_t *dims, uint32_t rank, int64_t &count);
/// Element `index` of an integer, bool or float array, truncated toward zero; false when it does not fit an int64.
bool readInteger(uint32_t dtype, const void *data, uint64_t index, int64_t &value);
/// Whether readInteger can read this type.
bool isReadable(uint32_t dtype);

} // namespace dlc::rt

// Helpers for host functions that treat a tensor as rows of bytes around an axis.
#pragma once
#include "host/HostCall.h"
#include "support/Dtype.h"

namespace dlc::rt {

/// A tensor seen as [outer, axis, inner] of elements.
struct AxisView {
  int64_t outer = 1, size = 1, inner = 1;
};
inline AxisView aroundAxis(const dlc_value &v, int64_t axis) {
  AxisView a;
  for (uint32_t d = 0; d < v.rank; ++d) {
    (d < axis ? a.outer : d == axis ? a.size : a.inner) *= v.dims[d];
  }
  return a;
}

/// Whether element `i` differs from zero, for types of whole bytes.
inline bool isNonzero(const dlc_value &v, int64_t i) {
  const unsigned char *e = static_cast<const unsigned char *>(v.data) + i * (dtypeBits(v.dtype) / 8);
  // A negative zero is zero.
  bool isFloat = v.dtype == DLC_F32 || v.dtype == DLC_F64 || v.dtype == DLC_F16 || v.dtype == DLC_BF16;
  uint32_t bytes = dtypeBits(v.dtype) / 8;
  unsigned any = 0;
  for (uint32_t b = 0; b < bytes; ++b) {
    any |= isFloat && b + 1 == bytes ? e[b] & 0x7f : e[b];
  }
  return any != 0;
}

/// Fails for types of less than a byte, which these functions do not take apart.
inline dlc_status wholeBytes(dlc_host_call &call, const dlc_value &v) {
  return dtypeBits(v.dtype) >= 8
             ? DLC_OK
             : fail(*call.error, DLC_RUN_FAILED, "expected elements of whole bytes, got %s", dtypeText(v.dtype));
}

/// Sorts `order` by less(a, b), stably, with as many entries of room in `scratch`: a merge sort from the bottom.
template <typename Less> void sortIndices(int64_t *order, int64_t *scratch, int64_t count, Less less) {
  for (int64_t width = 1; width < count; width *= 2) {
    for (int64_t low = 0; low < count; low += 2 * width) {
      int64_t middle = low + width < count ? low + width : count,
              high = middle + width < count ? middle + width : count;
      for (int64_t l = low, r = middle, out = low; out < high; ++out) {
        bool right = l == middle || (r < high && less(order[r], order[l]));
        scratch[out] = right ? order[r++] : order[l++];
      }
    }
    memcpy(order, scratch, size_t(count) * sizeof *order);
  }
}

} // namespace dlc::rt

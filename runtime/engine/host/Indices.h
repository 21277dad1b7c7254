// Indices found in data: reading them, and saying which one is not legal.
#pragma once
#include "host/HostCall.h"

namespace dlc::rt {

/// Integers of 32 or 64 bits.
struct IndexReader {
  const void *data;
  bool isWide;
  int64_t operator[](int64_t i) const {
    return isWide ? static_cast<const int64_t *>(data)[i] : int64_t(static_cast<const int32_t *>(data)[i]);
  }
};

/// Fails unless input `index` of the call is a tensor of i32 or i64.
inline dlc_status readIndices(dlc_host_call &call, size_t index, IndexReader &out) {
  if (dlc_status s = expectInput(call, index, DLC_KIND_TENSOR)) {
    return s;
  }
  const dlc_value &v = *call.input(index);
  out = {v.data, v.dtype == DLC_I64};
  return v.dtype == DLC_I64 || v.dtype == DLC_I32
             ? DLC_OK
             : fail(*call.error, DLC_RUN_FAILED, "expected indices of i32 or i64, got %s", dlc_dtype_text(v.dtype));
}

/// Says that element `at` of the indices, `index`, is not in [low, high).
inline dlc_status failIndex(dlc_host_call &call, int64_t at, int64_t index, int64_t low, int64_t high) {
  long long where = (long long)at, got = (long long)index;
  return low < high ? fail(*call.error, DLC_RUN_FAILED,
                           "expected an index from %lld to %lld, got %lld at element %lld of the indices",
                           (long long)low, (long long)high - 1, got, where)
                    : fail(*call.error, DLC_RUN_FAILED,
                           "expected no index, for there is nothing to choose from, got %lld at element %lld of the "
                           "indices",
                           got, where);
}

} // namespace dlc::rt

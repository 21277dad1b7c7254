// Are all indices legal? Kernels clamp them, so that no data reads out of bounds, and rely on this for the rest.
#include "host/Builtins.h"
#include "host/Indices.h"

namespace dlc::rt {
namespace {

/// Whether all are in [low, high): a loop without exits, which compilers put on vectors.
template <typename T> bool allWithin(const T *index, int64_t count, int64_t low, int64_t high) {
  uint64_t span = uint64_t(high) - uint64_t(low), bad = 0;
  for (int64_t i = 0; i < count; ++i) {
    bad |= uint64_t(uint64_t(int64_t(index[i])) - uint64_t(low) >= span);
  }
  return !bad;
}

bool allWithin(const IndexReader &index, int64_t count, int64_t low, int64_t high) {
  return low < high && (index.isWide ? allWithin(static_cast<const int64_t *>(index.data), count, low, high)
                                     : allWithin(static_cast<const int32_t *>(index.data), count, low, high));
}
} // namespace

dlc_status hostCheckIndices(dlc_host_call *call, void *) {
  IndexReader index;
  if (readIndices(*call, 0, index)) {
    return call->error->status;
  }
  int64_t count = call->input(0)->count;
  size_t components = call->attributes.size / 2;
  if (components == 1 && allWithin(index, count, call->attribute(0), call->attribute(1))) {
    return DLC_OK;
  }
  size_t k = 0;
  for (int64_t i = 0; i < count && components; ++i) {
    int64_t low = call->attribute(2 * k), high = call->attribute(2 * k + 1);
    if (index[i] < low || index[i] >= high) {
      return failIndex(*call, i, index[i], low, high);
    }
    k = k + 1 == components ? 0 : k + 1;
  }
  return DLC_OK;
}

} // namespace dlc::rt

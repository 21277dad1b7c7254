// https://onnx.ai/onnx/operators/onnx__TopK.html
// A heap of the best k: n log k comparisons for each of the independent rows.
#include "host/Builtins.h"
#include "host/Elements.h"

namespace dlc::rt {
namespace {

/// An element as a number that orders like it, and where it is.
struct Entry {
  uint64_t key;
  int64_t index;
  /// Greater keys come first; of equal ones the one with the lower index.
  bool before(const Entry &o) const { return key != o.key ? key > o.key : index < o.index; }
};

constexpr uint64_t kZero = uint64_t(1) << 63;

template <typename T> T elementAt(const void *data, int64_t i) {
  T value;
  memcpy(&value, static_cast<const char *>(data) + size_t(i) * sizeof(T), sizeof(T));
  return value;
}

using Key = uint64_t (*)(const void *, int64_t);
template <typename T> uint64_t keyOfUnsigned(const void *data, int64_t i) { return elementAt<T>(data, i); }
template <typename T> uint64_t keyOfSigned(const void *data, int64_t i) {
  return uint64_t(int64_t(elementAt<T>(data, i))) ^ kZero;
}
/// Of the bits of a float whose infinity is `infinity`: the zeros are equal, NaN is greater than everything.
template <typename Bits, uint64_t infinity> uint64_t keyOfFloat(const void *data, int64_t i) {
  constexpr uint64_t sign = uint64_t(1) << (sizeof(Bits) * 8 - 1);
  uint64_t bits = elementAt<Bits>(data, i), magnitude = bits & (sign - 1);
  return magnitude > infinity ? UINT64_MAX : bits & sign ? kZero - magnitude : kZero + magnitude;
}

Key keyOf(uint32_t dtype) {
  switch (dtype) {
  case DLC_U8:
    return keyOfUnsigned<uint8_t>;
  case DLC_U16:
    return keyOfUnsigned<uint16_t>;
  case DLC_U32:
    return keyOfUnsigned<uint32_t>;
  case DLC_U64:
    return keyOfUnsigned<uint64_t>;
  case DLC_I8:
    return keyOfSigned<int8_t>;
  case DLC_I16:
    return keyOfSigned<int16_t>;
  case DLC_I32:
    return keyOfSigned<int32_t>;
  case DLC_I64:
    return keyOfSigned<int64_t>;
  case DLC_F16:
    return keyOfFloat<uint16_t, 0x7c00>;
  case DLC_BF16:
    return keyOfFloat<uint16_t, 0x7f80>;
  case DLC_F32:
    return keyOfFloat<uint32_t, 0x7f800000>;
  case DLC_F64:
    return keyOfFloat<uint64_t, 0x7ff0000000000000>;
  default:
    return nullptr;
  }
}

/// Moves `heap[at]` down until no child comes after it: the root is the one that comes last.
void sink(Entry *heap, int64_t count, int64_t at) {
  Entry moved = heap[at];
  for (int64_t child; (child = 2 * at + 1) < count; at = child) {
    child += child + 1 < count && heap[child].before(heap[child + 1]);
    if (!moved.before(heap[child])) {
      break;
    }
    heap[at] = heap[child];
  }
  heap[at] = moved;
}

/// The best k of a row of n, in order, in `best`.
template <typename Read> void select(Entry *best, int64_t k, int64_t n, Read read) {
  for (int64_t i = 0; i < k; ++i) {
    best[i] = read(i);
  }
  for (int64_t i = k / 2; i-- > 0;) {
    sink(best, k, i);
  }
  for (int64_t i = k; i < n && k; ++i) {
    Entry next = read(i);
    if (next.key > best[0].key) { // equal ones that come later stay out
      best[0] = next;
      sink(best, k, 0);
    }
  }
  for (int64_t left = k; left-- > 1;) {
    Entry last = best[0];
    best[0] = best[left];
    best[left] = last;
    sink(best, left, 0);
  }
}

void copyElement(char *to, const char *from, size_t width) {
  switch (width) {
  case 4:
    memcpy(to, from, 4);
    break;
  case 8:
    memcpy(to, from, 8);
    break;
  default:
    memcpy(to, from, width);
  }
}
} // namespace

dlc_status hostTopK(dlc_host_call *call, void *) {
  if (expectInput(*call, 0, DLC_KIND_TENSOR)) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0);
  Key key = keyOf(x.dtype);
  int64_t axis, k = call->attribute(2), dims[DLC_MAX_RANK];
  if (!key) {
    return fail(*call->error, DLC_RUN_FAILED, "expected elements that have an order, got %s", dtypeText(x.dtype));
  }
  if (normalizeAxis(*call, call->attribute(0), x.rank, axis)) {
    return call->error->status;
  }
  AxisView a = aroundAxis(x, axis);
  if (k < 0 || k > a.size) {
    return fail(*call->error, DLC_RUN_FAILED, "expected k from 0 to %lld, got %lld", (long long)a.size, (long long)k);
  }
  memcpy(dims, x.dims, sizeof dims);
  dims[axis] = k;
  dlc_value *values = call->output(0), *indices = call->output(1);
  if ((values && values->setTensor(x.dtype, x.rank, dims, *call->error)) ||
      (indices && indices->setTensor(DLC_I64, x.rank, dims, *call->error))) {
    return call->error->status;
  }
  Vector<Entry> best;
  if (!best.resize(size_t(k))) {
    return fail(*call->error, DLC_OUT_OF_MEMORY, "no memory to order %lld elements", (long long)k);
  }
  uint64_t turned = call->attribute(1, 1) ? 0 : UINT64_MAX;
  size_t width = dtypeBits(x.dtype) / 8;
  for (int64_t o = 0; o < a.outer; ++o) {
    for (int64_t r = 0; r < a.inner; ++r) {
      int64_t from = o * a.size * a.inner + r, to = o * k * a.inner + r;
      select(best.data(), k, a.size, [&](int64_t i) { return Entry{key(x.data, from + i * a.inner) ^ turned, i}; });
      for (int64_t i = 0; i < k; ++i) {
        int64_t at = best[size_t(i)].index, place = to + i * a.inner;
        if (values) {
          copyElement(static_cast<char *>(values->data) + size_t(place) * width,
                      static_cast<const char *>(x.data) + size_t(from + at * a.inner) * width, width);
        }
        if (indices) {
          static_cast<int64_t *>(indices->data)[place] = at;
        }
      }
    }
  }
  return DLC_OK;
}

} // namespace dlc::rt

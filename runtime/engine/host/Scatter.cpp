// https://onnx.ai/onnx/operators/onnx__ScatterElements.html, https://onnx.ai/onnx/operators/onnx__ScatterND.html
// A copy of the data, then one update after the other, in row-major order of the indices.
#include "host/Builtins.h"
#include "host/Elements.h"
#include "host/Indices.h"
#include "support/Half.h"

namespace dlc::rt {
namespace {

enum Reduction { None, Add, Mul, Max, Min };

/// How elements are stored, and in what they are computed. Integers wrap.
template <typename T> struct Native {
  using Stored = T;
  static T load(T v) { return v; }
  static T store(T v) { return v; }
  static T add(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      return T(uint64_t(a) + uint64_t(b));
    } else {
      return a + b;
    }
  }
  static T mul(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      return T(uint64_t(a) * uint64_t(b));
    } else {
      return a * b;
    }
  }
};
struct Half : Native<float> {
  using Stored = uint16_t;
  static float load(uint16_t v) { return fromHalf(v); }
  static uint16_t store(float v) { return toHalf(v); }
};
struct Bfloat : Native<float> {
  using Stored = uint16_t;
  static float load(uint16_t v) { return fromBfloat(v); }
  static uint16_t store(float v) { return toBfloat(v); }
};

/// Combines `count` elements. Of max and min, NaN is the result where one is NaN.
using Combine = void (*)(void *, const void *, int64_t);
template <typename N, Reduction reduction> void combine(void *to, const void *from, int64_t count) {
  auto *out = static_cast<typename N::Stored *>(to);
  auto *in = static_cast<const typename N::Stored *>(from);
  for (int64_t i = 0; i < count; ++i) {
    auto old = N::load(out[i]), update = N::load(in[i]);
    bool stays = old != old || (reduction == Max ? old > update : old < update);
    out[i] = reduction == Add   ? N::store(N::add(old, update))
             : reduction == Mul ? N::store(N::mul(old, update))
             : stays            ? out[i]
                                : in[i];
  }
}

template <typename N> Combine combineAs(int64_t reduction) {
  constexpr Combine all[] = {nullptr, combine<N, Add>, combine<N, Mul>, combine<N, Max>, combine<N, Min>};
  return reduction > None && reduction <= Min ? all[reduction] : nullptr;
}

Combine combination(uint32_t dtype, int64_t reduction) {
  switch (dtype) {
  case DLC_U8:
    return combineAs<Native<uint8_t>>(reduction);
  case DLC_I8:
    return combineAs<Native<int8_t>>(reduction);
  case DLC_U16:
    return combineAs<Native<uint16_t>>(reduction);
  case DLC_I16:
    return combineAs<Native<int16_t>>(reduction);
  case DLC_U32:
    return combineAs<Native<uint32_t>>(reduction);
  case DLC_I32:
    return combineAs<Native<int32_t>>(reduction);
  case DLC_U64:
    return combineAs<Native<uint64_t>>(reduction);
  case DLC_I64:
    return combineAs<Native<int64_t>>(reduction);
  case DLC_F16:
    return combineAs<Half>(reduction);
  case DLC_BF16:
    return combineAs<Bfloat>(reduction);
  case DLC_F32:
    return combineAs<Native<float>>(reduction);
  case DLC_F64:
    return combineAs<Native<double>>(reduction);
  default:
    return nullptr;
  }
}

/// One scatter: its operands, checked, and the result, which starts as a copy of the data.
class Scatter {
public:
  dlc_status begin(dlc_host_call &c, int64_t reduction) {
    call = &c;
    if (expectInput(c, 0, DLC_KIND_TENSOR) || readIndices(c, 1, index) ||
        expectInput(c, 2, DLC_KIND_TENSOR, c.input(0)->dtype) || wholeBytes(c, *c.input(0))) {
      return c.error->status;
    }
    const dlc_value &x = *c.input(0);
    combine = combination(x.dtype, reduction);
    if (reduction != None && !combine) {
      return fail(*c.error, DLC_RUN_FAILED, "expected a reduction from 0 to 4 of numbers, got %lld of %s",
                  (long long)reduction, dtypeText(x.dtype));
    }
    width = dtypeBits(x.dtype) / 8;
    int64_t stride = 1;
    for (uint32_t d = x.rank; d-- > 0; stride *= x.dims[d]) {
      strides[d] = stride;
    }
    dlc_value *y = c.output(0);
    if (!y || y->setTensor(x.dtype, x.rank, x.dims, *c.error)) {
      return y ? c.error->status : fail(*c.error, DLC_RUN_FAILED, "expected output 0");
    }
    result = static_cast<char *>(y->data);
    updates = static_cast<const char *>(c.input(2)->data);
    if (x.bytes) {
      memcpy(result, x.data, size_t(x.bytes));
    }
    return DLC_OK;
  }

  /// Adds to `offset` the elements before the position that element `i` of the indices chooses in dim `d`.
  bool choose(int64_t i, uint32_t d, int64_t &offset) {
    int64_t size = call->input(0)->dims[d], at = index[i];
    if (at < -size || at >= size) {
      failIndex(*call, i, at, -size, size);
      return false;
    }
    offset += (at < 0 ? at + size : at) * strides[d];
    return true;
  }
  /// Puts the next `count` updates at an element.
  void put(int64_t offset, int64_t count) {
    char *to = result + size_t(offset) * width;
    size_t bytes = size_t(count) * width;
    if (combine) {
      combine(to, updates, count);
    } else if (bytes == 4) {
      memcpy(to, updates, 4);
    } else if (bytes) {
      memcpy(to, updates, bytes);
    }
    updates += bytes;
  }
  dlc_status expectUpdates(int64_t count) {
    return call->input(2)->count == count ? DLC_OK
                                          : fail(*call->error, DLC_RUN_FAILED, "expected %lld updates, got %lld",
                                                 (long long)count, (long long)call->input(2)->count);
  }

  int64_t strides[DLC_MAX_RANK];

private:
  dlc_host_call *call = nullptr;
  IndexReader index = {};
  Combine combine = nullptr;
  size_t width = 0;
  char *result = nullptr;
  const char *updates = nullptr;
};
} // namespace

dlc_status hostScatterElements(dlc_host_call *call, void *) {
  Scatter s;
  int64_t axis = 0;
  if (s.begin(*call, call->attribute(1)) || normalizeAxis(*call, call->attribute(0), call->input(0)->rank, axis)) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0), &indices = *call->input(1);
  bool fits = indices.rank == x.rank;
  for (uint32_t d = 0; fits && d < x.rank; ++d) {
    fits = d == axis || indices.dims[d] <= x.dims[d];
  }
  if (!fits) {
    return fail(*call->error, DLC_RUN_FAILED, "expected indices within the dims of the data");
  }
  if (s.expectUpdates(indices.count)) {
    return call->error->status;
  }
  int64_t position[DLC_MAX_RANK] = {}, base = 0; // without the axis
  for (int64_t i = 0; i < indices.count; ++i) {
    int64_t offset = base;
    if (!s.choose(i, uint32_t(axis), offset)) {
      return call->error->status;
    }
    s.put(offset, 1);
    for (uint32_t d = x.rank; d-- > 0;) {
      int64_t step = d == axis ? 0 : s.strides[d];
      base += step;
      if (++position[d] < indices.dims[d]) {
        break;
      }
      base -= step * indices.dims[d];
      position[d] = 0;
    }
  }
  return DLC_OK;
}

dlc_status hostScatterND(dlc_host_call *call, void *) {
  Scatter s;
  if (s.begin(*call, call->attribute(0))) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0), &indices = *call->input(1);
  int64_t length = indices.rank ? indices.dims[indices.rank - 1] : -1, vectors = 1, run = 1;
  if (length < 0 || length > x.rank) {
    return fail(*call->error, DLC_RUN_FAILED, "expected index vectors of at most %u elements, got %lld", x.rank,
                (long long)length);
  }
  for (uint32_t d = 0; d + 1 < indices.rank; ++d) {
    vectors *= indices.dims[d];
  }
  for (uint32_t d = uint32_t(length); d < x.rank; ++d) {
    run *= x.dims[d];
  }
  if (s.expectUpdates(vectors * run)) {
    return call->error->status;
  }
  for (int64_t i = 0; i < vectors; ++i) {
    int64_t offset = 0;
    for (int64_t k = 0; k < length; ++k) {
      if (!s.choose(i * length + k, uint32_t(k), offset)) {
        return call->error->status;
      }
    }
    s.put(offset, run);
  }
  return DLC_OK;
}

} // namespace dlc::rt

// Between tensors and sequences of tensors.
#include "host/Builtins.h"
#include "host/Elements.h"

namespace dlc::rt {
namespace {

size_t elementSize(const dlc_value &v) {
  return v.kind == DLC_KIND_STRINGS ? sizeof(dlc_string) : dtypeBits(v.dtype) / 8;
}

/// Makes `to` hold elements that `fill` writes into a block of bytes.
template <typename Fill>
dlc_status build(dlc_value &to, const dlc_value &like, uint32_t rank, const int64_t *dims, Error &error, Fill fill) {
  if (like.kind != DLC_KIND_STRINGS) {
    dlc_status s = to.setTensor(like.dtype, rank, dims, error);
    return s ? s : (fill(static_cast<char *>(to.data)), DLC_OK);
  }
  int64_t count;
  Vector<dlc_string> strings;
  if (!elementCount(dims, rank, count) || !strings.resize(size_t(count))) {
    return fail(error, DLC_OUT_OF_MEMORY, "no memory for %u-dimensional strings", rank);
  }
  fill(reinterpret_cast<char *>(strings.data()));
  return to.setStrings(rank, dims, strings.data(), error);
}

class Splitter {
public:
  Splitter(dlc_host_call &call, int64_t axis, bool keep) : call(call), x(*call.input(0)), axis(axis), keep(keep) {
    a = aroundAxis(x, axis);
    row = size_t(a.inner) * elementSize(x);
  }

  dlc_status add(dlc_value &sequence, int64_t from, int64_t size) {
    int64_t dims[DLC_MAX_RANK];
    memcpy(dims, x.dims, sizeof dims);
    dims[axis] = size;
    uint32_t rank = x.rank;
    if (!keep) {
      memmove(dims + axis, dims + axis + 1, size_t(x.rank - axis - 1) * sizeof *dims);
      --rank;
    }
    dlc_value part(*sequence.allocator);
    dlc_status s = build(part, x, rank, dims, *call.error, [&](char *out) {
      for (int64_t o = 0; o < a.outer && row && size; ++o) {
        memcpy(out + size_t(o * size) * row, static_cast<const char *>(x.data) + size_t(o * a.size + from) * row,
               size_t(size) * row);
      }
    });
    return s ? s : sequence.insert(sequence.items.size(), part, *call.error);
  }

private:
  dlc_host_call &call;
  const dlc_value &x;
  int64_t axis;
  bool keep;
  AxisView a;
  size_t row;
};
} // namespace

// https://onnx.ai/onnx/operators/onnx__SplitToSequence.html
dlc_status hostSplitToSequence(dlc_host_call *call, void *) {
  const dlc_value *x = call->input(0), *split = call->input(1);
  int64_t axis;
  if (!x || (x->kind != DLC_KIND_STRINGS && (expectInput(*call, 0, DLC_KIND_TENSOR) || wholeBytes(*call, *x)))) {
    return fail(*call->error, DLC_RUN_FAILED, "expected input 0");
  }
  if (normalizeAxis(*call, call->attribute(0), x->rank, axis)) {
    return call->error->status;
  }
  dlc_value *y = call->output(0);
  if (!y) {
    return DLC_OK;
  }
  y->clear(DLC_KIND_SEQUENCE, x->dtype);
  // keepdims counts only when `split` is absent.
  Splitter splitter(*call, axis, split || call->attribute(1, 1) != 0);
  int64_t total = x->dims[axis], each = 1, parts = split && split->rank == 1 ? split->count : -1;
  for (int64_t at = 0, i = 0; parts >= 0 ? i < parts : at < total; ++i) {
    if (split &&
        (split->kind != DLC_KIND_TENSOR || !readInteger(split->dtype, split->data, parts >= 0 ? i : 0, each))) {
      return fail(*call->error, DLC_RUN_FAILED, "expected integers for the parts' sizes");
    }
    int64_t size = parts < 0 && total - at < each ? total - at : each;
    if (size < 0 || (parts < 0 && size == 0) || size > total - at) {
      return fail(*call->error, DLC_RUN_FAILED, "expected parts of %lld elements together", (long long)total);
    }
    if (splitter.add(*y, at, size)) {
      return call->error->status;
    }
    at += size;
    if (parts >= 0 && i + 1 == parts && at != total) {
      return fail(*call->error, DLC_RUN_FAILED, "expected parts of %lld elements together, got %lld", (long long)total,
                  (long long)at);
    }
  }
  return DLC_OK;
}

namespace {
/// Checks that a sequence's elements can be joined, and computes the result's shape.
dlc_status joinShape(dlc_host_call &call, const dlc_value &x, int64_t axis, bool fresh, int64_t *dims) {
  const dlc_value &first = *x.items[0];
  int64_t along = 0;
  for (const dlc_value *item : x.items) {
    bool same = item->kind == first.kind && item->dtype == first.dtype && item->rank == first.rank;
    for (uint32_t d = 0; same && d < first.rank; ++d) {
      same = item->dims[d] == first.dims[d] || (!fresh && d == axis);
    }
    if (!same || (item->kind != DLC_KIND_TENSOR && item->kind != DLC_KIND_STRINGS)) {
      return fail(*call.error, DLC_RUN_FAILED, "expected elements of one type and shape");
    }
    along += fresh ? 1 : item->dims[axis];
  }
  for (uint32_t d = 0, from = 0; d < first.rank + fresh; ++d) {
    dims[d] = d == axis ? along : first.dims[from];
    from += d != axis || !fresh;
  }
  return DLC_OK;
}
} // namespace

// https://onnx.ai/onnx/operators/onnx__ConcatFromSequence.html
dlc_status hostConcatFromSequence(dlc_host_call *call, void *) {
  if (expectInput(*call, 0, DLC_KIND_SEQUENCE)) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0);
  if (x.items.empty()) {
    return fail(*call->error, DLC_RUN_FAILED, "expected a sequence that is not empty");
  }
  const dlc_value &first = *x.items[0];
  bool fresh = call->attribute(1) != 0;
  int64_t axis, dims[DLC_MAX_RANK + 1];
  if (first.rank + fresh > DLC_MAX_RANK || normalizeAxis(*call, call->attribute(0), first.rank + fresh, axis) ||
      joinShape(*call, x, axis, fresh, dims) || (first.kind == DLC_KIND_TENSOR && wholeBytes(*call, first))) {
    return fail(*call->error, DLC_RUN_FAILED, "expected a rank of at most %d", DLC_MAX_RANK);
  }
  dlc_value *y = call->output(0);
  if (!y) {
    return DLC_OK;
  }
  return build(*y, first, first.rank + fresh, dims, *call->error, [&](char *out) {
    int64_t outer = 1;
    for (int64_t d = 0; d < axis; ++d) {
      outer *= dims[d];
    }
    for (int64_t o = 0; o < outer; ++o) {
      for (const dlc_value *item : x.items) {
        size_t bytes = size_t(item->count / outer) * elementSize(*item);
        if (bytes) {
          memcpy(out, static_cast<const char *>(item->data) + size_t(o) * bytes, bytes);
        }
        out += bytes;
      }
    }
  });
}

} // namespace dlc::rt

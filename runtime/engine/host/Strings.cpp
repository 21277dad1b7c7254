// Copies, selections and combinations of string tensors.
#include "host/Builtins.h"
#include "host/Elements.h"

namespace dlc::rt {
namespace {

/// The numpy broadcast of two shapes, and for each result element its two sources.
struct Broadcast {
  uint32_t rank = 0;
  int64_t dims[DLC_MAX_RANK] = {}, stepA[DLC_MAX_RANK] = {}, stepB[DLC_MAX_RANK] = {}, count = 0;

  dlc_status build(dlc_host_call &call, const dlc_value &a, const dlc_value &b) {
    rank = a.rank > b.rank ? a.rank : b.rank;
    int64_t strideA = 1, strideB = 1;
    for (uint32_t back = 1; back <= rank; ++back) {
      int64_t x = back <= a.rank ? a.dims[a.rank - back] : 1, y = back <= b.rank ? b.dims[b.rank - back] : 1;
      if (x != y && x != 1 && y != 1) {
        return fail(*call.error, DLC_RUN_FAILED, "expected shapes that broadcast, got sizes %lld and %lld",
                    (long long)x, (long long)y);
      }
      dims[rank - back] = x == 1 ? y : x;
      stepA[rank - back] = x == 1 ? 0 : strideA;
      stepB[rank - back] = y == 1 ? 0 : strideB;
      strideA *= x, strideB *= y;
    }
    return elementCount(dims, rank, count) ? DLC_OK : fail(*call.error, DLC_RUN_FAILED, "the result is too large");
  }
  void sources(int64_t i, int64_t &a, int64_t &b) const {
    a = b = 0;
    for (uint32_t d = rank; d-- > 0;) {
      int64_t at = i % dims[d];
      i /= dims[d];
      a += at * stepA[d], b += at * stepB[d];
    }
  }
};

dlc_status operands(dlc_host_call &call, Broadcast &shape) {
  if (expectInput(call, 0, DLC_KIND_STRINGS) || expectInput(call, 1, DLC_KIND_STRINGS)) {
    return call.error->status;
  }
  return shape.build(call, *call.input(0), *call.input(1));
}
} // namespace

dlc_status hostStringEqual(dlc_host_call *call, void *) {
  Broadcast shape;
  dlc_value *y = call->output(0);
  if (operands(*call, shape) || !y || y->setTensor(DLC_BOOL, shape.rank, shape.dims, *call->error)) {
    return call->error->status;
  }
  for (int64_t i = 0, a, b; i < shape.count; ++i) {
    shape.sources(i, a, b);
    const dlc_string &s = call->input(0)->strings()[a], &t = call->input(1)->strings()[b];
    static_cast<uint8_t *>(y->data)[i] = s.size == t.size && (!s.size || memcmp(s.data, t.data, s.size) == 0);
  }
  return DLC_OK;
}

// https://onnx.ai/onnx/operators/onnx__StringConcat.html
dlc_status hostStringConcat(dlc_host_call *call, void *) {
  Broadcast shape;
  dlc_value *y = call->output(0);
  if (operands(*call, shape) || !y) {
    return call->error->status;
  }
  Vector<char> text;
  Vector<dlc_string> strings;
  const dlc_string *left = call->input(0)->strings(), *right = call->input(1)->strings();
  size_t total = 0;
  for (int64_t i = 0, a, b; i < shape.count; ++i) {
    shape.sources(i, a, b);
    total += left[a].size + right[b].size;
  }
  if (!text.resize(total) || !strings.resize(size_t(shape.count))) {
    return fail(*call->error, DLC_OUT_OF_MEMORY, "no memory for %zu bytes of text", total);
  }
  char *at = text.data();
  for (int64_t i = 0, a, b; i < shape.count; ++i) {
    shape.sources(i, a, b);
    strings[size_t(i)] = {at, left[a].size + right[b].size};
    for (const dlc_string *part : {&left[a], &right[b]}) {
      if (part->size) {
        memcpy(at, part->data, part->size);
      }
      at += part->size;
    }
  }
  return y->setStrings(shape.rank, shape.dims, strings.data(), *call->error);
}

dlc_status hostStringCopy(dlc_host_call *call, void *) {
  if (expectInput(*call, 0, DLC_KIND_STRINGS)) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0);
  dlc_value *y = call->output(0);
  if (!y) {
    return DLC_OK;
  }
  if (call->attributes.size == 0) {
    return y->copy(x, *call->error);
  }
  int64_t count;
  uint32_t rank = uint32_t(call->attributes.size);
  if (rank > DLC_MAX_RANK || !elementCount(call->attributes.data, rank, count) || count != x.count) {
    return fail(*call->error, DLC_RUN_FAILED, "expected a shape of %lld elements", (long long)x.count);
  }
  return y->setStrings(rank, call->attributes.data, x.strings(), *call->error);
}

// https://onnx.ai/onnx/operators/onnx__Gather.html
dlc_status hostStringGather(dlc_host_call *call, void *) {
  int64_t axis;
  if (expectInput(*call, 0, DLC_KIND_STRINGS) || expectInput(*call, 1, DLC_KIND_TENSOR) ||
      normalizeAxis(*call, call->attribute(0), call->input(0)->rank, axis)) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0), &indices = *call->input(1);
  uint32_t rank = x.rank - 1 + indices.rank;
  if (rank > DLC_MAX_RANK) {
    return fail(*call->error, DLC_RUN_FAILED, "expected a rank of at most %d", DLC_MAX_RANK);
  }
  int64_t dims[DLC_MAX_RANK], count;
  AxisView a = aroundAxis(x, axis);
  memcpy(dims, x.dims, size_t(axis) * sizeof *dims);
  memcpy(dims + axis, indices.dims, indices.rank * sizeof *dims);
  memcpy(dims + axis + indices.rank, x.dims + axis + 1, size_t(x.rank - axis - 1) * sizeof *dims);
  Vector<dlc_string> out;
  if (!elementCount(dims, rank, count) || !out.reserve(size_t(count))) {
    return fail(*call->error, DLC_OUT_OF_MEMORY, "no memory for the gathered strings");
  }
  for (int64_t o = 0; o < a.outer; ++o) {
    for (int64_t i = 0; i < indices.count; ++i) {
      int64_t at;
      if (!readInteger(indices.dtype, indices.data, uint64_t(i), at) || at < -a.size || at >= a.size) {
        return fail(*call->error, DLC_RUN_FAILED, "index %lld is out of range for %lld elements", (long long)i,
                    (long long)a.size);
      }
      at += at < 0 ? a.size : 0;
      for (int64_t k = 0; k < a.inner; ++k) {
        out.push(x.strings()[(o * a.size + at) * a.inner + k]);
      }
    }
  }
  return call->output(0) ? call->output(0)->setStrings(rank, dims, out.data(), *call->error) : DLC_OK;
}

dlc_status hostStringConstant(dlc_host_call *call, void *) {
  int64_t count;
  auto rank = uint32_t(call->attributes.size);
  if (expectInput(*call, 0, DLC_KIND_TENSOR, DLC_U8)) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0);
  auto *bytes = static_cast<const uint8_t *>(x.data);
  if (rank > DLC_MAX_RANK || !elementCount(call->attributes.data, rank, count) || count > x.count / 8) {
    return fail(*call->error, DLC_RUN_FAILED, "expected the lengths of all strings in %lld bytes", (long long)x.count);
  }
  Vector<dlc_string> strings;
  if (!strings.resize(size_t(count))) {
    return fail(*call->error, DLC_OUT_OF_MEMORY, "no memory for %lld strings", (long long)count);
  }
  uint64_t at = uint64_t(count) * 8, total = uint64_t(x.count);
  for (int64_t i = 0; i < count; ++i) {
    uint64_t size = 0;
    for (unsigned k = 0; k < 8; ++k) {
      size |= uint64_t(bytes[i * 8 + k]) << (8 * k);
    }
    if (size > total - at) {
      return fail(*call->error, DLC_RUN_FAILED, "expected texts within %lld bytes", (long long)x.count);
    }
    strings[size_t(i)] = {reinterpret_cast<const char *>(bytes) + at, size_t(size)};
    at += size;
  }
  dlc_value *y = call->output(0);
  return y ? y->setStrings(rank, call->attributes.data, strings.data(), *call->error) : DLC_OK;
}

dlc_status hostStringPick(dlc_host_call *call, void *) {
  if (expectInput(*call, 0, DLC_KIND_TENSOR)) {
    return call->error->status;
  }
  const dlc_value &indices = *call->input(0);
  Vector<int64_t> starts;
  Vector<dlc_string> out;
  int64_t total = 0;
  if (!starts.resize(call->inputs.size) || !out.reserve(size_t(indices.count))) {
    return fail(*call->error, DLC_OUT_OF_MEMORY, "no memory for %lld strings", (long long)indices.count);
  }
  for (size_t s = 1; s < call->inputs.size; ++s) {
    if (expectInput(*call, s, DLC_KIND_STRINGS)) {
      return call->error->status;
    }
    starts[s] = total;
    total += call->input(s)->count;
  }
  for (int64_t i = 0; i < indices.count; ++i) {
    int64_t at = -1;
    if (!readInteger(indices.dtype, indices.data, uint64_t(i), at) || at < 0 || at >= total) {
      return fail(*call->error, DLC_RUN_FAILED, "expected places below %lld, got %lld at element %lld", (long long)total,
                  (long long)at, (long long)i);
    }
    size_t source = call->inputs.size - 1;
    for (; starts[source] > at; --source) {
    }
    out.push(call->input(source)->strings()[at - starts[source]]);
  }
  dlc_value *y = call->output(0);
  return y ? y->setStrings(indices.rank, indices.dims, out.data(), *call->error) : DLC_OK;
}

} // namespace dlc::rt

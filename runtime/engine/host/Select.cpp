// nonzero and compress: results whose size is the number of elements that pass.
#include "host/Builtins.h"
#include "host/Elements.h"

namespace dlc::rt {

// https://onnx.ai/onnx/operators/onnx__NonZero.html
dlc_status hostNonzero(dlc_host_call *call, void *) {
  if (expectInput(*call, 0, DLC_KIND_TENSOR) || wholeBytes(*call, *call->input(0))) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0);
  int64_t count = 0;
  for (int64_t i = 0; i < x.count; ++i) {
    count += isNonzero(x, i);
  }
  dlc_value *y = call->output(0);
  int64_t dims[2] = {x.rank, count};
  if (!y || y->setTensor(DLC_I64, 2, dims, *call->error)) {
    return call->error->status;
  }
  int64_t *out = static_cast<int64_t *>(y->data), at = 0;
  for (int64_t i = 0; i < x.count; ++i) {
    if (!isNonzero(x, i)) {
      continue;
    }
    int64_t rest = i;
    for (uint32_t d = x.rank; d-- > 0;) {
      out[d * count + at] = rest % x.dims[d];
      rest /= x.dims[d];
    }
    ++at;
  }
  return DLC_OK;
}

// https://onnx.ai/onnx/operators/onnx__Compress.html
dlc_status hostCompress(dlc_host_call *call, void *) {
  if (expectInput(*call, 0, DLC_KIND_TENSOR) || expectInput(*call, 1, DLC_KIND_TENSOR, DLC_BOOL) ||
      wholeBytes(*call, *call->input(0))) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0), &condition = *call->input(1);
  bool hasAxis = call->attribute(0) != 0;
  int64_t axis = 0, dims[DLC_MAX_RANK];
  AxisView a{1, x.count, 1};
  if (hasAxis) {
    if (normalizeAxis(*call, call->attribute(1), x.rank, axis)) {
      return call->error->status;
    }
    a = aroundAxis(x, axis);
  }
  int64_t length = condition.count < a.size ? condition.count : a.size, kept = 0;
  for (int64_t i = 0; i < length; ++i) {
    kept += isNonzero(condition, i);
  }
  memcpy(dims, x.dims, sizeof dims);
  dims[hasAxis ? axis : 0] = kept;
  dlc_value *y = call->output(0);
  if (!y || y->setTensor(x.dtype, hasAxis ? x.rank : 1, dims, *call->error)) {
    return call->error->status;
  }
  size_t row = size_t(a.inner) * (dtypeBits(x.dtype) / 8);
  char *out = static_cast<char *>(y->data);
  const char *in = static_cast<const char *>(x.data);
  for (int64_t o = 0; o < a.outer && row; ++o) {
    for (int64_t i = 0; i < length; ++i) {
      if (isNonzero(condition, i)) {
        memcpy(out, in + size_t(o * a.size + i) * row, row);
        out += row;
      }
    }
  }
  return DLC_OK;
}

dlc_status hostValueCopy(dlc_host_call *call, void *) {
  if (!call->input(0)) {
    return fail(*call->error, DLC_RUN_FAILED, "expected input 0");
  }
  return call->output(0) ? call->output(0)->copy(*call->input(0), *call->error) : DLC_OK;
}

} // namespace dlc::rt

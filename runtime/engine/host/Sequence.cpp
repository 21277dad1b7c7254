// The operators on sequences, and those on optionals.
#include "host/Builtins.h"
#include "host/Elements.h"

namespace dlc::rt {
namespace {

dlc_status noInput(dlc_host_call *call, size_t index) {
  return fail(*call->error, DLC_RUN_FAILED, "expected input %zu", index);
}

/// A position counted from the end when negative; `limit` itself is allowed for insertions.
dlc_status position(dlc_host_call *call, size_t index, int64_t otherwise, int64_t limit, bool inclusive, int64_t &out) {
  out = otherwise;
  int64_t length = limit;
  if (const dlc_value *v = call->input(index)) {
    if (v->kind != DLC_KIND_TENSOR || v->count != 1 || !readInteger(v->dtype, v->data, 0, out)) {
      return fail(*call->error, DLC_RUN_FAILED, "expected one integer for the position");
    }
    out += out < 0 ? length : 0;
  }
  if (out < 0 || out > length || (out == length && !inclusive)) {
    return fail(*call->error, DLC_RUN_FAILED, "expected a position in a sequence of %lld elements, got %lld",
                (long long)length, (long long)out);
  }
  return DLC_OK;
}

dlc_status writeScalar(dlc_host_call *call, uint32_t dtype, int64_t number) {
  dlc_value *y = call->output(0);
  if (!y || y->setTensor(dtype, 0, nullptr, *call->error)) {
    return call->error->status;
  }
  if (dtype == DLC_BOOL) {
    *static_cast<uint8_t *>(y->data) = number != 0;
  } else {
    *static_cast<int64_t *>(y->data) = number;
  }
  return DLC_OK;
}
} // namespace

dlc_status hostSequenceEmpty(dlc_host_call *call, void *) {
  if (dlc_value *y = call->output(0)) {
    y->clear(DLC_KIND_SEQUENCE, uint32_t(call->attribute(0, DLC_F32)));
  }
  return DLC_OK;
}

dlc_status hostSequenceConstruct(dlc_host_call *call, void *) {
  dlc_value *y = call->output(0);
  if (!y) {
    return DLC_OK;
  }
  y->clear(DLC_KIND_SEQUENCE, DLC_UNDEFINED);
  for (size_t i = 0; i < call->inputs.size; ++i) {
    if (!call->input(i)) {
      return noInput(call, i);
    }
    if (y->insert(i, *call->input(i), *call->error)) {
      return call->error->status;
    }
  }
  return DLC_OK;
}

dlc_status hostSequenceInsert(dlc_host_call *call, void *) {
  if (expectInput(*call, 0, DLC_KIND_SEQUENCE) || !call->input(1)) {
    return call->input(1) ? call->error->status : noInput(call, 1);
  }
  const dlc_value &x = *call->input(0);
  int64_t length = int64_t(x.items.size()), at;
  dlc_value *y = call->output(0);
  if (position(call, 2, length, length, true, at) || !y || y->copy(x, *call->error)) {
    return call->error->status;
  }
  return y->insert(size_t(at), *call->input(1), *call->error);
}

dlc_status hostSequenceErase(dlc_host_call *call, void *) {
  if (expectInput(*call, 0, DLC_KIND_SEQUENCE)) {
    return call->error->status;
  }
  const dlc_value &x = *call->input(0);
  int64_t length = int64_t(x.items.size()), at;
  dlc_value *y = call->output(0);
  if (position(call, 1, length - 1, length, false, at) || !y || y->copy(x, *call->error)) {
    return call->error->status;
  }
  y->erase(size_t(at));
  return DLC_OK;
}

dlc_status hostSequenceAt(dlc_host_call *call, void *) {
  int64_t at;
  if (expectInput(*call, 0, DLC_KIND_SEQUENCE) ||
      position(call, 1, 0, int64_t(call->input(0)->items.size()), false, at)) {
    return call->error->status;
  }
  dlc_value *y = call->output(0);
  return y ? y->copy(*call->input(0)->items[size_t(at)], *call->error) : DLC_OK;
}

dlc_status hostSequenceLength(dlc_host_call *call, void *) {
  if (expectInput(*call, 0, DLC_KIND_SEQUENCE)) {
    return call->error->status;
  }
  return writeScalar(call, DLC_I64, int64_t(call->input(0)->items.size()));
}

dlc_status hostOptionalMake(dlc_host_call *call, void *) {
  dlc_value *y = call->output(0);
  if (!y) {
    return DLC_OK;
  }
  y->clear(DLC_KIND_OPTIONAL, uint32_t(call->attribute(0)));
  return call->input(0) ? y->insert(0, *call->input(0), *call->error) : DLC_OK;
}

dlc_status hostOptionalGet(dlc_host_call *call, void *) {
  const dlc_value *x = call->input(0);
  if (x && x->kind == DLC_KIND_OPTIONAL) {
    x = x->items.empty() ? nullptr : x->items[0];
  }
  if (!x) {
    return fail(*call->error, DLC_RUN_FAILED, "expected an optional that has an element");
  }
  return call->output(0) ? call->output(0)->copy(*x, *call->error) : DLC_OK;
}

dlc_status hostOptionalHas(dlc_host_call *call, void *) {
  const dlc_value *x = call->input(0);
  return writeScalar(call, DLC_BOOL, x && (x->kind != DLC_KIND_OPTIONAL || !x->items.empty()));
}

} // namespace dlc::rt

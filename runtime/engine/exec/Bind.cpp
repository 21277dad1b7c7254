// Checks what callers bind to inputs and outputs.
#include "exec/Context.h"
#include "support/Dtype.h"

namespace dlc::rt {
namespace {

dlc_status findPort(const dlc_context &c, size_t entry, size_t index, bool input, uint32_t &port, Error &error) {
  const Program &p = c.program();
  if (entry >= p.groups.size()) {
    return fail(error, DLC_INVALID_ARGUMENT, "expected an entry below %zu, got %zu", p.groups.size(), entry);
  }
  const dlc_abi_entry &e = p.entries[p.groups[entry].first];
  size_t count = input ? e.input_count : e.output_count;
  if (index >= count) {
    return fail(error, DLC_INVALID_ARGUMENT, "expected an %s below %zu, got %zu", input ? "input" : "output", count,
                index);
  }
  port = uint32_t(index + (input ? e.first_input : e.first_output));
  if (p.ports[port].flags & DLC_PORT_FEEDBACK) {
    return fail(error, DLC_INVALID_ARGUMENT, "%s '%s' is fed back within the context: use dlc_context_%s_variable",
                input ? "input" : "output", p.string(p.ports[port].name), input ? "set" : "get");
  }
  return DLC_OK;
}

/// Copies the caller's struct, whose size may be another one.
dlc_status readTensor(const dlc_tensor *from, const char *name, dlc_tensor &to, Error &error) {
  if (from->struct_size < sizeof to) {
    return fail(error, DLC_INVALID_ARGUMENT, "tensor for '%s': expected struct_size %zu, got %zu: use DLC_TENSOR_INIT",
                name, sizeof to, from->struct_size);
  }
  to = *from;
  if (to.rank > DLC_MAX_RANK) {
    return fail(error, DLC_INVALID_ARGUMENT, "tensor for '%s': expected a rank of at most %d, got %u", name,
                DLC_MAX_RANK, to.rank);
  }
  return DLC_OK;
}

bool isOneElement(const dlc_tensor &t) {
  for (uint32_t d = 0; d < t.rank; ++d) {
    if (t.dims[d] != 1) {
      return false;
    }
  }
  return true;
}

dlc_status checkBuffer(const char *name, const dlc_tensor &t, int64_t bytes, Error &error) {
  if (uint64_t(bytes) > t.byte_size) {
    return fail(error, DLC_SHAPE_MISMATCH, "'%s': expected a buffer of at least %lld bytes, got %zu", name,
                (long long)bytes, t.byte_size);
  }
  uint32_t alignment = dtypeAlignment(t.dtype);
  if (bytes && !t.data) {
    return fail(error, DLC_INVALID_ARGUMENT, "'%s': expected %lld bytes of data, got null", name, (long long)bytes);
  }
  if (bytes && uint64_t(t.data) % alignment) {
    return fail(error, DLC_INVALID_ARGUMENT, "'%s': expected data aligned to %u bytes, got %p", name, alignment,
                t.data);
  }
  return DLC_OK;
}

dlc_status bindStrings(dlc_context &c, uint32_t port, const dlc_tensor &t, Error &error) {
  InputBinding &b = c.inputs[port];
  const char *name = c.program().string(c.program().ports[port].name);
  int64_t count, bytes;
  if (!elementCount(t.dims, t.rank, count) || !mul(count, int64_t(sizeof(dlc_string)), bytes) ||
      uint64_t(bytes) > t.byte_size || (bytes && !t.data)) {
    return fail(error, DLC_SHAPE_MISMATCH, "input '%s': expected an array of dlc_string, got %zu bytes", name,
                t.byte_size);
  }
  b.given = false;
  if (b.strings.setStrings(t.rank, t.dims, static_cast<const dlc_string *>(t.data), error)) {
    return error.status;
  }
  b.given = true;
  b.value = &b.strings;
  return DLC_OK;
}
} // namespace

dlc_status bindInput(dlc_context &c, size_t entry, size_t index, const dlc_tensor *tensor, Error &error) {
  const Program &p = c.program();
  uint32_t port;
  if (findPort(c, entry, index, true, port, error)) {
    return error.status;
  }
  const dlc_abi_port &want = p.ports[port];
  const char *name = p.string(want.name);
  InputBinding &b = c.inputs[port];
  if (!tensor) {
    b.given = false;
    return DLC_OK;
  }
  dlc_tensor t;
  if (readTensor(tensor, name, t, error)) {
    return error.status;
  }
  bool strings = want.kind == DLC_KIND_STRINGS && t.dtype == DLC_STRING;
  if (!strings && (want.kind != DLC_KIND_TENSOR || t.dtype != want.dtype)) {
    return fail(error, DLC_SHAPE_MISMATCH, "input '%s': expected a %s of %s, got a tensor of %s", name,
                kindText(want.kind), dtypeText(want.dtype), dtypeText(t.dtype));
  }
  if (want.rank == 0 && isOneElement(t)) {
    t.rank = 0; // exporters declare scalars and feed vectors of one element
  }
  if (checkInputShape(p, uint32_t(entry), uint32_t(index), t.rank, t.dims, error)) {
    return error.status;
  }
  if (strings) {
    return bindStrings(c, port, t, error);
  }
  int64_t count, bytes;
  if (!elementCount(t.dims, t.rank, count) || !dtypeBytes(t.dtype, count, bytes)) {
    return fail(error, DLC_SHAPE_MISMATCH, "input '%s': its size is too large", name);
  }
  if (checkBuffer(name, t, bytes, error)) {
    return error.status;
  }
  b.given = true;
  b.value = nullptr;
  b.tensor = t;
  b.tensor.byte_size = size_t(bytes);
  return DLC_OK;
}

dlc_status bindInputValue(dlc_context &c, size_t entry, size_t index, const dlc_value *value, Error &error) {
  uint32_t port;
  if (findPort(c, entry, index, true, port, error)) {
    return error.status;
  }
  const dlc_abi_port &want = c.program().ports[port];
  InputBinding &b = c.inputs[port];
  if (!value) {
    b.given = false;
    return DLC_OK;
  }
  if (value->kind == DLC_KIND_TENSOR && want.kind == DLC_KIND_TENSOR) {
    dlc_tensor t = DLC_TENSOR_INIT;
    t.dtype = value->dtype, t.rank = value->rank, t.data = value->data, t.byte_size = size_t(value->bytes);
    memcpy(t.dims, value->dims, sizeof t.dims);
    return bindInput(c, entry, index, &t, error);
  }
  if (value->kind != want.kind || !value->defined) {
    return fail(error, DLC_SHAPE_MISMATCH, "input '%s': expected a %s, got a %s", c.program().string(want.name),
                kindText(want.kind), kindText(value->kind));
  }
  if (value->kind == DLC_KIND_STRINGS &&
      checkInputShape(c.program(), uint32_t(entry), uint32_t(index), value->rank, value->dims, error)) {
    return error.status;
  }
  b.given = true;
  b.value = value;
  return DLC_OK;
}

dlc_status bindOutput(dlc_context &c, size_t entry, size_t index, const dlc_tensor *tensor, Error &error) {
  uint32_t port;
  if (findPort(c, entry, index, false, port, error)) {
    return error.status;
  }
  const dlc_abi_port &want = c.program().ports[port];
  const char *name = c.program().string(want.name);
  OutputBinding &b = c.outputs[port];
  if (!tensor) {
    b.callers = false;
    return DLC_OK;
  }
  dlc_tensor t;
  if (readTensor(tensor, name, t, error)) {
    return error.status;
  }
  if (want.kind != DLC_KIND_TENSOR || t.dtype != want.dtype) {
    return fail(error, DLC_SHAPE_MISMATCH,
                want.kind == DLC_KIND_TENSOR ? "output '%s': expected %s, got a buffer of %s"
                                             : "output '%s' belongs to the context: read it with "
                                               "dlc_context_get_output_value (%s, %s)",
                name, dtypeText(want.dtype), dtypeText(t.dtype));
  }
  if (checkBuffer(name, t, t.byte_size ? 1 : 0, error)) {
    return error.status;
  }
  b.callers = true;
  b.tensor = t;
  return DLC_OK;
}

dlc_status checkInputs(dlc_context &c, size_t entry, Error &error) {
  const Program &p = c.program();
  const dlc_abi_entry &e = p.entries[p.groups[entry].first];
  for (uint32_t i = e.first_input; i < e.first_input + e.input_count; ++i) {
    if (!c.inputs[i].given && !(p.ports[i].flags & (DLC_PORT_OPTIONAL | DLC_PORT_FEEDBACK))) {
      return fail(error, DLC_INVALID_ARGUMENT, "input '%s' was not given", p.string(p.ports[i].name));
    }
  }
  return DLC_OK;
}

} // namespace dlc::rt

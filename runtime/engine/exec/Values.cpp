// Reading and writing values of every kind, wherever they are.
#include "exec/Context.h"
#include "support/Dtype.h"

namespace dlc::rt {

dlc_value *objectOf(dlc_context &c, uint32_t value) {
  const Program &p = c.program();
  uint32_t root = p.valueInfo[value].root;
  const dlc_abi_value &v = p.values[root];
  uint32_t entry = p.valueInfo[root].entry;
  switch (v.storage) {
  case DLC_STORAGE_INPUT:
    return const_cast<dlc_value *>(c.inputs[p.inputPort(entry, v.index)].value);
  case DLC_STORAGE_OUTPUT:
    return &c.outputs[p.outputPort(entry, v.index)].object;
  default:
    return c.objects[root];
  }
}

namespace {
/// The shape of a tensor in planned memory or of an input.
void shapeOf(dlc_context &c, uint32_t value, int64_t *dims) {
  const Program &p = c.program();
  const dlc_abi_value &v = p.values[value];
  if (v.storage == DLC_STORAGE_INPUT) {
    const InputBinding &b = c.inputs[p.inputPort(p.valueInfo[value].entry, v.index)];
    memcpy(dims, b.tensor.dims, v.rank * sizeof *dims);
    return;
  }
  for (uint32_t i = 0; i < v.rank; ++i) {
    dims[i] = c.slot(p.shape(value)[i]);
  }
}

bool isAbsent(dlc_context &c, uint32_t value) {
  const Program &p = c.program();
  uint32_t root = p.valueInfo[value].root;
  const dlc_abi_value &v = p.values[root];
  return v.storage == DLC_STORAGE_NONE ||
         (v.storage == DLC_STORAGE_INPUT && !c.inputs[p.inputPort(p.valueInfo[root].entry, v.index)].given);
}
} // namespace

dlc_status viewValue(dlc_context &c, uint32_t value, dlc_value &temporary, const dlc_value *&out, Error &error) {
  const Program &p = c.program();
  const dlc_abi_value &v = p.values[value];
  out = nullptr;
  if (isAbsent(c, value)) {
    return DLC_OK;
  }
  if (p.valueInfo[value].isObject) {
    const dlc_value *object = objectOf(c, value);
    if (!object || !object->defined) {
      return fail(error, DLC_RUN_FAILED, "value %u ('%s') is used before anything was stored in it", value,
                  p.string(v.name));
    }
    out = object;
    return DLC_OK;
  }
  char *address;
  int64_t room, count, bytes, dims[DLC_MAX_RANK];
  if (dlc_status s = resolveValue(c, value, address, room, error)) {
    return s;
  }
  shapeOf(c, value, dims);
  if (!elementCount(dims, v.rank, count) || !dtypeBytes(v.dtype, count, bytes) || bytes > room) {
    return fail(error, DLC_INVALID_MODEL, "value %u ('%s'): its shape does not fit its %lld bytes", value,
                p.string(v.name), (long long)room);
  }
  temporary.view(v.dtype, v.rank, dims, address, count, bytes);
  out = &temporary;
  return DLC_OK;
}

dlc_status storeValue(dlc_context &c, uint32_t to, const dlc_value &from, Error &error) {
  const Program &p = c.program();
  const dlc_abi_value &v = p.values[to];
  if (p.valueInfo[to].isObject) {
    dlc_value *object = objectOf(c, to);
    if (!object || from.kind != v.kind) {
      return fail(error, DLC_RUN_FAILED, "value %u ('%s'): expected a %s, got a %s", to, p.string(v.name),
                  kindText(v.kind), kindText(from.kind));
    }
    return object->copy(from, error);
  }
  char *address;
  int64_t room;
  if (dlc_status s = resolveValue(c, to, address, room, error)) {
    return s;
  }
  int64_t bytes = from.bytes;
  if (v.storage != DLC_STORAGE_INPUT) {
    int64_t count, dims[DLC_MAX_RANK];
    shapeOf(c, to, dims);
    if (!elementCount(dims, v.rank, count) || !dtypeBytes(v.dtype, count, bytes)) {
      bytes = -1;
    }
  }
  if (from.kind != DLC_KIND_TENSOR || from.dtype != v.dtype || from.bytes != bytes || bytes > room) {
    return fail(error, DLC_SHAPE_MISMATCH, "value %u ('%s'): expected a %s tensor of %lld bytes, got a %s %s of %lld",
                to, p.string(v.name), dtypeText(v.dtype), (long long)bytes, dtypeText(from.dtype), kindText(from.kind),
                (long long)from.bytes);
  }
  if (bytes && address != from.data) {
    memmove(address, from.data, size_t(bytes));
  }
  return DLC_OK;
}

dlc_status assignValue(dlc_context &c, uint32_t to, uint32_t from, uint32_t block, Error &error) {
  const Program &p = c.program();
  const ValueInfo &source = p.valueInfo[from], &target = p.valueInfo[to];
  bool movable = source.isObject && target.isObject && p.values[from].storage == DLC_STORAGE_DYNAMIC &&
                 p.values[to].storage == DLC_STORAGE_DYNAMIC && source.producer == block && block != none &&
                 p.values[from].kind == p.values[to].kind && from != to;
  if (movable && c.objects[from]->defined) {
    c.objects[to]->swap(*c.objects[from]);
    return DLC_OK;
  }
  dlc_value temporary(c.allocator);
  const dlc_value *view;
  if (dlc_status s = viewValue(c, from, temporary, view, error)) {
    return s;
  }
  if (!view) {
    return fail(error, DLC_RUN_FAILED, "value %u ('%s') is absent", from, p.string(p.values[from].name));
  }
  return storeValue(c, to, *view, error);
}

dlc_status storeInteger(dlc_context &c, uint32_t to, int64_t number, Error &error) {
  uint32_t dtype = c.program().values[to].dtype;
  uint8_t flag = number != 0;
  int32_t narrow = int32_t(number);
  dlc_value view(c.allocator);
  void *data = dtype == DLC_BOOL  ? static_cast<void *>(&flag)
               : dtype == DLC_I32 ? static_cast<void *>(&narrow)
                                  : &number;
  if (dtype != DLC_BOOL && dtype != DLC_I32 && dtype != DLC_I64) {
    return fail(error, DLC_INVALID_MODEL, "value %u: expected i64, i32 or bool, got %s", to, dtypeText(dtype));
  }
  const dlc_abi_value &v = c.program().values[to];
  int64_t ones[DLC_MAX_RANK];
  for (int64_t &d : ones) {
    d = 1;
  }
  view.view(dtype, v.rank, ones, data, 1, dtypeBits(dtype) / 8);
  return storeValue(c, to, view, error);
}

dlc_status loadInteger(dlc_context &c, uint32_t from, uint64_t index, int64_t &out, Error &error) {
  const dlc_abi_value &v = c.program().values[from];
  if (isAbsent(c, from)) {
    return fail(error, DLC_RUN_FAILED, "value %u ('%s') is absent", from, c.program().string(v.name));
  }
  char *address;
  int64_t room, bytes;
  if (dlc_status s = resolveValue(c, from, address, room, error)) {
    return s;
  }
  if (!dtypeBytes(v.dtype, int64_t(index) + 1, bytes) || bytes > room) {
    return fail(error, DLC_RUN_FAILED, "value %u ('%s') has no element %llu", from, c.program().string(v.name),
                (unsigned long long)index);
  }
  if (!readInteger(v.dtype, address, index, out)) {
    return fail(error, DLC_RUN_FAILED, "element %llu of value %u ('%s') is not a number that fits 64 bits",
                (unsigned long long)index, from, c.program().string(v.name));
  }
  return DLC_OK;
}

namespace {
dlc_status liveDim(void *user, uint32_t value, uint32_t dim, int64_t &out, Error &error) {
  dlc_context &c = *static_cast<dlc_context *>(user);
  const dlc_abi_value &v = c.program().values[value];
  if (v.storage == DLC_STORAGE_INPUT && v.kind == DLC_KIND_TENSOR) {
    const InputBinding &b = c.inputs[c.program().inputPort(c.program().valueInfo[value].entry, v.index)];
    out = b.given && dim < b.tensor.rank ? b.tensor.dims[dim] : 0;
    return DLC_OK;
  }
  const dlc_value *object = isAbsent(c, value) ? nullptr : objectOf(c, value);
  if (!object) {
    out = 0;
    return DLC_OK;
  }
  if (object->kind == DLC_KIND_TENSOR || object->kind == DLC_KIND_STRINGS) {
    if (!object->defined || dim >= object->rank) {
      return fail(error, DLC_RUN_FAILED, "value %u ('%s') has no dimension %u", value, c.program().string(v.name), dim);
    }
    out = object->dims[dim];
    return DLC_OK;
  }
  out = int64_t(object->items.size());
  return DLC_OK;
}

dlc_status liveRead(void *user, uint32_t value, uint32_t index, int64_t &out, Error &error) {
  return loadInteger(*static_cast<dlc_context *>(user), value, index, out, error);
}

bool liveGiven(void *user, uint32_t value) { return !isAbsent(*static_cast<dlc_context *>(user), value); }
} // namespace

DimSource dimSource(dlc_context &context) { return {&context, liveDim, liveRead, liveGiven}; }

} // namespace dlc::rt

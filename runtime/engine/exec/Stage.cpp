// Entering a stage: its sizes, its frame, and the addresses of its values.
#include "exec/Context.h"
#include "support/Dtype.h"

namespace dlc::rt {
namespace {

dlc_status badPlace(const dlc_context &c, uint32_t value, int64_t offset, int64_t size, int64_t room, Error &error) {
  return fail(error, DLC_INVALID_MODEL, "value %u ('%s'): %lld bytes at offset %lld exceed the %lld bytes that hold it",
              value, c.program().string(c.program().values[value].name), (long long)size, (long long)offset,
              (long long)room);
}

/// A part of a larger block.
dlc_status place(const dlc_context &c, uint32_t value, char *base, int64_t room, char *&address, int64_t &size,
                 Error &error) {
  const dlc_abi_value &v = c.program().values[value];
  int64_t offset = v.offset == none ? 0 : c.slot(v.offset);
  if (offset < 0 || offset > room) {
    return badPlace(c, value, offset, 0, room, error);
  }
  size = v.size == none ? room - offset : c.slot(v.size);
  if (size < 0 || size > room - offset) {
    return badPlace(c, value, offset, size, room, error);
  }
  address = base ? base + offset : nullptr;
  if (uint64_t(address) % dtypeAlignment(v.dtype)) {
    return fail(error, DLC_INVALID_MODEL, "value %u ('%s'): offset %lld is not aligned to its elements", value,
                c.program().string(v.name), (long long)offset);
  }
  return DLC_OK;
}

dlc_status outputMemory(dlc_context &c, uint32_t value, char *&address, int64_t &size, Error &error) {
  const dlc_abi_value &v = c.program().values[value];
  const Program &p = c.program();
  uint32_t entry = p.valueInfo[value].entry, port = p.outputPort(entry, v.index);
  uint32_t variable = p.portVariable[p.entries[entry].first_output + v.index];
  OutputBinding &b = c.outputs[port];
  size = c.slot(v.size);
  if (size < 0) {
    return badPlace(c, value, 0, size, 0, error);
  }
  if (variable != none) {
    address = c.nextVariables[variable].data();
    int64_t room = c.plans.base.slots[p.variables[variable].size];
    return size == room
               ? DLC_OK
               : fail(error, DLC_SHAPE_MISMATCH, "output '%s': expected the %lld bytes of state '%s', got %lld",
                      p.string(p.ports[port].name), (long long)room, p.string(p.variables[variable].name),
                      (long long)size);
  }
  if (b.callers) {
    if (uint64_t(size) > b.tensor.byte_size) {
      return fail(error, DLC_SHAPE_MISMATCH, "output '%s': expected a buffer of at least %lld bytes, got %zu",
                  c.program().string(c.program().ports[port].name), (long long)size, b.tensor.byte_size);
    }
    address = static_cast<char *>(b.tensor.data);
    return DLC_OK;
  }
  if (!b.buffer.ensure(c.allocator, size_t(size))) {
    return fail(error, DLC_OUT_OF_MEMORY, "no memory for output '%s' of %lld bytes",
                c.program().string(c.program().ports[port].name), (long long)size);
  }
  address = b.buffer.data();
  return DLC_OK;
}

/// The block at the end of a value that aliases nothing.
dlc_status rootMemory(dlc_context &c, uint32_t value, char *&address, int64_t &size, Error &error) {
  const Program &p = c.program();
  const dlc_abi_value &v = p.values[value];
  switch (v.storage) {
  case DLC_STORAGE_INPUT: {
    const InputBinding &b = c.inputs[p.inputPort(p.valueInfo[value].entry, v.index)];
    address = b.given ? static_cast<char *>(b.tensor.data) : nullptr;
    size = b.given ? int64_t(b.tensor.byte_size) : 0;
    return DLC_OK;
  }
  case DLC_STORAGE_OUTPUT:
    return outputMemory(c, value, address, size, error);
  case DLC_STORAGE_CONSTANT:
    address = const_cast<char *>(c.model->constant(v.index));
    size = int64_t(p.constants[v.index].size);
    return DLC_OK;
  case DLC_STORAGE_FRAME:
    return place(c, value, c.stages[v.index].frame, c.stages[v.index].frameBytes, address, size, error);
  case DLC_STORAGE_VARIABLE:
    address = c.variables[v.index].data();
    size = c.plans.base.slots[p.variables[v.index].size];
    return DLC_OK;
  default:
    address = nullptr, size = 0;
    return DLC_OK;
  }
}

/// Computes one entry of `addresses`; those that it aliases are there already.
dlc_status resolveInto(dlc_context &c, uint32_t value, Error &error) {
  const dlc_abi_value &v = c.program().values[value];
  char *&address = c.addresses[value];
  int64_t &size = c.sizes[value];
  if (v.storage != DLC_STORAGE_ALIAS) {
    return rootMemory(c, value, address, size, error);
  }
  return place(c, value, c.addresses[v.index], c.sizes[v.index], address, size, error);
}

dlc_status giveFrame(dlc_context &c, uint32_t stage, Error &error) {
  const dlc_abi_stage &s = c.program().stages[stage];
  StageRun &r = c.stages[stage];
  r.frameBytes = s.frame_size == none ? 0 : c.slot(s.frame_size);
  if (r.frameBytes < 0) {
    return fail(error, DLC_INVALID_MODEL, "stage %u has a frame of %lld bytes", stage, (long long)r.frameBytes);
  }
  if (s.frame_value != none) {
    r.frame = c.addresses[s.frame_value];
    if (r.frameBytes > c.sizes[s.frame_value]) {
      return badPlace(c, s.frame_value, 0, r.frameBytes, c.sizes[s.frame_value], error);
    }
    return DLC_OK;
  }
  Buffer &buffer = c.frames[c.program().stageInfo[stage].frame];
  if (r.frameBytes && !buffer.ensure(c.allocator, size_t(r.frameBytes))) {
    return fail(error, DLC_OUT_OF_MEMORY, "no memory for %lld bytes of intermediate values", (long long)r.frameBytes);
  }
  r.frame = buffer.data();
  return DLC_OK;
}

void needScratch(dlc_context &c, int64_t bytes) {
  int64_t known = c.scratchNeeded.load(std::memory_order_relaxed);
  while (known < bytes && !c.scratchNeeded.compare_exchange_weak(known, bytes, std::memory_order_relaxed)) {
  }
}

void linkAddresses(dlc_context &c, uint32_t step) {
  const Program &p = c.program();
  Span<const uint32_t> args = p.range(p.steps[step].args);
  for (uint32_t i = 0; i < args.size; ++i) {
    c.steps[step].args[i] = c.addresses[args[i]];
  }
}

/// Copies addresses and sizes to where kernels take them from.
dlc_status linkStep(dlc_context &c, uint32_t step, Error &error) {
  const Program &p = c.program();
  const dlc_abi_step &s = p.steps[step];
  StepRun &r = c.steps[step];
  if (s.kind == DLC_STEP_DISPATCH) {
    linkAddresses(c, step);
  }
  Span<const uint32_t> dims = p.range(s.dims);
  for (uint32_t i = 0; i < dims.size; ++i) {
    r.dims[i] = c.slot(dims[i]);
  }
  r.tiles = s.tiles == none ? 1 : c.slot(s.tiles);
  r.scratch = s.scratch == none ? 0 : c.slot(s.scratch);
  if (r.tiles < 0 || r.scratch < 0) {
    return fail(error, DLC_INVALID_MODEL, "step '%s' has %lld tiles and %lld bytes of scratch", p.string(s.name),
                (long long)r.tiles, (long long)r.scratch);
  }
  needScratch(c, r.scratch);
  return DLC_OK;
}

/// Formulas of sizes have negative results where inputs are too small for the model: two of them would make a size that
/// looks right.
dlc_status checkShape(const dlc_context &c, uint32_t value, Error &error) {
  const Program &p = c.program();
  const dlc_abi_value &v = p.values[value];
  if (p.valueInfo[value].isObject || v.storage == DLC_STORAGE_INPUT) {
    return DLC_OK;
  }
  for (uint32_t i = 0; i < v.rank; ++i) {
    int64_t size = c.slot(p.shape(value)[i]);
    if (size < 0) {
      bool isOutput = v.storage == DLC_STORAGE_OUTPUT;
      const char *name =
          isOutput ? p.string(p.ports[p.outputPort(p.valueInfo[value].entry, v.index)].name) : p.string(v.name);
      return fail(error, DLC_SHAPE_MISMATCH,
                  "%s '%s': expected sizes of inputs that the model can take, got dimension %u of %lld",
                  isOutput ? "output" : "value", name, i, (long long)size);
    }
  }
  return DLC_OK;
}

dlc_status plan(dlc_context &c, uint32_t stage, Error &error) {
  const Program &p = c.program();
  const StageInfo &info = p.stageInfo[stage];
  for (uint32_t v : p.homes.span(info.firstHome, info.homeCount)) {
    if (dlc_status s = checkShape(c, v, error)) {
      return s;
    }
  }
  if (dlc_status s = giveFrame(c, stage, error)) {
    return s;
  }
  for (uint32_t v : p.homes.span(info.firstHome, info.homeCount)) {
    if (dlc_status s = resolveInto(c, v, error)) {
      return s;
    }
  }
  const dlc_abi_stage &s = p.stages[stage];
  for (uint32_t i = s.first_step; i < s.first_step + s.step_count; ++i) {
    if (dlc_status status = linkStep(c, i, error)) {
      return status;
    }
  }
  return DLC_OK;
}

/// Only what lies in inputs and outputs can have moved.
dlc_status refresh(dlc_context &c, uint32_t stage, Error &error) {
  const Program &p = c.program();
  const StageInfo &info = p.stageInfo[stage];
  for (uint32_t v : p.homes.span(info.firstHome, info.homeCount)) {
    if (p.valueInfo[v].binding == Binding::Volatile) {
      if (dlc_status s = resolveInto(c, v, error)) {
        return s;
      }
    }
  }
  const dlc_abi_stage &s = p.stages[stage];
  for (uint32_t i = s.first_step; i < s.first_step + s.step_count; ++i) {
    if (p.stepInfo[i].hasVolatile && p.steps[i].kind == DLC_STEP_DISPATCH) {
      linkAddresses(c, i);
    }
  }
  return DLC_OK;
}
} // namespace

dlc_status enterStage(dlc_context &c, uint32_t stage, Error &error) {
  StageRun &r = c.stages[stage];
  bool data = c.program().stageInfo[stage].sizes == Sizes::Data, evaluated = c.plan->evaluated[stage];
  if (!evaluated) {
    if (dlc_status s = evaluateDims(c.program(), stage, c.plan->slots.data(), dimSource(c), error)) {
      return s;
    }
    c.plan->evaluated[stage] = !data;
  }
  // Another specialisation may have needed a larger frame.
  bool moved =
      c.program().stages[stage].frame_value == none && r.frame != c.frames[c.program().stageInfo[stage].frame].data();
  dlc_status s = DLC_OK;
  if (!evaluated || moved || r.plan != c.plan->serial) {
    r.plan = 0;
    s = plan(c, stage, error);
  } else if (r.run != c.runSerial) {
    s = refresh(c, stage, error);
  }
  if (s == DLC_OK) {
    r.plan = c.plan->serial;
    r.run = c.runSerial;
  }
  return s;
}

dlc_status resolveFree(dlc_context &c, Error &error) {
  for (uint32_t v : c.program().freeValues) {
    if (dlc_status s = resolveInto(c, v, error)) {
      return s;
    }
  }
  return DLC_OK;
}

dlc_status resolvePorts(dlc_context &c, Error &error) {
  for (uint32_t v : c.program().freePorts) {
    const ValueInfo &info = c.program().valueInfo[v];
    bool wanted = info.entry == c.plan->entry || c.program().values[info.root].storage == DLC_STORAGE_VARIABLE;
    if (wanted && resolveInto(c, v, error)) {
      return error.status;
    }
  }
  return DLC_OK;
}

dlc_status resolveValue(dlc_context &c, uint32_t value, char *&address, int64_t &size, Error &error) {
  const Program &p = c.program();
  if (p.valueInfo[value].binding != Binding::Dynamic) {
    address = c.addresses[value];
    size = c.sizes[value];
    return DLC_OK;
  }
  const dlc_abi_value &v = p.values[value];
  if (v.storage == DLC_STORAGE_ALIAS) {
    if (dlc_status s = resolveValue(c, v.index, address, size, error)) {
      return s;
    }
    return place(c, value, address, size, address, size, error);
  }
  const dlc_value *object = objectOf(c, value);
  if (!object || !object->defined || object->kind != DLC_KIND_TENSOR) {
    return fail(error, DLC_RUN_FAILED, "value %u ('%s') is used before a tensor was stored in it", value,
                p.string(v.name));
  }
  address = static_cast<char *>(object->data);
  size = object->bytes;
  return DLC_OK;
}

} // namespace dlc::rt

// Contexts: bindings, runs, variables, profiles.
#include "api/Guard.h"
#include "exec/Context.h"

using namespace dlc::rt;

namespace {
dlc_status busy() {
  return fail(freshError(), DLC_BUSY, "the context is running: wait for it, or use another context");
}
bool isBusy(const dlc_context *c) { return c->busy.load(std::memory_order_acquire); }

/// The status of a run, with its message for this thread.
dlc_status report(const dlc_context *c, dlc_status status) {
  Error &error = freshError();
  if (status != DLC_OK) {
    error = c->runError;
  }
  return status;
}

dlc_status findVariable(const dlc_context *c, const char *name, uint32_t &index) {
  const Program &p = c->program();
  for (index = 0; index < p.variables.size(); ++index) {
    if (name && strcmp(p.string(p.variables[index].name), name) == 0) {
      return DLC_OK;
    }
  }
  return fail(freshError(), DLC_NOT_FOUND, "the model has no variable '%s'", name ? name : "");
}

/// The last result of an output; null when there is none.
dlc_status findResult(const dlc_context *c, size_t entry, size_t index, const dlc_value *&out) {
  const Program &p = c->program();
  if (entry >= p.groups.size() || index >= p.entries[p.groups[entry].first].output_count) {
    return fail(freshError(), DLC_INVALID_ARGUMENT, "entry %zu has no output %zu", entry, index);
  }
  uint32_t port = p.entries[p.groups[entry].first].first_output + uint32_t(index);
  if (p.ports[port].flags & DLC_PORT_FEEDBACK) {
    return fail(freshError(), DLC_INVALID_ARGUMENT,
                "output '%s' is fed back within the context: use dlc_context_get_variable",
                p.string(p.ports[port].name));
  }
  out = c->outputs[port].last;
  return out ? DLC_OK
             : fail(freshError(), DLC_NOT_FOUND, "output %zu of entry %zu has no result: no run of it has succeeded",
                    index, entry);
}

void describe(const dlc_value &from, dlc_tensor &to) {
  to.dtype = from.dtype, to.rank = from.rank, to.data = from.data, to.byte_size = size_t(from.bytes);
  memcpy(to.dims, from.dims, sizeof to.dims);
}

dlc_status variableTensor(const dlc_context *c, uint32_t index, dlc_tensor &t) {
  const Program &p = c->program();
  const dlc_abi_variable &v = p.variables[index];
  t = DLC_TENSOR_INIT;
  t.data = c->variables[index].data();
  t.byte_size = size_t(c->plans.base.slots[v.size]);
  t.dtype = DLC_U8, t.rank = 1, t.dims[0] = int64_t(t.byte_size);
  if (v.value == none) {
    return DLC_OK;
  }
  const dlc_abi_value &value = p.values[v.value];
  int64_t dims[DLC_MAX_RANK] = {};
  for (uint32_t d = 0; d < value.rank; ++d) {
    if (value.shape == none || !c->knownSlots[p.shape(v.value)[d]]) {
      return DLC_OK;
    }
    dims[d] = c->plans.base.slots[p.shape(v.value)[d]];
  }
  t.dtype = value.dtype, t.rank = value.rank;
  memcpy(t.dims, dims, sizeof dims);
  return DLC_OK;
}
} // namespace

extern "C" {

dlc_status dlc_context_create(const dlc_model *model, const dlc_context_options *options, dlc_context **out) {
  if (!model || !out) {
    return nullArgument(model ? "out" : "model");
  }
  *out = nullptr;
  dlc_context_options o;
  if (!readOptions(options, o)) {
    return fail(freshError(), DLC_INVALID_ARGUMENT, "expected options to start with their struct_size");
  }
  return createContext(*const_cast<dlc_model *>(model), o, *out, freshError());
}
void dlc_context_destroy(dlc_context *context) { destroy(context); }
const dlc_model *dlc_context_model(const dlc_context *c) { return c->model; }
uint32_t dlc_context_threads(const dlc_context *c) { return uint32_t(c->workers.size()); }
const char *dlc_context_error(const dlc_context *c) { return c->runError.text; }

dlc_status dlc_context_set_input(dlc_context *c, size_t entry, size_t index, const dlc_tensor *tensor) {
  return !c ? nullArgument("context") : isBusy(c) ? busy() : bindInput(*c, entry, index, tensor, freshError());
}
dlc_status dlc_context_set_input_value(dlc_context *c, size_t entry, size_t index, const dlc_value *value) {
  return !c ? nullArgument("context") : isBusy(c) ? busy() : bindInputValue(*c, entry, index, value, freshError());
}
dlc_status dlc_context_set_output(dlc_context *c, size_t entry, size_t index, const dlc_tensor *tensor) {
  return !c ? nullArgument("context") : isBusy(c) ? busy() : bindOutput(*c, entry, index, tensor, freshError());
}
dlc_status dlc_context_get_output(dlc_context *c, size_t entry, size_t index, dlc_tensor *tensor) {
  if (!c || !tensor) {
    return nullArgument(c ? "tensor" : "context");
  }
  if (isBusy(c)) {
    return busy();
  }
  const dlc_value *value;
  if (dlc_status s = findResult(c, entry, index, value)) {
    return s;
  }
  if (value->kind != DLC_KIND_TENSOR && value->kind != DLC_KIND_STRINGS) {
    return fail(freshError(), DLC_SHAPE_MISMATCH, "output %zu is a %s: use dlc_context_get_output_value", index,
                kindText(value->kind));
  }
  dlc_tensor t = DLC_TENSOR_INIT;
  describe(*value, t);
  return writeResult(tensor, t) ? DLC_OK
                                : fail(freshError(), DLC_INVALID_ARGUMENT, "expected tensor->struct_size to be set");
}
dlc_status dlc_context_get_output_value(dlc_context *c, size_t entry, size_t index, const dlc_value **value) {
  if (!c || !value) {
    return nullArgument(c ? "value" : "context");
  }
  *value = nullptr;
  return isBusy(c) ? busy() : findResult(c, entry, index, *value);
}

dlc_status dlc_context_run(dlc_context *c, size_t entry) {
  if (!c) {
    return nullArgument("context");
  }
  if (entry >= c->program().groups.size()) {
    return fail(freshError(), DLC_INVALID_ARGUMENT, "expected an entry below %zu, got %zu", c->program().groups.size(),
                entry);
  }
  if (!acquire(*c)) {
    return busy();
  }
  dlc_status status = report(c, runEntry(*c, entry));
  c->busy.store(false, std::memory_order_release);
  return status;
}
dlc_status dlc_context_run_async(dlc_context *c, size_t entry, dlc_done_fn done, void *user) {
  if (!c) {
    return nullArgument("context");
  }
  Error &error = freshError();
  if (entry >= c->program().groups.size()) {
    return fail(error, DLC_INVALID_ARGUMENT, "expected an entry below %zu, got %zu", c->program().groups.size(),
                entry);
  }
  if (!acquire(*c)) {
    return busy();
  }
  dlc_status status = checkInputs(*c, entry, error);
  status = status ? status : startAsync(*c, entry, done, user, error);
  if (status != DLC_OK) {
    c->busy.store(false, std::memory_order_release);
  }
  return status;
}
dlc_status dlc_context_wait(dlc_context *c) { return c ? report(c, waitAsync(*c)) : nullArgument("context"); }
void dlc_context_cancel(dlc_context *c) {
  if (c && isBusy(c)) {
    uint32_t going = 0;
    c->stop.compare_exchange_strong(going, uint32_t(DLC_CANCELLED));
  }
}

dlc_status dlc_run(dlc_context *c, size_t entry, const dlc_tensor *inputs, size_t input_count, dlc_tensor *outputs,
                   size_t output_count) {
  if (!c || (input_count && !inputs) || (output_count && !outputs)) {
    return nullArgument(!c ? "context" : "tensors");
  }
  for (size_t i = 0; i < input_count; ++i) {
    if (dlc_status s = dlc_context_set_input(c, entry, i, &inputs[i])) {
      return s;
    }
  }
  for (size_t i = 0; i < output_count; ++i) {
    if (dlc_status s = dlc_context_set_output(c, entry, i, outputs[i].data ? &outputs[i] : nullptr)) {
      return s;
    }
  }
  if (dlc_status s = dlc_context_run(c, entry)) {
    return s;
  }
  for (size_t i = 0; i < output_count; ++i) {
    if (dlc_status s = dlc_context_get_output(c, entry, i, &outputs[i])) {
      return s;
    }
  }
  return DLC_OK;
}

size_t dlc_context_specialisation(const dlc_context *c) {
  const Program &p = c->program();
  return c->entry == none ? 0 : c->entry - p.groups[p.groupOf[c->entry]].first;
}

dlc_status dlc_context_trim(dlc_context *c) {
  if (!c) {
    return nullArgument("context");
  }
  if (!acquire(*c)) {
    return busy();
  }
  trimContext(*c);
  c->busy.store(false, std::memory_order_release);
  return DLC_OK;
}

dlc_status dlc_context_reset_variables(dlc_context *c) {
  return !c ? nullArgument("context") : isBusy(c) ? busy() : resetVariables(*c, freshError());
}
dlc_status dlc_context_get_variable(dlc_context *c, const char *name, dlc_tensor *tensor) {
  if (!c || !tensor) {
    return nullArgument(c ? "tensor" : "context");
  }
  uint32_t index;
  dlc_tensor t;
  if (dlc_status s = isBusy(c) ? busy() : findVariable(c, name, index)) {
    return s;
  }
  variableTensor(c, index, t);
  return writeResult(tensor, t) ? DLC_OK
                                : fail(freshError(), DLC_INVALID_ARGUMENT, "expected tensor->struct_size to be set");
}
dlc_status dlc_context_set_variable(dlc_context *c, const char *name, const dlc_tensor *tensor) {
  if (!c || !tensor) {
    return nullArgument(c ? "tensor" : "context");
  }
  uint32_t index;
  dlc_tensor own;
  if (dlc_status s = isBusy(c) ? busy() : findVariable(c, name, index)) {
    return s;
  }
  variableTensor(c, index, own);
  bool typed = c->program().variables[index].value != none;
  if (tensor->byte_size != own.byte_size || (typed && tensor->dtype != own.dtype) || (own.byte_size && !tensor->data)) {
    return fail(freshError(), DLC_SHAPE_MISMATCH, "variable '%s': expected %zu bytes of %s, got %zu of %s", name,
                own.byte_size, dlc_dtype_text(own.dtype), tensor->byte_size, dlc_dtype_text(tensor->dtype));
  }
  memmove(own.data, tensor->data, own.byte_size);
  return DLC_OK;
}

dlc_status dlc_context_set_profile(dlc_context *c, uint32_t enabled) {
  if (!c) {
    return nullArgument("context");
  }
  if (isBusy(c)) {
    return busy();
  }
  for (Worker &w : c->workers) {
    if (!enabled) {
      w.profile.disable();
    } else if (!w.profile.enable()) {
      return fail(freshError(), DLC_OUT_OF_MEMORY, "no memory for profiles");
    }
  }
  c->profiling = enabled != 0;
  return DLC_OK;
}
size_t dlc_context_profile_count(const dlc_context *c) {
  size_t count = 0;
  for (const Worker &w : c->workers) {
    count += w.profile.size();
  }
  return count;
}
dlc_status dlc_context_profile_event(const dlc_context *c, size_t index, dlc_profile_event *event) {
  if (!c || !event) {
    return nullArgument(c ? "event" : "context");
  }
  for (const Worker &w : c->workers) {
    if (index < w.profile.size()) {
      const ProfileEvent &e = w.profile[index];
      const Program &p = c->program();
      const dlc_abi_step &s = p.steps[e.step];
      *event = {p.string(s.name), p.string(s.strategy), e.step,  w.index, e.start - c->runStart, e.end - c->runStart,
                e.tiles,          e.stepTiles,          e.flops, e.bytes};
      return DLC_OK;
    }
    index -= w.profile.size();
  }
  return fail(freshError(), DLC_INVALID_ARGUMENT, "expected an event below %zu", dlc_context_profile_count(c));
}
uint64_t dlc_context_profile_dropped(const dlc_context *c) {
  uint64_t dropped = 0;
  for (const Worker &w : c->workers) {
    dropped += w.profile.dropped();
  }
  return dropped;
}
uint64_t dlc_context_run_ns(const dlc_context *c) { return c->runTime; }

} // extern "C"

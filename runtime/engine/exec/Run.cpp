// One run of an entry: bindings, plan, block, outputs, feedback.
#include "exec/Context.h"
#include "support/Dtype.h"
#include <time.h>
#include <xmmintrin.h>

void dlc_context::failRun(const dlc::rt::Error &error) {
  pthread_mutex_lock(&errorLock);
  if (!runError) {
    runError = error;
  }
  pthread_mutex_unlock(&errorLock);
  uint32_t going = 0;
  stop.compare_exchange_strong(going, uint32_t(error.status));
}

namespace dlc::rt {

uint64_t now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return uint64_t(t.tv_sec) * 1000000000 + uint64_t(t.tv_nsec);
}

namespace {

/// Rounding and denormals as kernels expect them, whatever the caller has set.
class DefaultFloats {
public:
  DefaultFloats() : saved(_mm_getcsr()) { _mm_setcsr(0x1f80); }
  ~DefaultFloats() { _mm_setcsr(saved); }

private:
  unsigned saved;
};

/// Dims of several inputs that carry the same symbol must be equal.
dlc_status checkSymbols(dlc_context &c, uint32_t entry, uint32_t stage, Error &error) {
  const Program &p = c.program();
  const dlc_abi_entry &e = p.entries[entry];
  for (uint32_t i = e.first_input; i < e.first_input + e.input_count; ++i) {
    const dlc_abi_port &port = p.ports[i];
    const InputBinding &b = c.inputs[p.inputPort(entry, i - e.first_input)];
    bool isTensor = port.kind == DLC_KIND_TENSOR && b.given;
    for (uint32_t d = 0; isTensor && d < port.rank; ++d) {
      uint32_t slot = p.portDims[port.dims + d].slot;
      if (slot == none || p.slotStage[slot] != stage || b.tensor.dims[d] == c.slot(slot)) {
        continue;
      }
      return fail(error, DLC_SHAPE_MISMATCH, "input '%s': expected dimension %u (%s) to be %lld, got %lld",
                  p.string(port.name), d, p.string(p.portDims[port.dims + d].symbol), (long long)c.slot(slot),
                  (long long)b.tensor.dims[d]);
    }
  }
  return DLC_OK;
}

dlc_status prepare(dlc_context &c, uint32_t entry, Error &error) {
  bool fresh;
  if (c.plans.select(c, entry, c.plan, fresh, error) || resolvePorts(c, error)) {
    return error.status;
  }
  const dlc_abi_block &b = c.program().blocks[c.program().entries[entry].block];
  if (b.stage_count &&
      (enterStage(c, b.first_stage, error) || (fresh && checkSymbols(c, entry, b.first_stage, error)))) {
    c.plan->key.clear(); // so that the plan is never found again
    c.plan->entry = none;
    return error.status;
  }
  for (Worker &w : c.workers) {
    if (!w.scratch.ensure(c.allocator, size_t(c.scratchNeeded.load(std::memory_order_relaxed)))) {
      return fail(error, DLC_OUT_OF_MEMORY, "no memory for scratch");
    }
    w.profile.begin();
  }
  return DLC_OK;
}

dlc_status copyOut(dlc_context &c, uint32_t port, const dlc_value &from, Error &error) {
  OutputBinding &b = c.outputs[port];
  const char *name = c.program().string(c.program().ports[port].name);
  if (from.kind != DLC_KIND_TENSOR || from.dtype != b.tensor.dtype || size_t(from.bytes) > b.tensor.byte_size) {
    return fail(error, DLC_SHAPE_MISMATCH, "output '%s': expected a buffer of at least %lld bytes of %s, got %zu", name,
                (long long)from.bytes, dtypeText(from.dtype), b.tensor.byte_size);
  }
  if (from.bytes && b.tensor.data != from.data) {
    memmove(b.tensor.data, from.data, size_t(from.bytes));
  }
  b.result.view(from.dtype, from.rank, from.dims, b.tensor.data, from.count, from.bytes);
  b.last = &b.result;
  return DLC_OK;
}

dlc_status finishOutput(dlc_context &c, uint32_t port, uint32_t bound, Error &error) {
  const Program &p = c.program();
  OutputBinding &b = c.outputs[bound];
  uint32_t value = p.ports[port].value;
  const dlc_value *view;
  if (dlc_status s = viewValue(c, value, b.result, view, error)) {
    return s;
  }
  if (!view) {
    return fail(error, DLC_RUN_FAILED, "output '%s' is absent", p.string(p.ports[port].name));
  }
  if (b.callers) {
    return copyOut(c, bound, *view, error);
  }
  // Memory of the context stays until the next run; anything else is copied.
  uint32_t storage = p.values[p.valueInfo[value].root].storage;
  bool stays = storage == DLC_STORAGE_OUTPUT || storage == DLC_STORAGE_DYNAMIC || storage == DLC_STORAGE_FRAME;
  if (stays) {
    b.last = view;
    return DLC_OK;
  }
  if (dlc_status s = b.object.copy(*view, error)) {
    return s;
  }
  b.last = &b.object;
  return DLC_OK;
}

/// The second buffer of a variable, when no kernel has written it in place.
dlc_status fillVariable(dlc_context &c, const dlc_abi_feedback &f, uint32_t variable, Error &error) {
  const Program &p = c.program();
  const char *name = p.string(p.variables[variable].name);
  dlc_value to(c.allocator), from(c.allocator);
  const dlc_value *want, *got;
  if (viewValue(c, f.input, to, want, error) || viewValue(c, f.output, from, got, error)) {
    return error.status;
  }
  bool same = got && got->kind == DLC_KIND_TENSOR && got->dtype == want->dtype && got->rank == want->rank &&
              memcmp(got->dims, want->dims, got->rank * sizeof *got->dims) == 0;
  if (!same) {
    return fail(error, DLC_SHAPE_MISMATCH, "state '%s': expected %lld bytes of %s in its shape, got %lld of %s", name,
                (long long)want->bytes, dtypeText(want->dtype), (long long)(got ? got->bytes : 0),
                dtypeText(got ? got->dtype : DLC_UNDEFINED));
  }
  if (got->bytes && got->data != c.nextVariables[variable].data()) {
    memcpy(c.nextVariables[variable].data(), got->data, size_t(got->bytes));
  }
  return DLC_OK;
}

/// Exchanges come last, when nothing can fail any more: a run changes all of its variables or none.
dlc_status finishVariables(dlc_context &c, uint32_t entry, Error &error) {
  const Program &p = c.program();
  const dlc_abi_entry &e = p.entries[entry];
  for (const dlc_abi_feedback &f : p.feedback) {
    uint32_t variable = none;
    for (uint32_t i = e.first_output; f.entry == entry && i < e.first_output + e.output_count; ++i) {
      variable = p.ports[i].value == f.output && p.portVariable[i] != none ? p.portVariable[i] : variable;
    }
    dlc_status s = f.entry != entry ? DLC_OK
                   : variable == none ? assignValue(c, f.input, f.output, none, error)
                                      : fillVariable(c, f, variable, error);
    if (s) {
      return s;
    }
  }
  for (uint32_t i = e.first_output; i < e.first_output + e.output_count; ++i) {
    if (p.portVariable[i] != none) {
      c.variables[p.portVariable[i]].swap(c.nextVariables[p.portVariable[i]]);
    }
  }
  return DLC_OK;
}

dlc_status finish(dlc_context &c, uint32_t entry, Error &error) {
  const Program &p = c.program();
  const dlc_abi_entry &e = p.entries[entry];
  for (uint32_t i = e.first_output; i < e.first_output + e.output_count; ++i) {
    if (!(p.ports[i].flags & DLC_PORT_FEEDBACK) &&
        finishOutput(c, i, p.outputPort(entry, i - e.first_output), error)) {
      return error.status;
    }
  }
  return finishVariables(c, entry, error);
}
} // namespace

bool acquire(dlc_context &c) {
  if (c.busy.exchange(true, std::memory_order_acq_rel)) {
    return false;
  }
  c.stop.store(0);
  return true;
}

dlc_status runEntry(dlc_context &c, size_t entry) {
  DefaultFloats floats;
  uint32_t group = uint32_t(entry);
  const dlc_abi_entry &first = c.program().entries[c.program().groups[group].first];
  c.runError.clear();
  ++c.runSerial;
  c.runStart = now();
  for (uint32_t i = first.first_output; i < first.first_output + first.output_count; ++i) {
    c.outputs[i].last = nullptr;
  }
  Error error;
  if (checkInputs(c, group, error) == DLC_OK && selectEntry(c, group, c.entry, error) == DLC_OK &&
      prepare(c, c.entry, error) == DLC_OK) {
    runBlock(c, c.workers[0], c.program().entries[c.entry].block, error);
  }
  if (!error && !c.stopped()) {
    finish(c, c.entry, error);
  }
  if (error) {
    c.failRun(error);
  }
  c.runTime = now() - c.runStart;
  uint32_t stop = c.stop.load();
  if (stop == DLC_CANCELLED && !c.runError) {
    fail(c.runError, DLC_CANCELLED, "the run was cancelled");
  }
  return c.runError.status;
}

} // namespace dlc::rt

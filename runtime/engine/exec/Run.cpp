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
    bool isTensor = port.kind == DLC_KIND_TENSOR && c.inputs[i].given;
    for (uint32_t d = 0; isTensor && d < port.rank; ++d) {
      uint32_t slot = p.portDims[port.dims + d].slot;
      if (slot == none || p.slotStage[slot] != stage || c.inputs[i].tensor.dims[d] == c.slot(slot)) {
        continue;
      }
      return fail(error, DLC_SHAPE_MISMATCH, "input '%s': expected dimension %u (%s) to be %lld, got %lld",
                  p.string(port.name), d, p.string(p.portDims[port.dims + d].symbol), (long long)c.slot(slot),
                  (long long)c.inputs[i].tensor.dims[d]);
    }
  }
  return DLC_OK;
}

dlc_status prepare(dlc_context &c, uint32_t entry, Error &error) {
  bool fresh;
  if (checkInputs(c, entry, error) || c.plans.select(c, entry, c.plan, fresh, error) || resolvePorts(c, error)) {
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

dlc_status finishOutput(dlc_context &c, uint32_t port, Error &error) {
  const Program &p = c.program();
  OutputBinding &b = c.outputs[port];
  uint32_t value = p.ports[port].value;
  const dlc_value *view;
  if (dlc_status s = viewValue(c, value, b.result, view, error)) {
    return s;
  }
  if (!view) {
    return fail(error, DLC_RUN_FAILED, "output '%s' is absent", p.string(p.ports[port].name));
  }
  if (b.callers) {
    return copyOut(c, port, *view, error);
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

dlc_status finish(dlc_context &c, uint32_t entry, Error &error) {
  const Program &p = c.program();
  const dlc_abi_entry &e = p.entries[entry];
  for (uint32_t i = e.first_output; i < e.first_output + e.output_count; ++i) {
    if (!(p.ports[i].flags & DLC_PORT_FEEDBACK) && finishOutput(c, i, error)) {
      return error.status;
    }
  }
  for (const dlc_abi_feedback &f : p.feedback) {
    if (f.entry == entry && assignValue(c, f.input, f.output, none, error)) {
      return error.status;
    }
  }
  return DLC_OK;
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
  const dlc_abi_entry &e = c.program().entries[entry];
  c.runError.clear();
  ++c.runSerial;
  c.runStart = now();
  for (uint32_t i = e.first_output; i < e.first_output + e.output_count; ++i) {
    c.outputs[i].last = nullptr;
  }
  Error error;
  if (prepare(c, uint32_t(entry), error) == DLC_OK) {
    runBlock(c, c.workers[0], e.block, error);
  }
  if (!error && !c.stopped()) {
    finish(c, uint32_t(entry), error);
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

// A context's birth: everything that depends on nothing is evaluated and allocated here.
#include "cpu/Cpu.h"
#include "exec/Context.h"
#include "support/Dtype.h"
#include <unistd.h>

dlc_context::~dlc_context() {
  using namespace dlc::rt;
  uint32_t going = 0;
  stop.compare_exchange_strong(going, uint32_t(DLC_CANCELLED));
  stopAsync(*this);
  while (busy.load(std::memory_order_acquire)) {
    usleep(100);
  }
  pool.quit.store(true, std::memory_order_seq_cst);
  pool.wake(0x7fffffff);
  for (size_t i = 1; i < workers.size(); ++i) {
    if (workers[i].context) {
      pthread_join(workers[i].thread, nullptr);
    }
  }
  for (dlc_value *object : objects) {
    destroy(object);
  }
  for (dlc_value *temporary : temporaries) {
    destroy(temporary);
  }
  if (model) {
    model->release();
  }
}

namespace dlc::rt {
namespace {

dlc_status noMemory(Error &error) { return fail(error, DLC_OUT_OF_MEMORY, "no memory for the context's tables"); }

dlc_status makeTables(dlc_context &c, Error &error) {
  const Program &p = c.program();
  if (!c.stages.create(p.stages.size()) || !c.steps.create(p.steps.size()) || !c.args.resize(p.argTotal) ||
      !c.dims.resize(p.dimTotal) || !c.addresses.resize(p.values.size()) || !c.sizes.resize(p.values.size()) ||
      !c.objects.resize(p.values.size()) || !c.temporaries.resize(p.values.size()) ||
      !c.inputs.create(p.ports.size()) || !c.outputs.create(p.ports.size()) ||
      !c.variables.create(p.variables.size()) || !c.nextVariables.create(p.variables.size()) ||
      !c.frames.create(p.frameCount) || !c.knownSlots.resize(p.header.slot_count) ||
      !c.pool.queue.resize(p.steps.size() + 1) ||
      !c.plans.create(p.header.slot_count, p.stages.size(), c.options.plan_cache ? c.options.plan_cache : 16)) {
    return noMemory(error);
  }
  uint32_t views = 0;
  for (uint32_t i = 0; i < p.steps.size(); ++i) {
    StepRun &r = c.steps[i];
    r.args = c.args.data() + p.stepInfo[i].args;
    r.dims = c.dims.data() + p.stepInfo[i].dims;
    if (p.steps[i].kind == DLC_STEP_DISPATCH) {
      r.kernel = c.model->kernels[p.steps[i].target];
    } else if (p.steps[i].kind == DLC_STEP_HOST_CALL) {
      r.firstView = views;
      views += p.steps[i].args.count;
    }
  }
  for (OutputBinding &b : c.outputs) {
    b.object.allocator = &c.allocator;
  }
  return c.views.create(views) && c.operands.resize(views) ? DLC_OK : noMemory(error);
}

/// Strings in the weights: n + 1 offsets into the bytes that follow them.
dlc_status decodeStrings(dlc_context &c, uint32_t value, dlc_value &to, Error &error) {
  const Program &p = c.program();
  const dlc_abi_value &v = p.values[value];
  const dlc_abi_constant &k = p.constants[v.index];
  const char *bytes = c.model->constant(v.index);
  int64_t dims[DLC_MAX_RANK], count;
  bool ok = v.shape != none || v.rank == 0;
  for (uint32_t i = 0; ok && i < v.rank; ++i) {
    uint32_t slot = p.shape(value)[i];
    ok = c.knownSlots[slot];
    dims[i] = c.plans.base.slots[slot];
  }
  ok = ok && elementCount(dims, v.rank, count) && uint64_t(count) < k.size / 8;
  Vector<dlc_string> strings;
  if (ok && !strings.resize(size_t(count))) {
    return noMemory(error);
  }
  uint64_t room = ok ? k.size - 8 * uint64_t(count + 1) : 0, from, to_;
  for (int64_t i = 0; ok && i < count; ++i) {
    memcpy(&from, bytes + 8 * i, 8);
    memcpy(&to_, bytes + 8 * i + 8, 8);
    ok = from <= to_ && to_ <= room;
    strings[size_t(i)] = {bytes + 8 * (count + 1) + from, size_t(to_ - from)};
  }
  if (!ok) {
    return fail(error, DLC_INVALID_MODEL, "value %u ('%s'): its constant does not hold strings of its shape", value,
                p.string(v.name));
  }
  return to.setStrings(v.rank, dims, strings.data(), error);
}

dlc_status makeObjects(dlc_context &c, Error &error) {
  const Program &p = c.program();
  for (uint32_t v = 0; v < p.values.size(); ++v) {
    bool strings = p.values[v].storage == DLC_STORAGE_CONSTANT && p.values[v].kind == DLC_KIND_STRINGS;
    if (!strings && p.values[v].storage != DLC_STORAGE_DYNAMIC) {
      continue;
    }
    dlc_value *object = create<dlc_value>(c.allocator);
    if (!object) {
      return noMemory(error);
    }
    c.objects[v] = object;
    object->kind = p.values[v].kind;
    object->dtype = p.values[v].dtype;
    if (strings && decodeStrings(c, v, *object, error)) {
      return error.status;
    }
  }
  return DLC_OK;
}

/// Stages that depend on nothing. One whose evaluation fails is left for the run that needs it, if ever.
dlc_status evaluateStatic(dlc_context &c, Error &error) {
  const Program &p = c.program();
  Plan &base = c.plans.base;
  c.plan = &base;
  // Twice: parts of constants have their place, and can be read, only when their offsets are known.
  for (int pass = 0; pass < 2; ++pass) {
    evaluateStaticDims(p, base.slots.data(), c.knownSlots.data(), dimSource(c));
    if (resolveFree(c, error)) {
      return error.status;
    }
  }
  int64_t scratch = 0;
  for (uint32_t stage : p.stageTree) {
    const StageInfo &info = p.stageInfo[stage];
    uint32_t before = stage > p.blocks[info.block].first_stage ? stage - 1 : p.blockInfo[info.block].parentStage;
    Error ignored;
    if (!p.isVisible(p.entryOf(stage)) || info.sizes != Sizes::Static || (before != none && !base.evaluated[before]) ||
        evaluateDims(p, stage, base.slots.data(), dimSource(c), ignored)) {
      continue;
    }
    base.evaluated[stage] = 1;
    const dlc_abi_stage &s = p.stages[stage];
    int64_t frame = s.frame_size == none || s.frame_value != none ? 0 : base.slots[s.frame_size];
    if (frame > 0 && !c.frames[info.frame].ensure(c.allocator, size_t(frame))) {
      return fail(error, DLC_OUT_OF_MEMORY, "no memory for %lld bytes of intermediate values", (long long)frame);
    }
    for (uint32_t i = s.first_step; i < s.first_step + s.step_count; ++i) {
      int64_t wanted = p.steps[i].scratch == none ? 0 : base.slots[p.steps[i].scratch];
      scratch = wanted > scratch ? wanted : scratch;
    }
  }
  c.scratchNeeded.store(scratch);
  for (Worker &w : c.workers) {
    if (scratch && !w.scratch.ensure(c.allocator, size_t(scratch))) {
      return fail(error, DLC_OUT_OF_MEMORY, "no memory for %lld bytes of scratch", (long long)scratch);
    }
  }
  return DLC_OK;
}

dlc_status makeVariables(dlc_context &c, Error &error) {
  const Program &p = c.program();
  for (uint32_t i = 0; i < p.variables.size(); ++i) {
    uint32_t slot = p.variables[i].size;
    int64_t bytes = c.plans.base.slots[slot];
    if (!c.knownSlots[slot] || bytes < 0) {
      return fail(error, DLC_INVALID_MODEL, "variable %u ('%s') has no size", i, p.string(p.variables[i].name));
    }
    uint32_t constant = p.variables[i].constant;
    if (constant != none && p.constants[constant].size != uint64_t(bytes)) {
      return fail(error, DLC_INVALID_MODEL, "variable '%s': expected an initial value of %lld bytes, got %llu",
                  p.string(p.variables[i].name), (long long)bytes, (unsigned long long)p.constants[constant].size);
    }
    if (!c.variables[i].ensure(c.allocator, size_t(bytes)) ||
        (p.exchanged[i] && !c.nextVariables[i].ensure(c.allocator, size_t(bytes)))) {
      return fail(error, DLC_OUT_OF_MEMORY, "no memory for variable '%s' of %lld bytes", p.string(p.variables[i].name),
                  (long long)bytes);
    }
  }
  return resolveFree(c, error) ? error.status : resetVariables(c, error);
}

void *poolMain(void *argument) {
  Worker &w = *static_cast<Worker *>(argument);
  __builtin_ia32_ldmxcsr(0x1f80);
  workerMain(*w.context, w);
  return nullptr;
}

dlc_status startWorkers(dlc_context &c, Error &error) {
  for (uint32_t i = 1; i < c.workers.size(); ++i) {
    Worker &w = c.workers[i];
    w.context = &c;
    if (!startThread(w.thread, poolMain, &w)) {
      w.context = nullptr;
      return fail(error, DLC_OUT_OF_MEMORY, "cannot start thread %u of %zu", i, c.workers.size());
    }
  }
  return DLC_OK;
}
} // namespace

dlc_status resetVariables(dlc_context &c, Error &error) {
  const Program &p = c.program();
  for (uint32_t i = 0; i < p.variables.size(); ++i) {
    size_t bytes = size_t(c.plans.base.slots[p.variables[i].size]);
    if (p.variables[i].constant == none) {
      memset(c.variables[i].data(), 0, bytes);
    } else if (bytes) {
      memcpy(c.variables[i].data(), c.model->constant(p.variables[i].constant), bytes);
    }
  }
  return DLC_OK;
}

void trimContext(dlc_context &c) {
  for (Buffer &frame : c.frames) {
    frame.reset();
  }
  for (StageRun &s : c.stages) {
    s.plan = 0;
  }
  for (OutputBinding &b : c.outputs) {
    b.buffer.reset();
    b.object.clear(DLC_KIND_TENSOR, DLC_UNDEFINED);
    b.object.buffer.reset();
    b.object.text.reset();
    b.last = nullptr;
  }
  for (uint32_t v = 0; v < c.objects.size(); ++v) {
    if (c.objects[v] && c.program().values[v].storage == DLC_STORAGE_DYNAMIC) {
      c.objects[v]->clear(c.program().values[v].kind, c.program().values[v].dtype);
      c.objects[v]->defined = false;
      c.objects[v]->buffer.reset();
      c.objects[v]->text.reset();
    }
  }
  for (dlc_value *&temporary : c.temporaries) {
    destroy(temporary);
    temporary = nullptr;
  }
  for (Worker &w : c.workers) {
    w.scratch.reset();
  }
  c.plans.clear();
  c.plan = &c.plans.base;
}

dlc_status createContext(dlc_model &model, const dlc_context_options &options, dlc_context *&out, Error &error) {
  constexpr uint32_t maxThreads = 1024;
  if (options.threads > maxThreads) {
    return fail(error, DLC_INVALID_ARGUMENT, "expected at most %u threads, got %u", maxThreads, options.threads);
  }
  if (options.allocator && (!options.allocator->allocate || !options.allocator->release)) {
    return fail(error, DLC_INVALID_ARGUMENT, "expected an allocator with both functions, got null");
  }
  dlc_context *c = create<dlc_context>();
  if (!c) {
    return noMemory(error);
  }
  model.retain();
  c->model = &model;
  c->options = options;
  if (options.allocator) {
    c->allocator.fns = *options.allocator;
  }
  c->options.allocator = nullptr;
  c->log = options.log ? Log{options.log, options.log_user} : model.log;
  uint32_t available = availableThreads(""), threads = options.threads ? options.threads : available;
  // Threads that outnumber the processors must not keep the others from working.
  c->pool.spin = threads > available ? 0 : 1000ull * (options.spin_microseconds ? options.spin_microseconds : 50);
  c->profiling = options.profile != 0;
  bool ok = c->workers.create(threads);
  for (uint32_t i = 0; ok && i < threads; ++i) {
    c->workers[i].index = i;
    ok = !c->profiling || c->workers[i].profile.enable();
  }
  if (!ok) {
    noMemory(error);
  }
  if (error || model.prepared.prepare(model, threads, error) || makeTables(*c, error) || evaluateStatic(*c, error) ||
      makeVariables(*c, error) || makeObjects(*c, error) || startWorkers(*c, error)) {
    destroy(c);
    return error.status;
  }
  log(c->log, DLC_LOG_DEBUG, "context of model '%s' with %u threads", c->program().string(c->program().header.name),
      threads);
  out = c;
  return DLC_OK;
}

} // namespace dlc::rt

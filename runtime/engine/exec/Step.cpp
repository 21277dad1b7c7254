// One step: its chunks of tiles, kernels, host calls and copies.
#include "exec/Context.h"
#include "host/HostCall.h"
#include "support/Dtype.h"

namespace dlc::rt {
namespace {

/// Chunks per thread: enough to balance threads of different speed, and to notice a cancellation soon. A thread that is
/// alone needs no balance: its kernels may use again what they computed for the tile before.
constexpr int64_t chunksPerThread = 4, tilesOfLoneChunk = 16;
constexpr int64_t maxShuffled = 1 << 20;

uint64_t mix(uint64_t x) { // splitmix64
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

uint32_t gcd(uint32_t a, uint32_t b) {
  while (b) {
    uint32_t r = a % b;
    a = b, b = r;
  }
  return a;
}

/// An order of chunks: chunk i stands for factor * i + start, modulo their number.
void shuffle(const dlc_context &c, uint32_t step, StepRun &r) {
  uint64_t random = mix(c.options.tile_order_seed ^ mix(c.runSerial ^ mix(step)));
  r.shuffleStart = uint32_t(random % r.chunks);
  r.shuffleFactor = uint32_t((random >> 32) % r.chunks) | 1u;
  while (gcd(r.shuffleFactor, r.chunks) != 1) {
    r.shuffleFactor += 2;
  }
}

dlc_status lateAddresses(dlc_context &c, uint32_t step, Error &error) {
  const Program &p = c.program();
  Span<const uint32_t> args = p.range(p.steps[step].args);
  for (uint32_t i = 0; i < args.size; ++i) {
    if (p.valueInfo[args[i]].binding == Binding::Dynamic) {
      char *address;
      int64_t size;
      if (dlc_status s = resolveValue(c, args[i], address, size, error)) {
        return s;
      }
      c.steps[step].args[i] = address;
    }
  }
  return DLC_OK;
}

void failStep(dlc_context &c, uint32_t step, Error &error) {
  prefix(error, "step '%s'", c.program().string(c.program().steps[step].name));
  c.failRun(error);
}

void dispatch(dlc_context &c, Worker &w, uint32_t step, uint32_t chunk, int64_t &count) {
  StepRun &r = c.steps[step];
  if (r.shuffleFactor != 1 || r.shuffleStart) {
    chunk = uint32_t((uint64_t(chunk) * r.shuffleFactor + r.shuffleStart) % r.chunks);
  }
  int64_t begin = 0, end = r.tiles;
  if (r.chunks > 1) {
    int64_t each = r.tiles / r.chunks, rest = r.tiles % r.chunks;
    begin = each * chunk + (chunk < rest ? chunk : rest);
    end = begin + each + (chunk < rest);
  }
  count = end - begin;
  if (count == 0) {
    return;
  }
  if (size_t(r.scratch) > w.scratch.capacity() && !w.scratch.ensure(c.allocator, size_t(r.scratch))) {
    Error error;
    fail(error, DLC_OUT_OF_MEMORY, "no memory for %lld bytes of scratch", (long long)r.scratch);
    return failStep(c, step, error);
  }
  int32_t status = r.kernel(r.args, r.dims, begin, end, w.scratch.data());
  if (__builtin_expect(status != DLC_KERNEL_OK, 0)) {
    Error error;
    fail(error, DLC_RUN_FAILED, "%s in kernel '%s', tiles %lld to %lld",
         status == DLC_KERNEL_INDEX_OUT_OF_RANGE ? "an index is out of range"
         : status == DLC_KERNEL_DIVISION_BY_ZERO ? "an integer is divided by zero"
                                                 : "an unknown failure",
         c.program().string(c.program().kernels[c.program().steps[step].target].name), (long long)begin,
         (long long)end);
    failStep(c, step, error);
  }
}

dlc_status outputOperand(dlc_context &c, uint32_t value, dlc_value &view, dlc_value *&out, Error &error) {
  const Program &p = c.program();
  out = nullptr;
  if (p.values[p.valueInfo[value].root].storage == DLC_STORAGE_NONE) {
    return DLC_OK;
  }
  if (p.valueInfo[value].isObject) {
    out = objectOf(c, value);
    out->defined = false;
    return DLC_OK;
  }
  const dlc_value *planned;
  dlc_status s = viewValue(c, value, view, planned, error);
  view.planned = true;
  out = planned ? &view : nullptr;
  return s;
}

bool isStatic(const Program &p, uint32_t slot) { return slot == none || p.slotSizes[slot] == Sizes::Static; }

/// Whether a value has the same sizes and data in every run: a constant, all of which is seen in one way.
bool isConstant(const Program &p, uint32_t value) {
  const ValueInfo &info = p.valueInfo[value];
  if (p.values[info.root].storage != DLC_STORAGE_CONSTANT) {
    return false;
  }
  if (info.isObject) {
    return true; // with sizes of its own
  }
  if (p.values[value].rank && p.values[value].shape == none) {
    return false;
  }
  for (uint32_t i = 0; i < p.values[value].rank; ++i) {
    if (!isStatic(p, p.shape(value)[i])) {
      return false;
    }
  }
  for (uint32_t v = value; v != info.root; v = p.values[v].index) {
    if (!isStatic(p, p.values[v].offset)) {
      return false;
    }
  }
  return true;
}

uint64_t constantInputs(const Program &p, Span<const uint32_t> args, size_t inputs) {
  uint64_t constants = 0;
  for (size_t i = 0; i < inputs && i < 64; ++i) {
    constants |= uint64_t(isConstant(p, args[i])) << i;
  }
  return constants;
}

/// A slot's number where it is known before the step that computes the data: it does not depend on any.
bool knownSize(const dlc_context &c, uint32_t slot, int64_t &out) {
  const Program &p = c.program();
  uint32_t stage = p.slotStage[slot];
  if (stage == none || p.slotSizes[slot] == Sizes::Data) {
    return false;
  }
  const dlc_abi_dim_instr &made = p.instrs[p.slotInstr[slot]];
  out = made.op == DLC_DIM_CONST ? made.imm : c.slot(slot);
  return made.op == DLC_DIM_CONST || c.knownSlots[slot] || c.plan->evaluated[stage];
}

/// Whether a host function made what was planned: a caller's sequence holds whatever the caller put into it, and code
/// behind this step relies on element type, rank and the sizes that are known.
dlc_status checkResult(const dlc_context &c, uint32_t value, const dlc_value &got, const char *function, size_t output,
                       Error &error) {
  const Program &p = c.program();
  const dlc_abi_value &v = p.values[value];
  if (!got.defined || got.kind != v.kind) {
    return fail(error, DLC_RUN_FAILED, "host function '%s': expected a %s in output %zu", function, kindText(v.kind),
                output);
  }
  bool typed = v.kind == DLC_KIND_TENSOR || v.kind == DLC_KIND_STRINGS;
  if (!typed || got.planned || v.dtype == DLC_UNDEFINED) {
    return DLC_OK; // what is planned keeps its type and sizes
  }
  if (got.dtype != v.dtype || got.rank != v.rank) {
    return fail(error, DLC_SHAPE_MISMATCH,
                "host function '%s': expected %s of rank %u in output %zu, got %s of rank %u", function,
                dtypeText(v.dtype), unsigned(v.rank), output, dtypeText(got.dtype), got.rank);
  }
  for (uint32_t i = 0; v.shape != none && i < v.rank; ++i) {
    int64_t known;
    if (knownSize(c, p.shape(value)[i], known) && known != got.dims[i]) {
      return fail(error, DLC_SHAPE_MISMATCH,
                  "host function '%s': expected size %lld of dimension %u in output %zu, got %lld", function,
                  (long long)known, i, output, (long long)got.dims[i]);
    }
  }
  return DLC_OK;
}

dlc_status hostCall(dlc_context &c, uint32_t step, Error &error) {
  const Program &p = c.program();
  const dlc_abi_step &s = p.steps[step];
  const StepRun &r = c.steps[step];
  Span<const uint32_t> args = p.range(s.args);
  size_t inputs = args.size - s.output_count;
  dlc_value **operands = c.operands.data() + r.firstView;
  for (size_t i = 0; i < args.size; ++i) {
    dlc_value &view = c.views[r.firstView + i];
    const dlc_value *input = nullptr;
    if (dlc_status status = i < inputs ? viewValue(c, args[i], view, input, error)
                                       : outputOperand(c, args[i], view, operands[i], error)) {
      return status;
    }
    if (i < inputs) {
      operands[i] = const_cast<dlc_value *>(input);
    }
  }
  const dlc_host_function &f = c.model->hostFunctions[s.target];
  dlc_host_call call = {{operands, inputs}, {operands + inputs, s.output_count}, {r.dims, s.dims.count}, &error};
  if (!c.model->opStates.empty()) {
    call.state = &c.model->opStates[step];
    call.constants = constantInputs(p, args, inputs);
  }
  threadError().clear();
  dlc_status status = f.infer ? f.infer(&call, f.user) : DLC_OK;
  status = status == DLC_OK ? f.run(&call, f.user) : status;
  if (status != DLC_OK || error) {
    // dlc_value_* functions leave their message with the thread.
    const Error &last = threadError();
    return fail(error, status ? status : DLC_RUN_FAILED, "host function '%s' failed: %s", f.name,
                last && last.status == status ? last.text : dlc_status_text(status));
  }
  for (size_t i = inputs; i < args.size; ++i) {
    if (operands[i] && checkResult(c, args[i], *operands[i], f.name, i - inputs, error)) {
      return error.status;
    }
  }
  return DLC_OK;
}

void runOther(dlc_context &c, Worker &w, uint32_t step) {
  const dlc_abi_step &s = c.program().steps[step];
  Error error;
  switch (s.kind) {
  case DLC_STEP_HOST_CALL:
    hostCall(c, step, error);
    break;
  case DLC_STEP_COPY: {
    Span<const uint32_t> args = c.program().range(s.args);
    assignValue(c, args[1], args[0], none, error);
    break;
  }
  default:
    runControl(c, w, step, error);
    break;
  }
  if (error) {
    failStep(c, step, error);
  }
}

/// Writes down what a thread just did.
void record(dlc_context &c, Worker &w, uint32_t step, uint64_t start, int64_t tiles, bool continues) {
  const dlc_abi_step &s = c.program().steps[step];
  ProfileEvent e;
  e.step = step;
  e.start = start;
  e.end = now();
  e.tiles = tiles;
  e.stepTiles = c.steps[step].tiles;
  e.flops = s.flops == none ? -1 : c.slot(s.flops);
  e.bytes = s.bytes == none ? -1 : c.slot(s.bytes);
  w.profile.add(e, continues);
}
} // namespace

void prepareStep(dlc_context &c, uint32_t step) {
  const dlc_abi_step &s = c.program().steps[step];
  StepRun &r = c.steps[step];
  r.chunks = 1;
  if (s.kind != DLC_STEP_DISPATCH) {
    return;
  }
  if (c.program().stepInfo[step].hasDynamic && r.tiles && !c.stopped()) {
    Error error;
    if (lateAddresses(c, step, error)) {
      failStep(c, step, error);
    }
  }
  int64_t most = c.options.tile_order_seed ? maxShuffled
                 : c.workers.size() == 1   ? (r.tiles < tilesOfLoneChunk * chunksPerThread ? 1 : chunksPerThread)
                                           : chunksPerThread * int64_t(c.workers.size());
  r.chunks = r.tiles > most ? uint32_t(most) : r.tiles > 1 ? uint32_t(r.tiles) : 1;
  if (c.options.tile_order_seed) {
    shuffle(c, step, r);
  }
}

void runChunk(dlc_context &c, Worker &w, uint32_t step, uint32_t chunk, bool continues) {
  if (__builtin_expect(c.stopped(), 0)) {
    return;
  }
  uint64_t start = c.profiling ? now() : 0;
  int64_t tiles = 1;
  if (__builtin_expect(c.program().steps[step].kind == DLC_STEP_DISPATCH, 1)) {
    dispatch(c, w, step, chunk, tiles);
  } else {
    runOther(c, w, step);
  }
  if (c.profiling) {
    record(c, w, step, start, tiles, continues);
  }
}

} // namespace dlc::rt

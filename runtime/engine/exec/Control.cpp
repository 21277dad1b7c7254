// Blocks, and the steps that run them.
#include "exec/Context.h"

namespace dlc::rt {
namespace {

/// A call or loop of one step: how values go into the block and come out.
class Frame {
public:
  Frame(dlc_context &c, Worker &w, uint32_t step, Error &error)
      : c(c), p(c.program()), w(w), error(error), block(p.steps[step].target) {}

  /// A parameter in the block's own frame has no address until the block's first stage was entered.
  bool isLate(uint32_t param) const {
    uint32_t home = p.valueInfo[param].home;
    return home != none && p.stageInfo[home].block == block;
  }
  dlc_status enterFirst() {
    const dlc_abi_block &b = p.blocks[block];
    return b.stage_count ? enterStage(c, b.first_stage, error) : DLC_OK;
  }
  dlc_status run() { return runBlock(c, w, block, error); }
  dlc_status assign(uint32_t to, uint32_t from, uint32_t producer = none) {
    return assignValue(c, to, from, producer, error);
  }

  dlc_context &c;
  const Program &p;
  Worker &w;
  Error &error;
  uint32_t block;
};

class Loop : Frame {
public:
  Loop(dlc_context &c, Worker &w, uint32_t step, Error &error) : Frame(c, w, step, error), step(step) {
    loopShape(p.range(p.steps[step].extra), shape);
  }

  dlc_status runAll() {
    int64_t trips = p.steps[step].dims.count ? c.steps[step].dims[0] : INT64_MAX, going = 1, done = 0;
    if ((shape.trip != none && loadInteger(c, shape.trip, 0, trips, error)) ||
        (shape.condition != none && loadInteger(c, shape.condition, 0, going, error))) {
      return error.status;
    }
    if (start()) {
      return error.status;
    }
    for (; done < trips && going && !c.stopped(); ++done) {
      if (iterate(done, going)) {
        return error.status;
      }
    }
    return c.stopped() ? DLC_OK : finish(done);
  }

private:
  dlc_status start() {
    for (const LoopShape::Carried &x : shape.carried) {
      if (!isLate(x.param) && assign(x.param, x.initial)) {
        return error.status;
      }
    }
    late = false;
    for (const LoopShape::Carried &x : shape.carried) {
      late |= isLate(x.param);
    }
    late |= shape.iteration != none && isLate(shape.iteration);
    late |= shape.conditionParam != none && isLate(shape.conditionParam);
    if (late && enterFirst()) {
      return error.status;
    }
    for (const LoopShape::Carried &x : shape.carried) {
      if (isLate(x.param) && assign(x.param, x.initial)) {
        return error.status;
      }
    }
    return DLC_OK;
  }

  dlc_status iterate(int64_t index, int64_t &going) {
    if ((shape.iteration != none && storeInteger(c, shape.iteration, index, error)) ||
        (shape.conditionParam != none && storeInteger(c, shape.conditionParam, going, error)) || run()) {
      return error.status;
    }
    if (c.stopped()) {
      return DLC_OK;
    }
    if (shape.conditionResult != none && loadInteger(c, shape.conditionResult, 0, going, error)) {
      return error.status;
    }
    for (const LoopShape::Scanned &x : shape.scanned) {
      if (stack(x, index)) {
        return error.status;
      }
    }
    return carry();
  }

  dlc_status stack(const LoopShape::Scanned &x, int64_t index) {
    dlc_value temporary(c.allocator);
    const dlc_value *row;
    if (viewValue(c, x.result, temporary, row, error)) {
      return error.status;
    }
    if (!row) {
      return fail(error, DLC_RUN_FAILED, "a loop's stacked result is absent");
    }
    if (p.valueInfo[x.final].isObject) {
      return objectOf(c, x.final)->appendRow(index, *row, error);
    }
    char *address;
    int64_t room, at;
    if (resolveValue(c, x.final, address, room, error)) {
      return error.status;
    }
    if (row->kind != DLC_KIND_TENSOR || !mul(index, row->bytes, at) || at > room || row->bytes > room - at) {
      return fail(error, DLC_SHAPE_MISMATCH, "row %lld of a loop's stacked result exceeds the planned %lld bytes",
                  (long long)index, (long long)room);
    }
    if (row->bytes) {
      memcpy(address + at, row->data, size_t(row->bytes));
    }
    return DLC_OK;
  }

  /// Whether a result must be set aside: writing the parameters in order would change it first, or entering the
  /// first stage again may move the parameter's frame.
  bool isHeld(size_t i) const {
    const LoopShape::Carried &x = shape.carried[i];
    uint32_t root = p.valueInfo[x.result].root;
    for (size_t j = 0; j < i; ++j) {
      if (p.valueInfo[shape.carried[j].param].root == root || shape.carried[j].result == x.result) {
        return true;
      }
    }
    uint32_t first = p.blocks[block].first_stage;
    return isLate(x.param) && p.stageInfo[first].sizes == Sizes::Data;
  }

  dlc_status hold(uint32_t param, uint32_t result) {
    dlc_value *&held = c.temporaries[param];
    if (!held && !(held = create<dlc_value>(c.allocator))) {
      return fail(error, DLC_OUT_OF_MEMORY, "no memory for a loop's values");
    }
    dlc_value temporary(c.allocator);
    const dlc_value *view;
    if (viewValue(c, result, temporary, view, error)) {
      return error.status;
    }
    return view ? held->copy(*view, error) : fail(error, DLC_RUN_FAILED, "a loop's carried value is absent");
  }

  /// The results become the next iteration's parameters.
  dlc_status carry() {
    for (size_t i = 0; i < shape.carried.size; ++i) {
      if (isHeld(i) && hold(shape.carried[i].param, shape.carried[i].result)) {
        return error.status;
      }
    }
    for (bool lateOnes : {false, true}) {
      if (lateOnes && late && enterFirst()) {
        return error.status;
      }
      for (size_t i = 0; i < shape.carried.size; ++i) {
        const LoopShape::Carried &x = shape.carried[i];
        if (isLate(x.param) == lateOnes &&
            (isHeld(i) ? storeValue(c, x.param, *c.temporaries[x.param], error) : assign(x.param, x.result, block))) {
          return error.status;
        }
      }
    }
    return DLC_OK;
  }

  dlc_status finish(int64_t done) {
    for (const LoopShape::Carried &x : shape.carried) {
      if (assign(x.final, x.param)) {
        return error.status;
      }
    }
    for (const LoopShape::Scanned &x : shape.scanned) {
      if (finishStack(x, done)) {
        return error.status;
      }
    }
    return DLC_OK;
  }

  dlc_status finishStack(const LoopShape::Scanned &x, int64_t done) {
    const dlc_abi_value &v = p.values[x.final];
    if (p.valueInfo[x.final].isObject) {
      return done ? DLC_OK : emptyStack(x);
    }
    dlc_value temporary(c.allocator);
    const dlc_value *all;
    if (viewValue(c, x.final, temporary, all, error)) {
      return error.status;
    }
    if (v.rank == 0 || all->dims[0] != done) {
      return fail(error, DLC_SHAPE_MISMATCH, "a loop made %lld rows of a stacked result, expected %lld",
                  (long long)done, v.rank ? (long long)all->dims[0] : 0);
    }
    return DLC_OK;
  }

  /// No rows: the other sizes are the row's, as far as they are known without an iteration.
  dlc_status emptyStack(const LoopShape::Scanned &x) {
    const dlc_abi_value &v = p.values[x.final], &row = p.values[x.result];
    int64_t dims[DLC_MAX_RANK] = {};
    for (uint32_t i = 1; i < v.rank && i <= row.rank && row.shape != none; ++i) {
      uint32_t slot = p.shape(x.result)[i - 1], stage = p.slotStage[slot];
      dims[i] = c.knownSlots[slot] || (stage != none && c.plan->evaluated[stage]) ? c.slot(slot) : 0;
    }
    dlc_value *object = objectOf(c, x.final);
    return v.kind == DLC_KIND_STRINGS ? object->setStrings(v.rank, dims, nullptr, error)
                                      : object->setTensor(v.dtype, v.rank, dims, error);
  }

  uint32_t step;
  LoopShape shape;
  bool late = false;
};

dlc_status runIf(dlc_context &c, Worker &w, uint32_t step, Error &error) {
  const Program &p = c.program();
  const dlc_abi_step &s = p.steps[step];
  Span<const uint32_t> args = p.range(s.args);
  int64_t condition;
  if (loadInteger(c, args[0], 0, condition, error)) {
    return error.status;
  }
  uint32_t block = condition ? s.target : s.other;
  if (runBlock(c, w, block, error) || c.stopped()) {
    return error.status;
  }
  Span<const uint32_t> results = p.range(p.blocks[block].results);
  for (uint32_t i = 0; i < results.size; ++i) {
    bool again = false;
    for (uint32_t j = i + 1; j < results.size; ++j) {
      again |= results[j] == results[i];
    }
    if (assignValue(c, args[i + 1], results[i], again ? none : block, error)) {
      return error.status;
    }
  }
  return DLC_OK;
}

dlc_status runCall(dlc_context &c, Worker &w, uint32_t step, Error &error) {
  Frame frame(c, w, step, error);
  CallShape shape;
  callShape(c.program().range(c.program().steps[step].extra), shape);
  for (bool late : {false, true}) {
    for (const CallShape::Pair &x : shape.arguments) {
      if (frame.isLate(x.to) == late && frame.assign(x.to, x.from)) {
        return error.status;
      }
    }
    if (!late && frame.enterFirst()) {
      return error.status;
    }
  }
  if (frame.run() || c.stopped()) {
    return error.status;
  }
  for (const CallShape::Pair &x : shape.results) {
    if (frame.assign(x.to, x.from)) {
      return error.status;
    }
  }
  return DLC_OK;
}
} // namespace

dlc_status runBlock(dlc_context &c, Worker &w, uint32_t block, Error &error) {
  const dlc_abi_block &b = c.program().blocks[block];
  for (uint32_t s = b.first_stage; s < b.first_stage + b.stage_count && !c.stopped(); ++s) {
    if (dlc_status status = enterStage(c, s, error)) {
      return status;
    }
    runSteps(c, w, s);
  }
  return DLC_OK;
}

dlc_status runControl(dlc_context &c, Worker &w, uint32_t step, Error &error) {
  switch (c.program().steps[step].kind) {
  case DLC_STEP_IF:
    return runIf(c, w, step, error);
  case DLC_STEP_LOOP:
    return Loop(c, w, step, error).runAll();
  default:
    return runCall(c, w, step, error);
  }
}

} // namespace dlc::rt

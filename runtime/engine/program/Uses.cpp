// Every use of a value or slot comes where it is known, and nothing writes to what is read-only.
#include "program/Program.h"
#include "support/Dtype.h"

namespace dlc::rt {
namespace {

class Uses {
public:
  Uses(Program &program, Error &error) : p(program), error(error) {}

  bool run() {
    for (stage = 0; stage < p.stages.size(); ++stage) {
      if (!checkStage(p.stages[stage])) {
        return false;
      }
    }
    return entries() && variables();
  }

private:
  bool bad(uint32_t value, const char *what) {
    fail(error, DLC_INVALID_MODEL, "%s %u uses value %u ('%s'): %s", place, placeIndex, value,
         p.string(p.values[value].name), what);
    return false;
  }

  bool slot(uint32_t index, uint32_t at) {
    if (index == none || p.slotVisible(index, at)) {
      return true;
    }
    fail(error, DLC_INVALID_MODEL, "%s %u uses slot %u, which nothing has computed by then", place, placeIndex, index);
    return false;
  }

  /// Whether `value` is known while stage `at` runs (none: before any stage).
  bool known(uint32_t value, uint32_t at) {
    const ValueInfo &info = p.valueInfo[value];
    if (info.home != none && (at == none || !p.visible(info.home, at))) {
      return bad(value, "its place is not known by then");
    }
    uint32_t storage = p.values[info.root].storage;
    bool io = storage == DLC_STORAGE_INPUT || storage == DLC_STORAGE_OUTPUT;
    if (io && info.entry != entry()) {
      return bad(value, "it belongs to no port of this entry");
    }
    return true;
  }
  /// The same for uses that ask for the value's shape.
  bool shaped(uint32_t value, uint32_t at) {
    if (!known(value, at)) {
      return false;
    }
    const dlc_abi_value &v = p.values[value];
    if (p.valueInfo[value].isObject || v.storage == DLC_STORAGE_INPUT || v.storage == DLC_STORAGE_NONE) {
      return true;
    }
    for (uint32_t i = 0; i < v.rank; ++i) {
      if (v.shape == none || at == none) {
        return bad(value, "its shape is not known by then");
      }
      if (!slot(p.shape(value)[i], at)) {
        return false;
      }
    }
    return true;
  }
  bool writable(uint32_t value) {
    uint32_t storage = p.values[p.valueInfo[value].root].storage;
    return (storage != DLC_STORAGE_CONSTANT && storage != DLC_STORAGE_INPUT) || bad(value, "it is read-only");
  }
  bool written(uint32_t value, uint32_t at) {
    p.valueInfo[value].producer = p.stageInfo[stage].block;
    return shaped(value, at) && writable(value);
  }

  uint32_t entry() const { return fixedEntry != none ? fixedEntry : p.blockInfo[p.stageInfo[stage].block].entry; }
  uint32_t firstStage(uint32_t block) const {
    return p.blocks[block].stage_count ? p.blocks[block].first_stage : stage;
  }
  uint32_t lastStage(uint32_t block, uint32_t otherwise) const {
    const dlc_abi_block &b = p.blocks[block];
    return b.stage_count ? b.first_stage + b.stage_count - 1 : otherwise;
  }

  bool checkStage(const dlc_abi_stage &s) {
    place = "stage", placeIndex = stage;
    if (!slot(s.frame_size, stage) || (s.frame_value != none && !frameValue(s.frame_value))) {
      return false;
    }
    for (uint32_t i = s.first_instr; i < s.first_instr + s.instr_count; ++i) {
      place = "instruction", placeIndex = i;
      if (!instr(p.instrs[i])) {
        return false;
      }
    }
    for (uint32_t i = s.first_step; i < s.first_step + s.step_count; ++i) {
      place = "step", placeIndex = i;
      if (!step(p.steps[i])) {
        return false;
      }
    }
    return true;
  }

  bool before(uint32_t value) {
    return known(value, stage) && (p.valueInfo[value].home != stage || bad(value, "its place is not known by then"));
  }
  bool frameValue(uint32_t value) {
    if (p.values[value].kind != DLC_KIND_TENSOR || p.valueInfo[value].binding != Binding::Fixed ||
        p.values[p.valueInfo[value].root].storage == DLC_STORAGE_NONE) {
      return bad(value, "expected planned memory");
    }
    return before(value) && writable(value);
  }

  bool instr(const dlc_abi_dim_instr &i) {
    if (i.op == DLC_DIM_READ) {
      if (p.values[i.a].kind != DLC_KIND_TENSOR || !isReadable(p.values[i.a].dtype)) {
        return bad(i.a, "expected a tensor of integers, bools or floats");
      }
      return before(i.a);
    }
    return (i.op != DLC_DIM_VALUE_DIM && i.op != DLC_DIM_COUNT_INPUT) || p.values[i.a].storage != DLC_STORAGE_INPUT ||
           known(i.a, stage);
  }

  bool step(const dlc_abi_step &s) {
    for (uint32_t d : p.range(s.dims)) {
      if (!slot(d, stage)) {
        return false;
      }
    }
    if (!slot(s.tiles, stage) || !slot(s.scratch, stage) || !slot(s.flops, stage) || !slot(s.bytes, stage)) {
      return false;
    }
    switch (s.kind) {
    case DLC_STEP_DISPATCH:
    case DLC_STEP_HOST_CALL:
      return leaf(s);
    case DLC_STEP_COPY:
      return shaped(p.range(s.args)[0], stage) && written(p.range(s.args)[1], stage);
    case DLC_STEP_IF:
      return ifStep(s);
    case DLC_STEP_LOOP:
      return loopStep(s);
    default:
      return callStep(s);
    }
  }

  bool leaf(const dlc_abi_step &s) {
    Span<const uint32_t> args = p.range(s.args);
    for (uint32_t i = 0; i < args.size; ++i) {
      bool output = i + s.output_count >= args.size;
      bool absent = p.values[p.valueInfo[args[i]].root].storage == DLC_STORAGE_NONE;
      if (s.kind == DLC_STEP_DISPATCH) {
        if (p.values[args[i]].kind != DLC_KIND_TENSOR || (output && absent)) {
          return bad(args[i], "expected a tensor for a kernel's operand");
        }
        if (!known(args[i], stage)) {
          return false;
        }
        StepInfo &info = p.stepInfo[placeIndex];
        info.hasVolatile |= p.valueInfo[args[i]].binding == Binding::Volatile;
        info.hasDynamic |= p.valueInfo[args[i]].binding == Binding::Dynamic;
      }
      if (absent) {
        continue;
      }
      if (output ? !(s.kind == DLC_STEP_DISPATCH ? writable(args[i]) : written(args[i], stage))
                 : s.kind != DLC_STEP_DISPATCH && !shaped(args[i], stage)) {
        return false;
      }
    }
    return true;
  }

  bool flag(uint32_t value, uint32_t at) {
    if (value == none) {
      return true;
    }
    if (p.values[value].kind != DLC_KIND_TENSOR || !isReadable(p.values[value].dtype)) {
      return bad(value, "expected a number or bool");
    }
    return known(value, at);
  }

  bool ifStep(const dlc_abi_step &s) {
    Span<const uint32_t> args = p.range(s.args);
    if (!flag(args[0], stage)) {
      return false;
    }
    for (uint32_t i = 1; i < args.size; ++i) {
      if (!written(args[i], stage)) {
        return false;
      }
    }
    for (uint32_t block : {s.target, s.other}) {
      for (uint32_t result : p.range(p.blocks[block].results)) {
        if (!shaped(result, lastStage(block, stage))) {
          return false;
        }
      }
    }
    return true;
  }

  bool loopStep(const dlc_abi_step &s) {
    LoopShape loop;
    loopShape(p.range(s.extra), loop);
    uint32_t first = firstStage(s.target), last = lastStage(s.target, stage);
    if (!flag(loop.trip, stage) || !flag(loop.condition, stage) || !flag(loop.conditionResult, last)) {
      return false;
    }
    for (uint32_t param : {loop.iteration, loop.conditionParam}) {
      if (param != none && !(flag(param, first) && written(param, first))) {
        return false;
      }
    }
    for (const LoopShape::Carried &c : loop.carried) {
      if (!shaped(c.initial, stage) || !written(c.param, first) || !shaped(c.result, last) ||
          !written(c.final, stage)) {
        return false;
      }
    }
    for (const LoopShape::Scanned &c : loop.scanned) {
      if (!shaped(c.result, last) || !written(c.final, stage)) {
        return false;
      }
    }
    return true;
  }

  bool callStep(const dlc_abi_step &s) {
    CallShape call;
    callShape(p.range(s.extra), call);
    for (const CallShape::Pair &x : call.arguments) {
      if (!shaped(x.from, stage) || !written(x.to, firstStage(s.target))) {
        return false;
      }
    }
    for (const CallShape::Pair &x : call.results) {
      if (!shaped(x.from, lastStage(s.target, stage)) || !written(x.to, stage)) {
        return false;
      }
    }
    return true;
  }

  bool entries() {
    place = "entry";
    for (uint32_t e = 0; e < p.entries.size(); ++e) {
      fixedEntry = placeIndex = e;
      const dlc_abi_entry &entry = p.entries[e];
      for (uint32_t i = 0; i < entry.output_count; ++i) {
        if (!shaped(p.ports[entry.first_output + i].value, lastStage(entry.block, none))) {
          return false;
        }
      }
    }
    place = "feedback";
    for (uint32_t i = 0; i < p.feedback.size(); ++i) {
      const dlc_abi_feedback &f = p.feedback[i];
      placeIndex = i, fixedEntry = f.entry;
      uint32_t last = lastStage(p.entries[f.entry].block, none);
      if (p.values[p.valueInfo[f.input].root].storage != DLC_STORAGE_VARIABLE) {
        return bad(f.input, "expected a variable");
      }
      if (!shaped(f.output, last) || !known(f.input, last)) {
        return false;
      }
    }
    fixedEntry = none;
    return true;
  }

  bool variables() {
    for (uint32_t i = 0; i < p.variables.size(); ++i) {
      const dlc_abi_variable &v = p.variables[i];
      if (p.slotStage[v.size] == none || p.slotSizes[v.size] != Sizes::Static) {
        fail(error, DLC_INVALID_MODEL, "variable %u ('%s'): expected a size that depends on nothing", i,
             p.string(v.name));
        return false;
      }
    }
    return true;
  }

  Program &p;
  Error &error;
  uint32_t stage = 0, fixedEntry = none;
  const char *place = "";
  uint32_t placeIndex = 0;
};
} // namespace

bool analyseUses(Program &program, Error &error) { return Uses(program, error).run(); }

} // namespace dlc::rt

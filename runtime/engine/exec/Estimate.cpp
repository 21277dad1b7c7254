#include "exec/Estimate.h"
#include "cpu/Cpu.h"
#include "exec/Context.h"
#include "exec/Dims.h"
#include "support/Dtype.h"

namespace dlc::rt {
namespace {

/// The dims program's view of inputs that are only described.
struct Described {
  const dlc_model &model;
  const dlc_abi_entry &entry;
  Span<const dlc_tensor> inputs;

  static dlc_status valueDim(void *user, uint32_t value, uint32_t dim, int64_t &out, Error &error) {
    const Described &d = *static_cast<Described *>(user);
    uint32_t index = d.model.program.values[value].index;
    if (index >= d.inputs.size || dim >= d.inputs[index].rank || dim >= DLC_MAX_RANK) {
      return fail(error, DLC_INVALID_ARGUMENT, "expected the shape of input %u", index);
    }
    out = d.inputs[index].dims[dim];
    return DLC_OK;
  }
  static dlc_status read(void *user, uint32_t value, uint32_t index, int64_t &out, Error &error) {
    const Described &d = *static_cast<Described *>(user);
    const Program &p = d.model.program;
    const dlc_abi_value &v = p.values[value];
    int64_t bytes;
    if (v.storage != DLC_STORAGE_CONSTANT || !dtypeBytes(v.dtype, int64_t(index) + 1, bytes) ||
        uint64_t(bytes) > p.constants[v.index].size || !d.model.constant(v.index) ||
        !readInteger(v.dtype, d.model.constant(v.index), index, out)) {
      return fail(error, DLC_RUN_FAILED, "value %u has no readable element %u", value, index);
    }
    return DLC_OK;
  }
  static bool given(void *user, uint32_t value) {
    const Described &d = *static_cast<Described *>(user);
    return d.model.program.values[value].index < d.inputs.size;
  }
};

uint64_t positive(int64_t x) { return x < 0 ? 0 : uint64_t(x); }

class Estimate {
public:
  Estimate(const dlc_model &model, uint32_t entry, dlc_memory &out) : p(model.program), entry(entry), out(out) {}

  dlc_status run(Described &described, uint32_t threads, Error &error) {
    if (!slots.resize(p.header.slot_count) || !known.resize(p.stages.size()) ||
        !knownSlots.resize(p.header.slot_count)) {
      return fail(error, DLC_OUT_OF_MEMORY, "no memory for %u slots", p.header.slot_count);
    }
    DimSource source = {&described, Described::valueDim, Described::read, Described::given};
    out.complete = 1;
    evaluateStaticDims(p, slots.data(), knownSlots.data(), source);
    for (uint32_t stage : p.stageTree) {
      const StageInfo &info = p.stageInfo[stage];
      bool mine = p.blockInfo[info.block].entry == entry;
      if (!mine && info.sizes != Sizes::Static) {
        continue;
      }
      if (info.sizes == Sizes::Data) {
        evaluateKnownDims(p, stage, slots.data(), knownSlots.data(), source);
      } else if (dlc_status s = evaluateDims(p, stage, slots.data(), source, error)) {
        return s;
      } else {
        known[stage] = 1;
        noteSlots(stage);
      }
      if (mine) {
        addStage(stage);
      }
    }
    out.scratch *= threads;
    out.prepared = p.preparedWeights();
    addRest();
    return DLC_OK;
  }

private:
  void noteSlots(uint32_t stage) {
    const dlc_abi_stage &s = p.stages[stage];
    for (uint32_t i = s.first_instr; i < s.first_instr + s.instr_count; ++i) {
      knownSlots[p.instrs[i].dst] = 1;
    }
  }
  /// The bytes that a slot holds; what depends on data is missing in the estimate.
  uint64_t bytes(uint32_t slot) {
    if (slot == none) {
      return 0;
    }
    out.complete &= knownSlots[slot];
    return knownSlots[slot] ? positive(slots[slot]) : 0;
  }
  void addStage(uint32_t stage) {
    const dlc_abi_stage &s = p.stages[stage];
    if (s.frame_value == none) {
      out.frames += bytes(s.frame_size);
    }
    for (uint32_t i = s.first_step; i < s.first_step + s.step_count; ++i) {
      uint64_t scratch = bytes(p.steps[i].scratch);
      out.scratch = scratch > out.scratch ? scratch : out.scratch;
      for (uint32_t value : p.range(p.steps[i].args)) {
        // Memory of its own, as large as the data say.
        out.complete &= p.values[p.valueInfo[value].root].storage != DLC_STORAGE_DYNAMIC;
      }
    }
  }
  void addRest() {
    for (uint32_t i = 0; i < p.variables.size(); ++i) {
      out.variables += positive(slots[p.variables[i].size]) * (p.exchanged[i] ? 2 : 1);
    }
    const dlc_abi_entry &e = p.entries[entry];
    for (uint32_t i = e.first_output; i < e.first_output + e.output_count; ++i) {
      const dlc_abi_value &v = p.values[p.ports[i].value];
      if (p.portVariable[i] != none) {
        continue; // counted with the variables
      }
      bool planned = v.storage == DLC_STORAGE_OUTPUT && v.size != none;
      uint32_t stage = planned ? p.slotStage[v.size] : none;
      if (stage != none && known[stage]) {
        out.outputs += positive(slots[v.size]);
      } else if (v.storage == DLC_STORAGE_OUTPUT || v.storage == DLC_STORAGE_DYNAMIC) {
        out.complete = 0;
      }
    }
  }

  const Program &p;
  uint32_t entry;
  dlc_memory &out;
  Vector<int64_t> slots;
  Vector<uint8_t> known, knownSlots; ///< by stage, by slot
};
} // namespace

dlc_status estimateMemory(const dlc_model &model, uint32_t group, Span<const dlc_tensor> inputs, uint32_t threads,
                          dlc_memory &out, Error &error) {
  uint32_t entry = model.program.groups[group].first;
  if (inputs.data && selectDescribed(model.program, group, inputs, entry, error)) {
    return error.status;
  }
  Described described{model, model.program.entries[entry], inputs.data ? inputs : Span<const dlc_tensor>{}};
  return Estimate(model, entry, out).run(described, threads ? threads : availableThreads(""), error);
}

} // namespace dlc::rt

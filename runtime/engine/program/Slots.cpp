// Which stage computes which number, and what each number depends on.
#include "program/Program.h"

namespace dlc::rt {
namespace {

class Slots {
public:
  Slots(Program &program, Error &error) : p(program), error(error) {}

  bool run() {
    size_t count = p.header.slot_count;
    if (!p.slotStage.assign(count, none) || !p.slotInstr.assign(count, none) ||
        !p.slotSizes.assign(count, Sizes::Static)) {
      fail(error, DLC_OUT_OF_MEMORY, "no memory for %zu slots", count);
      return false;
    }
    for (uint32_t stage : p.stageTree) {
      if (!computeStage(stage)) {
        return false;
      }
    }
    return true;
  }

private:
  bool computeStage(uint32_t stage) {
    const dlc_abi_stage &s = p.stages[stage];
    Sizes sizes = Sizes::Static;
    for (uint32_t i = s.first_instr; i < s.first_instr + s.instr_count; ++i) {
      const dlc_abi_dim_instr &instr = p.instrs[i];
      Sizes own = Sizes::Static;
      if (!classify(instr, i, stage, own)) {
        return false;
      }
      if (p.slotInstr[instr.dst] != none) {
        fail(error, DLC_INVALID_MODEL, "instruction %u: slot %u was written by instruction %u already", i, instr.dst,
             p.slotInstr[instr.dst]);
        return false;
      }
      p.slotInstr[instr.dst] = i;
      p.slotStage[instr.dst] = stage;
      p.slotSizes[instr.dst] = own;
      sizes = own > sizes ? own : sizes;
    }
    if ((s.flags & DLC_STAGE_STATIC) && sizes != Sizes::Static) {
      fail(error, DLC_INVALID_MODEL, "stage %u is marked static, but its sizes depend on inputs", stage);
      return false;
    }
    inherit(stage, sizes);
    return true;
  }

  /// A stage's addresses depend on the frames of the stages before it.
  void inherit(uint32_t stage, Sizes sizes) {
    StageInfo &info = p.stageInfo[stage];
    uint32_t before = stage > p.blocks[info.block].first_stage ? stage - 1 : p.blockInfo[info.block].parentStage;
    if (before != none && p.stageInfo[before].sizes > sizes) {
      sizes = p.stageInfo[before].sizes;
    }
    info.sizes = sizes;
  }

  bool operand(uint32_t slot, uint32_t instr, uint32_t stage, Sizes &own) {
    if (!p.slotVisible(slot, stage)) {
      fail(error, DLC_INVALID_MODEL, "instruction %u reads slot %u, which nothing has computed by then", instr, slot);
      return false;
    }
    own = p.slotSizes[slot] > own ? p.slotSizes[slot] : own;
    return true;
  }

  bool classify(const dlc_abi_dim_instr &i, uint32_t index, uint32_t stage, Sizes &own) {
    switch (i.op) {
    case DLC_DIM_CONST:
      return true;
    case DLC_DIM_COUNT_INPUT:
      if (p.values[i.a].storage != DLC_STORAGE_INPUT) {
        fail(error, DLC_INVALID_MODEL, "instruction %u: expected value %u to be an input", index, i.a);
        return false;
      }
      own = Sizes::Inputs;
      return true;
    case DLC_DIM_READ:
      own = root(i.a) == DLC_STORAGE_CONSTANT ? Sizes::Static : Sizes::Data;
      return true;
    case DLC_DIM_VALUE_DIM:
      return valueDim(i, index, stage, own);
    default:
      return operand(i.a, index, stage, own) && operand(i.b, index, stage, own);
    }
  }

  bool valueDim(const dlc_abi_dim_instr &i, uint32_t index, uint32_t stage, Sizes &own) {
    const dlc_abi_value &v = p.values[i.a];
    bool held = v.kind != DLC_KIND_TENSOR || v.storage == DLC_STORAGE_DYNAMIC ||
                (v.storage == DLC_STORAGE_OUTPUT && v.size == none);
    if (v.storage == DLC_STORAGE_INPUT && (v.kind == DLC_KIND_TENSOR || v.kind == DLC_KIND_STRINGS)) {
      own = Sizes::Inputs;
      return true;
    }
    if (held) {
      own = Sizes::Data;
      return true;
    }
    if (v.shape == none) {
      fail(error, DLC_INVALID_MODEL, "instruction %u: value %u has no shape", index, i.a);
      return false;
    }
    return operand(p.shape(i.a)[i.b], index, stage, own);
  }

  /// The storage at the end of a value's chain of aliases; the chain itself is checked later.
  uint32_t root(uint32_t value) const {
    for (int hops = 0; hops < 64 && p.values[value].storage == DLC_STORAGE_ALIAS; ++hops) {
      value = p.values[value].index;
    }
    return p.values[value].storage;
  }

  Program &p;
  Error &error;
};
} // namespace

bool analyseSlots(Program &program, Error &error) { return Slots(program, error).run(); }

} // namespace dlc::rt

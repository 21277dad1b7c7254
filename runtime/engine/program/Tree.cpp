// Who runs what: the tree of blocks, and the order of a stage's steps.
#include "program/Program.h"

namespace dlc::rt {
namespace {

/// Blocks run each other on the threads' stacks.
constexpr uint32_t maxDepth = 64;

class Tree {
public:
  Tree(Program &program, Error &error) : p(program), error(error) {}

  bool run() {
    if (!p.blockInfo.resize(p.blocks.size()) || !p.stageInfo.resize(p.stages.size()) ||
        !p.stepInfo.resize(p.steps.size()) || !p.stageTree.reserve(p.stages.size())) {
      fail(error, DLC_OUT_OF_MEMORY, "no memory for the model's tables");
      return false;
    }
    for (uint32_t e = 0; e < p.entries.size(); ++e) {
      if (!visit(p.entries[e].block, e, none, none, 0)) {
        return false;
      }
    }
    return reached(p.blockInfo, "block", &BlockInfo::entry) && reached(p.stageInfo, "stage", &StageInfo::block) &&
           reached(p.stepInfo, "step", &StepInfo::stage);
  }

private:
  template <typename T> bool reached(const Vector<T> &infos, const char *what, uint32_t T::*owner) {
    for (uint32_t i = 0; i < infos.size(); ++i) {
      if (infos[i].*owner == none) {
        fail(error, DLC_INVALID_MODEL, "nothing runs %s %u", what, i);
        return false;
      }
    }
    return true;
  }
  bool twice(const char *what, uint32_t index) {
    fail(error, DLC_INVALID_MODEL, "%s %u is run from two places", what, index);
    return false;
  }

  bool visit(uint32_t block, uint32_t entry, uint32_t parentStep, uint32_t parentStage, uint32_t depth) {
    BlockInfo &info = p.blockInfo[block];
    if (info.entry != none) {
      return twice("block", block);
    }
    if (depth >= maxDepth) {
      fail(error, DLC_INVALID_MODEL, "block %u is nested deeper than %u", block, maxDepth);
      return false;
    }
    info = {entry, parentStep, parentStage, depth};
    const dlc_abi_block &b = p.blocks[block];
    for (uint32_t s = b.first_stage; s < b.first_stage + b.stage_count; ++s) {
      if (p.stageInfo[s].block != none) {
        return twice("stage", s);
      }
      p.stageInfo[s].block = block;
      p.stageTree.push(s);
      if (!visitSteps(s, entry, depth)) {
        return false;
      }
    }
    return true;
  }

  bool visitSteps(uint32_t stage, uint32_t entry, uint32_t depth) {
    const dlc_abi_stage &s = p.stages[stage];
    for (uint32_t i = s.first_step; i < s.first_step + s.step_count; ++i) {
      if (p.stepInfo[i].stage != none) {
        return twice("step", i);
      }
      p.stepInfo[i].stage = stage;
      const dlc_abi_step &step = p.steps[i];
      bool runs = step.kind == DLC_STEP_IF || step.kind == DLC_STEP_LOOP || step.kind == DLC_STEP_CALL;
      if (runs && !visit(step.target, entry, i, stage, depth + 1)) {
        return false;
      }
      if (step.kind == DLC_STEP_IF && !visit(step.other, entry, i, stage, depth + 1)) {
        return false;
      }
    }
    return true;
  }

  Program &p;
  Error &error;
};

/// Orders one stage's steps; `waiting` has room for them.
bool orderStage(Program &p, uint32_t stage, Vector<uint32_t> &waiting, Error &error) {
  const dlc_abi_stage &s = p.stages[stage];
  bool ascending = true;
  for (uint32_t i = 0; i < s.step_count; ++i) {
    for (uint32_t next : p.range(p.steps[s.first_step + i].successors)) {
      if (next >= s.step_count) {
        fail(error, DLC_INVALID_MODEL, "step %u: successor %u is not one of the stage's %u steps", s.first_step + i,
             next, s.step_count);
        return false;
      }
      ++waiting[next];
      ascending &= next > i;
    }
  }
  uint32_t first = uint32_t(p.order.size());
  for (uint32_t i = 0; i < s.step_count; ++i) {
    uint32_t expected = p.steps[s.first_step + i].dependency_count;
    if (waiting[i] != expected) {
      fail(error, DLC_INVALID_MODEL, "step %u: %u steps lead to it, expected %u", s.first_step + i, waiting[i],
           expected);
      return false;
    }
    if (ascending || waiting[i] == 0) {
      p.order.push(s.first_step + i);
    }
  }
  for (size_t at = first; !ascending && at < p.order.size(); ++at) {
    for (uint32_t next : p.range(p.steps[p.order[at]].successors)) {
      if (--waiting[next] == 0) {
        p.order.push(s.first_step + next);
      }
    }
  }
  if (p.order.size() - first != s.step_count) {
    fail(error, DLC_INVALID_MODEL, "the dependencies of stage %u's steps form a cycle", stage);
    return false;
  }
  p.stageInfo[stage].order = first;
  return true;
}
} // namespace

bool analyseTree(Program &program, Error &error) { return Tree(program, error).run(); }

bool analyseOrder(Program &p, Error &error) {
  Vector<uint32_t> waiting;
  uint64_t args = 0, dims = 0;
  if (!p.order.reserve(p.steps.size())) {
    fail(error, DLC_OUT_OF_MEMORY, "no memory for the model's tables");
    return false;
  }
  for (uint32_t stage = 0; stage < p.stages.size(); ++stage) {
    waiting.clear();
    if (!waiting.resize(p.stages[stage].step_count)) {
      fail(error, DLC_OUT_OF_MEMORY, "no memory for the model's tables");
      return false;
    }
    if (!orderStage(p, stage, waiting, error)) {
      return false;
    }
  }
  for (uint32_t i = 0; i < p.steps.size(); ++i) {
    p.stepInfo[i].args = uint32_t(args);
    p.stepInfo[i].dims = uint32_t(dims);
    args += p.steps[i].args.count;
    dims += p.steps[i].dims.count;
  }
  // Ranges may overlap in the pool, so a small file can name very many operands.
  if (args > (1u << 26) || dims > (1u << 26)) {
    fail(error, DLC_INVALID_MODEL, "the steps have %llu arguments and %llu dims, more than this engine holds",
         (unsigned long long)args, (unsigned long long)dims);
    return false;
  }
  p.argTotal = uint32_t(args);
  p.dimTotal = uint32_t(dims);
  return true;
}

bool Program::visible(uint32_t earlier, uint32_t later) const {
  uint32_t block = stageInfo[earlier].block;
  while (later != none && stageInfo[later].block != block) {
    later = blockInfo[stageInfo[later].block].parentStage;
  }
  return later != none && earlier <= later;
}

bool analyseProgram(Program &program, Error &error) {
  return analyseEntries(program, error) && analyseTree(program, error) && analyseFrames(program, error) &&
         analyseOrder(program, error) && analyseSlots(program, error) &&
         analyseValues(program, error) && analyseUses(program, error);
}

} // namespace dlc::rt

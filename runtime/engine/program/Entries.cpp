// Entries of one name are specialisations: the same ports, for other sizes.
#include "program/Program.h"
#include <string.h>

namespace dlc::rt {
namespace {

class Entries {
public:
  Entries(Program &program, Error &error) : p(program), error(error) {}

  bool run() {
    if (!p.groupOf.resize(p.entries.size()) || !p.groups.reserve(p.entries.size())) {
      fail(error, DLC_OUT_OF_MEMORY, "no memory for the model's tables");
      return false;
    }
    for (uint32_t e = 0; e < p.entries.size(); ++e) {
      if (!p.isVisible(e)) {
        p.groupOf[e] = none;
        continue;
      }
      if (joins(e)) {
        if (!agree(p.groups[p.groups.size() - 1].first, e)) {
          return false;
        }
        ++p.groups[p.groups.size() - 1].count;
      } else {
        p.groups.push({e, 1});
      }
      p.groupOf[e] = uint32_t(p.groups.size() - 1);
    }
    return true;
  }

private:
  const char *name(uint32_t entry) const { return p.string(p.entries[entry].name); }
  bool joins(uint32_t e) const {
    return e && p.isVisible(e - 1) && (p.header.features & DLC_FEATURE_SPECIALISATIONS) &&
           strcmp(name(e - 1), name(e)) == 0;
  }

  bool samePorts(uint32_t left, uint32_t right, uint32_t count) const {
    for (uint32_t i = 0; i < count; ++i) {
      const dlc_abi_port &a = p.ports[left + i], &b = p.ports[right + i];
      if (strcmp(p.string(a.name), p.string(b.name)) != 0 || a.kind != b.kind || a.dtype != b.dtype ||
          a.rank != b.rank || a.flags != b.flags) {
        return false;
      }
    }
    return true;
  }

  bool agree(uint32_t first, uint32_t entry) {
    const dlc_abi_entry &a = p.entries[first], &b = p.entries[entry];
    bool same = a.input_count == b.input_count && a.output_count == b.output_count &&
                samePorts(a.first_input, b.first_input, a.input_count) &&
                samePorts(a.first_output, b.first_output, a.output_count);
    if (!same) {
      fail(error, DLC_INVALID_MODEL, "entries %u and %u ('%s'): expected specialisations with the same ports", first,
           entry, name(entry));
    }
    return same;
  }

  Program &p;
  Error &error;
};
} // namespace

bool analyseEntries(Program &program, Error &error) { return Entries(program, error).run(); }

/// One entry runs at a time, and specialisations are never wanted side by side: the n-th stages of all of them share a
/// frame.
bool analyseFrames(Program &p, Error &error) {
  Vector<uint32_t> used; // by entry
  if (!used.resize(p.entries.size())) {
    fail(error, DLC_OUT_OF_MEMORY, "no memory for the model's tables");
    return false;
  }
  for (uint32_t stage : p.stageTree) {
    p.stageInfo[stage].frame = used[p.entryOf(stage)]++;
  }
  uint32_t base = 0;
  for (EntryGroup &group : p.groups) {
    group.firstFrame = base;
    uint32_t most = 0;
    for (uint32_t e = group.first; e < group.first + group.count; ++e) {
      most = used[e] > most ? used[e] : most;
    }
    base += most;
  }
  for (StageInfo &stage : p.stageInfo) {
    uint32_t group = p.groupOf[p.blockInfo[stage.block].entry];
    stage.frame = group == none ? none : stage.frame + p.groups[group].firstFrame;
  }
  p.frameCount = base;
  return true;
}

} // namespace dlc::rt

// Where values are, and when their addresses are known.
#include "program/Program.h"

namespace dlc::rt {
namespace {

constexpr uint32_t maxAliases = 64;

class Values {
public:
  Values(Program &program, Error &error) : p(program), error(error) {}

  bool run() {
    if (!p.valueInfo.resize(p.values.size()) || !depth.resize(p.values.size())) {
      fail(error, DLC_OUT_OF_MEMORY, "no memory for the model's tables");
      return false;
    }
    if (!bindPorts() || !bindFeedback()) {
      return false;
    }
    for (uint32_t v = 0; v < p.values.size(); ++v) {
      if (!classify(v)) {
        return false;
      }
    }
    for (uint32_t level = 0; level <= deepest; ++level) {
      for (uint32_t v = 0; v < p.values.size(); ++v) {
        if (depth[v] == level && !findHome(v)) {
          return false;
        }
      }
    }
    return collect();
  }

private:
  bool bad(uint32_t value, const char *what) {
    fail(error, DLC_INVALID_MODEL, "value %u ('%s'): %s", value, p.string(p.values[value].name), what);
    return false;
  }

  bool bindPorts() {
    for (uint32_t e = 0; e < p.entries.size(); ++e) {
      const dlc_abi_entry &entry = p.entries[e];
      for (uint32_t i = 0; i < entry.input_count; ++i) {
        const dlc_abi_port &port = p.ports[entry.first_input + i];
        uint32_t storage = p.values[port.value].storage;
        if (port.flags & DLC_PORT_FEEDBACK ? storage != DLC_STORAGE_VARIABLE : storage != DLC_STORAGE_INPUT) {
          return bad(port.value, "expected an input's value to be an input, or a variable when it is fed back");
        }
        if (!bindPort(e, i, port, DLC_STORAGE_INPUT)) {
          return false;
        }
      }
      for (uint32_t i = 0; i < entry.output_count; ++i) {
        claimOutput(e, i, p.ports[entry.first_output + i].value);
        if (!bindPort(e, i, p.ports[entry.first_output + i], DLC_STORAGE_OUTPUT)) {
          return false;
        }
      }
    }
    return true;
  }

  /// A port may name a reshaped view of its output's memory.
  void claimOutput(uint32_t entry, uint32_t index, uint32_t value) {
    for (uint32_t hops = 0; hops < maxAliases && p.values[value].storage == DLC_STORAGE_ALIAS; ++hops) {
      value = p.values[value].index;
    }
    const dlc_abi_value &root = p.values[value];
    if (root.storage == DLC_STORAGE_OUTPUT && root.index == index && p.valueInfo[value].entry == none) {
      p.valueInfo[value].entry = entry;
    }
  }

  bool bindPort(uint32_t entry, uint32_t index, const dlc_abi_port &port, uint32_t storage) {
    const dlc_abi_value &v = p.values[port.value];
    if (v.kind != port.kind || v.dtype != port.dtype || v.rank != port.rank) {
      return bad(port.value, "expected the kind, type and rank of the port that it belongs to");
    }
    if (v.storage != storage || v.index != index) {
      return v.storage != DLC_STORAGE_INPUT || storage != DLC_STORAGE_INPUT ||
             bad(port.value, "expected the index of the port that it belongs to");
    }
    uint32_t &owner = p.valueInfo[port.value].entry;
    if (owner != none && owner != entry) {
      return bad(port.value, "expected it to belong to one entry");
    }
    owner = entry;
    return true;
  }

  /// Outputs whose port says that they are fed back go to a second buffer of their variable.
  bool bindFeedback() {
    if (!p.portVariable.resize(p.ports.size()) || !p.exchanged.resize(p.variables.size())) {
      fail(error, DLC_OUT_OF_MEMORY, "no memory for the model's tables");
      return false;
    }
    for (uint32_t &variable : p.portVariable) {
      variable = none;
    }
    for (const dlc_abi_feedback &f : p.feedback) {
      const dlc_abi_entry &entry = p.entries[f.entry];
      for (uint32_t i = entry.first_output; i < entry.first_output + entry.output_count; ++i) {
        if (p.ports[i].value == f.output && (p.ports[i].flags & DLC_PORT_FEEDBACK) && !feed(f, i)) {
          return false;
        }
      }
    }
    return true;
  }
  bool feed(const dlc_abi_feedback &f, uint32_t port) {
    const dlc_abi_value &input = p.values[f.input], &output = p.values[f.output];
    if (input.storage != DLC_STORAGE_VARIABLE || input.dtype != output.dtype || input.rank != output.rank) {
      return bad(f.output, "expected it to be fed back to a variable of its type and rank");
    }
    const dlc_abi_entry &entry = p.entries[f.entry];
    for (uint32_t i = entry.first_output; i < entry.first_output + entry.output_count; ++i) {
      if (i == port ? p.portVariable[i] != none : p.portVariable[i] == input.index) {
        return bad(f.output, "expected one output per variable, and one variable per output");
      }
    }
    p.portVariable[port] = input.index;
    p.exchanged[input.index] = 1;
    return true;
  }

  bool classify(uint32_t value) {
    uint32_t root = value, hops = 0;
    for (; p.values[root].storage == DLC_STORAGE_ALIAS; ++hops) {
      if (hops == maxAliases) {
        return bad(value, "expected at most 64 aliases in a row");
      }
      root = p.values[root].index;
    }
    const dlc_abi_value &v = p.values[value], &r = p.values[root];
    depth[value] = hops;
    deepest = hops > deepest ? hops : deepest;
    if (v.kind != r.kind) {
      return bad(value, "expected the kind of the value that it aliases");
    }
    bool planned = r.storage == DLC_STORAGE_FRAME || r.storage == DLC_STORAGE_VARIABLE ||
                   (r.storage == DLC_STORAGE_CONSTANT && r.kind != DLC_KIND_STRINGS);
    if (r.kind != DLC_KIND_TENSOR && planned) {
      return bad(value, "expected a value that is not a tensor to be held by the engine");
    }
    if (v.kind == DLC_KIND_TENSOR && (v.dtype == DLC_STRING || v.dtype == DLC_UNDEFINED) &&
        v.storage != DLC_STORAGE_NONE) {
      return bad(value, "expected a tensor of fixed-width elements");
    }
    ValueInfo &info = p.valueInfo[value];
    info.root = root;
    info.entry = p.valueInfo[root].entry;
    info.isObject = v.kind != DLC_KIND_TENSOR || v.storage == DLC_STORAGE_DYNAMIC ||
                    (v.storage == DLC_STORAGE_OUTPUT && v.size == none);
    bool rootIsObject = r.kind != DLC_KIND_TENSOR || r.storage == DLC_STORAGE_DYNAMIC ||
                        (r.storage == DLC_STORAGE_OUTPUT && r.size == none);
    bool io = r.storage == DLC_STORAGE_INPUT || r.storage == DLC_STORAGE_OUTPUT ||
              (r.storage == DLC_STORAGE_VARIABLE && p.exchanged[r.index]);
    info.binding = rootIsObject ? Binding::Dynamic : io ? Binding::Volatile : Binding::Fixed;
    return true;
  }

  /// The later of two stages that one program point sees; false when no point sees both.
  bool later(uint32_t &home, uint32_t stage) {
    if (stage == none || home == stage) {
      return true;
    }
    if (home == none || p.visible(home, stage)) {
      home = stage;
      return true;
    }
    return p.visible(stage, home);
  }
  bool laterSlot(uint32_t &home, uint32_t slot) {
    if (slot == none || (p.slotStage[slot] != none && p.slotSizes[slot] == Sizes::Static)) {
      return true;
    }
    return p.slotStage[slot] != none && later(home, p.slotStage[slot]);
  }

  bool findHome(uint32_t value) {
    const dlc_abi_value &v = p.values[value];
    uint32_t home = none;
    bool ok = true;
    if (v.storage == DLC_STORAGE_ALIAS) {
      home = p.valueInfo[v.index].home;
      ok = v.kind != DLC_KIND_TENSOR || (laterSlot(home, v.offset) && laterSlot(home, v.size));
    } else if (v.storage == DLC_STORAGE_FRAME) {
      home = v.index;
      ok = laterSlot(home, v.offset) && laterSlot(home, v.size);
    } else if (v.storage == DLC_STORAGE_OUTPUT && !p.valueInfo[value].isObject) {
      ok = laterSlot(home, v.size);
    }
    if (!ok) {
      return bad(value, "its offset or size is never known where its memory is");
    }
    if (v.storage == DLC_STORAGE_FRAME && v.size == none) {
      return bad(value, "expected a size");
    }
    p.valueInfo[value].home = home;
    return true;
  }

  bool collect() {
    for (uint32_t v = 0; v < p.values.size(); ++v) {
      if (listed(v) && p.valueInfo[v].home != none) {
        ++p.stageInfo[p.valueInfo[v].home].homeCount;
      }
    }
    uint32_t total = 0;
    for (StageInfo &s : p.stageInfo) {
      s.firstHome = total;
      total += s.homeCount;
      s.homeCount = 0;
    }
    if (!p.homes.resize(total)) {
      fail(error, DLC_OUT_OF_MEMORY, "no memory for the model's tables");
      return false;
    }
    for (uint32_t level = 0; level <= deepest; ++level) {
      for (uint32_t v = 0; v < p.values.size(); ++v) {
        if (depth[v] != level || !listed(v)) {
          continue;
        }
        if (p.valueInfo[v].home == none) {
          bool io = p.valueInfo[v].binding == Binding::Volatile;
          if (!(io ? p.freePorts : p.freeValues).push(v)) {
            fail(error, DLC_OUT_OF_MEMORY, "no memory for the model's tables");
            return false;
          }
        } else {
          StageInfo &s = p.stageInfo[p.valueInfo[v].home];
          p.homes[s.firstHome + s.homeCount++] = v;
        }
      }
    }
    return true;
  }
  bool listed(uint32_t v) const {
    return p.valueInfo[v].binding != Binding::Dynamic && p.values[p.valueInfo[v].root].storage != DLC_STORAGE_NONE;
  }

  Program &p;
  Error &error;
  Vector<uint32_t> depth;
  uint32_t deepest = 0;
};
} // namespace

bool analyseValues(Program &program, Error &error) { return Values(program, error).run(); }

} // namespace dlc::rt

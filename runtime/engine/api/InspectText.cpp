// Sizes as formulas over the inputs' dims.
#include "dlc/inspect.h"
#include "model/Model.h"
#include <stdarg.h>
#include <stdio.h>

using namespace dlc::rt;

namespace {

constexpr int maxFormulaDepth = 24;
constexpr size_t maxFormula = 4096;

/// Writes like snprintf into a buffer of the caller, and counts what it would have written.
struct Writer {
  char *text;
  size_t size, length = 0;

  Writer(char *text, size_t size) : text(text), size(text ? size : 0) {
    if (this->size) {
      text[0] = 0;
    }
  }
  void add(const char *format, ...) __attribute__((format(printf, 2, 3))) {
    va_list args;
    va_start(args, format);
    size_t left = length < size ? size - length : 0;
    int n = vsnprintf(left ? text + length : nullptr, left, format, args);
    va_end(args);
    length += n > 0 ? size_t(n) : 0;
  }
};

class Formula {
public:
  Formula(const Program &p, Writer &w) : p(p), w(w) {}

  /// The number, when it depends on no input and no data.
  bool constant(uint32_t slot, int64_t &out, int depth = 0) const {
    uint32_t index = slot < p.slotInstr.size() ? p.slotInstr[slot] : none;
    if (index == none || p.slotSizes[slot] != Sizes::Static || depth > maxFormulaDepth) {
      return false;
    }
    const dlc_abi_dim_instr &i = p.instrs[index];
    if (i.op == DLC_DIM_CONST) {
      out = i.imm;
      return true;
    }
    if (i.op == DLC_DIM_VALUE_DIM) {
      return constant(p.shape(i.a)[i.b], out, depth + 1);
    }
    int64_t a, b;
    return i.op != DLC_DIM_READ && constant(i.a, a, depth + 1) && constant(i.b, b, depth + 1) && apply(i.op, a, b, out);
  }

  /// `tight`: the context binds more tightly than addition.
  void write(uint32_t slot, bool tight = false, int depth = 0) {
    int64_t number;
    if (constant(slot, number)) {
      return w.add("%lld", (long long)number);
    }
    uint32_t index = slot < p.slotInstr.size() ? p.slotInstr[slot] : none;
    if (index == none || depth > maxFormulaDepth || w.length > maxFormula) {
      return w.add("s%u", slot);
    }
    const dlc_abi_dim_instr &i = p.instrs[index];
    switch (i.op) {
    case DLC_DIM_ADD:
      return binary(i, " + ", tight, depth);
    case DLC_DIM_MUL:
      return binary(i, " * ", false, depth, true);
    case DLC_DIM_FLOORDIV:
      return call("floordiv", i, depth);
    case DLC_DIM_MOD:
      return call("mod", i, depth);
    case DLC_DIM_MIN:
      return call("min", i, depth);
    case DLC_DIM_MAX:
      return call("max", i, depth);
    case DLC_DIM_VALUE_DIM:
      return dim(i, tight, depth);
    case DLC_DIM_READ:
      return w.add("%s[%u]", p.string(p.values[i.a].name), i.b);
    case DLC_DIM_COUNT_INPUT:
      return w.add("given(%s)", p.string(p.values[i.a].name));
    default:
      return write(i.a, tight, depth + 1);
    }
  }

private:
  static bool apply(uint32_t op, int64_t a, int64_t b, int64_t &out) {
    switch (op) {
    case DLC_DIM_ADD:
      return add(a, b, out);
    case DLC_DIM_MUL:
      return mul(a, b, out);
    case DLC_DIM_MIN:
      out = a < b ? a : b;
      return true;
    case DLC_DIM_MAX:
      out = a > b ? a : b;
      return true;
    case DLC_DIM_CHECK_EQ:
    case DLC_DIM_CHECK_LE:
      out = a;
      return true;
    case DLC_DIM_FLOORDIV:
    case DLC_DIM_MOD: {
      if (b == 0 || (a == INT64_MIN && b == -1)) {
        return false;
      }
      int64_t quotient = a / b - (a % b != 0 && (a < 0) != (b < 0));
      out = op == DLC_DIM_MOD ? a - b * quotient : quotient;
      return true;
    }
    default:
      return false;
    }
  }
  void binary(const dlc_abi_dim_instr &i, const char *sign, bool parentheses, int depth, bool product = false) {
    w.add("%s", parentheses ? "(" : "");
    write(i.a, product, depth + 1);
    w.add("%s", sign);
    write(i.b, product, depth + 1);
    w.add("%s", parentheses ? ")" : "");
  }
  void call(const char *name, const dlc_abi_dim_instr &i, int depth) {
    w.add("%s(", name);
    write(i.a, false, depth + 1);
    w.add(", ");
    write(i.b, false, depth + 1);
    w.add(")");
  }
  void dim(const dlc_abi_dim_instr &i, bool tight, int depth) {
    const dlc_abi_value &v = p.values[i.a];
    const ValueInfo &info = p.valueInfo[i.a];
    if (v.storage == DLC_STORAGE_INPUT && info.entry != none) {
      const dlc_abi_port &port = p.ports[p.entries[info.entry].first_input + v.index];
      uint32_t symbol = i.b < port.rank ? p.portDims[port.dims + i.b].symbol : none;
      if (symbol != none && *p.string(symbol)) {
        return w.add("%s", p.string(symbol));
      }
    } else if (!info.isObject && v.shape != none) {
      return write(p.shape(i.a)[i.b], tight, depth + 1);
    }
    w.add("dim(%s, %u)", p.string(v.name), i.b);
  }

  const Program &p;
  Writer &w;
};

const char *const opNames[] = {"const", "add", "mul",  "floordiv", "mod",      "min",
                               "max",   "dim", "read", "check_eq", "check_le", "given"};
} // namespace

extern "C" {

int dlc_inspect_slot_constant(const dlc_model *model, uint32_t slot, int64_t *value) {
  Writer w(nullptr, 0);
  return model && value && Formula(model->program, w).constant(slot, *value);
}

size_t dlc_inspect_slot_text(const dlc_model *model, uint32_t slot, char *text, size_t size) {
  Writer w(text, size);
  Formula(model->program, w).write(slot);
  return w.length;
}

size_t dlc_inspect_instruction_text(const dlc_model *model, uint32_t index, char *text, size_t size) {
  Writer w(text, size);
  const Program &p = model->program;
  if (index >= p.instrs.size()) {
    return 0;
  }
  const dlc_abi_dim_instr &i = p.instrs[index];
  w.add("s%u = %s", i.dst, opNames[i.op]);
  switch (i.op) {
  case DLC_DIM_CONST:
    w.add(" %lld", (long long)i.imm);
    break;
  case DLC_DIM_VALUE_DIM:
  case DLC_DIM_READ:
    w.add(" v%u %u", i.a, i.b);
    break;
  case DLC_DIM_COUNT_INPUT:
    w.add(" v%u", i.a);
    break;
  case DLC_DIM_CHECK_EQ:
  case DLC_DIM_CHECK_LE:
    w.add(" s%u s%u \"%s\"", i.a, i.b, p.string(uint32_t(i.imm)));
    break;
  default:
    w.add(" s%u s%u", i.a, i.b);
    break;
  }
  return w.length;
}

size_t dlc_inspect_peak_text(const dlc_model *model, uint32_t entry, char *text, size_t size) {
  Writer w(text, size);
  const Program &p = model->program;
  Formula formula(p, w);
  int64_t total = 0, number;
  bool any = false;
  for (uint32_t stage : p.stageTree) {
    const dlc_abi_stage &s = p.stages[stage];
    if (p.blockInfo[p.stageInfo[stage].block].entry != entry || s.frame_size == none || s.frame_value != none) {
      continue;
    }
    if (formula.constant(s.frame_size, number) && add(total, number, number)) {
      total = number;
      continue;
    }
    w.add("%s", any ? " + " : "");
    any = true;
    if (p.slotSizes[s.frame_size] == Sizes::Data) {
      w.add("data(stage %u)", stage);
    } else {
      formula.write(s.frame_size);
    }
  }
  if (total || !any) {
    w.add("%s%lld", any ? " + " : "", (long long)total);
  }
  return w.length;
}

} // extern "C"

#include "exec/Dims.h"

namespace dlc::rt {
namespace {

int64_t floorDiv(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

dlc_status overflow(uint32_t slot, Error &error) {
  return fail(error, DLC_SHAPE_MISMATCH, "a size (slot %u) does not fit 64 bits", slot);
}

dlc_status check(const Program &p, const dlc_abi_dim_instr &i, const int64_t *slots, Error &error) {
  bool equal = i.op == DLC_DIM_CHECK_EQ;
  int64_t a = slots[i.a], b = slots[i.b];
  if (equal ? a == b : a <= b) {
    return DLC_OK;
  }
  return fail(error, DLC_SHAPE_MISMATCH, "%s: expected %s%lld, got %lld", p.string(uint32_t(i.imm)),
              equal ? "" : "at most ", (long long)b, (long long)a);
}

dlc_status evaluate(const Program &p, const dlc_abi_dim_instr &i, int64_t *slots, const DimSource &source,
                    Error &error) {
  int64_t &dst = slots[i.dst];
  // Only the arithmetic operations and checks have slots for operands.
  bool arithmetic =
      i.op != DLC_DIM_CONST && i.op != DLC_DIM_VALUE_DIM && i.op != DLC_DIM_READ && i.op != DLC_DIM_COUNT_INPUT;
  int64_t a = arithmetic ? slots[i.a] : 0, b = arithmetic ? slots[i.b] : 0;
  switch (i.op) {
  case DLC_DIM_CONST:
    dst = i.imm;
    return DLC_OK;
  case DLC_DIM_ADD:
    return add(a, b, dst) ? DLC_OK : overflow(i.dst, error);
  case DLC_DIM_MUL:
    return mul(a, b, dst) ? DLC_OK : overflow(i.dst, error);
  case DLC_DIM_FLOORDIV:
  case DLC_DIM_MOD:
    if (b == 0) {
      return fail(error, DLC_SHAPE_MISMATCH, "a size (slot %u) is divided by 0", i.dst);
    }
    if (a == INT64_MIN && b == -1) {
      return overflow(i.dst, error);
    }
    dst = i.op == DLC_DIM_MOD ? a - b * floorDiv(a, b) : floorDiv(a, b);
    return DLC_OK;
  case DLC_DIM_MIN:
    dst = a < b ? a : b;
    return DLC_OK;
  case DLC_DIM_MAX:
    dst = a > b ? a : b;
    return DLC_OK;
  case DLC_DIM_VALUE_DIM: {
    const dlc_abi_value &v = p.values[i.a];
    bool live = v.kind != DLC_KIND_TENSOR || v.storage == DLC_STORAGE_DYNAMIC || v.storage == DLC_STORAGE_INPUT ||
                (v.storage == DLC_STORAGE_OUTPUT && v.size == none);
    if (!live) {
      dst = slots[p.shape(i.a)[i.b]];
      return DLC_OK;
    }
    return source.valueDim(source.user, i.a, i.b, dst, error);
  }
  case DLC_DIM_READ:
    return source.read(source.user, i.a, i.b, dst, error);
  case DLC_DIM_COUNT_INPUT:
    dst = source.given(source.user, i.a);
    return DLC_OK;
  default:
    dst = a;
    return check(p, i, slots, error);
  }
}
/// Whether everything that an instruction reads from slots is known.
bool operandsKnown(const Program &p, const dlc_abi_dim_instr &i, const uint8_t *known) {
  switch (i.op) {
  case DLC_DIM_CONST:
  case DLC_DIM_READ:
    return true;
  case DLC_DIM_VALUE_DIM:
    return known[p.shape(i.a)[i.b]];
  default:
    return known[i.a] && known[i.b];
  }
}
} // namespace

void evaluateStaticDims(const Program &p, int64_t *slots, uint8_t *known, const DimSource &source) {
  for (uint32_t stage : p.stageTree) {
    const dlc_abi_stage &s = p.stages[stage];
    for (uint32_t k = s.first_instr; k < s.first_instr + s.instr_count; ++k) {
      const dlc_abi_dim_instr &i = p.instrs[k];
      Error ignored;
      known[i.dst] = p.slotSizes[i.dst] == Sizes::Static && operandsKnown(p, i, known) &&
                     evaluate(p, i, slots, source, ignored) == DLC_OK;
    }
  }
}

void evaluateKnownDims(const Program &p, uint32_t stage, int64_t *slots, uint8_t *known, const DimSource &source) {
  const dlc_abi_stage &s = p.stages[stage];
  for (uint32_t k = s.first_instr; k < s.first_instr + s.instr_count; ++k) {
    const dlc_abi_dim_instr &i = p.instrs[k];
    bool reads = i.op == DLC_DIM_VALUE_DIM || i.op == DLC_DIM_READ || i.op == DLC_DIM_COUNT_INPUT;
    Error ignored;
    if (!known[i.dst] && !reads && p.slotSizes[i.dst] != Sizes::Data && operandsKnown(p, i, known)) {
      known[i.dst] = evaluate(p, i, slots, source, ignored) == DLC_OK;
    }
  }
}

dlc_status evaluateDims(const Program &p, uint32_t stage, int64_t *slots, const DimSource &source, Error &error) {
  const dlc_abi_stage &s = p.stages[stage];
  for (uint32_t i = s.first_instr; i < s.first_instr + s.instr_count; ++i) {
    if (dlc_status status = evaluate(p, p.instrs[i], slots, source, error)) {
      return status;
    }
  }
  return DLC_OK;
}

} // namespace dlc::rt

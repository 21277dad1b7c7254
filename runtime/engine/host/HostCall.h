// One call of a host function: its operands as values.
#pragma once
#include "value/Value.h"

/// Passed to host functions. The arrays belong to the engine.
struct dlc_host_call {
  dlc::rt::Span<const dlc_value *const> inputs; ///< null: absent
  dlc::rt::Span<dlc_value *const> outputs;      ///< null: not used
  dlc::rt::Span<const int64_t> attributes;
  dlc::rt::Error *error = nullptr;
  uint64_t constants = 0; ///< bit i: input i is a constant of the model
  void **state = nullptr; ///< what an op of a library keeps for this step

  const dlc_value *input(size_t i) const { return i < inputs.size ? inputs[i] : nullptr; }
  dlc_value *output(size_t i) const { return i < outputs.size ? outputs[i] : nullptr; }
  int64_t attribute(size_t i, int64_t otherwise = 0) const { return i < attributes.size ? attributes[i] : otherwise; }
};

namespace dlc::rt {
/// Fails unless operand `index` is there, has this kind, and (kind tensor, dtype not 0) this type.
dlc_status expectInput(dlc_host_call &call, size_t index, uint32_t kind, uint32_t dtype = DLC_UNDEFINED);
/// An axis counted from the end when negative; fails when it is not below `rank`.
dlc_status normalizeAxis(dlc_host_call &call, int64_t axis, int64_t rank, int64_t &out);
} // namespace dlc::rt

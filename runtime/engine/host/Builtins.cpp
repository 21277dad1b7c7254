#include "host/Builtins.h"

namespace dlc::rt {

namespace {
struct Entry {
  const char *name;
  dlc_host_fn run;
};
constexpr Entry entries[] = {
    {"nonzero", hostNonzero},
    {"unique", hostUnique},
    {"compress", hostCompress},
    {"non_max_suppression", hostNonMaxSuppression},
    {"sequence_empty", hostSequenceEmpty},
    {"sequence_construct", hostSequenceConstruct},
    {"sequence_insert", hostSequenceInsert},
    {"sequence_erase", hostSequenceErase},
    {"sequence_at", hostSequenceAt},
    {"sequence_length", hostSequenceLength},
    {"split_to_sequence", hostSplitToSequence},
    {"concat_from_sequence", hostConcatFromSequence},
    {"optional_make", hostOptionalMake},
    {"optional_get", hostOptionalGet},
    {"optional_has", hostOptionalHas},
    {"string_equal", hostStringEqual},
    {"string_concat", hostStringConcat},
    {"string_split", hostStringSplit},
    {"string_normalizer", hostStringNormalizer},
    {"string_copy", hostStringCopy},
    {"string_gather", hostStringGather},
    {"numbers_to_strings", hostNumbersToStrings},
    {"strings_to_numbers", hostStringsToNumbers},
    {"string_constant", hostStringConstant},
    {"string_pick", hostStringPick},
    {"regex_match", hostRegexMatch},
    {"unpack_bits", hostUnpackBits},
    {"pack_bits", hostPackBits},
    {"value_copy", hostValueCopy},
    {"check_indices", hostCheckIndices},
    {"scatter_elements", hostScatterElements},
    {"scatter_nd", hostScatterND},
    {"top_k", hostTopK},
};
constexpr uint32_t builtinVersion = 1;
} // namespace

bool findBuiltin(const char *name, uint32_t version, dlc_host_function &out) {
  for (const Entry &entry : entries) {
    if (strcmp(entry.name, name) == 0 && version <= builtinVersion) {
      out = {sizeof out, entry.name, builtinVersion, entry.run, nullptr, nullptr};
      return true;
    }
  }
  return false;
}

dlc_status expectInput(dlc_host_call &call, size_t index, uint32_t kind, uint32_t dtype) {
  const dlc_value *v = call.input(index);
  if (!v) {
    return fail(*call.error, DLC_RUN_FAILED, "expected input %zu", index);
  }
  if (v->kind != kind || (kind == DLC_KIND_TENSOR && dtype != DLC_UNDEFINED && v->dtype != dtype)) {
    return fail(*call.error, DLC_RUN_FAILED, "input %zu: expected a %s of %s, got a %s of %s", index, kindText(kind),
                dlc_dtype_text(dtype), kindText(v->kind), dlc_dtype_text(v->dtype));
  }
  return DLC_OK;
}

dlc_status normalizeAxis(dlc_host_call &call, int64_t axis, int64_t rank, int64_t &out) {
  if (axis < -rank || axis >= rank) {
    return fail(*call.error, DLC_RUN_FAILED, "expected an axis from %lld to %lld, got %lld", (long long)-rank,
                (long long)rank - 1, (long long)axis);
  }
  out = axis < 0 ? axis + rank : axis;
  return DLC_OK;
}

} // namespace dlc::rt

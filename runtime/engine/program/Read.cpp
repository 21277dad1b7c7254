// The header and the extents of the tables.
#include "program/Program.h"
#include <stddef.h>

namespace dlc::rt {

static constexpr uint64_t knownFeatures =
    DLC_FEATURE_CONTROL_FLOW | DLC_FEATURE_STAGES | DLC_FEATURE_HOST_CALLS | DLC_FEATURE_VARIABLES |
    DLC_FEATURE_SPECIALISATIONS | DLC_FEATURE_VARIANT_ENTRIES | DLC_FEATURE_PREPARED |
    DLC_FEATURE_COUNTED_LOOPS;
/// Headers of models without prepared constants may end here.
static constexpr size_t shortestHeader = offsetof(dlc_abi_model, preparations);

uint64_t fnv(uint64_t hash, const void *data, size_t size) {
  const unsigned char *bytes = static_cast<const unsigned char *>(data);
  for (size_t i = 0; i < size; ++i) {
    hash = (hash ^ bytes[i]) * 0x100000001b3ull;
  }
  return hash;
}

bool loopShape(Span<const uint32_t> extra, LoopShape &out) {
  if (extra.size < 7) {
    return false;
  }
  out.trip = extra[0], out.condition = extra[1], out.iteration = extra[2];
  out.conditionParam = extra[3], out.conditionResult = extra[4];
  uint64_t carried = extra[5];
  if (6 + carried * 4 + 1 > extra.size) {
    return false;
  }
  uint64_t scanned = extra[6 + carried * 4];
  if (7 + carried * 4 + scanned * 2 != extra.size) {
    return false;
  }
  out.carried = {reinterpret_cast<const LoopShape::Carried *>(extra.data + 6), size_t(carried)};
  out.scanned = {reinterpret_cast<const LoopShape::Scanned *>(extra.data + 7 + carried * 4), size_t(scanned)};
  return true;
}

bool callShape(Span<const uint32_t> extra, CallShape &out) {
  if (extra.size < 2) {
    return false;
  }
  uint64_t arguments = extra[0];
  if (1 + arguments * 2 + 1 > extra.size) {
    return false;
  }
  uint64_t results = extra[1 + arguments * 2];
  if (2 + arguments * 2 + results * 2 != extra.size) {
    return false;
  }
  out.arguments = {reinterpret_cast<const CallShape::Pair *>(extra.data + 1), size_t(arguments)};
  out.results = {reinterpret_cast<const CallShape::Pair *>(extra.data + 2 + arguments * 2), size_t(results)};
  return true;
}

uint64_t Program::preparedWeights() const {
  uint64_t bytes = 0;
  for (const dlc_abi_preparation &x : preparations) {
    bytes += isVisible(x) ? x.size : 0;
  }
  return bytes;
}

namespace {
struct Reader {
  const char *base;
  uint64_t size; // bytes that tables may occupy
  Error &error;

  /// Copies a table; entries that are shorter than T (written by an older compiler) are completed with zeros.
  template <typename T> bool table(const dlc_abi_table &from, const char *name, Vector<T> &to) {
    if (from.count == 0) {
      return true;
    }
    uint64_t bytes;
    if (from.stride < 4 || !mul(uint64_t(from.count), uint64_t(from.stride), bytes) ||
        !within(from.offset, bytes, size)) {
      fail(error, DLC_INVALID_MODEL,
           "table '%s' of %u entries of %u bytes at offset %llu exceeds the program's %llu bytes", name, from.count,
           from.stride, (unsigned long long)from.offset, (unsigned long long)size);
      return false;
    }
    if (!to.resize(from.count)) {
      fail(error, DLC_OUT_OF_MEMORY, "no memory for table '%s' of %u entries", name, from.count);
      return false;
    }
    size_t width = from.stride < sizeof(T) ? from.stride : sizeof(T);
    for (uint32_t i = 0; i < from.count; ++i) {
      memcpy(static_cast<void *>(&to[i]), base + from.offset + uint64_t(i) * from.stride, width);
    }
    return true;
  }
};

bool readHeader(const void *data, uint64_t available, bool skipChecksum, dlc_abi_model &h, Error &error) {
  if (available < shortestHeader) {
    fail(error, DLC_INVALID_MODEL, "expected a program header of %zu bytes, got %llu bytes", shortestHeader,
         (unsigned long long)available);
    return false;
  }
  memcpy(&h, data, shortestHeader);
  if (memcmp(h.magic, DLC_ABI_MAGIC, 8) != 0) {
    fail(error, DLC_INVALID_MODEL, "expected the magic '%s' at the program's start: this is not a dlc model",
         DLC_ABI_MAGIC);
    return false;
  }
  if (h.abi_version != DLC_ABI_VERSION) {
    fail(error, DLC_UNSUPPORTED, "the model has abi version %u, this engine reads version %u: %s", h.abi_version,
         DLC_ABI_VERSION, h.abi_version > DLC_ABI_VERSION ? "update the engine" : "compile the model again");
    return false;
  }
  size_t size = h.features & DLC_FEATURE_PREPARED ? sizeof h : shortestHeader;
  if (h.struct_size < size || h.program_size < h.struct_size || h.program_size > available || h.program_size % 8) {
    fail(error, DLC_INVALID_MODEL, "header of %u bytes and program of %llu bytes do not fit the %llu bytes there are",
         h.struct_size, (unsigned long long)h.program_size, (unsigned long long)available);
    return false;
  }
  memcpy(static_cast<void *>(&h), data, size);
  if (h.features & ~knownFeatures) {
    fail(error, DLC_UNSUPPORTED, "the model needs features 0x%llx that this engine does not have: update the engine",
         (unsigned long long)(h.features & ~knownFeatures));
    return false;
  }
  if (skipChecksum) {
    return true;
  }
  constexpr size_t at = offsetof(dlc_abi_model, checksum);
  static constexpr char zeros[8] = {};
  const char *bytes = static_cast<const char *>(data);
  uint64_t hash = fnv(fnv(fnvStart, bytes, at), zeros, 8);
  hash = fnv(hash, bytes + at + 8, h.program_size - at - 8);
  if (hash != h.checksum) {
    fail(error, DLC_INVALID_MODEL, "the program's checksum is %016llx, expected %016llx: the file is damaged",
         (unsigned long long)hash, (unsigned long long)h.checksum);
    return false;
  }
  return true;
}
} // namespace

bool readProgram(const void *data, uint64_t available, bool skipChecksum, Program &p, Error &error) {
  dlc_abi_model &h = p.header;
  if (!readHeader(data, available, skipChecksum, h, error)) {
    return false;
  }
  if (!within(h.strings, h.strings_size, h.program_size) || h.strings_size == 0 || h.strings_size >= none) {
    fail(error, DLC_INVALID_MODEL, "the strings' %llu bytes at offset %llu exceed the program",
         (unsigned long long)h.strings_size, (unsigned long long)h.strings);
    return false;
  }
  if (!p.strings.resize(h.strings_size)) {
    fail(error, DLC_OUT_OF_MEMORY, "no memory for the strings");
    return false;
  }
  memcpy(p.strings.data(), static_cast<const char *>(data) + h.strings, h.strings_size);
  if (p.strings.back() != 0) {
    fail(error, DLC_INVALID_MODEL, "expected the strings to end with a zero byte");
    return false;
  }
  Reader r{static_cast<const char *>(data), h.program_size, error};
  return r.table(h.index_pool, "index pool", p.pool) && r.table(h.dim_program, "dims program", p.instrs) &&
         r.table(h.values, "values", p.values) && r.table(h.port_dims, "port dims", p.portDims) &&
         r.table(h.ports, "ports", p.ports) && r.table(h.entries, "entries", p.entries) &&
         r.table(h.blocks, "blocks", p.blocks) && r.table(h.stages, "stages", p.stages) &&
         r.table(h.steps, "steps", p.steps) && r.table(h.constants, "constants", p.constants) &&
         r.table(h.variables, "variables", p.variables) && r.table(h.feedback, "feedback", p.feedback) &&
         r.table(h.kernels, "kernels", p.kernels) && r.table(h.variants, "variants", p.variants) &&
         r.table(h.host_functions, "host functions", p.hostFunctions) && r.table(h.spaces, "spaces", p.spaces) &&
         r.table(h.metadata, "metadata", p.metadata) && r.table(h.preparations, "preparations", p.preparations);
}

} // namespace dlc::rt

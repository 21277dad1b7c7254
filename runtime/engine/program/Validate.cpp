// Every index and range of every table, one entry at a time. What entries mean together is Analysis.cpp's.
#include "program/Program.h"

namespace dlc::rt {
namespace {

/// The slot array and the engine's per-step arrays are sized by these; far above what a compiler writes.
constexpr uint32_t maxSlots = 1u << 26;

class Validator {
public:
  Validator(const Program &program, Error &error) : p(program), error(error) {}

  bool run() {
    if (p.header.slot_count > maxSlots) {
      fail(error, DLC_INVALID_MODEL, "expected at most %u slots, got %u", maxSlots, p.header.slot_count);
      return false;
    }
    at("header", 0);
    bool ok = string(p.header.name, "name") && string(p.header.producer, "producer");
    // Preparations first: which bytes constants may be in follows from them.
    ok = ok && each(p.preparations, "preparation", &Validator::preparation) && preparedApart();
    return ok && each(p.instrs, "instruction", &Validator::instr) && each(p.values, "value", &Validator::value) &&
           each(p.portDims, "port dim", &Validator::portDim) && each(p.ports, "port", &Validator::port) &&
           each(p.entries, "entry", &Validator::entry) && each(p.blocks, "block", &Validator::block) &&
           each(p.stages, "stage", &Validator::stage) && each(p.steps, "step", &Validator::step) &&
           each(p.constants, "constant", &Validator::constant) && each(p.variables, "variable", &Validator::variable) &&
           each(p.feedback, "feedback", &Validator::feedback) && each(p.kernels, "kernel", &Validator::named) &&
           each(p.variants, "variant", &Validator::named) &&
           each(p.hostFunctions, "host function", &Validator::named) && each(p.spaces, "space", &Validator::space) &&
           each(p.metadata, "metadata", &Validator::meta);
  }

private:
  template <typename T> bool each(const Vector<T> &table, const char *what, bool (Validator::*check)(const T &)) {
    for (uint32_t i = 0; i < table.size(); ++i) {
      at(what, i);
      if (!(this->*check)(table[i])) {
        return false;
      }
    }
    return true;
  }
  template <typename T, typename U> bool each(const Vector<T> &table, const char *what, bool (Validator::*check)(U)) {
    for (uint32_t i = 0; i < table.size(); ++i) {
      at(what, i);
      if (!(this->*check)(table[i].name)) {
        return false;
      }
    }
    return true;
  }

  void at(const char *what, uint32_t index) { table = what, entryIndex = index; }
  bool bad(const char *field, uint64_t got, uint64_t limit) {
    fail(error, DLC_INVALID_MODEL, "%s %u: expected its %s to be below %llu, got %llu", table, entryIndex, field,
         (unsigned long long)limit, (unsigned long long)got);
    return false;
  }
  bool below(uint64_t value, uint64_t limit, const char *field) { return value < limit || bad(field, value, limit); }
  bool optional(uint32_t value, uint64_t limit, const char *field) {
    return value == none || below(value, limit, field);
  }
  bool string(uint32_t value, const char *field) { return optional(value, p.strings.size(), field); }
  bool slot(uint32_t value, const char *field) { return below(value, p.header.slot_count, field); }
  bool maybeSlot(uint32_t value, const char *field) { return value == none || slot(value, field); }
  bool valueIndex(uint32_t value, const char *field) { return below(value, p.values.size(), field); }
  bool span(uint64_t first, uint64_t count, uint64_t limit, const char *field) {
    return within(first, count, limit) || bad(field, first + count, limit + 1);
  }
  bool range(dlc_abi_range r, const char *field) { return span(r.first, r.count, p.pool.size(), field); }
  bool named(uint32_t name) { return string(name, "name"); }

  /// A range whose elements are all below `limit`.
  bool rangeOf(dlc_abi_range r, uint64_t limit, const char *field) {
    if (!range(r, field)) {
      return false;
    }
    for (uint32_t x : p.range(r)) {
      if (!below(x, limit, field)) {
        return false;
      }
    }
    return true;
  }

  bool instr(const dlc_abi_dim_instr &i) {
    if (!below(i.op, DLC_DIM_COUNT_INPUT + 1, "operation") || !slot(i.dst, "destination")) {
      return false;
    }
    switch (i.op) {
    case DLC_DIM_CONST:
      return true;
    case DLC_DIM_VALUE_DIM:
      return valueIndex(i.a, "value") &&
             (p.values[i.a].kind == DLC_KIND_SEQUENCE || below(i.b, p.values[i.a].rank, "dimension"));
    case DLC_DIM_READ:
      return valueIndex(i.a, "value");
    case DLC_DIM_COUNT_INPUT:
      return valueIndex(i.a, "value");
    case DLC_DIM_CHECK_EQ:
    case DLC_DIM_CHECK_LE:
      if (i.imm < 0 || uint64_t(i.imm) > none) {
        return bad("text", uint64_t(i.imm), p.strings.size());
      }
      if (!string(uint32_t(i.imm), "text")) {
        return false;
      }
      [[fallthrough]];
    default:
      return slot(i.a, "first operand") && slot(i.b, "second operand");
    }
  }

  bool value(const dlc_abi_value &v) {
    if (!string(v.name, "name") || !below(v.kind, DLC_KIND_MAP + 1, "kind") || !below(v.dtype, DLC_I2 + 1, "type") ||
        !below(v.storage, DLC_STORAGE_DYNAMIC + 1, "storage") || !below(v.rank, DLC_MAX_RANK + 1, "rank") ||
        !maybeSlot(v.offset, "offset") || !maybeSlot(v.size, "size") ||
        !below(v.space, p.spaces.empty() ? 1 : p.spaces.size(), "memory space")) {
      return false;
    }
    if (v.shape != none || v.rank == 0) {
      if (v.rank && !rangeOf({v.shape, v.rank}, p.header.slot_count, "shape")) {
        return false;
      }
    } else if (v.kind == DLC_KIND_TENSOR && v.storage != DLC_STORAGE_DYNAMIC && v.size != none) {
      return bad("shape", v.shape, p.pool.size());
    }
    switch (v.storage) {
    case DLC_STORAGE_CONSTANT:
      return below(v.index, p.constants.size(), "constant");
    case DLC_STORAGE_FRAME:
      return below(v.index, p.stages.size(), "stage");
    case DLC_STORAGE_ALIAS:
      return valueIndex(v.index, "aliased value");
    case DLC_STORAGE_VARIABLE:
      return below(v.index, p.variables.size(), "variable");
    default:
      return true;
    }
  }

  bool portDim(const dlc_abi_port_dim &d) { return string(d.symbol, "symbol") && maybeSlot(d.slot, "slot"); }
  bool port(const dlc_abi_port &x) {
    return string(x.name, "name") && string(x.doc, "doc") && string(x.type, "type") && valueIndex(x.value, "value") &&
           below(x.rank, DLC_MAX_RANK + 1, "rank") && below(x.kind, DLC_KIND_MAP + 1, "kind") &&
           below(x.dtype, DLC_I2 + 1, "type") && (!x.rank || span(x.dims, x.rank, p.portDims.size(), "dims"));
  }
  bool entry(const dlc_abi_entry &e) {
    return string(e.name, "name") && below(e.block, p.blocks.size(), "block") &&
           span(e.first_input, e.input_count, p.ports.size(), "inputs") &&
           span(e.first_output, e.output_count, p.ports.size(), "outputs") &&
           below(e.variant, p.variants.size() + 1, "variant");
  }
  bool block(const dlc_abi_block &b) {
    return string(b.name, "name") && span(b.first_stage, b.stage_count, p.stages.size(), "stages") &&
           rangeOf(b.params, p.values.size(), "parameters") && rangeOf(b.results, p.values.size(), "results");
  }
  bool stage(const dlc_abi_stage &s) {
    return span(s.first_instr, s.instr_count, p.instrs.size(), "instructions") &&
           span(s.first_step, s.step_count, p.steps.size(), "steps") && maybeSlot(s.frame_size, "frame size") &&
           optional(s.frame_value, p.values.size(), "frame value");
  }

  bool step(const dlc_abi_step &s) {
    if (!below(s.kind, DLC_STEP_COPY + 1, "kind") || !string(s.name, "name") || !string(s.strategy, "strategy") ||
        (s.reason != 0 && !string(s.reason - 1, "reason")) || !rangeOf(s.args, p.values.size(), "arguments") ||
        !rangeOf(s.dims, p.header.slot_count, "dims") || !range(s.extra, "extra") ||
        !range(s.successors, "successors") || !below(s.output_count, uint64_t(s.args.count) + 1, "output count") ||
        !maybeSlot(s.tiles, "tiles") || !maybeSlot(s.scratch, "scratch") || !maybeSlot(s.flops, "flops") ||
        !maybeSlot(s.bytes, "bytes")) {
      return false;
    }
    switch (s.kind) {
    case DLC_STEP_DISPATCH:
      return below(s.target, p.kernels.size(), "kernel") && slot(s.tiles, "tiles");
    case DLC_STEP_HOST_CALL:
      return below(s.target, p.hostFunctions.size(), "host function");
    case DLC_STEP_IF:
      return ifStep(s);
    case DLC_STEP_LOOP:
      return below(s.target, p.blocks.size(), "body") && loopStep(s);
    case DLC_STEP_CALL:
      return below(s.target, p.blocks.size(), "block") && callStep(s);
    default:
      return s.args.count == 2 || bad("argument count", s.args.count, 2);
    }
  }
  bool ifStep(const dlc_abi_step &s) {
    if (!below(s.target, p.blocks.size(), "then block") || !below(s.other, p.blocks.size(), "else block") ||
        s.args.count < 1) {
      return s.args.count >= 1 ? false : bad("argument count", 0, 1);
    }
    for (uint32_t b : {s.target, s.other}) {
      if (p.blocks[b].results.count != s.args.count - 1) {
        return bad("result count", p.blocks[b].results.count, s.args.count);
      }
    }
    return true;
  }
  bool loopStep(const dlc_abi_step &s) {
    LoopShape shape;
    if (!loopShape(p.range(s.extra), shape)) {
      return bad("extra", s.extra.count, 0);
    }
    if (s.dims.count > (shape.trip == none ? 1 : 0)) {
      return bad("dims count", s.dims.count, shape.trip == none ? 2 : 1);
    }
    for (uint32_t v : {shape.trip, shape.condition, shape.iteration, shape.conditionParam, shape.conditionResult}) {
      if (!optional(v, p.values.size(), "loop value")) {
        return false;
      }
    }
    const uint32_t *first = &shape.carried.data->initial;
    for (size_t i = 0; i < shape.carried.size * 4; ++i) {
      if (!valueIndex(first[i], "carried value")) {
        return false;
      }
    }
    for (const LoopShape::Scanned &x : shape.scanned) {
      if (!valueIndex(x.result, "scanned value") || !valueIndex(x.final, "scanned value")) {
        return false;
      }
    }
    return true;
  }
  bool callStep(const dlc_abi_step &s) {
    CallShape shape;
    if (!callShape(p.range(s.extra), shape)) {
      return bad("extra", s.extra.count, 0);
    }
    for (Span<const CallShape::Pair> pairs : {shape.arguments, shape.results}) {
      for (const CallShape::Pair &x : pairs) {
        if (!valueIndex(x.from, "call value") || !valueIndex(x.to, "call value")) {
          return false;
        }
      }
    }
    return true;
  }

  bool constant(const dlc_abi_constant &c) {
    if (!string(c.name, "name") || !below(c.dtype, DLC_I2 + 1, "type") ||
        !below(c.preparation, uint64_t(p.preparations.size()) + 1, "preparation")) {
      return false;
    }
    if (!c.preparation) {
      return span(c.offset, c.size, p.plainWeights(), "bytes");
    }
    const dlc_abi_preparation &x = p.preparations[c.preparation - 1];
    return c.offset >= x.offset ? span(c.offset - x.offset, c.size, x.size, "bytes") : bad("bytes", c.offset, x.offset);
  }
  /// Sources are behind all constants that are used as they are: their memory is given back.
  bool preparation(const dlc_abi_preparation &x) {
    constexpr uint64_t mostBytes = uint64_t(1) << 46, mostTiles = uint64_t(1) << 40;
    return below(p.header.prepared_size, mostBytes, "memory") &&
           below(p.header.sources, p.header.weights_size, "sources") && string(x.name, "name") &&
           below(x.kernel, p.kernels.size(), "kernel") && below(x.tiles, mostTiles, "tiles") &&
           below(x.variant, p.variants.size() + 1, "variant") && range(x.dims, "dims") &&
           below(x.dims.count, 2 * DLC_MAX_RANK, "dims") && below(x.dims.count % 2, 1, "odd half of a dim") &&
           span(x.offset, x.size, p.header.prepared_size, "bytes") &&
           below(x.offset % DLC_ABI_ALIGNMENT, 1, "alignment") &&
           (x.source >= p.header.sources || bad("source", x.source, p.header.sources)) &&
           span(x.source, x.source_size, p.header.weights_size, "source");
  }
  /// What one variant has shares no bytes.
  bool preparedApart() {
    Vector<uint64_t> ends; // by variant; the first: of those that all have
    if (!ends.resize(p.variants.size() + 1)) {
      return fail(error, DLC_OUT_OF_MEMORY, "no memory for variants") == DLC_OK;
    }
    uint64_t end = 0; // of any variant
    for (uint32_t i = 0; i < p.preparations.size(); ++i) {
      const dlc_abi_preparation &x = p.preparations[i];
      at("preparation", i);
      uint64_t before = x.variant ? (ends[x.variant] > ends[0] ? ends[x.variant] : ends[0]) : end;
      if (x.offset < before) {
        return bad("end of the ones before it", before, x.offset + 1);
      }
      ends[x.variant] = x.offset + x.size;
      end = end > x.offset + x.size ? end : x.offset + x.size;
    }
    return true;
  }
  bool variable(const dlc_abi_variable &v) {
    return string(v.name, "name") && optional(v.constant, p.constants.size(), "constant") && slot(v.size, "size") &&
           optional(v.value, p.values.size(), "value");
  }
  bool feedback(const dlc_abi_feedback &f) {
    return below(f.entry, p.entries.size(), "entry") && valueIndex(f.output, "output") && valueIndex(f.input, "input");
  }
  bool space(const dlc_abi_space &s) { return string(s.name, "name") && below(s.kind, 1, "kind"); }
  bool meta(const dlc_abi_metadata &m) { return string(m.key, "key") && string(m.value, "value"); }

  const Program &p;
  Error &error;
  const char *table = "";
  uint32_t entryIndex = 0;
};

} // namespace

bool validateProgram(const Program &program, Error &error) { return Validator(program, error).run(); }

} // namespace dlc::rt

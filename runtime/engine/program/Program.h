// A model's tables, copied out of the artifact and completed with what the engine derives from them.
#pragma once
#include "support/Error.h"
#include "support/Vector.h"

namespace dlc::rt {

constexpr uint32_t none = DLC_NONE;

/// What a number depends on, from the least to the most often evaluated.
enum class Sizes : uint8_t { Static, Inputs, Data };

/// Which addresses a value can have.
enum class Binding : uint8_t {
  Fixed,    ///< known when its stage is planned
  Volatile, ///< lies in an input or output: known when a run starts
  Dynamic   ///< lies in a value that the engine allocates: known when a step starts
};

/// What the engine derives about a value.
struct ValueInfo {
  uint32_t root = none;     ///< the value at the end of its chain of aliases
  uint32_t home = none;     ///< the stage at whose start its address is known; none: the context's or run's start
  uint32_t entry = none;    ///< of inputs and outputs
  uint32_t producer = none; ///< the block whose step writes it
  Binding binding = Binding::Fixed;
  bool isObject = false; ///< held by a dlc_value rather than by planned memory
};

struct BlockInfo {
  uint32_t entry = none;
  uint32_t parentStep = none; ///< the step that runs it; none for an entry's own block
  uint32_t parentStage = none;
  uint32_t depth = 0;
};

struct StageInfo {
  uint32_t block = none;
  Sizes sizes = Sizes::Static;           ///< of its own dims program and of all stages before it
  uint32_t order = 0;                    ///< first of step_count entries of Program::order
  uint32_t firstHome = 0, homeCount = 0; ///< of Program::homes: the values whose home it is, aliased ones first
  uint32_t frame = 0;                    ///< of the context's frames; specialisations share theirs
};

struct StepInfo {
  uint32_t stage = none;
  uint32_t args = 0, dims = 0; ///< first entry in the context's flat arrays of pointers and sizes
  bool hasVolatile = false, hasDynamic = false;
};

/// Specialisations of one entry: what callers know as an entry. Bindings are those of the first one's ports.
struct EntryGroup {
  uint32_t first = 0, count = 0; ///< of entries
  uint32_t firstFrame = 0;
};

/// A model's tables. Everything in it was checked: indices are in range, strings are terminated.
struct Program {
  dlc_abi_model header = {};
  Vector<char> strings;
  Vector<uint32_t> pool;
  Vector<dlc_abi_dim_instr> instrs;
  Vector<dlc_abi_value> values;
  Vector<dlc_abi_port_dim> portDims;
  Vector<dlc_abi_port> ports;
  Vector<dlc_abi_entry> entries;
  Vector<dlc_abi_block> blocks;
  Vector<dlc_abi_stage> stages;
  Vector<dlc_abi_step> steps;
  Vector<dlc_abi_constant> constants;
  Vector<dlc_abi_variable> variables;
  Vector<dlc_abi_feedback> feedback;
  Vector<dlc_abi_kernel> kernels;
  Vector<dlc_abi_variant> variants;
  Vector<dlc_abi_host_function> hostFunctions;
  Vector<dlc_abi_space> spaces;
  Vector<dlc_abi_metadata> metadata;
  Vector<dlc_abi_preparation> preparations;

  // Derived (Analysis.cpp).
  Vector<ValueInfo> valueInfo;
  Vector<BlockInfo> blockInfo;
  Vector<StageInfo> stageInfo;
  Vector<StepInfo> stepInfo;
  Vector<uint32_t> order;      ///< the steps of each stage so that each comes after those it depends on
  Vector<uint32_t> homes;      ///< values by home stage
  Vector<uint32_t> freeValues; ///< fixed values without a home, aliased ones first
  Vector<uint32_t> freePorts;  ///< the same for those in inputs and outputs
  Vector<uint32_t> slotStage;  ///< the stage that computes a slot; none: no one
  Vector<uint32_t> slotInstr;  ///< the instruction that does
  Vector<Sizes> slotSizes;
  Vector<EntryGroup> groups;      ///< what the C interface calls entries
  Vector<uint32_t> groupOf;       ///< by entry; none: of another variant
  Vector<uint32_t> portVariable;  ///< by port: the variable whose second buffer an output that is fed back fills
  Vector<uint8_t> exchanged;      ///< by variable: it has a second buffer
  uint32_t frameCount = 0;
  uint32_t variant = none;        ///< that was chosen for this processor; entries of others are not there
  Vector<uint32_t> stageTree; ///< all stages, an enclosing one before those that it runs
  uint32_t argTotal = 0, dimTotal = 0;

  const char *string(uint32_t offset) const { return offset == none ? "" : strings.data() + offset; }
  Span<const uint32_t> range(dlc_abi_range r) const { return pool.span(r.first, r.count); }
  const uint32_t *shape(uint32_t value) const { return pool.data() + values[value].shape; }
  bool isVisible(uint32_t entry) const { return !entries[entry].variant || entries[entry].variant - 1 == variant; }
  /// Whether the chosen variant has this preparation.
  bool isVisible(const dlc_abi_preparation &x) const { return !x.variant || x.variant - 1 == variant; }
  /// Bytes of weights that stay as they are stored, and of those that preparations of the chosen variant make.
  uint64_t plainWeights() const { return preparations.empty() ? header.weights_size : header.sources; }
  uint64_t preparedWeights() const;
  /// The entry that a stage is part of.
  uint32_t entryOf(uint32_t stage) const { return blockInfo[stageInfo[stage].block].entry; }
  /// The ports that callers bind for an entry.
  uint32_t inputPort(uint32_t entry, uint32_t index) const {
    return entries[groups[groupOf[entry]].first].first_input + index;
  }
  uint32_t outputPort(uint32_t entry, uint32_t index) const {
    return entries[groups[groupOf[entry]].first].first_output + index;
  }
  /// Whether what stage `earlier` computes is known while stage `later` runs.
  bool visible(uint32_t earlier, uint32_t later) const;
  /// Whether a slot has its number while a stage runs. Numbers that depend on nothing are there from the start.
  bool slotVisible(uint32_t slot, uint32_t stage) const {
    return slotStage[slot] != none && (slotSizes[slot] == Sizes::Static || visible(slotStage[slot], stage));
  }
};

/// Copies the tables of a program of at most `available` bytes, and checks the header, the checksum (unless told to
/// skip it), the extent of every table and that every string ends.
bool readProgram(const void *data, uint64_t available, bool skipChecksum, Program &out, Error &error);

/// Checks every index and range of the tables, one by one (Validate.cpp).
bool validateProgram(const Program &program, Error &error);

/// Checks what the tables mean together, and derives the *Info tables: the tree of blocks, the order of steps, which
/// number and value is known when (Analysis.cpp, Tree.cpp, Visibility.cpp).
bool analyseProgram(Program &program, Error &error);

// The passes of analyseProgram, in order.
bool analyseEntries(Program &program, Error &error);
bool analyseTree(Program &program, Error &error);
bool analyseFrames(Program &program, Error &error);
bool analyseOrder(Program &program, Error &error);
bool analyseSlots(Program &program, Error &error);
bool analyseValues(Program &program, Error &error);
bool analyseUses(Program &program, Error &error);

/// The parts of a LOOP step's `extra`.
struct LoopShape {
  uint32_t trip, condition, iteration, conditionParam, conditionResult;
  struct Carried {
    uint32_t initial, param, result, final;
  };
  struct Scanned {
    uint32_t result, final;
  };
  Span<const Carried> carried;
  Span<const Scanned> scanned;
};
/// The parts of a CALL step's `extra`.
struct CallShape {
  struct Pair {
    uint32_t from, to;
  };
  Span<const Pair> arguments; ///< argument -> parameter
  Span<const Pair> results;   ///< result -> value
};
/// False when `extra` is too short or too long for its counts.
bool loopShape(Span<const uint32_t> extra, LoopShape &out);
bool callShape(Span<const uint32_t> extra, CallShape &out);

/// FNV-1a 64, continued from `hash`.
constexpr uint64_t fnvStart = 0xcbf29ce484222325ull;
uint64_t fnv(uint64_t hash, const void *data, size_t size);

} // namespace dlc::rt

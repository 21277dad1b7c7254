// The integer program that computes sizes.
#pragma once
#include "program/Program.h"

namespace dlc::rt {

/// What the dims program reads beside its slots.
struct DimSource {
  void *user = nullptr;
  /// Dimension `dim` of an input or a value that the engine holds.
  dlc_status (*valueDim)(void *user, uint32_t value, uint32_t dim, int64_t &out, Error &error) = nullptr;
  /// Element `index` of a tensor.
  dlc_status (*read)(void *user, uint32_t value, uint32_t index, int64_t &out, Error &error) = nullptr;
  /// Whether an optional input was given.
  bool (*given)(void *user, uint32_t value) = nullptr;
};

/// Runs a stage's instructions on `slots`.
dlc_status evaluateDims(const Program &program, uint32_t stage, int64_t *slots, const DimSource &source, Error &error);

/// Runs the instructions of all stages that depend on nothing; known[slot] tells which slots have their number.
/// Instructions that fail are left out: the run that needs them will say why.
void evaluateStaticDims(const Program &program, int64_t *slots, uint8_t *known, const DimSource &source);

/// The same for the arithmetic of one stage, as far as it follows from slots that are known: of sizes that depend on data,
/// some do not.
void evaluateKnownDims(const Program &program, uint32_t stage, int64_t *slots, uint8_t *known, const DimSource &source);

} // namespace dlc::rt

#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_CHOICE_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_CHOICE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>
#include <vector>

namespace dlc::cpu {

/// What is decided about a contraction's loops in place of the cost model. What is not set is the model's, which then
/// follows from what is set: other register tiles get other tiles of work.
struct Choice {
  static constexpr int unset = -1;
  /// Register tile: rows (pixels, Winograd tiles) x vectors of columns, and steps unrolled.
  int rows = unset, vectors = unset, unroll = unset;
  /// A tile's work, in percent of the model's.
  int work = unset;
  /// Whether the weights are taken to stay in the cache, so that tiles are whole rows of outputs; 0 or 1.
  int weightsStay = unset;
  /// Whether a right-hand side that only the run knows is packed; 0 or 1.
  int pack = unset;
  /// Lines of the next weight panel to fetch per unrolled iteration.
  int prefetch = unset;
  /// Winograd: side of an output tile, tiles per block, output channels that are multiplied at once.
  int m = unset, block = unset, chunk = unset;

  bool operator==(const Choice &) const = default;
  /// "rows=8 vectors=2": what is set.
  std::string text() const;
  /// The inverse of text; nothing for what is no choice.
  static std::optional<Choice> parse(llvm::StringRef text);
  /// The number, or `fallback` where it is not set.
  static int or_(int value, int fallback) { return value == unset ? fallback : value; }
};

/// Adds a copy of `base` with `field` changed to each of `values` that differs from `now`.
void vary(std::vector<Choice> &choices, const Choice &base, int Choice::*field, int now, llvm::ArrayRef<int> values);

} // namespace dlc::cpu

#endif

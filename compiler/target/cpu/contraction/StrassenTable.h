#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_STRASSENTABLE_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_STRASSENTABLE_H

#include "compiler/target/cpu/contraction/Strassen.h"

#include <array>

namespace dlc::cpu {

/// Coefficients of the quadrants 11, 12, 21, 22.
using StrassenSum = std::array<int, 4>;

/// The sum of four vectors with these coefficients, one of which is 1.
mlir::Value strassenSum(KernelBuilder &kb, llvm::ArrayRef<mlir::Value> parts, const StrassenSum &terms);

/// One of the seven products: (a . A) * (b . B), added to C with coefficients `c`.
struct StrassenProduct {
  StrassenSum a, b, c;
};

/// V. Strassen, "Gaussian elimination is not optimal", Numerische Mathematik 13 (1969).
inline constexpr std::array<StrassenProduct, 7> strassenProducts = {{
    {{1, 0, 0, 1}, {1, 0, 0, 1}, {1, 0, 0, 1}},
    {{0, 0, 1, 1}, {1, 0, 0, 0}, {0, 0, 1, -1}},
    {{1, 0, 0, 0}, {0, 1, 0, -1}, {0, 1, 0, 1}},
    {{0, 0, 0, 1}, {-1, 0, 1, 0}, {1, 0, 1, 0}},
    {{1, 1, 0, 0}, {0, 0, 0, 1}, {-1, 1, 0, 0}},
    {{-1, 0, 1, 0}, {1, 1, 0, 0}, {0, 0, 0, 1}},
    {{0, 1, 0, -1}, {0, 0, 1, 1}, {1, 0, 0, 0}},
}};

/// The order in which panels of products lie in memory and are multiplied. Products 1 and 3, and 4 and 2, come first:
/// they make left and right columns of rows that are not mixed.
inline constexpr std::array<int, 7> strassenPanels = {1, 3, 4, 2, 0, 5, 6};

/// One of the at most two quadrants that a product is added to.
struct StrassenUpdate {
  /// Sign 0: none.
  int quadrant = 0, sign = 0;
  /// The first, or the last, that the quadrant gets.
  bool first = false, last = false;
};
/// By place in `strassenPanels`.
using StrassenUpdates = std::array<StrassenUpdate, 7>;

constexpr std::array<StrassenUpdates, 2> strassenUpdateTable() {
  std::array<StrassenUpdates, 2> table{};
  for (int q = 0; q < 4; ++q) {
    StrassenUpdate *last = nullptr;
    for (int place = 0; place < 7; ++place) {
      if (int sign = strassenProducts[strassenPanels[place]].c[q]) {
        StrassenUpdate &update = table[table[0][place].sign != 0][place];
        update = {q, sign, last == nullptr, false};
        last = &update;
      }
    }
    last->last = true;
  }
  return table;
}
inline constexpr std::array<StrassenUpdates, 2> strassenUpdates = strassenUpdateTable();

/// Scratch in elements: the left operands of all pairs, the quadrants, and the sums of direct products.
struct StrassenLayout {
  int64_t rowElements, panelElements, directRow;
  int64_t sums, quadrants, direct, end;
};
StrassenLayout strassenLayout(const StrassenProblem &problem, const StrassenPlan &plan);

} // namespace dlc::cpu

#endif

//===- Magnitudes.h - how large values can get -----------------------------------------------===//
#ifndef DLC_COMPILER_PASSES_MAGNITUDES_H
#define DLC_COMPILER_PASSES_MAGNITUDES_H
#include "mlir/IR/Value.h"
#include <optional>

namespace dlc {
/// A number that no element of `v` exceeds in magnitude, whatever the inputs are, and that is below the greatest f32;
/// nothing where there is none, or an element may be NaN. Looks through arithmetic, and into groups from within.
std::optional<double> greatestMagnitude(mlir::Value v);
} // namespace dlc
#endif

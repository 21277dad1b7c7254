#ifndef DLC_COMPILER_PASSES_MATH_NARROWFLOAT_H
#define DLC_COMPILER_PASSES_MATH_NARROWFLOAT_H

#include "compiler/passes/math/Emit.h"

namespace dlc::mathlib {

/// bf16, f16 and the 8-bit floats: what these conversions know.
bool isNarrowFloat(mlir::Type element);

/// f32 or f64 to a narrow float, to nearest even; see dlc::truncateFloat.
V truncateFloat(V x, mlir::FloatType to, bool saturate);

/// A narrow float to f32. Exact.
V extendFloat(V x);

} // namespace dlc::mathlib

#endif

#ifndef DLC_COMPILER_PASSES_MATH_ONEPLUS_H
#define DLC_COMPILER_PASSES_MATH_ONEPLUS_H

#include "compiler/passes/math/ExpandMath.h"

namespace dlc {

/// Sums with 1 that would lose a tail by cancellation or overflow: factors of GELU, and the logistic function.
///   1 + erf(y)    -> erfc(-y); where y is x sqrt(1/2) or x / sqrt(2), the constant as its type rounds it, the result
///                    is that of the exact constant
///   1 + tanh(y)   -> 2 logistic(2 y)
///   1 / (1 + e^y) -> logistic(-y)
/// They stand before the expansion of erf, tanh and exp by their benefit.
void populateOnePlusPatterns(mlir::RewritePatternSet &patterns, const MathOptions &options);

} // namespace dlc

#endif

#ifndef DLC_COMPILER_PASSES_MATH_EXPANDMATH_H
#define DLC_COMPILER_PASSES_MATH_EXPANDMATH_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/PatternMatch.h"

namespace dlc::cpu {
struct TargetInfo;
} // namespace dlc::cpu

namespace dlc {

/// Which instructions there are; the others are expanded too.
struct MathOptions {
  /// Fused multiply-add. Without it, math.fma becomes exact arithmetic in f64 (f32), or in double-double (f64).
  bool fma = true;
  /// floor, ceil, trunc and roundeven (SSE4.1).
  bool rounding = true;
  /// Conversions between f16 and f32 (F16C).
  bool f16c = true;

  static MathOptions of(const cpu::TargetInfo &target);
};

/// Replaces what LLVM would turn into library calls by arithmetic that needs no library: the functions of the `math`
/// dialect, `arith.remf`, and the conversions of bf16, f8 and (where the CPU has none) f16; arithmetic on bf16 and f8
/// becomes arithmetic on f32. Operands are scalars or vectors of any fixed shape; tensors are left alone.
///
/// Everything is branch-free, so that loops of scalars vectorise, with two exceptions: trigonometric functions of f32
/// (f64) arguments above 2^16 (2^30) are under an `scf.if` that no lane of normal size enters, and the remainder is an
/// `scf.while` that most operands leave after one step.
///
/// Functions on f32 and f64 are accurate to 2 units in the last place (pow: 4; f64: 3) for all inputs, with gradual
/// underflow (docs/math.md has the largest errors), and follow C's Annex F for NaN, infinities and signed zeros. f16,
/// bf16 and f8 go through f32. `exp` and `erf` of f32 with the fast-math flag `afn` are wrong by up to 2^-15 of the
/// result instead (and such an e^x below 2^-125 is 0). The result assumes round-to-nearest and that nobody
/// reassociates; contraction of the emitted ops is harmless on CPUs where a product with several uses isn't contracted
/// (x86).
///
/// Needs the dialects arith, math, scf and vector to be loaded.
void expandMath(mlir::Operation *root, const MathOptions &options = {});
void populateExpandMathPatterns(mlir::RewritePatternSet &patterns, const MathOptions &options = {});

/// The patterns of conversions alone.
void populateExpandConversionPatterns(mlir::RewritePatternSet &patterns, const MathOptions &options = {});

/// Rounds f32 or f64 (scalar or vector) to nearest even in a narrower float type: bf16, f16 or one of the 8-bit types.
/// With `saturate`, what is too large, and an infinity, becomes the largest finite number (ONNX `Cast`, saturate = 1).
mlir::Value truncateFloat(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::FloatType to, bool saturate);

/// The f32 of a bf16, f16 or 8-bit float. Exact.
mlir::Value extendFloat(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x);

} // namespace dlc

#endif

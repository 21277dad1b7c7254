#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_TAPAXIS_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_TAPAXIS_H

#include "compiler/target/cpu/KernelBuilder.h"

namespace dlc::cpu {

/// One spatial axis of a convolution-like loop nest. Output q reads input `q * stride + tap * step + origin` for taps
/// [0, taps), weights `firstTap + tap * tapStride`, and is stored at position `q * outputScale + outputOrigin`.
struct TapAxis {
  Idx input = 1, output = 1;
  int64_t stride = 1, step = 1, origin = 0, taps = 1;
  int64_t firstTap = 0, tapStride = 1;
  int64_t outputScale = 1, outputOrigin = 0;
  /// Whether taps can lie before or beyond the input at all.
  bool padsBegin = false, padsEnd = false;
  /// Size of the whole output along the axis, and taps of the whole kernel.
  Idx outputSize = 1;
  int64_t kernel = 1;
};

/// Body of a loop over taps: the tap, its position in the input, whether that lies outside, and carried values.
using TapBody =
    llvm::function_ref<llvm::SmallVector<mlir::Value>(Idx tap, Idx position, bool outside, mlir::ValueRange carried)>;

/// Loops over the taps of output `q` that lie inside the input; over the others too if `padding`. `allInside`: known to
/// be so.
llvm::SmallVector<mlir::Value> emitTapLoop(KernelBuilder &kb, const TapAxis &axis, Idx q, bool padding, bool allInside,
                                           mlir::ValueRange inits, TapBody body);

} // namespace dlc::cpu

#endif

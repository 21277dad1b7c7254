#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_SPANS_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_SPANS_H

#include "compiler/target/cpu/contraction/TapAxis.h"

namespace dlc::cpu {

/// What is known of where an output's taps lie: all in the input; for each one, from static sizes and positions; or
/// nothing before the kernel runs.
enum class TapPlace { Inside, Known, Guarded };

/// Adjacent outputs along an axis.
struct Span {
  /// The first one.
  Idx at;
  int count = 1;
  /// How many of `count` exist: all unless guarded.
  Idx valid = 1;
  TapPlace taps = TapPlace::Guarded;
};

/// Covers outputs [begin, end) of the axis, where `begin` is a multiple of `step`, by spans of `step` outputs and
/// shorter ones at the axis' end. Where taps are padded each span is code of its own, if sizes are static and such
/// spans are few; else spans that are not inside are guarded.
void emitSpans(KernelBuilder &kb, const TapAxis &axis, int step, Idx begin, Idx end,
               llvm::function_ref<void(const Span &)> body);

/// The same for outputs [begin, end) that are one span of an axis of static size, which lies in equal pieces: `begin`
/// is `step` times something behind the begin of a piece, and the span ends where its piece does, or after `step`
/// outputs.
void emitSpanOfPiece(KernelBuilder &kb, const TapAxis &axis, int step, int64_t piece, Idx begin, Idx end,
                     llvm::function_ref<void(const Span &)> body);

} // namespace dlc::cpu

#endif

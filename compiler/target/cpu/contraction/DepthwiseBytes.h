#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_DEPTHWISEBYTES_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_DEPTHWISEBYTES_H

#include "compiler/target/cpu/contraction/Conv.h"

namespace dlc::cpu {

/// A depthwise convolution of u8 by s8 on dot products of four: four adjacent columns are interleaved by channel, so
/// that one instruction sums four taps of a kernel row for every channel of a vector.
struct ByteDepthwisePlan {
  /// i32 lanes of the widest vector.
  int lanes = 16;
  /// Adjacent output columns whose sums are kept in registers.
  int pixels = 1;
  /// Output rows of a tile.
  int64_t tileRows = 1;
};

/// Whether the emitter takes a depthwise convolution: its types, and a width of the image that is known.
bool fitsByteDepthwise(const ConvProblem &problem, const TargetInfo &target);
ByteDepthwisePlan chooseByteDepthwise(const ConvProblem &problem, const TargetInfo &target, const Choice &chosen = {});

/// Bytes of the packed weights, and packing from `[channels][1][taps]`. For each block of channels, row of the kernel and
/// place of the row's taps among four columns: `[channel][4]`.
int64_t packedByteDepthwiseBytes(const ConvProblem &problem, const ByteDepthwisePlan &plan);
void packByteDepthwise(const ConvProblem &problem, const ByteDepthwisePlan &plan, const int8_t *source,
                       int8_t *destination);

/// `batch * ceil(height / tileRows)` of the output.
Idx byteDepthwiseTileCount(KernelBuilder &kb, const ConvProblem &problem, const ByteDepthwisePlan &plan);
/// Emits a loop over tiles [begin, end).
void emitByteDepthwise(KernelBuilder &kb, const ConvProblem &problem, const ByteDepthwisePlan &plan, mlir::Value input,
                       mlir::Value weights, mlir::Value output, const Epilogue &epilogue, Idx begin, Idx end);

} // namespace dlc::cpu

#endif

#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_SEPARABLE_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_SEPARABLE_H

#include "compiler/target/cpu/contraction/Depthwise.h"

namespace dlc::cpu {

/// A depthwise convolution, the 1x1 convolution that alone reads its result, and perhaps the 1x1 convolution whose
/// result it alone reads. What is between them lies in the worker's scratch, a few rows at a time. In f32, with static
/// sizes of images.
struct SeparableProblem {
  std::optional<ConvProblem> expand;
  ConvProblem depthwise, project;
};

struct SeparablePlan {
  /// The product of a row of pixels with the expansion's weights.
  std::optional<GemmTile> expand;
  DepthwisePlan depthwise;
  /// The product of `depthwise.rows` rows of pixels with the projection's weights.
  GemmTile project;
  /// Tiles of an image, longer ones first.
  int64_t tiles = 1;
  /// Output rows that blocks of `depthwise.rows` begin with, and the last of which may be shorter: the image's, or
  /// those of each tile where these are equal.
  int64_t piece = 1;
  /// Expanded rows that are kept.
  int64_t ring = 0;
};

/// A worker's scratch, in bytes: the ring of expanded rows, then the rows that are projected.
struct SeparableScratch {
  int64_t ring = 0, panel = 0;
  int64_t bytes() const { return ring + panel; }
};

/// Whether the problem is of the emitter's kind: see SeparableProblem.
bool isSeparable(const SeparableProblem &problem);
/// Whether the projection's weights, and the rows that it reads, stay in the L2 cache while the image passes.
bool projectsFromCache(const SeparableProblem &problem, const TargetInfo &target);
/// Whether the expanded image would not stay in the L2 cache, while the rows that tiles share are few.
bool expandsInCache(const SeparableProblem &problem, const TargetInfo &target);

SeparablePlan chooseSeparable(const SeparableProblem &problem, const TargetInfo &target);
SeparableScratch separableScratch(const SeparableProblem &problem, const SeparablePlan &plan);
PackedWeights packedExpansion(const SeparableProblem &problem, const SeparablePlan &plan);
PackedWeights packedProjection(const SeparableProblem &problem, const SeparablePlan &plan);

/// The buffers of a kernel, and what follows each convolution. `expand`'s are not used where there is no expansion.
struct SeparableBuffers {
  mlir::Value input, expandWeights, depthwiseWeights, projectWeights, output;
  Epilogue expand, depthwise, project;
  /// Of i8, 64-byte-aligned.
  mlir::Value scratch;
};

/// Emits a loop over tiles [begin, end) of `batch * plan.tiles`.
void emitSeparable(KernelBuilder &kb, const SeparableProblem &problem, const SeparablePlan &plan,
                   const SeparableBuffers &buffers, Idx begin, Idx end);

} // namespace dlc::cpu

#endif

#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_DEPTHWISE_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_DEPTHWISE_H

#include "compiler/target/cpu/contraction/Conv.h"

namespace dlc::cpu {

/// How a depthwise convolution is computed: every channel on its own, channels along the lanes.
struct DepthwisePlan {
  int lanes = 1;
  /// Adjacent output pixels whose sums are kept in registers.
  int pixels = 1;
  /// Output rows of a tile, and output columns of it (a multiple of `pixels`; 0: whole rows).
  int64_t tileRows = 1, tileColumns = 0;
};

/// Whether a convolution has one input and one output channel per group, channels-last.
bool isDepthwise(const ConvProblem &problem);

DepthwisePlan chooseDepthwise(const ConvProblem &problem, const TargetInfo &target, const Choice &chosen = {});
/// Strips worth measuring for a problem of static sizes, the model's first; and changes worth measuring of everything
/// else about `base`.
std::vector<Choice> depthwiseTiles(const ConvProblem &problem, const TargetInfo &target);
std::vector<Choice> depthwiseVariations(const ConvProblem &problem, const TargetInfo &target, const Choice &base);
PackedDepthwise packedDepthwiseWeights(const ConvProblem &problem, const DepthwisePlan &plan);
/// `batch * ceil(depth * height / tileRows) * ceil(width / tileColumns)` of output sizes; no last factor if tileColumns
/// is 0.
Idx depthwiseTileCount(KernelBuilder &kb, const ConvProblem &problem, const DepthwisePlan &plan);

/// Emits a loop over tiles [begin, end). Weights come from `packDepthwise`.
void emitDepthwise(KernelBuilder &kb, const ConvProblem &problem, const DepthwisePlan &plan, mlir::Value input,
                   mlir::Value weights, mlir::Value output, const Epilogue &epilogue, Idx begin, Idx end);

} // namespace dlc::cpu

#endif

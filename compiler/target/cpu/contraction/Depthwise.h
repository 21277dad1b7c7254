#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_DEPTHWISE_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_DEPTHWISE_H

#include "compiler/target/cpu/contraction/Conv.h"

namespace dlc::cpu {

/// How a depthwise convolution is computed: every channel on its own, channels along the lanes.
struct DepthwisePlan {
  int lanes = 1;
  /// Adjacent output rows and columns whose sums are kept in registers.
  int rows = 1, pixels = 1;
  /// The weights of a vector of channels are kept in registers while columns advance.
  bool weightsStay = false;
  /// Output rows of a tile (a multiple of `rows`), and output columns of it (a multiple of `pixels`; 0: whole rows).
  int64_t tileRows = 1, tileColumns = 0;
};

/// Whether a convolution has one input and one output channel per group, channels-last.
bool isDepthwise(const ConvProblem &problem);

DepthwisePlan chooseDepthwise(const ConvProblem &problem, const TargetInfo &target, const Choice &chosen = {});
/// Blocks of rows and columns (`rows` and `vectors` of a choice) worth measuring for a problem of static sizes, the
/// model's first; and changes worth measuring of everything else about `base`.
std::vector<Choice> depthwiseTiles(const ConvProblem &problem, const TargetInfo &target);
std::vector<Choice> depthwiseVariations(const ConvProblem &problem, const TargetInfo &target, const Choice &base);
PackedDepthwise packedDepthwiseWeights(const ConvProblem &problem, const DepthwisePlan &plan);
/// `batch * ceil(depth * height / tileRows) * ceil(width / tileColumns)` of output sizes; no last factor if tileColumns
/// is 0.
Idx depthwiseTileCount(KernelBuilder &kb, const ConvProblem &problem, const DepthwisePlan &plan);

/// Emits a loop over tiles [begin, end). Weights come from `packDepthwise`.
void emitDepthwise(KernelBuilder &kb, const ConvProblem &problem, const DepthwisePlan &plan, mlir::Value input,
                   mlir::Value weights, mlir::Value output, const Epilogue &epilogue, Idx begin, Idx end);

/// Output rows [begin, end) of one image, at most the plan's rows: one span of a piece, see emitSpanOfPiece.
struct DepthwiseRows {
  Idx begin, end;
  int64_t piece = 1;
  /// Offset of the image's first input element.
  Idx input;
  /// Not 0: input row y lies where row `y % ring` would.
  int64_t ring = 0;
  /// Which row of the output buffer the image's row 0 is.
  Idx outputRow;
};
/// Emits whole rows of a kernel whose taps are straight code.
void emitDepthwiseRows(KernelBuilder &kb, const ConvProblem &problem, const DepthwisePlan &plan, mlir::Value input,
                       mlir::Value weights, mlir::Value output, const Epilogue &epilogue, const DepthwiseRows &rows);

/// Whether the taps are straight code, in blocks of rows: two-dimensional kernels of few taps.
bool isStraight(const ConvProblem &problem);

} // namespace dlc::cpu

#endif

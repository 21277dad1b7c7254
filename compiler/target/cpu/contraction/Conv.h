#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_CONV_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_CONV_H

#include "compiler/target/cpu/contraction/ConvNest.h"
#include "compiler/target/cpu/contraction/Gemm.h"

#include <optional>

namespace dlc::cpu {

/// One spatial axis of a convolution.
struct ConvAxis {
  Idx input = 1;
  Idx output = 1;
  int64_t kernel = 1, stride = 1, dilation = 1, padBegin = 0, padEnd = 0;
};

/// A direct convolution, or its transpose, with constant packed weights. The output is channels-last.
struct ConvProblem {
  Idx batch = 1;
  /// Depth, height, width; axes that do not exist keep their defaults.
  std::array<ConvAxis, 3> axes;
  /// Over all groups.
  int64_t channels = 1, outputChannels = 1;
  int64_t groups = 1;
  ContractionTypes types;
  /// The input is `[batch, channels, ...]` instead of `[batch, ..., channels]`: meant for few channels.
  bool channelsFirst = false;
  /// Elements between input pixels and between output pixels; 0: dense. For slices of wider buffers.
  int64_t inputPixel = 0, outputPixel = 0;
  Idx inputOffset, outputOffset;
  /// What lies outside of the input (an integer's zero point).
  double padValue = 0;
};

/// A convolution's implementation: one matrix product, or the loop nest.
struct ConvPlan {
  std::optional<GemmTile> gemm;
  ConvTile tile;
};

/// Picks tile sizes from the static sizes and the target, but for what is `chosen`.
ConvPlan chooseConv(const ConvProblem &problem, const TargetInfo &target, const Choice &chosen = {});
/// Register tiles worth measuring for a problem of static sizes, the model's first; and changes worth measuring of
/// everything else about `base`.
std::vector<Choice> convTiles(const ConvProblem &problem, const TargetInfo &target);
std::vector<Choice> convVariations(const ConvProblem &problem, const TargetInfo &target, const Choice &base);

/// The layout of the weights; pack from OIHW with `WeightStrides::outputMajor`.
PackedWeights packedConvWeights(const ConvProblem &problem, const ConvPlan &plan);

/// Number of tiles: of a matrix product `ceil(batch * output pixels / gemm.tileM) * ceil(outputChannels / gemm.tileN)`;
/// else `ceil(groups * panels / tilePanels) * batch * ceil(depth * height / tileRows) * ceil(width / tileColumns)` of
/// output sizes, the last factor 1 when tileColumns is 0. For a static problem `kb` emits nothing and the result is
/// static.
Idx convTileCount(KernelBuilder &kb, const ConvProblem &problem, const ConvPlan &plan);

/// Emits a loop over tiles [begin, end).
void emitConv(KernelBuilder &kb, const ConvProblem &problem, const ConvPlan &plan, mlir::Value input,
              mlir::Value weights, mlir::Value output, const Epilogue &epilogue, Idx begin, Idx end);

/// The same for a transposed convolution, where `stride`, `dilation` and pads are those of the convolution that it
/// transposes: output = (input - 1) * stride + dilation * (kernel - 1) + 1 - pads (+ output padding). Pack the weights
/// from IOHW with `WeightStrides::inputMajor`. Every output pixel is gathered from its inputs; nothing is accumulated
/// in memory.
/// Tiles: the sum over phases (z, y, x) below the strides of that formula, where an axis has `ceil((output - phase) /
/// stride)` outputs, at least 0.
ConvPlan chooseConvTranspose(const ConvProblem &problem, const TargetInfo &target, const Choice &chosen = {});
std::vector<Choice> convTransposeTiles(const ConvProblem &problem, const TargetInfo &target);
std::vector<Choice> convTransposeVariations(const ConvProblem &problem, const TargetInfo &target, const Choice &base);
Idx convTransposeTileCount(KernelBuilder &kb, const ConvProblem &problem, const ConvPlan &plan);
void emitConvTranspose(KernelBuilder &kb, const ConvProblem &problem, const ConvPlan &plan, mlir::Value input,
                       mlir::Value weights, mlir::Value output, const Epilogue &epilogue, Idx begin, Idx end);

/// The loop over a convolution's axis.
TapAxis tapAxis(const ConvAxis &axis);
/// The parts of a loop nest that convolutions and their transposes share: everything but the axes.
ConvNest convNestFrame(KernelBuilder &kb, const ConvProblem &problem, const ConvPlan &plan);
/// Output rows of `columns` pixels (negative: dynamic), `rows` of them per panel, and `taps` taps.
struct ConvExtent {
  int64_t columns, rows, taps;
};
/// Register tile and tile of work.
ConvTile chooseConvTile(const ConvProblem &problem, const TargetInfo &target, const ConvExtent &extent,
                        const Choice &chosen);
std::vector<Choice> convTileTiles(const ConvProblem &problem, const TargetInfo &target, const ConvExtent &extent);
std::vector<Choice> convTileVariations(const ConvTile &tile, const Choice &base, bool prefetches);

} // namespace dlc::cpu

#endif

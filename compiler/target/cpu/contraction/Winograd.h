#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_WINOGRAD_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_WINOGRAD_H

#include "compiler/target/cpu/contraction/Conv.h"

#include <optional>

namespace dlc::cpu {

/// A 3x3 convolution of stride 1 by Winograd's F(m x m, 3 x 3): (m + 2)^2 products, of matrices [tiles, channels] by
/// [channels, output channels], instead of 9 m^2 multiplications per tile of m x m outputs.
///
/// A tile of work is a block of `tiles` Winograd tiles by `columns` output channels. It transforms its inputs into
/// scratch, and then, `chunk` output channels at a time, multiplies into scratch, transforms back, and stores. Blocks
/// that differ in the columns only transform the same inputs again.
struct WinogradPlan {
  /// Side of an output tile: 2 or 4.
  int m = 4;
  int64_t tiles = 1;
  int64_t columns = 1, chunk = 1;
  /// Register tile of the products: rows are Winograd tiles.
  int rows = 1, vectors = 1, unroll = 4, lanes = 1;
  /// Lines of the next panel of weights to fetch per unrolled iteration; 0: none.
  int prefetchLines = 0;

  int points() const { return (m + 2) * (m + 2); }
  int64_t panel() const { return static_cast<int64_t>(vectors) * lanes; }
};

/// Whether the emitter can do it: f32, 3x3, stride 1, no dilation, one group, dense, padded with zeros, whole vectors
/// of channels.
bool fitsWinograd(const ConvProblem &problem, const TargetInfo &target);
/// The plan that is estimated to be the fastest; none where the direct convolution is. One whose `m` is `chosen` is
/// made whatever its estimate.
std::optional<WinogradPlan> chooseWinograd(const ConvProblem &problem, const TargetInfo &target,
                                           const Choice &chosen = {});
/// Register tiles, of both sizes of output tiles, worth measuring for a problem of static sizes that fits; and changes
/// worth measuring of everything else about `base`.
std::vector<Choice> winogradTiles(const ConvProblem &problem, const TargetInfo &target);
std::vector<Choice> winogradVariations(const ConvProblem &problem, const TargetInfo &target, const Choice &base);

/// The transformed weights are packed as matrices `[chunks][points][channels][chunk]`, the order they are used in.
PackedWeights packedWinogradWeights(const ConvProblem &problem, const WinogradPlan &plan);
/// From `[outputChannels][channels][3][3]` to the packed form.
void packWinogradWeights(const ConvProblem &problem, const WinogradPlan &plan, const float *source, float *destination);
/// How weights are stored that the engine transforms when it prepares constants, the same for all targets and plans.
PackedWeights storedWinogradWeights(const ConvProblem &problem);
/// Emits what `packWinogradWeights` computes, to the same bits, from weights stored like that (f32, or narrower
/// floats): a loop over the plan's panels [begin, end). `chunkPanels` panels make a chunk.
void emitWinogradWeights(KernelBuilder &kb, int m, int64_t panel, mlir::Value stored, mlir::Value packed, Idx channels,
                         Idx chunkPanels, Idx begin, Idx end);
/// The largest error of F(m x m, 3 x 3) with these weights, as a fraction of the outputs' peak, on seeded random inputs
/// (for some tiles and output channels), against double precision.
double winogradError(int m, int64_t channels, int64_t outputChannels, const float *weights);

/// Elements between the matrices of two points in scratch, apart from powers of two.
inline int64_t winogradStride(int64_t tiles, int64_t columns) { return tiles * columns + 16; }
/// Scratch bytes, of one thread.
int64_t winogradScratch(const ConvProblem &problem, const WinogradPlan &plan);
/// Emits a loop over tiles [begin, end); there are `ceil(batch * ceil(height / m) * ceil(width / m) / tiles) *
/// (outputChannels / columns)`, columns fastest. `scratch` is an i8 buffer, 64-byte-aligned.
void emitWinograd(KernelBuilder &kb, const ConvProblem &problem, const WinogradPlan &plan, mlir::Value input,
                  mlir::Value weights, mlir::Value output, const Epilogue &epilogue, Idx begin, Idx end,
                  mlir::Value scratch);

} // namespace dlc::cpu

#endif

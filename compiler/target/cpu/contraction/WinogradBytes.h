#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_WINOGRADBYTES_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_WINOGRADBYTES_H

#include "compiler/target/cpu/contraction/Winograd.h"

namespace dlc::cpu {

/// F(4 x 4, 3 x 3) of bytes gives the same integers as summing directly does. Inputs and weights are transformed with
/// integer factors into 16 bits, which hold them: inputs grow 50 times, weights 49 times. Products are summed modulo
/// 2^32. The outputs' transform gives 9 * 2^s times the sums, s being 6 at most: modulo 2^32, 9 has an inverse, and
/// what is left of sums of less than 2^25 is shifted down.

/// Whether a convolution is one of bytes.
bool isByteWinograd(const ConvProblem &problem);
/// What is multiplied: 16-bit integers, summed in 32 bits.
ContractionTypes byteWinogradTypes(mlir::MLIRContext *context);
/// Whether the emitter can do it: bytes by signed bytes, 3x3, stride 1, no dilation, one group, dense, whole vectors of
/// channels (of 16-bit integers for the inputs, of 32-bit ones for the outputs).
bool fitsByteWinograd(const ConvProblem &problem, const TargetInfo &target);
/// Whether no inputs can bring a sum of products with these weights, `[outputChannels][channels][3][3]`, to 2^25.
bool isByteWinogradExact(bool inputSigned, int64_t channels, int64_t outputChannels, const int8_t *weights);
/// A plan with `m` = 4; none where the direct convolution is expected to be faster, unless `m` is `chosen`.
std::optional<WinogradPlan> chooseByteWinograd(const ConvProblem &problem, const TargetInfo &target,
                                               const Choice &chosen = {});
/// As `winogradTiles` and `winogradVariations`.
std::vector<Choice> byteWinogradTiles(const ConvProblem &problem, const TargetInfo &target);
std::vector<Choice> byteWinogradVariations(const ConvProblem &problem, const TargetInfo &target, const Choice &base);

/// The transformed weights, in 16 bits, as matrices `[chunks][points][channels][chunk]`.
PackedWeights packedByteWinogradWeights(const ConvProblem &problem, const WinogradPlan &plan);
/// From `[outputChannels][channels][3][3]` to the packed form.
void packByteWinogradWeights(const ConvProblem &problem, const WinogradPlan &plan, const int8_t *source,
                             int16_t *destination);
/// How weights are stored that the engine transforms when it prepares constants, the same for all targets and plans.
PackedWeights storedByteWinogradWeights(const ConvProblem &problem);
/// Emits what `packByteWinogradWeights` computes, from weights stored like that: a loop over the plan's panels [begin,
/// end). Both buffers are of bytes; `chunkPanels` panels make a chunk.
void emitByteWinogradWeights(KernelBuilder &kb, int64_t panel, mlir::Value stored, mlir::Value packed, Idx channels,
                             Idx chunkPanels, Idx begin, Idx end);
/// Scratch bytes, of one thread, for `emitWinograd`, which takes these plans for bytes.
int64_t byteWinogradScratch(const ConvProblem &problem, const WinogradPlan &plan);

} // namespace dlc::cpu

#endif

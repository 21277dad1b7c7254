//===- ChannelConstants.h - constants with one element per channel -------------------------===//
#ifndef DLC_COMPILER_PASSES_CHANNELCONSTANTS_H
#define DLC_COMPILER_PASSES_CHANNELCONSTANTS_H
#include "compiler/passes/ConstantValues.h"

namespace dlc {
using ChannelVector = std::vector<double>;

/// The elements of an f32 (or f64) constant.
std::optional<ChannelVector> constantVector(mlir::Value v);
/// A constant with one element, or one per channel (dim `axis` of `rank`), as a vector of `channels`.
std::optional<ChannelVector> perChannel(mlir::Value v, int64_t rank, int64_t axis, int64_t channels);

/// x * scale + shift, per channel.
struct ChannelAffine {
  ChannelVector scale, shift;
};
/// A batch normalisation with constant statistics: scale * (x - mean) / sqrt(variance + epsilon) + bias.
std::optional<ChannelAffine> affineOf(nn::BatchNormOp op);
/// The arithmetic per channel (dim `axis`) that alone follows a convolution or product, its own bias included: what
/// folding scales would put into its weights and bias. Empty vectors where the number of channels is not known.
ChannelAffine affineBehind(mlir::Operation *contraction, int64_t axis);
} // namespace dlc
#endif

#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_PACK_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_PACK_H

#include <cstdint>

namespace dlc::cpu {

/// The layout that contraction kernels read constant weights in:
/// `[groups][ceil(columns / panel)][taps][ceil(k / kGroup)][panel][kGroup]`, zero where columns or k are padded.
///
/// A GEMM's B has one tap, and its batch as groups. A convolution's taps are kernel positions in row-major order, its k
/// the input channels of a group, and its columns the output channels of a group.
struct PackedWeights {
  int64_t groups = 1;
  int64_t columns = 1;
  int64_t taps = 1;
  int64_t k = 1;
  /// Columns of a panel, and consecutive k that one multiply-accumulate step takes.
  int64_t panel = 1;
  int64_t kGroup = 1;
  int64_t elementBytes = 4;
  /// Where k runs over a whole row of a convolution's kernel, as it lies in the input: the row's taps and their
  /// channels, behind `lead` elements that are zero here. k counts these and what fills the last group; `taps` are rows
  /// then.
  int64_t rowTaps = 1, rowChannels = 0, lead = 0;

  /// Taps and channels of the kernel.
  int64_t kernelTaps() const { return taps * rowTaps; }
  int64_t kernelChannels() const { return rowChannels ? rowChannels : k; }
  int64_t panels() const { return (columns + panel - 1) / panel; }
  int64_t kGroups() const { return (k + kGroup - 1) / kGroup; }
  /// Elements of one tap of a panel, of a panel, and of a group.
  int64_t tapElements() const { return kGroups() * kGroup * panel; }
  int64_t panelElements() const { return taps * tapElements(); }
  int64_t groupElements() const { return panels() * panelElements(); }
  int64_t bytes() const { return groups * groupElements() * elementBytes; }
};

/// Where weights lie before packing, in elements.
struct WeightStrides {
  int64_t group = 0, column = 1, tap = 0, k = 1;

  /// OIHW: `[groups * columns][k][taps]`, what convolutions have.
  static WeightStrides outputMajor(const PackedWeights &packed);
  /// IOHW: `[groups * k][columns][taps]`, what transposed convolutions have.
  static WeightStrides inputMajor(const PackedWeights &packed);
  /// `[groups][k][columns]`, or `[groups][columns][k]` when transposed: a GEMM's B.
  static WeightStrides matrix(const PackedWeights &packed, bool transposed);
};

/// Packs weights; `destination` has `packed.bytes()` bytes. Elements have 1, 2, 4 or 8 bytes.
void packWeights(const PackedWeights &packed, const WeightStrides &strides, const void *source, void *destination);

/// Depthwise weights: `[taps][channels, padded with zeros to a multiple of lanes]`.
struct PackedDepthwise {
  int64_t channels = 1;
  int64_t taps = 1;
  int64_t lanes = 1;
  int64_t elementBytes = 4;

  int64_t paddedChannels() const { return (channels + lanes - 1) / lanes * lanes; }
  int64_t bytes() const { return taps * paddedChannels() * elementBytes; }
};

/// Packs from `[channels][1][taps]`.
void packDepthwise(const PackedDepthwise &packed, const void *source, void *destination);

} // namespace dlc::cpu

#endif

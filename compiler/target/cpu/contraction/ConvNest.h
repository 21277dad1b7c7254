#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_CONVNEST_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_CONVNEST_H

#include "compiler/target/cpu/contraction/Element.h"
#include "compiler/target/cpu/contraction/Epilogue.h"
#include "compiler/target/cpu/contraction/Pack.h"
#include "compiler/target/cpu/contraction/TapAxis.h"

#include <array>

namespace dlc::cpu {

/// How a convolution is computed.
struct ConvTile {
  MacKind kind = MacKind::Widen;
  /// Register tile: adjacent output pixels of a row x vectors of output channels, and steps unrolled.
  int pixels = 1, vectors = 1, unroll = 4;
  int lanes = 1;
  /// A tile of work: rows of the output, columns of it (a multiple of `pixels`; 0: whole rows), and weight panels (over
  /// all groups).
  int64_t tileRows = 1, tileColumns = 0, tilePanels = 1;
  /// Consecutive tiles share input rows instead of a weight panel.
  bool panelsFirst = false;
  /// Lines of the next panel to fetch per unrolled iteration; 0: none.
  int prefetchLines = 0;
  /// A row of the kernel is one run of k, which is `rowLead` elements longer at its begin, and whole groups. It is not
  /// read beyond the input.
  bool wholeRows = false;
  int64_t rowLead = 0;

  int64_t panel() const { return static_cast<int64_t>(vectors) * lanes; }
};

/// out[n, z, y, x, g, o] = sum over taps and c of in[n, taps of z, y, x, g, c] * w[g, o, taps, c].
struct ConvNest {
  Idx batch = 1;
  /// Depth, height, width.
  std::array<TapAxis, 3> axes;
  ContractionTypes types;
  PackedWeights weights;
  /// Element strides of the input, per axis as in `axes`; channels are `inChannel` apart.
  Idx inBatch;
  std::array<Idx, 3> inAxis;
  Idx inChannel = 1;
  Idx inOffset, outOffset;
  /// Elements between output pixels; channels are adjacent.
  Idx outPixel;
  /// What lies outside of the input.
  double padValue = 0;
};

/// Tiles along each loop, slowest to fastest unless `panelsFirst`.
struct ConvTiles {
  Idx panels, batch, rows, columns;
};

ConvTiles convNestTiles(KernelBuilder &kb, const ConvNest &nest, const ConvTile &tile);

/// Emits a loop over tiles [begin, end).
void emitConvNest(KernelBuilder &kb, const ConvNest &nest, const ConvTile &tile, mlir::Value input, mlir::Value weights,
                  mlir::Value output, const Epilogue &epilogue, Idx begin, Idx end);

} // namespace dlc::cpu

#endif

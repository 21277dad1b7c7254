#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_REGISTERTILE_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_REGISTERTILE_H

#include "compiler/target/cpu/contraction/Element.h"
#include "compiler/target/cpu/contraction/Epilogue.h"

#include <optional>

namespace dlc::cpu {

/// Where a row of the register tile reads A.
struct TileRow {
  /// Element offset of k = 0: `base + offset`; the constant part stays apart for the addressing modes.
  Idx base;
  int64_t offset = 0;
  /// Reads nothing: the row's elements are `padValue`.
  bool skipped = false;
  /// i1: when false the row's elements are `padValue` instead of what `base` and `offset`, which must be readable all
  /// the same, give. Null: always valid.
  mlir::Value guard;
  /// The operand itself, where the loop is one group of k long; nothing is read then.
  mlir::Value operand;
};

/// Lines of the next weight panel to fetch while k advances, so that loading it overlaps with this tile's arithmetic.
struct PanelPrefetch {
  /// Cache lines per iteration of the unrolled k loop.
  int lines = 1;
  /// Element offset in B of the first one.
  Idx offset;
};

/// acc[row][vector] += sum over k of A[row, k] * B[k, vector].
struct MacLoop {
  mlir::Value a, b;
  llvm::SmallVector<TileRow> rows;
  /// Elements of A between consecutive k.
  Idx aStep = 1;
  /// Element offset in B of k = 0, column 0, and elements between consecutive groups of k.
  Idx bOffset;
  Idx bStep;
  /// Which columns each vector of B loads.
  llvm::SmallVector<Lanes> vectors;
  Idx k;
  /// Groups of k per iteration.
  int unroll = 4;
  double padValue = 0;
  std::optional<PanelPrefetch> prefetch;
  /// Emitted into the first `besideCount` of the unrolled loop's iterations, with their numbers: other work that the
  /// processor does meanwhile.
  std::function<void(Idx)> beside;
  int besideCount = 0;
};

/// The accumulators of a register tile.
struct TileAccumulators {
  int vectors = 0;
  /// [row][vector]
  llvm::SmallVector<mlir::Value> sums;
  /// [vector]; empty unless the unit compensates.
  llvm::SmallVector<mlir::Value> compensation;

  static TileAccumulators zero(KernelBuilder &kb, const MacUnit &unit, int rows, int vectors);
  llvm::SmallVector<mlir::Value> flatten() const;
  void assign(mlir::ValueRange values);
};

/// Emits the loop over k, adding to `acc`.
void emitMacLoop(KernelBuilder &kb, const MacUnit &unit, const MacLoop &loop, TileAccumulators &acc);

/// Where the rows of a register tile are stored.
struct TileStore {
  mlir::Value output;
  /// Element offset and matrix row of tile row 0, and their steps to the next row.
  Idx offset, row;
  Idx offsetStep, rowStep = 1;
  Idx column;
  llvm::SmallVector<Lanes> vectors;
  /// Rows to store; fewer than the tile has when its end lies beyond the output.
  Idx validRows;
  /// From `stackForSums`.
  mlir::Value sums;
};

/// Memory for the sums of register tiles of up to that size, when an epilogue is so long that it is emitted once, in a
/// loop over the rows; else null. It lies in the block that has `output`, outside of the loops: it is given back at the
/// function's end.
mlir::Value stackForSums(KernelBuilder &kb, const MacUnit &unit, int rows, int vectors, const Epilogue &epilogue,
                         mlir::Value output);

/// Memory like that, whatever the epilogue.
mlir::Value stackForTile(KernelBuilder &kb, const MacUnit &unit, int rows, int vectors, mlir::Value output);
/// Puts finished sums there, and stores row `row` of the tile from there.
void saveTile(KernelBuilder &kb, const MacUnit &unit, const TileAccumulators &acc, int rows, mlir::Value stack);
void emitSavedRow(KernelBuilder &kb, const MacUnit &unit, const TileStore &store, Idx row, const Epilogue &epilogue);

void emitTileStore(KernelBuilder &kb, const MacUnit &unit, const TileStore &store, const TileAccumulators &acc,
                   int rows, const Epilogue &epilogue);

} // namespace dlc::cpu

#endif

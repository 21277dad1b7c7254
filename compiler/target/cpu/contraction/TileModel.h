#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_TILEMODEL_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_TILEMODEL_H

#include "compiler/target/cpu/contraction/Choice.h"
#include "compiler/target/cpu/contraction/Element.h"

namespace dlc::cpu {

inline int64_t ceilDiv(int64_t x, int64_t y) { return (x + y - 1) / y; }

/// What limits a register tile of rows x vectors accumulators on a target.
struct TileModel {
  int registers;
  bool compensated = false;
  /// Registers that one step needs beside accumulators, B and a broadcast element of A.
  int temporaries = 0;
  /// What each row of A beyond the seventh adds to a step, as a fraction: so many rows of a wide matrix, side by side,
  /// are read less smoothly. (Measured; it is not so for scratch, whose rows are short.)
  double tallCost = 0.01;

  static TileModel of(const TargetInfo &target, const ContractionTypes &types, MacKind kind);
  bool fits(int rows, int vectors) const;
  /// Estimated cycles of `steps` steps (groups of k) of a tile, its stores included.
  double cycles(int rows, int vectors, double steps) const;
};

/// Bytes a cycle that weights come at when they are in no near cache.
constexpr double coldBytesPerCycle = 11, l3BytesPerCycle = 26;

struct RegisterTile {
  int rows = 1;
  int vectors = 1;
};

/// `chosen`'s register tile, or the model's: see rankRegisterTiles.
RegisterTile chooseRegisterTile(const TileModel &model, llvm::ArrayRef<int64_t> rowRuns, int64_t columnVectors,
                                double steps, const Choice &chosen);
/// Tiles worth measuring, at most three per number of vectors: the model's first, the others by their estimates.
std::vector<RegisterTile> rankRegisterTiles(const TileModel &model, llvm::ArrayRef<int64_t> rowRuns,
                                            int64_t columnVectors, double steps);
/// The same as choices, of which nothing else is set.
std::vector<Choice> rankTileChoices(const TileModel &model, llvm::ArrayRef<int64_t> rowRuns, int64_t columnVectors,
                                    double steps);
/// The tile with the lowest estimate for a loop nest of `rowRuns` (lengths of contiguous runs of rows, each tiled on
/// its own) by `columnVectors` vectors and `steps` steps.
RegisterTile chooseRegisterTile(const TileModel &model, llvm::ArrayRef<int64_t> rowRuns, int64_t columnVectors,
                                double steps);

/// Iterations to unroll of `steps` (negative: unknown): few enough that nothing spills, a divisor if there is one.
int chooseUnroll(int64_t steps, int accumulators);

/// Lines of the next weight panel to fetch per unrolled iteration, when an iteration reads `lines` of this one and
/// `passes` register tiles that fetch share a panel. 0 when the panel is shared so widely that its loading does not
/// matter.
int prefetchLinesPerIteration(double lines, int64_t passes);

/// Multiply-accumulates that make a tile of work worth scheduling.
int64_t tileWork(const TargetInfo &target, const ContractionTypes &types, MacKind kind, const Choice &chosen);
/// Multiply-accumulates whose time `macs` take where `rows` rows share what is loaded of B: few rows wait for it.
double timedWork(double macs, int64_t rows);
/// What of `work` a tile should have when the whole problem has `total`: less where threads would get unequal shares.
int64_t sharedWork(int64_t work, double total);
/// `count` tiles, or one more, at most `most`, where one of two threads would have a tile more to do.
int64_t evenShares(int64_t count, int64_t most);
/// Units of a tile, `each` or down to half of it, such that two threads share tiles of `units` most evenly; `each` if
/// tiles are so many that it does not matter.
int64_t evenTile(int64_t units, int64_t each);

} // namespace dlc::cpu

#endif

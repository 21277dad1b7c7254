#include "compiler/target/cpu/contraction/Gemm.h"
#include "compiler/target/cpu/contraction/TileModel.h"

#include <algorithm>

namespace dlc::cpu {
namespace {

/// Sizes for estimates; what is dynamic is taken as this.
constexpr int64_t assumedSize = 256;

/// Rows that a tile should have when its panel is packed first.
constexpr int64_t packedRowsAtLeast = 256;

/// What register tiles are chosen from.
struct RegisterProblem {
  TileModel model;
  /// A dynamic m has short runs, so that remainders cost little.
  int64_t rows;
  int64_t columnVectors;
  double steps;
};

RegisterProblem registerProblem(const GemmProblem &p, const TargetInfo &target, const GemmTile &tile) {
  int64_t n = std::max<int64_t>(1, p.n.constantOr(assumedSize)), k = std::max<int64_t>(1, p.k.constantOr(assumedSize));
  return {TileModel::of(target, p.types, tile.kind), p.m.isStatic() ? std::max<int64_t>(1, p.m.constant()) : 8,
          ceilDiv(n, tile.lanes), static_cast<double>(ceilDiv(k, MacUnit::groupOf(tile.kind)))};
}

GemmTile emptyTile(const GemmProblem &p, const TargetInfo &target) {
  GemmTile tile;
  tile.kind = MacUnit::choose(target, p.types, p.aK.is(1));
  tile.lanes = std::max<int>(1, target.vectorBits / p.types.accumulator.getIntOrFloatBitWidth());
  return tile;
}

/// Splits m and n so that a tile has about `work` multiply-accumulates.
void chooseTileSizes(const GemmProblem &p, const TargetInfo &target, const Choice &chosen, GemmTile &tile) {
  int64_t work = tileWork(target, p.types, tile.kind, chosen);
  int64_t m = p.m.constantOr(assumedSize), n = p.n.constantOr(assumedSize),
          k = std::max<int64_t>(1, p.k.constantOr(assumedSize));
  int64_t bytes = p.types.b.getIntOrFloatBitWidth() / 8, panel = tile.panel();
  int64_t panels = ceilDiv(n, panel), rowTiles = ceilDiv(m, tile.rows);
  double panelWork = timedWork(static_cast<double>(m) * panel * k, m);
  if (p.m.isStatic() && p.n.isStatic() && p.batch.empty()) {
    work = sharedWork(work, timedWork(static_cast<double>(m) * n * k, m));
  }
  bool weightsStay = n * k * bytes <= target.l2 / 2;
  bool rowsStay = m * k * bytes <= target.l2 / 2;
  bool rowByRow = chosen.weightsStay == Choice::unset ? weightsStay && !rowsStay : chosen.weightsStay == 1;
  if (rowByRow && p.n.isStatic() && !tile.packB) {
    tile.columnsFirst = true;
    tile.tileN = panels * panel;
    int64_t count = std::clamp<int64_t>(static_cast<double>(m) * n * k / work, 1, rowTiles);
    tile.tileM = evenTile(rowTiles, ceilDiv(rowTiles, count)) * tile.rows;
    return;
  }
  if (panelWork <= work) {
    tile.tileM = rowTiles * tile.rows;
    tile.tileN = evenTile(panels, std::min<int64_t>(panels, std::max<int64_t>(1, work / panelWork))) * panel;
    return;
  }
  tile.tileN = panel;
  // Packing a panel is paid back by its rows.
  int64_t rowTilesAtLeast = tile.packB ? ceilDiv(packedRowsAtLeast, tile.rows) : 1;
  int64_t count = std::clamp<int64_t>(panelWork / work, 1, std::max<int64_t>(1, rowTiles / rowTilesAtLeast));
  tile.tileM = ceilDiv(rowTiles, count) * tile.rows;
}

/// Splits the rows once more where one of two threads would have a tile more to do.
void shareEvenly(const GemmProblem &p, GemmTile &tile) {
  if (!p.m.isStatic() || !p.n.isStatic() || !p.batch.empty() || tile.packB) {
    return;
  }
  int64_t count = ceilDiv(p.m.constant(), tile.tileM) * ceilDiv(p.n.constant(), tile.tileN);
  int64_t rowTiles = tile.tileM / tile.rows;
  if (rowTiles > 1 && evenShares(count, count + 1) != count) {
    tile.tileM = ceilDiv(rowTiles, 2) * tile.rows;
  }
}

/// A run-time B that the emitter reads as it is.
bool canReadB(const GemmProblem &p, const GemmTile &tile) {
  return MacUnit::groupOf(tile.kind) == 1 && p.bColumn.is(1);
}

/// A run-time B is worth packing when its columns are not adjacent, or when many rows reuse a panel that does not stay
/// in L1.
bool shouldPack(const GemmProblem &p, const TargetInfo &target, const Choice &chosen, const GemmTile &tile) {
  if (p.packedB) {
    return false;
  }
  if (!canReadB(p, tile)) {
    return true;
  }
  if (chosen.pack != Choice::unset) {
    return chosen.pack;
  }
  int64_t bytes = p.types.b.getIntOrFloatBitWidth() / 8;
  int64_t m = p.m.constantOr(assumedSize), k = p.k.constantOr(assumedSize);
  bool large = k * tile.panel() * bytes > target.l1 / 2 && p.bK.constantOr(assumedSize) * bytes >= 2048;
  bool convert = p.types.b != p.types.accumulator;
  return m >= 4 * tile.rows && (large || convert);
}

} // namespace

GemmProblem GemmProblem::dense(Idx m, Idx n, Idx k, ContractionTypes types) {
  GemmProblem p;
  p.m = m;
  p.n = n;
  p.k = k;
  p.types = types;
  p.aRow = k;
  p.bK = n;
  p.cRow = n;
  return p;
}

GemmTile chooseGemmTile(const GemmProblem &p, const TargetInfo &target, const Choice &chosen) {
  GemmTile tile = emptyTile(p, target);
  int group = MacUnit::groupOf(tile.kind);
  RegisterProblem r = registerProblem(p, target, tile);
  RegisterTile registers = chooseRegisterTile(r.model, {r.rows}, r.columnVectors, r.steps, chosen);
  tile.rows = registers.rows;
  tile.vectors = registers.vectors;
  int unroll = chooseUnroll(p.k.isStatic() ? p.k.constant() / group : -1, tile.rows * tile.vectors);
  tile.unroll = Choice::or_(chosen.unroll, unroll);
  tile.packB = shouldPack(p, target, chosen, tile);
  chooseTileSizes(p, target, chosen, tile);
  shareEvenly(p, tile);
  int64_t passes = ceilDiv(p.m.constantOr(assumedSize), tile.rows);
  if (p.packedB && passes > 1 && !tile.columnsFirst) {
    int64_t line = 512 / p.types.b.getIntOrFloatBitWidth();
    double lines = static_cast<double>(tile.unroll) * group * tile.panel() / line;
    tile.prefetchLines = prefetchLinesPerIteration(lines, passes);
  }
  if (p.packedB && chosen.prefetch != Choice::unset) {
    tile.prefetchLines = chosen.prefetch;
  }
  return tile;
}

std::vector<Choice> gemmTiles(const GemmProblem &p, const TargetInfo &target) {
  RegisterProblem r = registerProblem(p, target, emptyTile(p, target));
  return rankTileChoices(r.model, {r.rows}, r.columnVectors, r.steps);
}

std::vector<Choice> gemmVariations(const GemmProblem &p, const TargetInfo &target, const Choice &base) {
  GemmTile tile = chooseGemmTile(p, target, base);
  std::vector<Choice> choices;
  vary(choices, base, &Choice::unroll, tile.unroll, {2, 4, 8});
  vary(choices, base, &Choice::work, 100, {50, 200});
  vary(choices, base, &Choice::weightsStay, tile.columnsFirst, {0, 1});
  if (p.packedB) {
    vary(choices, base, &Choice::prefetch, tile.prefetchLines, {0, 1, 2, 4});
  } else if (canReadB(p, tile)) {
    vary(choices, base, &Choice::pack, tile.packB, {0, 1});
  }
  return choices;
}

PackedWeights packedGemmB(const GemmProblem &p, const GemmTile &tile, int64_t groups) {
  PackedWeights packed;
  packed.groups = groups;
  packed.columns = p.n.constant();
  packed.k = p.k.constant();
  packed.panel = tile.panel();
  packed.kGroup = MacUnit::groupOf(tile.kind);
  packed.elementBytes = p.types.b.getIntOrFloatBitWidth() / 8;
  return packed;
}

Idx gemmTileCount(KernelBuilder &kb, const GemmProblem &p, const GemmTile &tile) {
  Idx count = kb.mul(kb.ceilDiv(p.m, tile.tileM), kb.ceilDiv(p.n, tile.tileN));
  for (const GemmBatch &dim : p.batch) {
    count = kb.mul(count, dim.size);
  }
  return count;
}

GemmScratch gemmScratch(const GemmProblem &p, const GemmTile &tile) {
  if (!tile.packB) {
    return {};
  }
  int group = MacUnit::groupOf(tile.kind);
  int64_t bytes = (group == 1 ? p.types.accumulator : p.types.b).getIntOrFloatBitWidth() / 8;
  // k is rounded up to lanes * group elements, the side of a transposed block.
  int64_t perK = tile.panel() * bytes;
  return {perK * tile.lanes * group, perK};
}

} // namespace dlc::cpu

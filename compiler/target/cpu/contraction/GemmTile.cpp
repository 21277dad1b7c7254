#include "compiler/target/cpu/contraction/Gemm.h"
#include "compiler/target/cpu/contraction/TileModel.h"

#include <algorithm>

namespace dlc::cpu {
namespace {

int64_t ceilDiv(int64_t x, int64_t y) { return (x + y - 1) / y; }

/// Sizes for estimates; what is dynamic is taken as this.
constexpr int64_t assumedSize = 256;

/// Rows that a tile should have when its panel is packed first.
constexpr int64_t packedRowsAtLeast = 256;

/// Register tile for a dynamic m: small enough that short remainders cost little.
RegisterTile dynamicRowsTile(const TileModel &model, int64_t columnVectors, double steps) {
  RegisterTile tile = chooseRegisterTile(model, {8}, columnVectors, steps);
  return tile;
}

/// Splits m and n so that a tile has about `work` multiply-accumulates.
void chooseTileSizes(const GemmProblem &p, const TargetInfo &target, int64_t work, GemmTile &tile) {
  int64_t m = p.m.constantOr(assumedSize), n = p.n.constantOr(assumedSize),
          k = std::max<int64_t>(1, p.k.constantOr(assumedSize));
  int64_t bytes = p.types.b.getIntOrFloatBitWidth() / 8, panel = tile.panel();
  int64_t panels = ceilDiv(n, panel), rowTiles = ceilDiv(m, tile.rows);
  double panelWork = static_cast<double>(m) * panel * k;
  bool weightsStay = n * k * bytes <= target.l2 / 2;
  bool rowsStay = m * k * bytes <= target.l2 / 2;
  if (weightsStay && !rowsStay && p.n.isStatic() && !tile.packB) {
    tile.columnsFirst = true;
    tile.tileN = panels * panel;
    int64_t count = std::clamp<int64_t>(static_cast<double>(m) * n * k / work, 1, rowTiles);
    tile.tileM = ceilDiv(rowTiles, count) * tile.rows;
    return;
  }
  if (panelWork <= work) {
    tile.tileM = rowTiles * tile.rows;
    tile.tileN = std::min<int64_t>(panels, std::max<int64_t>(1, work / panelWork)) * panel;
    return;
  }
  tile.tileN = panel;
  // Packing a panel is paid back by its rows.
  int64_t rowTilesAtLeast = tile.packB ? ceilDiv(packedRowsAtLeast, tile.rows) : 1;
  int64_t count = std::clamp<int64_t>(panelWork / work, 1, std::max<int64_t>(1, rowTiles / rowTilesAtLeast));
  tile.tileM = ceilDiv(rowTiles, count) * tile.rows;
}

/// A run-time B is worth packing when its columns are not adjacent, or when many rows reuse a panel that does not stay
/// in L1.
bool shouldPack(const GemmProblem &p, const TargetInfo &target, const GemmTile &tile) {
  if (p.packedB) {
    return false;
  }
  if (MacUnit::groupOf(tile.kind) > 1 || !p.bColumn.is(1)) {
    return true;
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

GemmTile chooseGemmTile(const GemmProblem &p, const TargetInfo &target) {
  GemmTile tile;
  tile.kind = MacUnit::choose(target, p.types, p.aK.is(1));
  tile.lanes = std::max<int>(1, target.vectorBits / p.types.accumulator.getIntOrFloatBitWidth());
  int group = MacUnit::groupOf(tile.kind);
  int64_t columnVectors = ceilDiv(std::max<int64_t>(1, p.n.constantOr(assumedSize)), tile.lanes);
  double steps = ceilDiv(std::max<int64_t>(1, p.k.constantOr(assumedSize)), group);
  TileModel model = TileModel::of(target, p.types, tile.kind);
  RegisterTile registers = p.m.isStatic()
                               ? chooseRegisterTile(model, {std::max<int64_t>(1, p.m.constant())}, columnVectors, steps)
                               : dynamicRowsTile(model, columnVectors, steps);
  tile.rows = registers.rows;
  tile.vectors = registers.vectors;
  tile.unroll = chooseUnroll(p.k.isStatic() ? p.k.constant() / group : -1, tile.rows * tile.vectors);
  tile.packB = shouldPack(p, target, tile);
  chooseTileSizes(p, target, tileWork(target, p.types, tile.kind), tile);
  int64_t weightBytes = p.n.constantOr(0) * p.k.constantOr(0) * p.types.b.getIntOrFloatBitWidth() / 8;
  if (p.packedB && p.m.isStatic() && !tile.columnsFirst && weightBytes > target.l2 / 2) {
    int64_t line = 512 / p.types.b.getIntOrFloatBitWidth();
    double lines = static_cast<double>(tile.unroll) * group * tile.panel() / line;
    tile.prefetchLines = prefetchLinesPerIteration(lines, ceilDiv(p.m.constant(), tile.rows));
  }
  return tile;
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

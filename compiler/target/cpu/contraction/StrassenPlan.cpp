#include "compiler/target/cpu/contraction/StrassenTable.h"
#include "compiler/target/cpu/contraction/TileModel.h"

#include <algorithm>

namespace dlc::cpu {
namespace {

/// k at a time, so that panels of both operands stay near; columns of a tile, by which sums of A are paid back.
constexpr int64_t mostDepth = 512, mostColumns = 768;
/// Larger register tiles were never faster: operands and quadrants share the nearest cache.
constexpr int mostRows = 8, mostVectors = 2;
/// Tiles of work, so that several threads find some.
constexpr int64_t tilesWanted = 8, pairsAtLeast = 2;
/// What a tile's sums of A and quadrants of C may take of the L2 cache.
constexpr double shareOfL2 = 0.6;
/// Cycles of summing one vector of each quadrant of A, and of a vector of C that is added to in memory.
constexpr double sumCycles = 14, updateCycles = 1.2;
/// What wide results cost beside that: with 128, 197 and 512 rows, k from 512 to 1024 and n from 2048 to 4160, it was 1.0
/// to 1.12 of the direct product's time, where n up to 1536 gave 0.88 to 0.97. (Rows of C that lie a multiple of 4 KiB
/// apart are a part of it; so are weights, 1.75 times as many, that come cold.)
constexpr int64_t wideResult = 2048;
constexpr double wideCost = 1.12;

/// The largest divisor of `size` up to `most` that is a multiple of `unit`; 0: none.
int64_t divisor(int64_t size, int64_t unit, int64_t most) {
  for (int64_t d = std::min(size, most) / unit * unit; d > 0; d -= unit) {
    if (size % d == 0) {
      return d;
    }
  }
  return 0;
}

int64_t rowsOf(const StrassenProblem &p) { return std::max<int64_t>(1, p.m.constantOr(p.expectedRows)); }

void chooseTile(const StrassenProblem &p, const TargetInfo &target, const Choice &chosen, StrassenPlan &plan) {
  int64_t total = rowsOf(p) / (2 * plan.rows), columnTiles = p.n / plan.columns;
  plan.pairs = 1;
  StrassenLayout one = strassenLayout(p, plan);
  int64_t most = std::max<int64_t>(1, shareOfL2 * target.l2 / 4 / (one.direct - one.sums));
  int64_t wanted =
      std::clamp<int64_t>(ceilDiv(total * columnTiles, tilesWanted), pairsAtLeast, std::max(pairsAtLeast, most));
  plan.pairs = Choice::or_(chosen.block, ceilDiv(total, ceilDiv(total, wanted)));
  plan.fewColumns = divisor(p.n, 2 * plan.panel(), std::max(2 * plan.panel(), p.n / tilesWanted));
}

double cyclesOf(const StrassenProblem &p, const TargetInfo &target, const TileModel &model, const StrassenPlan &plan) {
  int64_t m = rowsOf(p), pairs = m / (2 * plan.rows), left = m - pairs * 2 * plan.rows;
  double columnPairs = p.n / (2 * plan.panel()), parts = p.k / plan.depth, half = plan.depth / 2;
  double products = pairs * columnPairs * parts * 7 * model.cycles(plan.rows, plan.vectors, half);
  double updates = pairs * columnPairs * parts * 12 * updateCycles * plan.rows * plan.vectors;
  double sums = double(p.n / plan.columns) * pairs * plan.rows * (p.k / 2 / plan.lanes) * sumCycles;
  double rest = 0;
  for (; left > 0; left -= plan.rows) {
    rest += columnPairs * 2 * model.cycles(std::min<int64_t>(left, plan.rows), plan.vectors, p.k);
  }
  double bytes = 7.0 * p.k * p.n, cycles = products + updates + rest;
  double streaming = bytes / coldBytesPerCycle + (ceilDiv(pairs, plan.pairs) - 1) * bytes / l3BytesPerCycle;
  cycles = sums + (bytes > target.l2 / 2 ? std::max(cycles, streaming) + 0.05 * streaming : cycles);
  return p.n >= wideResult ? cycles * wideCost : cycles;
}

double directCycles(const StrassenProblem &p, const TargetInfo &target, const TileModel &model) {
  int64_t vectors = p.n / (target.vectorBits / 32);
  RegisterTile tile = chooseRegisterTile(model, {rowsOf(p)}, vectors, p.k);
  double tiles = double(rowsOf(p)) * vectors / (tile.rows * tile.vectors), bytes = 4.0 * p.k * p.n;
  double cycles = tiles * model.cycles(tile.rows, tile.vectors, p.k);
  return bytes > target.l2 / 2 ? std::max(cycles, bytes / coldBytesPerCycle) : cycles;
}

} // namespace

StrassenLayout strassenLayout(const StrassenProblem &p, const StrassenPlan &plan) {
  StrassenLayout l;
  // Rows are kept apart from powers of two.
  l.rowElements = plan.depth / 2 + plan.lanes;
  l.panelElements = plan.rows * l.rowElements;
  l.directRow = p.k / 2 + plan.lanes;
  l.sums = 0;
  l.quadrants = l.sums + plan.pairs * 7 * l.panelElements;
  int64_t cells = plan.pairs * (p.k == plan.depth ? 1 : plan.columns / (2 * plan.panel()));
  l.direct = l.quadrants + cells * 4 * plan.rows * plan.panel();
  l.end = l.direct + plan.rowsAtLeast * l.directRow;
  return l;
}

int64_t strassenScratch(const StrassenProblem &p, const StrassenPlan &plan) { return strassenLayout(p, plan).end * 4; }

std::optional<StrassenPlan> chooseStrassen(const StrassenProblem &p, const TargetInfo &target, const Choice &chosen) {
  constexpr double worthwhile = 0.95;
  if (!target.strassen || !target.fma) {
    return std::nullopt;
  }
  TileModel model{target.registers};
  std::optional<StrassenPlan> best;
  double bestCycles = worthwhile * directCycles(p, target, model);
  for (int vectors = 1; vectors <= mostVectors; ++vectors) {
    for (int rows = 4; rows <= mostRows && model.fits(rows, vectors); ++rows) {
      StrassenPlan plan;
      plan.lanes = target.vectorBits / 32;
      plan.vectors = vectors;
      plan.rows = rows;
      plan.depth = divisor(p.k, 2 * plan.lanes, Choice::or_(chosen.chunk, mostDepth));
      plan.columns = divisor(p.n, 2 * plan.panel(), mostColumns);
      if (!plan.depth || !plan.columns || rowsOf(p) < plan.rowsAtLeast) {
        continue;
      }
      chooseTile(p, target, chosen, plan);
      plan.unroll = Choice::or_(chosen.unroll, chooseUnroll(plan.depth / 2, rows * vectors));
      plan.prefetchLines =
          Choice::or_(chosen.prefetch, prefetchLinesPerIteration(plan.unroll * plan.panel() / 16.0, plan.pairs));
      bool asked = chosen.rows == rows && chosen.vectors == vectors;
      double cycles = cyclesOf(p, target, model, plan);
      if (asked || (chosen.rows == Choice::unset && cycles < bestCycles)) {
        best = plan;
        bestCycles = cycles;
      }
    }
  }
  return best;
}

} // namespace dlc::cpu

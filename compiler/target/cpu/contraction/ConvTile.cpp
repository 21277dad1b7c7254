#include "compiler/target/cpu/contraction/Conv.h"
#include "compiler/target/cpu/contraction/TileModel.h"

#include <algorithm>

namespace dlc::cpu {
namespace {

/// Splits panels, rows and columns so that a tile has about `work` multiply-accumulates.
void chooseTileSizes(const ConvProblem &p, const TargetInfo &target, const ConvExtent &extent, const Choice &chosen,
                     ConvTile &tile) {
  auto [columns, rows, taps] = extent;
  int64_t perPixel = taps * (p.channels / p.groups);
  int64_t work = tileWork(target, p.types, tile.kind, chosen), bytes = p.types.b.getIntOrFloatBitWidth() / 8;
  int64_t width = std::max<int64_t>(1, columns < 0 ? 64 : columns);
  int64_t panels = p.groups * ceilDiv(p.outputChannels / p.groups, tile.panel());
  double rowWork = static_cast<double>(width) * perPixel * std::min(tile.panel(), p.outputChannels / p.groups);
  rowWork = timedWork(rowWork, width * rows);
  work = sharedWork(work, rowWork * panels * rows);
  bool weightsStay = perPixel * p.outputChannels * bytes <= target.l2 / 2;
  weightsStay = Choice::or_(chosen.weightsStay, weightsStay);
  double atOnce = weightsStay ? rowWork * panels : rowWork;
  tile.tilePanels = weightsStay ? panels : 1;
  tile.tileRows = std::clamp<int64_t>(work / atOnce, 1, rows);
  if (tile.tileRows == 1 && atOnce > 2 * work) {
    // Long rows are split: first the panels, then the columns.
    tile.tilePanels = evenTile(panels, std::clamp<int64_t>(work / rowWork, 1, panels));
    tile.panelsFirst = weightsStay;
    if (rowWork > 2 * work) {
      int64_t tiles = ceilDiv(width, tile.pixels), count = std::clamp<int64_t>(rowWork / work, 1, tiles);
      tile.tileColumns = evenTile(tiles, ceilDiv(tiles, count)) * tile.pixels;
    }
  } else if (!weightsStay && tile.tileRows == rows) {
    tile.tilePanels = evenTile(panels, std::clamp<int64_t>(work / (rowWork * rows), 1, panels));
  }
  // Equal shares of the rows.
  int64_t shares = ceilDiv(rows, tile.tileRows);
  tile.tileRows = ceilDiv(rows, tile.tilePanels == panels ? evenShares(shares, rows) : shares);
}

ConvTile emptyTile(const ConvProblem &p, const TargetInfo &target) {
  ConvTile tile;
  tile.kind = MacUnit::choose(target, p.types, !p.channelsFirst);
  tile.lanes = std::max<int>(1, target.vectorBits / p.types.accumulator.getIntOrFloatBitWidth());
  return tile;
}

/// What register tiles are chosen from.
struct RegisterProblem {
  TileModel model;
  int64_t pixels, columnVectors, steps;
};

RegisterProblem registerProblem(const ConvProblem &p, const TargetInfo &target, const ConvExtent &extent,
                                const ConvTile &tile) {
  int64_t channels = p.channels / p.groups, outputs = p.outputChannels / p.groups;
  return {TileModel::of(target, p.types, tile.kind), extent.columns < 0 ? 8 : std::max<int64_t>(1, extent.columns),
          ceilDiv(outputs, tile.lanes), extent.taps * ceilDiv(channels, MacUnit::groupOf(tile.kind))};
}

} // namespace

ConvTile chooseConvTile(const ConvProblem &p, const TargetInfo &target, const ConvExtent &extent,
                        const Choice &chosen) {
  ConvTile tile = emptyTile(p, target);
  auto [columns, rows, taps] = extent;
  int group = MacUnit::groupOf(tile.kind);
  int64_t channels = p.channels / p.groups;
  RegisterProblem r = registerProblem(p, target, extent, tile);
  RegisterTile registers = chooseRegisterTile(r.model, {r.pixels}, r.columnVectors, r.steps, chosen);
  tile.pixels = registers.rows;
  tile.vectors = registers.vectors;
  bool merged = !p.channelsFirst && p.groups == 1 && p.axes[2].dilation == 1 && channels % group == 0;
  int64_t run = channels / group * (merged ? p.axes[2].kernel : 1);
  tile.unroll = Choice::or_(chosen.unroll, chooseUnroll(run, tile.pixels * tile.vectors));
  chooseTileSizes(p, target, extent, chosen, tile);
  int64_t passes = rows * ceilDiv(columns, tile.pixels);
  if (columns > 0 && merged && p.groups == 1 && passes > 1) {
    double lines = tile.unroll * tile.panel() * group * p.types.b.getIntOrFloatBitWidth() / 512.0;
    tile.prefetchLines = prefetchLinesPerIteration(lines, passes);
  }
  tile.prefetchLines = Choice::or_(chosen.prefetch, tile.prefetchLines);
  return tile;
}

std::vector<Choice> convTileTiles(const ConvProblem &p, const TargetInfo &target, const ConvExtent &extent) {
  RegisterProblem r = registerProblem(p, target, extent, emptyTile(p, target));
  return rankTileChoices(r.model, {r.pixels}, r.columnVectors, r.steps);
}

std::vector<Choice> convTileVariations(const ConvTile &tile, const Choice &base, bool prefetches) {
  std::vector<Choice> choices;
  vary(choices, base, &Choice::unroll, tile.unroll, {2, 4, 8});
  vary(choices, base, &Choice::work, 100, {50, 200});
  vary(choices, base, &Choice::weightsStay, Choice::unset, {0, 1});
  if (prefetches) {
    vary(choices, base, &Choice::prefetch, tile.prefetchLines, {0, 1, 2, 4});
  }
  return choices;
}

} // namespace dlc::cpu

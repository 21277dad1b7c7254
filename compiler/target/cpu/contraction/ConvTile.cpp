#include "compiler/target/cpu/contraction/Conv.h"
#include "compiler/target/cpu/contraction/TileModel.h"

#include <algorithm>

namespace dlc::cpu {
namespace {

int64_t ceilDiv(int64_t x, int64_t y) { return (x + y - 1) / y; }

/// Splits panels, rows and columns so that a tile has about `work` multiply-accumulates.
void chooseTileSizes(const ConvProblem &p, const TargetInfo &target, int64_t columns, int64_t rows, int64_t perPixel,
                     ConvTile &tile) {
  int64_t work = tileWork(target, p.types, tile.kind), bytes = p.types.b.getIntOrFloatBitWidth() / 8;
  int64_t width = std::max<int64_t>(1, columns < 0 ? 64 : columns);
  int64_t panels = p.groups * ceilDiv(p.outputChannels / p.groups, tile.panel());
  double rowWork = static_cast<double>(width) * perPixel * std::min(tile.panel(), p.outputChannels / p.groups);
  bool weightsStay = perPixel * p.outputChannels * bytes <= target.l2 / 2;
  double atOnce = weightsStay ? rowWork * panels : rowWork;
  tile.tilePanels = weightsStay ? panels : 1;
  tile.tileRows = std::clamp<int64_t>(work / atOnce, 1, rows);
  if (tile.tileRows == 1 && atOnce > 2 * work) {
    // Long rows are split: first the panels, then the columns.
    tile.tilePanels = std::clamp<int64_t>(work / rowWork, 1, panels);
    tile.panelsFirst = weightsStay;
    if (rowWork > 2 * work) {
      int64_t tiles = ceilDiv(width, tile.pixels), count = std::clamp<int64_t>(rowWork / work, 1, tiles);
      tile.tileColumns = ceilDiv(tiles, count) * tile.pixels;
    }
  } else if (!weightsStay && tile.tileRows == rows) {
    tile.tilePanels = std::clamp<int64_t>(work / (rowWork * rows), 1, panels);
  }
  // Equal shares of the rows.
  tile.tileRows = ceilDiv(rows, ceilDiv(rows, tile.tileRows));
}

} // namespace

ConvTile chooseConvTile(const ConvProblem &p, const TargetInfo &target, int64_t columns, int64_t rows, int64_t taps) {
  ConvTile tile;
  tile.kind = MacUnit::choose(target, p.types, !p.channelsFirst);
  tile.lanes = std::max<int>(1, target.vectorBits / p.types.accumulator.getIntOrFloatBitWidth());
  int group = MacUnit::groupOf(tile.kind);
  int64_t channels = p.channels / p.groups, outputs = p.outputChannels / p.groups;
  int64_t steps = taps * ceilDiv(channels, group);
  TileModel model = TileModel::of(target, p.types, tile.kind);
  RegisterTile registers =
      chooseRegisterTile(model, {columns < 0 ? 8 : std::max<int64_t>(1, columns)}, ceilDiv(outputs, tile.lanes), steps);
  tile.pixels = registers.rows;
  tile.vectors = registers.vectors;
  bool merged = !p.channelsFirst && p.groups == 1 && p.axes[2].dilation == 1 && channels % group == 0;
  int64_t run = channels / group * (merged ? p.axes[2].kernel : 1);
  tile.unroll = chooseUnroll(run, tile.pixels * tile.vectors);
  chooseTileSizes(p, target, columns, rows, taps * channels, tile);
  int64_t bytes = taps * channels * p.outputChannels * p.types.b.getIntOrFloatBitWidth() / 8;
  if (columns > 0 && merged && p.groups == 1 && bytes > target.l2 / 2) {
    double lines = tile.unroll * tile.panel() * group * p.types.b.getIntOrFloatBitWidth() / 512.0;
    tile.prefetchLines = prefetchLinesPerIteration(lines, rows * ceilDiv(columns, tile.pixels));
  }
  return tile;
}

} // namespace dlc::cpu

#include "compiler/target/cpu/contraction/ConvNest.h"
#include "compiler/target/cpu/contraction/RegisterTile.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace mlir;

namespace dlc::cpu {
namespace {

constexpr int depth = 0, height = 1, width = 2;

/// Runs of the width's taps shorter than this are straight code.
constexpr int64_t straightTaps = 3;

/// Emits register tiles of one row of the output, for one panel of weights.
class ConvRowEmitter {
public:
  /// What a row of register tiles has in common.
  struct Row {
    Idx group, column;
    /// Element offset of the panel in the weights, and of the image and group in the input.
    Idx weights, image;
    Idx z, y;
    /// Linear output pixel of the row's start.
    Idx outRow;
    /// Number of the output row among those that share a panel, for prefetching.
    Idx number;
    SmallVector<Lanes> vectors;
  };

  ConvRowEmitter(KernelBuilder &kb, const ConvNest &nest, const ConvTile &tile, Value input, Value weights,
                 Value output, const Epilogue &epilogue)
      : kb(kb), nest(nest), tile(tile), x(nest.axes[width]), input(input), weights(weights), output(output),
        epilogue(epilogue), unit(kb, nest.types, tile.kind),
        sums(stackForSums(kb, unit, tile.pixels, tile.vectors, epilogue, output)) {}

  const MacUnit &macUnit() const { return unit; }

  /// Output columns [begin, end) of a row.
  void emitRow(const Row &row, Idx begin, Idx end) {
    if (x.input.isStatic() && x.output.isStatic()) {
      emitStaticRow(row, begin, end);
    } else {
      emitGuardedRow(row, begin, end);
    }
  }

private:
  /// How a register tile finds out which of its taps lie inside the input.
  enum class Edge { Inside, Static, Guarded };

  //===--------------------------------------------------------------------===//
  // Tiles along a row
  //===--------------------------------------------------------------------===//

  bool inside(int64_t at, int64_t pixels) const {
    int64_t first = at * x.stride + x.origin;
    int64_t last = (at + pixels - 1) * x.stride + x.origin + (x.taps - 1) * x.step;
    return pixels == tile.pixels && first >= 0 && last < x.input.constant();
  }

  void emitStaticRow(const Row &row, Idx begin, Idx end) {
    int64_t columns = x.output.constant(), step = tile.pixels;
    for (int64_t at = 0; at < columns;) {
      int64_t pixels = std::min(step, columns - at);
      int64_t next = at;
      while (next + step <= columns && inside(next, step)) {
        next += step;
      }
      if (next > at) {
        kb.loop(kb.max(begin, at), kb.min(end, next), step, [&](Idx q) { emitTile(row, q, step, step, Edge::Inside); });
        at = next;
        continue;
      }
      auto edge = [&] { emitTile(row, at, pixels, pixels, Edge::Static); };
      kb.ifThen(kb.logicalAnd(kb.lessThan(kb.sub(begin, 1), at), kb.lessThan(at, end)), edge);
      at += pixels;
    }
  }

  void emitGuardedRow(const Row &row, Idx begin, Idx end) {
    int64_t reach = (tile.pixels - 1) * x.stride + (x.taps - 1) * x.step;
    kb.loop(begin, end, tile.pixels, [&](Idx q) {
      Idx first = kb.add(kb.mul(q, x.stride), x.origin);
      Value left = kb.lessThan(-1, first), right = kb.lessThan(kb.add(first, reach), x.input);
      Value whole = kb.lessThan(kb.add(q, tile.pixels - 1), x.output);
      kb.ifThen(
          kb.logicalAnd(kb.logicalAnd(left, right), whole),
          [&] { emitTile(row, q, tile.pixels, tile.pixels, Edge::Inside); },
          [&] { emitTile(row, q, tile.pixels, kb.sub(x.output, q), Edge::Guarded); });
    });
  }

  //===--------------------------------------------------------------------===//
  // One register tile
  //===--------------------------------------------------------------------===//

  void emitTile(const Row &row, Idx q, int pixels, Idx validPixels, Edge edge) {
    auto acc = TileAccumulators::zero(kb, unit, pixels, row.vectors.size());
    emitAxis(depth, row, acc, 0, row.image, false, [&](TileAccumulators &a, Idx tapZ, Idx baseZ, bool padZ) {
      emitAxis(height, row, a, tapZ, baseZ, padZ, [&](TileAccumulators &b, Idx tapY, Idx baseY, bool padY) {
        Taps taps{tapY, baseY, padY};
        emitWidth(row, taps, q, pixels, edge, b);
      });
    });
    TileStore store;
    store.output = output;
    store.row = kb.add(row.outRow, kb.add(kb.mul(q, x.outputScale), x.outputOrigin));
    store.rowStep = x.outputScale;
    store.offset = kb.add(nest.outOffset, kb.mul(store.row, nest.outPixel));
    store.offsetStep = kb.mul(nest.outPixel, x.outputScale);
    store.column = row.column;
    store.vectors = row.vectors;
    store.validRows = validPixels;
    store.sums = sums;
    emitTileStore(kb, unit, store, acc, pixels, epilogue);
  }

  using AxisBody = llvm::function_ref<void(TileAccumulators &, Idx tap, Idx base, bool padded)>;

  /// Loops over the taps of depth or height that lie inside the input; over the others too when padding is not zero.
  void emitAxis(int axis, const Row &row, TileAccumulators &acc, Idx tap, Idx base, bool padded, AxisBody body) {
    const TapAxis &a = nest.axes[axis];
    Idx q = axis == depth ? row.z : row.y;
    acc.assign(emitTapLoop(kb, a, q, nest.padValue != 0, false, acc.flatten(),
                           [&](Idx t, Idx position, bool outside, ValueRange carried) {
                             TileAccumulators inner = acc;
                             inner.assign(carried);
                             Idx weightTap = kb.add(kb.mul(tap, a.kernel), kb.add(kb.mul(t, a.tapStride), a.firstTap));
                             Idx at = outside ? base : kb.add(base, kb.mul(position, nest.inAxis[axis]));
                             body(inner, weightTap, at, outside || padded);
                             return inner.flatten();
                           }));
  }

  /// A row of the kernel: its tap number over depth and height, and the element offset of the input row.
  struct Taps {
    Idx tap, base;
    bool padded;
  };

  /// Consecutive taps of the width are adjacent in the input and the weights, so that they are one long k.
  bool tapsAreContiguous() const {
    return x.step == 1 && x.tapStride == 1 && x.firstTap == 0 && x.taps == x.kernel && nest.inChannel.is(1) &&
           nest.inAxis[width].is(nest.weights.k) && nest.weights.k % unit.group() == 0;
  }

  void emitWidth(const Row &row, const Taps &taps, Idx q, int pixels, Edge edge, TileAccumulators &acc) {
    if (tile.wholeRows) {
      return emitWholeRow(row, taps, q, pixels, edge, acc);
    }
    if (edge == Edge::Inside && !taps.padded && tapsAreContiguous()) {
      emitRun(row, taps, q, 0, pixels, edge, nest.weights.k * x.taps, acc);
      return;
    }
    for (int64_t first = 0; first < x.taps;) {
      int64_t last = first + 1;
      while (last < x.taps && (edge != Edge::Static || (allInside(q, pixels, first) && allInside(q, pixels, last)))) {
        ++last;
      }
      emitTaps(row, taps, q, first, last, pixels, edge, acc);
      first = last;
    }
  }

  //===--------------------------------------------------------------------===//
  // Kernel rows that are one run
  //===--------------------------------------------------------------------===//

  void emitWholeRow(const Row &row, const Taps &taps, Idx q, int pixels, Edge edge, TileAccumulators &acc) {
    MacLoop loop = weightsLoop(row, taps.tap);
    loop.k = nest.weights.k;
    loop.unroll = tile.unroll;
    if (edge == Edge::Inside || taps.padded) {
      loop.rows = tileRows(taps, q, 0, pixels, Edge::Inside);
      for (TileRow &r : loop.rows) {
        r.offset -= nest.weights.lead;
      }
      return emitMacLoop(kb, unit, loop, acc);
    }
    for (int64_t k = 0; k < nest.weights.k; k += unit.group()) {
      MacLoop one = loop;
      one.k = unit.group();
      one.bOffset = kb.add(loop.bOffset, k / unit.group() * loop.bStep.constant());
      for (int p = 0; p < pixels; ++p) {
        int64_t column = (q.constant() + p) * x.stride + x.origin;
        one.rows.push_back(edgeRow(taps.base, column * nest.weights.rowChannels - nest.weights.lead + k));
      }
      emitMacLoop(kb, unit, one, acc);
    }
  }

  /// A group of k at `offset` from the input row's begin; elements outside of the row are padding.
  TileRow edgeRow(Idx base, int64_t offset) {
    int64_t size = x.input.constant() * nest.weights.rowChannels;
    auto isInside = [&](int64_t at) { return at >= 0 && at < size; };
    SmallVector<Value> elements;
    int inside = 0;
    for (int64_t at = offset; at < offset + unit.group(); ++at) {
      inside += isInside(at);
    }
    TileRow row;
    row.base = base;
    row.offset = offset;
    row.skipped = inside == 0;
    if (row.skipped || inside == unit.group()) {
      return row;
    }
    for (int64_t at = offset; at < offset + unit.group(); ++at) {
      elements.push_back(isInside(at) ? kb.loadScalar(input, kb.add(base, at))
                                      : kb.constant(nest.types.a, nest.padValue));
    }
    VectorType type = kb.vectorType(nest.types.a, unit.group());
    row.operand = unit.spread(vector::FromElementsOp::create(kb.builder(), kb.location(), type, elements));
    return row;
  }

  bool allInside(Idx q, int pixels, int64_t tap) const {
    int64_t first = q.constant() * x.stride + x.origin + tap * x.step;
    return first >= 0 && first + (pixels - 1) * x.stride < x.input.constant();
  }

  /// Taps [first, last) of the width, all treated alike.
  void emitTaps(const Row &row, const Taps &taps, Idx q, int64_t first, int64_t last, int pixels, Edge edge,
                TileAccumulators &acc) {
    bool straight = last - first <= straightTaps && edge != Edge::Guarded;
    if (straight) {
      for (int64_t tap = first; tap < last; ++tap) {
        emitRun(row, taps, q, tap, pixels, edge, nest.weights.k, acc);
      }
      return;
    }
    acc.assign(kb.loop(first, last, 1, acc.flatten(), [&](Idx tap, ValueRange carried) {
      TileAccumulators inner = acc;
      inner.assign(carried);
      emitRun(row, taps, q, tap, pixels, edge, nest.weights.k, inner);
      return inner.flatten();
    }));
  }

  /// k channels from tap `tap` of the width on.
  void emitRun(const Row &row, const Taps &taps, Idx q, Idx tap, int pixels, Edge edge, int64_t k,
               TileAccumulators &acc) {
    Idx weightTap = kb.add(kb.mul(taps.tap, x.kernel), kb.add(kb.mul(tap, x.tapStride), x.firstTap));
    MacLoop loop = weightsLoop(row, weightTap);
    loop.k = k;
    // Edges are many variants of code that runs seldom.
    loop.unroll = edge == Edge::Inside ? tile.unroll : std::min(tile.unroll, 4);
    loop.rows = tileRows(taps, q, tap, pixels, edge);
    bool nothing = llvm::all_of(loop.rows, [](const TileRow &r) { return r.skipped; });
    if (nothing && nest.padValue == 0) {
      return;
    }
    if (tile.prefetchLines && edge != Edge::Guarded && loop.unroll == tile.unroll) {
      loop.prefetch = PanelPrefetch{tile.prefetchLines, nextPanelSlice(row, taps, q, tap)};
    }
    emitMacLoop(kb, unit, loop, acc);
  }

  /// A loop over the weights of a tap; its rows and its length are not set.
  MacLoop weightsLoop(const Row &row, Idx weightTap) {
    MacLoop loop;
    loop.a = input;
    loop.b = weights;
    loop.aStep = nest.inChannel;
    loop.bStep = tile.panel() * unit.group();
    loop.bOffset = kb.add(row.weights, kb.mul(weightTap, nest.weights.tapElements()));
    loop.vectors.assign(row.vectors.size(), kb.allLanes(tile.lanes));
    loop.padValue = nest.padValue;
    return loop;
  }

  SmallVector<TileRow> tileRows(const Taps &taps, Idx q, Idx tap, int pixels, Edge edge) {
    Idx first = kb.add(kb.add(kb.mul(q, x.stride), kb.mul(tap, x.step)), x.origin);
    Idx pixel = nest.inAxis[width];
    SmallVector<TileRow> rows;
    for (int p = 0; p < pixels; ++p) {
      TileRow row;
      Idx position = kb.add(first, p * x.stride);
      row.skipped = taps.padded || (position.isStatic() && x.input.isStatic() &&
                                    (position.constant() < 0 || position.constant() >= x.input.constant()));
      if (edge == Edge::Guarded && !row.skipped) {
        row.guard = kb.inRange(position, x.input);
        // Reads the nearest column instead.
        Idx readable = kb.max(kb.min(position, kb.sub(x.input, 1)), 0);
        row.base = kb.add(taps.base, kb.mul(readable, pixel));
      } else if (pixel.isStatic()) {
        // The constant part goes last, into the address's displacement.
        Idx moving = kb.add(kb.mul(q, x.stride), kb.mul(tap, x.step));
        row.base = kb.add(taps.base, kb.mul(moving, pixel));
        row.offset = (x.origin + p * x.stride) * pixel.constant();
      } else {
        row.base = kb.add(taps.base, kb.mul(position, pixel));
      }
      rows.push_back(row);
    }
    return rows;
  }

  /// Every tap of every register tile fetches its own slice of the next panel; a run over contiguous taps fetches
  /// theirs.
  Idx nextPanelSlice(const Row &row, const Taps &taps, Idx q, Idx tap) {
    int64_t line = 512 / nest.types.b.getIntOrFloatBitWidth();
    int64_t slice = tile.prefetchLines * line * (nest.weights.k / (unit.group() * tile.unroll));
    int64_t tilesPerRow = (x.output.constantOr(tile.pixels) + tile.pixels - 1) / tile.pixels;
    int64_t tapRows = nest.axes[depth].kernel * nest.axes[height].kernel;
    Idx number = kb.add(kb.mul(row.number, tilesPerRow), kb.div(q, tile.pixels));
    number = kb.add(kb.mul(number, tapRows), taps.tap);
    number = kb.add(kb.mul(number, x.taps), tap);
    return kb.add(kb.add(row.weights, nest.weights.panelElements()), kb.mul(number, slice));
  }

  KernelBuilder &kb;
  const ConvNest &nest;
  const ConvTile &tile;
  const TapAxis &x;
  Value input, weights, output;
  const Epilogue &epilogue;
  MacUnit unit;
  Value sums;
};

/// Decodes tiles and walks their panels and rows.
class ConvNestEmitter {
public:
  ConvNestEmitter(KernelBuilder &kb, const ConvNest &nest, const ConvTile &tile, Value input, Value weights,
                  Value output, const Epilogue &epilogue)
      : kb(kb), nest(nest), tile(tile), rows(kb, nest, tile, input, weights, output, epilogue) {}

  void emitTile(Idx number) {
    ConvTiles tiles = convNestTiles(kb, nest, tile);
    auto take = [&](Idx count) {
      Idx at = kb.rem(number, count);
      number = kb.div(number, count);
      return count.is(1) ? Idx(0) : at;
    };
    Idx panelBlock = tile.panelsFirst ? take(tiles.panels) : Idx(0);
    Idx columnBlock = take(tiles.columns), rowBlock = take(tiles.rows), image = take(tiles.batch);
    if (!tile.panelsFirst) {
      panelBlock = tiles.panels.is(1) ? Idx(0) : number;
    }
    const PackedWeights &w = nest.weights;
    Idx allRows = kb.mul(nest.axes[depth].output, nest.axes[height].output);
    Idx row0 = kb.mul(rowBlock, tile.tileRows), rowEnd = kb.min(kb.add(row0, tile.tileRows), allRows);
    Idx column0 = kb.mul(columnBlock, tile.tileColumns), columns = nest.axes[width].output;
    Idx columnEnd = tile.tileColumns ? kb.min(kb.add(column0, tile.tileColumns), columns) : columns;
    Idx panel0 = kb.mul(panelBlock, tile.tilePanels);
    Idx panelEnd = kb.min(kb.add(panel0, tile.tilePanels), w.groups * w.panels());
    kb.loop(panel0, panelEnd, 1, [&](Idx panel) {
      emitPanel(panel, [&](ConvRowEmitter::Row base) {
        kb.loop(row0, rowEnd, 1, [&](Idx row) { emitRow(base, image, row, column0, columnEnd); });
      });
    });
  }

private:
  /// The last panel of a group may have fewer columns.
  void emitPanel(Idx panel, llvm::function_ref<void(ConvRowEmitter::Row)> body) {
    const PackedWeights &w = nest.weights;
    int64_t tail = w.columns % w.panel;
    Idx within = kb.rem(panel, w.panels());
    if (w.panels() == 1) {
      within = 0;
    }
    auto emit = [&](int64_t columns) {
      ConvRowEmitter::Row row;
      row.group = w.groups == 1 ? Idx(0) : kb.div(panel, w.panels());
      row.weights = kb.mul(panel, w.panelElements());
      row.column = kb.add(kb.mul(row.group, w.columns), kb.mul(within, w.panel));
      for (int64_t at = 0; at < columns; at += tile.lanes) {
        row.vectors.push_back(kb.firstLanes(tile.lanes, columns - at));
      }
      body(row);
    };
    if (tail == 0) {
      emit(w.panel);
    } else {
      kb.ifThen(kb.lessThan(within, w.panels() - 1), [&] { emit(w.panel); }, [&] { emit(tail); });
    }
  }

  void emitRow(ConvRowEmitter::Row row, Idx image, Idx number, Idx column0, Idx columnEnd) {
    const TapAxis &z = nest.axes[depth], &y = nest.axes[height], &x = nest.axes[width];
    row.number = number;
    row.z = z.output.is(1) ? Idx(0) : kb.div(number, y.output);
    row.y = z.output.is(1) ? number : kb.rem(number, y.output);
    row.image = kb.add(kb.add(nest.inOffset, kb.mul(image, nest.inBatch)),
                       kb.mul(row.group, kb.mul(nest.inChannel, nest.weights.k)));
    Idx outZ = kb.add(kb.mul(row.z, z.outputScale), z.outputOrigin);
    Idx outY = kb.add(kb.mul(row.y, y.outputScale), y.outputOrigin);
    Idx plane = kb.add(kb.mul(image, z.outputSize), outZ);
    row.outRow = kb.mul(kb.add(kb.mul(plane, y.outputSize), outY), x.outputSize);
    rows.emitRow(row, column0, columnEnd);
  }

  KernelBuilder &kb;
  const ConvNest &nest;
  const ConvTile &tile;
  ConvRowEmitter rows;
};

} // namespace

ConvTiles convNestTiles(KernelBuilder &kb, const ConvNest &nest, const ConvTile &tile) {
  ConvTiles tiles;
  int64_t panels = nest.weights.groups * nest.weights.panels();
  tiles.panels = (panels + tile.tilePanels - 1) / tile.tilePanels;
  tiles.batch = nest.batch;
  tiles.rows = kb.ceilDiv(kb.mul(nest.axes[depth].output, nest.axes[height].output), tile.tileRows);
  tiles.columns = tile.tileColumns ? kb.ceilDiv(nest.axes[width].output, tile.tileColumns) : Idx(1);
  return tiles;
}

void emitConvNest(KernelBuilder &kb, const ConvNest &nest, const ConvTile &tile, Value input, Value weights,
                  Value output, const Epilogue &epilogue, Idx begin, Idx end) {
  ConvNestEmitter emitter(kb, nest, tile, input, weights, output, epilogue);
  kb.loop(begin, end, 1, [&](Idx number) { emitter.emitTile(number); });
}

} // namespace dlc::cpu

#include "compiler/target/cpu/contraction/Gemm.h"
#include "compiler/target/cpu/contraction/PackPanel.h"
#include "compiler/target/cpu/contraction/RegisterTile.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace dlc::cpu {
namespace {

class GemmEmitter {
public:
  GemmEmitter(KernelBuilder &kb, const GemmProblem &p, const GemmTile &tile, Value a, Value b, Value c,
              const Epilogue &epilogue, Value scratch)
      : kb(kb), p(p), tile(tile), a(a), b(b), c(c), epilogue(epilogue), unit(kb, p.types, tile.kind),
        sums(stackForSums(kb, unit, tile.rows, tile.vectors, epilogue, c)) {
    if (tile.packB) {
      panelBuffer = scratchPanel(scratch);
    }
    besideUnroll = unrollBeside();
    if (besideUnroll) {
      sums = stackForTile(kb, unit, tile.rows, tile.vectors, c);
    }
  }

  void emitTile(Idx number) {
    Idx mTiles = kb.ceilDiv(p.m, tile.tileM), nTiles = kb.ceilDiv(p.n, tile.tileN);
    Idx fast = tile.columnsFirst ? nTiles : mTiles, slow = tile.columnsFirst ? mTiles : nTiles;
    Idx fastAt = kb.rem(number, fast), rest = kb.div(number, fast);
    bool batched = !p.batch.empty();
    Idx slowAt = batched ? kb.rem(rest, slow) : rest;
    locateBatch(batched ? kb.div(rest, slow) : Idx(0));
    Idx m0 = kb.mul(tile.columnsFirst ? slowAt : fastAt, tile.tileM);
    Idx n0 = kb.mul(tile.columnsFirst ? fastAt : slowAt, tile.tileN);
    if (mTiles.is(1)) {
      m0 = 0;
    }
    if (nTiles.is(1)) {
      n0 = 0;
    }
    emitColumns(n0, kb.min(kb.add(n0, tile.tileN), p.n), m0, kb.min(kb.add(m0, tile.tileM), p.m));
  }

private:
  Value scratchPanel(Value scratch) {
    Type element = packedPanelType(unit);
    auto bytes = cast<MemRefType>(scratch.getType()).getNumElements();
    auto type = MemRefType::get({bytes / std::max<int64_t>(1, element.getIntOrFloatBitWidth() / 8)}, element);
    return memref::ViewOp::create(kb.builder(), kb.location(), type, scratch, kb.index(0), ValueRange{});
  }

  /// Offsets of the batch element, whose number counts the last dimension fastest.
  void locateBatch(Idx number) {
    aBase = p.aOffset;
    bBase = p.bOffset;
    cBase = p.cOffset;
    rowBase = 0;
    if (p.batch.empty()) {
      return;
    }
    rowBase = kb.mul(number, p.m);
    for (size_t i = p.batch.size(); i-- > 0;) {
      const GemmBatch &dim = p.batch[i];
      Idx at = i == 0 ? number : kb.rem(number, dim.size);
      number = i == 0 ? number : kb.div(number, dim.size);
      aBase = kb.add(aBase, kb.mul(at, dim.a));
      bBase = kb.add(bBase, kb.mul(at, dim.b));
      cBase = kb.add(cBase, kb.mul(at, dim.c));
    }
  }

  /// Columns [n0, nEnd) of rows [m0, mEnd), panel by panel.
  void emitColumns(Idx n0, Idx nEnd, Idx m0, Idx mEnd) {
    Idx whole = kb.mul(kb.div(p.n, tile.panel()), tile.panel());
    kb.loop(n0, kb.min(nEnd, whole), tile.panel(), [&](Idx n) { emitPanel(n, m0, mEnd, tile.vectors, tile.panel()); });
    Idx left = kb.sub(p.n, whole);
    if (left.is(0)) {
      return;
    }
    int vectors = left.isStatic() ? (left.constant() + tile.lanes - 1) / tile.lanes : tile.vectors;
    kb.ifThen(kb.lessThan(whole, nEnd), [&] { emitPanel(whole, m0, mEnd, vectors, left); });
  }

  struct Panel {
    Idx n;
    Value buffer;
    Idx offset, step;
    SmallVector<Lanes> loads, stores;
    int vectors;
  };

  void emitPanel(Idx n, Idx m0, Idx mEnd, int vectors, Idx columns) {
    Panel panel;
    panel.n = n;
    panel.vectors = vectors;
    for (int j = 0; j < vectors; ++j) {
      panel.stores.push_back(kb.firstLanes(tile.lanes, kb.sub(columns, static_cast<int64_t>(j) * tile.lanes)));
    }
    bool whole = p.packedB || tile.packB;
    panel.loads = whole ? SmallVector<Lanes>(vectors, kb.allLanes(tile.lanes)) : panel.stores;
    int64_t row = tile.panel() * unit.group();
    if (p.packedB) {
      PackedWeights packed = packedGemmB(p, tile);
      panel.buffer = b;
      panel.step = row;
      panel.offset = kb.add(bBase, kb.mul(kb.div(n, tile.panel()), packed.panelElements()));
    } else if (tile.packB) {
      PanelSource source{b, kb.add(bBase, kb.mul(n, p.bColumn)), p.bK, p.bColumn, p.k, kb.sub(p.n, n)};
      emitPackPanel(kb, unit, source, vectors, panelBuffer);
      panel.buffer = panelBuffer;
      panel.step = static_cast<int64_t>(vectors) * tile.lanes * unit.group();
      panel.offset = 0;
    } else {
      panel.buffer = b;
      panel.step = p.bK;
      panel.offset = kb.add(bBase, n);
    }
    emitRows(panel, m0, mEnd);
  }

  void emitRows(const Panel &panel, Idx m0, Idx mEnd) {
    if (p.m.isStatic()) {
      int64_t left = p.m.constant() % tile.rows;
      Idx whole = p.m.constant() - left;
      emitWholeTiles(panel, m0, kb.min(mEnd, whole));
      if (left) {
        kb.ifThen(kb.lessThan(whole, mEnd), [&] { emitRegisterTile(panel, whole, left, left); });
      }
      return;
    }
    Idx whole = kb.add(m0, kb.mul(kb.div(kb.sub(mEnd, m0), tile.rows), tile.rows));
    kb.loop(m0, whole, tile.rows, [&](Idx m) { emitRegisterTile(panel, m, tile.rows, tile.rows); });
    emitDynamicRest(panel, whole, kb.sub(mEnd, whole), 1);
  }

  /// Rows of whole register tiles.
  void emitWholeTiles(const Panel &panel, Idx begin, Idx end) {
    if (!besideUnroll) {
      return kb.loop(begin, end, tile.rows, [&](Idx m) { emitRegisterTile(panel, m, tile.rows, tile.rows); });
    }
    // The epilogue of each tile is computed beside the sums of the next one.
    auto storeRow = [&](Idx m) {
      return [this, &panel, m](Idx row) { emitSavedRow(kb, unit, storeOf(panel, m, tile.rows), row, epilogue); };
    };
    kb.ifThen(kb.lessThan(begin, end), [&] {
      saveTile(kb, unit, sumsOf(panel, begin, tile.rows, tile.rows), tile.rows, sums);
      kb.loop(kb.add(begin, tile.rows), end, tile.rows, [&](Idx m) {
        auto acc = sumsOf(panel, m, tile.rows, tile.rows, storeRow(kb.sub(m, tile.rows)));
        saveTile(kb, unit, acc, tile.rows, sums);
      });
      kb.loop(0, tile.rows, 1, storeRow(kb.sub(end, tile.rows)));
    });
  }

  /// Steps to unroll so that there is an iteration for each row of a tile, where computing a row's epilogue beside the
  /// sums pays: bytes of a static number of rows, whose sums are short. Otherwise 0.
  int unrollBeside() const {
    constexpr int64_t mostGroups = 128;
    bool bytes = tile.kind == MacKind::Vnni && epilogue.rounding && !epilogue.isLong;
    if (!bytes || !p.m.isStatic() || !p.k.isStatic() || p.k.constant() % unit.group() ||
        p.m.constant() < 2 * tile.rows) {
      return 0;
    }
    int64_t groups = p.k.constant() / unit.group();
    int unroll = std::min<int64_t>(tile.unroll, groups / tile.rows);
    bool fetches = tile.prefetchLines && unroll != tile.unroll;
    return groups <= mostGroups && !fetches ? unroll : 0;
  }

  /// The last `left` rows with the smallest register tile that holds them.
  void emitDynamicRest(const Panel &panel, Idx m, Idx left, int rows) {
    if (rows >= tile.rows) {
      kb.ifThen(kb.lessThan(0, left), [&] { emitRegisterTile(panel, m, tile.rows, left); });
      return;
    }
    kb.ifThen(
        kb.lessThan(left, rows + 1),
        [&] { kb.ifThen(kb.lessThan(0, left), [&] { emitRegisterTile(panel, m, rows, left); }); },
        [&] { emitDynamicRest(panel, m, left, rows == 1 ? 4 : tile.rows); });
  }

  void emitRegisterTile(const Panel &panel, Idx m, int rows, Idx validRows) {
    TileStore store = storeOf(panel, m, validRows);
    store.sums = epilogue.isLong ? sums : Value();
    emitTileStore(kb, unit, store, sumsOf(panel, m, rows, validRows), rows, epilogue);
  }

  /// The sums of a register tile. `beside`: what is done for a row of the tile before meanwhile.
  TileAccumulators sumsOf(const Panel &panel, Idx m, int rows, Idx validRows, std::function<void(Idx)> beside = {}) {
    MacLoop loop;
    loop.a = a;
    loop.b = panel.buffer;
    loop.aStep = p.aK;
    loop.bOffset = panel.offset;
    loop.bStep = panel.step;
    loop.vectors = panel.loads;
    loop.k = p.k;
    loop.unroll = besideUnroll ? besideUnroll : tile.unroll;
    loop.rows = tileRows(m, rows, validRows);
    loop.besideCount = rows;
    loop.beside = std::move(beside);
    if (tile.prefetchLines && panel.vectors == tile.vectors) {
      loop.prefetch = PanelPrefetch{tile.prefetchLines, nextPanelSlice(panel, m)};
    }
    auto acc = TileAccumulators::zero(kb, unit, rows, panel.vectors);
    emitMacLoop(kb, unit, loop, acc);
    return acc;
  }

  TileStore storeOf(const Panel &panel, Idx m, Idx validRows) {
    TileStore store;
    store.output = c;
    store.offset = kb.add(cBase, kb.mul(m, p.cRow));
    store.offsetStep = p.cRow;
    store.row = kb.add(rowBase, m);
    store.column = panel.n;
    store.vectors = panel.stores;
    store.validRows = validRows;
    store.sums = sums;
    return store;
  }

  SmallVector<TileRow> tileRows(Idx m, int rows, Idx validRows) {
    SmallVector<TileRow> result;
    bool all = validRows.is(rows);
    Idx base = kb.add(aBase, kb.mul(m, p.aRow));
    for (int i = 0; i < rows; ++i) {
      TileRow row;
      if (!all) {
        // Rows beyond the end read the last one.
        row.base = kb.add(base, kb.mul(kb.min(i, kb.sub(validRows, 1)), p.aRow));
      } else if (p.aRow.isStatic()) {
        row.base = base;
        row.offset = i * p.aRow.constant();
      } else {
        row.base = kb.add(base, kb.mul(p.aRow, i));
      }
      result.push_back(row);
    }
    return result;
  }

  /// Each register tile of a panel fetches its own slice of the next panel.
  Idx nextPanelSlice(const Panel &panel, Idx m) {
    int64_t elements = packedGemmB(p, tile).panelElements();
    int64_t line = 512 / p.types.b.getIntOrFloatBitWidth();
    int64_t slice = tile.prefetchLines * line * (p.k.constant() / (unit.group() * tile.unroll));
    Idx pass = kb.div(m, tile.rows);
    if (!p.m.isStatic() && slice > 0) {
      // There may be more register tiles than slices.
      pass = kb.min(pass, elements / slice);
    }
    return kb.add(kb.add(panel.offset, elements), kb.mul(pass, slice));
  }

  KernelBuilder &kb;
  const GemmProblem &p;
  const GemmTile &tile;
  Value a, b, c;
  const Epilogue &epilogue;
  MacUnit unit;
  Value sums;
  /// From `unrollBeside`.
  int besideUnroll = 0;
  Value panelBuffer;
  Idx aBase, bBase, cBase, rowBase;
};

} // namespace

void emitGemm(KernelBuilder &kb, const GemmProblem &problem, const GemmTile &tile, Value a, Value b, Value c,
              const Epilogue &epilogue, Idx begin, Idx end, Value scratch) {
  GemmEmitter emitter(kb, problem, tile, a, b, c, epilogue, scratch);
  kb.loop(begin, end, 1, [&](Idx number) { emitter.emitTile(number); });
}

} // namespace dlc::cpu

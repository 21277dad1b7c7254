#include "compiler/target/cpu/contraction/Winograd.h"
#include "compiler/target/cpu/contraction/RegisterTile.h"
#include "compiler/target/cpu/contraction/WinogradBytes.h"
#include "compiler/target/cpu/contraction/WinogradTransform.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace dlc::cpu {
namespace {

constexpr int height = 1, width = 2;

/// The inverse of 9 modulo 2^32.
constexpr int64_t inverseOfNine = 0x38e38e39;

/// What is multiplied in transformed space: bytes have become 16-bit integers.
ContractionTypes transformedTypes(KernelBuilder &kb, const ConvProblem &p) {
  return isByteWinograd(p) ? byteWinogradTypes(kb.context()) : p.types;
}

class WinogradEmitter {
public:
  WinogradEmitter(KernelBuilder &kb, const ConvProblem &p, const WinogradPlan &plan, Value input, Value weights,
                  Value output, const Epilogue &epilogue, Value scratch)
      : kb(kb), p(p), plan(plan), input(input), weights(weights), output(output), epilogue(epilogue),
        bytes(isByteWinograd(p)), unit(kb, transformedTypes(kb, p), bytes ? MacKind::Pairs16 : MacKind::Widen), ops{kb},
        n(winogradSide(plan.m)), inLanes(kb.lanes(unit.types().a)),
        packed(bytes ? packedByteWinogradWeights(p, plan) : packedWinogradWeights(p, plan)),
        inStride(winogradStride(plan.tiles, p.channels)), outStride(winogradStride(plan.tiles, plan.chunk)) {
    int64_t inBytes = plan.points() * inStride * packed.elementBytes;
    transformed = scratchView(scratch, 0, plan.points() * inStride, unit.types().a);
    products = scratchView(scratch, inBytes, plan.points() * outStride, unit.types().accumulator);
    if (bytes) {
      int64_t elements = packed.bytes() / packed.elementBytes;
      this->weights = scratchView(weights, 0, elements, unit.types().b);
    }
    tileRows = kb.ceilDiv(p.axes[height].output, plan.m);
    tileColumns = kb.ceilDiv(p.axes[width].output, plan.m);
    total = kb.mul(p.batch, kb.mul(tileRows, tileColumns));
  }

  /// Tile `number` of a call that begins with `begin`. Tiles of one block and other columns share their inputs: what
  /// the call has transformed for the tile before is still there.
  void emitTile(Idx number, Idx begin) {
    int64_t groups = p.outputChannels / plan.columns;
    Idx group = groups == 1 ? Idx(0) : kb.rem(number, groups);
    Idx first = kb.mul(kb.div(number, groups), plan.tiles);
    Idx count = kb.min(kb.sub(total, first), plan.tiles);
    Idx fresh = count;
    if (groups > 1) {
      fresh = kb.select(kb.lessThan(0, group), kb.select(kb.lessThan(begin, number), 0, count), count);
    }
    kb.loop(0, fresh, 1, [&](Idx t) { emitInput(place(kb.add(first, t)), t); });
    Idx column0 = kb.mul(group, plan.columns);
    kb.loop(0, plan.columns, plan.chunk, [&](Idx at) {
      Idx column = kb.add(column0, at);
      kb.loop(0, plan.points(), 1, [&](Idx point) { emitProducts(point, column); });
      kb.loop(0, count, 1, [&](Idx t) { emitOutput(place(kb.add(first, t)), t, column); });
    });
  }

private:
  Value scratchView(Value bytes, int64_t byte, int64_t elements, Type element) {
    auto type = MemRefType::get({elements}, element);
    return memref::ViewOp::create(kb.builder(), kb.location(), type, bytes, kb.index(byte), ValueRange{});
  }

  /// A Winograd tile: its image, and the row and column of its first output.
  struct Place {
    Idx image, y, x;
  };
  Place place(Idx number) {
    Idx column = kb.rem(number, tileColumns), rest = kb.div(number, tileColumns);
    return {kb.div(rest, tileRows), kb.mul(kb.rem(rest, tileRows), plan.m), kb.mul(column, plan.m)};
  }

  //===--------------------------------------------------------------------===//
  // Inputs
  //===--------------------------------------------------------------------===//

  void emitInput(const Place &at, Idx tile) {
    Idx y = kb.sub(at.y, p.axes[height].padBegin), x = kb.sub(at.x, p.axes[width].padBegin);
    Idx rows = p.axes[height].input, columns = p.axes[width].input;
    SmallVector<Value> rowInside, columnInside;
    for (int i = 0; i < n; ++i) {
      rowInside.push_back(kb.inRange(kb.add(y, i), rows));
      columnInside.push_back(kb.inRange(kb.add(x, i), columns));
    }
    Value whole = kb.logicalAnd(kb.logicalAnd(rowInside[0], rowInside[n - 1]),
                                kb.logicalAnd(columnInside[0], columnInside[n - 1]));
    Idx line = kb.mul(columns, p.channels), image = kb.mul(kb.mul(at.image, rows), line);
    kb.ifThen(
        whole,
        [&] {
          Idx base = kb.add(image, kb.add(kb.mul(y, line), kb.mul(x, p.channels)));
          emitInputChannels(
              tile, [&](int i, int j) { return kb.add(base, kb.add(kb.mul(line, i), int64_t(j) * p.channels)); }, {},
              {});
        },
        [&] {
          // What lies outside reads the nearest element, and is not taken.
          SmallVector<Idx> rowAt, columnAt;
          for (int i = 0; i < n; ++i) {
            rowAt.push_back(kb.add(image, kb.mul(clamped(kb.add(y, i), rows), line)));
            columnAt.push_back(kb.mul(clamped(kb.add(x, i), columns), p.channels));
          }
          emitInputChannels(
              tile, [&](int i, int j) { return kb.add(rowAt[i], columnAt[j]); }, splats(rowInside),
              splats(columnInside));
        });
  }

  Idx clamped(Idx position, Idx size) { return kb.max(kb.min(position, kb.sub(size, 1)), 0); }

  SmallVector<Value> splats(ArrayRef<Value> conditions) {
    SmallVector<Value> masks;
    auto type = kb.vectorType(kb.builder().getI1Type(), inLanes);
    for (Value c : conditions) {
      masks.push_back(vector::BroadcastOp::create(kb.builder(), kb.location(), type, c));
    }
    return masks;
  }

  /// The offset of element (i, j) of the tile, and masks of rows and of columns (none: the whole tile lies inside).
  void emitInputChannels(Idx tile, llvm::function_ref<Idx(int, int)> offsetOf, ArrayRef<Value> rowMasks,
                         ArrayRef<Value> columnMasks) {
    kb.loop(0, p.channels, inLanes, [&](Idx c) {
      std::array<WinogradRow<Value>, 6> rows;
      for (int i = 0; i < n; ++i) {
        WinogradRow<Value> d;
        for (int j = 0; j < n; ++j) {
          Value mask;
          if (!rowMasks.empty()) {
            mask = arith::AndIOp::create(kb.builder(), kb.location(), rowMasks[i], columnMasks[j]);
          }
          d[j] = loadInput(kb.add(offsetOf(i, j), c), mask);
        }
        rows[i] = winogradInput(plan.m, d, ops);
      }
      Idx to = kb.add(kb.mul(tile, p.channels), c);
      for (int j = 0; j < n; ++j) {
        WinogradRow<Value> column;
        for (int i = 0; i < n; ++i) {
          column[i] = rows[i][j];
        }
        column = winogradInput(plan.m, column, ops);
        for (int i = 0; i < n; ++i) {
          kb.store(column[i], transformed, kb.add(to, (i * n + j) * inStride));
        }
      }
    });
  }

  /// `mask`: which lanes lie inside; null: all.
  Value loadInput(Idx offset, Value mask) {
    Lanes lanes = kb.allLanes(inLanes);
    if (!bytes) {
      lanes.mask = mask;
      return kb.load(input, offset, lanes);
    }
    Value x = kb.convert(kb.load(input, offset, lanes), unit.types().a, p.types.aSigned);
    return mask ? kb.selectValues(mask, x, kb.constant(x.getType(), p.padValue)) : x;
  }

  //===--------------------------------------------------------------------===//
  // Products
  //===--------------------------------------------------------------------===//

  /// All tiles of the block, also those beyond the last one, times the chunk's columns.
  void emitProducts(Idx point, Idx column) {
    kb.loop(0, plan.chunk, plan.panel(), [&](Idx local) {
      Idx matrix = kb.add(kb.mul(kb.div(column, plan.chunk), plan.points()), point),
          panel = kb.div(local, plan.panel());
      Idx offset = kb.add(kb.mul(matrix, packed.groupElements()), kb.mul(panel, packed.panelElements()));
      int64_t left = plan.tiles % plan.rows, whole = plan.tiles - left;
      kb.loop(0, whole, plan.rows, [&](Idx row) { emitRegisterTile(point, local, offset, row, plan.rows); });
      if (left) {
        emitRegisterTile(point, local, offset, whole, left);
      }
    });
  }

  void emitRegisterTile(Idx point, Idx local, Idx offset, Idx row, int rows) {
    MacLoop loop;
    loop.a = transformed;
    loop.b = weights;
    loop.bOffset = offset;
    loop.bStep = plan.panel() * unit.group();
    loop.vectors.assign(plan.vectors, kb.allLanes(plan.lanes));
    loop.k = p.channels;
    loop.unroll = plan.unroll;
    Idx base = kb.add(kb.mul(point, inStride), kb.mul(row, p.channels));
    for (int i = 0; i < rows; ++i) {
      TileRow r;
      r.base = base;
      r.offset = i * p.channels;
      loop.rows.push_back(r);
    }
    if (plan.prefetchLines && rows == plan.rows) {
      // Each register tile of a panel fetches its own slice of the next one.
      int64_t line = 64 / packed.elementBytes;
      int64_t slice = plan.prefetchLines * line * (p.channels / unit.group() / plan.unroll);
      Idx next = kb.add(offset, packed.panelElements());
      loop.prefetch = PanelPrefetch{plan.prefetchLines, kb.add(next, kb.mul(kb.div(row, plan.rows), slice))};
    }
    auto sums = TileAccumulators::zero(kb, unit, rows, plan.vectors);
    emitMacLoop(kb, unit, loop, sums);
    TileStore store;
    store.output = products;
    store.offset = kb.add(kb.mul(point, outStride), kb.mul(row, plan.chunk));
    store.offsetStep = plan.chunk;
    store.row = 0;
    store.column = local;
    store.vectors = loop.vectors;
    store.validRows = rows;
    emitTileStore(kb, unit, store, sums, rows, {});
  }

  //===--------------------------------------------------------------------===//
  // Outputs
  //===--------------------------------------------------------------------===//

  void emitOutput(const Place &at, Idx tile, Idx column) {
    Idx rows = p.axes[height].output, columns = p.axes[width].output;
    SmallVector<Value> rowInside, columnInside;
    for (int i = 0; i < plan.m; ++i) {
      rowInside.push_back(isWhole(rows) ? Value() : kb.lessThan(kb.add(at.y, i), rows));
      columnInside.push_back(isWhole(columns) ? Value() : kb.lessThan(kb.add(at.x, i), columns));
    }
    Idx pixel = kb.add(kb.mul(kb.add(kb.mul(at.image, rows), at.y), columns), at.x);
    kb.loop(0, plan.chunk, plan.lanes, [&](Idx c) {
      std::array<WinogradRow<Value>, 6> half;
      for (int i = 0; i < n; ++i) {
        WinogradRow<Value> x;
        for (int j = 0; j < n; ++j) {
          x[j] = kb.load(products, kb.add(kb.add(kb.mul(tile, plan.chunk), c), (i * n + j) * outStride), plan.lanes);
        }
        half[i] = transformBack(x);
      }
      for (int j = 0; j < plan.m; ++j) {
        WinogradRow<Value> x;
        for (int i = 0; i < n; ++i) {
          x[i] = half[i][j];
        }
        x = transformBack(x);
        SmallVector<Finished> results;
        for (int i = 0; i < plan.m; ++i) {
          Idx at = kb.add(kb.add(pixel, kb.mul(columns, i)), j), first = kb.add(column, c);
          Idx offset = kb.add(kb.mul(at, p.outputChannels), first);
          results.push_back({bytes ? exactSum(x[i], i, j) : x[i], {offset, at, first, kb.allLanes(plan.lanes)}});
        }
        storeColumn(results, rowInside, columnInside[j]);
      }
    });
  }

  WinogradRow<Value> transformBack(const WinogradRow<Value> &x) {
    return bytes ? winogradIntegerOutput(x, ops) : winogradOutput(plan.m, x, ops);
  }

  /// 9 * 2^shifts times the sum, modulo 2^32, to the sum.
  Value exactSum(Value v, int i, int j) {
    Value shifts = kb.constant(v.getType(), winogradIntegerShift(i) + winogradIntegerShift(j));
    v = kb.mulValues(v, kb.constant(v.getType(), inverseOfNine));
    return arith::ShRSIOp::create(kb.builder(), kb.location(), v, shifts);
  }

  bool isWhole(Idx size) const { return size.isStatic() && size.constant() % plan.m == 0; }

  /// One column of a tile's outputs.
  void storeColumn(ArrayRef<Finished> results, ArrayRef<Value> rowInside, Value columnInside) {
    if (!rowInside[0] && !columnInside) {
      return storeResults(kb, results, output, epilogue);
    }
    for (auto [i, result] : llvm::enumerate(results)) {
      Value row = rowInside[i], inside = row && columnInside ? kb.logicalAnd(row, columnInside)
                                         : row               ? row
                                                             : columnInside;
      kb.ifThen(inside, [&] { storeResults(kb, result, output, epilogue); });
    }
  }

  KernelBuilder &kb;
  const ConvProblem &p;
  const WinogradPlan &plan;
  Value input, weights, output;
  const Epilogue &epilogue;
  bool bytes;
  MacUnit unit;
  WinogradVectors ops;
  int n;
  /// Of inputs under transformation.
  int inLanes;
  PackedWeights packed;
  int64_t inStride, outStride;
  /// [points][tiles][channels], and [points][tiles][chunk].
  Value transformed, products;
  Idx tileRows, tileColumns, total;
};

} // namespace

void emitWinograd(KernelBuilder &kb, const ConvProblem &problem, const WinogradPlan &plan, Value input, Value weights,
                  Value output, const Epilogue &epilogue, Idx begin, Idx end, Value scratch) {
  WinogradEmitter emitter(kb, problem, plan, input, weights, output, epilogue, scratch);
  kb.loop(begin, end, 1, [&](Idx number) { emitter.emitTile(number, begin); });
}

} // namespace dlc::cpu

#include "compiler/target/cpu/contraction/RegisterTile.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace dlc::cpu {

//===----------------------------------------------------------------------===//
// Accumulators
//===----------------------------------------------------------------------===//

TileAccumulators TileAccumulators::zero(KernelBuilder &kb, const MacUnit &unit, int rows, int vectors) {
  TileAccumulators acc;
  acc.vectors = vectors;
  Value none = kb.zero(unit.accumulatorType());
  acc.sums.assign(rows * vectors, none);
  if (unit.compensated()) {
    acc.compensation.assign(vectors, none);
  }
  return acc;
}

SmallVector<Value> TileAccumulators::flatten() const {
  SmallVector<Value> all(sums);
  all.append(compensation);
  return all;
}

void TileAccumulators::assign(ValueRange values) {
  std::copy_n(values.begin(), sums.size(), sums.begin());
  std::copy(values.begin() + sums.size(), values.end(), compensation.begin());
}

//===----------------------------------------------------------------------===//
// The loop over k
//===----------------------------------------------------------------------===//

namespace {

class MacLoopEmitter {
public:
  MacLoopEmitter(KernelBuilder &kb, const MacUnit &unit, const MacLoop &loop) : kb(kb), unit(unit), loop(loop) {}

  void run(TileAccumulators &acc) {
    TileAccumulators before = acc;
    Idx groups = kb.div(loop.k, unit.group());
    // The unrolled part; what remains of a static k is straight code.
    Idx unrolled = kb.mul(kb.div(groups, loop.unroll), loop.unroll);
    Idx beside = loop.beside ? int64_t(loop.besideCount) * loop.unroll : 0;
    blocks(0, beside, loop.unroll, acc, loop.beside);
    blocks(beside, unrolled, loop.unroll, acc);
    Idx left = kb.sub(groups, unrolled);
    if (left.isStatic()) {
      for (int64_t i = 0; i < left.constant(); ++i) {
        group(kb.add(unrolled, i), unit.group(), acc);
      }
    } else {
      blocks(unrolled, groups, 1, acc);
    }
    partialGroup(groups, acc);
    discardGuarded(before, acc);
  }

private:
  /// Whether padding has to take part: a row's compensation counts every step.
  bool padded() const { return loop.padValue != 0 || unit.compensated(); }

  /// Where padding counts nothing, guarded rows have summed anything; they get their former sums back.
  void discardGuarded(const TileAccumulators &before, TileAccumulators &acc) {
    for (auto [i, row] : llvm::enumerate(loop.rows)) {
      for (int j = 0; row.guard && !padded() && j < acc.vectors; ++j) {
        Value &sum = acc.sums[i * acc.vectors + j];
        sum = kb.selectValues(row.guard, sum, before.sums[i * acc.vectors + j]);
      }
    }
  }

  void blocks(Idx first, Idx last, int unroll, TileAccumulators &acc, const std::function<void(Idx)> &beside = {}) {
    bool fetch = loop.prefetch && unroll == loop.unroll;
    auto next = kb.loop(first, last, unroll, acc.flatten(), [&](Idx at, ValueRange carried) {
      TileAccumulators inner = acc;
      inner.assign(carried);
      if (fetch) {
        prefetch(at);
      }
      for (int i = 0; i < unroll; ++i) {
        group(kb.add(at, i), unit.group(), inner);
      }
      if (beside) {
        beside(kb.div(at, unroll));
      }
      return inner.flatten();
    });
    acc.assign(next);
  }

  /// The last k that do not fill a group.
  void partialGroup(Idx groups, TileAccumulators &acc) {
    if (unit.group() == 1) {
      return;
    }
    Idx left = kb.sub(loop.k, kb.mul(groups, unit.group()));
    if (left.is(0)) {
      return;
    }
    SmallVector<Value> inits = acc.flatten();
    auto emit = [&] {
      TileAccumulators inner = acc;
      group(groups, left, inner);
      return inner.flatten();
    };
    acc.assign(kb.ifElse(kb.lessThan(0, left), ValueRange(inits).getTypes(), emit, [&] { return inits; }));
  }

  void prefetch(Idx at) {
    int64_t line = 64 * 8 / unit.types().b.getIntOrFloatBitWidth();
    Idx offset = kb.add(loop.prefetch->offset, kb.mul(kb.div(at, loop.unroll), loop.prefetch->lines * line));
    for (int i = 0; i < loop.prefetch->lines; ++i) {
      kb.prefetch(loop.b, kb.add(offset, i * line), /*locality=*/2);
    }
  }

  /// Group `at` of k, of which `count` elements exist.
  void group(Idx at, Idx count, TileAccumulators &acc) {
    Idx bOffset = kb.add(loop.bOffset, kb.mul(at, loop.bStep));
    Idx aOffset = kb.mul(kb.mul(at, unit.group()), loop.aStep);
    SmallVector<Value> bs;
    for (auto [j, lanes] : llvm::enumerate(loop.vectors)) {
      Idx offset = kb.add(bOffset, static_cast<int64_t>(j) * unit.lanes() * unit.group());
      bs.push_back(unit.loadB(loop.b, offset, lanes));
      if (unit.compensated()) {
        acc.compensation[j] = unit.compensate(bs.back(), acc.compensation[j]);
      }
    }
    for (auto [i, row] : llvm::enumerate(loop.rows)) {
      if (row.skipped && !padded()) {
        continue;
      }
      Value a = row.skipped ? unit.splatA(loop.padValue) : element(row, aOffset, count);
      for (auto [j, b] : llvm::enumerate(bs)) {
        Value &sum = acc.sums[i * acc.vectors + j];
        sum = unit.step(a, b, sum);
      }
    }
  }

  Value element(const TileRow &row, Idx aOffset, Idx count) {
    if (row.operand) {
      return row.operand;
    }
    Idx offset = kb.add(kb.add(row.base, aOffset), row.offset);
    Value a = unit.broadcastA(loop.a, offset, loop.aStep, count);
    return row.guard && padded() ? kb.selectValues(row.guard, a, unit.splatA(loop.padValue)) : a;
  }

  KernelBuilder &kb;
  const MacUnit &unit;
  const MacLoop &loop;
};

} // namespace

void emitMacLoop(KernelBuilder &kb, const MacUnit &unit, const MacLoop &loop, TileAccumulators &acc) {
  MacLoopEmitter(kb, unit, loop).run(acc);
}

//===----------------------------------------------------------------------===//
// Storing
//===----------------------------------------------------------------------===//

namespace {

/// Stores the rows of a register tile.
class TileStoreEmitter {
public:
  TileStoreEmitter(KernelBuilder &kb, const MacUnit &unit, const TileStore &store, const TileAccumulators &acc,
                   int rows, const Epilogue &epilogue)
      : kb(kb), unit(unit), store(store), acc(acc), vectors(store.vectors.size()), rows(rows), epilogue(epilogue) {}

  void run() {
    if (store.sums && rows > 1) {
      return throughMemory();
    }
    if (store.validRows.is(rows)) {
      SmallVector<Finished> all;
      for (int i = 0; i < rows; ++i) {
        addRow(i, sumsOf(i), all);
      }
      return storeResults(kb, all, store.output, epilogue);
    }
    for (int i = 0; i < rows; ++i) {
      kb.ifThen(kb.lessThan(i, store.validRows), [&] { storeRow(i, sumsOf(i)); });
    }
  }

private:
  SmallVector<Value> sumsOf(int row) {
    SmallVector<Value> sums;
    for (int j = 0; j < acc.vectors; ++j) {
      sums.push_back(
          unit.finish(acc.sums[row * acc.vectors + j], acc.compensation.empty() ? Value() : acc.compensation[j]));
    }
    return sums;
  }

  void addRow(Idx i, ArrayRef<Value> sums, SmallVector<Finished> &results) {
    Idx offset = kb.add(kb.add(store.offset, kb.mul(store.offsetStep, i)), store.column);
    Idx row = kb.add(store.row, kb.mul(store.rowStep, i));
    for (int j = 0; j < vectors; ++j) {
      int64_t lane = static_cast<int64_t>(j) * unit.lanes();
      EpilogueCoord coord{kb.add(offset, lane), row, kb.add(store.column, lane), store.vectors[j]};
      results.push_back({sums[j], coord, j > 0 && store.vectors[j - 1].full() && store.vectors[j].full()});
    }
  }

  void storeRow(Idx i, ArrayRef<Value> sums) {
    SmallVector<Finished> one;
    addRow(i, sums, one);
    storeResults(kb, one, store.output, epilogue);
  }

  /// A loop over the rows, whose sums lie on the stack meanwhile.
  void throughMemory() {
    save(store.sums);
    Idx count = store.validRows.is(rows) ? Idx(rows) : kb.min(store.validRows, rows);
    kb.loop(0, count, 1, [&](Idx i) { storeSaved(i); });
  }

public:
  void save(Value stack) {
    for (int i = 0; i < rows; ++i) {
      for (auto [j, sum] : llvm::enumerate(sumsOf(i))) {
        kb.store(sum, stack, (int64_t(i) * vectors + int64_t(j)) * unit.lanes());
      }
    }
  }

  void storeSaved(Idx i) {
    SmallVector<Value> row;
    for (int j = 0; j < vectors; ++j) {
      Idx first = kb.mul(i, int64_t(vectors) * unit.lanes());
      row.push_back(kb.load(store.sums, kb.add(first, int64_t(j) * unit.lanes()), unit.lanes()));
    }
    storeRow(i, row);
  }

private:
  KernelBuilder &kb;
  const MacUnit &unit;
  const TileStore &store;
  const TileAccumulators &acc;
  int vectors, rows;
  const Epilogue &epilogue;
};

} // namespace

Value stackForSums(KernelBuilder &kb, const MacUnit &unit, int rows, int vectors, const Epilogue &epilogue,
                   Value output) {
  return epilogue.isLong ? stackForTile(kb, unit, rows, vectors, output) : Value();
}

Value stackForTile(KernelBuilder &kb, const MacUnit &unit, int rows, int vectors, Value output) {
  auto type = MemRefType::get({int64_t(rows) * vectors * unit.lanes()}, unit.types().accumulator);
  // Once for a call of the kernel, whatever loops this is in.
  OpBuilder::InsertionGuard guard(kb.builder());
  kb.builder().setInsertionPointToStart(output.getParentBlock());
  return memref::AllocaOp::create(kb.builder(), kb.location(), type, kb.builder().getI64IntegerAttr(64));
}

void saveTile(KernelBuilder &kb, const MacUnit &unit, const TileAccumulators &acc, int rows, Value stack) {
  TileStore none;
  none.vectors.assign(acc.vectors, kb.allLanes(unit.lanes()));
  TileStoreEmitter(kb, unit, none, acc, rows, {}).save(stack);
}

void emitSavedRow(KernelBuilder &kb, const MacUnit &unit, const TileStore &store, Idx row, const Epilogue &epilogue) {
  TileStoreEmitter(kb, unit, store, {}, 0, epilogue).storeSaved(row);
}

void emitTileStore(KernelBuilder &kb, const MacUnit &unit, const TileStore &store, const TileAccumulators &acc,
                   int rows, const Epilogue &epilogue) {
  TileStoreEmitter(kb, unit, store, acc, rows, epilogue).run();
}

} // namespace dlc::cpu

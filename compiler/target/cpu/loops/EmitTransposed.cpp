//===- EmitTransposed.cpp - computed along one loop, stored along another --------------------------===//
// Where a kernel reads neighbours along loop u, and stores neighbours along loop v, bodies run on lanes of u, and
// blocks of their results are transposed in registers.
#include "compiler/target/cpu/loops/LoopEmitter.h"

namespace dlc::cpu {
namespace linalg = mlir::linalg;
using mlir::Value;

namespace {
/// Sides of blocks: more would take more registers than there are.
constexpr int kWidestBlock = 16;
/// Bodies of more operations are not repeated for each row of a block.
constexpr int kMostOps = 12;
/// Up to this many neighbours are interleaved rather than transposed.
constexpr int64_t kMostInterleaved = 4;

/// Lane j of vector i becomes lane i of vector j: halves are exchanged, then quarters, and so on.
llvm::SmallVector<Value> transpose(KernelBuilder &k, llvm::SmallVector<Value> rows) {
  int64_t n = rows.size();
  for (int64_t half = n / 2; half > 0; half /= 2) {
    llvm::SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < n; ++i) {
      bool second = i & half;
      low.push_back(second ? n + i - half : i);
      high.push_back(second ? n + i : i + half);
    }
    llvm::SmallVector<Value> next(n);
    for (int64_t i = 0; i < n; ++i) {
      if (!(i & half)) {
        next[i] = k.shuffle(rows[i], rows[i + half], low);
        next[i + half] = k.shuffle(rows[i], rows[i + half], high);
      }
    }
    rows = next;
  }
  return rows;
}

/// Vector number `part` of the interleaved vectors: element e is lane e / n of vector e % n.
Value interleave(KernelBuilder &k, llvm::ArrayRef<Value> rows, int64_t width, int64_t part) {
  int64_t n = rows.size();
  Value result = rows[0];
  for (int64_t row = 1; row < n; ++row) {
    llvm::SmallVector<int64_t> lanes;
    for (int64_t i = 0; i < width; ++i) {
      int64_t e = part * width + i, source = e % n;
      lanes.push_back(source == row ? width + e / n : source > row ? 0 : row == 1 ? e / n : i);
    }
    result = k.shuffle(result, rows[row], lanes);
  }
  return result;
}
} // namespace

bool LoopEmitter::emitTransposed(linalg::GenericOp op, const LaneIndices &outer, int64_t v) {
  int64_t ops = 0;
  op.getBody()->walk([&](mlir::Operation *) { ++ops; });
  if (ops > kMostOps || rangesOf(op, v).size() != 1) {
    return false;
  }
  int full = width;
  width = std::min(width, kWidestBlock);
  bool done = false;
  for (int64_t u = v; !done && u-- > nest.rowDims;) {
    const Extent &e = nest.loops(op)[u];
    bool wide = !e.isStatic() || e.factor >= width / 2;
    done = wide && rangesOf(op, u).size() == 1 && probe([&] { emitBlocks(op, outer, u, v); }) == 0 &&
           tryLanes([&] { emitBlocks(op, outer, u, v); });
  }
  width = full;
  return done;
}

void LoopEmitter::emitBlocks(linalg::GenericOp op, const LaneIndices &outer, int64_t u, int64_t v) {
  Range rows = wholeRange(op, v);
  emitLoops(op, outer, v, u, [&](LaneIndices at) {
    at.resize(op.getNumLoops(), LaneValue::index(0));
    emitLanes(wholeRange(op, u), 1, [&](Idx i, int) {
      at[u] = LaneValue::index(i, body.lanes.width > 1);
      if (body.lanes.width == 1) {
        k.loop(rows.begin, k.add(rows.begin, rows.count), 1, [&](Idx j) {
          at[v] = LaneValue::index(j);
          body.store(op.getResult(0), at, body.results(op, at, {})[0]);
        });
        return;
      }
      bool adjacent = rows.begin.is(0) && extent(op, v).is(rows.count.constantOr(-1)) &&
                      rows.count.constantOr(INT64_MAX) <= kMostInterleaved;
      for (int64_t d = u + 1; d < v; ++d) {
        adjacent &= nest.loops(op)[d].is(1);
      }
      if (adjacent) {
        return storeInterleaved(op, at, u, v);
      }
      bool even = rows.count.isStatic() && rows.count.constant() % width == 0;
      Idx end = k.add(rows.begin, rows.count);
      k.loop(rows.begin, end, width, [&](Idx j) { storeBlock(op, at, u, v, j, even ? Idx(width) : k.sub(end, j)); });
    });
  });
}

/// All of loop v, whose few elements and those of the next index of u are neighbours.
void LoopEmitter::storeInterleaved(linalg::GenericOp op, LaneIndices at, int64_t u, int64_t v) {
  int64_t n = nest.loops(op)[v].factor;
  llvm::SmallVector<Value> rows;
  for (int64_t j = 0; j < n; ++j) {
    at[v] = LaneValue::index(j);
    rows.push_back(body.spread(body.results(op, at, {})[0]));
  }
  Lanes all = body.lanes;
  at[u].step = 0;
  for (int64_t part = 0; part < n; ++part) {
    body.lanes = all.full() ? all : k.firstLanes(width, k.sub(k.mul(all.active, n), part * width));
    at[v] = LaneValue::index(part * width, 1);
    body.store(op.getResult(0), at, interleave(k, rows, width, part));
  }
  body.lanes = all;
}

/// A block of `width` indices of u, and up to as many of v, of which `left` remain.
void LoopEmitter::storeBlock(linalg::GenericOp op, LaneIndices at, int64_t u, int64_t v, Idx first, Idx left) {
  llvm::SmallVector<Value> rows;
  for (int64_t j = 0; j < width; ++j) {
    bool outside = left.isStatic() && j >= left.constant();
    // Rows that do not exist repeat the last one, and are not stored.
    at[v] = LaneValue::index(k.add(first, j == 0 || left.isStatic() ? Idx(j) : k.min(j, k.sub(left, 1))));
    rows.push_back(outside ? rows[0] : body.spread(body.results(op, at, {})[0]));
  }
  llvm::SmallVector<Value> columns = transpose(k, rows);
  Lanes all = body.lanes, stored = k.firstLanes(width, left);
  Idx begin = at[u].base;
  for (int64_t i = 0; i < width; ++i) {
    auto store = [&] {
      body.lanes = stored;
      at[u] = LaneValue::index(k.add(begin, i));
      at[v] = LaneValue::index(first, 1);
      body.store(op.getResult(0), at, columns[i]);
    };
    if (all.full()) {
      store();
    } else {
      k.ifThen(k.lessThan(i, all.active), store);
    }
  }
  body.lanes = all;
}
} // namespace dlc::cpu

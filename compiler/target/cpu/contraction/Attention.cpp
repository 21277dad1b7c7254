//===- Attention.cpp - softmax(q k^T) v, block of queries by block of queries -----------------------===//
// The scores of a block are a product in scratch, then become exponentials in place, then are multiplied by the values;
// rows are divided by their sums when the result is stored. No score leaves the L2 cache.
#include "compiler/target/cpu/contraction/Attention.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>
#include <limits>

using namespace mlir;

namespace dlc::cpu {
namespace {

/// What dynamic numbers of keys are taken as.
constexpr int64_t assumedKeys = 512;
/// Rows beyond this many gain nothing more from sharing a panel of keys.
constexpr int64_t mostRows = 128;
constexpr int64_t leastRows = 16;
/// Of a score.
constexpr int64_t scoreBytes = 4;
constexpr int64_t lineBytes = 64;
/// Chains of exponentials in flight.
constexpr int chains = 4;

int64_t roundUp(int64_t x, int64_t y) { return (x + y - 1) / y * y; }

ContractionTypes typesOf(const AttentionProblem &p) { return ContractionTypes::of(p.element, p.element); }

/// The product of the queries of a block and all keys; offsets and the stride of its rows are not set.
GemmProblem scoresOf(const AttentionProblem &p, Idx rows) {
  GemmProblem g;
  g.types = typesOf(p);
  g.m = rows;
  g.n = p.keys;
  g.k = p.size;
  g.aRow = p.qRow;
  g.aK = p.qColumn;
  g.bK = p.kColumn;
  g.bColumn = p.kRow;
  return g;
}

/// The product of the exponentials of a block and the values.
GemmProblem valuesOf(const AttentionProblem &p, Idx rows, Idx stride) {
  GemmProblem g;
  g.types = typesOf(p);
  g.m = rows;
  g.n = p.valueSize;
  g.k = p.keys;
  g.aRow = stride;
  g.bK = p.vRow;
  g.bColumn = p.vColumn;
  g.cRow = p.outRow;
  return g;
}

/// A panel of B serves all rows of a block.
GemmTile blockTile(const GemmProblem &g, const TargetInfo &target) {
  GemmTile tile = chooseGemmTile(g, target);
  tile.tileM = roundUp(g.m.constant(), tile.rows);
  tile.tileN = tile.panel();
  tile.columnsFirst = false;
  return tile;
}

// Scratch: sums of rows, a panel of keys, scores, a panel of values.
int64_t sumBytes(const AttentionPlan &plan) { return roundUp(plan.rows * scoreBytes, lineBytes); }
int64_t keyPanelBytes(const AttentionProblem &p, const AttentionPlan &plan) {
  GemmScratch panel = gemmScratch(GemmProblem::dense(1, 1, 1, plan.types), plan.scores);
  return roundUp(panel.fixed + panel.perK * p.size, lineBytes);
}

/// A score row's elements: whole vectors, and a line more, so that rows do not share a set of the cache.
Idx rowStride(KernelBuilder &kb, const AttentionProblem &p, int lanes) {
  return kb.add(kb.mul(kb.ceilDiv(p.keys, lanes), lanes), lineBytes / scoreBytes);
}

class AttentionEmitter {
public:
  AttentionEmitter(KernelBuilder &kb, const AttentionProblem &p, const AttentionPlan &plan, Value q, Value k, Value v,
                   Value out, const ScoreEpilogue &epilogue, Value scratch)
      : kb(kb), p(p), plan(plan), q(q), k(k), v(v), out(out), epilogue(epilogue), lanes(plan.scores.lanes),
        stride(rowStride(kb, p, lanes)) {
    Type byte = kb.builder().getI8Type(), f32 = kb.builder().getF32Type();
    sums = view(scratch, 0, f32);
    keyPanel = view(scratch, sumBytes(plan), byte);
    int64_t at = sumBytes(plan) + keyPanelBytes(p, plan);
    scores = view(scratch, at, f32);
    powers = isBrain() ? view(scratch, at, p.element) : scores;
    valuePanel = view(scratch, kb.add(at, kb.mul(stride, plan.rows * scoreBytes)), byte);
  }

  void emitTile(Idx number) {
    Idx blocks = kb.ceilDiv(p.queries, plan.rows);
    Idx first = kb.mul(blocks.is(1) ? Idx(0) : kb.rem(number, blocks), plan.rows);
    locate(kb.div(number, blocks));
    bool whole = p.queries.isStatic() && p.queries.constant() % plan.rows == 0;
    Idx rows = whole ? Idx(plan.rows) : kb.min(plan.rows, kb.sub(p.queries, first));
    emitScores(first, rows);
    kb.loop(0, rows, 1, [&](Idx row) { emitSoftmax(row); });
    emitValues(first, rows);
  }

private:
  Value view(Value scratch, Idx byte, Type element) {
    int64_t bytes = cast<MemRefType>(scratch.getType()).getNumElements();
    auto type = MemRefType::get({bytes / std::max<int64_t>(1, element.getIntOrFloatBitWidth() / 8)}, element);
    return memref::ViewOp::create(kb.builder(), kb.location(), type, scratch, kb.index(byte), ValueRange{});
  }

  /// Indices and offsets of the batch element, whose number counts the last dimension fastest.
  void locate(Idx number) {
    at.assign(p.batch.size(), Idx(0));
    offset = AttentionBatch{0, 0, 0, 0, 0};
    for (size_t i = p.batch.size(); i-- > 0;) {
      const AttentionBatch &dim = p.batch[i];
      at[i] = i == 0 ? number : kb.rem(number, dim.size);
      number = i == 0 ? number : kb.div(number, dim.size);
      offset.q = kb.add(offset.q, kb.mul(at[i], dim.q));
      offset.k = kb.add(offset.k, kb.mul(at[i], dim.k));
      offset.v = kb.add(offset.v, kb.mul(at[i], dim.v));
      offset.out = kb.add(offset.out, kb.mul(at[i], dim.out));
    }
  }

  void emitScores(Idx first, Idx rows) {
    GemmProblem g = scoresOf(p, rows);
    g.cRow = stride;
    g.aOffset = kb.add(offset.q, kb.mul(first, p.qRow));
    g.bOffset = offset.k;
    Epilogue store = [&](KernelBuilder &, Value accumulators, const EpilogueCoord &coord) {
      ScoreCoord place{at, kb.add(first, coord.row), coord.column, coord.lanes};
      return epilogue ? epilogue(kb, accumulators, place) : accumulators;
    };
    emitGemm(kb, g, plan.scores, q, k, scores, store, 0, gemmTileCount(kb, g, plan.scores), keyPanel);
  }

  bool isBrain() const { return p.element.isBF16(); }
  int64_t powerBytes() const { return p.element.getIntOrFloatBitWidth() / 8; }

  /// Scores of a row become exp(score - greatest score), which takes their place from the row's begin on; the inverse
  /// of their sum goes to `sums`.
  void emitSoftmax(Idx row) {
    Idx base = kb.mul(row, stride), end = kb.mul(kb.ceilDiv(p.keys, lanes), lanes);
    VectorType type = kb.vectorType(kb.builder().getF32Type(), lanes);
    Value lowest = kb.constant(type, -std::numeric_limits<double>::infinity());
    maskTail(base, lowest);
    Value greatest = overRow(
        end, lowest, [&](Idx i, Value so) { return maximum(kb.load(scores, kb.add(base, i), lanes), so); },
        [&](Value x, Value y) { return maximum(x, y); });
    greatest = kb.broadcast(greatest, lanes);
    auto step = [&](Idx i, Value sum) {
      Idx place = kb.add(base, i);
      Value x = kb.subValues(kb.load(scores, place, lanes), greatest);
      Value e = math::ExpOp::create(kb.builder(), kb.location(), x, p.flags);
      isBrain() ? kb.store(roundToBF16(kb, e), powers, kb.add(kb.mul(base, scoreBytes / powerBytes()), i))
                : kb.store(e, powers, place);
      return kb.addValues(sum, e);
    };
    Value sum = overRow(end, kb.zero(type), step, [&](Value x, Value y) { return kb.addValues(x, y); });
    // Without keys there is nothing to divide.
    Value one = kb.constant(sum.getType(), 1), zero = kb.zero(sum.getType());
    Value none = arith::CmpFOp::create(kb.builder(), kb.location(), arith::CmpFPredicate::OEQ, sum, zero);
    Value inverse = arith::DivFOp::create(kb.builder(), kb.location(), one, kb.selectValues(none, one, sum));
    kb.storeScalar(inverse, sums, row);
  }

  /// The lanes of the last vector beyond the keys take part in nothing.
  void maskTail(Idx base, Value lowest) {
    Idx whole = kb.mul(kb.div(p.keys, lanes), lanes), left = kb.sub(p.keys, whole);
    if (left.is(0)) {
      return;
    }
    kb.ifThen(kb.lessThan(0, left), [&] {
      Idx place = kb.add(base, whole);
      Value last = kb.load(scores, place, lanes);
      Lanes exist = kb.firstLanes(lanes, left);
      kb.store(exist.full() ? last : kb.selectValues(exist.mask, last, lowest), scores, place);
    });
  }

  /// One instruction; of a NaN and a number the number: the NaN's own exponential is one all the same.
  Value maximum(Value x, Value y) {
    Value greater = arith::CmpFOp::create(kb.builder(), kb.location(), arith::CmpFPredicate::OGT, x, y);
    return kb.selectValues(greater, x, y);
  }

  /// Takes all vectors of a row of `end` elements into accumulators, and those into one number: chains first, then
  /// lanes by halves.
  Value overRow(Idx end, Value init, llvm::function_ref<Value(Idx, Value)> step,
                llvm::function_ref<Value(Value, Value)> combine) {
    Idx whole = kb.mul(kb.div(end, chains * lanes), chains * lanes);
    SmallVector<Value> sums(chains, init);
    sums = kb.loop(0, whole, chains * lanes, sums, [&](Idx i, ValueRange carried) {
      SmallVector<Value> next;
      for (int64_t c = 0; c < chains; ++c) {
        next.push_back(step(kb.add(i, c * lanes), carried[c]));
      }
      return next;
    });
    sums[0] = kb.loop(whole, end, lanes, sums[0],
                      [&](Idx i, ValueRange carried) -> SmallVector<Value> { return {step(i, carried[0])}; })[0];
    Value all = combine(combine(sums[0], sums[2]), combine(sums[1], sums[3]));
    for (int half = lanes / 2; half > 0; half /= 2) {
      auto low = llvm::to_vector(llvm::seq<int64_t>(0, half)),
           high = llvm::to_vector(llvm::seq<int64_t>(half, 2 * half));
      all = combine(kb.shuffle(all, all, low), kb.shuffle(all, all, high));
    }
    return vector::ExtractOp::create(kb.builder(), kb.location(), all, 0);
  }

  void emitValues(Idx first, Idx rows) {
    GemmProblem g = valuesOf(p, rows, kb.mul(stride, scoreBytes / powerBytes()));
    g.bOffset = offset.v;
    g.cOffset = kb.add(offset.out, kb.mul(first, p.outRow));
    Epilogue divide = [&](KernelBuilder &, Value accumulators, const EpilogueCoord &coord) {
      return kb.mulValues(accumulators, kb.broadcastLoad(sums, coord.row, coord.lanes.width));
    };
    divide.roundsPairs = isBrain();
    emitGemm(kb, g, plan.values, powers, v, out, divide, 0, gemmTileCount(kb, g, plan.values), valuePanel);
  }

  KernelBuilder &kb;
  const AttentionProblem &p;
  const AttentionPlan &plan;
  Value q, k, v, out;
  const ScoreEpilogue &epilogue;
  int lanes;
  Idx stride;
  Value sums, keyPanel, scores, powers, valuePanel;
  SmallVector<Idx> at;
  AttentionBatch offset;
};

} // namespace

AttentionPlan planAttention(const AttentionProblem &p, const TargetInfo &target) {
  int64_t keys = std::max<int64_t>(1, p.keys.constantOr(assumedKeys));
  AttentionPlan plan;
  plan.types = typesOf(p);
  plan.rows = std::clamp<int64_t>(target.l2 / 4 / (keys * scoreBytes), leastRows, mostRows);
  if (p.queries.isStatic()) {
    int64_t queries = std::max<int64_t>(1, p.queries.constant()), blocks = (queries + plan.rows - 1) / plan.rows;
    plan.rows = (queries + blocks - 1) / blocks;
  }
  plan.scores = blockTile(scoresOf(p, plan.rows), target);
  plan.values = blockTile(valuesOf(p, plan.rows, Idx(keys)), target);
  return plan;
}

AttentionScratch attentionScratch(const AttentionProblem &p, const AttentionPlan &plan) {
  // A row of scores is rounded up to vectors, and has a line more.
  int64_t rowBytes = plan.scores.lanes * scoreBytes + lineBytes;
  GemmScratch panel = gemmScratch(GemmProblem::dense(1, 1, 1, plan.types), plan.values);
  AttentionScratch scratch;
  scratch.fixed = sumBytes(plan) + keyPanelBytes(p, plan) + plan.rows * rowBytes + panel.fixed + lineBytes;
  scratch.perKey = plan.rows * scoreBytes + panel.perK;
  return scratch;
}

void emitAttention(KernelBuilder &kb, const AttentionProblem &problem, const AttentionPlan &plan, Value q, Value k,
                   Value v, Value out, const ScoreEpilogue &epilogue, Idx begin, Idx end, Value scratch) {
  AttentionEmitter emitter(kb, problem, plan, q, k, v, out, epilogue, scratch);
  kb.loop(begin, end, 1, [&](Idx number) { emitter.emitTile(number); });
}
} // namespace dlc::cpu

//===- LoopRanges.cpp - loops, on lanes and one by one ---------------------------------------------===//
#include "compiler/target/cpu/loops/LoopEmitter.h"

namespace dlc::cpu {
namespace linalg = mlir::linalg;
namespace arith = mlir::arith;
using mlir::Value;

namespace {
/// Conditions `index(loop) < bound` of a chain of ifs, from the first: each one's else has the next.
struct Chain {
  int64_t loop = -1;
  llvm::SmallVector<Value> conditions, bounds;
};

bool readCondition(mlir::scf::IfOp branch, mlir::Block *body, Chain &chain) {
  auto compare = branch.getCondition().getDefiningOp<arith::CmpIOp>();
  auto index = compare ? compare.getLhs().getDefiningOp<linalg::IndexOp>() : linalg::IndexOp();
  bool outside = compare && (!compare.getRhs().getDefiningOp() || compare.getRhs().getDefiningOp()->getBlock() != body);
  bool constant = compare && mlir::getConstantIntValue(compare.getRhs());
  if (!index || compare.getPredicate() != arith::CmpIPredicate::slt || !(outside || constant) ||
      (chain.loop >= 0 && chain.loop != int64_t(index.getDim()))) {
    return false;
  }
  chain.loop = index.getDim();
  chain.conditions.push_back(branch.getCondition());
  chain.bounds.push_back(compare.getRhs());
  return true;
}

/// The first chain in a body; its bounds grow.
Chain findChain(linalg::GenericOp op) {
  Chain chain;
  for (mlir::Operation &inner : *op.getBody()) {
    auto branch = llvm::dyn_cast<mlir::scf::IfOp>(inner);
    while (branch && readCondition(branch, op.getBody(), chain)) {
      mlir::Value next = branch.elseBlock()->getTerminator()->getOperand(0);
      branch = branch.getNumResults() == 1 ? next.getDefiningOp<mlir::scf::IfOp>() : mlir::scf::IfOp();
    }
    if (chain.loop >= 0) {
      break;
    }
  }
  return chain;
}
} // namespace

LoopEmitter::Range LoopEmitter::wholeRange(linalg::GenericOp op, int64_t d) {
  bool isBlocked = d == nest.tileDims && d < int64_t(nest.sharedExtents.size()) && nest.block;
  return isBlocked ? blockRange : Range{0, extent(op, d), {}};
}

LoopEmitter::Ranges LoopEmitter::rangesOf(linalg::GenericOp op, int64_t d) {
  Range whole = wholeRange(op, d);
  Chain chain = findChain(op);
  if (chain.loop != d) {
    return {whole};
  }
  Ranges ranges;
  Idx begin = whole.begin, end = k.add(whole.begin, whole.count);
  size_t n = chain.conditions.size();
  for (size_t i = 0; i <= n; ++i) {
    Range range;
    std::optional<int64_t> constant = i < n ? mlir::getConstantIntValue(chain.bounds[i]) : std::nullopt;
    Idx bound = i == n ? end : constant ? Idx(*constant) : Idx(scalars.lookupOrDefault(chain.bounds[i]));
    Idx stop = i == n ? end : k.max(begin, k.min(bound, end));
    range.begin = begin;
    range.count = k.sub(stop, begin);
    for (size_t c = 0; c < n; ++c) {
      range.known.push_back({chain.conditions[c], i <= c});
    }
    begin = stop;
    ranges.push_back(range);
  }
  return ranges;
}

int64_t LoopEmitter::lastLoop(linalg::GenericOp op, int64_t first, int64_t last) {
  while (last > first && nest.loops(op)[last - 1].is(1)) {
    --last;
  }
  return last > first ? last - 1 : -1;
}

bool LoopEmitter::isShortRow(linalg::GenericOp op, int64_t d) {
  bool isRow = d >= 0 && nest.rowDims > nest.tileDims && lastLoop(op, nest.rowDims, d) < 0;
  return isRow && nest.loops(op)[d].isStatic() && nest.loops(op)[d].factor * 4 <= width;
}

void LoopEmitter::emitLoops(linalg::GenericOp op, LaneIndices indices, int64_t last, int64_t skipped,
                            llvm::function_ref<void(LaneIndices)> inner) {
  int64_t d = indices.size();
  if (d == last) {
    return inner(indices);
  }
  indices.push_back(LaneValue::index(0));
  if (d == skipped) {
    return emitLoops(op, indices, last, skipped, inner);
  }
  for (const Range &range : rangesOf(op, d)) {
    for (auto [condition, outcome] : range.known) {
      body.known[condition] = outcome;
    }
    k.loop(range.begin, k.add(range.begin, range.count), 1, [&](Idx i) {
      indices.back() = LaneValue::index(i);
      emitLoops(op, indices, last, skipped, inner);
    });
  }
}

void LoopEmitter::emitLanes(const Range &range, int unroll, llvm::function_ref<void(Idx, int)> inner) {
  Idx begin = range.begin, left = range.count;
  for (int vectors = unroll; vectors > 0 && body.lanes.width > 1; vectors = vectors > 1 ? 1 : 0) {
    int64_t step = int64_t(vectors) * width;
    Idx whole = k.mul(k.div(left, step), step), end = k.add(begin, whole);
    k.loop(begin, end, step, [&](Idx i) { inner(i, vectors); });
    left = k.sub(left, whole);
    begin = end;
  }
  if (left.is(0)) {
    return;
  }
  Lanes all = body.lanes;
  if (all.width > 1 && k.targetInfo().cheapMasks) {
    k.ifThen(k.lessThan(0, left), [&] {
      body.lanes = k.firstLanes(width, left);
      inner(begin, 1);
    });
  } else {
    body.lanes = Lanes();
    k.loop(begin, k.add(begin, left), 1, [&](Idx i) { inner(i, 1); });
  }
  body.lanes = all;
}

bool LoopEmitter::tryLanes(llvm::function_ref<void()> attempt) {
  if (width == 1) {
    return false;
  }
  mlir::Block *block = b.getInsertionBlock();
  mlir::Operation *before = block->empty() ? nullptr : &block->back();
  body.reset();
  body.lanes = k.allLanes(width);
  attempt();
  body.lanes = Lanes();
  if (!body.failed) {
    return true;
  }
  while (!block->empty() && &block->back() != before) {
    block->back().dropAllReferences();
    block->back().erase();
  }
  body.reset();
  return false;
}

int LoopEmitter::probe(llvm::function_ref<void()> attempt) {
  mlir::OpBuilder::InsertionGuard guard(b);
  auto *block = new mlir::Block();
  old->getParent()->push_back(block);
  b.setInsertionPointToStart(block);
  int gathers = tryLanes(attempt) ? body.gathers : INT_MAX;
  body.reset();
  for (mlir::Operation &op : *block) {
    op.dropAllReferences();
  }
  block->erase();
  return gathers;
}

void LoopEmitter::onScalars(llvm::function_ref<void()> inner) {
  body.reset();
  body.lanes = Lanes();
  inner();
}
} // namespace dlc::cpu

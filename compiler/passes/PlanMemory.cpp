//===- PlanMemory.cpp - offsets of buffers in the frame ------------------------------------------===//
// Static sizes: "greedy by size" (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference",
// 2020): the largest first, each at the lowest offset that is free during its whole life.
#include "compiler/passes/Passes.h"
#include "compiler/passes/Storage.h"
#include "dialects/rt/RT.h"

namespace dlc {
#define GEN_PASS_DEF_PLANMEMORY
#include "compiler/passes/Passes.h.inc"
namespace {
constexpr int64_t kAlignment = 64;

/// A buffer and the steps, counted in order, at which it is alive.
struct Life {
  rt::BufferOp buffer;
  int64_t first = INT64_MAX, last = -1;
  dim::Expr size, offset;
  bool overlaps(const Life &o) const { return first <= o.last && o.first <= last; }
  dim::Expr end() const { return dim::add(offset, size); }
};

dim::Expr aligned(dim::Expr e) {
  dim::Expr a = dim::constant(e.getContext(), kAlignment);
  return dim::mul(dim::ceilDiv(e, a), a);
}

llvm::SmallVector<Life> livesOf(rt::BlockOp block) {
  llvm::MapVector<mlir::Operation *, Life> lives;
  int64_t time = 0;
  for (mlir::Operation &op : *block.getBody().begin()) {
    if (auto buffer = llvm::dyn_cast<rt::BufferOp>(op)) {
      lives[&op].buffer = buffer;
      lives[&op].size = aligned(buffer.getSize());
    }
    if (!rt::isStep(&op)) {
      continue;
    }
    for (mlir::Value v : op.getOperands()) {
      auto it = lives.find(rt::storageRoot(v).getDefiningOp());
      if (it != lives.end()) {
        it->second.first = std::min(it->second.first, time);
        it->second.last = std::max(it->second.last, time);
      }
    }
    ++time;
  }
  llvm::SmallVector<Life> result;
  for (auto &[op, life] : lives) {
    result.push_back(life);
  }
  return result;
}

/// The lowest offset at which `life` overlaps none of the placed ones that are alive with it.
int64_t lowestOffset(const Life &life, llvm::ArrayRef<Life *> placed) {
  llvm::SmallVector<std::pair<int64_t, int64_t>> busy;
  for (const Life *p : placed) {
    if (p->overlaps(life)) {
      busy.push_back({*dim::getConstant(p->offset), *dim::getConstant(p->end())});
    }
  }
  llvm::sort(busy);
  int64_t offset = 0, size = *dim::getConstant(life.size);
  for (auto [from, to] : busy) {
    if (from - offset >= size) {
      break;
    }
    offset = std::max(offset, to);
  }
  return offset;
}

void placeStatic(llvm::MutableArrayRef<Life> lives) {
  llvm::SmallVector<Life *> order, placed;
  for (Life &l : lives) {
    order.push_back(&l);
  }
  llvm::sort(order, [](Life *a, Life *b) {
    int64_t x = *dim::getConstant(a->size), y = *dim::getConstant(b->size);
    return x != y ? x > y : a < b; // by birth where sizes are equal
  });
  for (Life *l : order) {
    l->offset = dim::constant(l->size.getContext(), lowestOffset(*l, placed));
    placed.push_back(l);
  }
}

/// In order of birth: after every buffer that is alive with it and was placed before, or where a dead buffer of the
/// same formula stood.
void placeSymbolic(llvm::MutableArrayRef<Life> lives, mlir::MLIRContext *context) {
  llvm::SmallVector<Life *> placed;
  for (Life &l : lives) {
    Life *reuse = nullptr;
    for (Life *p : placed) {
      bool fits = dim::provablyNonNegative(dim::sub(p->size, l.size));
      bool free = llvm::none_of(placed, [&](Life *o) {
        return o->overlaps(l) && !dim::provablyNonNegative(dim::sub(o->offset, dim::add(p->offset, l.size))) &&
               !dim::provablyNonNegative(dim::sub(p->offset, o->end()));
      });
      if (fits && free && !p->overlaps(l)) {
        reuse = p;
        break;
      }
    }
    dim::Expr top = dim::constant(context, 0);
    for (Life *p : placed) {
      if (p->overlaps(l)) {
        top = dim::max(top, p->end());
      }
    }
    l.offset = reuse ? reuse->offset : top;
    placed.push_back(&l);
  }
}

struct PlanMemoryPass : impl::PlanMemoryBase<PlanMemoryPass> {
  void runOnOperation() override {
    for (auto block : getOperation().getOps<rt::BlockOp>()) {
      plan(block);
    }
  }
  void plan(rt::BlockOp block) {
    llvm::SmallVector<Life> lives = livesOf(block);
    bool isStatic = llvm::all_of(lives, [](const Life &l) { return dim::getConstant(l.size).has_value(); });
    isStatic ? placeStatic(lives) : placeSymbolic(lives, &getContext());
    dim::Expr frame = dim::constant(&getContext(), 0);
    for (Life &l : lives) {
      l.buffer.setOffsetAttr(l.offset);
      frame = dim::max(frame, l.end());
    }
    for (auto stage : block.getBody().front().getOps<rt::StageOp>()) {
      stage.setFrameSizeAttr(frame);
    }
  }
};
} // namespace
} // namespace dlc

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

/// The buffers of the stage that begins with `stage`. What later stages or the block's results use lives to the end.
llvm::SmallVector<Life> livesOf(rt::StageOp stage) {
  llvm::MapVector<mlir::Operation *, Life> lives;
  llvm::DenseMap<mlir::Operation *, int64_t> times;
  mlir::Operation *end = stage->getNextNode();
  for (int64_t time = 0; end && !llvm::isa<rt::StageOp>(end); end = end->getNextNode()) {
    if (auto buffer = llvm::dyn_cast<rt::BufferOp>(end)) {
      lives[end].buffer = buffer;
      lives[end].size = aligned(buffer.getSize());
    }
    if (rt::isStep(end)) {
      times[end] = time++;
    }
  }
  auto use = [&](Life &life, mlir::Operation *user) {
    auto it = times.find(stage->getBlock()->findAncestorOpInBlock(*user));
    int64_t time = it == times.end() ? int64_t(times.size()) : it->second;
    life.first = std::min(life.first, time);
    life.last = std::max(life.last, time);
  };
  for (auto &[op, life] : lives) {
    llvm::SmallVector<mlir::Value> names{op->getResult(0)};
    for (size_t i = 0; i < names.size(); ++i) {
      for (mlir::Operation *user : names[i].getUsers()) {
        llvm::isa<rt::AliasOp>(user) ? names.push_back(user->getResult(0)) : use(life, user);
      }
    }
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

/// Returns the frame's size.
dim::Expr placeStatic(llvm::MutableArrayRef<Life> lives, mlir::MLIRContext *context) {
  llvm::SmallVector<Life *> order, placed;
  for (Life &l : lives) {
    order.push_back(&l);
  }
  llvm::sort(order, [](Life *a, Life *b) {
    int64_t x = *dim::getConstant(a->size), y = *dim::getConstant(b->size);
    return x != y ? x > y : a < b; // by birth where sizes are equal
  });
  dim::Expr frame = dim::constant(context, 0);
  for (Life *l : order) {
    l->offset = dim::constant(context, lowestOffset(*l, placed));
    placed.push_back(l);
    frame = dim::max(frame, l->end());
  }
  return frame;
}

/// A place for buffers that are never alive together, as large as the largest of them.
struct Slot {
  dim::Expr size;
  llvm::SmallVector<Life *> members;
  bool isFreeFor(const Life &l) const {
    return llvm::none_of(members, [&](Life *m) { return m->overlaps(l); });
  }
};

/// What a formula may be like: every symbol is 64.
int64_t estimate(dim::Expr e) {
  return dim::evaluate(e, [](llvm::StringRef) { return std::optional<int64_t>(64); }).value_or(0);
}

/// "Greedy by size for shared objects" (of the same paper): the largest first, as estimated, each in a slot that is free
/// during its whole life: the first that is large enough for sure, or else the first. Slots stand side by side, so that
/// offsets are sums of sizes. Returns the frame's size.
dim::Expr placeSymbolic(llvm::MutableArrayRef<Life> lives, mlir::MLIRContext *context) {
  llvm::SmallVector<std::pair<int64_t, Life *>> order;
  for (Life &l : lives) {
    order.push_back({estimate(l.size), &l});
  }
  llvm::stable_sort(order, [](const auto &a, const auto &b) { return a.first > b.first; });
  std::vector<Slot> slots;
  for (auto [number, l] : order) {
    Slot *chosen = nullptr;
    bool certain = false;
    for (Slot &s : slots) {
      bool fits = !certain && s.isFreeFor(*l) && dim::provablyNonNegative(dim::sub(s.size, l->size));
      if (fits || (!chosen && s.isFreeFor(*l))) {
        chosen = &s;
        certain = fits;
      }
    }
    if (!chosen) {
      chosen = &slots.emplace_back(Slot{l->size, {}});
    }
    chosen->size = dim::max(chosen->size, l->size);
    chosen->members.push_back(l);
  }
  dim::Expr offset = dim::constant(context, 0);
  for (Slot &s : slots) {
    for (Life *l : s.members) {
      l->offset = offset;
    }
    offset = dim::add(offset, s.size);
  }
  return offset;
}

struct PlanMemoryPass : impl::PlanMemoryBase<PlanMemoryPass> {
  void runOnOperation() override {
    getOperation().walk([&](rt::StageOp stage) { plan(stage); });
  }
  void plan(rt::StageOp stage) {
    llvm::SmallVector<Life> lives = livesOf(stage);
    bool isStatic = llvm::all_of(lives, [](const Life &l) { return dim::getConstant(l.size).has_value(); });
    dim::Expr frame = isStatic ? placeStatic(lives, &getContext()) : placeSymbolic(lives, &getContext());
    for (Life &l : lives) {
      l.buffer.setOffsetAttr(l.offset);
    }
    stage.setFrameSizeAttr(frame);
  }
};
} // namespace
} // namespace dlc

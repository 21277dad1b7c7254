//===- PlanMemory.cpp - offsets of buffers in the frame ------------------------------------------===//
// "Greedy by size" (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference",
// 2020): the largest first, each at the lowest offset that is free during its whole life.
#include "compiler/passes/Passes.h"
#include "compiler/passes/Storage.h"
#include "dialects/dim/Factor.h"
#include "dialects/rt/RT.h"

namespace dlc {
#define GEN_PASS_DEF_PLANMEMORY
#include "compiler/passes/Passes.h.inc"
namespace {
constexpr int64_t kAlignment = 64;
/// No machine has more bytes; sums of sizes that are cut to this do not overflow.
constexpr int64_t kMostBytes = int64_t(1) << 48;

/// A buffer and the steps, counted in order, at which it is alive.
struct Life {
  rt::BufferOp buffer;
  int64_t first = INT64_MAX, last = -1;
  dim::Expr size;
  bool overlaps(const Life &o) const { return first <= o.last && o.first <= last; }
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

/// A buffer in units that are bytes, or bytes times a formula.
struct Piece {
  Life *life;
  int64_t size, offset = 0;
  int64_t end() const { return offset + size; }
};

/// The lowest offset at which `piece` overlaps none of the placed ones that are alive with it.
int64_t lowestOffset(const Piece &piece, llvm::ArrayRef<Piece> placed) {
  llvm::SmallVector<std::pair<int64_t, int64_t>> busy;
  for (const Piece &p : placed) {
    if (p.life->overlaps(*piece.life)) {
      busy.push_back({p.offset, p.end()});
    }
  }
  llvm::sort(busy);
  int64_t offset = 0;
  for (auto [from, to] : busy) {
    if (from - offset >= piece.size) {
      break;
    }
    offset = std::max(offset, to);
  }
  return offset;
}

/// Places the largest first, by birth where sizes are equal. Returns what they take together.
int64_t placePieces(llvm::MutableArrayRef<Piece> pieces) {
  llvm::stable_sort(pieces, [](const Piece &a, const Piece &b) { return a.size > b.size; });
  int64_t frame = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    pieces[i].offset = lowestOffset(pieces[i], pieces.take_front(i));
    frame = std::max(frame, pieces[i].end());
  }
  return frame;
}

/// Offsets of buffers, and the frame's size.
struct Plan {
  llvm::SmallVector<dim::Expr> offsets;
  dim::Expr frame;
};

/// Sizes that are numbers times one formula, such as `batch`, are placed like numbers; a pool for each formula, side by
/// side.
Plan placeInPools(llvm::MutableArrayRef<Life> lives, mlir::MLIRContext *context) {
  llvm::MapVector<dim::Expr, llvm::SmallVector<Piece>> pools;
  for (Life &life : lives) {
    auto [factor, formula] = dim::takeFactor(life.buffer.getSize());
    if (std::optional<int64_t> number = dim::getConstant(formula)) {
      factor *= *number; // 1, or 0
      formula = dim::constant(context, 1);
    }
    pools[formula].push_back({&life, int64_t(llvm::alignTo(std::min(factor, kMostBytes), kAlignment))});
  }
  Plan plan{llvm::SmallVector<dim::Expr>(lives.size()), dim::constant(context, 0)};
  auto times = [&](int64_t number, dim::Expr formula) { return dim::mul(dim::constant(context, number), formula); };
  for (auto &[formula, pieces] : pools) {
    int64_t size = placePieces(pieces);
    for (const Piece &piece : pieces) {
      plan.offsets[piece.life - lives.data()] = dim::add(plan.frame, times(piece.offset, formula));
    }
    plan.frame = dim::add(plan.frame, times(size, formula));
  }
  return plan;
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

/// "Greedy by size for shared objects" (of the same paper): the largest first, as estimated, each in a slot that is
/// free during its whole life: the first that is large enough for sure, or else the first. Slots stand side by side, so
/// that offsets are sums of sizes.
Plan placeInSlots(llvm::MutableArrayRef<Life> lives, mlir::MLIRContext *context) {
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
  Plan plan{llvm::SmallVector<dim::Expr>(lives.size()), dim::constant(context, 0)};
  for (Slot &s : slots) {
    for (Life *l : s.members) {
      plan.offsets[l - lives.data()] = plan.frame;
    }
    plan.frame = dim::add(plan.frame, s.size);
  }
  return plan;
}

struct PlanMemoryPass : impl::PlanMemoryBase<PlanMemoryPass> {
  void runOnOperation() override {
    getOperation().walk([&](rt::StageOp stage) { plan(stage); });
  }
  void plan(rt::StageOp stage) {
    llvm::SmallVector<Life> lives = livesOf(stage);
    Plan plan = placeInPools(lives, &getContext());
    if (!dim::getConstant(plan.frame)) {
      Plan slots = placeInSlots(lives, &getContext());
      plan = estimate(slots.frame) < estimate(plan.frame) ? slots : plan;
    }
    for (auto [life, offset] : llvm::zip(lives, plan.offsets)) {
      life.buffer.setOffsetAttr(offset);
    }
    stage.setFrameSizeAttr(plan.frame);
  }
};
} // namespace
} // namespace dlc

//===- FormGroups.cpp - which ops become one kernel -----------------------------------------===//
#include "compiler/passes/GroupRules.h"
#include "compiler/passes/Kernels.h"
#include "compiler/passes/Passes.h"
#include "compiler/target/cpu/strategy/Strategy.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "mlir/IR/Matchers.h"

namespace dlc {
#define GEN_PASS_DEF_FORMGROUPS
#include "compiler/passes/Passes.h.inc"
namespace {
using Ops = llvm::SetVector<mlir::Operation *>;

/// Elementwise ops beyond this many in one kernel gain nothing more and cost registers.
constexpr size_t kMostOps = 24;
using nn::isElementwise;

class Former {
public:
  Former(mlir::Block &block, const cpu::TargetInfo &target) : block(block), target(target) {}
  void run() {
    llvm::SmallVector<mlir::Operation *> order;
    for (mlir::Operation &op : block.without_terminator()) {
      if (needsKernel(&op)) {
        order.push_back(&op);
      }
    }
    for (mlir::Operation *op : order) {
      formMembers(op);
    }
    for (mlir::Operation *op : order) {
      if (isContraction(op) && !taken.contains(op)) {
        cpu::StrategyChoice choice = cpu::chooseStrategy(op, target, /*alone=*/true);
        form(contractionFirst(withEpilogue(op, choice.strategy)), choice);
      }
    }
    for (mlir::Operation *op : llvm::reverse(order)) {
      if (!taken.contains(op)) {
        form(contractionFirst(withProducers(op)), {nullptr, "no convolution or product"});
      }
    }
    for (mlir::Operation *op : dead) {
      op->destroy();
    }
  }

private:
  /// A group of a strategy that says itself which ops it takes.
  void formMembers(mlir::Operation *op) {
    if (!isContraction(op) || taken.contains(op)) {
      return;
    }
    cpu::StrategyChoice choice = cpu::chooseStrategy(op, target);
    if (!choice.strategy || !choice.strategy->members) {
      return;
    }
    llvm::SmallVector<mlir::Operation *> members = choice.strategy->members(op);
    if (choice.strategy->membersAndEpilogue) {
      llvm::append_range(members, llvm::drop_begin(contractionFirst(withEpilogue(op, choice.strategy))));
    }
    if (llvm::none_of(members, [&](mlir::Operation *member) { return taken.contains(member); })) {
      form(members, choice);
    }
  }

  /// The contraction and elementwise ops that use its result, with what else feeds only them: as many as have one
  /// result together.
  Ops withEpilogue(mlir::Operation *root, const cpu::Strategy *strategy) {
    llvm::SmallVector<Ops> prefixes{Ops()};
    prefixes[0].insert(root);
    while (prefixes.back().size() < kMostOps) {
      mlir::Operation *next = nextOfEpilogue(prefixes.back(), root, strategy);
      if (!next) {
        break;
      }
      Ops ops = prefixes.back();
      for (mlir::Value v : next->getOperands()) {
        mlir::Operation *side = v.getDefiningOp();
        if (strategy && side && !ops.contains(side) && v.hasOneUse() && canFollow(side, root, strategy)) {
          ops.insert(side);
        }
      }
      ops.insert(next);
      prefixes.push_back(ops);
    }
    auto escapes = [](const Ops &ops) {
      return llvm::count_if(ops, [&](mlir::Operation *op) {
        return llvm::any_of(op->getUsers(), [&](mlir::Operation *user) { return !ops.contains(user); });
      });
    };
    while (prefixes.size() > 1 && escapes(prefixes.back()) > 1) {
      prefixes.pop_back();
    }
    return prefixes.back();
  }
  bool canFollow(mlir::Operation *op, mlir::Operation *root, const cpu::Strategy *strategy) {
    return isElementwise(op) && op->getBlock() == root->getBlock() && !taken.contains(op) &&
           sameShape(op->getResult(0), root->getResult(0)) && (!strategy || cpu::fitsEpilogue(op, root));
  }
  /// The first op of the block that uses a result of `ops` and can follow them.
  mlir::Operation *nextOfEpilogue(const Ops &ops, mlir::Operation *root, const cpu::Strategy *strategy) {
    mlir::Operation *first = nullptr;
    for (mlir::Operation *op : ops) {
      for (mlir::Operation *user : op->getUsers()) {
        if (!ops.contains(user) && canFollow(user, root, strategy) && (!first || user->isBeforeInBlock(first))) {
          first = user;
        }
      }
    }
    return first;
  }

  /// The op and what feeds only it, as long as nothing is computed again and again.
  Ops withProducers(mlir::Operation *root) {
    Ops ops;
    ops.insert(root);
    for (size_t i = 0; i < ops.size(); ++i) {
      for (mlir::Value v : ops[i]->getOperands()) {
        mlir::Operation *producer = v.getDefiningOp();
        if (producer && ops.size() < kMostOps && producer->getBlock() == root->getBlock() && !taken.contains(producer) &&
            !isContraction(producer) && needsKernel(producer) && fuses(v, ops[i]) && staysAhead(v, ops, root)) {
          ops.insert(producer);
        }
      }
    }
    return ops;
  }
  /// Whether only the group uses `v`; or an elementwise group stores it too, and others use it after the group.
  static bool staysAhead(mlir::Value v, const Ops &ops, mlir::Operation *root) {
    bool asResult = isElementwise(v.getDefiningOp()) && isElementwise(root) && sameShape(v, root->getResult(0));
    return llvm::all_of(v.getUsers(), [&](mlir::Operation *user) {
      mlir::Operation *here = root->getBlock()->findAncestorOpInBlock(*user);
      return ops.contains(user) || (asResult && here && root->isBeforeInBlock(here));
    });
  }

  /// In the block's order, but for a contraction: it comes first, since nothing in its group feeds it.
  static llvm::SmallVector<mlir::Operation *> contractionFirst(const Ops &ops) {
    llvm::SmallVector<mlir::Operation *> sorted(ops.begin(), ops.end());
    llvm::sort(sorted, [](mlir::Operation *a, mlir::Operation *b) {
      return isContraction(a) != isContraction(b) ? isContraction(a) : a->isBeforeInBlock(b);
    });
    return sorted;
  }

  /// Makes a group of `sorted`, ops in an order in which each follows what it uses.
  void form(llvm::ArrayRef<mlir::Operation *> sorted, const cpu::StrategyChoice &choice) {
    Ops ops(sorted.begin(), sorted.end());
    llvm::SetVector<mlir::Value> inputs, outputs;
    llvm::SmallVector<mlir::Operation *> splats;
    for (mlir::Operation *op : sorted) {
      taken.insert(op);
      for (mlir::Value v : op->getOperands()) {
        if (!ops.contains(v.getDefiningOp())) {
          // A contraction reads its operands from memory.
          bool isInline = isSplat(v) && (!choice.strategy || !isContraction(op));
          (isInline ? void(splats.push_back(v.getDefiningOp())) : void(inputs.insert(v)));
        }
      }
      for (mlir::Value v : op->getResults()) {
        if (llvm::any_of(v.getUsers(), [&](mlir::Operation *u) { return !ops.contains(u); }) || v.use_empty()) {
          outputs.insert(v);
        }
      }
    }
    // One that a contraction reads from memory too is read there by all.
    llvm::erase_if(splats, [&](mlir::Operation *op) { return inputs.contains(op->getResult(0)); });
    build(sorted, inputs.getArrayRef(), outputs.getArrayRef(), splats, choice);
  }

  void build(llvm::ArrayRef<mlir::Operation *> ops, llvm::ArrayRef<mlir::Value> inputs,
             llvm::ArrayRef<mlir::Value> outputs, llvm::ArrayRef<mlir::Operation *> splats,
             const cpu::StrategyChoice &choice) {
    mlir::OpBuilder b(ops.back()->getContext());
    b.setInsertionPointAfter(ops.back());
    llvm::SmallVector<mlir::Location> locs;
    for (mlir::Operation *op : ops) {
      locs.push_back(op->getLoc());
    }
    llvm::SmallVector<mlir::Type> types;
    llvm::transform(outputs, std::back_inserter(types), [](mlir::Value v) { return v.getType(); });
    llvm::StringRef strategy = choice.strategy ? choice.strategy->name : kLoopsStrategy;
    auto group = nn::GroupOp::create(b, b.getFusedLoc(locs), types, inputs, strategy);
    group->setAttr(kReasonAttr, b.getStringAttr(choice.why));
    mlir::Block *body = b.createBlock(&group.getBody());
    mlir::IRMapping map;
    for (mlir::Value v : inputs) {
      map.map(v, body->addArgument(v.getType(), v.getLoc()));
    }
    for (mlir::Operation *op : splats) {
      map.map(op->getResult(0), b.clone(*op)->getResult(0));
    }
    for (mlir::Operation *op : ops) {
      b.clone(*op, map);
    }
    llvm::SmallVector<mlir::Value> yielded;
    llvm::transform(outputs, std::back_inserter(yielded), [&](mlir::Value v) { return map.lookup(v); });
    nn::YieldOp::create(b, group.getLoc(), yielded);
    for (auto [from, to] : llvm::zip(outputs, group.getResults())) {
      mlir::Value(from).replaceAllUsesWith(to);
    }
    // Kept until the end, so that no new op has the address of a taken one.
    for (mlir::Operation *op : llvm::reverse(ops)) {
      op->remove();
      op->dropAllReferences();
      dead.push_back(op);
    }
  }

  mlir::Block &block;
  const cpu::TargetInfo &target;
  llvm::DenseSet<mlir::Operation *> taken;
  llvm::SmallVector<mlir::Operation *> dead;
};

struct FormGroupsPass : impl::FormGroupsBase<FormGroupsPass> {
  FormGroupsPass() = default;
  explicit FormGroupsPass(const cpu::TargetInfo &target) : target(target) {}
  void runOnOperation() override {
    llvm::SmallVector<mlir::Block *> blocks;
    getOperation().walk([&](mlir::Block *block) { blocks.push_back(block); });
    for (mlir::Block *block : blocks) {
      Former(*block, target).run();
    }
  }
  cpu::TargetInfo target = cpu::TargetInfo::native();
};
} // namespace

std::unique_ptr<mlir::Pass> createFormGroups(const cpu::TargetInfo &target) { return std::make_unique<FormGroupsPass>(target); }
} // namespace dlc

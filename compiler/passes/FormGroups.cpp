//===- FormGroups.cpp - which ops become one kernel -----------------------------------------===//
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

bool isContraction(mlir::Operation *op) { return llvm::isa<nn::ConvOp, nn::ConvTransposeOp, nn::MatmulOp>(op); }
/// Ops that are no kernel: they only name bytes that exist.
bool isFree(mlir::Operation *op) { return llvm::isa<nn::ConstantOp, nn::ReshapeOp, nn::ReadDimsOp>(op); }
using nn::isElementwise;
/// Kernels work on tensors of numbers.
bool fitsKernel(mlir::Value v) {
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
  return type && !nn::isString(type.getElementType());
}
bool needsKernel(mlir::Operation *op) {
  return llvm::isa<nn::Lower>(op) && !isFree(op) && llvm::all_of(op->getOperands(), fitsKernel) &&
         llvm::all_of(op->getResults(), fitsKernel);
}
bool isSplat(mlir::Value v) {
  auto constant = v.getDefiningOp<nn::ConstantOp>();
  auto dense = constant ? llvm::dyn_cast<mlir::DenseElementsAttr>(constant.getValue()) : mlir::DenseElementsAttr();
  return dense && dense.isSplat() && !llvm::isa<mlir::DenseStringElementsAttr>(dense);
}

bool sameShape(mlir::Value a, mlir::Value b) {
  dim::Shape x = nn::shapeOf(a), y = nn::shapeOf(b);
  return x.size() == y.size() && llvm::all_of(llvm::zip(x, y), [](auto p) { return dim::equal(std::get<0>(p), std::get<1>(p)); });
}

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
      if (isContraction(op) && !taken.contains(op)) {
        const cpu::Strategy *strategy = cpu::findStrategy(op, target);
        form(withEpilogue(op, strategy), strategy ? strategy->name : kLoopsStrategy);
      }
    }
    for (mlir::Operation *op : llvm::reverse(order)) {
      if (!taken.contains(op)) {
        form(withProducers(op), kLoopsStrategy);
      }
    }
    for (mlir::Operation *op : dead) {
      op->destroy();
    }
  }

private:
  /// The contraction and the chain of elementwise ops that alone use its result, with what else feeds only the chain.
  Ops withEpilogue(mlir::Operation *root, const cpu::Strategy *strategy) {
    Ops ops;
    ops.insert(root);
    mlir::Operation *last = root;
    while (ops.size() < kMostOps && last->getResult(0).hasOneUse()) {
      mlir::Operation *next = *last->getResult(0).user_begin();
      if (!isElementwise(next) || next->getBlock() != root->getBlock() || taken.contains(next) ||
          !sameShape(next->getResult(0), root->getResult(0)) || (strategy && !cpu::fitsEpilogue(next, root))) {
        break;
      }
      ops.insert(next);
      last = next;
      for (mlir::Value v : next->getOperands()) {
        mlir::Operation *side = v.getDefiningOp();
        if (side && !ops.contains(side) && v.hasOneUse() && isElementwise(side) && side->getBlock() == root->getBlock() &&
            !taken.contains(side) && sameShape(v, root->getResult(0)) && strategy && cpu::fitsEpilogue(side, root)) {
          ops.insert(side);
        }
      }
    }
    return ops;
  }

  /// The op and the elementwise ops that feed only it, each element read once.
  Ops withProducers(mlir::Operation *root) {
    Ops ops;
    ops.insert(root);
    for (size_t i = 0; i < ops.size() && ops.size() < kMostOps; ++i) {
      mlir::Operation *consumer = ops[i];
      if (!readsEachOnce(consumer)) {
        continue;
      }
      for (mlir::Value v : consumer->getOperands()) {
        mlir::Operation *producer = v.getDefiningOp();
        if (!producer || !isElementwise(producer) || producer->getBlock() != root->getBlock() || taken.contains(producer) ||
            !llvm::all_of(v.getUsers(), [&](mlir::Operation *u) { return ops.contains(u); }) ||
            (isElementwise(consumer) && !sameShape(v, consumer->getResult(0)))) {
          continue;
        }
        ops.insert(producer);
      }
    }
    return ops;
  }
  /// Ops that read each element of each operand at most once (or may: elementwise ops are checked by shape).
  static bool readsEachOnce(mlir::Operation *op) {
    return isElementwise(op) || llvm::isa<nn::TransposeOp, nn::SliceOp, nn::ReduceOp>(op);
  }

  void form(const Ops &ops, llvm::StringRef strategy) {
    llvm::SmallVector<mlir::Operation *> sorted(ops.begin(), ops.end());
    // A contraction comes first: nothing in its group feeds it.
    llvm::sort(sorted, [](mlir::Operation *a, mlir::Operation *b) {
      return isContraction(a) != isContraction(b) ? isContraction(a) : a->isBeforeInBlock(b);
    });
    llvm::SetVector<mlir::Value> inputs, outputs;
    llvm::SmallVector<mlir::Operation *> splats;
    for (mlir::Operation *op : sorted) {
      taken.insert(op);
      for (mlir::Value v : op->getOperands()) {
        if (!ops.contains(v.getDefiningOp())) {
          // A contraction reads its operands from memory.
          bool isInline = isSplat(v) && (strategy == kLoopsStrategy || !isContraction(op));
          (isInline ? void(splats.push_back(v.getDefiningOp())) : void(inputs.insert(v)));
        }
      }
      for (mlir::Value v : op->getResults()) {
        if (llvm::any_of(v.getUsers(), [&](mlir::Operation *u) { return !ops.contains(u); }) || v.use_empty()) {
          outputs.insert(v);
        }
      }
    }
    build(sorted, inputs.getArrayRef(), outputs.getArrayRef(), splats, strategy);
  }

  void build(llvm::ArrayRef<mlir::Operation *> ops, llvm::ArrayRef<mlir::Value> inputs, llvm::ArrayRef<mlir::Value> outputs,
             llvm::ArrayRef<mlir::Operation *> splats, llvm::StringRef strategy) {
    mlir::OpBuilder b(ops.back()->getContext());
    b.setInsertionPointAfter(ops.back());
    llvm::SmallVector<mlir::Location> locs;
    for (mlir::Operation *op : ops) {
      locs.push_back(op->getLoc());
    }
    llvm::SmallVector<mlir::Type> types;
    llvm::transform(outputs, std::back_inserter(types), [](mlir::Value v) { return v.getType(); });
    auto group = nn::GroupOp::create(b, b.getFusedLoc(locs), types, inputs, strategy);
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

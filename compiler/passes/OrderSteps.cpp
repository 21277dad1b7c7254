//===- OrderSteps.cpp - dependencies between steps --------------------------------------------------===//
#include "compiler/passes/HostCalls.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/Storage.h"
#include "dialects/rt/RT.h"
#include "llvm/ADT/BitVector.h"

namespace dlc {
#define GEN_PASS_DEF_ORDERSTEPS
#include "compiler/passes/Passes.h.inc"
namespace {
/// A step's place in memory: what it reads and writes.
struct Access {
  mlir::Value root;
  bool write;
};

/// The stage whose frame holds a buffer.
mlir::Operation *stageOf(mlir::Operation *op) {
  while (op && !llvm::isa<rt::StageOp>(op)) {
    op = op->getPrevNode();
  }
  return op;
}

/// Whether data may make the step fail, by an index. Such steps run in their order, so that the first failure is told.
bool checksIndices(mlir::Operation *step) {
  mlir::WalkResult result = step->walk([](rt::HostCallOp call) {
    bool checks = llvm::is_contained({kCheckIndices, kScatterElements, kScatterND}, call.getFunction());
    return checks ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
  });
  return result.wasInterrupted();
}

bool mayOverlap(mlir::Value a, mlir::Value b) {
  if (a == b) {
    return true;
  }
  if (!a || !b) {
    return false;
  }
  auto x = a.getDefiningOp<rt::BufferOp>(), y = b.getDefiningOp<rt::BufferOp>();
  if (!x || !y || stageOf(x) != stageOf(y)) {
    return false; // inputs, outputs, constants and other frames share bytes with nothing
  }
  // Apart for certain: one ends before the other begins, whatever the sizes are.
  return !dim::provablyNonNegative(dim::sub(y.getOffset(), dim::add(x.getOffset(), x.getSize()))) &&
         !dim::provablyNonNegative(dim::sub(x.getOffset(), dim::add(y.getOffset(), y.getSize())));
}

llvm::SmallVector<Access> accessesOf(mlir::Operation *step) {
  llvm::SmallVector<mlir::Value> reads, writes;
  rt::getAccesses(step, reads, writes);
  llvm::SmallVector<Access> result;
  for (mlir::Value v : reads) {
    result.push_back({rt::storageRoot(v), false});
  }
  for (mlir::Value v : writes) {
    result.push_back({rt::storageRoot(v), true});
  }
  if (checksIndices(step)) {
    result.push_back({mlir::Value(), true}); // what only they write: the run's failure
  }
  return result;
}

bool conflict(llvm::ArrayRef<Access> a, llvm::ArrayRef<Access> b) {
  return llvm::any_of(a, [&](const Access &x) {
    return llvm::any_of(b, [&](const Access &y) { return (x.write || y.write) && mayOverlap(x.root, y.root); });
  });
}

struct OrderStepsPass : impl::OrderStepsBase<OrderStepsPass> {
  void runOnOperation() override {
    getOperation().walk([&](rt::StageOp stage) {
      llvm::SmallVector<mlir::Operation *> steps;
      for (mlir::Operation *op = stage->getNextNode(); op && !llvm::isa<rt::StageOp>(op); op = op->getNextNode()) {
        if (rt::isStep(op)) {
          steps.push_back(op);
        }
      }
      order(steps);
    });
  }

  void order(llvm::ArrayRef<mlir::Operation *> steps) {
    llvm::SmallVector<llvm::SmallVector<Access>> accesses;
    llvm::SmallVector<llvm::BitVector> before; // all steps that finish before step i
    for (mlir::Operation *step : steps) {
      accesses.push_back(accessesOf(step));
      size_t i = before.size();
      llvm::BitVector all(steps.size());
      llvm::SmallVector<int64_t> after;
      for (size_t j = i; j-- > 0;) {
        if (!all.test(j) && conflict(accesses[j], accesses[i])) {
          after.push_back(j);
          all |= before[j];
          all.set(j);
        }
      }
      before.push_back(all);
      llvm::sort(after);
      step->setAttr("after", mlir::DenseI64ArrayAttr::get(&getContext(), after));
    }
  }
};
} // namespace
} // namespace dlc

//===- RT.cpp - the executable dialect --------------------------------------------------===//
#include "dialects/rt/RT.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "dialects/rt/RTDialect.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/rt/RTTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/rt/RTOps.cpp.inc"

namespace dlc::rt {
void RTDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/rt/RTTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/rt/RTOps.cpp.inc"
      >();
}

mlir::RankedTensorType getTensorType(mlir::Value ref) {
  return llvm::dyn_cast<mlir::RankedTensorType>(llvm::cast<RefType>(ref.getType()).getValue());
}

bool isStep(mlir::Operation *op) { return llvm::isa<DispatchOp, CopyOp, HostCallOp, IfOp, LoopOp>(op); }

namespace {
/// The value whose bytes a view shows.
mlir::Value baseOf(mlir::Value v) {
  while (auto alias = v.getDefiningOp<AliasOp>()) {
    v = alias.getBase();
  }
  return v;
}

/// What blocks inside of a step use from outside.
void addCaptured(mlir::Operation *step, llvm::SmallVectorImpl<mlir::Value> &reads, llvm::SmallVectorImpl<mlir::Value> &writes) {
  auto outside = [&](llvm::ArrayRef<mlir::Value> values, llvm::SmallVectorImpl<mlir::Value> &to) {
    for (mlir::Value v : llvm::map_range(values, baseOf)) {
      if (!step->isProperAncestor(v.getParentRegion()->getParentOp()) && v.getParentRegion()->getParentOp() != step) {
        to.push_back(v);
      }
    }
  };
  for (mlir::Region &region : step->getRegions()) {
    for (mlir::Operation &op : region.front()) {
      llvm::SmallVector<mlir::Value> innerReads, innerWrites;
      if (isStep(&op)) {
        getAccesses(&op, innerReads, innerWrites);
      } else {
        llvm::append_range(innerReads, op.getOperands());
      }
      outside(innerReads, reads);
      outside(innerWrites, writes);
    }
  }
}
} // namespace

void getAccesses(mlir::Operation *step, llvm::SmallVectorImpl<mlir::Value> &reads, llvm::SmallVectorImpl<mlir::Value> &writes) {
  if (auto dispatch = llvm::dyn_cast<DispatchOp>(step)) {
    mlir::ValueRange operands = dispatch.getOperands_();
    llvm::append_range(reads, operands.drop_back(dispatch.getOutputs()));
    llvm::append_range(writes, operands.take_back(dispatch.getOutputs()));
  } else if (auto call = llvm::dyn_cast<HostCallOp>(step)) {
    mlir::ValueRange operands = call.getOperands_();
    llvm::append_range(reads, operands.drop_back(call.getOutputs()));
    llvm::append_range(writes, operands.take_back(call.getOutputs()));
  } else if (auto copy = llvm::dyn_cast<CopyOp>(step)) {
    reads.push_back(copy.getFrom());
    writes.push_back(copy.getTo());
  } else if (auto branch = llvm::dyn_cast<IfOp>(step)) {
    reads.push_back(branch.getCondition());
    llvm::append_range(writes, branch.getResults_());
  } else if (auto loop = llvm::dyn_cast<LoopOp>(step)) {
    for (mlir::Value v : {loop.getTrips(), loop.getCondition()}) {
      if (v) {
        reads.push_back(v);
      }
    }
    llvm::append_range(reads, loop.getInitial());
    writes.append({loop.getIteration(), loop.getGoing()});
    llvm::append_range(writes, loop.getParameters());
    llvm::append_range(writes, loop.getFinals());
    llvm::append_range(writes, loop.getScanned());
  }
  addCaptured(step, reads, writes);
}
} // namespace dlc::rt

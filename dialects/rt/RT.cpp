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

bool isStep(mlir::Operation *op) { return llvm::isa<DispatchOp, CopyOp>(op); }

void getAccesses(mlir::Operation *step, llvm::SmallVectorImpl<mlir::Value> &reads, llvm::SmallVectorImpl<mlir::Value> &writes) {
  if (auto dispatch = llvm::dyn_cast<DispatchOp>(step)) {
    mlir::ValueRange operands = dispatch.getOperands_();
    llvm::append_range(reads, operands.drop_back(dispatch.getOutputs()));
    llvm::append_range(writes, operands.take_back(dispatch.getOutputs()));
  } else if (auto copy = llvm::dyn_cast<CopyOp>(step)) {
    reads.push_back(copy.getFrom());
    writes.push_back(copy.getTo());
  }
}
} // namespace dlc::rt

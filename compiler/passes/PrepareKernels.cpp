//===- PrepareKernels.cpp - what is said of kernels before they become LLVM's ------------------===//
#include "compiler/passes/KernelSignature.h"
#include "compiler/passes/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace dlc {
#define GEN_PASS_DEF_PREPAREKERNELS
#include "compiler/passes/Passes.h.inc"
namespace {
/// Counts a kernel's buffers and sizes.
mlir::FailureOr<KernelSignature> readSignature(mlir::func::FuncOp func) {
  KernelSignature signature;
  llvm::ArrayRef<mlir::Type> types = func.getArgumentTypes();
  size_t i = 0;
  for (; i < types.size() && llvm::isa<mlir::MemRefType>(types[i]); ++i) {
    ++signature.buffers;
  }
  for (; i < types.size() && types[i].isIndex(); ++i) {
    ++signature.dims;
  }
  signature.dims -= 2; // begin, end
  bool scratch = i + 1 == types.size() && llvm::isa<mlir::MemRefType>(types[i]);
  bool status = func.getNumResults() == 1 && func.getResultTypes()[0].isInteger(32);
  if (!scratch || !status || signature.dims < 0) {
    return func.emitError("expected a kernel (buffers, dims, begin, end, scratch) -> i32, got ")
           << func.getFunctionType();
  }
  return signature;
}

void allowContraction(mlir::ModuleOp module) {
  module.walk([](mlir::arith::ArithFastMathInterface op) {
    // A conversion and its inverse must not cancel: the first one rounds.
    if (llvm::isa<mlir::arith::ExtFOp, mlir::arith::TruncFOp>(op)) {
      return;
    }
    auto flags = op.getFastMathFlagsAttr() ? op.getFastMathFlagsAttr().getValue() : mlir::arith::FastMathFlags::none;
    op->setAttr(op.getFastMathAttrName(),
                mlir::arith::FastMathFlagsAttr::get(op->getContext(), flags | mlir::arith::FastMathFlags::contract));
  });
}

struct PrepareKernelsPass : impl::PrepareKernelsBase<PrepareKernelsPass> {
  void runOnOperation() override {
    for (auto func : getOperation().getOps<mlir::func::FuncOp>()) {
      if (func.isDeclaration() || func.isPrivate()) {
        continue;
      }
      mlir::FailureOr<KernelSignature> signature = readSignature(func);
      if (mlir::failed(signature)) {
        return signalPassFailure();
      }
      setSignature(func, *signature);
      func.setPrivate();
    }
    allowContraction(getOperation());
  }
};
} // namespace
} // namespace dlc

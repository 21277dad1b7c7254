//===- KernelFunction.cpp - the form that every kernel's function has ------------------------------===//
#include "compiler/target/cpu/KernelFunction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace dlc::cpu {
namespace {
constexpr int64_t kUnknownCount = int64_t(1) << 40;
} // namespace

mlir::MemRefType kernelBufferType(mlir::Type element, int64_t count) {
  return mlir::MemRefType::get({count < 0 ? kUnknownCount : std::max<int64_t>(count, 1)}, element);
}

mlir::MemRefType kernelBufferType(mlir::RankedTensorType type) {
  return kernelBufferType(type.getElementType(), type.hasStaticShape() ? type.getNumElements() : -1);
}

KernelTail addKernelTail(mlir::Block &entry, mlir::Location loc) {
  mlir::Builder b(loc.getContext());
  KernelTail tail;
  tail.begin = entry.addArgument(b.getIndexType(), loc);
  tail.end = entry.addArgument(b.getIndexType(), loc);
  tail.scratch = entry.addArgument(kernelBufferType(b.getI8Type(), -1), loc);
  return tail;
}

void finishKernel(mlir::func::FuncOp kernel, mlir::OpBuilder &b, mlir::Block *old) {
  mlir::Value ok = mlir::arith::ConstantIntOp::create(b, kernel.getLoc(), 0, 32);
  mlir::func::ReturnOp::create(b, kernel.getLoc(), ok);
  old->dropAllReferences();
  for (mlir::Operation &op : llvm::make_early_inc_range(llvm::reverse(*old))) {
    op.dropAllUses();
    op.erase();
  }
  old->erase();
  kernel.setFunctionType(b.getFunctionType(kernel.front().getArgumentTypes(), b.getI32Type()));
  for (mlir::BlockArgument a : kernel.front().getArguments()) {
    if (llvm::isa<mlir::MemRefType>(a.getType())) {
      kernel.setArgAttr(a.getArgNumber(), "llvm.noalias", b.getUnitAttr());
    }
  }
}
} // namespace dlc::cpu

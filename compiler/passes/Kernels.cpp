//===- Kernels.cpp - finding kernels -------------------------------------------------------===//
#include "compiler/passes/Kernels.h"

namespace dlc {
mlir::ModuleOp getKernelModule(mlir::ModuleOp module) {
  if (auto found = module.lookupSymbol<mlir::ModuleOp>(kKernelModule)) {
    return found;
  }
  mlir::OpBuilder b = mlir::OpBuilder::atBlockEnd(module.getBody());
  return mlir::ModuleOp::create(b, module.getLoc(), kKernelModule);
}

mlir::func::FuncOp getKernel(nn::DispatchOp dispatch) {
  mlir::ModuleOp module = dispatch->getParentOfType<mlir::ModuleOp>();
  auto kernels = module.lookupSymbol<mlir::ModuleOp>(kKernelModule);
  return kernels ? kernels.lookupSymbol<mlir::func::FuncOp>(dispatch.getKernel()) : nullptr;
}
} // namespace dlc

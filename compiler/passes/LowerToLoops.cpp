//===- LowerToLoops.cpp - kernels become loops ------------------------------------------------===//
#include "compiler/passes/Kernels.h"
#include "compiler/passes/Passes.h"
#include "compiler/target/cpu/loops/LoopNest.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace dlc {
#define GEN_PASS_DEF_LOWERTOLOOPS
#include "compiler/passes/Passes.h.inc"
namespace {
struct LowerToLoopsPass : impl::LowerToLoopsBase<LowerToLoopsPass> {
  void runOnOperation() override {
    for (auto func : getKernelModule(getOperation()).getOps<mlir::func::FuncOp>()) {
      auto strategy = func->getAttrOfType<mlir::StringAttr>(kStrategyAttr);
      if (strategy && strategy.getValue() == kLoopsStrategy && mlir::failed(cpu::lowerLinalgToLoops(func))) {
        return signalPassFailure();
      }
    }
  }
};
} // namespace
} // namespace dlc

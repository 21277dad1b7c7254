//===- LowerToRT.cpp - from a graph of values to blocks of steps ------------------------------===//
#include "compiler/passes/Passes.h"
#include "compiler/passes/blocks/BlockBuilder.h"

namespace dlc {
#define GEN_PASS_DEF_LOWERTORT
#include "compiler/passes/Passes.h.inc"
namespace {
struct LowerToRTPass : impl::LowerToRTBase<LowerToRTPass> {
  void runOnOperation() override {
    for (auto func : llvm::make_early_inc_range(getOperation().getOps<mlir::func::FuncOp>())) {
      if (mlir::failed(BlockBuilder(func).run())) {
        return signalPassFailure();
      }
    }
  }
};
} // namespace
} // namespace dlc

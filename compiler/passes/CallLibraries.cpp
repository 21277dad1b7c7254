//===- CallLibraries.cpp - kernels that a library computes ---------------------------------------===//
#include "compiler/passes/Kernels.h"
#include "compiler/passes/Passes.h"
#include "compiler/target/cpu/strategy/OneDnnPattern.h"

namespace dlc {
#define GEN_PASS_DEF_CALLLIBRARIES
#include "compiler/passes/Passes.h.inc"
namespace {
constexpr llvm::StringLiteral kDomain = "dlc.onednn";
constexpr int64_t kVersion = 1;

struct CallLibrariesPass : impl::CallLibrariesBase<CallLibrariesPass> {
  void runOnOperation() override {
    llvm::DenseSet<mlir::Operation *> replaced;
    llvm::SmallVector<nn::DispatchOp> dispatches;
    getOperation().walk([&](nn::DispatchOp dispatch) { dispatches.push_back(dispatch); });
    for (nn::DispatchOp dispatch : dispatches) {
      mlir::func::FuncOp kernel = getKernel(dispatch);
      auto strategy = kernel ? kernel->getAttrOfType<mlir::StringAttr>(kStrategyAttr) : mlir::StringAttr();
      if (!strategy || strategy.getValue() != kOneDnnStrategy) {
        continue;
      }
      std::optional<cpu::OneDnnPattern> pattern = cpu::findOneDnnKernel(kernel);
      if (!pattern) {
        kernel.emitError() << "expected a convolution or product with what oneDNN adds to it";
        return signalPassFailure();
      }
      replace(dispatch, *pattern);
      replaced.insert(kernel);
    }
    for (mlir::Operation *kernel : replaced) {
      kernel->erase();
    }
  }

private:
  void replace(nn::DispatchOp dispatch, const cpu::OneDnnPattern &pattern) {
    mlir::OpBuilder b(dispatch);
    llvm::SmallVector<int64_t> places;
    llvm::SmallVector<mlir::Value> operands;
    for (mlir::Value v : {pattern.input, pattern.weights, pattern.bias, pattern.addend}) {
      places.push_back(v ? int64_t(operands.size()) : -1);
      if (v) {
        operands.push_back(valueOf(b, dispatch, v));
      }
    }
    auto call = nn::CustomOp::create(b, dispatch.getLoc(), dispatch->getResultTypes(), kDomain, pattern.function(),
                                     kVersion, pattern.parameters(), places, operands);
    call->setAttr(kStrategyAttr, b.getStringAttr(kOneDnnStrategy));
    call->setAttr(kFlopsAttr, pattern.flops());
    if (mlir::Attribute reason = dispatch->getAttr(kReasonAttr)) {
      call->setAttr(kReasonAttr, reason);
    }
    dispatch->replaceAllUsesWith(call);
    dispatch.erase();
  }

  /// What a value of a kernel is where the kernel is used.
  static mlir::Value valueOf(mlir::OpBuilder &b, nn::DispatchOp dispatch, mlir::Value v) {
    if (auto argument = llvm::dyn_cast<mlir::BlockArgument>(v)) {
      return dispatch->getOperand(argument.getArgNumber());
    }
    return b.clone(*v.getDefiningOp())->getResult(0);
  }
};
} // namespace
} // namespace dlc

//===- LowerToLoops.cpp - kernels become loops ------------------------------------------------===//
#include "compiler/passes/Kernels.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/PrepareConstants.h"
#include "compiler/target/cpu/loops/LoopNest.h"
#include "compiler/target/cpu/strategy/Strategy.h"
#include "llvm/ADT/StringMap.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace dlc {
#define GEN_PASS_DEF_LOWERTOLOOPS
#include "compiler/passes/Passes.h.inc"
namespace {
struct LowerToLoopsPass : impl::LowerToLoopsBase<LowerToLoopsPass> {
  LowerToLoopsPass() = default;
  explicit LowerToLoopsPass(const cpu::TargetInfo &target) : target(target) {}

  void runOnOperation() override {
    llvm::StringMap<cpu::PackedArguments> packed;
    preparer.emplace(getOperation(), target);
    for (auto func : getKernelModule(getOperation()).getOps<mlir::func::FuncOp>()) {
      if (mlir::failed(lower(func, packed[func.getSymName()]))) {
        return signalPassFailure();
      }
    }
    getOperation().walk([&](nn::DispatchOp dispatch) {
      for (const cpu::PackedArgument &argument : packed[dispatch.getKernel()]) {
        pack(dispatch->getOpOperand(argument.argument), argument);
      }
    });
    preparer->widenNarrowConstants();
  }

private:
  llvm::LogicalResult lower(mlir::func::FuncOp func, cpu::PackedArguments &packed) {
    auto name = func->getAttrOfType<mlir::StringAttr>(kStrategyAttr);
    if (name && name.getValue() == kLoopsStrategy) {
      return cpu::lowerLinalgToLoops(func, target);
    }
    const cpu::Strategy *strategy = name ? cpu::findStrategy(name.getValue()) : nullptr;
    if (!strategy) {
      return func.emitError() << "expected a kernel with a known strategy";
    }
    return strategy->emit(func, target, packed);
  }

  /// Gives a dispatch its constant in packed form, or in one that becomes it. Equal constants packed alike are packed
  /// once.
  void pack(mlir::OpOperand &operand, const cpu::PackedArgument &argument) {
    auto constant = operand.get().getDefiningOp<nn::ConstantOp>();
    nn::Tensor source = *nn::tensorFromAttr(constant.getValue());
    bool prepared = argument.preparation && ConstantPreparer::pays(argument.preparation->bytes, source.bytes());
    auto [it, isNew] = done.try_emplace({constant.getValue(), mlir::StringAttr::get(&getContext(), argument.key)});
    if (isNew) {
      it->second = nn::attrFromTensor(prepared ? argument.preparation->store(source) : argument.pack(source));
    }
    mlir::OpBuilder b(operand.getOwner());
    auto value = llvm::cast<mlir::ElementsAttr>(it->second);
    if (prepared) {
      int64_t elements = argument.preparation->bytes * 8 / nn::getElementBits(source.element());
      auto type = mlir::RankedTensorType::get({elements}, source.element());
      operand.set(preparer->prepare(b, constant.getLoc(), value, type, *argument.preparation));
    } else {
      operand.set(nn::ConstantOp::of(b, constant.getLoc(), value).getResult());
    }
    if (constant->use_empty()) {
      constant.erase();
    }
  }

  cpu::TargetInfo target = cpu::TargetInfo::native();
  std::optional<ConstantPreparer> preparer;
  llvm::DenseMap<std::pair<mlir::Attribute, mlir::Attribute>, mlir::Attribute> done;
};
} // namespace

std::unique_ptr<mlir::Pass> createLowerToLoops(const cpu::TargetInfo &target) { return std::make_unique<LowerToLoopsPass>(target); }
} // namespace dlc

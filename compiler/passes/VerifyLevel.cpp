//===- VerifyLevel.cpp - does IR keep what its level promises? ---------------------------------===//
#include "compiler/passes/Kernels.h"
#include "compiler/passes/Passes.h"
#include "dialects/rt/RT.h"
#include "llvm/ADT/StringSet.h"

namespace dlc {
#define GEN_PASS_DEF_VERIFYLEVEL
#include "compiler/passes/Passes.h.inc"
namespace {
/// The dialects whose ops a level may have: in the model, and in its kernels.
struct Contract {
  llvm::StringLiteral level;
  llvm::ArrayRef<llvm::StringLiteral> model, kernels;
  bool hasTensorsInKernels;
};
constexpr llvm::StringLiteral kGraph[] = {"func", "nn"};
constexpr llvm::StringLiteral kLinalgKernels[] = {"func",   "arith", "math",  "complex", "linalg",
                                                  "tensor", "scf",   "index", "nn"};
constexpr llvm::StringLiteral kRT[] = {"rt"};
constexpr llvm::StringLiteral kLoopKernels[] = {"func",   "arith", "math", "scf", "vector",
                                                "memref", "index", "ub",   "llvm"};
constexpr Contract kContracts[] = {
    {"nn", kGraph, {}, true},
    {"graph", kGraph, {}, true},
    {"linalg", kGraph, kLinalgKernels, true},
    {"rt", kRT, kLoopKernels, false},
};

bool isKernelModule(mlir::Operation *op) {
  auto module = llvm::dyn_cast<mlir::ModuleOp>(op);
  return module && module.getSymName() == kKernelModule;
}

/// A kernel whose strategy emits code from nn ops at the next level.
bool isForStrategy(mlir::Operation *op) {
  auto func = op->getParentOfType<mlir::func::FuncOp>();
  auto strategy = func ? func->getAttrOfType<mlir::StringAttr>(kStrategyAttr) : mlir::StringAttr();
  return strategy && strategy.getValue() != kLoopsStrategy;
}

struct VerifyLevelPass : impl::VerifyLevelBase<VerifyLevelPass> {
  using Base::Base;

  void runOnOperation() override {
    contract = llvm::find_if(kContracts, [&](const Contract &c) { return c.level == level; });
    if (contract == std::end(kContracts)) {
      getOperation().emitError("expected nn, graph, linalg or rt as the level, got ") << level;
      return signalPassFailure();
    }
    for (mlir::Operation &op : *getOperation().getBody()) {
      isKernelModule(&op) ? checkKernels(&op) : checkModel(&op);
    }
  }

private:
  void complain(mlir::Operation *op, const llvm::Twine &what) {
    op->emitError("internal error: at level ") << level << ", " << what;
    signalPassFailure();
  }

  static bool hasDialect(mlir::Operation *op, llvm::ArrayRef<llvm::StringLiteral> allowed) {
    return llvm::is_contained(allowed, op->getName().getDialectNamespace());
  }

  void checkModel(mlir::Operation *root) {
    root->walk([&](mlir::Operation *op) {
      bool isEarly = llvm::isa<nn::GroupOp>(op), isLate = llvm::isa<nn::DispatchOp>(op) && level != "linalg";
      if (!hasDialect(op, contract->model) || isEarly || isLate) {
        complain(op, "expected no '" + op->getName().getStringRef() + "' in the model");
      }
      for (mlir::Value value : op->getResults()) {
        checkShape(op, value.getType());
      }
    });
  }

  /// Every tensor has a rank, and every dynamic dim a formula.
  void checkShape(mlir::Operation *op, mlir::Type type) {
    if (llvm::isa<mlir::UnrankedTensorType>(type)) {
      complain(op, "expected a result of known rank");
    }
    auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
    if (tensor && llvm::any_of(dim::getShape(tensor), [](dim::Expr e) { return dim::isUnknown(e); })) {
      complain(op, "expected a formula for each size of the result");
    }
  }

  void checkKernels(mlir::Operation *kernels) {
    kernels->walk([&](mlir::Operation *op) {
      if (op == kernels) {
        return;
      }
      bool isNN = op->getName().getDialectNamespace() == "nn";
      if (!hasDialect(op, contract->kernels) || (isNN && !isForStrategy(op))) {
        complain(op, "expected no '" + op->getName().getStringRef() + "' in a kernel");
      }
      auto isTensor = [](mlir::Type type) { return llvm::isa<mlir::TensorType>(type); };
      if (!contract->hasTensorsInKernels &&
          (llvm::any_of(op->getResultTypes(), isTensor) || llvm::any_of(op->getOperandTypes(), isTensor))) {
        complain(op, "expected no tensor in a kernel");
      }
    });
  }

  const Contract *contract = nullptr;
};
} // namespace
} // namespace dlc

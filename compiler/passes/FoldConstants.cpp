//===- FoldConstants.cpp - what is known now is computed now --------------------------------------===//
#include "compiler/passes/Passes.h"
#include "dialects/nn/eval/Eval.h"

namespace dlc {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "compiler/passes/Passes.h.inc"
namespace {
nn::ConstantOp constantOf(mlir::Value v) { return v.getDefiningOp<nn::ConstantOp>(); }

bool isStaticTensor(mlir::Value v) {
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
  return type && type.hasStaticShape();
}

uint64_t bytesOf(mlir::Value v) {
  auto type = llvm::cast<mlir::RankedTensorType>(v.getType());
  return uint64_t(type.getNumElements()) * std::max(8u, nn::getElementBits(type.getElementType())) / 8;
}

struct FoldConstantsPass : impl::FoldConstantsBase<FoldConstantsPass> {
  using Base::Base;
  void runOnOperation() override {
    left = budget;
    shapes = {};
    llvm::SmallVector<mlir::Operation *> ops;
    getOperation().walk([&](mlir::Operation *op) { ops.push_back(op); });
    for (mlir::Operation *op : ops) {
      // Packed elements are for callers only: constants hold what kernels read.
      if (llvm::isa<nn::ConstantOp, nn::PackBitsOp>(op) || op->getNumResults() == 0 || op->getNumRegions() != 0 || !mlir::isPure(op)) {
        continue;
      }
      if (foldSizes(op) || foldValues(op)) {
        shapes.forget(op);
        op->erase();
      }
    }
  }

private:
  /// Symbols that inputs do not bind are those of values that the run computes. An op that is the last to use such a
  /// value must stay: without it the value would be gone, and with it what its sizes are.
  bool isLastToShow(mlir::Operation *op, llvm::ArrayRef<dim::Expr> formulas) {
    auto isShownBy = [](mlir::Type type, llvm::StringRef symbol) {
      auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
      bool found = false;
      for (dim::Expr e : tensor ? dim::getShape(tensor) : dim::Shape()) {
        dim::forEachSymbol(e, [&](llvm::StringRef name) { found |= name == symbol; });
      }
      return found;
    };
    bool last = false;
    for (dim::Expr e : formulas) {
      dim::forEachSymbol(e, [&](llvm::StringRef symbol) {
        bool isBound =
            llvm::any_of(getOperation().getArgumentTypes(), [&](mlir::Type t) { return isShownBy(t, symbol); });
        last |= !isBound && llvm::any_of(op->getOperands(), [&](mlir::Value v) {
          return v.getDefiningOp() && v.hasOneUse() && isShownBy(v.getType(), symbol);
        });
      });
    }
    return last;
  }

  /// Integer tensors whose elements are formulas.
  bool foldSizes(mlir::Operation *op) {
    if (op->getNumResults() != 1 || llvm::isa<nn::SizesOp>(op)) {
      return false;
    }
    std::optional<dim::Shape> value = shapes.of(op->getResult(0));
    if (!value || isLastToShow(op, *value)) {
      return false;
    }
    mlir::OpBuilder b(op);
    mlir::Type type = op->getResult(0).getType();
    auto sizes = nn::SizesOp::create(b, op->getLoc(), type, dim::ShapeAttr::get(&getContext(), *value), type);
    if (!llvm::all_of(*value, [](dim::Expr e) { return dim::getConstant(e).has_value(); })) {
      op->getResult(0).replaceAllUsesWith(sizes.getResult());
      return true;
    }
    bool done = replaceByValues(sizes, op);
    shapes.forget(sizes);
    sizes->erase();
    return done;
  }

  bool foldValues(mlir::Operation *op) {
    if (keepQuantized && llvm::isa<nn::DequantizeLinearOp>(op)) {
      return false;
    }
    bool known = llvm::isa<nn::Evaluate>(op) && llvm::all_of(op->getOperands(), [](mlir::Value v) { return bool(constantOf(v)); }) &&
                 llvm::all_of(op->getResults(), isStaticTensor);
    if (!known) {
      return false;
    }
    uint64_t in = 0, out = 0;
    for (mlir::Value v : op->getOperands()) {
      in += bytesOf(v);
    }
    for (mlir::Value v : op->getResults()) {
      out += bytesOf(v);
    }
    if (out > in && out - in > left) {
      return false;
    }
    if (!replaceByValues(op, op)) {
      return false;
    }
    left -= out > in ? out - in : 0;
    return true;
  }

  /// Evaluates `op`, and replaces the results of `replaced`.
  bool replaceByValues(mlir::Operation *op, mlir::Operation *replaced) {
    llvm::SmallVector<nn::Datum> operands;
    for (mlir::Value v : op->getOperands()) {
      mlir::FailureOr<nn::Tensor> t = nn::tensorFromAttr(constantOf(v).getValue());
      if (mlir::failed(t)) {
        return false;
      }
      operands.push_back(*t);
    }
    // What can't be evaluated stays as it is: the run reports it.
    mlir::ScopedDiagnosticHandler quiet(&getContext(), [](mlir::Diagnostic &) { return mlir::success(); });
    nn::Evaluator evaluator;
    mlir::FailureOr<llvm::SmallVector<nn::Datum>> results = evaluator.runOp(op, operands);
    if (mlir::failed(results)) {
      return false;
    }
    mlir::OpBuilder b(replaced);
    for (auto [from, datum] : llvm::zip(replaced->getResults(), *results)) {
      if (datum.getKind() != nn::Datum::Kind::Tensor || !nn::areCompatible(from.getType(), datum.tensor().type())) {
        return false;
      }
    }
    for (auto [from, datum] : llvm::zip(replaced->getResults(), *results)) {
      mlir::Value to = nn::ConstantOp::of(b, replaced->getLoc(), nn::attrFromTensor(datum.tensor())).getResult();
      from.replaceAllUsesWith(to);
    }
    return true;
  }

  uint64_t left = 0;
  nn::ShapeValues shapes;
};
} // namespace
} // namespace dlc

//===- WidenFloats.cpp - arithmetic of half precision in single precision -------------------------------===//
#include "compiler/passes/Passes.h"

namespace dlc {
#define GEN_PASS_DEF_WIDENFLOATS
#include "compiler/passes/Passes.h.inc"
namespace {
using mlir::Value;

/// Ops whose meaning does not hang on the element type: cast, and what quantises, name types themselves.
bool isArithmetic(mlir::Operation *op) {
  return llvm::isa<nn::Lower>(op) && op->getNumRegions() == 0 && mlir::isPure(op) &&
         !llvm::isa<nn::ConstantOp, nn::CastOp, nn::QuantizeLinearOp, nn::DequantizeLinearOp, nn::DynamicQuantizeOp>(op);
}

struct WidenFloatsPass : impl::WidenFloatsBase<WidenFloatsPass> {
  using Base::Base;
  void runOnOperation() override {
    llvm::SmallVector<mlir::Operation *> ops;
    getOperation().walk([&](mlir::Operation *op) {
      if (isArithmetic(op) && llvm::any_of(op->getOperandTypes(), [&](mlir::Type t) { return isNarrow(t); })) {
        ops.push_back(op);
      }
    });
    for (mlir::Operation *op : ops) {
      widen(op);
    }
    wide.clear();
  }

private:
  bool isNarrow(mlir::Type type) const {
    auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
    return tensor && (tensor.getElementType().isF16() || (bf16 && tensor.getElementType().isBF16()));
  }

  /// The value in f32: what it was rounded from, or a cast.
  Value widened(Value v) {
    Value &w = wide[v];
    if (!w) {
      mlir::OpBuilder b(v.getContext());
      b.setInsertionPointAfterValue(v);
      w = nn::create<nn::CastOp>(b, v.getLoc(), v, b.getF32Type(), true).getResult();
    }
    return w;
  }

  void widen(mlir::Operation *op) {
    mlir::OpBuilder b(op);
    mlir::Operation *copy = b.clone(*op);
    for (mlir::OpOperand &operand : copy->getOpOperands()) {
      if (isNarrow(operand.get().getType())) {
        operand.set(widened(operand.get()));
      }
    }
    if (!infersAlike(copy, op)) {
      copy->erase();
      return;
    }
    for (auto [from, to] : llvm::zip(op->getResults(), copy->getResults())) {
      if (!isNarrow(from.getType())) {
        from.replaceAllUsesWith(to);
        continue;
      }
      Value rounded = nn::create<nn::CastOp>(b, op->getLoc(), to, nn::elementOf(from), true).getResult();
      from.replaceAllUsesWith(rounded);
      wide[rounded] = to;
    }
    op->erase();
  }

  /// Whether the results of `copy` are those of `op`, f32 where they were narrow.
  bool infersAlike(mlir::Operation *copy, mlir::Operation *op) {
    mlir::ScopedDiagnosticHandler quiet(&getContext(), [](mlir::Diagnostic &) { return mlir::success(); });
    if (mlir::failed(nn::refineResultTypes(copy))) {
      return false;
    }
    return llvm::all_of(llvm::zip(op->getResultTypes(), copy->getResultTypes()), [&](auto pair) {
      auto [before, after] = pair;
      mlir::Type element = isNarrow(before) ? mlir::Type(mlir::Float32Type::get(&getContext()))
                           : llvm::isa<mlir::RankedTensorType>(before) ? llvm::cast<mlir::RankedTensorType>(before).getElementType()
                                                                       : mlir::Type();
      auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(after);
      return tensor && tensor.getElementType() == element;
    });
  }

  llvm::DenseMap<Value, Value> wide;
};
} // namespace
} // namespace dlc

//===- WidenFloats.cpp - arithmetic of half precision in single precision -------------------------------===//
#include "compiler/passes/Passes.h"
#include "dialects/nn/Precision.h"

namespace dlc {
#define GEN_PASS_DEF_WIDENFLOATS
#include "compiler/passes/Passes.h.inc"
namespace {
using mlir::Value;

/// Ops whose meaning does not hang on the element type: cast, and what quantises, name types themselves.
bool isArithmetic(mlir::Operation *op) {
  return llvm::isa<nn::Lower>(op) && op->getNumRegions() == 0 && mlir::isPure(op) &&
         !llvm::isa<nn::ConstantOp, nn::CastOp, nn::QuantizeLinearOp, nn::DequantizeLinearOp, nn::DynamicQuantizeOp>(
             op);
}

/// Ops that the CPU has products of bf16 pairs for.
bool isContraction(mlir::Operation *op) { return llvm::isa<nn::MatmulOp, nn::ConvOp, nn::ConvTransposeOp>(op); }

/// Ops whose results are elements of their operands: no sum or product is rounded.
bool onlyMoves(mlir::Operation *op) {
  return llvm::isa<nn::ReshapeOp, nn::TransposeOp, nn::BroadcastOp, nn::SliceOp, nn::ConcatOp, nn::PadOp, nn::TileOp,
                   nn::GatherOp, nn::GatherElementsOp, nn::GatherNDOp, nn::MaxPoolOp>(op);
}

/// Functions with a shorter form for results that have few bits.
bool hasShortForm(mlir::Operation *op) { return llvm::isa<nn::ErfOp, nn::SoftmaxOp>(op); }

void markHalfPrecision(mlir::Operation *op) {
  op->setAttr(nn::kHalfPrecisionAttr, mlir::UnitAttr::get(op->getContext()));
}

struct WidenFloatsPass : impl::WidenFloatsBase<WidenFloatsPass> {
  using Base::Base;
  void runOnOperation() override {
    llvm::SmallVector<mlir::Operation *> ops;
    getOperation().walk([&](mlir::Operation *op) {
      if (needsWidening(op)) {
        ops.push_back(op);
      }
    });
    for (mlir::Operation *op : ops) {
      widen(op);
    }
    wide.clear();
  }

private:
  static bool hasElements(mlir::Type type, llvm::function_ref<bool(mlir::Type)> matches) {
    auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
    return tensor && matches(tensor.getElementType());
  }
  static bool isBrain(mlir::Type type) {
    return hasElements(type, [](mlir::Type element) { return element.isBF16(); });
  }
  static bool isNarrow(mlir::Type type) {
    return isBrain(type) || hasElements(type, [](mlir::Type element) { return element.isF16(); });
  }
  bool needsWidening(mlir::Operation *op) const {
    bool stays = !bf16 && llvm::any_of(op->getOperandTypes(), isBrain) && (isContraction(op) || onlyMoves(op));
    return isArithmetic(op) && !stays && llvm::any_of(op->getOperandTypes(), isNarrow);
  }
  /// Whether a user takes the rounded value: then others read that too, rather than keep both.
  bool isReadNarrow(Value v) const {
    return isBrain(v.getType()) &&
           !llvm::all_of(v.getUsers(), [&](mlir::Operation *user) { return needsWidening(user); });
  }

  /// The value in f32: what it was rounded from, or a cast.
  Value widened(Value v) {
    Value &w = wide[v];
    if (!w) {
      mlir::OpBuilder b(v.getContext());
      b.setInsertionPointAfterValue(v);
      w = nn::create<nn::CastOp>(b, v.getLoc(), v, b.getF32Type(), true).getResult();
      markHalfPrecision(w.getDefiningOp());
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
    if (hasShortForm(op)) {
      markHalfPrecision(copy);
    }
    for (auto [from, to] : llvm::zip(op->getResults(), copy->getResults())) {
      if (!isNarrow(from.getType())) {
        from.replaceAllUsesWith(to);
        continue;
      }
      bool keepsBoth = bf16 || !isReadNarrow(from);
      Value rounded = nn::create<nn::CastOp>(b, op->getLoc(), to, nn::elementOf(from), true).getResult();
      from.replaceAllUsesWith(rounded);
      if (keepsBoth) {
        wide[rounded] = to;
      }
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
                           : llvm::isa<mlir::RankedTensorType>(before)
                               ? llvm::cast<mlir::RankedTensorType>(before).getElementType()
                               : mlir::Type();
      auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(after);
      return tensor && tensor.getElementType() == element;
    });
  }

  llvm::DenseMap<Value, Value> wide;
};
} // namespace
} // namespace dlc

//===- MatmulProblems.h - from nn's matrix products to those of the emitters -------------------------===//
#ifndef DLC_COMPILER_TARGET_CPU_STRATEGY_MATMULPROBLEMS_H
#define DLC_COMPILER_TARGET_CPU_STRATEGY_MATMULPROBLEMS_H
#include "compiler/target/cpu/contraction/Gemm.h"
#include "compiler/target/cpu/strategy/KernelFrame.h"

namespace dlc::cpu {
/// A product's dims as formulas: batch, m, n, k.
struct Product {
  nn::MatmulOp op;
  dim::Shape a, b, result, batch;
  dim::Expr m, n, k;
  bool vectorA, vectorB, sharedB;

  explicit Product(nn::MatmulOp op);
  bool broadcastsStatically() const;
};
/// Whether the emitters have the op's types and shapes. Says what is in the way.
bool fitsGemm(mlir::Operation *root, Reason &reason);
/// A constant of two known dims.
bool isConstantMatrix(mlir::Value v);
/// The op in the emitters' terms, with sizes as `size` gives them.
GemmProblem problemOf(KernelBuilder &kb, const Product &product, llvm::function_ref<Idx(dim::Expr)> size);
} // namespace dlc::cpu
#endif

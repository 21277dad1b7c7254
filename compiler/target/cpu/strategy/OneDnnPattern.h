//===- OneDnnPattern.h - contractions that a call of oneDNN computes -------------------------------------===//
#ifndef DLC_COMPILER_TARGET_CPU_STRATEGY_ONEDNNPATTERN_H
#define DLC_COMPILER_TARGET_CPU_STRATEGY_ONEDNNPATTERN_H
#include "compiler/target/cpu/strategy/Strategy.h"
#include "mlir/IR/BuiltinAttributes.h"

namespace dlc::cpu {
/// clamp(contraction(input, weights) + bias + addend, low, high) in f32: an op of runtime/onednn.
struct OneDnnPattern {
  mlir::Operation *root = nullptr;          ///< nn.conv or nn.matmul
  llvm::SmallVector<mlir::Operation *> ops; ///< the root, then what follows it
  mlir::Value input, weights, bias, addend; ///< bias [outputs]; addend of the result's shape; both may be null
  std::optional<float> low, high;

  /// "conv" or "matmul", and the attributes of that op.
  llvm::StringRef function() const;
  mlir::DictionaryAttr parameters() const;
  /// Multiplications and additions of the sums.
  dim::Expr flops() const;
};

/// The longest such chain from `root` on in a graph, of ops whose results only the next one uses; the weights are a
/// constant. Nothing where there is none, and why.
std::optional<OneDnnPattern> findOneDnn(mlir::Operation *root, Reason &reason);
/// The same for a kernel, all ops of which must be part of it. The weights are an argument, constant or not.
std::optional<OneDnnPattern> findOneDnnKernel(mlir::func::FuncOp kernel);
} // namespace dlc::cpu
#endif

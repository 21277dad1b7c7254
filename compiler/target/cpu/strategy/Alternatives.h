//===- Alternatives.h - other ways to make a contraction kernel, worth measuring -------------------------===//
#ifndef DLC_COMPILER_TARGET_CPU_STRATEGY_ALTERNATIVES_H
#define DLC_COMPILER_TARGET_CPU_STRATEGY_ALTERNATIVES_H
#include "compiler/target/cpu/strategy/Strategy.h"

namespace dlc::cpu {
/// A strategy and what is not left to its cost model.
struct KernelChoice {
  std::string strategy;
  Choice choice;
  bool operator==(const KernelChoice &) const = default;
  /// "conv rows=8 vectors=2".
  std::string text() const;
  static std::optional<KernelChoice> parse(llvm::StringRef text);
};

/// Whether the kernel (nn ops; a contraction, then its epilogue) is one that has alternatives: all sizes are static and
/// its strategy has choices.
bool hasAlternatives(mlir::func::FuncOp kernel);
/// Register tiles and strategies, the one that the cost model takes first; a call of oneDNN, where the target allows it
/// to be measured, last.
std::vector<KernelChoice> alternatives(mlir::func::FuncOp kernel, const TargetInfo &target);
/// `base` with one other thing changed each.
std::vector<KernelChoice> variations(mlir::func::FuncOp kernel, const TargetInfo &target, const KernelChoice &base);
/// Whether the choice is one of those above: what a file says can be taken.
bool isAlternative(mlir::func::FuncOp kernel, const TargetInfo &target, const KernelChoice &choice);
/// Whether the kernel may be made so with these weights, a constant of one of its dispatches: Winograd's rounding
/// depends on them.
bool allowsWeights(mlir::func::FuncOp kernel, const KernelChoice &choice, const nn::Tensor &weights);
/// The argument of the kernel that the weights (or the right-hand side) are.
unsigned weightsArgument(mlir::func::FuncOp kernel);
/// Makes the kernel take the choice.
void choose(mlir::func::FuncOp kernel, const KernelChoice &choice);
/// Multiply-accumulates of a kernel of static sizes, about.
double workOf(mlir::func::FuncOp kernel);
/// The op that the kernel is made for.
mlir::Operation *rootOf(mlir::func::FuncOp kernel);
} // namespace dlc::cpu
#endif

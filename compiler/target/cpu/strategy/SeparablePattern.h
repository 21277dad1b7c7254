//===- SeparablePattern.h - convolutions around a depthwise one among a graph's ops -------------------===//
#ifndef DLC_COMPILER_TARGET_CPU_STRATEGY_SEPARABLEPATTERN_H
#define DLC_COMPILER_TARGET_CPU_STRATEGY_SEPARABLEPATTERN_H
#include "dialects/nn/NN.h"
#include <optional>

namespace dlc::cpu {
/// A convolution of a SeparablePattern, and the elementwise ops between it and the next one, in order: each works on
/// single elements and on what columns (channels) share, and nothing else uses their results.
struct SeparableStage {
  nn::ConvOp conv;
  llvm::SmallVector<mlir::Operation *> behind;
};

/// Convolutions that read nothing but each other's results: a depthwise one and `project`, perhaps `expand` before them.
struct SeparablePattern {
  /// Null where there is none.
  SeparableStage expand;
  SeparableStage depthwise;
  nn::ConvOp project;

  /// All but what follows `project`, in order.
  llvm::SmallVector<mlir::Operation *> ops() const;
};

/// The pattern that ends with `project`; sizes and types are not looked at. With `expansion` only one that has it.
std::optional<SeparablePattern> findSeparable(nn::ConvOp project, bool expansion);
} // namespace dlc::cpu
#endif

//===- AttentionPattern.h - softmax(q k^T) v among a graph's ops ------------------------------------===//
#ifndef DLC_COMPILER_TARGET_CPU_STRATEGY_ATTENTIONPATTERN_H
#define DLC_COMPILER_TARGET_CPU_STRATEGY_ATTENTIONPATTERN_H
#include "dialects/nn/NN.h"
#include <optional>

namespace dlc::cpu {
/// The ops of an attention. Each one's result is used by the next alone.
struct AttentionPattern {
  /// Transpositions of what the products read, and of the result: null where there is none that can be read or written
  /// in place.
  nn::TransposeOp query, key, value, output;
  nn::MatmulOp scores;
  /// Elementwise ops on the scores (a cast to f32, scale, mask), in order.
  llvm::SmallVector<mlir::Operation *> between;
  nn::SoftmaxOp softmax;
  /// Rounds the softmax to bf16, where the products are of that; else null.
  nn::CastOp rounded;
  nn::MatmulOp values;

  llvm::SmallVector<mlir::Operation *> ops() const;
  mlir::Value result() const;
};

/// The attention whose last product is `values`, when a kernel can compute it: products in f32 or bf16 and
/// the rest in f32, with static sizes of a query and of a value, and more than one query.
std::optional<AttentionPattern> findAttention(nn::MatmulOp values);
} // namespace dlc::cpu
#endif

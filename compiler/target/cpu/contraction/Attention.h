#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_ATTENTION_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_ATTENTION_H

#include "compiler/target/cpu/contraction/Gemm.h"

#include <functional>

namespace dlc::cpu {

/// A batch dimension (a head is one too): its size, and the element strides of the operands and of the output (0 where
/// an operand is broadcast).
struct AttentionBatch {
  Idx size;
  Idx q, k, v, out;
};

/// out[batch, query, :] = sum over key of softmax(epilogue(q[query, :] . k[key, :]))[key] * v[key, :]. Any
/// strides of q, k and v; the output's columns are adjacent.
struct AttentionProblem {
  /// Of q, k, v and the output: f32; or bf16, whose products are of pairs. Exponentials are rounded to it, scores and
  /// sums are f32.
  mlir::Type element;
  /// Of the exponentials.
  mlir::arith::FastMathFlags flags = mlir::arith::FastMathFlags::none;
  llvm::SmallVector<AttentionBatch> batch;
  Idx queries, keys;
  /// Elements of a query and key, and of a value: static.
  int64_t size = 1, valueSize = 1;
  /// Element strides between queries or keys, and between the elements of one.
  Idx qRow, qColumn = 1;
  Idx kRow, kColumn = 1;
  Idx vRow, vColumn = 1;
  Idx outRow;
};

/// Where a vector of scores lies.
struct ScoreCoord {
  llvm::SmallVector<Idx> batch;
  Idx query, key;
  /// Lanes that hold scores; the others must not be read from memory.
  Lanes lanes;
};
/// Maps scores before the softmax (scale, mask).
using ScoreEpilogue = std::function<mlir::Value(KernelBuilder &, mlir::Value scores, const ScoreCoord &)>;

/// How it is computed: a tile of work has `rows` queries, whose scores stay in the L2 cache.
struct AttentionPlan {
  int64_t rows = 1;
  ContractionTypes types;
  GemmTile scores, values;
};
/// Sizes that are dynamic need no value here.
AttentionPlan planAttention(const AttentionProblem &problem, const TargetInfo &target);

/// Scratch bytes: `fixed + perKey * keys`.
struct AttentionScratch {
  int64_t fixed = 0;
  int64_t perKey = 0;
};
AttentionScratch attentionScratch(const AttentionProblem &problem, const AttentionPlan &plan);

/// Emits a loop over tiles [begin, end) of `product(batch sizes) * ceil(queries / rows)`. `scratch` is an i8 buffer,
/// 64-byte-aligned.
void emitAttention(KernelBuilder &kb, const AttentionProblem &problem, const AttentionPlan &plan, mlir::Value q,
                   mlir::Value k, mlir::Value v, mlir::Value out, const ScoreEpilogue &epilogue, Idx begin, Idx end,
                   mlir::Value scratch);

} // namespace dlc::cpu

#endif

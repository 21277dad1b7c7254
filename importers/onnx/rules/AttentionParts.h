//===- AttentionParts.h - what the attention ops have in common --------------------------===//
#ifndef DLC_IMPORTERS_ONNX_RULES_ATTENTIONPARTS_H
#define DLC_IMPORTERS_ONNX_RULES_ATTENTIONPARTS_H
#include "importers/onnx/Node.h"

namespace dlc::onnx_import {
/// softmax(cap(q k^T scale) + masks) v. q is [batch, heads, queries, size], k [batch, kv heads, keys, size] and v
/// [batch, kv heads, keys, value size]; query head h uses kv head h / (heads / kv heads).
struct AttentionParts {
  Value q, k, v;
  /// Null: 1 / sqrt(size). A scalar of q's type otherwise.
  Value scale;
  /// Scores become cap * tanh(score / cap); 0: they stay.
  double softcap = 0;
  /// Added to the scores; may be null. Broadcasts to [batch, heads, queries, keys].
  Value bias;
  /// Where a query may see a key; null: everywhere. Broadcasts likewise.
  Value allowed;
  /// A row that sees nothing gives zeros. Without it, such a row is NaN.
  bool zeroBlindRows = false;
  /// One more score per head ([heads, 1, 1]) that takes part in the softmax and in nothing else; may be null.
  Value sink;
  /// The softmax's type; null: the scores'.
  Type precision;
  /// What to make of scores and of probabilities; absent: nothing. They are given, and return, values of `precision`.
  llvm::function_ref<Value(Value)> modifyScores = nullptr, modifyProbabilities = nullptr;
};

/// The result, [batch, heads, queries, value size], and what is on the way to it: [batch, heads, queries, keys], in q's
/// type but for the probabilities' (q's as well).
struct AttentionResult {
  Value raw, capped, biased, probabilities, y;
};
/// Null values after a failure.
AttentionResult attend(Node &n, const AttentionParts &parts);

/// [batch, length, heads * size] -> [batch, heads, length, size], and back.
Value splitHeads(Node &n, Value v, Expr heads);
Value mergeHeads(Node &n, Value v);

/// Which keys a query sees by its place: key j for query i where
/// i + offset - left <= j <= i + offset + right; a bound below 0 is none. `offset` is an i64 scalar or [batch, 1, 1,
/// 1]. Null where there is no bound. The result is [queries, keys] or [batch, 1, queries, keys].
Value visibleByPlace(Node &n, Expr queries, Expr keys, Value offset, int64_t left, int64_t right);
/// Both; either may be null.
Value bothAllowed(Node &n, Value a, Value b);
/// A formula as a scalar of i64.
Value sizeValue(Node &n, Expr e);

/// Rotates pairs of the first `dim` (null: all) elements of the last dim of x: elements i and i + dim / 2, or, when
/// `interleaved`, 2 i and 2 i + 1. cos and sin have dim / 2 elements in the last dim and broadcast to x otherwise.
Value rotatePairs(Node &n, Value x, Value cos, Value sin, Expr dim, bool interleaved);
} // namespace dlc::onnx_import
#endif

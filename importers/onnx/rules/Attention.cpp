//===- Attention.cpp - ONNX's attention ops ----------------------------------------------===//
#include "importers/onnx/Graph.h"
#include "importers/onnx/rules/AttentionParts.h"
#include "importers/onnx/rules/Indices.h"
#include <limits>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// [batch, heads, length, size]; of an operand of rank 3, attribute `heads` says how many there are.
Value headsOf(Node &n, unsigned i, llvm::StringRef heads) {
  int64_t count = n.getInt(heads, 0);
  if (nn::rankOf(n.in(i)) == 4) {
    return n.in(i);
  }
  if (count < 1) {
    (void)n.fail("expected " + heads + " above 0 with an input of rank 3, got " + llvm::Twine(count));
    return {};
  }
  return splitHeads(n, n.in(i), n.number(count));
}

/// Has the run check that a mask is for no more keys than there are; fails where it is known to be.
void checkMask(Node &n, Expr masked, Expr keys) {
  std::optional<int64_t> have = dim::getConstant(masked), most = dim::getConstant(keys);
  if (have && most && *have > *most) {
    (void)n.fail("expected a mask of at most " + llvm::Twine(*most) + " keys, got " + llvm::Twine(*have));
  }
  n.assume(dim::max(masked, keys), keys, "greatest number of keys in the mask");
}

/// A mask whose last dim is shorter goes on with what hides keys.
Value paddedMask(Node &n, Value mask, Expr keys) {
  Type e = nn::elementOf(mask);
  Shape shape = nn::shapeOf(mask), begins(shape.size(), n.number(0)), ends = begins;
  if (shape.empty() || shape.back() == keys) {
    return mask;
  }
  checkMask(n, shape.back(), keys);
  ends.back() = dim::sub(keys, shape.back());
  Value hidden = nn::isBool(e) ? n.scalar(e, 0) : n.scalar(e, -std::numeric_limits<double>::infinity());
  Value padded = n.make<nn::PadOp>(mask, hidden, nn::PadMode::Constant, n.shapeAttr(begins), n.shapeAttr(ends));
  Shape full = shape;
  full.back() = keys;
  return n.reshape(padded, full);
}

/// How many keys stand before the first query: those of the cache. An i64 scalar, or [batch, 1, 1, 1].
Value keysBefore(Node &n, Expr queries, Value pastKey, Value lengths) {
  if (pastKey) {
    return sizeValue(n, nn::shapeOf(pastKey)[2]);
  }
  return lengths ? n.sub(lengths, sizeValue(n, queries)) : n.scalar(n.builder.getI64Type(), 0);
}

/// The valid keys of each element of the batch, as [batch, 1, 1, 1]; null where the operand is absent.
Value keyLengths(Node &n, unsigned i) {
  if (!n.has(i) || n.failed()) {
    return {};
  }
  if (nn::rankOf(n.in(i)) != 1) {
    (void)n.fail("expected a vector of lengths at input " + llvm::Twine(i));
    return {};
  }
  Expr one = n.number(1);
  return n.reshape(n.cast(n.in(i), n.builder.getI64Type()), {nn::shapeOf(n.in(i))[0], one, one, one});
}

/// Adds masks by operand, by place and by length.
void addMasks(Node &n, AttentionParts &parts, Value pastKey) {
  Expr queries = nn::shapeOf(parts.q)[2], keys = nn::shapeOf(parts.k)[2];
  if (Value mask = n.in(3)) {
    Value padded =
        paddedMask(n, nn::isInteger(nn::elementOf(mask)) ? n.cast(mask, nn::elementOf(parts.q)) : mask, keys);
    (nn::isBool(nn::elementOf(mask)) ? parts.allowed : parts.bias) = padded;
  }
  Value lengths = keyLengths(n, 6);
  bool causal = n.getBool("is_causal", false);
  int64_t left = n.getInt("left_window_size", -1), right = n.getInt("right_window_size", -1);
  Value byPlace = visibleByPlace(n, queries, keys, keysBefore(n, queries, pastKey, lengths), left, causal ? 0 : right);
  parts.allowed = bothAllowed(n, parts.allowed, byPlace);
  if (lengths && !n.failed()) {
    Value place = n.make<nn::IotaOp>(n.shapeAttr({keys}), 0, n.builder.getI64Type());
    parts.allowed = bothAllowed(n, parts.allowed, n.make<nn::LessOp>(place, lengths));
  }
  parts.zeroBlindRows = n.has(3) || lengths || left >= 0 || right >= 0;
}

/// Attention-23 to -28. Fully masked rows are zeros, as the corrected specification (1.23) has it.
Result attention(Node &n) {
  AttentionParts parts{headsOf(n, 0, "q_num_heads"), headsOf(n, 1, "kv_num_heads"), headsOf(n, 2, "kv_num_heads")};
  if (n.failed() || n.has(4) != n.has(5)) {
    return n.fail("expected past_key and past_value together");
  }
  if (n.has(4)) {
    parts.k = n.concat({n.in(4), parts.k}, 2);
    parts.v = n.concat({n.in(5), parts.v}, 2);
  }
  if (n.failed()) {
    return mlir::failure();
  }
  n.set(1, parts.k);
  n.set(2, parts.v);
  if (n.hasAttribute("scale")) {
    parts.scale = n.scalar(nn::elementOf(parts.q), n.getFloat("scale", 1));
  }
  parts.softcap = n.getFloat("softcap", 0);
  if (n.hasAttribute("softmax_precision")) {
    parts.precision = n.getElementType("softmax_precision", 1);
  }
  addMasks(n, parts, n.in(4));
  int64_t mode = n.getInt("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3) {
    return n.fail("expected qk_matmul_output_mode 0 to 3, got " + llvm::Twine(mode));
  }
  AttentionResult r = attend(n, parts);
  if (n.failed()) {
    return mlir::failure();
  }
  const Value scores[] = {r.raw, r.capped, r.biased, r.probabilities};
  n.set(3, scores[mode]);
  return n.result(nn::rankOf(n.in(0)) == 3 ? mergeHeads(n, r.y) : r.y);
}

/// What a graph of one input and one output makes of the value.
Value applyGraph(Node &n, llvm::StringRef name, Value v) {
  const onnx::GraphProto *graph = n.getGraph(name);
  if (!graph || n.failed()) {
    return n.failed() ? Value() : v;
  }
  llvm::SmallVector<Value> results;
  if (mlir::failed(n.importer.importSubgraph(n, *graph, {v}, results)) || results.size() != 1 || n.failed()) {
    (void)n.fail("expected " + name + " to be a graph of one input and one output");
    return {};
  }
  auto before = llvm::cast<mlir::RankedTensorType>(v.getType());
  auto after = llvm::dyn_cast<mlir::RankedTensorType>(results[0].getType());
  if (!after || after.getRank() != before.getRank() || after.getElementType() != before.getElementType()) {
    (void)n.fail("expected " + name + " to keep rank and element type");
    return {};
  }
  for (auto [a, b] : llvm::zip(nn::shapeOf(results[0]), nn::shapeOf(v))) {
    n.assume(a, b, name);
  }
  return n.failed() ? Value() : n.reshape(results[0], nn::shapeOf(v));
}

Result flexAttention(Node &n) {
  AttentionParts parts{n.in(0), n.in(1), n.in(2)};
  Type e = nn::elementOf(n.in(0));
  parts.precision = e.isF64() ? e : n.builder.getF32Type();
  if (n.hasAttribute("softmax_precision")) {
    parts.precision = n.getElementType("softmax_precision", 1);
  }
  if (n.hasAttribute("scale")) {
    parts.scale = n.scalar(e, n.getFloat("scale", 1));
  }
  auto scores = [&](Value v) { return applyGraph(n, "score_mod", v); };
  auto probabilities = [&](Value v) { return applyGraph(n, "prob_mod", v); };
  parts.modifyScores = scores;
  parts.modifyProbabilities = probabilities;
  return n.failed() ? mlir::failure() : n.result(attend(n, parts).y);
}

/// With position ids, the caches are tables of rows; without, they have one row per position.
Result rotaryEmbedding(Node &n) {
  bool interleaved = n.getBool("interleaved", false);
  int64_t size = n.getInt("rotary_embedding_dim", 0), heads = n.getInt("num_heads", 0), rank = nn::rankOf(n.in(0));
  if ((rank != 3 && rank != 4) || (rank == 3 && heads < 1) || size < 0 || size % 2) {
    return n.fail("expected an input of rank 4, or 3 with num_heads, and an even rotary_embedding_dim");
  }
  Shape shape = nn::shapeOf(n.in(0));
  Value x = n.in(0);
  if (rank == 3) {
    x = n.reshape(x, {shape[0], shape[1], n.number(heads), dim::floorDiv(shape[2], n.number(heads))});
  }
  // [batch, length, half], then with a dim of size 1 for the heads.
  for (unsigned i : {1, 2}) {
    if (n.has(3) && nn::rankOf(n.in(i)) == 2) {
      checkIndices(n, n.in(3), nn::shapeOf(n.in(i))[0]);
    }
  }
  auto angles = [&](unsigned i) -> Value {
    Value v = n.has(3) ? n.make<nn::GatherOp>(n.in(i), n.in(3), 0) : n.in(i);
    if (n.failed() || !v || nn::rankOf(v) != 3) {
      (void)n.fail("expected sines and cosines of rank 3, or 2 with position_ids of rank 2");
      return {};
    }
    Shape s = nn::shapeOf(v);
    return rank == 3 ? n.reshape(v, {s[0], s[1], n.number(1), s[2]}) : n.reshape(v, {s[0], n.number(1), s[1], s[2]});
  };
  Value y = rotatePairs(n, x, angles(1), angles(2), size ? n.number(size) : Expr(), interleaved);
  return n.result(n.reshape(y, shape));
}

/// The update goes where write_indices say, element of the batch by element, along `axis`; `circular` wraps around.
Result tensorScatter(Node &n) {
  Value cache = n.in(0), update = n.in(1);
  int64_t rank = nn::rankOf(cache), axis = n.axis(n.getInt("axis", -2), rank);
  std::string mode = n.getString("mode", "linear");
  if (n.failed() || axis == 0 || (mode != "linear" && mode != "circular") || nn::rankOf(update) != rank) {
    return n.fail("expected an axis other than 0, mode linear or circular, and an update of the cache's rank");
  }
  Type i64 = n.builder.getI64Type();
  Shape shape = nn::shapeOf(update), line(rank, n.number(1));
  Expr room = dim::sub(nn::shapeOf(cache)[axis], shape[axis]);
  n.assume(room, dim::max(room, n.number(0)), "elements of the cache that the update leaves");
  if (n.has(2) && mode == "linear") {
    checkRange(n, n.in(2), 0, dim::add(room, n.number(1)), "write_indices");
  }
  line[axis] = shape[axis];
  Value place = n.make<nn::IotaOp>(n.shapeAttr(line), axis, i64);
  if (n.has(2)) {
    Shape first(rank, n.number(1));
    first[0] = shape[0];
    place = n.add(place, n.reshape(n.in(2), first));
  }
  if (mode == "circular" && n.has(2)) {
    place = n.make<nn::ModOp>(place, sizeValue(n, nn::shapeOf(cache)[axis]));
  }
  return n.result(n.make<nn::ScatterElementsOp>(cache, n.broadcast(place, shape), update, axis, nn::ScatterKind::None));
}
} // namespace

void addAttentionRules(RuleTable &table) {
  table.add({{"", "Attention", {23, 24, 28}, attention, {3, 7}},
             {"ai.onnx.preview", "FlexAttention", {1}, flexAttention, {3, 3}},
             {"", "RotaryEmbedding", {23}, rotaryEmbedding, {3, 4}},
             {"", "TensorScatter", {24}, tensorScatter, {2, 3}}});
}
} // namespace dlc::onnx_import

//===- AttentionMicrosoft.cpp - the attention ops of ONNX Runtime ---------------------------===//
#include "importers/onnx/rules/AttentionParts.h"
#include "importers/onnx/rules/Indices.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// A part of the last dim.
Value columns(Node &n, Value v, Expr from, Expr count) {
  return v ? n.slice(v, nn::rankOf(v) - 1, from, count) : Value();
}

void readScale(Node &n, AttentionParts &parts) {
  if (double scale = n.getFloat("scale", 0); scale != 0 && parts.q) {
    parts.scale = n.scalar(nn::elementOf(parts.q), scale);
  }
}

/// A mask of integers, 0 for keys that are not seen, or of lengths, as what is added to the scores: `filter` there.
/// [batch, keys], [batch, queries, keys] or, as lengths, [batch].
Value maskBias(Node &n, Value mask, Expr batch, Expr keys, Type element, double filter) {
  if (!mask || n.failed()) {
    return {};
  }
  Shape s = nn::shapeOf(mask);
  Expr one = n.number(1);
  Value seen;
  if (s.size() == 1 && nn::isInteger(nn::elementOf(mask))) {
    if (!dim::equal(s[0], batch) && dim::getConstant(s[0]) != dim::getConstant(batch)) {
      (void)n.fail("expected one length per element of the batch, or a mask of rank 2 or 3");
      return {};
    }
    n.assume(s[0], batch, "lengths in the mask");
    Value place = n.make<nn::IotaOp>(n.shapeAttr({keys}), 0, nn::elementOf(mask));
    seen = n.make<nn::LessOp>(place, n.reshape(mask, {s[0], one, one, one}));
  } else if (s.size() == 2 || s.size() == 3) {
    Value raw = s.size() == 2 ? n.reshape(mask, {s[0], one, one, s[1]}) : n.reshape(mask, {s[0], one, s[1], s[2]});
    seen = n.cast(raw, n.builder.getI1Type());
  } else {
    (void)n.fail("expected a mask of lengths, or of rank 2 or 3, got rank " + llvm::Twine(s.size()));
    return {};
  }
  return n.select(seen, n.scalar(element, 0), n.scalar(element, filter));
}

Value addOptional(Node &n, Value a, Value b) { return a && b ? n.add(a, b) : a ? a : b; }

/// What Attention and MultiHeadAttention share once queries, keys and values are found. `past` may be null.
AttentionResult finishAttention(Node &n, AttentionParts &parts, Value pastKey, Value mask, Value extraBias) {
  AttentionResult r;
  if (n.failed()) {
    return r;
  }
  Shape q = nn::shapeOf(parts.q);
  Expr keys = nn::shapeOf(parts.k)[2];
  double filter = n.getFloat("mask_filter_value", -10000.0);
  parts.bias = addOptional(n, maskBias(n, mask, q[0], keys, nn::elementOf(parts.q), filter), extraBias);
  if (n.getBool("unidirectional", false)) {
    Value offset = sizeValue(n, dim::sub(keys, q[2]));
    parts.allowed = visibleByPlace(n, q[2], keys, offset, -1, 0);
  }
  readScale(n, parts);
  return attend(n, parts);
}

/// The input times merged weights, plus a merged bias; the past is [2, batch, heads, length, size].
Result attention(Node &n) {
  int64_t heads = n.getInt("num_heads", 0);
  if (nn::rankOf(n.in(0)) != 3 || nn::rankOf(n.in(1)) != 2 || heads < 1 || n.has(6) || n.getBool("do_rotary", false) ||
      n.getBool("past_present_share_buffer", false)) {
    return n.fail("expected an input of rank 3, weights of rank 2, num_heads, no rotation and no shared buffer");
  }
  Expr all = nn::shapeOf(n.in(1))[1], third = dim::floorDiv(all, n.number(3));
  Ints sizes = n.getInts("qkv_hidden_sizes");
  Shape parted = sizes.empty() ? Shape{third, third, third} : n.numbers(sizes);
  Value merged = n.make<nn::MatmulOp>(n.in(0), n.in(1), false, false);
  merged = n.has(2) ? n.add(merged, n.in(2)) : merged;
  if (n.failed() || parted.size() != 3) {
    return n.fail("expected three qkv_hidden_sizes");
  }
  Value split[3];
  Expr from = n.number(0);
  for (unsigned i = 0; i < 3; ++i) {
    split[i] = splitHeads(n, columns(n, merged, from, parted[i]), n.number(heads));
    from = dim::add(from, parted[i]);
  }
  n.assume(all, sizes.empty() ? dim::mul(third, n.number(3)) : from, "columns of the weights");
  AttentionParts parts{split[0], split[1], split[2]};
  if (n.has(4) && !n.failed()) {
    Shape past = nn::shapeOf(n.in(4));
    if (past.size() != 5) {
      return n.fail("expected a past of 5 dims, got " + llvm::Twine(past.size()));
    }
    auto half = [&](int64_t i) {
      return n.reshape(n.slice(n.in(4), 0, n.number(i), n.number(1)), llvm::ArrayRef(past).drop_front());
    };
    parts.k = n.concat({half(0), parts.k}, 2);
    parts.v = n.concat({half(1), parts.v}, 2);
  }
  AttentionResult r = finishAttention(n, parts, n.in(4), n.in(3), n.in(5));
  if (n.wants(1) && !n.failed()) {
    Shape one = nn::shapeOf(parts.k);
    one.insert(one.begin(), n.number(1));
    n.set(1, n.concat({n.reshape(parts.k, one), n.reshape(parts.v, one)}, 0));
  }
  return n.result(mergeHeads(n, r.y));
}

/// Part `i` of `count` of a packed [batch, length, heads, count, size], as [batch, heads, length, size].
Value packedPart(Node &n, Value packed, int64_t i) {
  Shape s = nn::shapeOf(packed);
  Value part = n.reshape(n.slice(packed, 3, n.number(i), n.number(1)), {s[0], s[1], s[2], s[4]});
  return n.transpose(part, {0, 2, 1, 3});
}

/// Queries, keys and values as heads, whether packed or not, with the bias added.
AttentionParts multiHeads(Node &n, Expr heads) {
  Value q = n.in(0), k = n.in(1), v = n.in(2), bias = n.in(3);
  Expr at = n.number(0);
  auto biased = [&](Value x) {
    if (!bias || !x || nn::rankOf(x) != 3) {
      return x;
    }
    Expr size = nn::shapeOf(x)[2];
    Value part = columns(n, bias, at, size);
    at = dim::add(at, size);
    return n.add(x, part);
  };
  AttentionParts parts;
  bool packed = nn::rankOf(q) == 5 || (k && nn::rankOf(k) == 5);
  if (packed && bias) {
    (void)n.fail("expected no bias with packed operands");
  } else if (nn::rankOf(q) == 5) {
    parts = {packedPart(n, q, 0), packedPart(n, q, 1), packedPart(n, q, 2)};
  } else if (k && nn::rankOf(k) == 5) {
    parts = {splitHeads(n, q, heads), packedPart(n, k, 0), packedPart(n, k, 1)};
  } else if (k && v && nn::rankOf(k) == 4 && !bias) {
    parts = {splitHeads(n, q, heads), k, v};
  } else if (k && v && nn::rankOf(k) == 3) {
    q = biased(q);
    k = biased(k);
    v = biased(v);
    parts = {splitHeads(n, q, heads), splitHeads(n, k, heads), splitHeads(n, v, heads)};
    if (bias && nn::rankOf(bias) == 1) {
      n.assume(nn::shapeOf(bias)[0], at, "size of the bias");
    }
  } else {
    (void)n.fail("expected query, key and value, or packed ones of rank 5");
  }
  return parts;
}

Result multiHeadAttention(Node &n) {
  int64_t heads = n.getInt("num_heads", 0);
  if (heads < 1 || n.has(8) || n.has(9) || n.wants(3) || n.has(6) != n.has(7)) {
    return n.fail("expected num_heads, past key and value together, and neither shared buffers nor the output qk");
  }
  AttentionParts parts = multiHeads(n, n.number(heads));
  if (n.has(6) && !n.failed()) {
    parts.k = n.concat({n.in(6), parts.k}, 2);
    parts.v = n.concat({n.in(7), parts.v}, 2);
  }
  n.set(1, parts.k);
  n.set(2, parts.v);
  return n.result(mergeHeads(n, finishAttention(n, parts, n.in(6), n.in(4), n.in(5)).y));
}

/// What GroupQueryAttention knows of the batch's sequences, [batch, 1, 1, 1] of i64.
struct Sequences {
  Value length; ///< valid keys, the new ones among them
  Value before; ///< valid keys in the cache
  Expr total;   ///< the longest of `length`
};

std::optional<Sequences> readSequences(Node &n, Expr batch, Expr added) {
  std::optional<Shape> total = n.sizes(6);
  if (!total || total->size() != 1 || !n.has(5)) {
    (void)n.fail("expected seqlens_k and one total_sequence_length");
    return std::nullopt;
  }
  Type i64 = n.builder.getI64Type();
  Expr one = n.number(1);
  Value length = n.add(n.reshape(n.cast(n.in(5), i64), {batch, one, one, one}), 1.0);
  // In a prompt, where everything is new, shorter sequences are padded at their ends.
  Value before = n.max(n.sub(length, sizeValue(n, added)), n.scalar(i64, 0));
  Value prompt = n.make<nn::EqualOp>(sizeValue(n, total->front()), sizeValue(n, added));
  before = n.select(prompt, n.scalar(i64, 0), before);
  return n.failed() ? std::nullopt : std::optional(Sequences{length, before, total->front()});
}

/// The new keys fit in the whole, and both caches hold equally many of the old ones.
void checkLengths(Node &n, Expr total, Expr added) {
  std::optional<int64_t> all = dim::getConstant(total), own = dim::getConstant(added);
  if (all && (*all < 0 || (own && *all < *own))) {
    (void)n.fail("expected a total_sequence_length of at least the " + dim::toString(added) + " new keys, got " +
                 llvm::Twine(*all));
  }
  if (n.has(3) && nn::rankOf(n.in(3)) == 4 && nn::rankOf(n.in(4)) == 4) {
    n.assume(nn::shapeOf(n.in(4))[2], nn::shapeOf(n.in(3))[2], "length of the value cache");
  }
}

/// The cache with `added` [batch, heads, length, size] after the valid keys.
Value extendCache(Node &n, Value past, Value added, const Sequences &s) {
  if (n.failed() || !added) {
    return {};
  }
  if (past && nn::rankOf(past) != 4) {
    (void)n.fail("expected a cache of 4 dims, got " + llvm::Twine(nn::rankOf(past)));
    return {};
  }
  Shape shape = nn::shapeOf(added), full = shape;
  for (int64_t d : {0, 1, 3}) {
    n.assume(past ? nn::shapeOf(past)[d] : shape[d], shape[d], "batch, heads or size of the cache");
  }
  full[2] = past ? dim::max(nn::shapeOf(past)[2], s.total) : s.total;
  Value base;
  if (past) {
    Shape begins(4, n.number(0)), ends = begins;
    ends[2] = dim::sub(full[2], nn::shapeOf(past)[2]);
    Value padded = n.make<nn::PadOp>(past, n.scalar(nn::elementOf(past), 0), nn::PadMode::Constant, n.shapeAttr(begins),
                                     n.shapeAttr(ends));
    base = n.reshape(padded, full);
  } else {
    base = n.broadcast(n.scalar(nn::elementOf(added), 0), full);
  }
  Value place =
      n.make<nn::IotaOp>(n.shapeAttr({n.number(1), n.number(1), shape[2], n.number(1)}), 2, n.builder.getI64Type());
  return n.make<nn::ScatterElementsOp>(base, n.broadcast(n.add(place, s.before), shape), added, 2,
                                       nn::ScatterKind::None);
}

/// Rotates queries or keys [batch, heads, length, size] by their positions: input 9, or their places.
Value rotateGroup(Node &n, Value x, const Sequences &s, bool interleaved) {
  if (n.failed() || !x || !n.has(7) || !n.has(8) || nn::rankOf(n.in(7)) != 2) {
    (void)n.fail("expected tables of cosines and sines, of rank 2, with do_rotary");
    return {};
  }
  Shape shape = nn::shapeOf(x);
  Expr one = n.number(1), half = nn::shapeOf(n.in(7))[1];
  Value place = n.make<nn::IotaOp>(n.shapeAttr({one, one, shape[2], one}), 2, n.builder.getI64Type());
  Value at = n.has(9)
                 ? n.reshape(n.in(9), {shape[0], shape[2]})
                 : n.reshape(n.broadcast(n.add(place, s.before), {shape[0], one, shape[2], one}), {shape[0], shape[2]});
  auto angles = [&](unsigned i) {
    Value rows = n.make<nn::GatherOp>(n.in(i), at, 0);
    return n.reshape(rows, {shape[0], one, shape[2], half});
  };
  Expr turned = dim::mul(half, n.number(2));
  return rotatePairs(n, x, angles(7), angles(8), turned == shape[3] ? Expr() : turned, interleaved);
}

/// Queries, keys and values from operands 0 to 2, or from operand 0 with all heads one after the other.
AttentionParts groupHeads(Node &n, int64_t heads, int64_t kvHeads) {
  Value q = n.in(0), k = n.in(1), v = n.in(2);
  if (!k && nn::rankOf(q) == 3) {
    Expr count = n.number(heads + 2 * kvHeads), size = dim::floorDiv(nn::shapeOf(q)[2], count);
    n.assume(nn::shapeOf(q)[2], dim::mul(size, count), "size of all heads");
    Expr own = dim::mul(size, n.number(heads)), shared = dim::mul(size, n.number(kvHeads));
    k = columns(n, n.in(0), own, shared);
    v = columns(n, n.in(0), dim::add(own, shared), shared);
    q = columns(n, n.in(0), n.number(0), own);
  }
  return {splitHeads(n, q, n.number(heads)), splitHeads(n, k, n.number(kvHeads)), splitHeads(n, v, n.number(kvHeads))};
}

/// The size of the operand without what its attributes ask for beyond plain caches.
bool isPlainGroup(Node &n) {
  bool plain = n.getInt("kv_cache_bit_width", 0) == 0 && !n.getBool("sliding_window_cache", false) &&
               n.getInt("qk_output", 0) == 0 && n.getString("k_quant_type", "NONE") == "NONE" &&
               n.getString("v_quant_type", "NONE") == "NONE" && !n.has(12) && !n.has(13) && !n.wants(3);
  if (!plain) {
    (void)n.fail("expected caches of plain numbers that hold the whole sequence, and no output of products");
  }
  return plain;
}

Value perHeadNorm(Node &n, Value x, unsigned weight) {
  if (!n.has(weight)) {
    return x;
  }
  double epsilon = n.getFloat("qk_norm_epsilon", 1e-6);
  return n.make<nn::LayerNormOp>(x, n.in(weight), Value(), 3, llvm::APFloat(epsilon), true);
}

Result groupQueryAttention(Node &n) {
  int64_t heads = n.getInt("num_heads", 0), kvHeads = n.getInt("kv_num_heads", 0),
          window = n.getInt("local_window_size", -1);
  n.ignore({"qk_norm_epsilon"});
  if (heads < 1 || kvHeads < 1 || heads % kvHeads || n.has(1) != n.has(2) || n.has(3) != n.has(4) || !isPlainGroup(n)) {
    return n.fail("expected num_heads to be a multiple of kv_num_heads, and keys and values together");
  }
  AttentionParts parts = groupHeads(n, heads, kvHeads);
  if (n.failed()) {
    return mlir::failure();
  }
  Shape q = nn::shapeOf(parts.q);
  std::optional<Sequences> s = readSequences(n, q[0], nn::shapeOf(parts.k)[2]);
  if (!s) {
    return mlir::failure();
  }
  checkLengths(n, s->total, nn::shapeOf(parts.k)[2]);
  n.assume(nn::shapeOf(parts.v)[2], nn::shapeOf(parts.k)[2], "number of values");
  checkRange(n, n.in(5), 0, s->total, "seqlens_k");
  parts.q = perHeadNorm(n, parts.q, 14);
  parts.k = perHeadNorm(n, parts.k, 15);
  bool interleaved = n.getBool("rotary_interleaved", false);
  if (n.getBool("do_rotary", false)) {
    parts.q = rotateGroup(n, parts.q, *s, interleaved);
    parts.k = rotateGroup(n, parts.k, *s, interleaved);
  }
  Value keys = extendCache(n, n.in(3), parts.k, *s), values = extendCache(n, n.in(4), parts.v, *s);
  n.set(1, keys);
  n.set(2, values);
  parts.k = n.slice(keys, 2, n.number(0), s->total);
  parts.v = n.slice(values, 2, n.number(0), s->total);
  bool causal = n.getBool("causal", true);
  parts.allowed = visibleByPlace(n, q[2], s->total, s->before, window > 0 ? window - 1 : -1, causal ? 0 : -1);
  if (!causal && !n.failed()) {
    Value place = n.make<nn::IotaOp>(n.shapeAttr({s->total}), 0, n.builder.getI64Type());
    parts.allowed = bothAllowed(n, parts.allowed, n.make<nn::LessOp>(place, s->length));
  }
  parts.bias = n.in(10);
  parts.softcap = n.getFloat("softcap", 0);
  bool smooth = n.getBool("smooth_softmax", false);
  if (n.has(11)) {
    parts.sink = n.reshape(n.in(11), {n.number(heads), n.number(1), n.number(1)});
  } else if (smooth) {
    parts.sink = n.filled(nn::elementOf(n.in(0)), 0, {heads, 1, 1});
  }
  readScale(n, parts);
  return n.result(mergeHeads(n, attend(n, parts).y));
}

/// Positions are [batch, length], or one number that the first position has.
Result rotaryEmbedding(Node &n) {
  Value x = n.in(0);
  int64_t heads = n.getInt("num_heads", 0), size = n.getInt("rotary_embedding_dim", 0), rank = nn::rankOf(x);
  bool interleaved = n.getBool("interleaved", false);
  if (n.getFloat("scale", 1) != 1 || n.getBool("is_packed_batching", false) || (rank != 3 && rank != 4) ||
      nn::rankOf(n.in(2)) != 2 || (size > 0 && rank == 3 && heads < 1)) {
    return n.fail(
        "expected an input of rank 3 or 4 (3 with num_heads where rotary_embedding_dim is given), scale 1 and "
        "no packed batches");
  }
  Shape shape = nn::shapeOf(x);
  Expr half = nn::shapeOf(n.in(2))[1], one = n.number(1), turned = dim::mul(half, n.number(2));
  Expr count = heads > 0 ? n.number(heads) : rank == 4 ? shape[1] : dim::floorDiv(shape[2], turned);
  Value split = rank == 3 ? splitHeads(n, x, count) : x;
  if (n.failed()) {
    return mlir::failure();
  }
  Shape s = nn::shapeOf(split);
  Value at = n.cast(n.in(1), n.builder.getI64Type());
  if (nn::rankOf(at) == 1) {
    at = n.broadcast(n.add(n.make<nn::IotaOp>(n.shapeAttr({s[2]}), 0, n.builder.getI64Type()), at), {s[0], s[2]});
  }
  auto angles = [&](unsigned i) { return n.reshape(n.make<nn::GatherOp>(n.in(i), at, 0), {s[0], one, s[2], half}); };
  Value y = rotatePairs(n, split, angles(2), angles(3), turned == s[3] ? Expr() : turned, interleaved);
  return n.result(rank == 3 ? n.reshape(mergeHeads(n, y), shape) : y);
}
} // namespace

void addAttentionMicrosoftRules(RuleTable &table) {
  table.add({{kMicrosoft, "Attention", {1}, attention, {2, 7}},
             {kMicrosoft, "MultiHeadAttention", {1}, multiHeadAttention, {1, 10}},
             {kMicrosoft, "GroupQueryAttention", {1}, groupQueryAttention, {1, 16}},
             {kMicrosoft, "RotaryEmbedding", {1}, rotaryEmbedding, {4, 4}}});
}
} // namespace dlc::onnx_import

//===- AttentionParts.cpp - what the attention ops have in common ------------------------===//
#include "importers/onnx/rules/AttentionParts.h"
#include <limits>

namespace dlc::onnx_import {
namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// 1 / sqrt(the last dim's size), a scalar of the value's type.
Value defaultScale(Node &n, Value q) {
  Type e = nn::elementOf(q), compute = nn::getElementBits(e) < 32 ? Type(n.builder.getF32Type()) : e;
  Value size = n.cast(sizeValue(n, nn::shapeOf(q).back()), compute);
  Value root = n.make<nn::SqrtOp>(size);
  return n.cast(n.make<nn::ReciprocalOp>(root), e);
}

/// The matrices of several heads that share one of the other operand's, one below the other: [batch, kv heads, group *
/// rows, size]. No data moves.
Value groupRows(Node &n, Value v, Expr kvHeads) {
  Shape s = v ? nn::shapeOf(v) : Shape();
  if (!v || s[1] == kvHeads) {
    return v;
  }
  return n.reshape(v, {s[0], kvHeads, dim::mul(dim::floorDiv(s[1], kvHeads), s[2]), s[3]});
}

Value softcapped(Node &n, Value scores, double cap) {
  return cap > 0 ? n.mul(n.make<nn::TanhOp>(n.div(scores, cap)), cap) : scores;
}

/// softmax along the last dim, with one more score per head.
Value softmaxWithSink(Node &n, Value scores, Value sink) {
  Shape s = nn::shapeOf(scores);
  if (!sink) {
    return n.make<nn::SoftmaxOp>(scores, 3, false);
  }
  Value column = n.broadcast(n.cast(sink, nn::elementOf(scores)), {s[0], s[1], s[2], n.number(1)});
  Value all = column ? n.make<nn::SoftmaxOp>(n.concat({scores, column}, 3), 3, false) : Value();
  return n.slice(all, 3, n.number(0), s[3]);
}

Value probabilitiesOf(Node &n, const AttentionParts &parts, Value scores) {
  Type precision = parts.precision ? parts.precision : nn::elementOf(scores);
  Value x = n.cast(scores, precision);
  if (parts.modifyScores) {
    x = parts.modifyScores(x);
  }
  if (n.failed() || !x) {
    return {};
  }
  Value y = softmaxWithSink(n, x, parts.sink);
  if (parts.zeroBlindRows) {
    Value most = n.reduce(x, nn::ReduceKind::Max, {3});
    Value blind = most ? n.make<nn::EqualOp>(most, n.scalar(precision, -kInfinity)) : Value();
    y = n.select(blind, n.scalar(precision, 0), y);
  }
  return parts.modifyProbabilities && y ? parts.modifyProbabilities(y) : y;
}
} // namespace

Value sizeValue(Node &n, Expr e) {
  return n.make<nn::SizesOp>(n.shapeAttr({e}), mlir::RankedTensorType::get({}, n.builder.getI64Type()));
}

AttentionResult attend(Node &n, const AttentionParts &parts) {
  AttentionResult r;
  if (n.failed() || nn::rankOf(parts.q) != 4 || nn::rankOf(parts.k) != 4 || nn::rankOf(parts.v) != 4) {
    (void)n.fail("expected queries, keys and values of rank 4 (or 3, with numbers of heads)");
    return r;
  }
  Shape q = nn::shapeOf(parts.q), k = nn::shapeOf(parts.k), v = nn::shapeOf(parts.v);
  auto qHeads = dim::getConstant(q[1]), kvHeads = dim::getConstant(k[1]);
  if (qHeads && kvHeads && (*kvHeads == 0 || *qHeads % *kvHeads != 0)) {
    (void)n.fail("expected a number of query heads that the number of key heads divides, got " + llvm::Twine(*qHeads) +
                 " and " + llvm::Twine(*kvHeads));
    return r;
  }
  n.assume(v[1], k[1], "number of value heads");
  n.assume(v[2], k[2], "number of values");
  Type e = nn::elementOf(parts.q);
  Value scaled = n.mul(parts.q, parts.scale ? parts.scale : defaultScale(n, parts.q));
  Value product = n.make<nn::MatmulOp>(groupRows(n, scaled, k[1]), parts.k, false, true);
  r.raw = n.reshape(product, {q[0], q[1], q[2], k[2]});
  r.capped = softcapped(n, r.raw, parts.softcap);
  r.biased = parts.bias ? n.add(r.capped, n.cast(parts.bias, e)) : r.capped;
  if (parts.allowed) {
    r.biased = n.select(parts.allowed, r.biased, n.scalar(e, -kInfinity));
  }
  Value p = n.failed() ? Value() : probabilitiesOf(n, parts, r.biased);
  if (n.failed()) {
    return {};
  }
  r.probabilities = n.cast(p, e);
  Value weights = groupRows(n, n.cast(p, nn::elementOf(parts.v)), v[1]);
  Value y = n.make<nn::MatmulOp>(weights, parts.v, false, false);
  r.y = n.cast(n.reshape(y, {q[0], q[1], q[2], v[3]}), e);
  return r;
}

Value splitHeads(Node &n, Value v, Expr heads) {
  if (n.failed() || !v || nn::rankOf(v) != 3) {
    (void)n.fail("expected a tensor of rank 3 to split into heads");
    return {};
  }
  Shape s = nn::shapeOf(v);
  return n.transpose(n.reshape(v, {s[0], s[1], heads, dim::floorDiv(s[2], heads)}), {0, 2, 1, 3});
}

Value mergeHeads(Node &n, Value v) {
  if (n.failed() || !v) {
    return {};
  }
  Shape s = nn::shapeOf(v);
  return n.reshape(n.transpose(v, {0, 2, 1, 3}), {s[0], s[2], dim::mul(s[1], s[3])});
}

Value visibleByPlace(Node &n, Expr queries, Expr keys, Value offset, int64_t left, int64_t right) {
  if (n.failed() || (left < 0 && right < 0)) {
    return {};
  }
  Type i64 = n.builder.getI64Type();
  Value row = n.make<nn::IotaOp>(n.shapeAttr({queries, n.number(1)}), 0, i64);
  Value column = n.make<nn::IotaOp>(n.shapeAttr({keys}), 0, i64);
  Value place = n.add(row, offset), visible;
  if (right >= 0) {
    visible = n.make<nn::LessEqualOp>(column, right ? n.add(place, double(right)) : place);
  }
  return left < 0 ? visible
                  : bothAllowed(n, visible, n.make<nn::LessEqualOp>(left ? n.sub(place, double(left)) : place, column));
}

Value bothAllowed(Node &n, Value a, Value b) { return a && b ? n.make<nn::AndOp>(a, b) : a ? a : b; }

Value rotatePairs(Node &n, Value x, Value cos, Value sin, Expr dim, bool interleaved) {
  if (n.failed() || !x || !cos || !sin) {
    return {};
  }
  Shape shape = nn::shapeOf(x);
  int64_t last = shape.size() - 1;
  Expr size = shape[last], half = dim::floorDiv(dim ? dim : size, n.number(2)), turned = dim::mul(half, n.number(2));
  n.assume(nn::shapeOf(cos).back(), half, "half of the rotated size");
  n.assume(nn::shapeOf(sin).back(), half, "half of the rotated size");
  Value a = n.slice(x, last, n.number(0), half, interleaved ? 2 : 1);
  Value b = n.slice(x, last, interleaved ? n.number(1) : half, half, interleaved ? 2 : 1);
  Value real = n.sub(n.mul(a, cos), n.mul(b, sin)), imaginary = n.add(n.mul(a, sin), n.mul(b, cos));
  if (n.failed()) {
    return {};
  }
  Shape pair = nn::shapeOf(real), both = pair;
  both.back() = turned;
  Value rotated;
  if (interleaved) {
    pair.push_back(n.number(1));
    rotated = n.reshape(n.concat({n.reshape(real, pair), n.reshape(imaginary, pair)}, last + 1), both);
  } else {
    rotated = n.concat({real, imaginary}, last);
  }
  if (n.failed() || !dim || turned == size) {
    return rotated;
  }
  return n.concat({rotated, n.slice(x, last, turned, dim::sub(size, turned))}, last);
}
} // namespace dlc::onnx_import

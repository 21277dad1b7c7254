//===- Recurrence.cpp - ops that carry a state from one run to the next -----------------===//
#include "importers/onnx/rules/AttentionParts.h"
#include "importers/onnx/rules/LoopBuilder.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// What LinearAttention reads at each step, with the steps first; f32. H: key heads; G: query heads of each.
struct Steps {
  Value q;     ///< [T, B, H, G, size]
  Value k, v;  ///< [T, B, H, 1, size]
  Value decay; ///< [T, B, H, size, 1], already its exponential; may be null
  Value beta;  ///< [T, B, H, 1, 1]; may be null
};

/// The dim `axis` of a value that has one element there, or `size`: `size` elements either way.
Value spread(Node &n, Value v, int64_t axis, Expr size) {
  if (!v || nn::shapeOf(v)[axis] == size || dim::isConstant(nn::shapeOf(v)[axis], 1)) {
    return v;
  }
  Value place = n.make<nn::IotaOp>(n.shapeAttr({size}), 0, n.builder.getI64Type());
  return n.make<nn::GatherOp>(v, n.make<nn::ModOp>(place, sizeValue(n, nn::shapeOf(v)[axis])), axis);
}

/// [B, T, parts * rest] -> [T, B, parts, rest] in f32.
Value stepsFirst(Node &n, Value v, Expr parts) {
  Shape s = nn::shapeOf(v);
  Value split = n.reshape(n.cast(v, n.builder.getF32Type()), {s[0], s[1], parts, dim::floorDiv(s[2], parts)});
  return n.transpose(split, {1, 0, 2, 3});
}

/// [T, B, H, size] with a dim of size 1 before the last, or after it.
Value asRow(Node &n, Value v) {
  Shape s = v ? nn::shapeOf(v) : Shape(4);
  return n.reshape(v, {s[0], s[1], s[2], n.number(1), s[3]});
}
Value asColumn(Node &n, Value v) {
  Shape s = v ? nn::shapeOf(v) : Shape(4);
  return n.reshape(v, {s[0], s[1], s[2], s[3], n.number(1)});
}

std::optional<Steps> readSteps(Node &n, Expr heads, Expr group) {
  for (unsigned i : {0, 1, 2, 4, 5}) {
    if (n.has(i) && nn::rankOf(n.in(i)) != 3) {
      (void)n.fail("expected a tensor of rank 3 at input " + llvm::Twine(i));
      return std::nullopt;
    }
  }
  Steps steps;
  Value q = stepsFirst(n, n.in(0), dim::mul(heads, group)), k = stepsFirst(n, n.in(1), heads),
        v = stepsFirst(n, n.in(2), heads);
  if (n.failed()) {
    return std::nullopt;
  }
  Shape s = nn::shapeOf(q);
  Expr size = nn::shapeOf(k)[3];
  for (unsigned i : {1, 2, 4, 5}) {
    if (n.has(i)) {
      n.assume(nn::shapeOf(n.in(i))[0], s[1], "batch of input " + llvm::Twine(i));
      n.assume(nn::shapeOf(n.in(i))[1], s[0], "steps of input " + llvm::Twine(i));
    }
  }
  steps.q = n.reshape(q, {s[0], s[1], heads, group, s[3]});
  steps.k = asRow(n, k);
  steps.v = asRow(n, v);
  if (n.has(4)) {
    steps.decay = n.make<nn::ExpOp>(asColumn(n, spread(n, stepsFirst(n, n.in(4), heads), 3, size)));
  }
  if (n.has(5)) {
    Value beta = spread(n, stepsFirst(n, n.in(5), nn::shapeOf(n.in(5))[2]), 2, heads);
    steps.beta = n.failed() ? Value() : asRow(n, beta);
  }
  return n.failed() ? std::nullopt : std::optional(steps);
}

/// One step: the next state, [B, H, size, value size], and what the queries read from it, [B, H, G, value size].
std::pair<Value, Value> step(Node &n, const Steps &all, Value at, Value state) {
  auto now = [&](Value v) { return v ? n.make<nn::GatherOp>(v, at, 0) : Value(); };
  Value q = now(all.q), k = now(all.k), v = now(all.v), decay = now(all.decay), beta = now(all.beta);
  state = decay ? n.mul(state, decay) : state;
  if (beta) {
    v = n.mul(beta, n.sub(v, n.make<nn::MatmulOp>(k, state, false, false)));
  }
  state = n.add(state, n.mul(n.transpose(k, {0, 1, 3, 2}), v));
  return {state, n.make<nn::MatmulOp>(q, state, false, false)};
}

bool hasRuleInputs(Node &n, llvm::StringRef rule) {
  bool gated = rule == "gated" || rule == "gated_delta", delta = rule == "delta" || rule == "gated_delta";
  if ((!gated && !delta && rule != "linear") || gated != n.has(4) || delta != n.has(5)) {
    (void)n.fail(
        "expected update_rule linear, gated, delta or gated_delta, decay with the gated and beta with the delta "
        "ones, got '" +
        rule + "'");
  }
  return !n.failed();
}

/// The recurrences of LinearAttention-27, computed in f32, step by step.
Result linearAttention(Node &n) {
  int64_t qHeads = n.getInt("q_num_heads", 0), kvHeads = n.getInt("kv_num_heads", 0);
  double scale = n.getFloat("scale", 0);
  n.ignore({"chunk_size"});
  if (!hasRuleInputs(n, n.getString("update_rule", "gated_delta"))) {
    return mlir::failure();
  }
  if (kvHeads < 1 || qHeads < 1 || qHeads % kvHeads) {
    return n.fail("expected q_num_heads to be a multiple of kv_num_heads, got " + llvm::Twine(qHeads) + " and " +
                  llvm::Twine(kvHeads));
  }
  std::optional<Steps> steps = readSteps(n, n.number(kvHeads), n.number(qHeads / kvHeads));
  if (!steps) {
    return mlir::failure();
  }
  Type f32 = n.builder.getF32Type(), e = nn::elementOf(n.in(0));
  Shape q = nn::shapeOf(steps->q), v = nn::shapeOf(steps->v);
  Shape stateShape{q[1], q[2], q[4], v[4]};
  Value state = n.has(3) ? n.cast(n.in(3), f32) : n.broadcast(n.scalar(f32, 0), stateShape);
  Value factor =
      scale != 0 ? n.scalar(f32, scale) : n.make<nn::ReciprocalOp>(n.make<nn::SqrtOp>(n.cast(sizeValue(n, q[4]), f32)));
  steps->q = n.mul(steps->q, factor);
  Values results;
  auto body = [&](llvm::ArrayRef<Value> arguments, Values &yielded) {
    auto [next, read] = step(n, *steps, arguments[0], arguments[2]);
    yielded.append({Value(), next, read});
    return n.status();
  };
  if (dim::isConstant(q[0], 1) && !n.failed()) {
    auto [next, read] = step(n, *steps, n.scalar(n.builder.getI64Type(), 0), state);
    Shape one = n.failed() ? Shape() : nn::shapeOf(read);
    one.insert(one.begin(), n.number(1));
    results.append({next, n.reshape(read, one)});
  } else if (n.failed() || mlir::failed(buildLoop(n, sizeValue(n, q[0]), Value(), {state}, body, results))) {
    return mlir::failure();
  }
  if (n.failed()) {
    return mlir::failure();
  }
  n.set(1, n.cast(results[0], n.has(3) ? nn::elementOf(n.in(3)) : e));
  Value y = n.transpose(results[1], {1, 0, 2, 3, 4}); // [B, T, H, G, value size]
  return n.result(n.reshape(n.cast(y, e), {q[1], q[0], dim::mul(n.number(qHeads), v[4])}));
}

/// A depthwise convolution over the state and the input, one after the other; the new state is their end.
Result causalConv(Node &n) {
  std::string activation = n.getString("activation", "none");
  if (nn::rankOf(n.in(0)) != 3 || nn::rankOf(n.in(1)) != 3 ||
      (activation != "none" && activation != "silu" && activation != "swish")) {
    return n.fail("expected input and weight of rank 3, and activation none, silu or swish");
  }
  Type e = nn::elementOf(n.in(0));
  Shape x = nn::shapeOf(n.in(0)), w = nn::shapeOf(n.in(1));
  std::optional<int64_t> channels = dim::getConstant(w[0]) ? dim::getConstant(w[0]) : dim::getConstant(x[1]);
  if (!channels || !dim::getConstant(w[2])) {
    return n.fail("expected a weight whose sizes are known at compile time");
  }
  Expr kept = dim::add(w[2], n.number(-1));
  Value before = n.has(3) ? n.in(3) : n.broadcast(n.scalar(e, 0), {x[0], x[1], kept});
  Value all = n.concat({before, n.in(0)}, 2);
  Value y = n.make<nn::ConvOp>(all, n.in(1), n.in(2), Ints{1}, Ints{1}, Ints{0, 0}, *channels, false);
  if (activation != "none") {
    Value wide = n.cast(y, e.isF64() ? e : n.builder.getF32Type());
    y = n.cast(n.mul(wide, n.make<nn::SigmoidOp>(wide)), e);
  }
  if (!n.failed()) {
    n.set(1, n.slice(all, 2, dim::sub(nn::shapeOf(all)[2], kept), kept));
  }
  return n.failed() ? mlir::failure() : n.result(n.reshape(y, x));
}
} // namespace

void addRecurrenceRules(RuleTable &table) {
  table.add(
      {{"", "LinearAttention", {27}, linearAttention, {3, 6}}, {"", "CausalConvWithState", {27}, causalConv, {2, 4}}});
}
} // namespace dlc::onnx_import

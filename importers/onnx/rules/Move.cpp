//===- Move.cpp - data movement -----------------------------------------------------------------------------------===//
#include "importers/onnx/rules/Indices.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

Result transpose(Node &n) {
  int64_t rank = nn::rankOf(n.in(0));
  Ints reversed;
  for (int64_t i = rank; i-- > 0;) {
    reversed.push_back(i);
  }
  Ints permutation = n.getInts("perm", reversed);
  return n.result(n.make<nn::TransposeOp>(n.in(0), permutation));
}

Result concat(Node &n) {
  if (n.since >= 4 && !n.hasAttribute("axis")) {
    return n.fail("expected attribute 'axis', got none");
  }
  int64_t axis = n.axis(n.getInt("axis", 1), nn::rankOf(n.in(0)));
  return n.result(n.failed() ? Value() : n.concat(n.inputs(), axis));
}

Result gather(Node &n) {
  int64_t axis = n.axis(n.getInt("axis", 0), nn::rankOf(n.in(0)));
  if (!n.failed()) {
    checkIndices(n, n.in(1), nn::shapeOf(n.in(0))[axis]);
  }
  return n.result(n.make<nn::GatherOp>(n.in(0), n.in(1), axis));
}

/// Begins and ends of every dim, where only a run knows the axes.
std::optional<Shape> computedPads(Node &n, int64_t rank) {
  Type i64 = n.builder.getI64Type();
  Value axes = n.cast(n.in(3), i64), pads = n.cast(n.in(1), i64);
  if (n.failed() || nn::rankOf(axes) != 1 || nn::rankOf(pads) != 1) {
    (void)n.fail("expected vectors of pads and axes");
    return std::nullopt;
  }
  axes = n.select(n.make<nn::LessOp>(axes, n.scalar(i64, 0)), n.add(axes, double(rank)), axes);
  if (n.failed()) {
    return std::nullopt;
  }
  Expr count = nn::shapeOf(axes)[0];
  n.assume(nn::shapeOf(pads)[0], dim::mul(count, n.number(2)), "two pads per axis");
  auto half = [&](Expr from) {
    return n.make<nn::ScatterElementsOp>(n.filled(i64, 0, {rank}), axes, n.slice(pads, 0, from, count), 0, nn::ScatterKind::None);
  };
  return n.readSizes(n.concat({half(n.number(0)), half(count)}, 0));
}

/// Begins and ends of every dim, from those of some axes.
std::optional<Shape> padAmounts(Node &n, int64_t rank) {
  std::optional<Shape> stated;
  if (n.since < 11) {
    stated = n.numbers(n.getInts(n.since < 2 ? "paddings" : "pads"));
  } else {
    stated = n.sizes(1);
  }
  if (!stated || n.failed()) {
    return std::nullopt;
  }
  Ints axes;
  for (int64_t i = 0; i < rank; ++i) {
    axes.push_back(i);
  }
  if (n.has(3)) {
    std::optional<Ints> known = n.knownInts(n.in(3));
    if (!known) {
      return computedPads(n, rank);
    }
    axes = n.axes(*known, rank, /*sorted=*/false);
  }
  if (n.failed() || stated->size() != 2 * axes.size()) {
    (void)n.fail("expected " + llvm::Twine(2 * axes.size()) + " pads, got " + llvm::Twine(stated->size()));
    return std::nullopt;
  }
  Shape all(2 * rank, n.number(0));
  for (auto [i, axis] : llvm::enumerate(axes)) {
    all[axis] = (*stated)[i];
    all[rank + axis] = (*stated)[axes.size() + i];
  }
  return all;
}

Result pad(Node &n) {
  Value x = n.in(0), value = n.in(2);
  int64_t rank = nn::rankOf(x);
  std::string text = n.getString("mode", "constant");
  std::optional<nn::PadMode> mode = nn::symbolizePadMode(text);
  if (!mode) {
    return n.fail("expected mode constant, reflect, edge or wrap, got '" + text + "'");
  }
  std::optional<Shape> pads = padAmounts(n, rank);
  if (n.since < 11) {
    value = n.scalar(nn::elementOf(x), n.getFloat("value", 0));
  } else if (!value) {
    value = nn::isString(nn::elementOf(x)) ? Value() : n.scalar(nn::elementOf(x), 0);
  } else if (nn::rankOf(value) == 1) {
    value = n.reshape(value, {});
  }
  if (!pads) {
    return mlir::failure();
  }
  llvm::ArrayRef<Expr> all(*pads);
  return n.result(n.make<nn::PadOp>(x, *mode == nn::PadMode::Constant ? value : Value(), *mode,
                                    n.shapeAttr(all.take_front(rank)), n.shapeAttr(all.drop_front(rank))));
}

/// A 4-D input's sizes and the block; nullopt when they don't fit.
std::optional<std::pair<Shape, Expr>> blocks(Node &n) {
  int64_t block = n.getInt("blocksize", 0);
  if (block < 1 || block > (1 << 20) || nn::rankOf(n.in(0)) != 4) {
    (void)n.fail("expected a blocksize of at least 1 and an input of rank 4");
    return std::nullopt;
  }
  return std::pair(nn::shapeOf(n.in(0)), n.number(block));
}

Result depthToSpace(Node &n) {
  auto found = blocks(n);
  std::string mode = n.getString("mode", "DCR");
  if (!found || (mode != "DCR" && mode != "CRD")) {
    return n.fail("expected mode DCR or CRD, got '" + mode + "'");
  }
  auto [s, b] = *found;
  Expr depth = dim::floorDiv(s[1], dim::mul(b, b));
  bool depthFirst = mode == "DCR";
  Value split = depthFirst ? n.reshape(n.in(0), {s[0], b, b, depth, s[2], s[3]})
                           : n.reshape(n.in(0), {s[0], depth, b, b, s[2], s[3]});
  Value moved = depthFirst ? n.transpose(split, {0, 3, 4, 1, 5, 2}) : n.transpose(split, {0, 1, 4, 2, 5, 3});
  return n.result(n.reshape(moved, {s[0], depth, dim::mul(s[2], b), dim::mul(s[3], b)}));
}

Result spaceToDepth(Node &n) {
  auto found = blocks(n);
  if (!found) {
    return mlir::failure();
  }
  auto [s, b] = *found;
  Expr height = dim::floorDiv(s[2], b), width = dim::floorDiv(s[3], b);
  Value split = n.reshape(n.in(0), {s[0], s[1], height, b, width, b});
  Value moved = n.transpose(split, {0, 3, 5, 1, 2, 4});
  return n.result(n.reshape(moved, {s[0], dim::mul(s[1], dim::mul(b, b)), height, width}));
}
} // namespace

void addMoveRules(RuleTable &table) {
  table.add({{"", "Transpose", {1, 13, 21, 23, 24, 25}, transpose, {1, 1}},
             {"", "Concat", {1, 4, 11, 13}, concat, {1, kAnyNumber}},
             {"", "Gather", {1, 11, 13}, gather, {2, 2}},
             {"", "Pad", {1, 2}, pad, {1, 1}},
             {"", "Pad", {11, 13, 18, 19, 21, 23, 24, 25}, pad, {2, 4}},
             {"", "DepthToSpace", {1, 11, 13}, depthToSpace, {1, 1}},
             {"", "SpaceToDepth", {1, 13}, spaceToDepth, {1, 1}}});
}
} // namespace dlc::onnx_import

//===- Slice.cpp - parts of tensors ----------------------------------------------------------------------------===//
#include "importers/onnx/Node.h"
#include <limits>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// Positions from here on mean "to the end", whatever the size.
constexpr int64_t kEnd = std::numeric_limits<int32_t>::max();

Expr atMost(Node &n, Expr e, Expr bound) { return n.isSize(dim::sub(bound, e)) ? e : dim::min(e, bound); }
Expr atLeast(Node &n, Expr e, Expr bound) { return n.isSize(dim::sub(e, bound)) ? e : dim::max(e, bound); }

/// A position counted from the front: negative ones start at the end.
Expr fromFront(Node &n, Expr position, Expr size) {
  if (std::optional<int64_t> number = dim::getConstant(position)) {
    return *number < 0 ? dim::add(position, size) : position;
  }
  if (n.isSize(position)) {
    return position;
  }
  Expr negative = dim::min(dim::max(dim::sub(n.number(0), position), n.number(0)), n.number(1));
  return dim::add(position, dim::mul(negative, size));
}

/// `position` within [low, high] (numpy's rules for slices); constants far outside mean the bounds themselves.
Expr clampPosition(Node &n, Expr position, Expr size, Expr low, Expr high) {
  if (std::optional<int64_t> number = dim::getConstant(position)) {
    if (*number >= kEnd) {
      return high;
    }
    if (*number <= -kEnd) {
      return low;
    }
  }
  return atLeast(n, atMost(n, fromFront(n, position, size), high), low);
}

struct Extent {
  Expr start, size;
};
Extent extentOf(Node &n, Expr start, Expr end, Expr size, int64_t step) {
  Expr zero = n.number(0), last = dim::add(size, n.number(-1));
  if (step > 0) {
    Expr first = clampPosition(n, start, size, zero, size), stop = clampPosition(n, end, size, zero, size);
    return {first, atLeast(n, dim::ceilDiv(dim::sub(stop, first), n.number(step)), zero)};
  }
  Expr first = clampPosition(n, start, size, zero, last), stop = clampPosition(n, end, size, n.number(-1), last);
  return {atLeast(n, first, zero), atLeast(n, dim::ceilDiv(dim::sub(first, stop), n.number(-step)), zero)};
}

struct SliceOperands {
  Shape starts, ends;
  Ints axes, steps;
};
std::optional<SliceOperands> readSlice(Node &n, int64_t rank) {
  SliceOperands s;
  Ints axes;
  if (n.since < 10) {
    s.starts = n.numbers(n.getInts("starts"));
    s.ends = n.numbers(n.getInts("ends"));
    axes = n.getInts("axes");
  } else {
    std::optional<Shape> starts = n.sizes(1), ends = n.sizes(2);
    std::optional<Ints> stated = n.knownInts(n.in(3)), steps = n.knownInts(n.in(4));
    if (!starts || !ends || n.failed()) {
      return std::nullopt;
    }
    s = {*starts, *ends, {}, steps.value_or(Ints())};
    axes = stated.value_or(Ints());
  }
  if (axes.empty()) {
    for (size_t i = 0; i < s.starts.size(); ++i) {
      axes.push_back(i);
    }
  }
  s.axes = n.axes(axes, rank, /*sorted=*/false);
  s.steps.resize(s.steps.empty() ? axes.size() : s.steps.size(), 1);
  bool even = s.ends.size() == s.starts.size() && axes.size() == s.starts.size() && s.steps.size() == axes.size();
  bool stepsFit = llvm::all_of(s.steps, [](int64_t v) { return v != 0 && v > -kEnd; });
  if (!even || !stepsFit) {
    (void)n.fail("expected one start, end and step other than 0 per axis");
  }
  return n.failed() ? std::nullopt : std::optional<SliceOperands>(s);
}

/// A Slice whose axes or steps only a run knows: numpy's rules computed in the graph, for all dims at once, then one gather
/// per dim.
Result computedSlice(Node &n) {
  Type i64 = n.builder.getI64Type();
  Value x = n.in(0), zero = n.scalar(i64, 0), one = n.scalar(i64, 1);
  Shape shape = nn::shapeOf(x);
  int64_t rank = shape.size();
  auto vector = mlir::RankedTensorType::get({rank}, i64);
  Value dims = n.make<nn::SizesOp>(n.shapeAttr(shape), vector), count = n.scalar(i64, double(rank));
  Value axes = n.has(3) ? n.cast(n.in(3), i64) : n.make<nn::IotaOp>(n.shapeAttr(nn::shapeOf(n.in(1))), 0, i64);
  axes = n.select(n.make<nn::LessOp>(axes, zero), n.add(axes, count), axes);
  auto perDim = [&](Value base, unsigned i) {
    return n.has(i) ? n.make<nn::ScatterElementsOp>(base, axes, n.cast(n.in(i), i64), 0, nn::ScatterKind::None) : base;
  };
  Value none = n.filled(i64, 0, {rank}), step = perDim(n.filled(i64, 1, {rank}), 4), last = n.sub(dims, 1.0);
  Value backwards = n.make<nn::LessOp>(step, zero);
  auto place = [&](Value v, Value low, Value high) {
    v = n.select(n.make<nn::LessOp>(v, zero), n.add(v, dims), v);
    return n.max(n.min(v, high), low);
  };
  Value high = n.select(backwards, last, dims);
  Value start = place(perDim(none, 1), none, high), end = place(perDim(dims, 2), n.select(backwards, n.scalar(i64, -1), zero), high);
  start = n.select(n.make<nn::LessOp>(high, start), high, start);
  Value rounding = n.select(backwards, n.add(step, one), n.sub(step, one));
  Value sizes = n.max(n.div(n.add(n.sub(end, start), rounding), step), zero);
  std::optional<Shape> known = sizes ? n.readSizes(sizes) : std::nullopt;
  for (int64_t d = 0; known && d < rank && !n.failed(); ++d) {
    Expr size = n.isSize((*known)[d]) ? (*known)[d] : dim::max((*known)[d], n.number(0));
    auto own = [&](Value v) { return n.reshape(n.slice(v, 0, n.number(d), n.number(1)), {}); };
    Value at = n.add(n.mul(n.make<nn::IotaOp>(n.shapeAttr({size}), 0, i64), own(step)), own(start));
    x = n.make<nn::GatherOp>(x, at, d);
  }
  return n.result(x);
}

/// Whether operand `i` is there and only a run knows it.
bool isUnknown(Node &n, unsigned i) { return n.has(i) && !n.knownInts(n.in(i)); }

Result slice(Node &n) {
  if (n.since >= 10 && (isUnknown(n, 3) || isUnknown(n, 4))) {
    auto isVector = [&](unsigned i) { return !n.has(i) || nn::rankOf(n.in(i)) == 1; };
    if (nn::rankOf(n.in(0)) == 0 || !isVector(1) || !isVector(2) || !isVector(3) || !isVector(4)) {
      return n.fail("expected an input of rank 1 or more, and vectors of starts, ends, axes and steps");
    }
    return computedSlice(n);
  }
  Shape sizes = nn::shapeOf(n.in(0)), starts(sizes.size(), n.number(0));
  Ints steps(sizes.size(), 1);
  std::optional<SliceOperands> s = readSlice(n, sizes.size());
  if (!s) {
    return mlir::failure();
  }
  for (auto [i, axis] : llvm::enumerate(s->axes)) {
    int64_t step = std::min<int64_t>(s->steps[i], kEnd);
    Extent e = extentOf(n, s->starts[i], s->ends[i], sizes[axis], step);
    starts[axis] = e.start;
    sizes[axis] = e.size;
    steps[axis] = step;
  }
  return n.result(n.make<nn::SliceOp>(n.in(0), n.shapeAttr(starts), n.shapeAttr(sizes), steps));
}

/// The sizes of the parts of a Split. Before version 18 the parts of an implicit split are equal; since then the last
/// may be smaller.
std::optional<Shape> splitSizes(Node &n, Expr size) {
  unsigned count = n.numOutputs();
  if (n.hasAttribute("split")) {
    return n.numbers(n.getInts("split"));
  }
  int64_t stated = n.getInt("num_outputs", count);
  if (n.has(1)) {
    return n.sizes(1);
  }
  if (stated < count || count == 0 || stated > kEnd) {
    (void)n.fail("expected as many outputs as num_outputs states, got " + llvm::Twine(count));
    return std::nullopt;
  }
  Expr parts = n.number(stated);
  Shape result;
  if (std::optional<int64_t> known = dim::getConstant(size); known && n.since < 18 && *known % stated) {
    (void)n.fail("expected a size that " + llvm::Twine(stated) + " divides, got " + llvm::Twine(*known));
    return std::nullopt;
  }
  Expr chunk = n.since < 18 ? dim::floorDiv(size, parts) : dim::ceilDiv(size, parts);
  for (unsigned i = 0; i < count; ++i) {
    bool last = n.since >= 18 && i + 1 == stated;
    result.push_back(last ? dim::sub(size, dim::mul(chunk, n.number(stated - 1))) : chunk);
  }
  return result;
}

Result split(Node &n) {
  Shape shape = nn::shapeOf(n.in(0));
  int64_t axis = n.axis(n.getInt("axis", 0), shape.size());
  std::optional<Shape> sizes = n.failed() ? std::nullopt : splitSizes(n, shape[axis]);
  if (!sizes || n.failed()) {
    return mlir::failure();
  }
  if (sizes->size() < n.numOutputs()) {
    return n.fail("expected " + llvm::Twine(n.numOutputs()) + " sizes, got " + llvm::Twine(sizes->size()));
  }
  Expr start = n.number(0), total = start;
  for (Expr size : *sizes) {
    if (std::optional<int64_t> number = dim::getConstant(size); number && *number < 0) {
      return n.fail("expected parts of at least 0 elements, got " + llvm::Twine(*number));
    }
    total = dim::add(total, size);
  }
  bool isWhole = !n.hasAttribute("num_outputs") || n.getInt("num_outputs", 0) == int64_t(sizes->size());
  if (isWhole) {
    n.assume(total, shape[axis], "sum of the parts' sizes");
  }
  for (unsigned i = 0; i < n.numOutputs(); ++i) {
    if (n.wants(i)) {
      n.set(i, n.slice(n.in(0), axis, start, (*sizes)[i]));
    }
    start = dim::add(start, (*sizes)[i]);
  }
  return n.status();
}
} // namespace

void addSliceRules(RuleTable &table) {
  table.add({{"", "Slice", {1}, slice, {1, 1}},
             {"", "Slice", {10, 11, 13}, slice, {3, 5}},
             {"", "Split", {1, 2, 11, 13, 18}, split, {1, 2}}});
}
} // namespace dlc::onnx_import

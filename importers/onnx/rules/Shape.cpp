//===- Shape.cpp - sizes as values, and new shapes for the same elements -----------------------------------===//
#include "importers/onnx/KnownValues.h"
#include "importers/onnx/rules/AxesSwitch.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

Result shape(Node &n) {
  int64_t rank = nn::rankOf(n.in(0));
  auto clamp = [&](int64_t v) { return std::clamp<int64_t>(v < 0 ? v + rank : v, 0, rank); };
  int64_t start = clamp(n.getInt("start", 0)), end = clamp(n.getInt("end", rank));
  return n.result(n.make<nn::ShapeOp>(n.in(0), start, std::max(start, end)));
}

Result size(Node &n) {
  Type scalar = mlir::RankedTensorType::get({}, n.builder.getI64Type());
  return n.result(n.make<nn::SizesOp>(n.shapeAttr({dim::product(n.context(), nn::shapeOf(n.in(0)))}), scalar));
}

/// True for formulas with numbers that are read from data.
bool isFromData(Expr e) {
  bool fromData = false;
  dim::forEachSymbol(e, [&](llvm::StringRef name) { fromData |= name.ends_with("$"); });
  return fromData;
}

/// The quotient of the products of `from` and `by`; equal factors cancel.
Expr quotient(Node &n, Shape from, llvm::ArrayRef<Expr> by) {
  Shape rest;
  for (Expr e : by) {
    auto same = llvm::find(from, e);
    if (same != from.end() && !dim::isConstant(e, 0)) {
      from.erase(same);
    } else {
      rest.push_back(e);
    }
  }
  Expr divisor = dim::product(n.context(), rest), dividend = dim::product(n.context(), from);
  if (dim::isConstant(divisor, 1)) {
    return dividend;
  }
  // What is read from data may be 0, where nothing is to be inferred.
  return dim::floorDiv(dividend, isFromData(divisor) ? dim::max(divisor, n.number(1)) : divisor);
}

/// 1 where `e`, an integer, is 0; otherwise 0.
Expr isZero(Node &n, Expr e) {
  Expr magnitude = dim::max(e, dim::sub(n.number(0), e));
  return dim::max(dim::sub(n.number(1), magnitude), n.number(0));
}
/// 1 where `e`, an integer, is negative; otherwise 0.
Expr isNegative(Node &n, Expr e) { return dim::min(dim::max(dim::sub(n.number(0), e), n.number(0)), n.number(1)); }

/// True for what can only be a size: dims alone decide it. What is read from data may be 0 or -1 as well.
bool isPlainSize(Node &n, Expr e) {
  return !isFromData(e) || n.isSize(e);
}

/// The shape that a Reshape's operand asks for: 0 copies the input's size, -1 takes what is left.
std::optional<Shape> reshapeTarget(Node &n, const Shape &from, llvm::ArrayRef<Expr> asked, bool allowZero) {
  // `known` has a 1 where the size is inferred; `inferred` is 1 there, as a formula.
  Shape known, inferred;
  bool anyInferred = false;
  for (auto [i, e] : llvm::enumerate(asked)) {
    std::optional<int64_t> number = dim::getConstant(e);
    Expr copied = i < from.size() ? from[i] : n.number(0);
    if ((number && *number < -1) || (number && *number == 0 && !allowZero && i >= from.size())) {
      (void)n.fail("expected sizes, -1 or 0 where the input has such a dim, got " + llvm::Twine(*number));
      return std::nullopt;
    }
    if (number) {
      known.push_back(*number == -1 ? n.number(1) : *number == 0 && !allowZero ? copied : e);
      inferred.push_back(n.number(*number == -1));
    } else if (isPlainSize(n, e)) {
      known.push_back(e);
      inferred.push_back(n.number(0));
    } else {
      n.assume(e, dim::max(e, n.number(-1)), "size that is asked for (at least -1)");
      Expr minus = isNegative(n, e), size = dim::add(dim::max(e, n.number(0)), minus);
      known.push_back(allowZero ? size : dim::add(size, dim::mul(isZero(n, e), copied)));
      inferred.push_back(minus);
    }
    anyInferred |= !dim::isConstant(inferred.back(), 0);
  }
  if (!anyInferred) {
    return known;
  }
  if (llvm::count_if(asked, [](Expr e) { return dim::isConstant(e, -1); }) > 1) {
    (void)n.fail("expected at most one size of -1");
    return std::nullopt;
  }
  Expr rest = quotient(n, from, known);
  Shape result;
  for (auto [size, is] : llvm::zip(known, inferred)) {
    result.push_back(dim::isConstant(is, 0)   ? size
                     : dim::isConstant(is, 1) ? rest
                                              : dim::add(size, dim::mul(is, dim::sub(rest, n.number(1)))));
  }
  return result;
}

/// The same, computed by the graph and then read: for what formulas grow too large.
std::optional<Shape> computedTarget(Node &n, const Shape &from, Value asked, bool allowZero) {
  Type i64 = n.builder.getI64Type();
  size_t count = llvm::cast<mlir::RankedTensorType>(asked.getType()).getNumElements();
  Shape copied(from);
  copied.resize(count, n.number(0));
  auto vector = mlir::RankedTensorType::get({int64_t(count)}, i64), single = mlir::RankedTensorType::get({}, i64);
  Value sizes = n.reshape(n.cast(asked, i64), {n.number(count)}), one = n.scalar(i64, 1);
  if (!allowZero) {
    sizes = n.select(n.make<nn::EqualOp>(sizes, n.scalar(i64, 0)), n.make<nn::SizesOp>(n.shapeAttr(copied), vector), sizes);
  }
  Value inferred = n.make<nn::EqualOp>(sizes, n.scalar(i64, -1)), known = n.select(inferred, one, sizes);
  Value total = n.make<nn::SizesOp>(n.shapeAttr({dim::product(n.context(), from)}), single);
  Value rest = n.div(total, n.max(n.reduce(known, nn::ReduceKind::Prod, {0}, false), one));
  return n.readSizes(n.select(inferred, rest, known));
}

Result reshape(Node &n) {
  n.ignore({"consumed_inputs"});
  std::optional<Shape> asked;
  if (n.since < 5) {
    asked = n.numbers(n.getInts("shape"));
  } else if (!n.has(1)) {
    return n.fail("expected the shape as input 1");
  } else {
    asked = n.sizes(1);
  }
  bool allowZero = n.getBool("allowzero", false);
  std::optional<Shape> target = asked ? reshapeTarget(n, nn::shapeOf(n.in(0)), *asked, allowZero) : std::nullopt;
  if (target && n.has(1) && !KnownValues::areHandy(*target)) {
    target = computedTarget(n, nn::shapeOf(n.in(0)), n.in(1), allowZero);
  }
  return target ? n.result(n.make<nn::ReshapeOp>(n.in(0), n.shapeAttr(*target))) : mlir::failure();
}

Result flatten(Node &n) {
  Shape shape = nn::shapeOf(n.in(0));
  int64_t rank = shape.size(), axis = n.getInt("axis", 1);
  if (axis < -rank || axis > rank) {
    return n.fail("expected an axis in [-" + llvm::Twine(rank) + ", " + llvm::Twine(rank) + "], got " + llvm::Twine(axis));
  }
  llvm::ArrayRef<Expr> dims(shape);
  axis = axis < 0 ? axis + rank : axis;
  return n.result(n.reshape(n.in(0), {dim::product(n.context(), dims.take_front(axis)),
                                      dim::product(n.context(), dims.drop_front(axis))}));
}

/// Without dims `axes`, ascending.
Value squeezed(Node &n, llvm::ArrayRef<int64_t> axes) {
  Shape shape = nn::shapeOf(n.in(0));
  for (int64_t axis : llvm::reverse(axes)) {
    if (std::optional<int64_t> number = dim::getConstant(shape[axis]); number && *number != 1) {
      (void)n.fail("expected a dim of size 1 to remove at axis " + llvm::Twine(axis) + ", got " + llvm::Twine(*number));
      return {};
    }
    shape.erase(shape.begin() + axis);
  }
  return n.reshape(n.in(0), shape);
}

Result squeeze(Node &n) {
  Shape shape = nn::shapeOf(n.in(0));
  int64_t rank = shape.size();
  if (hasUnknownAxes(n, 1)) {
    auto may = [&](llvm::ArrayRef<int64_t> axes) {
      return llvm::all_of(axes, [&](int64_t axis) { return dim::getConstant(shape[axis]).value_or(1) == 1; });
    };
    return n.result(switchAxes(n, 1, rank, may, [&](llvm::ArrayRef<int64_t> axes) { return squeezed(n, axes); }));
  }
  std::optional<Ints> stated = n.knownIntsOf("axes", 1);
  Ints axes;
  if (stated) {
    axes = n.axes(*stated, rank);
  }
  for (int64_t i = 0; !stated && i < rank; ++i) {
    if (!dim::getConstant(shape[i])) { // of 1 in some runs only, the result would have no one rank
      n.assume(dim::equalTo(shape[i], n.number(1)), n.number(0),
               "whether dim " + llvm::Twine(i) + " has size 1, so that Squeeze without axes would remove it");
    }
    if (dim::isConstant(shape[i], 1)) {
      axes.push_back(i);
    }
  }
  return n.failed() ? mlir::failure() : n.result(squeezed(n, axes));
}

/// With dims of size 1 that have the numbers `axes`, ascending, in the result.
Value unsqueezed(Node &n, llvm::ArrayRef<int64_t> axes) {
  Shape shape = nn::shapeOf(n.in(0));
  for (int64_t axis : axes) {
    shape.insert(shape.begin() + axis, n.number(1));
  }
  return n.reshape(n.in(0), shape);
}

Result unsqueeze(Node &n) {
  int64_t rank = nn::rankOf(n.in(0));
  if (hasUnknownAxes(n, 1)) {
    auto type = llvm::cast<mlir::RankedTensorType>(n.in(1).getType());
    auto any = [](llvm::ArrayRef<int64_t>) { return true; };
    return n.result(switchAxes(n, 1, rank + (type.hasStaticShape() ? type.getNumElements() : 0), any,
                               [&](llvm::ArrayRef<int64_t> axes) { return unsqueezed(n, axes); }));
  }
  std::optional<Ints> stated = n.knownIntsOf("axes", 1);
  if (!stated) {
    return n.fail("expected axes, got none");
  }
  Ints axes = n.axes(*stated, rank + stated->size());
  return n.failed() ? mlir::failure() : n.result(unsqueezed(n, axes));
}

Result expand(Node &n) {
  std::optional<Shape> asked = n.sizes(1);
  if (!asked) {
    return mlir::failure();
  }
  std::string error;
  mlir::FailureOr<Shape> shape = nn::broadcastShapes({nn::shapeOf(n.in(0)), *asked}, error);
  return mlir::failed(shape) ? n.fail(error) : n.result(n.broadcast(n.in(0), *shape));
}

Result tile(Node &n) {
  int64_t rank = nn::rankOf(n.in(0));
  std::optional<Shape> repeats = n.sizes(1);
  if (!repeats) {
    return mlir::failure();
  }
  if (n.since < 6) {
    std::optional<Ints> axis = n.knownInts(n.in(2));
    if (!axis || axis->size() != 1 || repeats->size() != 1) {
      return n.fail("expected one axis, known at compile time, and one number of tiles");
    }
    Shape all(rank, n.number(1));
    int64_t at = n.axis(axis->front(), rank);
    if (n.failed()) {
      return mlir::failure();
    }
    all[at] = repeats->front();
    repeats = all;
  }
  if (static_cast<int64_t>(repeats->size()) != rank) {
    return n.fail("expected " + llvm::Twine(rank) + " repeats, got " + llvm::Twine(repeats->size()));
  }
  return n.result(n.make<nn::TileOp>(n.in(0), n.shapeAttr(*repeats)));
}
} // namespace

void addShapeRules(RuleTable &table) {
  table.add({{"", "Shape", {1, 13, 15, 19, 21, 23, 24, 25}, shape, {1, 1}},
             {"", "Size", {1, 13, 19, 21, 23, 24, 25}, size, {1, 1}},
             {"", "Reshape", {1, 5, 13, 14, 19, 21, 23, 24, 25}, reshape, {1, 2}},
             {"", "Flatten", {1, 9, 11, 13, 21, 23, 24, 25}, flatten, {1, 1}},
             {"", "Squeeze", {1, 11, 13, 21, 23, 24, 25}, squeeze, {1, 2}},
             {"", "Unsqueeze", {1, 11, 13, 21, 23, 24, 25}, unsqueeze, {1, 2}},
             {"", "Expand", {8, 13}, expand, {2, 2}},
             {"", "Tile", {1}, tile, {3, 3}},
             {"", "Tile", {6, 13}, tile, {2, 2}}});
}
} // namespace dlc::onnx_import

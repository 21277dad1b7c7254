//===- Index.cpp - elements at positions, and tensors of positions --------------------------------------------===//
#include "importers/onnx/rules/Indices.h"
#include <cmath>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// The attribute `axis`, along which constants among the indices, operand 1, are seen to exist.
int64_t indexedAxis(Node &n) {
  int64_t axis = n.axis(n.getInt("axis", 0), nn::rankOf(n.in(0)));
  if (!n.failed()) {
    checkIndices(n, n.in(1), nn::shapeOf(n.in(0))[axis]);
  }
  return axis;
}

/// The same for the index vectors of operand 1, which choose among the dims after the first `batch`.
void checkVectors(Node &n, int64_t batch) {
  Shape shape = nn::shapeOf(n.in(0)), at = nn::shapeOf(n.in(1));
  int64_t rank = shape.size(), length = at.empty() ? 0 : dim::getConstant(at.back()).value_or(0);
  if (batch >= 0 && length > 0 && length <= rank && batch <= rank - length) {
    checkIndexVectors(n, n.in(1), llvm::ArrayRef(shape).slice(batch, length));
  }
}

Result gatherElements(Node &n) {
  int64_t axis = indexedAxis(n);
  return n.result(n.make<nn::GatherElementsOp>(n.in(0), n.in(1), axis));
}

Result gatherND(Node &n) {
  int64_t batch = n.getInt("batch_dims", 0);
  checkVectors(n, batch);
  return n.result(n.make<nn::GatherNDOp>(n.in(0), n.in(1), batch));
}

std::optional<nn::ScatterKind> scatterKind(Node &n) {
  std::string text = n.getString("reduction", "none");
  std::optional<nn::ScatterKind> kind = nn::symbolizeScatterKind(text);
  if (!kind) {
    (void)n.fail("expected reduction none, add, mul, max or min, got '" + text + "'");
  }
  return kind;
}

Result scatterElements(Node &n) {
  int64_t axis = indexedAxis(n);
  std::optional<nn::ScatterKind> kind = scatterKind(n);
  return kind ? n.result(n.make<nn::ScatterElementsOp>(n.in(0), n.in(1), n.in(2), axis, *kind)) : mlir::failure();
}

Result scatterND(Node &n) {
  std::optional<nn::ScatterKind> kind = scatterKind(n);
  checkVectors(n, 0);
  return kind ? n.result(n.make<nn::ScatterNDOp>(n.in(0), n.in(1), n.in(2), *kind)) : mlir::failure();
}

/// A single number of any type as a formula.
std::optional<Expr> sizeOperand(Node &n, unsigned i) {
  Value v = n.in(i);
  auto type = llvm::cast<mlir::RankedTensorType>(v.getType());
  if (!type.hasStaticShape() || type.getNumElements() != 1 || !nn::isNumber(type.getElementType())) {
    (void)n.fail("expected one number at input " + llvm::Twine(i));
    return std::nullopt;
  }
  std::optional<Shape> sizes = n.readSizes(n.cast(v, n.builder.getI64Type()));
  return sizes ? std::optional<Expr>(sizes->front()) : std::nullopt;
}

Result oneHot(Node &n) {
  int64_t axis = n.axis(n.getInt("axis", -1), nn::rankOf(n.in(0)) + 1);
  std::optional<Expr> depth = sizeOperand(n, 1);
  return depth ? n.result(n.make<nn::OneHotOp>(n.in(0), n.in(2), *depth, axis)) : mlir::failure();
}

Result reverseSequence(Node &n) {
  int64_t batch = n.getInt("batch_axis", 1), time = n.getInt("time_axis", 0);
  if (time >= 0 && time < nn::rankOf(n.in(0))) {
    checkRange(n, n.in(1), 0, dim::add(nn::shapeOf(n.in(0))[time], n.number(1)), "lengths");
  }
  return n.result(n.make<nn::ReverseSequenceOp>(n.in(0), n.in(1), batch, time));
}

Result trilu(Node &n) {
  Value k = n.has(1) && nn::rankOf(n.in(1)) == 1 ? n.reshape(n.in(1), {}) : n.in(1);
  return n.result(n.make<nn::TriluOp>(n.in(0), k, n.getBool("upper", true)));
}

/// How many numbers there are from start, in steps, before limit: max(ceil((limit - start) / delta), 0).
std::optional<Expr> rangeSize(Node &n, Value start, Value limit, Value delta) {
  std::optional<Ints> step = n.knownInts(delta);
  auto integers = [&](Value v) { return nn::isInteger(nn::elementOf(v)) ? n.readSizes(v) : std::nullopt; };
  if (nn::isInteger(nn::elementOf(start)) && step && step->front() != 0) {
    std::optional<Shape> from = integers(start), to = integers(limit);
    if (!from || !to) {
      return std::nullopt;
    }
    bool up = step->front() > 0;
    Expr span = up ? dim::sub(to->front(), from->front()) : dim::sub(from->front(), to->front());
    Expr count = dim::ceilDiv(span, n.number(up ? step->front() : -step->front()));
    return n.isSize(count) ? count : dim::max(count, n.number(0));
  }
  Type f64 = n.builder.getF64Type();
  Value span = n.sub(n.cast(limit, f64), n.cast(start, f64));
  Value count = n.cast(n.make<nn::CeilOp>(n.div(span, n.cast(delta, f64))), n.builder.getI64Type());
  std::optional<Shape> read = n.readSizes(count);
  return read ? std::optional<Expr>(dim::max(read->front(), n.number(0))) : std::nullopt;
}

Result range(Node &n) {
  llvm::SmallVector<Value, 3> scalars;
  for (Value v : n.inputs()) {
    auto type = llvm::cast<mlir::RankedTensorType>(v.getType());
    if (!type.hasStaticShape() || type.getNumElements() != 1) {
      return n.fail("expected scalars");
    }
    scalars.push_back(n.reshape(v, {}));
  }
  if (auto delta = n.knownFloats(scalars[2]); delta && delta->front() == 0) {
    return n.fail("expected a delta other than 0");
  }
  Type e = nn::elementOf(scalars[0]);
  std::optional<Expr> size = rangeSize(n, scalars[0], scalars[1], scalars[2]);
  if (!size) {
    return n.fail("expected numbers");
  }
  Value positions = n.make<nn::IotaOp>(n.shapeAttr(*size), 0, e);
  return n.result(n.add(n.mul(positions, scalars[2]), scalars[0]));
}

Result eyeLike(Node &n) {
  Type e = n.hasAttribute("dtype") ? n.getElementType("dtype", 1) : nn::elementOf(n.in(0)), i64 = n.builder.getI64Type();
  int64_t k = n.getInt("k", 0);
  if (nn::rankOf(n.in(0)) != 2 || !e) {
    return n.fail("expected a matrix, got rank " + llvm::Twine(nn::rankOf(n.in(0))));
  }
  dim::ShapeAttr shape = n.shapeAttr(nn::shapeOf(n.in(0)));
  Value row = n.make<nn::IotaOp>(shape, 0, i64), column = n.make<nn::IotaOp>(shape, 1, i64);
  Value diagonal = n.make<nn::EqualOp>(n.add(row, n.scalar(i64, double(k))), column);
  return n.result(n.cast(diagonal, e));
}

/// What Col2Im says of the windows, with one number per dim of the image (two pads).
struct Windows {
  Shape block;
  Ints strides, dilations, pads;
};

/// Has the run check that the input [N, C * elements of the block, windows] is of the windows of the image.
void checkWindows(Node &n, const Shape &image, const Windows &w) {
  if (nn::rankOf(n.in(0)) != 3 || !llvm::all_of(w.strides, [](int64_t s) { return s > 0; })) {
    return;
  }
  Expr channels = nn::shapeOf(n.in(0))[1], taps = n.number(1), count = n.number(1);
  for (size_t d = 0; d < image.size(); ++d) {
    Expr minus = n.number(-1), reach = dim::mul(dim::add(w.block[d], minus), n.number(w.dilations[d]));
    Expr padded = dim::add(image[d], dim::add(n.number(w.pads[d]), n.number(w.pads[image.size() + d])));
    Expr span = dim::add(dim::sub(padded, reach), minus);
    count = dim::mul(count, dim::add(dim::floorDiv(span, n.number(w.strides[d])), n.number(1)));
    taps = dim::mul(taps, w.block[d]);
    if (!dim::getConstant(w.block[d])) {
      n.assume(dim::max(w.block[d], n.number(1)), w.block[d], "block size (of at least 1)");
    }
  }
  if (!dim::getConstant(taps) || *dim::getConstant(taps) > 0) {
    n.assume(channels, dim::mul(dim::floorDiv(channels, taps), taps), "channels (a multiple of the block's elements)");
  }
  n.assume(nn::shapeOf(n.in(0))[2], count, "number of windows");
}

Result col2Im(Node &n) {
  std::optional<Shape> image = n.sizes(1);
  std::optional<Shape> block = n.sizes(2);
  if (!image || !block) {
    return mlir::failure();
  }
  size_t rank = block->size();
  Ints strides = n.getInts("strides", Ints(rank, 1)), dilations = n.getInts("dilations", Ints(rank, 1));
  Ints pads = n.getInts("pads", Ints(2 * rank, 0));
  if (strides.size() == rank && dilations.size() == rank && pads.size() == 2 * rank && image->size() == rank) {
    checkWindows(n, *image, {*block, strides, dilations, pads});
  }
  return n.result(n.make<nn::Col2ImOp>(n.in(0), n.shapeAttr(*image), n.shapeAttr(*block), strides, dilations, pads));
}

/// The inverse of a MaxPool: elements go back to where they were found. Indices count in the smallest output.
Result maxUnpool(Node &n) {
  Value x = n.in(0);
  size_t spatial = std::max<int64_t>(nn::rankOf(x) - 2, 0);
  Ints kernel = n.getInts("kernel_shape"), strides = n.getInts("strides", Ints(spatial, 1));
  Ints pads = n.getInts("pads", Ints(2 * spatial, 0));
  if (spatial == 0 || kernel.size() != spatial || strides.size() != spatial || pads.size() != 2 * spatial) {
    return n.fail("expected a kernel, strides and pads for " + llvm::Twine(spatial) + " spatial dims");
  }
  Shape shape = nn::shapeOf(x);
  for (size_t i = 0; i < spatial; ++i) {
    Expr steps = dim::mul(dim::add(shape[2 + i], n.number(-1)), n.number(strides[i]));
    shape[2 + i] = dim::add(steps, n.number(kernel[i] - pads[i] - pads[spatial + i]));
  }
  std::optional<Shape> wanted = n.has(2) ? n.sizes(2) : shape;
  if (!wanted || wanted->size() != shape.size()) {
    return n.fail("expected one output size per dim");
  }
  return n.result(n.make<nn::MaxUnpoolOp>(x, n.in(1), n.shapeAttr(shape), n.shapeAttr(*wanted)));
}
} // namespace

void addIndexRules(RuleTable &table) {
  table.add({{"", "GatherElements", {11, 13}, gatherElements, {2, 2}},
             {"", "GatherND", {11, 12, 13}, gatherND, {2, 2}},
             {"", "Scatter", {9, 11}, scatterElements, {3, 3}},
             {"", "ScatterElements", {11, 13, 16, 18}, scatterElements, {3, 3}},
             {"", "ScatterND", {11, 13, 16, 18}, scatterND, {3, 3}},
             {"", "OneHot", {9, 11}, oneHot, {3, 3}},
             {"", "ReverseSequence", {10}, reverseSequence, {2, 2}},
             {"", "Trilu", {14}, trilu, {1, 2}},
             {"", "Range", {11}, range, {3, 3}},
             {"", "EyeLike", {9, 22}, eyeLike, {1, 1}},
             {"", "Col2Im", {18}, col2Im, {3, 3}},
             {"", "MaxUnpool", {9, 11, 22}, maxUnpool, {2, 3}}});
}
} // namespace dlc::onnx_import

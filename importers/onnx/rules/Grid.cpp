//===- Grid.cpp - images around their centres, grids of positions, deformed convolutions --------===//
#include "importers/onnx/rules/AttentionParts.h"
#include <numeric>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// How many elements come before (are taken away, where negative) to keep the middle: rounded towards 0.
Expr before(Node &n, Expr have, Expr want) {
  Expr more = dim::sub(want, have), two = n.number(2), zero = n.number(0);
  Expr added = dim::max(dim::floorDiv(more, two), zero),
       taken = dim::max(dim::floorDiv(dim::sub(zero, more), two), zero);
  return dim::sub(added, taken);
}

Result centerCropPad(Node &n) {
  Value x = n.in(0);
  Shape shape = nn::shapeOf(x), begins(shape.size(), n.number(0)), ends = begins;
  Ints axes = n.getInts("axes");
  if (axes.empty()) {
    axes.resize(shape.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  axes = n.axes(axes, shape.size(), /*sorted=*/false);
  auto given = llvm::cast<mlir::RankedTensorType>(n.in(1).getType());
  if (n.failed() || given.getRank() != 1 ||
      (given.hasStaticShape() && given.getNumElements() != int64_t(axes.size()))) {
    return n.fail("expected one size per axis");
  }
  std::optional<Shape> wanted = n.readSizes(n.reshape(n.in(1), {n.number(axes.size())}));
  if (!wanted) {
    return mlir::failure();
  }
  for (auto [axis, want] : llvm::zip(axes, *wanted)) {
    begins[axis] = before(n, shape[axis], want);
    ends[axis] = dim::sub(dim::sub(want, shape[axis]), begins[axis]);
    shape[axis] = want;
  }
  Type e = nn::elementOf(x);
  Value zero = nn::isString(e) ? Value() : n.scalar(e, 0);
  return n.result(
      n.reshape(n.make<nn::PadOp>(x, zero, nn::PadMode::Constant, n.shapeAttr(begins), n.shapeAttr(ends)), shape));
}

/// Positions in [-1, 1] along one dim: the centres of the corner elements are at the ends, or their outer edges are.
Value positions(Node &n, Expr size, bool corners, Type e) {
  Value i = n.make<nn::IotaOp>(n.shapeAttr({size}), 0, e);
  Expr one = n.number(1), last = dim::add(size, n.number(-1));
  if (corners) {
    Value steps = n.cast(sizeValue(n, dim::max(last, one)), e), start = n.cast(sizeValue(n, dim::min(last, one)), e);
    return n.sub(n.div(n.mul(i, 2.0), steps), start);
  }
  return n.sub(n.div(n.add(n.mul(i, 2.0), 1.0), n.cast(sizeValue(n, size), e)), 1.0);
}

/// theta [N, d, d + 1] applied to all positions of an image of the given size: [N, spatial..., d].
Result affineGrid(Node &n) {
  Value theta = n.in(0);
  std::optional<Shape> size = n.sizes(1);
  bool corners = n.getBool("align_corners", false);
  if (!size || size->size() < 4 || size->size() > 5 || nn::rankOf(theta) != 3) {
    return n.fail("expected matrices [N, d, d + 1] and a size of 4 or 5 numbers");
  }
  Type e = nn::elementOf(theta);
  Shape spatial(llvm::ArrayRef(*size).drop_front(2)), column = spatial;
  int64_t count = spatial.size();
  column.push_back(n.number(1));
  llvm::SmallVector<Value> parts;
  for (int64_t d = count; d-- > 0;) { // x, the last dim, comes first
    Shape line(count + 1, n.number(1));
    line[d] = spatial[d];
    parts.push_back(n.broadcast(n.reshape(positions(n, spatial[d], corners, e), line), column));
  }
  parts.push_back(n.broadcast(n.scalar(e, 1), column));
  Value all = n.reshape(n.concat(parts, count), {dim::product(n.context(), spatial), n.number(count + 1)});
  Value moved = n.make<nn::MatmulOp>(all, theta, false, true);
  Shape result{nn::shapeOf(theta)[0]};
  result.append(spatial.begin(), spatial.end());
  result.push_back(n.number(count));
  return n.result(n.reshape(moved, result));
}

/// A kernel of more taps is nobody's.
constexpr int64_t kMostTaps = 1 << 20;

/// What DeformConv's attributes and shapes say; d: spatial dims.
struct Deform {
  Ints kernel, strides, dilations, pads;
  int64_t groups, offsetGroups, taps;
  Shape x, out; ///< of the input; spatial ones of the result
  size_t d() const { return kernel.size(); }
};

std::optional<Deform> readDeform(Node &n) {
  Deform s;
  s.x = nn::shapeOf(n.in(0));
  size_t d = s.x.size() - std::min<size_t>(2, s.x.size());
  Shape w = nn::shapeOf(n.in(1)), offset = nn::shapeOf(n.in(2));
  s.strides = n.getInts("strides", Ints(d, 1));
  s.dilations = n.getInts("dilations", Ints(d, 1));
  s.pads = n.getInts("pads", Ints(2 * d, 0));
  s.groups = n.getInt("group", 1);
  s.offsetGroups = n.getInt("offset_group", 1);
  s.taps = 1;
  Ints stated = n.getInts("kernel_shape");
  for (size_t i = 2; i < w.size(); ++i) {
    s.kernel.push_back(dim::getConstant(w[i]).value_or(i - 2 < stated.size() ? stated[i - 2] : 0));
    if (s.kernel.back() > kMostTaps || (s.taps *= s.kernel.back()) > kMostTaps) {
      (void)n.fail("expected a kernel of at most " + llvm::Twine(kMostTaps) + " taps");
      return std::nullopt;
    }
    n.assume(w[i], n.number(s.kernel.back()), "the weight's size against kernel_shape");
  }
  stated = stated.empty() ? s.kernel : stated;
  if (d < 2 || d > 3 || s.kernel.size() != d || stated != s.kernel || s.taps < 1 || offset.size() != d + 2 ||
      s.groups < 1 || s.offsetGroups < 1 || s.strides.size() != d || s.dilations.size() != d ||
      s.pads.size() != 2 * d) {
    (void)n.fail("expected 2 or 3 spatial dims, a weight of known sizes that kernel_shape states, and strides, "
                 "dilations and pads "
                 "for them");
    return std::nullopt;
  }
  s.out.append(offset.begin() + 2, offset.end());
  return s;
}

/// Where dim `i` of the input is read: [N * offset groups, taps, out...], in the coordinates that grid_sample wants.
Value deformedPositions(Node &n, const Deform &s, Value offsets, size_t i) {
  Type e = nn::elementOf(offsets);
  Shape shape = nn::shapeOf(offsets), line(s.d() + 2, n.number(1)), tap = line;
  shape.erase(shape.begin() + 2);
  Value own = n.reshape(n.slice(offsets, 2, n.number(i), n.number(1)), shape);
  line[2 + i] = s.out[i];
  Value at = n.mul(n.make<nn::IotaOp>(n.shapeAttr(line), 2 + i, e), double(s.strides[i]));
  nn::Tensor taps = nn::Tensor::zeros(n.builder.getF32Type(), {s.taps});
  int64_t inner = 1;
  for (size_t k = i + 1; k < s.d(); ++k) {
    inner *= s.kernel[k];
  }
  for (int64_t k = 0; k < s.taps; ++k) {
    taps.values<float>()[k] = float(k / inner % s.kernel[i] * s.dilations[i] - s.pads[i]);
  }
  tap[1] = n.number(s.taps);
  Value place = n.add(n.add(own, at), n.reshape(n.cast(n.constant(nn::attrFromTensor(taps)), e), tap));
  // (2 p + 1) / size - 1: -1 and 1 are the outer edges.
  return n.sub(n.div(n.add(n.mul(place, 2.0), 1.0), n.cast(sizeValue(n, s.x[2 + i]), e)), 1.0);
}

/// The elements that each tap reads, weighted by the mask: [N, C, taps, out...].
Value deformedColumns(Node &n, const Deform &s) {
  Expr groups = n.number(s.offsetGroups), taps = n.number(s.taps), batches = dim::mul(s.x[0], groups);
  Shape offsetShape{batches, taps, n.number(s.d())}, grid{batches, dim::mul(taps, s.out[0])};
  offsetShape.append(s.out.begin(), s.out.end());
  grid.append(s.out.begin() + 1, s.out.end());
  Shape column = grid;
  column.push_back(n.number(1));
  // Positions go through numbers of [-1, 1] and back: in f32 that would cost their last bits.
  Value offsets = n.reshape(n.cast(n.in(2), n.builder.getF64Type()), offsetShape);
  if (!offsets) {
    return {};
  }
  llvm::SmallVector<Value> parts;
  for (size_t i = s.d(); i-- > 0;) {
    parts.push_back(n.reshape(deformedPositions(n, s, offsets, i), column));
  }
  Shape input{batches, dim::floorDiv(s.x[1], groups)};
  input.append(s.x.begin() + 2, s.x.end());
  if (n.failed()) {
    return {};
  }
  Value sampled = n.make<nn::GridSampleOp>(n.reshape(n.in(0), input), n.concat(parts, s.d() + 1),
                                           nn::SampleMode::Linear, nn::OutsideMode::Zeros, false);
  if (n.has(4)) {
    Shape mask = grid;
    mask.insert(mask.begin() + 1, n.number(1));
    sampled = n.mul(sampled, n.reshape(n.in(4), mask));
  }
  return sampled;
}

Result deformConv(Node &n) {
  std::optional<Deform> s = readDeform(n);
  Value columns = s ? deformedColumns(n, *s) : Value();
  if (!columns || n.failed()) {
    return mlir::failure();
  }
  Shape w = nn::shapeOf(n.in(1));
  Expr groups = n.number(s->groups), depth = dim::mul(w[1], n.number(s->taps)),
       places = dim::product(n.context(), s->out);
  Value rows = n.reshape(n.in(1), {groups, dim::floorDiv(w[0], groups), depth});
  Value y = n.make<nn::MatmulOp>(rows, n.reshape(columns, {s->x[0], groups, depth, places}), false, false);
  Shape result{s->x[0], w[0]};
  result.append(s->out.begin(), s->out.end());
  y = n.reshape(y, result);
  return n.result(n.has(3) ? n.add(y, n.perChannel(n.in(3), 1, result.size())) : y);
}
} // namespace

void addGridRules(RuleTable &table) {
  table.add({{"", "CenterCropPad", {18}, centerCropPad, {2, 2}},
             {"", "AffineGrid", {20}, affineGrid, {2, 2}},
             {"", "DeformConv", {19, 22}, deformConv, {3, 5}}});
}
} // namespace dlc::onnx_import

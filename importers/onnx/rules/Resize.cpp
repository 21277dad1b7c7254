//===- Resize.cpp - values between elements
//------------------------------------------------------------------------===//
#include "importers/onnx/rules/Indices.h"
#include <cmath>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

constexpr double kMostScale = 1e6;

/// floor(size * scale), as a formula where the scale is a fraction of small numbers. Null when there is none.
Expr scaledSize(Node &n, Expr size, double scale) {
  if (!(scale > 0) || scale >= kMostScale) {
    return {};
  }
  if (std::optional<int64_t> known = dim::getConstant(size)) {
    return n.number(int64_t(std::floor(float(*known) * float(scale))));
  }
  for (int64_t q = 1; q <= 64; ++q) {
    double p = std::nearbyint(scale * double(q));
    if (float(p / double(q)) == float(scale)) {
      return dim::floorDiv(dim::mul(size, n.number(int64_t(p))), n.number(q));
    }
  }
  return {};
}

/// Result sizes, and per dim the scale (0: the one in `scaleValues`, or else the quotient of the sizes).
struct Target {
  Shape sizes;
  llvm::SmallVector<double> scales;
  Value scaleValues;
};

/// A vector with the elements of `given` at `places`, and `otherwise` where these are negative.
Value spread(Node &n, Value given, llvm::ArrayRef<int64_t> places, double otherwise) {
  if (!given) {
    return {};
  }
  Expr count = dim::product(n.context(), nn::shapeOf(given));
  Type e = nn::elementOf(given);
  Value all = n.concat({n.filled(e, otherwise, {1}), n.reshape(given, {count})}, 0);
  Ints from;
  for (int64_t place : places) {
    from.push_back(place + 1); // behind the number for all others
  }
  return n.make<nn::GatherOp>(all, n.i64s(from), 0);
}

/// The sizes of `axes` as a vector of floats.
Value sizesOf(Node &n, llvm::ArrayRef<Expr> shape, llvm::ArrayRef<int64_t> axes, Type e) {
  Shape sizes;
  for (int64_t axis : axes) {
    sizes.push_back(shape[axis]);
  }
  auto type = mlir::RankedTensorType::get({int64_t(axes.size())}, n.builder.getI64Type());
  return n.cast(n.make<nn::SizesOp>(n.shapeAttr(sizes), type), e);
}

/// A target that only the run knows: the scale of each axis, and the sizes, rounded down by then.
std::optional<Target> atRunTime(Node &n, Value x, Value scales, Value sizes, llvm::ArrayRef<int64_t> axes) {
  Target t{nn::shapeOf(x), llvm::SmallVector<double>(nn::rankOf(x), 1.0), {}};
  Ints places(nn::rankOf(x), -1);
  std::optional<Shape> read = n.readSizes(n.cast(sizes, n.builder.getI64Type()));
  if (!read) {
    return std::nullopt;
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    t.scales[axes[i]] = 0.0;
    t.sizes[axes[i]] = (*read)[i];
    places[axes[i]] = i;
  }
  t.scaleValues = spread(n, scales, places, 1.0);
  return t;
}

/// Scales that only the run knows, `count` of them, with 1 in the place of those that no scale can be; the run fails if
/// there are any.
Value checkedScales(Node &n, Value scales, Expr count) {
  if (!scales) {
    return {};
  }
  Type f32 = n.builder.getF32Type(), i64 = n.builder.getI64Type();
  Value above = n.make<nn::LessOp>(n.scalar(f32, 0), scales), below = n.make<nn::LessOp>(scales, n.scalar(f32, kMostScale));
  Value usable = above && below ? n.make<nn::AndOp>(above, below) : Value();
  Value checked = usable ? n.reshape(n.select(usable, scales, n.scalar(f32, 1)), {count}) : Value();
  Value found = checked ? n.reduce(n.cast(n.reshape(usable, {count}), i64), nn::ReduceKind::Sum, {0}, true) : Value();
  if (std::optional<Shape> read = n.readSizes(found)) {
    n.assume(read->front(), count, "number of scales above 0 and below a million");
  }
  return checked;
}

std::optional<Target> fromScales(Node &n, Value x, Value scales, llvm::ArrayRef<int64_t> axes) {
  std::optional<llvm::SmallVector<double>> known = n.knownFloats(scales);
  if (!known) {
    Type f32 = n.builder.getF32Type();
    Expr count = n.number(axes.size());
    n.assume(dim::product(n.context(), nn::shapeOf(scales)), count, "number of scales");
    scales = checkedScales(n, n.cast(scales, f32), count);
    return atRunTime(n, x, scales, n.mul(sizesOf(n, nn::shapeOf(x), axes, f32), scales), axes);
  }
  Target t{nn::shapeOf(x), llvm::SmallVector<double>(nn::rankOf(x), 1.0), {}};
  if (known->size() != axes.size()) {
    (void)n.fail("expected " + llvm::Twine(axes.size()) + " scales, got " + llvm::Twine(known->size()));
    return std::nullopt;
  }
  for (auto [axis, scale] : llvm::zip(axes, *known)) {
    t.scales[axis] = scale;
    t.sizes[axis] = scaledSize(n, t.sizes[axis], scale);
    if (!t.sizes[axis]) {
      (void)n.fail("expected scales above 0, simple fractions where sizes are not known, got " + std::to_string(scale));
      return std::nullopt;
    }
  }
  return t;
}

/// One scale for all axes: the least, or the greatest, that the asked sizes allow.
bool keepAspect(Node &n, Value x, Target &t, const Shape &from, llvm::ArrayRef<int64_t> axes, bool larger) {
  double scale = larger ? 0.0 : 1e30;
  for (int64_t axis : axes) {
    std::optional<int64_t> have = dim::getConstant(from[axis]), want = dim::getConstant(t.sizes[axis]);
    if (!have || !want) {
      Type f64 = n.builder.getF64Type();
      Value own = sizesOf(n, from, axes, f64), wanted = sizesOf(n, t.sizes, axes, f64);
      nn::ReduceKind kind = larger ? nn::ReduceKind::Max : nn::ReduceKind::Min;
      Value one = n.reduce(n.div(wanted, own), kind, {0});
      Value scales = one ? n.broadcast(one, {n.number(axes.size())}) : Value();
      std::optional<Target> run = atRunTime(n, x, scales, n.make<nn::FloorOp>(n.add(n.mul(own, scales), 0.5)), axes);
      t = run.value_or(t);
      return run.has_value();
    }
    if (*have == 0) {
      (void)n.fail("expected sizes above 0 with keep_aspect_ratio_policy, got 0 at axis " + llvm::Twine(axis));
      return false;
    }
    double own = double(*want) / double(*have);
    scale = larger ? std::max(scale, own) : std::min(scale, own);
  }
  for (int64_t axis : axes) {
    t.scales[axis] = scale;
    t.sizes[axis] = n.number(int64_t(std::floor(scale * double(*dim::getConstant(from[axis])) + 0.5)));
  }
  return true;
}

std::optional<Target> fromSizes(Node &n, Value x, unsigned input, llvm::ArrayRef<int64_t> axes) {
  std::optional<Shape> asked = n.sizes(input);
  std::string policy = n.getString("keep_aspect_ratio_policy", "stretch");
  Shape from = nn::shapeOf(x);
  Target t{from, llvm::SmallVector<double>(from.size(), 1.0), {}};
  if (!asked || asked->size() != axes.size()) {
    (void)n.fail("expected " + llvm::Twine(axes.size()) + " sizes");
    return std::nullopt;
  }
  for (auto [axis, size] : llvm::zip(axes, *asked)) {
    t.sizes[axis] = size;
    t.scales[axis] = size == from[axis] ? 1.0 : 0.0;
  }
  if (policy != "stretch" && !keepAspect(n, x, t, from, axes, policy == "not_smaller")) {
    return std::nullopt;
  }
  return t;
}

std::optional<nn::SampleMode> sampleMode(Node &n, llvm::StringRef text) {
  if (text == "nearest") {
    return nn::SampleMode::Nearest;
  }
  if (text == "linear" || text == "bilinear") {
    return nn::SampleMode::Linear;
  }
  if (text == "cubic" || text == "bicubic") {
    return nn::SampleMode::Cubic;
  }
  (void)n.fail("expected mode nearest, linear or cubic, got '" + text + "'");
  return std::nullopt;
}

/// The region, one start and end per dim: the whole of dims that are not among `axes`.
Value regionOf(Node &n, Value roi, llvm::ArrayRef<int64_t> axes, int64_t rank) {
  if (!roi || static_cast<int64_t>(axes.size()) == rank) {
    return roi;
  }
  int64_t count = axes.size();
  n.assume(dim::product(n.context(), nn::shapeOf(roi)), n.number(2 * count), "number of the region's ends");
  Ints starts(rank, -1), ends(rank, -1);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    starts[axis] = i;
    ends[axis] = count + int64_t(i);
  }
  return n.failed() ? Value() : n.concat({spread(n, roi, starts, 0.0), spread(n, roi, ends, 1.0)}, 0);
}

Result resize(Node &n) {
  Value x = n.in(0);
  int64_t rank = nn::rankOf(x);
  Ints every;
  for (int64_t i = 0; i < rank; ++i) {
    every.push_back(i);
  }
  Ints axes = n.axes(n.getInts("axes", every), rank, /*sorted=*/false);
  auto present = [&](unsigned i) {
    return n.has(i) && !dim::isConstant(dim::product(n.context(), nn::shapeOf(n.in(i))), 0);
  };
  if (n.failed() || present(2) == present(3)) {
    return n.fail("expected either scales or sizes");
  }
  std::optional<Target> t = present(2) ? fromScales(n, x, n.in(2), axes) : fromSizes(n, x, 3, axes);
  n.ignore({"keep_aspect_ratio_policy"});
  std::optional<nn::SampleMode> mode = sampleMode(n, n.getString("mode", "nearest"));
  std::string coordinateText = n.getString("coordinate_transformation_mode", "half_pixel");
  std::optional<nn::CoordinateMode> coordinates = nn::symbolizeCoordinateMode(coordinateText);
  std::string nearestText = n.getString("nearest_mode", "round_prefer_floor");
  bool fromFloor = nearestText == "floor", fromRound = nearestText == "round_prefer_floor";
  bool isOld = n.since == 11 && mode == nn::SampleMode::Nearest && coordinateText == "tf_half_pixel_for_nn";
  if (isOld && (fromFloor || fromRound)) {
    // h + 0.5, h being the position of half_pixel: floor(h + 0.5) rounds h, and ceil(h + 0.5 - 0.5) is ceil(h).
    coordinates = nn::CoordinateMode::HalfPixel;
    nearestText = fromFloor ? "round_prefer_ceil" : "ceil";
  }
  std::optional<nn::NearestMode> nearest = nn::symbolizeNearestMode(nearestText);
  double cubic = n.getFloat("cubic_coeff_a", -0.75), extrapolation = n.getFloat("extrapolation_value", 0.0);
  bool exclude = n.getBool("exclude_outside", false), antialias = n.getBool("antialias", false);
  if (!coordinates) {
    return n.fail("expected a coordinate_transformation_mode of the specification, got '" + coordinateText + "'");
  }
  if (!nearest) {
    return n.fail("expected nearest_mode round_prefer_floor, round_prefer_ceil, floor or ceil, got '" + nearestText +
                  "'");
  }
  if (!t || !mode) {
    return mlir::failure();
  }
  bool crop = *coordinates == nn::CoordinateMode::TfCropAndResize;
  Value roi = crop ? regionOf(n, n.in(1), axes, rank) : Value();
  roi = roi ? n.cast(roi, n.builder.getF32Type()) : roi;
  return n.result(n.make<nn::ResizeOp>(x, roi, t->scaleValues, n.shapeAttr(t->sizes), t->scales, *mode, *coordinates,
                                       *nearest, llvm::APFloat(cubic), exclude, llvm::APFloat(extrapolation),
                                       antialias));
}

/// Resize-10 and Upsample: positions are multiples of 1 / scale, rounded down.
Result upsample(Node &n) {
  Value x = n.in(0);
  Ints axes;
  for (int64_t i = 0; i < nn::rankOf(x); ++i) {
    axes.push_back(i);
  }
  std::optional<nn::SampleMode> mode = sampleMode(n, n.getString("mode", "nearest"));
  Value scales = n.in(1);
  if (n.op() == "Upsample" && n.since < 9) {
    llvm::SmallVector<float> stated = n.getFloats("scales");
    if (n.since == 1) {
      stated = {1, 1, float(n.getFloat("height_scale", 1)), float(n.getFloat("width_scale", 1))};
    }
    nn::Tensor t = nn::Tensor::zeros(n.builder.getF32Type(), {int64_t(stated.size())});
    llvm::copy(stated, t.values<float>().begin());
    scales = n.constant(nn::attrFromTensor(t));
  }
  std::optional<Target> t = mode && scales ? fromScales(n, x, scales, axes) : std::nullopt;
  if (!t) {
    return n.fail("expected scales");
  }
  return n.result(n.make<nn::ResizeOp>(x, Value(), t->scaleValues, n.shapeAttr(t->sizes), t->scales, *mode,
                                       nn::CoordinateMode::Asymmetric, nn::NearestMode::Floor, llvm::APFloat(-0.75),
                                       false, llvm::APFloat(0.0), false));
}

Result gridSample(Node &n) {
  std::optional<nn::SampleMode> mode = sampleMode(n, n.getString("mode", "linear"));
  std::string text = n.getString("padding_mode", "zeros");
  std::optional<nn::OutsideMode> outside = nn::symbolizeOutsideMode(text);
  bool corners = n.getBool("align_corners", false);
  if (!mode || !outside) {
    return n.fail("expected padding_mode zeros, border or reflection, got '" + text + "'");
  }
  return n.result(n.make<nn::GridSampleOp>(n.in(0), n.in(1), *mode, *outside, corners));
}

Result roiAlign(Node &n) {
  std::string mode = n.getString("mode", "avg");
  std::string transform =
      n.getString("coordinate_transformation_mode", n.since < 16 ? "output_half_pixel" : "half_pixel");
  int64_t height = n.getInt("output_height", 1), width = n.getInt("output_width", 1),
          ratio = n.getInt("sampling_ratio", 0);
  double scale = n.getFloat("spatial_scale", 1.0);
  if ((mode != "avg" && mode != "max") || (transform != "half_pixel" && transform != "output_half_pixel")) {
    return n.fail("expected mode avg or max and half_pixel or output_half_pixel, got '" + mode + "' and '" + transform +
                  "'");
  }
  if (nn::rankOf(n.in(0)) == 4) {
    checkRange(n, n.in(2), 0, nn::shapeOf(n.in(0))[0], "batch indices");
  }
  return n.result(n.make<nn::RoiAlignOp>(n.in(0), n.in(1), n.in(2), height, width, ratio, llvm::APFloat(scale),
                                         transform == "half_pixel", mode == "max"));
}
} // namespace

void addResizeRules(RuleTable &table) {
  table.add({{"", "Upsample", {1, 7}, upsample, {1, 1}},
             {"", "Upsample", {9, 10}, upsample, {2, 2}},
             {"", "Resize", {10}, upsample, {2, 2}},
             {"", "Resize", {11, 13, 18, 19}, resize, {1, 4}},
             {"", "GridSample", {16, 20, 22}, gridSample, {2, 2}},
             {"", "RoiAlign", {10, 16, 22}, roiAlign, {3, 3}},
             {kMicrosoft, "GridSample", {1}, gridSample, {2, 2}}});
}
} // namespace dlc::onnx_import

//===- Signal.cpp - Fourier transforms and mel filters -----------------------------------===//
#include "importers/onnx/rules/AttentionParts.h"
#include "importers/onnx/rules/AxesSwitch.h"
#include <cmath>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// A complex tensor as two real ones; `imaginary` is null where all of it is 0.
struct Complex {
  Value real, imaginary;
};

/// cos and sin of 2 pi i k / length for i below `rows` and k below `columns`. The angles are reduced as integers.
Complex turns(Node &n, Expr rows, Expr columns, Expr length, Type element) {
  Type i64 = n.builder.getI64Type(), f64 = n.builder.getF64Type();
  Value i = n.make<nn::IotaOp>(n.shapeAttr({rows, n.number(1)}), 0, i64),
        k = n.make<nn::IotaOp>(n.shapeAttr({columns}), 0, i64);
  Value size = sizeValue(n, length), step = n.make<nn::ModOp>(n.mul(i, k), size);
  Value angle = n.div(n.mul(n.cast(step, f64), 2 * M_PI), n.cast(size, f64));
  return {n.cast(n.make<nn::CosOp>(angle), element), n.cast(n.make<nn::SinOp>(angle), element)};
}

Value product(Node &n, Value a, Value b) { return n.make<nn::MatmulOp>(a, b, false, false); }
Value addTo(Node &n, Value a, Value b) { return a && b ? n.add(a, b) : a ? a : b; }

/// The transform along the last dim, which has `bins` elements and stands for `length` ones.
Complex transform(Node &n, Complex x, Expr length, bool inverse, bool onesided) {
  if (n.failed()) {
    return {};
  }
  Type e = nn::elementOf(x.real);
  Expr bins = nn::shapeOf(x.real).back();
  Expr half = dim::add(dim::floorDiv(length, n.number(2)), n.number(1));
  Complex m = turns(n, bins, onesided && !inverse ? half : length, length, e);
  if (!inverse) {
    Value real = product(n, x.real, m.real), imaginary = n.make<nn::NegOp>(product(n, x.real, m.imaginary));
    return {addTo(n, real, x.imaginary ? product(n, x.imaginary, m.imaginary) : Value()),
            addTo(n, imaginary, x.imaginary ? product(n, x.imaginary, m.real) : Value())};
  }
  Value scale = n.make<nn::ReciprocalOp>(n.cast(sizeValue(n, length), e));
  if (onesided) {
    // Bins that stand for their conjugates as well count twice.
    Type i64 = n.builder.getI64Type();
    Value k = n.make<nn::IotaOp>(n.shapeAttr({bins}), 0, i64);
    Value first = n.make<nn::EqualOp>(k, n.scalar(i64, 0)),
          middle = n.make<nn::EqualOp>(n.mul(k, 2.0), sizeValue(n, length));
    scale = n.mul(scale, n.select(n.make<nn::OrOp>(first, middle), n.scalar(e, 1), n.scalar(e, 2)));
  }
  auto scaled = [&](Value v) { return v ? n.mul(v, scale) : v; };
  Value r = scaled(x.real), i = scaled(x.imaginary);
  Value real = product(n, r, m.real);
  real = i ? n.sub(real, product(n, i, m.imaginary)) : real;
  return {real, onesided ? Value() : addTo(n, product(n, r, m.imaginary), i ? product(n, i, m.real) : Value())};
}

/// The part of the last dim, without that dim. Of a dim of unknown size, the imaginary part is 0 where it has one
/// element.
Complex partsOf(Node &n, Value x) {
  Shape s = nn::shapeOf(x), rest(llvm::ArrayRef(s).drop_back());
  int64_t last = s.size() - 1;
  Value real = n.reshape(n.slice(x, last, n.number(0), n.number(1)), rest);
  if (dim::isConstant(s[last], 1)) {
    return {real, {}};
  }
  Expr second = dim::add(s[last], n.number(-1));
  Value imaginary = n.reshape(n.slice(x, last, second, n.number(1)), rest);
  return {real,
          dim::getConstant(s[last]) ? imaginary : n.mul(imaginary, n.cast(sizeValue(n, second), nn::elementOf(x)))};
}

/// x [..., size at `axis`, ..., 1 or 2] -> the same with the transform along `axis`, whose length is `length`.
/// Computed in f64: in f32, bins that are 0 would be left with the rounding of as many terms as there are elements.
Value dftAlong(Node &n, Value x, int64_t axis, Expr length, bool inverse, bool onesided) {
  Type e = nn::elementOf(x), compute = n.builder.getF64Type();
  int64_t rank = nn::rankOf(x);
  Value wide = n.cast(x, compute);
  if (n.failed()) {
    return {};
  }
  Complex parts = partsOf(n, wide);
  Ints there, back(rank - 1);
  for (int64_t i = 0; i < rank - 1; ++i) {
    if (i != axis) {
      there.push_back(i);
    }
  }
  there.push_back(axis);
  for (auto [i, p] : llvm::enumerate(there)) {
    back[p] = i;
  }
  Expr wanted = inverse && onesided ? dim::add(dim::floorDiv(length, n.number(2)), n.number(1)) : length;
  auto moved = [&](Value v) -> Value {
    v = v ? n.transpose(v, there) : v;
    if (!v || n.failed() || nn::shapeOf(v).back() == wanted) {
      return v;
    }
    Shape zeros(rank - 1, n.number(0)), ends = zeros, full = nn::shapeOf(v);
    ends.back() = dim::sub(wanted, full.back());
    full.back() = wanted;
    return n.reshape(
        n.make<nn::PadOp>(v, n.scalar(compute, 0), nn::PadMode::Constant, n.shapeAttr(zeros), n.shapeAttr(ends)), full);
  };
  Complex y = transform(n, {moved(parts.real), moved(parts.imaginary)}, length, inverse, onesided);
  auto column = [&](Value v) {
    v = n.cast(n.transpose(v, back), e);
    Shape s = n.failed() ? Shape() : nn::shapeOf(v);
    s.push_back(n.number(1));
    return n.reshape(v, s);
  };
  if (n.failed()) {
    return {};
  }
  return y.imaginary ? n.concat({column(y.real), column(y.imaginary)}, rank - 1) : column(y.real);
}

bool hasComplexDim(Node &n, Value x) {
  int64_t rank = nn::rankOf(x);
  std::optional<int64_t> last = rank ? dim::getConstant(nn::shapeOf(x).back()) : 0;
  if (rank < 2 || (last && *last != 1 && *last != 2)) {
    (void)n.fail("expected a signal whose last dim has 1 or 2 elements");
  }
  return !n.failed();
}

/// The transform along one axis; without a stated length, the axis has it.
Value dftOf(Node &n, int64_t axis, bool inverse, bool onesided) {
  Expr size = nn::shapeOf(n.in(0))[axis];
  std::optional<Shape> length = n.has(1)              ? n.sizes(1)
                                : inverse && onesided ? Shape{dim::mul(dim::add(size, n.number(-1)), n.number(2))}
                                                      : Shape{size};
  if (!length || length->size() != 1) {
    (void)n.fail("expected one dft_length");
    return {};
  }
  if (n.has(1)) {
    n.assume(length->front(), dim::max(length->front(), n.number(1)), "dft_length (at least 1)");
  }
  return n.failed() ? Value() : dftAlong(n, n.in(0), axis, length->front(), inverse, onesided);
}

Result dft(Node &n) {
  int64_t rank = nn::rankOf(n.in(0)), stated = n.since < 20 ? n.getInt("axis", 1) : -2;
  bool inverse = n.getBool("inverse", false), onesided = n.getBool("onesided", false);
  if (!hasComplexDim(n, n.in(0))) {
    return mlir::failure();
  }
  if (hasUnknownAxes(n, 2)) {
    auto may = [&](llvm::ArrayRef<int64_t> axes) { return axes.front() != rank - 1; };
    return n.result(switchAxes(
        n, 2, rank, may, [&](llvm::ArrayRef<int64_t> axes) { return dftOf(n, axes.front(), inverse, onesided); }));
  }
  if (std::optional<Ints> known = n.has(2) ? n.knownInts(n.in(2)) : std::nullopt; known && known->size() == 1) {
    stated = known->front();
  }
  int64_t axis = n.axis(stated, rank);
  if (n.failed() || axis == rank - 1) {
    return n.fail("expected an axis other than the last");
  }
  return n.result(dftOf(n, axis, inverse, onesided));
}

/// Windows of the signal [batch, length, 1 or 2], each transformed: [batch, frames, bins, 2].
Result stft(Node &n) {
  Value x = n.in(0);
  bool onesided = n.getBool("onesided", true);
  std::optional<Shape> step = n.sizes(1), length = n.has(3) ? n.sizes(3) : Shape{};
  if (!step || !length || step->size() != 1 || nn::rankOf(x) != 3 || !hasComplexDim(n, x)) {
    return n.fail("expected a signal of rank 3 and one frame_step");
  }
  n.assume(step->front(), dim::max(step->front(), n.number(1)), "frame_step (at least 1)");
  Shape s = nn::shapeOf(x);
  Expr size = !length->empty() ? length->front() : n.has(2) ? nn::shapeOf(n.in(2))[0] : s[1];
  Expr frames = dim::add(dim::floorDiv(dim::sub(s[1], size), step->front()), n.number(1));
  frames = n.isSize(frames) ? frames : dim::max(frames, n.number(0));
  Type i64 = n.builder.getI64Type();
  Value first = n.mul(n.make<nn::IotaOp>(n.shapeAttr({frames, n.number(1)}), 0, i64), sizeValue(n, step->front()));
  Value at = n.add(first, n.make<nn::IotaOp>(n.shapeAttr({size}), 0, i64));
  Value windows = n.make<nn::GatherOp>(x, at, 1);
  if (n.has(2)) {
    windows = n.mul(windows, n.reshape(n.in(2), {size, n.number(1)}));
  }
  return n.failed() ? mlir::failure() : n.result(dftAlong(n, windows, 2, size, false, onesided));
}

/// Triangles of height 1 whose corners lie at equal distances on the mel scale, 2595 log10(1 + f / 700).
Result melWeightMatrix(Node &n) {
  Type element = n.getElementType("output_datatype", 1), f64 = n.builder.getF64Type(), i64 = n.builder.getI64Type();
  std::optional<Shape> bins = n.sizes(0), length = n.sizes(1);
  if (!bins || !length || bins->size() != 1 || length->size() != 1 || !element) {
    return n.fail("expected one number of mel bins and one dft_length");
  }
  auto scalar = [&](unsigned i) { return n.cast(n.reshape(n.in(i), {}), f64); };
  auto mel = [&](Value f) { return n.mul(n.make<nn::LogOp>(n.add(n.div(f, 700.0), 1.0)), 2595 / std::log(10.0)); };
  Expr corners = dim::add(bins->front(), n.number(2)),
       spectrum = dim::add(dim::floorDiv(length->front(), n.number(2)), n.number(1));
  Value low = mel(scalar(3)), high = mel(scalar(4));
  Value step = n.div(n.sub(high, low), n.cast(sizeValue(n, corners), f64));
  Value mels = n.add(n.mul(n.make<nn::IotaOp>(n.shapeAttr({corners}), 0, f64), step), low);
  Value hertz = n.mul(n.sub(n.make<nn::ExpOp>(n.mul(mels, std::log(10.0) / 2595)), 1.0), 700.0);
  Value span = n.cast(sizeValue(n, dim::add(length->front(), n.number(1))), f64);
  Value places = n.make<nn::FloorOp>(n.div(n.mul(hertz, span), scalar(2)));
  auto corner = [&](int64_t i) { return n.slice(places, 0, n.number(i), bins->front()); };
  Value left = corner(0), centre = corner(1), right = corner(2);
  Value j = n.cast(n.make<nn::IotaOp>(n.shapeAttr({spectrum, n.number(1)}), 0, i64), f64), zero = n.scalar(f64, 0);
  auto within = [&](Value a, Value b, bool open) {
    return n.make<nn::AndOp>(n.make<nn::LessEqualOp>(a, j),
                             open ? n.make<nn::LessOp>(j, b) : n.make<nn::LessEqualOp>(j, b));
  };
  Value steep = n.make<nn::EqualOp>(left, centre), one = n.scalar(f64, 1);
  Value rising = n.div(n.sub(j, left), n.select(steep, one, n.sub(centre, left)));
  Value up = n.select(within(left, centre, false), n.select(steep, one, rising), zero);
  Value falls = within(centre, right, true);
  Value falling = n.div(n.sub(right, j), n.max(n.sub(right, centre), one));
  return n.result(n.cast(n.select(falls, falling, up), element));
}
} // namespace

void addSignalRules(RuleTable &table) {
  table.add({{"", "DFT", {17}, dft, {1, 2}},
             {"", "DFT", {20}, dft, {1, 3}},
             {"", "STFT", {17}, stft, {2, 4}},
             {"", "MelWeightMatrix", {17}, melWeightMatrix, {5, 5}}});
}
} // namespace dlc::onnx_import

//===- ResizeLower.cpp - resize: positions and weights computed where they are used ------------------------===//
// Formulas: ONNX Resize. With few taps an element reads them all; with many, one dim after the other is interpolated.
#include "dialects/nn/lower/FloatMath.h"
#include "dialects/nn/lower/Registration.h"
#include "dialects/nn/lower/Windows.h"

namespace dlc::nn {
namespace {
namespace arith = mlir::arith;
using mlir::Value;
using Indices = llvm::SmallVector<Value>;

/// An element reads at most this many others directly.
constexpr int64_t kMostTaps = 64;

/// One dim of a resize.
struct Axis {
  int64_t dim;
  dim::Expr in, out;
  Value inSize, outSize;       // index values
  double scale;                // 0: that of the operand, or out / in
  std::optional<double> known; // the scale, when it is a number now
};

class Resize {
public:
  Resize(ResizeOp op, LowerContext &c, Lowered operands)
      : op(op), c(c), input(operands[0]), roi(loweredOperand(op, operands, 1)),
        scaleValues(loweredOperand(op, operands, 2)), f64(c.b.getF64Type()) {
    mlir::Type t = elementOf(op.getInput());
    type = isFloat(t) ? getComputeType(t) : getElementBits(t) <= 16 ? mlir::Type(c.b.getF32Type()) : mlir::Type(f64);
    dim::Shape from = shapeOf(op.getInput()), to = shapeOf(op.getResult());
    for (size_t d = 0; d < from.size(); ++d) {
      Axis a{int64_t(d), from[d], to[d], c.size(from[d]), c.size(to[d]), op.getScales()[d], std::nullopt};
      std::optional<int64_t> in = dim::getConstant(a.in), out = dim::getConstant(a.out);
      a.known = a.scale != 0 ? std::optional(a.scale) : in && out && *in && !scaleValues ? std::optional(double(*out) / double(*in)) : std::nullopt;
      bool same = dim::equal(a.in, a.out) && (a.scale == 1 || (a.scale == 0 && !scaleValues)) && !crops();
      if (!same && !(dim::isConstant(a.in, 1) && dim::isConstant(a.out, 1))) {
        axes.push_back(a);
      }
    }
  }

  Value run() {
    if (axes.empty() || nearest()) {
      return direct();
    }
    int64_t taps = 1;
    for (size_t i = 0; i < axes.size() && taps <= kMostTaps; ++i) {
      taps *= 2 * reach();
    }
    return op.getAntialias() || taps > kMostTaps ? separable() : direct();
  }

private:
  bool crops() const { return op.getCoordinates() == CoordinateMode::TfCropAndResize; }
  bool nearest() const { return op.getMode() == SampleMode::Nearest; }
  int64_t reach() const { return op.getMode() == SampleMode::Cubic ? 2 : 1; }

  Value scaleOf(const FloatMath &f, const Axis &a) const {
    return a.known       ? f.c(*a.known)
           : scaleValues ? at(f, scaleValues, elementOf(op.getScaleValues()), a.dim)
                         : f.div(f.fromIndex(a.outSize), f.fromIndex(a.inSize));
  }
  Value roiAt(const FloatMath &f, int64_t i) const { return at(f, roi, elementOf(op.getRoi()), i); }
  /// Element `i` of a vector, as a number of f64.
  Value at(const FloatMath &f, Value vector, mlir::Type element, int64_t i) const {
    Value v = LowerContext::extract(f.b, f.loc, vector, arith::ConstantIndexOp::create(f.b, f.loc, i).getResult());
    return emitCast(f.b, f.loc, fromStorage(f.b, f.loc, v, element), getComputeType(element), f64);
  }

  /// Where position `x` of the result lies in the input.
  Value sourceOf(const FloatMath &f, const Axis &a, Value x) const {
    Value scale = scaleOf(f, a), in = f.fromIndex(a.inSize), last = f.add(in, -1), length = f.mul(scale, in), zero = f.c(0);
    Value single = f.equal(length, f.c(1)), beyond = f.add(length, -1);
    auto halfPixel = [&] { return f.add(f.div(f.add(x, 0.5), scale), -0.5); };
    switch (op.getCoordinates()) {
    case CoordinateMode::HalfPixel:
      return halfPixel();
    case CoordinateMode::HalfPixelSymmetric: {
      Value missing = f.sub(f.c(1), f.div(f.fromIndex(a.outSize), length));
      return f.add(f.mul(f.mul(in, 0.5), missing), halfPixel());
    }
    case CoordinateMode::PytorchHalfPixel:
      return f.select(single, zero, halfPixel());
    case CoordinateMode::AlignCorners:
      return f.select(single, zero, f.div(f.mul(x, last), beyond));
    case CoordinateMode::Asymmetric:
      return f.div(x, scale);
    case CoordinateMode::TfCropAndResize: {
      Value start = roiAt(f, a.dim), end = roiAt(f, a.dim + rankOf(op.getInput()));
      Value span = f.mul(f.sub(end, start), last);
      return f.add(f.mul(start, last), f.select(single, f.mul(span, 0.5), f.div(f.mul(x, span), beyond)));
    }
    }
    return x;
  }

  Value nearestOf(const FloatMath &f, Value x) const {
    switch (op.getNearest()) {
    case NearestMode::RoundPreferFloor:
      return f.ceil(f.add(x, -0.5));
    case NearestMode::RoundPreferCeil:
      return f.floor(f.add(x, 0.5));
    case NearestMode::Floor:
      return f.floor(x);
    case NearestMode::Ceil:
      return f.ceil(x);
    }
    return x;
  }
  /// floor(x / scale) in integers, for whole scales.
  std::optional<int64_t> wholeScale(const Axis &a) const {
    bool whole = a.known && *a.known >= 1 && *a.known == std::floor(*a.known) && *a.known < 4096;
    bool plain = op.getCoordinates() == CoordinateMode::Asymmetric && op.getNearest() == NearestMode::Floor;
    return whole && plain ? std::optional<int64_t>(int64_t(*a.known)) : std::nullopt;
  }

  /// The weight of the element at distance `x`, before elements outside of the input are left out.
  Value weightAt(const FloatMath &f, const Axis &a, Value x) const {
    if (op.getAntialias()) {
      x = f.mul(x, f.min(scaleOf(f, a), f.c(1)));
    }
    return op.getMode() == SampleMode::Cubic ? f.cubicKernel(x, op.getCubicCoeffA().convertToDouble()) : f.linearKernel(x);
  }

  struct Tap {
    Value position, weight; // an index, and a number of `type` (null: 1)
  };
  /// Element number `offset` from the last one at or before `source`.
  Tap tapAt(const FloatMath &f, const Axis &a, Value source, Value offset) const {
    IndexMath m{f.b, f.loc};
    Value at = m.add(f.toIndex(f.floor(source)), offset);
    Value weight = weightAt(f, a, f.sub(f.fromIndex(at), source));
    if (op.getExcludeOutside()) {
      weight = f.select(m.inside(at, a.inSize), weight, f.c(0));
    }
    return {m.clamp(at, a.inSize), weight};
  }
  Value narrow(const FloatMath &f, Value v) const { return emitCast(f.b, f.loc, v, f64, type); }

  /// All taps of a result position along one dim.
  llvm::SmallVector<Tap> tapsOf(const FloatMath &f, const Axis &a, Value x, Value source) const {
    IndexMath m{f.b, f.loc};
    if (nearest()) {
      std::optional<int64_t> whole = wholeScale(a);
      Value at = whole ? arith::DivUIOp::create(f.b, f.loc, x, m.c(*whole)).getResult() : f.toIndex(nearestOf(f, source));
      return {{m.clamp(at, a.inSize), Value()}};
    }
    llvm::SmallVector<Tap> taps;
    Value total;
    for (int64_t k = 1 - reach(); k <= reach(); ++k) {
      taps.push_back(tapAt(f, a, source, m.c(k)));
      total = total ? f.add(total, taps.back().weight) : taps.back().weight;
    }
    for (Tap &t : taps) {
      t.weight = narrow(f, op.getExcludeOutside() ? f.div(t.weight, total) : t.weight);
    }
    return taps;
  }

  Value read(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange at) const {
    mlir::Type t = elementOf(op.getInput());
    Value v = LowerContext::extract(b, loc, input, at);
    return nearest() ? v : emitCast(b, loc, fromStorage(b, loc, v, t), isFloat(t) ? getComputeType(t) : t, type);
  }
  Value stored(mlir::OpBuilder &b, mlir::Location loc, Value v) const {
    mlir::Type t = elementOf(op.getResult());
    return nearest() ? v : toStorage(b, loc, emitCast(b, loc, v, type, isFloat(t) ? getComputeType(t) : t), t);
  }

  /// The weighted sum of the taps of all axes from number `k` on.
  Value interpolate(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<llvm::SmallVector<Tap>> taps, Indices &at, size_t k) const {
    if (k == taps.size()) {
      return read(b, loc, at);
    }
    Value sum;
    for (const Tap &t : taps[k]) {
      at[axes[k].dim] = t.position;
      Value v = interpolate(b, loc, taps, at, k + 1);
      v = t.weight ? emitMul(b, loc, v, t.weight) : v;
      sum = sum ? emitAdd(b, loc, sum, v) : v;
    }
    return sum;
  }

  Value direct() {
    return c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
      FloatMath f{b, loc, f64};
      Indices at(i);
      llvm::SmallVector<llvm::SmallVector<Tap>> taps;
      for (const Axis &a : axes) {
        taps.push_back(tapsOf(f, a, i[a.dim], sourceOf(f, a, f.fromIndex(i[a.dim]))));
      }
      return extrapolated(b, loc, stored(b, loc, interpolate(b, loc, taps, at, 0)), i);
    });
  }

  /// The value outside of the cropped input.
  Value extrapolated(mlir::OpBuilder &b, mlir::Location loc, Value v, mlir::ValueRange i) const {
    if (!crops()) {
      return v;
    }
    FloatMath f{b, loc, f64};
    Value inside = integerOf(b, loc, b.getI1Type(), 1);
    for (const Axis &a : axes) {
      Value source = sourceOf(f, a, f.fromIndex(i[a.dim]));
      inside = IndexMath{b, loc}.both(inside, f.within(source, f.c(0), f.add(f.fromIndex(a.inSize), -1)));
    }
    mlir::Type t = elementOf(op.getResult());
    Value other = emitCast(b, loc, f.c(op.getExtrapolation().convertToDouble()), f64, t);
    return f.select(inside, v, toStorage(b, loc, other, t));
  }

  /// How far taps reach along a dim: with antialiasing, as much further as the dim shrinks.
  dim::Expr reachOf(const Axis &a) const {
    auto number = [&](int64_t v) { return dim::constant(op.getContext(), v); };
    if (!op.getAntialias()) {
      return number(reach());
    }
    if (a.known) {
      return number(int64_t(std::ceil(double(reach()) / std::min(*a.known, 1.0))));
    }
    if (scaleValues) { // out is in * scale rounded down, or to the next number: at most a half above it
      dim::Expr twice = dim::max(dim::sub(dim::mul(a.out, number(2)), number(1)), number(1));
      return dim::max(number(reach()), dim::ceilDiv(dim::mul(a.in, number(2 * reach())), twice));
    }
    return dim::max(number(reach()), dim::ceilDiv(dim::mul(a.in, number(reach())), a.out));
  }

  /// Interpolates dim by dim; each pass keeps its sums, and divides them by the sums of the weights.
  Value separable() {
    dim::Shape shape = shapeOf(op.getInput());
    Value current = input;
    for (const Axis &a : axes) {
      shape[a.dim] = a.out;
      current = pass(a, current, shape, current == input);
    }
    return c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) {
      return extrapolated(b, loc, stored(b, loc, LowerContext::extract(b, loc, current, i)), i);
    });
  }
  Value pass(const Axis &a, Value from, llvm::ArrayRef<dim::Expr> shape, bool isInput) {
    dim::Expr half = reachOf(a), taps = dim::mul(half, dim::constant(op.getContext(), 2));
    Value before = c.size(dim::sub(half, dim::constant(op.getContext(), 1)));
    auto tap = [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i, Value number) {
      FloatMath f{b, loc, f64};
      Value source = sourceOf(f, a, f.fromIndex(i[a.dim]));
      return tapAt(f, a, source, IndexMath{b, loc}.sub(number, before));
    };
    Value zero = constantOf(c.b, c.loc, type, 0);
    Value sum = c.reduce(shape, {taps}, type, zero, [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
      Tap t = tap(b, loc, i, i.back());
      Indices at(i.drop_back());
      at[a.dim] = t.position;
      Value v = isInput ? read(b, loc, at) : LowerContext::extract(b, loc, from, at);
      return emitAdd(b, loc, acc, emitMul(b, loc, v, narrow(FloatMath{b, loc, f64}, t.weight)));
    });
    Value weights = c.reduce({a.out}, {taps}, type, zero, [&](mlir::OpBuilder &b, mlir::Location loc, Value acc, mlir::ValueRange i) {
      Indices at(shape.size(), i[0]); // only the axis' own index is looked at
      return emitAdd(b, loc, acc, narrow(FloatMath{b, loc, f64}, tap(b, loc, at, i.back()).weight));
    });
    return c.compute(shape, type, [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange i) -> Value {
      return arith::DivFOp::create(b, loc, LowerContext::extract(b, loc, sum, i), LowerContext::extract(b, loc, weights, i[a.dim]));
    });
  }

  mutable ResizeOp op;
  LowerContext &c;
  Value input, roi, scaleValues;
  mlir::Type f64, type; // of positions, and of sums
  llvm::SmallVector<Axis> axes;
};

llvm::LogicalResult lowerResize(ResizeOp op, LowerContext &c, Lowered operands, LoweredResults &results) {
  results.push_back(Resize(op, c, operands).run());
  return mlir::success();
}
} // namespace

void attachResizeLower(mlir::MLIRContext &context) { attachLower<ResizeOp, lowerResize>(context); }
} // namespace dlc::nn

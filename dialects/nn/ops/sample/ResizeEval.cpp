//===- ResizeEval.cpp - reference evaluation of resize ---------------------------------------------===//
// Interpolation is separable: a table of taps per dim, applied dim by dim. Formulas: ONNX Resize.
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
namespace {
/// What one position of the result reads along one dim.
struct Taps {
  bool outside = false;
  llvm::SmallVector<std::pair<int64_t, double>> weights; // input position, weight
};

/// One dim of a resize.
struct Axis {
  int64_t in, out;
  double scale, roiStart, roiEnd;
};

/// Where position `x` of the result lies in the input.
double sourceOf(CoordinateMode mode, const Axis &a, double x) {
  double length = a.scale * double(a.in), last = double(a.in - 1);
  switch (mode) {
  case CoordinateMode::HalfPixel:
    return (x + 0.5) / a.scale - 0.5;
  case CoordinateMode::HalfPixelSymmetric:
    return double(a.in) / 2 * (1 - double(a.out) / length) + (x + 0.5) / a.scale - 0.5;
  case CoordinateMode::PytorchHalfPixel:
    return length == 1 ? 0 : (x + 0.5) / a.scale - 0.5;
  case CoordinateMode::AlignCorners:
    return length == 1 ? 0 : x * last / (length - 1);
  case CoordinateMode::Asymmetric:
    return x / a.scale;
  case CoordinateMode::TfCropAndResize: {
    double span = (a.roiEnd - a.roiStart) * last;
    return a.roiStart * last + (length == 1 ? span / 2 : x * span / (length - 1));
  }
  }
  return x;
}

double linearKernel(double x) { return std::max(0.0, 1 - std::abs(x)); }
double cubicKernel(double x, double a) {
  x = std::abs(x);
  return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

int64_t nearestOf(NearestMode mode, double x) {
  switch (mode) {
  case NearestMode::RoundPreferFloor:
    return int64_t(std::ceil(x - 0.5));
  case NearestMode::RoundPreferCeil:
    return int64_t(std::floor(x + 0.5));
  case NearestMode::Floor:
    return int64_t(std::floor(x));
  case NearestMode::Ceil:
    return int64_t(std::ceil(x));
  }
  return 0;
}

Taps tapsAt(ResizeOp op, const Axis &a, double source) {
  Taps taps;
  auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i, 0, a.in - 1); };
  taps.outside = op.getCoordinates() == CoordinateMode::TfCropAndResize && (source < 0 || source > double(a.in - 1));
  if (op.getMode() == SampleMode::Nearest) {
    taps.weights.push_back({clamp(nearestOf(op.getNearest(), source)), 1});
    return taps;
  }
  bool cubic = op.getMode() == SampleMode::Cubic;
  double coefficient = op.getCubicCoeffA().convertToDouble();
  double squeeze = op.getAntialias() ? std::min(a.scale, 1.0) : 1, total = 0;
  auto base = int64_t(std::floor(source)), start = int64_t(std::floor((cubic ? -2 : -1) / squeeze)) + 1;
  for (int64_t i = base + start; i <= base + 1 - start; ++i) {
    double x = (double(i) - source) * squeeze;
    double weight = cubic ? cubicKernel(x, coefficient) : linearKernel(x);
    if (op.getExcludeOutside() && (i < 0 || i >= a.in)) {
      weight = 0;
    }
    taps.weights.push_back({clamp(i), weight});
    total += weight;
  }
  for (auto &[i, weight] : taps.weights) {
    weight /= total;
  }
  return taps;
}

/// Applies one dim's taps.
std::vector<double> interpolate(const std::vector<double> &values, llvm::SmallVectorImpl<int64_t> &shape, int64_t axis,
                                const std::vector<Taps> &taps) {
  AxisSplit from(shape, axis);
  shape[axis] = taps.size();
  AxisSplit to(shape, axis);
  std::vector<double> result(countOf(shape));
  for (int64_t o = 0; o < to.outer; ++o) {
    for (int64_t i = 0; i < to.size; ++i) {
      for (auto [position, weight] : taps[i].weights) {
        for (int64_t r = 0; r < to.inner; ++r) {
          result[to.at(o, i, r)] += weight * values[from.at(o, position, r)];
        }
      }
    }
  }
  return result;
}

llvm::LogicalResult evalResize(ResizeOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor(), *roi = optionalOperand(op, operands, 1);
  mlir::FailureOr<llvm::SmallVector<int64_t>> sizes = context.sizes(op.getSizes().getDims());
  if (mlir::failed(sizes)) {
    return mlir::failure();
  }
  const Tensor *given = optionalOperand(op, operands, 2);
  std::vector<double> scaleValues = given ? toDoubles(*given) : std::vector<double>();
  std::vector<double> values = toDoubles(x), regions = roi ? toDoubles(*roi) : std::vector<double>(2 * x.rank(), 0);
  llvm::SmallVector<int64_t> shape(x.shape());
  std::vector<std::vector<bool>> outside(x.rank());
  bool crop = op.getCoordinates() == CoordinateMode::TfCropAndResize;
  for (int64_t d = 0; d < x.rank(); ++d) {
    int64_t in = x.shape()[d], out = (*sizes)[d];
    double scale = op.getScales()[d] != 0 ? op.getScales()[d] : given ? scaleValues[d] : double(out) / double(in);
    if (!(scale > 0) && in > 0 && out > 0) {
      return context.fail("expected scales above 0, got " + std::to_string(scale));
    }
    if (out < 0 || (in == 0 && out > 0)) {
      return context.fail("expected to resize at least one element, got " + llvm::Twine(in) + " to " +
                          llvm::Twine(out));
    }
    outside[d].resize(out);
    if (in == out && (in == 0 || scale == 1) && (!crop || (regions[d] == 0 && regions[x.rank() + d] == 1))) {
      continue;
    }
    Axis axis{in, out, scale, regions[d], regions[x.rank() + d]};
    std::vector<Taps> taps;
    for (int64_t i = 0; i < out; ++i) {
      taps.push_back(tapsAt(op, axis, sourceOf(op.getCoordinates(), axis, double(i))));
      outside[d][i] = taps.back().outside;
    }
    values = interpolate(values, shape, d, taps);
  }
  IndexSpace index(shape);
  for (double &v : values) {
    for (int64_t d = 0; crop && d < x.rank(); ++d) {
      v = outside[d][(*index)[d]] ? op.getExtrapolation().convertToDouble() : v;
    }
    index.next();
  }
  Tensor result = Tensor::zeros(x.element(), shape);
  results.push_back(result);
  return storeDoubles(context, result, values);
}
} // namespace

void attachResizeEval(mlir::MLIRContext &context) { attachEvaluate<ResizeOp, evalResize>(context); }
} // namespace dlc::nn

//===- SampleEval.cpp - reference evaluation of grid_sample and roi_align ----------------------------===//
#include "dialects/nn/eval/Image.h"
#include "dialects/nn/eval/Indices.h"
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
namespace {
using Position = llvm::SmallVector<double>;

/// `x` mirrored into [low, high].
double reflect(double x, double low, double high) {
  double span = high - low;
  if (span <= 0) {
    return low;
  }
  double beyond = std::fmod(std::abs(x - low), 2 * span);
  return beyond > span ? high - (beyond - span) : low + beyond;
}

/// An image channel that can be read at any position.
class Sampler {
public:
  Sampler(GridSampleOp op, const Image &image)
      : image(image), outside(op.getOutside()), aligned(op.getAlignCorners()) {}

  /// The position in elements of a grid coordinate along dim `d`.
  double denormalize(size_t d, double x) const {
    double size = double(image.sizes[d]);
    return aligned ? (x + 1) / 2 * (size - 1) : ((x + 1) * size - 1) / 2;
  }
  /// Moves a position outside of the image onto it, where the mode says so.
  double settle(size_t d, double x) const {
    double last = double(image.sizes[d] - 1), low = aligned ? 0 : -0.5, high = aligned ? last : last + 0.5;
    if (x >= low && x <= high) {
      return x;
    }
    return outside == OutsideMode::Zeros    ? x
           : outside == OutsideMode::Border ? std::clamp(x, 0.0, last)
                                            : reflect(x, low, high);
  }
  double pixel(const double *channel, llvm::ArrayRef<int64_t> position) const {
    llvm::SmallVector<int64_t> at(position);
    for (size_t d = 0; outside != OutsideMode::Zeros && d < at.size(); ++d) {
      at[d] = std::clamp<int64_t>(int64_t(settle(d, double(at[d]))), 0, image.sizes[d] - 1);
    }
    std::optional<int64_t> offset = image.offset(at);
    return offset ? channel[*offset] : 0;
  }
  /// The sum over all neighbours within `reach` elements, weighted by `kernel` of the distance along each dim.
  double sample(const double *channel, llvm::ArrayRef<double> position, int64_t reach,
                llvm::function_ref<double(double)> kernel) const {
    size_t rank = position.size();
    IndexSpace neighbour(llvm::SmallVector<int64_t>(rank, 2 * reach));
    llvm::SmallVector<int64_t> at(rank);
    double sum = 0;
    for (int64_t i = int64_t(std::pow(2 * reach, rank)); i > 0; --i, neighbour.next()) {
      double weight = 1;
      for (size_t d = 0; d < rank; ++d) {
        at[d] = int64_t(std::floor(position[d])) + 1 - reach + (*neighbour)[d];
        weight *= kernel(position[d] - double(at[d]));
      }
      sum += weight != 0 ? weight * pixel(channel, at) : 0;
    }
    return sum;
  }

private:
  const Image &image;
  OutsideMode outside;
  bool aligned;
};

double cubic(double x) {
  x = std::abs(x);
  return x <= 1 ? (1.25 * x - 2.25) * x * x + 1 : x < 2 ? ((-0.75 * x + 3.75) * x - 6) * x + 3 : 0;
}

double sampleAt(GridSampleOp op, const Sampler &sampler, const double *channel, llvm::ArrayRef<double> position) {
  switch (op.getMode()) {
  case SampleMode::Nearest: {
    llvm::SmallVector<int64_t> at;
    for (auto [d, x] : llvm::enumerate(position)) {
      at.push_back(int64_t(sampler.settle(d, std::nearbyint(x))));
    }
    return sampler.pixel(channel, at);
  }
  case SampleMode::Linear:
    return sampler.sample(channel, position, 1, [](double x) { return std::max(0.0, 1 - std::abs(x)); });
  case SampleMode::Cubic:
    return sampler.sample(channel, position, 2, cubic);
  }
  return 0;
}

llvm::LogicalResult evalGridSample(GridSampleOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor(), &grid = operands[1].tensor();
  Image image(x.shape(), false);
  int64_t rank = image.sizes.size();
  llvm::ArrayRef<int64_t> out = grid.shape().drop_front().drop_back();
  std::vector<double> values = toDoubles(x), positions = toDoubles(grid);
  for (double p : positions) {
    if (!(std::abs(p) < 1e9)) {
      return context.fail("expected finite grid positions");
    }
  }
  Tensor result = Tensor::zeros(x.element(), Image::shape(image.batch, image.channels, out, false));
  results.push_back(result);
  Sampler sampler(op, image);
  std::vector<double> sampled;
  int64_t points = countOf(out);
  for (int64_t n = 0; n < image.batch; ++n) {
    for (int64_t c = 0; c < image.channels; ++c) {
      for (int64_t p = 0; p < points; ++p) {
        Position position(rank);
        for (int64_t d = 0; d < rank; ++d) {
          double v = sampler.denormalize(d, positions[(n * points + p) * rank + rank - 1 - d]);
          position[d] = op.getMode() == SampleMode::Nearest ? v : sampler.settle(d, v);
        }
        sampled.push_back(sampleAt(op, sampler, values.data() + image.at(n, c), position));
      }
    }
  }
  return storeDoubles(context, result, sampled);
}

/// The corners and weights of a bilinear sample; none outside of the image.
struct Corners {
  int64_t at[4];
  double weight[4];
};
Corners cornersOf(double y, double x, int64_t height, int64_t width) {
  if (y < -1 || y > double(height) || x < -1 || x > double(width)) {
    return {{0, 0, 0, 0}, {0, 0, 0, 0}};
  }
  y = std::clamp(y, 0.0, double(height - 1)), x = std::clamp(x, 0.0, double(width - 1));
  int64_t top = int64_t(y), left = int64_t(x), bottom = std::min(top + 1, height - 1),
          right = std::min(left + 1, width - 1);
  double dy = y - double(top), dx = x - double(left);
  return {{top * width + left, top * width + right, bottom * width + left, bottom * width + right},
          {(1 - dy) * (1 - dx), (1 - dy) * dx, dy * (1 - dx), dy * dx}};
}

/// One bin: the samples' mean, or the greatest weighted corner.
double poolBin(RoiAlignOp op, const double *channel, const Image &image, double y, double x, double binHeight,
               double binWidth, int64_t rows, int64_t columns) {
  double sum = 0, greatest = lowest<double>();
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      Corners c = cornersOf(y + (double(i) + 0.5) * binHeight / double(rows),
                            x + (double(j) + 0.5) * binWidth / double(columns), image.sizes[0], image.sizes[1]);
      for (int k = 0; k < 4; ++k) {
        sum += c.weight[k] * channel[c.at[k]];
        greatest = std::max(greatest, c.weight[k] * channel[c.at[k]]);
      }
    }
  }
  bool none = rows * columns <= 0;
  return op.getMax() ? (none ? 0 : greatest) : none ? 0 : sum / double(rows * columns);
}

llvm::LogicalResult evalRoiAlign(RoiAlignOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor(), &rois = operands[1].tensor(), &batches = operands[2].tensor();
  Image image(x.shape(), false);
  std::vector<double> values = toDoubles(x), regions = toDoubles(rois), pooled;
  double scale = op.getSpatialScale().convertToDouble(), shift = op.getHalfPixel() ? 0.5 : 0;
  int64_t height = op.getHeight(), width = op.getWidth();
  for (int64_t r = 0; r < rois.shape()[0]; ++r) {
    double *roi = regions.data() + r * 4;
    std::transform(roi, roi + 4, roi, [&](double v) { return v * scale - shift; });
    double least = op.getHalfPixel() ? lowest<double>() : 1; // malformed regions become 1 x 1
    double binWidth = std::max(roi[2] - roi[0], least) / double(width),
           binHeight = std::max(roi[3] - roi[1], least) / double(height);
    int64_t n = batches.integer(r), ratio = op.getSamplingRatio();
    int64_t rows = ratio ? ratio : int64_t(std::ceil(binHeight)),
            columns = ratio ? ratio : int64_t(std::ceil(binWidth));
    if (mlir::failed(checkIndex(context, batches, r, 0, image.batch))) {
      return mlir::failure();
    }
    for (int64_t c = 0; c < image.channels; ++c) {
      for (int64_t i = 0; i < height * width; ++i) {
        double y = roi[1] + double(i / width) * binHeight, left = roi[0] + double(i % width) * binWidth;
        pooled.push_back(
            poolBin(op, values.data() + image.at(n, c), image, y, left, binHeight, binWidth, rows, columns));
      }
    }
  }
  Tensor result = Tensor::zeros(x.element(), {rois.shape()[0], image.channels, height, width});
  results.push_back(result);
  return storeDoubles(context, result, pooled);
}
} // namespace

void attachSampleEval(mlir::MLIRContext &context) {
  attachEvaluate<GridSampleOp, evalGridSample>(context);
  attachEvaluate<RoiAlignOp, evalRoiAlign>(context);
}
} // namespace dlc::nn

#include "tools/common/Image.h"
#include "tools/common/ElementType.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>
#include <cmath>

namespace dlc {
namespace {

/// Where an output coordinate reads: two neighbours and the second one's weight.
struct Sample {
  int64_t low, high;
  float weight;
};

std::vector<Sample> sampleAxis(int64_t from, int64_t to) {
  std::vector<Sample> samples;
  for (int64_t i = 0; i < to; ++i) {
    double centre = (static_cast<double>(i) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
    double clamped = std::clamp(centre, 0.0, static_cast<double>(from - 1));
    auto low = static_cast<int64_t>(clamped);
    samples.push_back({low, std::min(low + 1, from - 1), static_cast<float>(clamped - static_cast<double>(low))});
  }
  return samples;
}

/// One channel of a pixel in the wanted order. Gray is ITU-R BT.601 luma.
float pickChannel(const float *pixel, int64_t available, ImageChannels channels, int64_t channel) {
  if (available == 1) {
    return pixel[0];
  }
  switch (channels) {
  case ImageChannels::rgb:
    return pixel[channel];
  case ImageChannels::bgr:
    return pixel[2 - channel];
  case ImageChannels::gray:
    return 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2];
  }
  return 0;
}

llvm::Expected<std::vector<double>> perChannel(llvm::ArrayRef<double> values, int64_t channels, double fallback,
                                               llvm::StringRef what) {
  if (values.empty() || values.size() == 1) {
    return std::vector<double>(channels, values.empty() ? fallback : values[0]);
  }
  if (static_cast<int64_t>(values.size()) != channels) {
    return makeError("expected one {0} or one per channel ({1}), got {2}", what, channels, values.size());
  }
  return values.vec();
}

} // namespace

bool isImage(llvm::StringRef bytes) {
  return bytes.starts_with("\x89PNG\r\n\x1a\n") || bytes.starts_with("\xff\xd8\xff");
}

llvm::Expected<Image> decodeImage(llvm::StringRef bytes) {
  if (!isImage(bytes)) {
    return makeError("expected a PNG or JPEG, got {0} bytes of something else", bytes.size());
  }
  return bytes.front() == '\xff' ? decodeJpeg(bytes) : decodePng(bytes);
}

std::vector<float> resizeBilinear(const Image &image, int64_t width, int64_t height) {
  std::vector<Sample> columns = sampleAxis(image.width, width), rows = sampleAxis(image.height, height);
  int64_t channels = image.channels;
  std::vector<float> result(width * height * channels);
  auto at = [&](int64_t y, int64_t x, int64_t c) {
    return static_cast<float>(image.pixels[(y * image.width + x) * channels + c]);
  };
  float *target = result.data();
  for (const Sample &row : rows) {
    for (const Sample &column : columns) {
      for (int64_t c = 0; c < channels; ++c) {
        float top = std::lerp(at(row.low, column.low, c), at(row.low, column.high, c), column.weight);
        float bottom = std::lerp(at(row.high, column.low, c), at(row.high, column.high, c), column.weight);
        *target++ = std::lerp(top, bottom, row.weight);
      }
    }
  }
  return result;
}

llvm::Expected<HostTensor> imageToTensor(const Image &image, const ImageOptions &options, dlc_dtype dtype) {
  auto [width, height] = options.size.value_or(std::pair(image.width, image.height));
  ImageChannels order = options.channels.value_or(ImageChannels::rgb);
  int64_t channels = order == ImageChannels::gray ? 1 : 3;
  bool isPlanar = options.layout.value_or(ImageLayout::nchw) == ImageLayout::nchw;
  auto mean = perChannel(options.mean, channels, 0, "mean");
  if (!mean) {
    return mean.takeError();
  }
  auto deviation = perChannel(options.std, channels, 1, "std");
  if (!deviation) {
    return deviation.takeError();
  }
  auto tensor = HostTensor::create(dtype, isPlanar ? llvm::ArrayRef<int64_t>{1, channels, height, width}
                                                   : llvm::ArrayRef<int64_t>{1, height, width, channels});
  if (!tensor) {
    return tensor.takeError();
  }
  double scale = options.scale.value_or(isFloatElement(dtype) ? 1.0 / 255 : 1.0);
  std::vector<float> pixels = resizeBilinear(image, width, height);
  for (int64_t i = 0; i < width * height; ++i) {
    for (int64_t c = 0; c < channels; ++c) {
      double value = pickChannel(&pixels[i * image.channels], image.channels, order, c);
      value = (value * scale - (*mean)[c]) / (*deviation)[c];
      tensor->set(isPlanar ? c * width * height + i : i * channels + c,
                  isIntegerElement(dtype) ? std::round(value) : value);
    }
  }
  return tensor;
}

llvm::Expected<std::pair<int64_t, int64_t>> parseImageSize(llvm::StringRef text) {
  auto [left, right] = text.split('x');
  int64_t width = 0, height = 0;
  if (left.getAsInteger(10, width) || right.getAsInteger(10, height) || width < 1 || height < 1 || width > 1 << 16 ||
      height > 1 << 16) {
    return makeError("expected a size such as 224x224 (width x height), got '{0}'", text);
  }
  return std::pair(width, height);
}

llvm::Expected<std::vector<double>> parseNumbers(llvm::StringRef text) {
  std::vector<double> numbers;
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, ',');
  for (llvm::StringRef part : parts) {
    double number = 0;
    if (part.trim().getAsDouble(number) || !std::isfinite(number)) {
      return makeError("expected numbers such as 0.485,0.456,0.406, got '{0}'", text);
    }
    numbers.push_back(number);
  }
  return numbers;
}

} // namespace dlc

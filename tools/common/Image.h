/// \file PNG and JPEG files as tensors.
#ifndef DLC_TOOLS_COMMON_IMAGE_H
#define DLC_TOOLS_COMMON_IMAGE_H

#include "tools/common/HostTensor.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace dlc {

/// Pixels of 8 bits, [height, width, channels], channels being gray, or red, green, blue. Transparency is dropped, and
/// 16-bit samples keep their upper 8 bits. Colour profiles and orientation tags are not applied.
struct Image {
  int64_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> pixels;
};

enum class ImageChannels { rgb, bgr, gray };
enum class ImageLayout { nchw, nhwc };

/// How pixels become numbers: (pixel * scale - mean[c]) / std[c].
struct ImageOptions {
  std::optional<std::pair<int64_t, int64_t>> size = {}; ///< width and height to resize to, bilinearly; absent: as it is
  std::optional<ImageChannels> channels = {};           ///< absent: rgb
  std::optional<ImageLayout> layout = {};               ///< absent: nchw
  std::optional<double> scale = {};                     ///< absent: 1/255 for floats, 1 for integers
  std::vector<double> mean = {}, std = {};              ///< of the channels in their final order; one value is for all
};

/// True when the bytes start as a PNG or a JPEG does.
bool isImage(llvm::StringRef bytes);

/// Decodes a PNG or JPEG.
llvm::Expected<Image> decodeImage(llvm::StringRef bytes);
llvm::Expected<Image> decodePng(llvm::StringRef bytes);
llvm::Expected<Image> decodeJpeg(llvm::StringRef bytes);

/// Bilinear interpolation between pixel centres, clamped at the border. The result is [height, width, channels].
std::vector<float> resizeBilinear(const Image &image, int64_t width, int64_t height);

/// The tensor [1, C, H, W] or [1, H, W, C] of `dtype`.
llvm::Expected<HostTensor> imageToTensor(const Image &image, const ImageOptions &options, dlc_dtype dtype);

/// Parsers for the command line: "224x224" (width x height); "0.485,0.456,0.406".
llvm::Expected<std::pair<int64_t, int64_t>> parseImageSize(llvm::StringRef text);
llvm::Expected<std::vector<double>> parseNumbers(llvm::StringRef text);

} // namespace dlc

#endif // DLC_TOOLS_COMMON_IMAGE_H

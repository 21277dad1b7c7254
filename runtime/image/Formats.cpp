#include "Formats.h"
#include <cstring>

namespace dlc::image {
namespace {
constexpr int64_t kMaxSide = 1 << 16, kMaxPixels = int64_t(1) << 28;

bool startsWith(Bytes file, const char *text, size_t size) {
  return file.size >= size && std::memcmp(file.data, text, size) == 0;
}
} // namespace

bool setSizes(Image &image, int64_t height, int64_t width, Bytes file, double perByte, bool onlySizes) {
  bool fits = height > 0 && width > 0 && height <= kMaxSide && width <= kMaxSide && height * width <= kMaxPixels &&
              double(height) * double(width) <= perByte * double(file.size) + (1 << 20);
  image.height = fits ? height : 0;
  image.width = fits ? width : 0;
  if (fits && !onlySizes) {
    image.rgb.assign(size_t(3 * height * width), 0);
  }
  return fits;
}

Reader findReader(Bytes file) {
  if (startsWith(file, "\x89PNG\r\n\x1a\n", 8)) {
    return readPng;
  }
  if (startsWith(file, "\xff\xd8\xff", 3)) {
    return readJpeg;
  }
  if (startsWith(file, "BM", 2)) {
    return readBmp;
  }
  for (const char *start : {"P2", "P3", "P5", "P6"}) {
    if (startsWith(file, start, 2)) {
      return readPnm;
    }
  }
  return nullptr;
}

} // namespace dlc::image

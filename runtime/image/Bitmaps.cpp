// Formats without compression.
#include "Formats.h"

namespace dlc::image {
namespace {
/// `count` bytes from `at` on as a number, low ones first; 0 beyond the end.
uint32_t number(Bytes file, size_t at, int count) {
  uint32_t value = 0;
  for (int i = 0; i < count; ++i) {
    value |= at + size_t(i) < file.size ? uint32_t(file.data[at + size_t(i)]) << (8 * i) : 0;
  }
  return value;
}

/// The text in front of a portable image's pixels: numbers between white space and comments.
class Header {
public:
  explicit Header(Bytes file) : file(file) {}
  size_t at = 2;

  /// -1: there is none.
  int64_t next() {
    while (at < file.size && (isSpace(file.data[at]) || file.data[at] == '#')) {
      if (file.data[at] == '#') {
        for (; at < file.size && file.data[at] != '\n'; ++at) {
        }
      } else {
        ++at;
      }
    }
    int64_t value = -1;
    for (; at < file.size && file.data[at] >= '0' && file.data[at] <= '9' && value < 1 << 20; ++at) {
      value = (value < 0 ? 0 : value) * 10 + (file.data[at] - '0');
    }
    return value;
  }

private:
  static bool isSpace(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  Bytes file;
};
} // namespace

// https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
std::string readBmp(Bytes file, bool onlySizes, Image &image) {
  uint32_t start = number(file, 10, 4), header = number(file, 14, 4), bits = number(file, 28, 2);
  auto width = int32_t(number(file, 18, 4)), height = int32_t(number(file, 22, 4));
  uint32_t compression = number(file, 30, 4), colours = number(file, 46, 4);
  bool topDown = height < 0;
  if (header < 40 || compression != 0 || (bits != 8 && bits != 24 && bits != 32) || height == INT32_MIN) {
    return "expected a BMP without compression, of 8, 24 or 32 bits a pixel";
  }
  int64_t rows = topDown ? -int64_t(height) : height;
  if (!setSizes(image, rows, width, file, 1, onlySizes)) {
    return "expected a BMP of at most 2^28 pixels, of sizes that fit its file";
  }
  if (onlySizes) {
    return "";
  }
  uint64_t stride = (uint64_t(width) * bits + 31) / 32 * 4;
  colours = colours == 0 || colours > 256 ? 256 : colours;
  if (start > file.size || stride * uint64_t(rows) > file.size - start) {
    return "the BMP is cut off";
  }
  for (int64_t y = 0; y < rows; ++y) {
    const uint8_t *row = file.data + start + uint64_t(topDown ? y : rows - 1 - y) * stride;
    for (int64_t x = 0; x < width; ++x) {
      uint8_t *to = &image.rgb[size_t(3 * (y * width + x))];
      uint32_t index = bits == 8 ? row[x] : 0;
      if (index >= colours) {
        return "the BMP has a pixel that is not in its palette";
      }
      for (int c = 0; c < 3; ++c) { // blue, green, red
        to[2 - c] =
            bits == 8 ? uint8_t(number(file, 14 + header + 4 * index + uint32_t(c), 1)) : row[x * (bits / 8) + c];
      }
    }
  }
  return "";
}

// https://netpbm.sourceforge.net/doc/ppm.html
std::string readPnm(Bytes file, bool onlySizes, Image &image) {
  char kind = char(file.data[1]);
  bool plain = kind < '5';
  int channels = kind == '3' || kind == '6' ? 3 : 1;
  Header header(file);
  int64_t width = header.next(), height = header.next(), most = header.next();
  if (most < 1 || most > 255) {
    return "expected a portable image of numbers up to 255";
  }
  if (!setSizes(image, height, width, file, 1, onlySizes)) {
    return "expected a portable image of at most 2^28 pixels, of sizes that fit its file";
  }
  ++header.at; // one white space
  for (int64_t i = 0; !onlySizes && i < height * width * channels; ++i) {
    int64_t value = plain ? header.next() : header.at < file.size ? file.data[header.at++] : -1;
    if (value < 0 || value > most) {
      return "the portable image is cut off or damaged";
    }
    auto scaled = uint8_t((value * 255 + most / 2) / most);
    if (channels == 3) {
      image.rgb[size_t(i)] = scaled;
    } else {
      image.rgb[size_t(3 * i)] = image.rgb[size_t(3 * i + 1)] = image.rgb[size_t(3 * i + 2)] = scaled;
    }
  }
  return "";
}

} // namespace dlc::image

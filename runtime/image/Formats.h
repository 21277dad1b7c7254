// Files of images as pixels.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dlc::image {

/// Rows from the top, pixels from the left, 8 bits each of red, green and blue.
struct Image {
  int64_t height = 0, width = 0;
  std::vector<uint8_t> rgb;
};

/// A file in memory.
struct Bytes {
  const uint8_t *data;
  size_t size;
};

/// What a reader does: finds out the sizes, and reads the pixels unless `onlySizes`. Gives the reason when it can't,
/// and an empty string when it can. Transparency is dropped; samples of 16 bits keep their upper 8.
using Reader = std::string (*)(Bytes file, bool onlySizes, Image &image);
std::string readPng(Bytes file, bool onlySizes, Image &image);
std::string readJpeg(Bytes file, bool onlySizes, Image &image);
/// Without compression: 8 (with a palette), 24 and 32 bits a pixel.
std::string readBmp(Bytes file, bool onlySizes, Image &image);
/// Gray and coloured, plain or binary, up to 255: P2, P3, P5 and P6.
std::string readPnm(Bytes file, bool onlySizes, Image &image);

/// The reader for a file, by how it starts; null for other formats.
Reader findReader(Bytes file);

/// Makes room for the pixels; false for more than 2^28 of them, and for sizes that the file can't have: `perByte` is the most pixels that a byte holds.
bool setSizes(Image &image, int64_t height, int64_t width, Bytes file, double perByte, bool onlySizes);

} // namespace dlc::image

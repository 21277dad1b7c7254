#include "Formats.h"
#include <cstring>
#include <png.h>

namespace dlc::image {
namespace {
struct State {
  Bytes file;
  size_t at = 0;
  char message[200] = "unknown error";
};

void fail(png_structp png, png_const_charp message) {
  auto *state = static_cast<State *>(png_get_error_ptr(png));
  std::strncpy(state->message, message, sizeof state->message - 1);
  png_longjmp(png, 1);
}
void ignore(png_structp, png_const_charp) {}

void read(png_structp png, png_bytep to, size_t size) {
  auto *state = static_cast<State *>(png_get_io_ptr(png));
  if (size > state->file.size - state->at) {
    png_error(png, "the file is cut off");
  }
  std::memcpy(to, state->file.data + state->at, size);
  state->at += size;
}

/// Nothing here has a destructor: libpng leaves by longjmp.
bool readHeader(State &state, png_structp png, png_infop info) {
  if (setjmp(png_jmpbuf(png))) {
    return false;
  }
  png_set_read_fn(png, &state, read);
  png_read_info(png, info);
  png_set_expand(png);
  png_set_strip_16(png);
  png_set_strip_alpha(png);
  png_set_gray_to_rgb(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return true;
}
bool readRows(png_structp png, png_bytepp rows) {
  if (setjmp(png_jmpbuf(png))) {
    return false;
  }
  png_read_image(png, rows);
  png_read_end(png, nullptr);
  return true;
}

std::string readWith(State &state, png_structp png, png_infop info, bool onlySizes, Image &image) {
  if (!readHeader(state, png, info)) {
    return std::string("the PNG is damaged: ") + state.message;
  }
  // Deflate shrinks at most 1032 times, and a byte holds at most 8 pixels.
  int64_t height = png_get_image_height(png, info), width = png_get_image_width(png, info);
  if (!setSizes(image, height, width, state.file, 8 * 1032, onlySizes) ||
      png_get_rowbytes(png, info) != size_t(3 * width)) {
    return "expected a PNG of at most 2^28 pixels, of sizes that fit its file";
  }
  std::vector<png_bytep> rows(onlySizes ? 0 : size_t(height));
  for (size_t y = 0; y < rows.size(); ++y) {
    rows[y] = &image.rgb[y * size_t(3 * width)];
  }
  return onlySizes || readRows(png, rows.data()) ? "" : std::string("the PNG is damaged: ") + state.message;
}
} // namespace

std::string readPng(Bytes file, bool onlySizes, Image &image) {
  State state{file};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, fail, ignore);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  struct Guard { // room for the pixels may be missing
    ~Guard() { png_destroy_read_struct(png, info, nullptr); }
    png_structp *png;
    png_infop *info;
  } guard{&png, &info};
  return info ? readWith(state, png, info, onlySizes, image) : "libpng can't start: out of memory";
}

} // namespace dlc::image

#include "tools/common/Image.h"
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <jerror.h>
#include <jpeglib.h>
#include <png.h>

namespace dlc {
namespace {

constexpr int64_t maxSide = 1 << 16;

/// Images with more pixels than a file of this size can hold are refused before memory is taken.
llvm::Error checkImageSize(int64_t width, int64_t height, uint64_t fileSize, uint64_t pixelsPerByte) {
  bool isPlausible = width > 0 && height > 0 && width <= maxSide && height <= maxSide &&
                     static_cast<uint64_t>(width * height) <= fileSize * pixelsPerByte + (1u << 20);
  return isPlausible ? llvm::Error::success()
                     : makeError("expected an image of a plausible size, got {0}x{1} in a file of {2} bytes", width,
                                 height, fileSize);
}

/// What libpng and libjpeg hand back through their callbacks.
struct DecodeState {
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX] = "unknown error";
  const uint8_t *data = nullptr;
  size_t size = 0, position = 0;
  bool isTruncated = false;
};

void pngFail(png_structp png, png_const_charp message) {
  auto *state = static_cast<DecodeState *>(png_get_error_ptr(png));
  std::snprintf(state->message, sizeof(state->message), "%s", message);
  std::longjmp(state->jump, 1);
}

void pngIgnore(png_structp, png_const_charp) {}

void pngRead(png_structp png, png_bytep target, size_t size) {
  auto *state = static_cast<DecodeState *>(png_get_io_ptr(png));
  if (size > state->size - state->position) {
    png_error(png, "the file is cut off");
  }
  std::memcpy(target, state->data + state->position, size);
  state->position += size;
}

/// Everything that needs a destructor lives in the caller: libpng leaves this function by longjmp.
bool readPngHeader(DecodeState &state, png_structp png, png_infop info) {
  if (setjmp(state.jump)) {
    return false;
  }
  png_set_read_fn(png, &state, pngRead);
  png_read_info(png, info);
  png_set_expand(png);
  png_set_strip_16(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return true;
}

bool readPngRows(DecodeState &state, png_structp png, png_bytepp rows) {
  if (setjmp(state.jump)) {
    return false;
  }
  png_read_image(png, rows);
  png_read_end(png, nullptr);
  return true;
}

llvm::Expected<Image> readPng(DecodeState &state, png_structp png, png_infop info) {
  if (!readPngHeader(state, png, info)) {
    return makeError("the PNG is damaged: {0}", llvm::StringRef(state.message));
  }
  Image image;
  image.width = png_get_image_width(png, info);
  image.height = png_get_image_height(png, info);
  image.channels = png_get_channels(png, info);
  // Deflate shrinks at most 1032 times, and a byte holds at most 8 pixels.
  if (llvm::Error error = checkImageSize(image.width, image.height, state.size, 8 * 1032)) {
    return error;
  }
  size_t stride = png_get_rowbytes(png, info);
  if (stride != static_cast<size_t>(image.width * image.channels)) {
    return makeError("expected a PNG of gray or colour, got {0} bytes per row of {1} pixels", stride, image.width);
  }
  image.pixels.resize(stride * image.height);
  std::vector<png_bytep> rows(image.height);
  for (int64_t y = 0; y < image.height; ++y) {
    rows[y] = image.pixels.data() + y * stride;
  }
  if (!readPngRows(state, png, rows.data())) {
    return makeError("the PNG is damaged: {0}", llvm::StringRef(state.message));
  }
  return image;
}

struct JpegErrorManager {
  jpeg_error_mgr base; // first: libjpeg knows only this part
  DecodeState *state;
};

void jpegFail(j_common_ptr info) {
  auto *manager = reinterpret_cast<JpegErrorManager *>(info->err);
  info->err->format_message(info, manager->state->message);
  std::longjmp(manager->state->jump, 1);
}

/// Warnings are kept quiet; a cut-off file is remembered, because libjpeg would fill it up with gray.
void jpegMessage(j_common_ptr info, int level) {
  if (level < 0 && (info->err->msg_code == JWRN_JPEG_EOF || info->err->msg_code == JWRN_HIT_MARKER)) {
    reinterpret_cast<JpegErrorManager *>(info->err)->state->isTruncated = true;
  }
}

bool readJpegHeader(DecodeState &state, jpeg_decompress_struct &info) {
  if (setjmp(state.jump)) {
    return false;
  }
  jpeg_mem_src(&info, state.data, state.size);
  jpeg_read_header(&info, TRUE);
  info.out_color_space = info.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_calc_output_dimensions(&info);
  return true;
}

bool readJpegRows(DecodeState &state, jpeg_decompress_struct &info, uint8_t *pixels, size_t stride) {
  if (setjmp(state.jump)) {
    return false;
  }
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels + info.output_scanline * stride;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

llvm::Expected<Image> readJpeg(DecodeState &state, jpeg_decompress_struct &info) {
  auto damaged = [&]() { return makeError("the JPEG is damaged: {0}", llvm::StringRef(state.message)); };
  if (!readJpegHeader(state, info)) {
    return damaged();
  }
  Image image;
  image.width = info.output_width;
  image.height = info.output_height;
  image.channels = info.output_components;
  // Six blocks of at least one bit make 256 pixels in the densest progressive scan.
  if (llvm::Error error = checkImageSize(image.width, image.height, state.size, 512)) {
    return error;
  }
  size_t stride = static_cast<size_t>(image.width * image.channels);
  image.pixels.resize(stride * image.height);
  if (!readJpegRows(state, info, image.pixels.data(), stride)) {
    return damaged();
  }
  if (state.isTruncated) {
    return makeError("the JPEG is cut off");
  }
  return image;
}

} // namespace

llvm::Expected<Image> decodePng(llvm::StringRef bytes) {
  DecodeState state;
  state.data = reinterpret_cast<const uint8_t *>(bytes.data());
  state.size = bytes.size();
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, pngFail, pngIgnore);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  if (!info) {
    png_destroy_read_struct(&png, nullptr, nullptr);
    return makeError("libpng can't start: out of memory");
  }
  png_set_user_limits(png, maxSide, maxSide);
  llvm::Expected<Image> image = readPng(state, png, info);
  png_destroy_read_struct(&png, &info, nullptr);
  return image;
}

llvm::Expected<Image> decodeJpeg(llvm::StringRef bytes) {
  DecodeState state;
  state.data = reinterpret_cast<const uint8_t *>(bytes.data());
  state.size = bytes.size();
  JpegErrorManager manager{};
  manager.state = &state;
  jpeg_decompress_struct info{};
  info.err = jpeg_std_error(&manager.base);
  manager.base.error_exit = jpegFail;
  manager.base.emit_message = jpegMessage;
  if (setjmp(state.jump)) {
    return makeError("libjpeg can't start: {0}", llvm::StringRef(state.message));
  }
  jpeg_create_decompress(&info);
  llvm::Expected<Image> image = readJpeg(state, info);
  jpeg_destroy_decompress(&info);
  return image;
}

} // namespace dlc

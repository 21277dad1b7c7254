#include "Formats.h"
#include <csetjmp>
#include <cstdio>
#include <jerror.h>
#include <jpeglib.h>

namespace dlc::image {
namespace {
constexpr int kMostScans = 500; // encoders write about ten

struct Errors {
  jpeg_error_mgr base; // first: libjpeg knows only this part
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX] = "unknown error";
  bool isCutOff = false;
};

void fail(j_common_ptr info) {
  auto *errors = reinterpret_cast<Errors *>(info->err);
  info->err->format_message(info, errors->message);
  std::longjmp(errors->jump, 1);
}
/// Warnings are kept quiet; but libjpeg would fill up a file that is cut off with gray.
void warn(j_common_ptr info, int level) {
  if (level < 0 && (info->err->msg_code == JWRN_JPEG_EOF || info->err->msg_code == JWRN_HIT_MARKER)) {
    reinterpret_cast<Errors *>(info->err)->isCutOff = true;
  }
}

/// Each scan of a progressive file may be a few bytes, and goes over all pixels.
void countScans(j_common_ptr info) {
  auto *errors = reinterpret_cast<Errors *>(info->err);
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMostScans) {
    std::snprintf(errors->message, sizeof errors->message, "expected at most %d scans, got more", kMostScans);
    std::longjmp(errors->jump, 1);
  }
}

/// Nothing here has a destructor: libjpeg leaves by longjmp.
bool readHeader(Errors &errors, jpeg_decompress_struct &info, Bytes file) {
  if (setjmp(errors.jump)) {
    return false;
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, file.data, file.size);
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  jpeg_calc_output_dimensions(&info);
  return true;
}
bool readRows(Errors &errors, jpeg_decompress_struct &info, uint8_t *rgb) {
  if (setjmp(errors.jump)) {
    return false;
  }
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = rgb + size_t(info.output_scanline) * info.output_width * 3;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

std::string readWith(Errors &errors, jpeg_decompress_struct &info, jpeg_progress_mgr &progress, Bytes file,
                     bool onlySizes, Image &image) {
  if (!readHeader(errors, info, file)) {
    return std::string("the JPEG is damaged: ") + errors.message;
  }
  info.progress = &progress; // what is created has none
  // Six blocks of at least one bit make 256 pixels in the densest progressive scan.
  if (!setSizes(image, info.output_height, info.output_width, file, 512, onlySizes)) {
    return "expected a JPEG of at most 2^28 pixels, of sizes that fit its file";
  }
  if (!onlySizes && !readRows(errors, info, image.rgb.data())) {
    return std::string("the JPEG is damaged: ") + errors.message;
  }
  return errors.isCutOff ? "the JPEG is cut off" : "";
}
} // namespace

std::string readJpeg(Bytes file, bool onlySizes, Image &image) {
  Errors errors{};
  jpeg_decompress_struct info{};
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = fail;
  errors.base.emit_message = warn;
  jpeg_progress_mgr progress{};
  progress.progress_monitor = countScans;
  struct Guard { // room for the pixels may be missing
    ~Guard() { jpeg_destroy_decompress(&info); }
    jpeg_decompress_struct &info;
  } guard{info};
  return readWith(errors, info, progress, file, onlySizes, image);
}

} // namespace dlc::image

// The op `decode` of domain dlc.image, as dlc/custom_op.h wants it: the pixels [height, width, channels] (u8) of a file
// (u8, a vector). Attribute pixel_format: RGB, BGR or Grayscale, the last by the luma of ITU-R BT.601.
// https://onnx.ai/onnx/operators/onnx__ImageDecoder.html
#include "Formats.h"
#include "dlc/custom_op.h"
#include <cstring>
#include <exception>

namespace dlc::image {
namespace {
bool isGray(const dlc_op_call *call) {
  return std::strcmp(dlc_op_string(call, "pixel_format", "RGB"), "Grayscale") == 0;
}

int types(dlc_op_call *call) {
  const char *format = dlc_op_string(call, "pixel_format", "RGB");
  if (std::strcmp(format, "RGB") != 0 && std::strcmp(format, "BGR") != 0 && !isGray(call)) {
    return call->fail(call, "expected pixel_format RGB, BGR or Grayscale");
  }
  if (call->inputs[0].dtype != DLC_U8 || call->inputs[0].rank != 1) {
    return call->fail(call, "expected a file's bytes as a vector of u8");
  }
  call->outputs[0].dtype = DLC_U8;
  call->outputs[0].rank = 3;
  return 0;
}

int read(dlc_op_call *call, bool onlySizes, Image &image) {
  Bytes file{static_cast<const uint8_t *>(call->inputs[0].data), size_t(call->inputs[0].count)};
  Reader reader = findReader(file);
  std::string error =
      reader ? reader(file, onlySizes, image) : "expected a PNG, JPEG, BMP or portable image, got another kind of file";
  return error.empty() ? 0 : call->fail(call, error.c_str());
}

int shape(dlc_op_call *call) {
  try {
    Image image;
    if (read(call, true, image)) {
      return 1;
    }
    int64_t dims[] = {image.height, image.width, isGray(call) ? 1 : 3};
    std::memcpy(call->outputs[0].dims, dims, sizeof dims);
    return 0;
  } catch (const std::exception &e) {
    return call->fail(call, e.what());
  }
}

int compute(dlc_op_call *call) {
  try {
    Image image;
    if (types(call) || read(call, false, image)) {
      return 1;
    }
    auto *to = static_cast<uint8_t *>(call->outputs[0].data);
    bool gray = isGray(call), swapped = std::strcmp(dlc_op_string(call, "pixel_format", "RGB"), "BGR") == 0;
    size_t pixels = image.rgb.size() / 3;
    for (size_t i = 0; i < pixels; ++i) {
      const uint8_t *p = &image.rgb[3 * i];
      if (gray) { // 0.299, 0.587 and 0.114 in 16 bits
        to[i] = uint8_t((19595u * p[0] + 38470u * p[1] + 7471u * p[2] + 32768u) >> 16);
      } else {
        to[3 * i] = p[swapped ? 2 : 0], to[3 * i + 1] = p[1], to[3 * i + 2] = p[swapped ? 0 : 2];
      }
    }
    return 0;
  } catch (const std::exception &e) {
    return call->fail(call, e.what());
  }
}

constexpr dlc_custom_op kDecode{sizeof(dlc_custom_op),  "dlc.image", "decode", 1,       0,       1,      1, 1,
                                DLC_OP_SIZES_FROM_DATA, types,       shape,    compute, nullptr, nullptr};
constexpr const dlc_custom_op *kOps[] = {&kDecode};
} // namespace
} // namespace dlc::image

extern "C" [[gnu::visibility("default")]] const dlc_op_library *dlc_op_library_get(void) {
  static const dlc_op_library library{sizeof library, DLC_OP_ABI_VERSION, 1, "image", dlc::image::kOps};
  return &library;
}

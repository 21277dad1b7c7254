#include "tools/common/Image.h"
#include "TestSupport.h"
#include <cstdio>
#include <jpeglib.h>
#include <png.h>

using namespace dlc;
using namespace dlc::test;

namespace {

std::string encodePng(int width, int height, png_uint_32 format, const std::vector<uint8_t> &pixels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = format;
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr);
  std::string bytes(size, '\0');
  EXPECT_TRUE(png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr));
  bytes.resize(size);
  return bytes;
}

std::string encodeGrayJpeg(int width, int height, uint8_t value) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char *buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = width;
  info.image_height = height;
  info.input_components = 1;
  info.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(&info);
  jpeg_start_compress(&info, TRUE);
  std::vector<uint8_t> row(width, value);
  for (int y = 0; y < height; ++y) {
    JSAMPROW rows[] = {row.data()};
    jpeg_write_scanlines(&info, rows, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string bytes(reinterpret_cast<char *>(buffer), size);
  std::free(buffer);
  return bytes;
}

const std::vector<uint8_t> twoPixels = {10, 20, 30, 40, 50, 60};

} // namespace

TEST(Image, Png) {
  Image image = valueOf(decodeImage(encodePng(2, 1, PNG_FORMAT_RGB, twoPixels)));
  EXPECT_EQ(image.width, 2);
  EXPECT_EQ(image.height, 1);
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(image.pixels, twoPixels);
  EXPECT_EQ(valueOf(decodePng(encodePng(2, 3, PNG_FORMAT_GRAY, twoPixels))).channels, 1);
  Image withAlpha = valueOf(decodePng(encodePng(1, 1, PNG_FORMAT_RGBA, {9, 8, 7, 0})));
  EXPECT_EQ(withAlpha.channels, 3);
}

TEST(Image, Jpeg) {
  Image image = valueOf(decodeImage(encodeGrayJpeg(20, 10, 77)));
  EXPECT_EQ(image.width, 20);
  EXPECT_EQ(image.height, 10);
  EXPECT_EQ(image.channels, 1);
  EXPECT_EQ(image.pixels, std::vector<uint8_t>(200, 77));
}

TEST(Image, LayoutChannelsAndNormalisation) {
  Image image{1, 2, 3, twoPixels};
  auto numbers = [&](ImageOptions options, dlc_dtype dtype) {
    return numbersOf(valueOf(imageToTensor(image, options, dtype)));
  };
  EXPECT_EQ(numbers({}, DLC_U8), (std::vector<double>{10, 40, 20, 50, 30, 60}));
  EXPECT_EQ(numbers({.layout = ImageLayout::nhwc}, DLC_U8), (std::vector<double>{10, 20, 30, 40, 50, 60}));
  EXPECT_EQ(numbers({.channels = ImageChannels::bgr, .layout = ImageLayout::nhwc}, DLC_U8),
            (std::vector<double>{30, 20, 10, 60, 50, 40}));
  EXPECT_EQ(numbers({.channels = ImageChannels::gray}, DLC_U8), (std::vector<double>{18, 48}));
  ImageOptions normal{.layout = ImageLayout::nhwc, .scale = 1.0, .mean = {10, 20, 30}, .std = {2}};
  EXPECT_EQ(numbers(normal, DLC_F32), (std::vector<double>{0, 0, 0, 15, 15, 15}));
  EXPECT_FLOAT_EQ(numbers({}, DLC_F32)[0], 10.0f / 255);
  EXPECT_NE(errorOf(imageToTensor(image, {.mean = {1, 2}}, DLC_F32)), "");
  EXPECT_EQ(valueOf(imageToTensor(image, {}, DLC_F32)).dims, (std::vector<int64_t>{1, 3, 1, 2}));
}

TEST(Image, BilinearResizeUsesPixelCentres) {
  Image image{1, 2, 1, {0, 100}};
  EXPECT_EQ(resizeBilinear(image, 4, 1), (std::vector<float>{0, 25, 75, 100}));
  EXPECT_EQ(resizeBilinear(image, 1, 2), (std::vector<float>{50, 50}));
  EXPECT_EQ(resizeBilinear(image, 2, 1), (std::vector<float>{0, 100}));
}

TEST(Image, DamagedFilesAreRefused) {
  std::string png = encodePng(2, 1, PNG_FORMAT_RGB, twoPixels), jpeg = encodeGrayJpeg(20, 10, 77);
  for (const std::string &good : {png, jpeg}) {
    for (size_t size = 0; size + 2 < good.size(); ++size) {
      EXPECT_NE(errorOf(decodeImage(llvm::StringRef(good).take_front(size))), "") << size;
    }
    for (size_t i = 0; i < good.size(); ++i) {
      std::string damaged = good;
      damaged[i] = static_cast<char>(~damaged[i]);
      errorOf(decodeImage(damaged));
    }
  }
}

TEST(Image, HugeSizesCostNoMemory) {
  std::string jpeg = encodeGrayJpeg(20, 10, 77);
  size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  for (size_t i = 5; i < 9; ++i) {
    jpeg[frame + i] = '\xf0';
  }
  EXPECT_NE(errorOf(decodeImage(jpeg)).find("plausible size"), std::string::npos);
}

TEST(Image, OptionTexts) {
  EXPECT_EQ(valueOf(parseImageSize("224x112")), (std::pair<int64_t, int64_t>(224, 112)));
  for (const char *text : {"", "224", "0x3", "-1x3", "3x99999999", "axb"}) {
    EXPECT_NE(errorOf(parseImageSize(text)), "") << text;
  }
  EXPECT_EQ(valueOf(parseNumbers("0.5, 1")), (std::vector<double>{0.5, 1}));
  EXPECT_NE(errorOf(parseNumbers("1,,2")), "");
  EXPECT_NE(errorOf(parseNumbers("nan")), "");
}

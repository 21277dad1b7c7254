#include "tools/common/ValueFile.h"
#include "TestSupport.h"
#include "tools/common/Npy.h"
#include "tools/common/RandomTensor.h"
#include <png.h>

using namespace dlc;
using namespace dlc::test;

namespace {

PortType portOf(dlc_dtype dtype, std::vector<int64_t> dims) {
  PortType port;
  port.name = "x";
  port.dtype = dtype;
  port.dims = std::move(dims);
  return port;
}

} // namespace

TEST(ValueFile, Specs) {
  EXPECT_EQ(parseInputSpec("x=a.npy").name, "x");
  EXPECT_EQ(parseInputSpec("x=a=b.npy").file, "a=b.npy");
  EXPECT_EQ(parseInputSpec("a.npy").name, "");
  TemporaryFolder folder;
  std::string odd = folder.file("a=b.npy");
  EXPECT_EQ(errorOf(writeFile(odd, {"x"})), "");
  EXPECT_EQ(parseInputSpec(odd).file, odd);
}

TEST(ValueFile, TypesMustAgree) {
  TemporaryFolder folder;
  std::string file = folder.file("x.npy");
  EXPECT_EQ(errorOf(writeNpy(file, tensorOf(DLC_F32, {2}, {1.5, 2}))), "");
  EXPECT_EQ(valueOf(readValue(file, portOf(DLC_F32, {2}))).tensor.at(0), 1.5);
  EXPECT_EQ(errorOf(readValue(file, portOf(DLC_F64, {2}))),
            file + ": input 'x': expected f64 [2], got f32 2; store the array as f64");
  EXPECT_EQ(valueOf(readValue(file, portOf(DLC_BF16, {2}))).tensor.dtype, DLC_BF16);
}

TEST(ValueFile, NumbersMustFitPackedTypes) {
  TemporaryFolder folder;
  std::string file = folder.file("y.npy");
  EXPECT_EQ(errorOf(writeNpy(file, tensorOf(DLC_F32, {3}, {-8, 7, 0}))), "");
  EXPECT_EQ(numbersOf(valueOf(readValue(file, portOf(DLC_I4, {3}))).tensor), (std::vector<double>{-8, 7, 0}));
  for (auto [dtype, number, text] : {std::tuple(DLC_I4, 8.0, "i4 holds, got 8"),
                                     {DLC_U4, -1.0, "u4 holds, got -1"},
                                     {DLC_I4, 0.5, "i4 holds, got 0.5"}}) {
    EXPECT_EQ(errorOf(writeNpy(file, tensorOf(DLC_F32, {2}, {1, number}))), "");
    std::string error = errorOf(readValue(file, portOf(dtype, {2})));
    EXPECT_NE(error.find(std::string("input 'x': expected numbers that ") + text), std::string::npos) << error;
  }
}

TEST(ValueFile, Raw) {
  TemporaryFolder folder;
  std::string file = folder.file("x.bin");
  EXPECT_EQ(errorOf(writeFile(file, {std::string("\x01\x02\x03\x04", 4)})), "");
  EXPECT_EQ(numbersOf(valueOf(readRaw("raw:" + file + ":u8:2x2"))), (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(errorOf(readRaw("raw:" + file + ":f32:2")), file + ": expected 8 bytes for f32 2, got 4");
  EXPECT_NE(errorOf(readRaw("raw:" + file + ":f32")), "");
  EXPECT_NE(errorOf(readRaw("raw:::")), "");
  EXPECT_NE(errorOf(readRaw("raw:" + file + ":f32:9999999999999x9999999")), "");
}

TEST(ValueFile, ImagesTakeTheirShapeFromThePort) {
  TemporaryFolder folder;
  std::string file = folder.file("x.png");
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = image.height = 2;
  image.format = PNG_FORMAT_GRAY;
  const uint8_t pixels[] = {0, 255, 255, 0};
  ASSERT_TRUE(png_image_write_to_file(&image, file.c_str(), 0, pixels, 0, nullptr));
  auto shapeFor = [&](std::vector<int64_t> dims) {
    return valueOf(readValue(file, portOf(DLC_F32, std::move(dims)))).tensor.dims;
  };
  using Dims = std::vector<int64_t>;
  EXPECT_EQ(shapeFor({-1, 1, 28, 28}), (Dims{1, 1, 28, 28}));
  EXPECT_EQ(shapeFor({1, 3, -1, -1}), (Dims{1, 3, 2, 2}));
  EXPECT_EQ(shapeFor({1, 8, 4, 3}), (Dims{1, 8, 4, 3}));
  EXPECT_EQ(shapeFor({1, 5, 6}), (Dims{1, 5, 6}));
  EXPECT_EQ(shapeFor({5, 6}), (Dims{5, 6}));
  EXPECT_NE(errorOf(readValue(file, portOf(DLC_F32, {5}))), "");
}

TEST(ValueFile, SequencesInBothFormats) {
  TemporaryFolder folder;
  HostValue sequence;
  sequence.kind = DLC_KIND_SEQUENCE;
  sequence.elements = {tensorOf(DLC_F32, {1}, {1}), tensorOf(DLC_F32, {1}, {2})};
  EXPECT_EQ(valueOf(writeValue(folder.file("o"), sequence, ValueFormat::npy)),
            (std::vector<std::string>{folder.file("o_0.npy"), folder.file("o_1.npy")}));
  PortType port = portOf(DLC_F32, {});
  port.kind = DLC_KIND_SEQUENCE;
  auto files = valueOf(writeValue(folder.file("o"), sequence, ValueFormat::pb));
  EXPECT_EQ(valueOf(readValue(files.at(0), port)).elements.size(), 2u);
  EXPECT_NE(errorOf(readValue(folder.file("o_0.npy"), port)), "");
}

TEST(ValueFile, UnknownKinds) {
  TemporaryFolder folder;
  EXPECT_EQ(errorOf(writeFile(folder.file("x.txt"), {"hello"})), "");
  EXPECT_EQ(errorOf(readValue(folder.file("x.txt"), portOf(DLC_F32, {1}))),
            folder.file("x.txt") +
                ": expected .npy, .npz, .pb, .png, .jpg or raw:FILE:TYPE:SHAPE, got a file of another kind");
}

TEST(RandomTensor, SameSeedSameNumbers) {
  HostTensor first = valueOf(randomTensor(DLC_F32, {100}, 7)), second = valueOf(randomTensor(DLC_F32, {100}, 7));
  EXPECT_EQ(first.bytes, second.bytes);
  EXPECT_NE(first.bytes, valueOf(randomTensor(DLC_F32, {100}, 8)).bytes);
  for (double value : numbersOf(first)) {
    EXPECT_TRUE(value >= -1 && value <= 1);
  }
  EXPECT_EQ(valueOf(randomTensor(DLC_STRING, {3}, 1)).strings.size(), 3u);
}

TEST(RandomTensor, IndicesAreLegalInSmallTables) {
  for (dlc_dtype dtype : {DLC_I32, DLC_I64}) {
    HostTensor indices = valueOf(randomTensor(dtype, {100}, 7));
    for (double value : numbersOf(indices)) {
      EXPECT_TRUE(value == 0 || value == 1) << value;
    }
  }
}

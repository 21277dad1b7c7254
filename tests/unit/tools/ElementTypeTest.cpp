#include "tools/common/ElementType.h"
#include "TestSupport.h"
#include <cmath>

using namespace dlc;
using namespace dlc::test;

TEST(ElementType, NamesAreInverses) {
  for (dlc_dtype dtype : numericTypes()) {
    EXPECT_EQ(parseElementName(elementName(dtype)), dtype);
  }
  EXPECT_EQ(parseElementName("float32"), DLC_F32);
  EXPECT_EQ(parseElementName("f33"), std::nullopt);
}

TEST(ElementType, OneSurvivesEveryType) {
  for (dlc_dtype dtype : numericTypes()) {
    std::vector<uint8_t> data(64, 0);
    storeElement(dtype, data.data(), 3, 1);
    EXPECT_EQ(loadElement(dtype, data.data(), 3), 1) << elementName(dtype).str();
  }
}

TEST(ElementType, PackedElementsShareBytes) {
  HostTensor tensor = tensorOf(DLC_I4, {5}, {-8, 7, -1, 0, 3});
  EXPECT_EQ(tensor.bytes.size(), 3u);
  EXPECT_EQ(tensor.bytes[0], 0x78);
  EXPECT_EQ(tensor.bytes[1], 0x0f);
  EXPECT_EQ(numbersOf(tensor), (std::vector<double>{-8, 7, -1, 0, 3}));
  EXPECT_EQ(tensorOf(DLC_U2, {5}, {0, 1, 2, 3, 1}).bytes[0], 0xe4);
}

TEST(ElementType, NarrowFloatsRoundToNearestEven) {
  EXPECT_EQ(tensorOf(DLC_F16, {1}, {1.0 / 3}).at(0), 0.333251953125);
  EXPECT_EQ(tensorOf(DLC_BF16, {1}, {1 + 1.0 / 256}).at(0), 1);
  EXPECT_EQ(tensorOf(DLC_F8E4M3FN, {1}, {448}).bytes[0], 0x7e);
  EXPECT_EQ(tensorOf(DLC_F8E5M2, {1}, {-1.5}).at(0), -1.5);
  EXPECT_EQ(tensorOf(DLC_F4E2M1, {2}, {6, -0.5}).bytes[0], 0x97);
  EXPECT_EQ(tensorOf(DLC_F8E8M0, {1}, {0.25}).at(0), 0.25);
}

TEST(ElementType, IntegersSaturate) {
  EXPECT_EQ(tensorOf(DLC_U8, {3}, {-1, 300, 2.9}).bytes, (AlignedBytes{0, 255, 2}));
  EXPECT_EQ(tensorOf(DLC_I64, {1}, {1e30}).as<int64_t>()[0], INT64_MAX);
  EXPECT_EQ(tensorOf(DLC_I32, {1}, {NAN}).at(0), 0);
}

TEST(ElementType, SizesAreChecked) {
  EXPECT_EQ(elementBytes(DLC_I4, 3), 2u);
  EXPECT_EQ(elementBytes(DLC_F64, UINT64_MAX / 2), std::nullopt);
  EXPECT_EQ(countElements({1 << 30, 1 << 30, 1 << 30}), std::nullopt);
  EXPECT_EQ(countElements({INT64_MAX, INT64_MAX, 0}), 0u);
  EXPECT_EQ(countElements({2, -1}), std::nullopt);
  EXPECT_EQ(countElements({}), 1u);
  EXPECT_NE(errorOf(HostTensor::create(DLC_F32, {1 << 20, 1 << 20, 1 << 10})), "");
}

TEST(ElementType, Shapes) {
  EXPECT_EQ(valueOf(parseShape("1x3x224")), (std::vector<int64_t>{1, 3, 224}));
  EXPECT_EQ(valueOf(parseShape("2,5")), (std::vector<int64_t>{2, 5}));
  EXPECT_TRUE(valueOf(parseShape("scalar")).empty());
  EXPECT_EQ(errorOf(parseShape("1x-3")), "expected a shape such as 1x3x224x224, got '1x-3'");
  EXPECT_NE(errorOf(parseShape("1x")), "");
  EXPECT_EQ(shapeString({4, 5}), "4x5");
}

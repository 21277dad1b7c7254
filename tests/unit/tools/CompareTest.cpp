#include "tools/common/Compare.h"
#include "TestSupport.h"
#include <cmath>

using namespace dlc;
using namespace dlc::test;

namespace {

HostTensor floats(llvm::ArrayRef<double> values) {
  return tensorOf(DLC_F32, {static_cast<int64_t>(values.size())}, values);
}

const double notANumber = std::nan(""), infinity = INFINITY;

} // namespace

TEST(Compare, HandComputedValues) {
  HostTensor expected = tensorOf(DLC_F64, {2, 2}, {1, -2, 4, 0});
  HostTensor actual = tensorOf(DLC_F64, {2, 2}, {1.5, -2, 3, 0.25});
  Comparison result = compareTensors(expected, actual);
  EXPECT_EQ(result.count, 4u);
  EXPECT_DOUBLE_EQ(result.maxAbs, 1);
  EXPECT_DOUBLE_EQ(result.maxRel, 0.5);
  EXPECT_DOUBLE_EQ(result.peakError, 0.25);
  EXPECT_DOUBLE_EQ(result.equalFraction, 0.25);
  EXPECT_DOUBLE_EQ(result.cosine, (1.5 + 4 + 12) / std::sqrt(21 * (2.25 + 4 + 9 + 0.0625)));
  EXPECT_EQ(result.channelAbs, (std::vector<double>{1, 0.25}));
  EXPECT_EQ(result.worstIndex, 2u);
  EXPECT_EQ(result.worstExpected, 4);
  EXPECT_EQ(result.worstActual, 3);
  EXPECT_EQ(result.failures, 3u);
  EXPECT_FALSE(result.passed);
}

TEST(Compare, Tolerances) {
  HostTensor expected = floats({100, 1}), actual = floats({101, 1.5});
  EXPECT_TRUE(compareTensors(expected, actual, {.absolute = 1}).passed);
  EXPECT_FALSE(compareTensors(expected, actual, {.absolute = 0.9}).passed);
  EXPECT_EQ(compareTensors(expected, actual, {.relative = 0.1}).failures, 1u);
  EXPECT_TRUE(compareTensors(expected, actual, {.peak = 0.01}).passed);
  EXPECT_TRUE(compareTensors(expected, actual, {.relative = 0.1, .allowedFraction = 0.5}).passed);
}

TEST(Compare, Ulps) {
  float next = std::nextafterf(1, 2);
  EXPECT_EQ(compareTensors(floats({1}), floats({next})).maxUlps, 1u);
  EXPECT_TRUE(compareTensors(floats({1}), floats({next}), {.ulps = 1}).passed);
  EXPECT_FALSE(compareTensors(floats({1}), floats({next})).passed);
  float tiny = std::nextafterf(0, 1);
  EXPECT_EQ(compareTensors(floats({-tiny}), floats({tiny})).maxUlps, 2u);
  EXPECT_EQ(compareTensors(tensorOf(DLC_F16, {1}, {1}), tensorOf(DLC_F16, {1}, {1.0009765625})).maxUlps, 1u);
  EXPECT_EQ(compareTensors(tensorOf(DLC_F64, {1}, {-1e308}), tensorOf(DLC_F64, {1}, {1e308})).maxUlps,
            2 * static_cast<uint64_t>(std::bit_cast<int64_t>(1e308)));
}

TEST(Compare, SpecialNumbers) {
  HostTensor same = floats({notANumber, infinity, -infinity, -0.0});
  Comparison equal = compareTensors(same, floats({notANumber, infinity, -infinity, 0.0}));
  EXPECT_TRUE(equal.passed);
  EXPECT_EQ(equal.equalFraction, 1);
  EXPECT_EQ(compareTensors(same, same, {.nanEqual = false}).nanMismatches, 1u);
  Comparison different =
      compareTensors(floats({1, notANumber, infinity, 2}), floats({9, 3, -infinity, infinity}), {.absolute = 1e9});
  EXPECT_EQ(different.nanMismatches, 1u);
  EXPECT_EQ(different.infMismatches, 2u);
  EXPECT_EQ(different.failures, 3u);
  EXPECT_EQ(different.worstIndex, 1u);
  EXPECT_EQ(different.maxAbs, 8);
}

TEST(Compare, IntegersMustBeEqual) {
  HostTensor big = tensorOf(DLC_I64, {1}, {0}), bigger = big;
  big.as<int64_t>()[0] = (int64_t(1) << 60) + 1;
  bigger.as<int64_t>()[0] = (int64_t(1) << 60) + 2;
  EXPECT_FALSE(compareTensors(big, bigger).passed);
  EXPECT_TRUE(compareTensors(big, big).passed);
  EXPECT_TRUE(compareTensors(tensorOf(DLC_U8, {1}, {3}), tensorOf(DLC_U8, {1}, {4}), {.absolute = 1}).passed);
}

TEST(Compare, EmptyAndZero) {
  Comparison empty = compareTensors(tensorOf(DLC_F32, {0}, {}), tensorOf(DLC_F32, {0}, {}));
  EXPECT_TRUE(empty.passed);
  EXPECT_EQ(empty.equalFraction, 1);
  EXPECT_EQ(compareTensors(floats({0}), floats({0})).cosine, 1);
  EXPECT_EQ(compareTensors(floats({0}), floats({1})).cosine, 0);
}

TEST(Compare, TypesShapesAndStrings) {
  EXPECT_EQ(compareTensors(floats({1}), floats({1, 2})).toString(), "failed: expected f32 1, got f32 2");
  HostTensor left, right;
  left.dtype = right.dtype = DLC_STRING;
  left.dims = right.dims = {2};
  left.strings = {"a", "b"};
  right.strings = {"a", "c"};
  EXPECT_EQ(compareTensors(left, right).toString(), "failed: expected 'b', got 'c' at [1]");
}

TEST(Compare, Sequences) {
  HostValue left, right;
  left.kind = right.kind = DLC_KIND_SEQUENCE;
  left.elements = {floats({1}), floats({2})};
  right.elements = {floats({1}), floats({3})};
  Comparison result = compareValues(left, right);
  EXPECT_FALSE(result.passed);
  EXPECT_EQ(result.mismatch, "element 1");
  right.elements.pop_back();
  EXPECT_EQ(compareValues(left, right).toString(), "failed: expected sequence of 2, got sequence of 1");
}

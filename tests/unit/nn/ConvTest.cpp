//===- ConvTest.cpp - convolutions -------------------------------------------------------===//
#include "NNTest.h"

namespace dlc::nn {
namespace {
using ConvTest = NNTest;

std::string attributes(llvm::StringRef strides, llvm::StringRef dilations, llvm::StringRef pads, int groups,
                       llvm::StringRef more = "") {
  return "{strides = array<i64: " + strides.str() + ">, dilations = array<i64: " + dilations.str() +
         ">, pads = array<i64: " + pads.str() + ">, groups = " + std::to_string(groups) + more.str() + "}";
}

// The three examples of ONNX Conv.
TEST_F(ConvTest, Conv2D) {
  Tensor x = range({1, 1, 5, 5}), w = floats({1, 1, 3, 3}, std::vector<float>(9, 1));
  expectEqual<float>(eval("conv %0, %1 " + attributes("1, 1", "1, 1", "1, 1, 1, 1", 1), {x, w}, "tensor<1x1x5x5xf32>"),
                     0, floats({1, 1, 5, 5}, {12,  21, 27, 33,  24,  33,  54,  63, 72,  51,  63,  99, 108,
                                              117, 81, 93, 144, 153, 162, 111, 72, 111, 117, 123, 84}));
  expectEqual<float>(eval("conv %0, %1 " + attributes("1, 1", "1, 1", "0, 0, 0, 0", 1), {x, w}, "tensor<1x1x3x3xf32>"),
                     0, floats({1, 1, 3, 3}, {54, 63, 72, 99, 108, 117, 144, 153, 162}));
  Tensor tall = range({1, 1, 7, 5});
  expectEqual<float>(
      eval("conv %0, %1 " + attributes("2, 2", "1, 1", "1, 0, 1, 0", 1), {tall, w}, "tensor<1x1x4x2xf32>"), 0,
      floats({1, 1, 4, 2}, {21, 33, 99, 117, 189, 207, 171, 183}));
}

TEST_F(ConvTest, Conv1DWithDilationBiasAndGroups) {
  Tensor x = floats({1, 2, 4}, {1, 2, 3, 4, 10, 20, 30, 40}), w = floats({2, 1, 2}, {1, 1, 1, -1});
  expectEqual<float>(
      eval("conv %0, %1, %2 " + attributes("1", "2", "0, 0", 2), {x, w, floats({2}, {0.5, 100})}, "tensor<1x2x2xf32>"),
      0, floats({1, 2, 2}, {4.5, 6.5, 80, 80}));
}

TEST_F(ConvTest, ChannelLastIsATransposition) {
  // [N, W, C]
  Tensor x = floats({1, 4, 2}, {1, 10, 2, 20, 3, 30, 4, 40}),
         w = floats({3, 2, 2}, {1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 2});
  std::string a = attributes("1", "1", "0, 0", 1, ", channel_last = true");
  expectEqual<float>(eval("conv %0, %1 " + a, {x, w}, "tensor<1x3x3xf32>"), 0,
                     floats({1, 3, 3}, {21, 3, 50, 32, 5, 80, 43, 7, 110}));
}

TEST_F(ConvTest, ConvOfBytes) {
  Tensor x = tensor<uint8_t>({1, 1, 3}, {255, 255, 1}), w = tensor<int8_t>({1, 1, 2}, {-128, 127});
  expectEqual<int32_t>(eval("conv %0, %1 " + attributes("1", "1", "0, 0", 1), {x, w}, "tensor<1x1x2xi32>"), 0,
                       tensor<int32_t>({1, 1, 2}, {-255, -32513}));
}

// The examples of ONNX ConvTranspose.
TEST_F(ConvTest, ConvTranspose) {
  Tensor x = range({1, 1, 3}), w = floats({1, 2, 3}, std::vector<float>(6, 1));
  expectEqual<float>(
      eval("conv_transpose %0, %1 " + attributes("1", "1", "0, 0", 1, ", output_padding = array<i64: 0>"), {x, w},
           "tensor<1x2x5xf32>"),
      0, floats({1, 2, 5}, {0, 1, 3, 3, 2, 0, 1, 3, 3, 2}));
  Tensor x2 = floats({1, 1, 3, 3}, {3, 8, 1, 9, 5, 7, 3, 2, 6}), w2 = floats({1, 1, 2, 2}, {7, 2, 1, 9});
  expectEqual<float>(eval("conv_transpose %0, %1 " +
                              attributes("1, 1", "2, 2", "0, 0, 0, 0", 1, ", output_padding = array<i64: 0, 0>"),
                          {x2, w2}, "tensor<1x1x5x5xf32>"),
                     0, floats({1, 1, 5, 5}, {21, 56, 13, 16, 2,  63, 35, 67, 10, 14, 24, 22, 76,
                                              76, 21, 9,  5,  88, 45, 63, 3,  2,  33, 18, 54}));
}

TEST_F(ConvTest, ConvTransposeWithStridePadsAndGroups) {
  // Group 0 spreads 1, 2 with taps (1, 2); group 1 spreads 3, 4 with taps (10, 20): before cutting 1 in front and
  // adding 1 at the end, stride 3 gives 1 2 0 2 4 and 30 60 0 40 80.
  Tensor x = floats({1, 2, 2}, {1, 2, 3, 4}), w = floats({2, 1, 2}, {1, 2, 10, 20});
  expectEqual<float>(
      eval("conv_transpose %0, %1, %2 " + attributes("3", "1", "1, 0", 2, ", output_padding = array<i64: 1>"),
           {x, w, floats({2}, {0, 0.5})}, "tensor<1x2x5xf32>"),
      0, floats({1, 2, 5}, {2, 0, 2, 4, 0, 60.5, 0.5, 40.5, 80.5, 0.5}));
}
} // namespace
} // namespace dlc::nn

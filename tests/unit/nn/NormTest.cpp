//===- NormTest.cpp - normalisations ---------------------------------------------------------===//
#include "NNTest.h"
#include <cmath>

namespace dlc::nn {
namespace {
using NormTest = NNTest;

TEST_F(NormTest, BatchNorm) {
  Tensor x = floats({1, 2, 1, 3}, {-1, 0, 1, 2, 3, 4}), s = floats({2}, {1, 1.5}), b = floats({2}, {0, 1});
  std::vector<Datum> r = eval("batch_norm %0, %1, %2, %3, %4 {epsilon = 1.0e-5}",
                              {x, s, b, floats({2}, {0, 3}), floats({2}, {1, 1.5})}, "tensor<1x2x1x3xf32>");
  float a = 1 / std::sqrt(1.00001f), c = 1.5f / std::sqrt(1.50001f);
  expectNear(r, 0, floats({1, 2, 1, 3}, {-a, 0, a, 1 - c, 1, 1 + c}));
}

TEST_F(NormTest, LayerNorm) {
  // Rows with mean 2 and variance 2/3, and mean 0 and variance 0.
  Tensor x = floats({2, 3}, {1, 2, 3, 0, 0, 0}), s = floats({3}, {1, 2, 3}), b = floats({3}, {0, 0, 10});
  float d = 1 / std::sqrt(2.0f / 3);
  expectNear(eval("layer_norm %0, %1, %2 {axis = 1, epsilon = 1.0e-9}", {x, s, b}, "tensor<2x3xf32>"), 0,
             floats({2, 3}, {-d, 0, 10 + 3 * d, 0, 0, 10}));
  float m = 1 / std::sqrt(14.0f / 3);
  expectNear(eval("layer_norm %0, %1 {axis = 1, epsilon = 1.0e-9, rms = true}", {x, s}, "tensor<2x3xf32>"), 0,
             floats({2, 3}, {m, 4 * m, 9 * m, 0, 0, 0}));
  // Over both dims: mean 1, variance (0 + 1 + 4 + 1 + 1 + 1) / 6.
  float q = 1 / std::sqrt(8.0f / 6);
  expectNear(eval("layer_norm %0, %1 {axis = 0, epsilon = 0.0}", {x, floats({1}, {1})}, "tensor<2x3xf32>"), 0,
             floats({2, 3}, {0, q, 2 * q, -q, -q, -q}));
}

// The example of ONNX InstanceNormalization.
TEST_F(NormTest, InstanceNorm) {
  Tensor x = floats({1, 2, 1, 3}, {-1, 0, 1, 2, 3, 4}), s = floats({2}, {1, 1.5}), b = floats({2}, {0, 1});
  float d = 1 / std::sqrt(2.0f / 3 + 1e-2f);
  expectNear(eval("instance_norm %0, %1, %2 {epsilon = 1.0e-2}", {x, s, b}, "tensor<1x2x1x3xf32>"), 0,
             floats({1, 2, 1, 3}, {-d, 0, d, 1 - 1.5f * d, 1, 1 + 1.5f * d}));
}

TEST_F(NormTest, GroupNorm) {
  // Groups {1, 3} and {10, 10}; then one scale and bias per channel.
  Tensor x = floats({1, 4, 1}, {1, 3, 10, 10}), s = floats({4}, {1, 2, 1, 1}), b = floats({4}, {0, 0, 5, 6});
  expectNear(eval("group_norm %0, %1, %2 {num_groups = 2, epsilon = 0.0001}", {x, s, b}, "tensor<1x4x1xf32>"), 0,
             floats({1, 4, 1}, {-1, 2, 5, 6}), 1e-3);
  EXPECT_TRUE(eval("group_norm %0, %1, %2 {num_groups = 3, epsilon = 0.0001}", {x, s, b}, "tensor<1x4x1xf32>").empty());
}

TEST_F(NormTest, Lrn) {
  Tensor x = floats({1, 3, 1}, {1, 2, 3});
  expectNear(eval("lrn %0 {size = 3, alpha = 3.0, beta = 0.5, bias = 1.0}", {x}, "tensor<1x3x1xf32>"), 0,
             floats({1, 3, 1}, {1 / std::sqrt(6.0f), 2 / std::sqrt(15.0f), 3 / std::sqrt(14.0f)}));
  // An even size reaches one further up.
  expectNear(eval("lrn %0 {size = 2, alpha = 2.0, beta = 1.0, bias = 0.0}", {x}, "tensor<1x3x1xf32>"), 0,
             floats({1, 3, 1}, {1 / 5.0f, 2 / 13.0f, 3 / 9.0f}));
}

TEST_F(NormTest, LpNormalize) {
  Tensor x = floats({2, 2}, {3, -4, 0, 0});
  expectNear(eval("lp_normalize %0 {axis = 1, p = 2}", {x}, "tensor<2x2xf32>"), 0, floats({2, 2}, {0.6f, -0.8f, 0, 0}));
  expectNear(eval("lp_normalize %0 {axis = 1, p = 1}", {x}, "tensor<2x2xf32>"), 0,
             floats({2, 2}, {3 / 7.0f, -4 / 7.0f, 0, 0}));
}

TEST_F(NormTest, HalvesAreComputedInMore) {
  // The sum of squares overflows f16.
  Tensor x = tensor<Float16>({1, 2}, {Float16(300), Float16(400)});
  expectNear(eval("lp_normalize %0 {axis = 1, p = 2}", {x}, "tensor<1x2xf16>"), 0,
             tensor<Float16>({1, 2}, {Float16(0.6), Float16(0.8)}), 1e-3);
}
} // namespace
} // namespace dlc::nn

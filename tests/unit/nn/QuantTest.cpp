//===- QuantTest.cpp - quantisation, and products of quantised integers --------------------===//
#include "NNTest.h"

namespace dlc::nn {
namespace {
using QuantTest = NNTest;

// Examples of ONNX QuantizeLinear.
TEST_F(QuantTest, QuantizeLinear) {
  Tensor x = floats({6}, {0, 2, 3, 1000, -254, -1000});
  expectEqual<uint8_t>(
      eval("quantize_linear %0, %1, %2 {to = ui8}", {x, floats({}, {2}), tensor<uint8_t>({}, {128})}, "tensor<6xui8>"),
      0, tensor<uint8_t>({6}, {128, 129, 130, 255, 1, 0}));
  Tensor y = floats({1, 3, 2}, {-162, 10, -100, 232, -20, -50}), scales = floats({3}, {2, 4, 5});
  expectEqual<uint8_t>(eval("quantize_linear %0, %1, %2 {to = ui8, axis = 1}",
                            {y, scales, tensor<uint8_t>({3}, {84, 24, 196})}, "tensor<1x3x2xui8>"),
                       0, tensor<uint8_t>({1, 3, 2}, {3, 89, 0, 82, 192, 186}));
}

TEST_F(QuantTest, HalvesRoundToEvenBeforeTheZeroPoint) {
  Tensor x = floats({4}, {0.5, 1.5, 2.5, -0.5});
  expectEqual<int8_t>(
      eval("quantize_linear %0, %1, %2 {to = i8}", {x, floats({1}, {1}), tensor<int8_t>({1}, {1})}, "tensor<4xi8>"), 0,
      tensor<int8_t>({4}, {1, 3, 3, 1}));
}

TEST_F(QuantTest, Blocks) {
  Tensor x = floats({2, 3}, {6, 12, 50, 1, 8, 4}), scale = floats({2, 2}, {1.5, 2.5, 3, 4.9f});
  expectEqual<int16_t>(
      eval("quantize_linear %0, %1 {to = i16, axis = 1, block_size = 2}", {x, scale}, "tensor<2x3xi16>"), 0,
      tensor<int16_t>({2, 3}, {4, 8, 20, 0, 3, 1}));
  Tensor q = tensor<int8_t>({2, 3}, {1, 2, 3, 4, 5, 6}), zero = tensor<int8_t>({2, 2}, {0, 1, 0, 1});
  expectNear(eval("dequantize_linear %0, %1, %2 {to = f32, axis = 1, block_size = 2}",
                  {q, floats({2, 2}, {1, 10, 100, 1000}), zero}, "tensor<2x3xf32>"),
             0, floats({2, 3}, {1, 2, 20, 400, 500, 5000}));
  EXPECT_TRUE(
      eval("quantize_linear %0, %1 {to = i16, axis = 1, block_size = 1}", {x, scale}, "tensor<2x3xi16>").empty());
}

TEST_F(QuantTest, TinyFloats) {
  Tensor x = floats({5}, {0, 1, 2, 100000, 200});
  expectNear(eval("quantize_linear %0, %1 {to = f8E4M3FN}", {x, floats({}, {2})}, "tensor<5xf8E4M3FN>"), 0,
             tensor<F8E4M3FN>({5}, {0.0f, 0.5f, 1.0f, 448.0f, 96.0f}), 0);
  expectNear(eval("dequantize_linear %0, %1 {to = f32}", {tensor<F8E4M3FN>({2}, {0.5f, 448.0f}), floats({}, {2})},
                  "tensor<2xf32>"),
             0, floats({2}, {1, 896}));
}

// The example of ONNX DequantizeLinear.
TEST_F(QuantTest, DequantizeLinear) {
  expectNear(eval("dequantize_linear %0, %1, %2 {to = f32}",
                  {tensor<uint8_t>({4}, {0, 3, 128, 255}), floats({}, {2}), tensor<uint8_t>({}, {128})},
                  "tensor<4xf32>"),
             0, floats({4}, {-256, -250, 0, 254}));
}

// The examples of ONNX DynamicQuantizeLinear.
TEST_F(QuantTest, DynamicQuantize) {
  auto run = [&](Tensor x) { return eval("dynamic_quantize %0", {x}, "tensor<6xui8>, tensor<f32>, tensor<ui8>"); };
  std::vector<Datum> r = run(floats({6}, {0, 2, -3, -2.5, 1.34f, 0.5}));
  expectEqual<uint8_t>(r, 0, tensor<uint8_t>({6}, {153, 255, 0, 26, 221, 179}));
  expectNear(r, 1, floats({}, {0.0196078438f}), 1e-7);
  expectEqual<uint8_t>(r, 2, tensor<uint8_t>({}, {153}));
  r = run(floats({6}, {-1, -2.1f, -1.3f, -2.5f, -3.34f, -4}));
  expectEqual<uint8_t>(r, 0, tensor<uint8_t>({6}, {191, 121, 172, 96, 42, 0}));
  expectEqual<uint8_t>(r, 2, tensor<uint8_t>({}, {255}));
}

// The example of ONNX MatMulInteger.
TEST_F(QuantTest, MatmulInteger) {
  Tensor a = tensor<uint8_t>({4, 3}, {11, 7, 3, 10, 6, 2, 9, 5, 1, 8, 4, 0}),
         b = tensor<uint8_t>({3, 2}, {1, 4, 2, 5, 3, 6});
  Tensor expected = tensor<int32_t>({4, 2}, {-38, -83, -44, -98, -50, -113, -56, -128});
  std::string op = "matmul_integer %0, %1, %2, %3 {operandSegmentSizes = array<i32: 1, 1, 1, 1>}";
  expectEqual<int32_t>(eval(op, {a, b, tensor<uint8_t>({1}, {12}), tensor<uint8_t>({1}, {0})}, "tensor<4x2xi32>"), 0,
                       expected);
  // A zero point per row and column: 12, 11, 10, 9 leave (-1, -5, -9) in every row; 1 and 4 leave (0, 1, 2).
  expectEqual<int32_t>(
      eval(op, {a, b, tensor<uint8_t>({4}, {12, 11, 10, 9}), tensor<uint8_t>({2}, {1, 4})}, "tensor<4x2xi32>"), 0,
      tensor<int32_t>({4, 2}, {-23, -23, -23, -23, -23, -23, -23, -23}));
}

// The example of ONNX ConvInteger.
TEST_F(QuantTest, ConvInteger) {
  Tensor x = tensor<uint8_t>({1, 1, 3, 3}, {2, 3, 4, 5, 6, 7, 8, 9, 10}),
         w = tensor<uint8_t>({1, 1, 2, 2}, {1, 1, 1, 1});
  std::string attributes = ", strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, groups = 1";
  expectEqual<int32_t>(
      eval("conv_integer %0, %1, %2 {operandSegmentSizes = array<i32: 1, 1, 1, 0>, pads = array<i64: 0, 0, 0, 0>" +
               attributes + "}",
           {x, w, tensor<uint8_t>({}, {1})}, "tensor<1x1x2x2xi32>"),
      0, tensor<int32_t>({1, 1, 2, 2}, {12, 16, 24, 28}));
  expectEqual<int32_t>(
      eval("conv_integer %0, %1, %2, %3 {operandSegmentSizes = array<i32: 1, 1, 1, 1>, pads = array<i64: 1, 1, 1, 1>" +
               attributes + "}",
           {x, w, tensor<uint8_t>({}, {1}), tensor<uint8_t>({1}, {0})}, "tensor<1x1x4x4xi32>"),
      0, tensor<int32_t>({1, 1, 4, 4}, {1, 3, 5, 3, 5, 12, 16, 9, 11, 24, 28, 15, 7, 15, 17, 9}));
}
} // namespace
} // namespace dlc::nn

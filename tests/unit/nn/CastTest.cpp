//===- CastTest.cpp - conversions -----------------------------------------------------------===//
#include "NNTest.h"

namespace dlc::nn {
namespace {
using CastTest = NNTest;
constexpr float kInf = std::numeric_limits<float>::infinity();

TEST_F(CastTest, FloatsToIntegersTruncateAndSaturate) {
  expectEqual<int8_t>(
      eval("cast %0 {to = i8, saturate = true}", {floats({5}, {1.9f, -1.9f, 300, -300, NAN})}, "tensor<5xi8>"), 0,
      tensor<int8_t>({5}, {1, -1, 127, -128, 0}));
  expectEqual<uint8_t>(eval("cast %0 {to = ui8, saturate = true}", {longs({2}, {-1, 257})}, "tensor<2xui8>"), 0,
                       tensor<uint8_t>({2}, {255, 1}));
  expectEqual<bool>(eval("cast %0 {to = i1, saturate = true}", {floats({3}, {0, -0.5f, NAN})}, "tensor<3xi1>"), 0,
                    tensor<bool>({3}, {false, true, true}));
}

// The table of ONNX Cast: what becomes of values beyond the greatest one.
TEST_F(CastTest, ToTinyFloats) {
  Tensor x = floats({5}, {500, -kInf, NAN, 448, 464});
  expectNear(eval("cast %0 {to = f8E4M3FN, saturate = true}", {x}, "tensor<5xf8E4M3FN>"), 0,
             tensor<F8E4M3FN>({5}, {448.0f, -448.0f, NAN, 448.0f, 448.0f}), 0);
  expectNear(eval("cast %0 {to = f8E4M3FN, saturate = false}", {x}, "tensor<5xf8E4M3FN>"), 0,
             tensor<F8E4M3FN>({5}, {NAN, NAN, NAN, 448.0f, 448.0f}), 0);
  Tensor y = floats({2}, {70000, kInf});
  expectNear(eval("cast %0 {to = f8E5M2, saturate = true}", {y}, "tensor<2xf8E5M2>"), 0,
             tensor<F8E5M2>({2}, {57344.0f, 57344.0f}), 0);
  expectNear(eval("cast %0 {to = f8E5M2, saturate = false}", {y}, "tensor<2xf8E5M2>"), 0,
             tensor<F8E5M2>({2}, {kInf, kInf}), 0);
  expectNear(eval("cast %0 {to = f8E4M3FNUZ, saturate = true}", {floats({2}, {kInf, 1000})}, "tensor<2xf8E4M3FNUZ>"), 0,
             [&] {
               Tensor t = Tensor::zeros(mlir::Float8E4M3FNUZType::get(&context), {2});
               t.values<F8E4M3FNUZ>()[0] = F8E4M3FNUZ(240.0f), t.values<F8E4M3FNUZ>()[1] = F8E4M3FNUZ(240.0f);
               return t;
             }());
}

TEST_F(CastTest, RoundsToNearestEven) {
  // 2049 and 2051 lie between two f16; 257 and 259 between two bf16.
  expectNear(eval("cast %0 {to = f16, saturate = true}", {floats({2}, {2049, 2051})}, "tensor<2xf16>"), 0,
             tensor<Float16>({2}, {Float16(2048), Float16(2052)}), 0);
  expectNear(eval("cast %0 {to = bf16, saturate = true}", {floats({2}, {257, 259})}, "tensor<2xbf16>"), 0,
             tensor<BFloat16>({2}, {256.0f, 260.0f}), 0);
}

TEST_F(CastTest, BitCastKeepsBits) {
  expectEqual<int32_t>(eval("bit_cast %0 {to = i32}", {floats({3}, {1.0f, -0.0f, kInf})}, "tensor<3xi32>"), 0,
                       tensor<int32_t>({3}, {0x3f800000, std::numeric_limits<int32_t>::min(), 0x7f800000}));
  EXPECT_TRUE(eval("bit_cast %0 {to = i64}", {floats({1}, {1.0f})}, "tensor<1xi64>").empty());
}

TEST_F(CastTest, Strings) {
  expectEqual<std::string>(eval("cast %0 {to = !nn.string, saturate = true}",
                                {floats({5}, {0.47892547f, -1, 1e-5f, kInf, NAN})}, "tensor<5x!nn.string>"),
                           0, tensor<std::string>({5}, {"0.47892547", "-1.0", "1e-05", "INF", "NaN"}));
  expectNear(eval("cast %0 {to = f32, saturate = true}",
                  {tensor<std::string>({5}, {"3.14", "1e-5", "-inf", "+INF", "nan"})}, "tensor<5xf32>"),
             0, floats({5}, {3.14f, 1e-5f, -kInf, kInf, NAN}));
  expectEqual<int64_t>(eval("cast %0 {to = i64, saturate = true}",
                            {tensor<std::string>({2}, {"9007199254740993", "-5"})}, "tensor<2xi64>"),
                       0, longs({2}, {9007199254740993, -5}));
  EXPECT_TRUE(eval("cast %0 {to = f32, saturate = true}", {tensor<std::string>({1}, {"x"})}, "tensor<1xf32>").empty());
}
} // namespace
} // namespace dlc::nn

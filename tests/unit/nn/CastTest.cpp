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

// docs/docsgen/source/technical/int4.md of ONNX: rounded to even, the low bits kept.
TEST_F(CastTest, IntegersOfLessThanAByte) {
  auto bytes = [&](llvm::StringRef type, const Tensor &x) {
    std::string result = "tensor<" + std::to_string(x.count()) + "x" + type.str() + ">";
    std::vector<Datum> y = eval("cast %0 {to = " + type.str() + ", saturate = true}", {x}, result);
    EXPECT_EQ(y.size(), 1u) << errors;
    llvm::ArrayRef<int8_t> v = y.empty() ? llvm::ArrayRef<int8_t>() : y[0].tensor().values<int8_t>();
    return std::vector<int8_t>(v.begin(), v.end());
  };
  using Bytes = std::vector<int8_t>;
  EXPECT_EQ(bytes("i4", floats({6}, {7, 8, -8, -9, 2.5f, NAN})), (Bytes{7, -8, -8, 7, 2, 0}));
  EXPECT_EQ(bytes("ui4", longs({4}, {15, 16, -1, 200})), (Bytes{15, 0, 15, 8}));
  EXPECT_EQ(bytes("i2", longs({4}, {1, 2, -2, -3})), (Bytes{1, -2, -2, 1}));
  EXPECT_EQ(bytes("ui2", floats({3}, {3, 4, 1.5f})), (Bytes{3, 0, 2}));
}

// docs/docsgen/source/technical/float4.md of ONNX.
TEST_F(CastTest, ToFloatsOfFourBits) {
  std::vector<Datum> y = eval("cast %0 {to = f4E2M1FN, saturate = true}",
                              {floats({9}, {0.25f, 0.75f, 1.25f, 2.5f, 5, 7, -kInf, NAN, -0.0f})}, "tensor<9xf4E2M1FN>");
  ASSERT_EQ(y.size(), 1u) << errors;
  const float expected[] = {0, 1, 1, 2, 4, 6, -6, 6, -0.0f};
  for (int i = 0; i < 9; ++i) {
    float got = y[0].tensor().values<F4E2M1FN>()[i];
    EXPECT_EQ(got, expected[i]) << i;
    EXPECT_EQ(std::signbit(got), std::signbit(expected[i])) << i;
  }
}

// The table of ONNX Cast for float8e8m0.
TEST_F(CastTest, ToPowersOfTwo) {
  Tensor x = floats({7}, {1, 3, 2.5f, 0, kInf, NAN, 1e-40f});
  auto codes = [&](const char *attributes) {
    std::vector<Datum> y = eval(std::string("cast %0 {to = f8E8M0FNU, ") + attributes + "}", {x}, "tensor<7xf8E8M0FNU>");
    EXPECT_EQ(y.size(), 1u) << errors;
    std::vector<int> bits;
    for (int i = 0; i < 7 && !y.empty(); ++i) {
      bits.push_back(y[0].tensor().values<F8E8M0FNU>()[i].bits);
    }
    return bits;
  };
  EXPECT_EQ(codes("saturate = true"), (std::vector<int>{127, 129, 129, 0, 254, 255, 0}));
  EXPECT_EQ(codes("saturate = false, round_mode = \"nearest\""), (std::vector<int>{127, 129, 128, 255, 255, 255, 255}));
  EXPECT_EQ(codes("saturate = true, round_mode = \"down\""), (std::vector<int>{127, 128, 128, 0, 254, 255, 0}));
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

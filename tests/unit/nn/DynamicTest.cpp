//===- DynamicTest.cpp - ops whose sizes are found in data ----------------------------------------------===//
#include "NNTest.h"

namespace dlc::nn {
namespace {
using DynamicTest = NNTest;

TEST_F(DynamicTest, NonZero) {
  expectEqual<int64_t>(eval("nonzero %0", {tensor<bool>({2, 2}, {true, false, true, true})}, "tensor<2x?xi64>"), 0,
                       longs({2, 3}, {0, 1, 1, 0, 0, 1}));
  expectEqual<int64_t>(eval("nonzero %0", {floats({}, {2})}, "tensor<0x?xi64>"), 0, longs({0, 1}, {}));
  EXPECT_EQ(infer("nonzero %0 {result_dims = #dim.shape<[1, n]>}", {"tensor<5xf32>"}, "tensor<1x?xi64>"),
            std::vector<std::string>{"tensor<1x?xi64, #dim.shape<[1, n]>>"});
}

// Later sizes may use the name of a size found in data.
TEST_F(DynamicTest, NamedSizes) {
  std::vector<Datum> r = evalModule(R"(
    func.func @main(%x: tensor<4xf32>) {
      %p = nn.nonzero %x {result_dims = #dim.shape<[1, n]>} : (tensor<4xf32>) -> tensor<1x?xi64, #dim.shape<[1, n]>>
      %q = nn.reshape %p {shape = #dim.shape<[n, 1]>} : (tensor<1x?xi64, #dim.shape<[1, n]>>)
        -> tensor<?x1xi64, #dim.shape<[n, 1]>>
      nn.yield %q : tensor<?x1xi64, #dim.shape<[n, 1]>>
    })",
                                    {floats({4}, {0, 1, 0, 5})});
  expectEqual<int64_t>(r, 0, longs({2, 1}, {1, 3}));
}

// Examples of ONNX Compress.
TEST_F(DynamicTest, Compress) {
  Tensor x = floats({3, 2}, {1, 2, 3, 4, 5, 6});
  expectEqual<float>(eval("compress %0, %1 {axis = 0}", {x, tensor<bool>({3}, {false, true, true})}, "tensor<?x2xf32>"),
                     0, floats({2, 2}, {3, 4, 5, 6}));
  expectEqual<float>(eval("compress %0, %1 {axis = 1}", {x, tensor<bool>({2}, {false, true})}, "tensor<3x?xf32>"), 0,
                     floats({3, 1}, {2, 4, 6}));
  expectEqual<float>(
      eval("compress %0, %1", {x, tensor<bool>({5}, {false, true, false, false, true})}, "tensor<?xf32>"), 0,
      floats({2}, {2, 5}));
}

// Examples of ONNX Unique.
TEST_F(DynamicTest, Unique) {
  Tensor x = floats({6}, {2, 1, 1, 3, 4, 3});
  llvm::StringRef types = "tensor<?xf32>, tensor<?xi64>, tensor<6xi64>, tensor<?xi64>";
  std::vector<Datum> r = eval("unique %0 {sorted = false}", {x}, types);
  expectEqual<float>(r, 0, floats({4}, {2, 1, 3, 4}));
  expectEqual<int64_t>(r, 1, longs({4}, {0, 1, 3, 4}));
  expectEqual<int64_t>(r, 2, longs({6}, {0, 1, 1, 2, 3, 2}));
  expectEqual<int64_t>(r, 3, longs({4}, {1, 2, 2, 1}));
  r = eval("unique %0", {x}, types);
  expectEqual<float>(r, 0, floats({4}, {1, 2, 3, 4}));
  expectEqual<int64_t>(r, 1, longs({4}, {1, 0, 3, 4}));
  expectEqual<int64_t>(r, 2, longs({6}, {1, 0, 0, 2, 3, 2}));
  r = eval("unique %0 {axis = 0}", {floats({3, 3}, {1, 0, 0, 1, 0, 0, 2, 3, 4})},
           "tensor<?x3xf32>, tensor<?xi64>, tensor<3xi64>, tensor<?xi64>");
  expectEqual<float>(r, 0, floats({2, 3}, {1, 0, 0, 2, 3, 4}));
  expectEqual<int64_t>(r, 2, longs({3}, {0, 0, 1}));
  expectEqual<int64_t>(r, 3, longs({2}, {2, 1}));
}

// Examples of ONNX NonMaxSuppression.
TEST_F(DynamicTest, NonMaxSuppression) {
  Tensor boxes = floats(
      {1, 6, 4}, {0, 0, 1, 1, 0, 0.1f, 1, 1.1f, 0, -0.1f, 1, 0.9f, 0, 10, 1, 11, 0, 10.1f, 1, 11.1f, 0, 100, 1, 101});
  Tensor scores = floats({1, 1, 6}, {0.9f, 0.75f, 0.6f, 0.95f, 0.5f, 0.3f});
  auto run = [&](int64_t most, float least) {
    return eval("non_max_suppression %0, %1, %2, %3, %4 {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}",
                {boxes, scores, longs({1}, {most}), floats({1}, {0.5}), floats({1}, {least})}, "tensor<?x3xi64>");
  };
  expectEqual<int64_t>(run(3, 0), 0, longs({3, 3}, {0, 0, 3, 0, 0, 0, 0, 0, 5}));
  expectEqual<int64_t>(run(3, 0.4f), 0, longs({2, 3}, {0, 0, 3, 0, 0, 0}));
  expectEqual<int64_t>(run(1, 0), 0, longs({1, 3}, {0, 0, 3}));
  expectEqual<int64_t>(run(0, 0), 0, longs({0, 3}, {}));
  Tensor centres = floats({1, 2, 4}, {0.5, 0.5, 1, 1, 0.5, 0.6f, 1, 1});
  expectEqual<int64_t>(eval("non_max_suppression %0, %1, %2, %3 {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>, "
                            "center_point_box = true}",
                            {centres, floats({1, 1, 2}, {1, 2}), longs({}, {9}), floats({}, {0.5})}, "tensor<?x3xi64>"),
                       0, longs({1, 3}, {0, 0, 1}));
}

// Philox-4x32-10's known answer for a zero counter and key: 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
TEST_F(DynamicTest, RandomNumbers) {
  std::vector<Datum> r = eval("random_uniform {shape = #dim.shape<[1000]>, low = 0.0, high = 1.0, seed = 0, to = f64}",
                              {}, "tensor<1000xf64>");
  EXPECT_EQ(r[0].tensor().values<double>()[0], double(0x6627e8) / double(1 << 24));
  double sum = 0;
  for (double v : r[0].tensor().values<double>()) {
    EXPECT_TRUE(v >= 0 && v < 1);
    sum += v;
  }
  EXPECT_NEAR(sum / 1000, 0.5, 0.05);
  r = eval("random_normal {shape = #dim.shape<[1000]>, mean = 3.0, scale = 2.0, seed = 7, to = f32}", {},
           "tensor<1000xf32>");
  double squares = 0;
  for (float v : r[0].tensor().values<float>()) {
    squares += (v - 3) * (v - 3) / 1000;
  }
  EXPECT_NEAR(squares, 4, 0.6);
  expectEqual<float>(eval("bernoulli %0 {seed = 1, to = f32}", {floats({4}, {0, 1, 0, 1})}, "tensor<4xf32>"), 0,
                     floats({4}, {0, 1, 0, 1}));
  r = eval("multinomial %0 {sample_size = 5, seed = 1, to = i32}", {floats({1, 3}, {-1e9f, 0, -1e9f})},
           "tensor<1x5xi32>");
  expectEqual<int32_t>(r, 0, tensor<int32_t>({1, 5}, {1, 1, 1, 1, 1}));
}
} // namespace
} // namespace dlc::nn

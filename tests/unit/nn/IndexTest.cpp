//===- IndexTest.cpp - gathers, scatters and tensors of positions ---------------------------------===//
#include "NNTest.h"

namespace dlc::nn {
namespace {
using IndexTest = NNTest;

// Examples of ONNX GatherElements and GatherND.
TEST_F(IndexTest, GatherElements) {
  expectEqual<float>(eval("gather_elements %0, %1 {axis = 1}",
                          {floats({2, 2}, {1, 2, 3, 4}), longs({2, 2}, {0, 0, 1, 0})}, "tensor<2x2xf32>"),
                     0, floats({2, 2}, {1, 1, 4, 3}));
  Tensor x = floats({3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  expectEqual<float>(
      eval("gather_elements %0, %1 {axis = 0}", {x, longs({2, 3}, {-1, -2, 0, -2, 0, 0})}, "tensor<2x3xf32>"), 0,
      floats({2, 3}, {7, 5, 3, 4, 2, 3}));
  EXPECT_TRUE(eval("gather_elements %0, %1 {axis = 0}", {x, longs({1, 1}, {3})}, "tensor<1x1xf32>").empty());
}

TEST_F(IndexTest, GatherND) {
  Tensor x = range({2, 2, 2});
  expectEqual<float>(eval("gather_nd %0, %1", {range({2, 2}), longs({2, 2}, {0, 0, 1, 1})}, "tensor<2xf32>"), 0,
                     floats({2}, {0, 3}));
  expectEqual<float>(eval("gather_nd %0, %1", {x, longs({2, 1, 2}, {0, 1, 1, 0})}, "tensor<2x1x2xf32>"), 0,
                     floats({2, 1, 2}, {2, 3, 4, 5}));
  expectEqual<float>(eval("gather_nd %0, %1 {batch_dims = 1}", {x, longs({2, 1}, {1, 0})}, "tensor<2x2xf32>"), 0,
                     floats({2, 2}, {2, 3, 4, 5}));
}

// Examples of ONNX ScatterElements and ScatterND.
TEST_F(IndexTest, ScatterElements) {
  Tensor x = floats({1, 5}, {1, 2, 3, 4, 5}), at = longs({1, 2}, {1, 1}), u = floats({1, 2}, {1.5, 2.5});
  auto run = [&](int kind) {
    return eval("scatter_elements %0, %1, %2 {axis = 1, reduction = " + std::to_string(kind) + " : i32}", {x, at, u},
                "tensor<1x5xf32>");
  };
  expectEqual<float>(run(1), 0, floats({1, 5}, {1, 6, 3, 4, 5}));
  expectEqual<float>(run(2), 0, floats({1, 5}, {1, 7.5, 3, 4, 5}));
  expectEqual<float>(run(3), 0, floats({1, 5}, {1, 2.5, 3, 4, 5}));
  expectEqual<float>(run(4), 0, floats({1, 5}, {1, 1.5, 3, 4, 5}));
  Tensor zeros = Tensor::zeros(elementType<float>(), {3, 3});
  expectEqual<float>(eval("scatter_elements %0, %1, %2 {axis = 0}",
                          {zeros, longs({2, 3}, {1, 0, 2, 0, 2, 1}), floats({2, 3}, {1, 1.1f, 1.2f, 2, 2.1f, 2.2f})},
                          "tensor<3x3xf32>"),
                     0, floats({3, 3}, {2, 1.1f, 0, 1, 0, 2.2f, 0, 2.1f, 1.2f}));
}

TEST_F(IndexTest, ScatterND) {
  Tensor x = tensor<int32_t>({8}, {1, 2, 3, 4, 5, 6, 7, 8}), u = tensor<int32_t>({4}, {9, 10, 11, 12});
  expectEqual<int32_t>(eval("scatter_nd %0, %1, %2", {x, longs({4, 1}, {4, 3, 1, -1}), u}, "tensor<8xi32>"), 0,
                       tensor<int32_t>({8}, {1, 11, 3, 10, 9, 6, 7, 12}));
  Tensor y = range({2, 2});
  expectEqual<float>(eval("scatter_nd %0, %1, %2 {reduction = 1 : i32}",
                          {y, longs({2, 1}, {1, 1}), floats({2, 2}, {10, 20, 1, 2})}, "tensor<2x2xf32>"),
                     0, floats({2, 2}, {0, 1, 13, 25}));
}

TEST_F(IndexTest, IllegalIndicesAreNamed) {
  Tensor x = floats({4}, {1, 2, 3, 4}), none = floats({0}, {});
  auto expectError = [&](std::vector<Datum> got, llvm::StringRef text) {
    EXPECT_TRUE(got.empty());
    EXPECT_NE(errors.find(text.str()), std::string::npos) << errors;
    errors.clear();
  };
  expectError(eval("gather %0, %1 {axis = 0}", {x, longs({2}, {-4, 4})}, "tensor<2xf32>"),
              "expected an index from -4 to 3, got 4 at element 1 of the indices");
  expectError(eval("gather_nd %0, %1", {x, longs({1, 1}, {-5})}, "tensor<1xf32>"), "from -4 to 3, got -5 at element 0");
  expectError(eval("gather %0, %1 {axis = 0}", {none, longs({1}, {0})}, "tensor<1xf32>"),
              "expected no index, for there is nothing to choose from, got 0 at element 0 of the indices");
  expectError(eval("reverse_sequence %0, %1 {time_axis = 0, batch_axis = 1}", {range({2, 1}), longs({1}, {3})},
                   "tensor<2x1xf32>"),
              "from 0 to 2, got 3 at element 0");
}

// Index vectors of two components, each with bounds of its own.
TEST_F(IndexTest, CheckIndices) {
  const char *module = R"(func.func @main(%i: tensor<2x2xi64>, %n: tensor<?xf32, #dim.shape<[n]>>) -> tensor<2x2xi64> {
    nn.check_indices %i from <[0, -1 * n]> below <[2, n]> : tensor<2x2xi64>
    return %i : tensor<2x2xi64>
  })";
  EXPECT_EQ(evalModule(module, {longs({2, 2}, {0, -3, 1, 2}), range({3})}).size(), 1u);
  EXPECT_TRUE(evalModule(module, {longs({2, 2}, {0, 2, 1, 3}), range({3})}).empty());
  EXPECT_NE(errors.find("expected an index from -3 to 2, got 3 at element 3 of the indices"), std::string::npos) << errors;
}

TEST_F(IndexTest, OneHot) {
  expectEqual<float>(eval("one_hot %0, %1 {depth = #dim.expr<3>, axis = 1}",
                          {longs({4}, {0, -1, 7, 1}), floats({2}, {2, 5})}, "tensor<4x3xf32>"),
                     0, floats({4, 3}, {5, 2, 2, 2, 2, 5, 2, 2, 2, 2, 5, 2}));
  expectEqual<float>(eval("one_hot %0, %1 {depth = #dim.expr<2>, axis = 0}", {floats({2}, {0, 1}), floats({2}, {0, 1})},
                          "tensor<2x2xf32>"),
                     0, floats({2, 2}, {1, 0, 0, 1}));
}

TEST_F(IndexTest, IotaAndTile) {
  expectEqual<int64_t>(eval("iota {shape = #dim.shape<[2, 3]>, axis = 1, to = i64}", {}, "tensor<2x3xi64>"), 0,
                       longs({2, 3}, {0, 1, 2, 0, 1, 2}));
  expectEqual<float>(eval("iota {shape = #dim.shape<[2, 2]>, axis = 0, to = f32}", {}, "tensor<2x2xf32>"), 0,
                     floats({2, 2}, {0, 0, 1, 1}));
  expectEqual<float>(eval("tile %0 {repeats = #dim.shape<[2, 2]>}", {floats({1, 2}, {1, 2})}, "tensor<2x4xf32>"), 0,
                     floats({2, 4}, {1, 2, 1, 2, 1, 2, 1, 2}));
  EXPECT_EQ(infer("tile %0 {repeats = #dim.shape<[2]>}", {"tensor<?xf32, #dim.shape<[n]>>"}, "tensor<?xf32>"),
            std::vector<std::string>{"tensor<?xf32, #dim.shape<[2 * n]>>"});
}

// Examples of ONNX ReverseSequence.
TEST_F(IndexTest, ReverseSequence) {
  Tensor x = floats({4, 4}, {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15});
  expectEqual<float>(
      eval("reverse_sequence %0, %1 {time_axis = 0, batch_axis = 1}", {x, longs({4}, {4, 3, 2, 1})}, "tensor<4x4xf32>"),
      0, floats({4, 4}, {3, 6, 9, 12, 2, 5, 8, 13, 1, 4, 10, 14, 0, 7, 11, 15}));
  Tensor y = range({4, 4});
  expectEqual<float>(
      eval("reverse_sequence %0, %1 {time_axis = 1, batch_axis = 0}", {y, longs({4}, {1, 2, 3, 4})}, "tensor<4x4xf32>"),
      0, floats({4, 4}, {0, 1, 2, 3, 5, 4, 6, 7, 10, 9, 8, 11, 15, 14, 13, 12}));
}

TEST_F(IndexTest, Trilu) {
  Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  expectEqual<float>(eval("trilu %0 {upper = true}", {x}, "tensor<2x3xf32>"), 0, floats({2, 3}, {1, 2, 3, 0, 5, 6}));
  expectEqual<float>(eval("trilu %0, %1 {upper = true}", {x, longs({}, {1})}, "tensor<2x3xf32>"), 0,
                     floats({2, 3}, {0, 2, 3, 0, 0, 6}));
  expectEqual<float>(eval("trilu %0, %1 {upper = false}", {x, longs({}, {-1})}, "tensor<2x3xf32>"), 0,
                     floats({2, 3}, {0, 0, 0, 4, 0, 0}));
  expectEqual<float>(eval("trilu %0, %1 {upper = false}", {x, longs({}, {INT64_MAX})}, "tensor<2x3xf32>"), 0, x);
}

// The first example of ONNX Col2Im: five windows of 1x5 make a 5x5 image.
TEST_F(IndexTest, Col2Im) {
  Tensor x =
      floats({1, 5, 5}, {1, 6, 11, 16, 21, 2, 7, 12, 17, 22, 3, 8, 13, 18, 23, 4, 9, 14, 19, 24, 5, 0, 15, 20, 25});
  expectEqual<float>(
      eval("col2im %0 {image = #dim.shape<[5, 5]>, kernel = #dim.shape<[1, 5]>, strides = array<i64: 1, 1>, "
           "dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>}",
           {x}, "tensor<1x1x5x5xf32>"),
      0,
      floats({1, 1, 5, 5}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25}));
  // Windows of 2 with stride 1 over 3 elements padded by 1 in front: positions (-1 0) (0 1) (1 2).
  expectEqual<float>(eval("col2im %0 {image = #dim.shape<[3]>, kernel = #dim.shape<[2]>, strides = array<i64: 1>, "
                          "dilations = array<i64: 1>, pads = array<i64: 1, 0>}",
                          {floats({1, 2, 3}, {1, 2, 3, 10, 20, 30})}, "tensor<1x1x3xf32>"),
                     0, floats({1, 1, 3}, {12, 23, 30}));
}
} // namespace
} // namespace dlc::nn

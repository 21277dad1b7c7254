//===- ContractionTest.cpp - matrix products ------------------------------------------===//
#include "NNTest.h"

namespace dlc::nn {
namespace {
using ContractionTest = NNTest;

TEST_F(ContractionTest, Matmul) {
  Tensor a = floats({2, 3}, {1, 2, 3, 4, 5, 6}), b = floats({3, 2}, {7, 8, 9, 10, 11, 12});
  Tensor expected = floats({2, 2}, {58, 64, 139, 154});
  expectEqual<float>(eval("matmul %0, %1", {a, b}, "tensor<2x2xf32>"), 0, expected);
  Tensor at = floats({3, 2}, {1, 4, 2, 5, 3, 6}), bt = floats({2, 3}, {7, 9, 11, 8, 10, 12});
  expectEqual<float>(eval("matmul %0, %1 {transpose_lhs = true, transpose_rhs = true}", {at, bt}, "tensor<2x2xf32>"), 0,
                     expected);
}

TEST_F(ContractionTest, MatmulVectors) {
  Tensor v = floats({3}, {1, 2, 3}), m = floats({3, 2}, {1, 2, 3, 4, 5, 6});
  expectEqual<float>(eval("matmul %0, %1", {v, v}, "tensor<f32>"), 0, floats({}, {14}));
  expectEqual<float>(eval("matmul %0, %1", {v, m}, "tensor<2xf32>"), 0, floats({2}, {22, 28}));
  Tensor mt = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  expectEqual<float>(eval("matmul %0, %1", {mt, v}, "tensor<2xf32>"), 0, floats({2}, {14, 32}));
}

TEST_F(ContractionTest, MatmulBroadcastsBatches) {
  Tensor a = floats({2, 1, 1, 2}, {1, 2, 3, 4}), b = floats({2, 2, 1}, {1, 1, 2, 3});
  expectEqual<float>(eval("matmul %0, %1", {a, b}, "tensor<2x2x1x1xf32>"), 0, floats({2, 2, 1, 1}, {3, 8, 7, 18}));
}

TEST_F(ContractionTest, MatmulBytesGiveInt32) {
  Tensor a = tensor<int8_t>({1, 3}, {-128, 127, -1}), b = tensor<uint8_t>({3, 1}, {255, 255, 200});
  expectEqual<int32_t>(eval("matmul %0, %1", {a, b}, "tensor<1x1xi32>"), 0, tensor<int32_t>({1, 1}, {-455}));
}

TEST_F(ContractionTest, MatmulOfManyBlocks) {
  // Row i of the left matrix is all i; the right one is all ones: element (i, j) is i * 600.
  int64_t m = 3, k = 600, n = 300;
  Tensor a = Tensor::zeros(elementType<float>(), {m, k}), b = Tensor::zeros(elementType<float>(), {k, n});
  Tensor expected = Tensor::zeros(elementType<float>(), {m, n});
  for (int64_t i = 0; i < m * k; ++i) {
    a.values<float>()[i] = float(i / k);
  }
  std::fill(b.values<float>().begin(), b.values<float>().end(), 1.0f);
  for (int64_t i = 0; i < m * n; ++i) {
    expected.values<float>()[i] = float(i / n * k);
  }
  expectEqual<float>(eval("matmul %0, %1", {a, b}, "tensor<3x300xf32>"), 0, expected);
}

TEST_F(ContractionTest, MatmulOfNothing) {
  expectEqual<float>(eval("matmul %0, %1", {floats({2, 0}, {}), floats({0, 2}, {})}, "tensor<2x2xf32>"), 0,
                     floats({2, 2}, {0, 0, 0, 0}));
  EXPECT_TRUE(eval("matmul %0, %1", {floats({0, 3}, {}), floats({3, 2}, {1, 2, 3, 4, 5, 6})}, "tensor<0x2xf32>")[0]);
}

TEST_F(ContractionTest, Einsum) {
  Tensor a = floats({2, 3}, {1, 2, 3, 4, 5, 6}), b = floats({3, 2}, {7, 8, 9, 10, 11, 12}),
         square = floats({2, 2}, {1, 2, 3, 4});
  expectEqual<float>(eval("einsum %0, %1 {equation = \"ij,jk->ik\"}", {a, b}, "tensor<2x2xf32>"), 0,
                     floats({2, 2}, {58, 64, 139, 154}));
  expectEqual<float>(eval("einsum %0, %1 {equation = \"ij, jk\"}", {a, b}, "tensor<2x2xf32>"), 0,
                     floats({2, 2}, {58, 64, 139, 154}));
  expectEqual<float>(eval("einsum %0 {equation = \"ba\"}", {a}, "tensor<3x2xf32>"), 0,
                     floats({3, 2}, {1, 4, 2, 5, 3, 6}));
  expectEqual<float>(eval("einsum %0 {equation = \"ii->i\"}", {square}, "tensor<2xf32>"), 0, floats({2}, {1, 4}));
  expectEqual<float>(eval("einsum %0 {equation = \"...ii ->...\"}", {square}, "tensor<f32>"), 0, floats({}, {5}));
  expectEqual<float>(eval("einsum %0 {equation = \"ij->i\"}", {a}, "tensor<2xf32>"), 0, floats({2}, {6, 15}));
  Tensor batch = floats({2, 1, 2}, {1, 2, 3, 4}), matrix = floats({1, 2, 1}, {1, 10});
  expectEqual<float>(eval("einsum %0, %1 {equation = \"...ij,...jk->...ik\"}", {batch, matrix}, "tensor<2x1x1xf32>"), 0,
                     floats({2, 1, 1}, {21, 43}));
  EXPECT_TRUE(eval("einsum %0 {equation = \"ij->ik\"}", {a}, "tensor<2x2xf32>").empty());
  EXPECT_TRUE(eval("einsum %0 {equation = \"ijk\"}", {a}, "tensor<2x2xf32>").empty());
}

TEST_F(ContractionTest, Det) {
  expectNear(eval("det %0", {floats({2, 2}, {0, 1, 2, 3})}, "tensor<f32>"), 0, floats({}, {-2}));
  expectNear(eval("det %0", {floats({2, 2, 2}, {1, 2, 3, 4, 1, 3, 3, 1})}, "tensor<2xf32>"), 0, floats({2}, {-2, -8}));
  expectNear(eval("det %0", {floats({3, 3}, {2, 0, 0, 1, 2, 3, 2, 4, 6})}, "tensor<f32>"), 0, floats({}, {0}));
}
} // namespace
} // namespace dlc::nn

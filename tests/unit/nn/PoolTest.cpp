//===- PoolTest.cpp - pooling --------------------------------------------------------------===//
#include "NNTest.h"

namespace dlc::nn {
namespace {
using PoolTest = NNTest;

std::string pool(llvm::StringRef op, llvm::StringRef kernel, llvm::StringRef strides, llvm::StringRef dilations,
                 llvm::StringRef pads, bool ceilMode, llvm::StringRef more = "") {
  return op.str() + " %0 {kernel = array<i64: " + kernel.str() + ">, strides = array<i64: " + strides.str() +
         ">, dilations = array<i64: " + dilations.str() + ">, pads = array<i64: " + pads.str() +
         ">, ceil_mode = " + (ceilMode ? "true" : "false") + more.str() + "}";
}

Tensor oneTo(Tensor t) {
  for (float &v : t.values<float>()) {
    v += 1;
  }
  return t;
}

// Examples of ONNX MaxPool.
TEST_F(PoolTest, MaxPool) {
  Tensor x = oneTo(range({1, 1, 4, 4}));
  expectEqual<float>(eval(pool("max_pool", "3, 3", "2, 2", "1, 1", "0, 0, 0, 0", true), {x}, "tensor<1x1x2x2xf32>"), 0,
                     floats({1, 1, 2, 2}, {11, 12, 15, 16}));
  expectEqual<float>(eval(pool("max_pool", "2, 2", "1, 1", "2, 2", "0, 0, 0, 0", false), {x}, "tensor<1x1x2x2xf32>"), 0,
                     floats({1, 1, 2, 2}, {11, 12, 15, 16}));
  Tensor y = oneTo(range({1, 1, 5, 5}));
  expectEqual<float>(eval(pool("max_pool", "5, 5", "1, 1", "1, 1", "2, 2, 2, 2", false), {y}, "tensor<1x1x5x5xf32>"), 0,
                     floats({1, 1, 5, 5}, {13, 14, 15, 15, 15, 18, 19, 20, 20, 20, 23, 24, 25,
                                           25, 25, 23, 24, 25, 25, 25, 23, 24, 25, 25, 25}));
  Tensor bytes = tensor<int8_t>({1, 1, 3}, {-5, -7, -6});
  expectEqual<int8_t>(eval(pool("max_pool", "2", "1", "1", "1, 0", false), {bytes}, "tensor<1x1x3xi8>"), 0,
                      tensor<int8_t>({1, 1, 3}, {-5, -5, -6}));
}

// ONNX MaxPool "ceil_output_size_reduce_by_one": the last window would start in the padding.
TEST_F(PoolTest, CeilModeDropsWindowsInThePadding) {
  Tensor x = floats({1, 1, 2, 2}, {1, 2, 3, 4});
  expectEqual<float>(eval(pool("max_pool", "1, 1", "2, 2", "1, 1", "0, 0, 0, 0", true), {x}, "tensor<1x1x1x1xf32>"), 0,
                     floats({1, 1, 1, 1}, {1}));
}

// Examples of ONNX AveragePool.
TEST_F(PoolTest, AvgPool) {
  Tensor y = oneTo(range({1, 1, 5, 5}));
  expectNear(eval(pool("avg_pool", "5, 5", "1, 1", "1, 1", "2, 2, 2, 2", false, ", count_include_pad = false"), {y},
                  "tensor<1x1x5x5xf32>"),
             0, floats({1, 1, 5, 5}, {7,    7.5, 8,    8.5, 9,    9.5, 10,   10.5, 11,   11.5, 12,   12.5, 13,
                                      13.5, 14,  14.5, 15,  15.5, 16,  16.5, 17,   17.5, 18,   18.5, 19}));
  expectNear(eval(pool("avg_pool", "5, 5", "1, 1", "1, 1", "2, 2, 2, 2", false, ", count_include_pad = true"), {y},
                  "tensor<1x1x5x5xf32>"),
             0, floats({1, 1, 5, 5}, {2.52, 3.6, 4.8,  4.08, 3.24, 4.56,  6.4,  8.4,  7.04, 5.52, 7.2,  10,  13,
                                      10.8, 8.4, 6.96, 9.6,  12.4, 10.24, 7.92, 6.12, 8.4,  10.8, 8.88, 6.84}));
}

TEST_F(PoolTest, AvgPoolCountsNothingBeyondTheEndPadding) {
  // Size 4, pads 1 and 1, kernel 3, stride 2, ceil: windows (p 1 2) (2 3 4) (4 p -): the last has two countable taps.
  Tensor x = floats({1, 1, 4}, {1, 2, 3, 4});
  expectNear(
      eval(pool("avg_pool", "3", "2", "1", "1, 1", true, ", count_include_pad = true"), {x}, "tensor<1x1x3xf32>"), 0,
      floats({1, 1, 3}, {1, 3, 2}));
}

TEST_F(PoolTest, ChannelLast) {
  Tensor x = floats({1, 3, 2}, {1, 60, 5, 40, 3, 50});
  expectEqual<float>(
      eval(pool("max_pool", "2", "1", "1", "0, 0", false, ", channel_last = true"), {x}, "tensor<1x2x2xf32>"), 0,
      floats({1, 2, 2}, {5, 60, 5, 50}));
}

// Examples of ONNX MaxPool with argmax.
TEST_F(PoolTest, MaxPoolIndices) {
  Tensor x = oneTo(range({1, 1, 5, 5}));
  llvm::StringRef types = "tensor<1x1x2x2xf32>, tensor<1x1x2x2xi64>";
  std::vector<Datum> r =
      eval(pool("max_pool_indices", "2, 2", "2, 2", "1, 1", "0, 0, 0, 0", false, ", storage_order = 1"), {x}, types);
  expectEqual<float>(r, 0, floats({1, 1, 2, 2}, {7, 9, 17, 19}));
  expectEqual<int64_t>(r, 1, longs({1, 1, 2, 2}, {6, 16, 8, 18}));
  r = eval(pool("max_pool_indices", "2, 2", "2, 2", "1, 1", "0, 0, 0, 0", false), {x}, types);
  expectEqual<int64_t>(r, 1, longs({1, 1, 2, 2}, {6, 8, 16, 18}));
}

// Examples of ONNX MaxUnpool.
TEST_F(PoolTest, MaxUnpool) {
  Tensor x = floats({1, 1, 2, 2}, {1, 2, 3, 4}), i = longs({1, 1, 2, 2}, {5, 7, 13, 15});
  expectEqual<float>(eval("max_unpool %0, %1 {indexed = #dim.shape<[1, 1, 4, 4]>, shape = #dim.shape<[1, 1, 4, 4]>}",
                          {x, i}, "tensor<1x1x4x4xf32>"),
                     0, floats({1, 1, 4, 4}, {0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4}));
  expectEqual<float>(eval("max_unpool %0, %1 {indexed = #dim.shape<[1, 1, 4, 4]>, shape = #dim.shape<[1, 1, 5, 5]>}",
                          {x, i}, "tensor<1x1x5x5xf32>"),
                     0,
                     floats({1, 1, 5, 5}, {0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0, 0}));
}

TEST_F(PoolTest, LpPool) {
  expectNear(eval(pool("lp_pool", "2", "1", "1", "0, 0", false, ", p = 2"), {floats({1, 1, 3}, {3, -4, 0})},
                  "tensor<1x1x2xf32>"),
             0, floats({1, 1, 2}, {5, 4}));
}
} // namespace
} // namespace dlc::nn

//===- ReduceTest.cpp - reductions -----------------------------------------------------------===//
#include "NNTest.h"
#include <cmath>

namespace dlc::nn {
namespace {
using ReduceTest = NNTest;
constexpr float kInf = std::numeric_limits<float>::infinity();

std::string reduce(int kind, llvm::StringRef axes, bool keepDims = false) {
  return "reduce %0 {kind = " + std::to_string(kind) + " : i32, axes = array<i64" +
         (axes.empty() ? "" : ": " + axes.str()) + ">, keep_dims = " + (keepDims ? "true" : "false") + "}";
}

TEST_F(ReduceTest, EveryKind) {
  Tensor x = floats({2, 3}, {1, -2, 3, 4, 5, 6});
  std::vector<std::vector<float>> expected = {{2, 15},
                                              {2.0f / 3, 5},
                                              {-6, 120},
                                              {3, 6},
                                              {-2, 4},
                                              {6, 15},
                                              {std::sqrt(14.0f), std::sqrt(77.0f)},
                                              {std::log(2.0f), std::log(15.0f)},
                                              {std::log(std::exp(1.0f) + std::exp(-2.0f) + std::exp(3.0f)),
                                               std::log(std::exp(4.0f) + std::exp(5.0f) + std::exp(6.0f))},
                                              {14, 77}};
  for (int kind = 0; kind < 10; ++kind) {
    expectNear(eval(reduce(kind, "1"), {x}, "tensor<2xf32>"), 0, floats({2}, expected[kind]));
  }
}

TEST_F(ReduceTest, AxesAndKeptDims) {
  Tensor x = range({2, 3, 2});
  expectEqual<float>(eval(reduce(0, "0, 2", true), {x}, "tensor<1x3x1xf32>"), 0, floats({1, 3, 1}, {14, 22, 30}));
  expectEqual<float>(eval(reduce(0, "2, 0"), {x}, "tensor<3xf32>"), 0, floats({3}, {14, 22, 30}));
  expectEqual<float>(eval(reduce(0, "0, 1, 2"), {x}, "tensor<f32>"), 0, floats({}, {66}));
  expectEqual<float>(eval(reduce(3, ""), {x}, "tensor<2x3x2xf32>"), 0, x);
}

TEST_F(ReduceTest, NothingToReduce) {
  Tensor x = floats({2, 0}, {});
  std::vector<float> expected = {0, NAN, 1, -kInf, kInf, 0, 0, -kInf, -kInf, 0};
  for (int kind = 0; kind < 10; ++kind) {
    expectNear(eval(reduce(kind, "1"), {x}, "tensor<2xf32>"), 0, floats({2}, {expected[kind], expected[kind]}));
  }
}

TEST_F(ReduceTest, Integers) {
  Tensor x = tensor<int32_t>({3}, {-7, 2, -2});
  std::vector<int32_t> expected = {-7, -2, 28, 2, -7, 11, 7, 0, 2, 57};
  for (int kind : {0, 1, 2, 3, 4, 5, 6, 8, 9}) {
    expectEqual<int32_t>(eval(reduce(kind, "0"), {x}, "tensor<i32>"), 0, tensor<int32_t>({}, {expected[kind]}));
  }
  expectEqual<uint8_t>(eval(reduce(3, "0"), {tensor<uint8_t>({2}, {200, 100})}, "tensor<ui8>"), 0,
                       tensor<uint8_t>({}, {200}));
  expectEqual<bool>(eval(reduce(4, "0"), {tensor<bool>({2}, {true, false})}, "tensor<i1>"), 0,
                    tensor<bool>({}, {false}));
}

TEST_F(ReduceTest, InfinitiesAndNaN) {
  expectNear(eval(reduce(8, "0"), {floats({2}, {kInf, 1})}, "tensor<f32>"), 0, floats({}, {kInf}));
  expectNear(eval(reduce(8, "0"), {floats({2}, {-kInf, -kInf})}, "tensor<f32>"), 0, floats({}, {-kInf}));
  expectNear(eval(reduce(8, "0"), {floats({2}, {1000, 1000})}, "tensor<f32>"), 0, floats({}, {1000.6931f}), 1e-3);
  expectNear(eval(reduce(3, "0"), {floats({3}, {1, NAN, 2})}, "tensor<f32>"), 0, floats({}, {NAN}));
}

// Examples of ONNX Softmax and LogSoftmax.
TEST_F(ReduceTest, Softmax) {
  expectNear(eval("softmax %0 {axis = 1}", {floats({1, 3}, {-1, 0, 1})}, "tensor<1x3xf32>"), 0,
             floats({1, 3}, {0.09003058f, 0.24472848f, 0.66524094f}));
  Tensor x = floats({2, 4}, {0, 1, 2, 3, 10000, 10001, 10002, 10003});
  expectNear(eval("softmax %0 {axis = 1}", {x}, "tensor<2x4xf32>"), 0,
             floats({2, 4}, {0.032058604f, 0.08714432f, 0.23688284f, 0.6439143f, 0.032058604f, 0.08714432f, 0.23688284f,
                             0.6439143f}));
  expectNear(eval("softmax %0 {axis = 1, log = true}", {x}, "tensor<2x4xf32>"), 0,
             floats({2, 4}, {-3.4401896f, -2.4401896f, -1.4401896f, -0.44018966f, -3.4401896f, -2.4401896f, -1.4401896f,
                             -0.44018966f}));
  expectNear(eval("softmax %0 {axis = 0}", {floats({2, 2}, {0, 5, 0, 5})}, "tensor<2x2xf32>"), 0,
             floats({2, 2}, {0.5, 0.5, 0.5, 0.5}));
}

TEST_F(ReduceTest, ArgReduce) {
  Tensor x = floats({2, 3}, {2, 1, 2, 3, 10, 10});
  expectEqual<int64_t>(eval("arg_reduce %0 {kind = 3 : i32, axis = 1, keep_dims = true}", {x}, "tensor<2x1xi64>"), 0,
                       longs({2, 1}, {0, 1}));
  expectEqual<int64_t>(
      eval("arg_reduce %0 {kind = 3 : i32, axis = 1, keep_dims = false, select_last = true}", {x}, "tensor<2xi64>"), 0,
      longs({2}, {2, 2}));
  expectEqual<int64_t>(eval("arg_reduce %0 {kind = 4 : i32, axis = 0, keep_dims = false}", {x}, "tensor<3xi64>"), 0,
                       longs({3}, {0, 0, 0}));
  EXPECT_TRUE(eval("arg_reduce %0 {kind = 0 : i32, axis = 0, keep_dims = false}", {x}, "tensor<3xi64>").empty());
}

// Examples of ONNX CumSum.
TEST_F(ReduceTest, CumSum) {
  Tensor x = floats({5}, {1, 2, 3, 4, 5});
  auto sum = [&](llvm::StringRef flags) {
    return eval("cumsum %0 {axis = 0" + flags.str() + "}", {x}, "tensor<5xf32>");
  };
  expectEqual<float>(sum(""), 0, floats({5}, {1, 3, 6, 10, 15}));
  expectEqual<float>(sum(", exclusive = true"), 0, floats({5}, {0, 1, 3, 6, 10}));
  expectEqual<float>(sum(", reverse = true"), 0, floats({5}, {15, 14, 12, 9, 5}));
  expectEqual<float>(sum(", exclusive = true, reverse = true"), 0, floats({5}, {14, 12, 9, 5, 0}));
  Tensor y = tensor<int32_t>({2, 3}, {1, 2, 3, 4, 5, 6});
  expectEqual<int32_t>(eval("cumsum %0 {axis = 0}", {y}, "tensor<2x3xi32>"), 0,
                       tensor<int32_t>({2, 3}, {1, 2, 3, 5, 7, 9}));
  expectEqual<int32_t>(eval("cumprod %0 {axis = 1, exclusive = true}", {y}, "tensor<2x3xi32>"), 0,
                       tensor<int32_t>({2, 3}, {1, 1, 2, 1, 4, 20}));
}

// Examples of ONNX TopK.
TEST_F(ReduceTest, TopK) {
  Tensor x = range({3, 4});
  std::vector<Datum> r = eval("top_k %0 {axis = 1, k = #dim.expr<3>}", {x}, "tensor<3x3xf32>, tensor<3x3xi64>");
  expectEqual<float>(r, 0, floats({3, 3}, {3, 2, 1, 7, 6, 5, 11, 10, 9}));
  expectEqual<int64_t>(r, 1, longs({3, 3}, {3, 2, 1, 3, 2, 1, 3, 2, 1}));
  Tensor same = tensor<int64_t>({5}, {0, 7, 0, 7, 7});
  r = eval("top_k %0 {axis = 0, k = #dim.expr<2>, largest = false}", {same}, "tensor<2xi64>, tensor<2xi64>");
  expectEqual<int64_t>(r, 1, longs({2}, {0, 2}));
  r = eval("top_k %0 {axis = 0, k = #dim.expr<3>}", {floats({4}, {1, NAN, 3, 2})}, "tensor<3xf32>, tensor<3xi64>");
  expectEqual<int64_t>(r, 1, longs({3}, {1, 2, 3}));
}
} // namespace
} // namespace dlc::nn

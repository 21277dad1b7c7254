//===- SampleTest.cpp - interpolations ------------------------------------------------------------===//
#include "NNTest.h"

namespace dlc::nn {
namespace {
class SampleTest : public NNTest {
protected:
  /// Resizes 2-D `x`; see ResizeOp for the modes' numbers.
  std::vector<Datum> resize(Tensor x, llvm::StringRef sizes, llvm::StringRef scales, int mode, int coordinates,
                            llvm::StringRef more = "") {
    std::string type = sizes.str();
    type.replace(type.find(", "), 2, "x");
    return eval("resize %0 {operandSegmentSizes = array<i32: 1, 0, 0>, sizes = #dim.shape<[" + sizes.str() + "]>, scales = array<f64: " + scales.str() +
                    ">, mode = " + std::to_string(mode) + " : i32, coordinates = " + std::to_string(coordinates) +
                    " : i32" + more.str() + "}",
                {x}, "tensor<" + type + "xf32>");
  }
  Tensor twoByTwo() { return floats({2, 2}, {1, 2, 3, 4}); }
  Tensor twoByFour() { return floats({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}); }
  Tensor oneTo16() {
    Tensor t = range({4, 4});
    for (float &v : t.values<float>()) {
      v += 1;
    }
    return t;
  }
};

// Examples of ONNX Resize.
TEST_F(SampleTest, ResizeNearest) {
  expectNear(resize(twoByTwo(), "4, 6", "2.0, 3.0", 0, 0), 0,
             floats({4, 6}, {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 3, 3, 3, 4, 4, 4}));
  expectNear(resize(twoByFour(), "1, 2", "0.6, 0.6", 0, 0), 0, floats({1, 2}, {1, 3}));
  expectNear(resize(twoByTwo(), "7, 8", "0.0, 0.0", 0, 0), 0,
             floats({7, 8}, {1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1,
                             2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 3, 3, 4, 4, 4, 4}));
  expectNear(resize(oneTo16(), "8, 8", "0.0, 0.0", 0, 3, ", nearest = 2 : i32"), 0,
             floats({8, 8}, {1,  1,  1,  2,  2, 3, 3, 4,  1,  1,  1,  2,  2,  3,  3,  4,  1,  1,  1,  2, 2, 3,
                             3,  4,  5,  5,  5, 6, 6, 7,  7,  8,  5,  5,  5,  6,  6,  7,  7,  8,  9,  9, 9, 10,
                             10, 11, 11, 12, 9, 9, 9, 10, 10, 11, 11, 12, 13, 13, 13, 14, 14, 15, 15, 16}));
}

TEST_F(SampleTest, ResizeLinear) {
  expectNear(resize(twoByTwo(), "4, 4", "2.0, 2.0", 1, 0), 0,
             floats({4, 4}, {1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4}));
  expectNear(resize(twoByTwo(), "4, 4", "2.0, 2.0", 1, 3), 0,
             floats({4, 4}, {1, 1.33333333f, 1.66666667f, 2, 1.66666667f, 2, 2.33333333f, 2.66666667f, 2.33333333f,
                             2.66666667f, 3, 3.33333333f, 3, 3.33333333f, 3.66666667f, 4}));
  expectNear(resize(twoByFour(), "1, 2", "0.6, 0.6", 1, 0), 0, floats({1, 2}, {2.6666665f, 4.3333331f}));
  expectNear(resize(twoByFour(), "1, 2", "0.6, 0.6", 1, 3), 0, floats({1, 2}, {1, 3.142857f}));
  expectNear(resize(oneTo16(), "3, 1", "0.0, 0.0", 1, 2), 0, floats({3, 1}, {1.6666666f, 7, 12.333333f}));
  expectNear(resize(oneTo16(), "2, 2", "0.6, 0.6", 1, 0, ", antialias = true"), 0,
             floats({2, 2}, {2.875f, 4.5f, 9.375f, 11}));
}

TEST_F(SampleTest, ResizeCubic) {
  expectNear(resize(oneTo16(), "3, 3", "0.8, 0.8", 2, 0), 0,
             floats({3, 3}, {1.47119141f, 2.78125f, 4.08251953f, 6.71142578f, 8.02148438f, 9.32275391f, 11.91650391f,
                             13.2265625f, 14.52783203f}));
  expectNear(resize(oneTo16(), "3, 3", "0.8, 0.8", 2, 0, ", cubic_coeff_a = -0.5, exclude_outside = true"), 0,
             floats({3, 3}, {1.36812675f, 2.6695014f, 4.0133367f, 6.57362535f, 7.875f, 9.2188353f, 11.94896657f,
                             13.25034122f, 14.59417652f}));
}

TEST_F(SampleTest, ResizeCrops) {
  // Rows 1 and 2, twice the columns' span: the outer columns lie outside.
  Tensor x = floats({3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}), roi = floats({4}, {0.5, -0.5, 1, 1.5});
  expectNear(
      eval(
          "resize %0, %1 {operandSegmentSizes = array<i32: 1, 1, 0>, sizes = #dim.shape<[2, 3]>, scales = array<f64: 0.0, 0.0>, mode = 1 : i32, coordinates = 5 : "
          "i32, extrapolation = 10.0}",
          {x, roi}, "tensor<2x3xf32>"),
      0, floats({2, 3}, {10, 5, 10, 10, 8, 10}));
}

TEST_F(SampleTest, ResizeKeepsEqualDims) {
  Tensor bytes = tensor<uint8_t>({1, 2}, {7, 9});
  expectEqual<uint8_t>(eval("resize %0 {operandSegmentSizes = array<i32: 1, 0, 0>, sizes = #dim.shape<[1, 2]>, scales = array<f64: 1.0, 1.0>, mode = 2 : i32, "
                            "coordinates = 0 : i32}",
                            {bytes}, "tensor<1x2xui8>"),
                       0, bytes);
}

// The example of ONNX GridSample's modes: a 3x2 image and a 2x4 grid.
TEST_F(SampleTest, GridSample) {
  Tensor x = floats({1, 1, 3, 2}, {0, 1, 2, 3, 4, 5});
  Tensor grid = floats({1, 2, 4, 2}, {-10, -10, -5, -5, -0.2f, -0.2f, 10, 10, 10, 10, -0.2f, -0.2f, 5, 5, 10, 10});
  auto run = [&](int mode, int outside, const char *aligned) {
    return eval("grid_sample %0, %1 {mode = " + std::to_string(mode) + " : i32, outside = " + std::to_string(outside) +
                    " : i32, align_corners = " + aligned + "}",
                {x, grid}, "tensor<1x1x2x4xf32>");
  };
  expectNear(run(1, 0, "false"), 0, floats({1, 1, 2, 4}, {0, 0, 1.7f, 0, 0, 1.7f, 0, 0}));
  expectNear(run(1, 1, "false"), 0, floats({1, 1, 2, 4}, {0, 0, 1.7f, 5, 5, 1.7f, 5, 5}));
  expectNear(run(1, 2, "false"), 0, floats({1, 1, 2, 4}, {2.5f, 0, 1.7f, 2.5f, 2.5f, 1.7f, 5, 2.5f}));
  expectNear(run(1, 0, "true"), 0, floats({1, 1, 2, 4}, {0, 0, 2, 0, 0, 2, 0, 0}));
  expectNear(run(0, 0, "false"), 0, floats({1, 1, 2, 4}, {0, 0, 2, 0, 0, 2, 0, 0}));
  Tensor centre = floats({1, 1, 1, 2}, {0, 0});
  expectNear(eval("grid_sample %0, %1 {mode = 2 : i32, outside = 1 : i32, align_corners = true}",
                  {floats({1, 1, 1, 4}, {0, 1, 2, 3}), centre}, "tensor<1x1x1x1xf32>"),
             0, floats({1, 1, 1, 1}, {1.5}));
}

TEST_F(SampleTest, RoiAlign) {
  // A plane x + 10 y: bilinear sampling is exact, so that each bin has the value at its centre.
  Tensor x = Tensor::zeros(elementType<float>(), {1, 1, 8, 8});
  for (int64_t i = 0; i < 64; ++i) {
    x.values<float>()[i] = float(i % 8 + 10 * (i / 8));
  }
  Tensor rois = floats({1, 4}, {1, 2, 5, 4});
  std::string op =
      "roi_align %0, %1, %2 {height = 2, width = 2, sampling_ratio = 2, spatial_scale = 1.0, half_pixel = ";
  expectNear(eval(op + "false}", {x, rois, longs({1}, {0})}, "tensor<1x1x2x2xf32>"), 0,
             floats({1, 1, 2, 2}, {27, 29, 37, 39}), 1e-4); // centres (2, 2.5), (4, 2.5), (2, 3.5), (4, 3.5)
  expectNear(eval(op + "true}", {x, rois, longs({1}, {0})}, "tensor<1x1x2x2xf32>"), 0,
             floats({1, 1, 2, 2}, {21.5, 23.5, 31.5, 33.5}), 1e-4);
  EXPECT_TRUE(eval(op + "true}", {x, rois, longs({1}, {1})}, "tensor<1x1x2x2xf32>").empty());
}
} // namespace
} // namespace dlc::nn

//===- MoveTest.cpp - data movement ------------------------------------------------------------===//
#include "NNTest.h"

namespace dlc::nn {
namespace {
using MoveTest = NNTest;

TEST_F(MoveTest, ReshapeAndBroadcast) {
  Tensor x = range({2, 3});
  expectEqual<float>(eval("reshape %0 {shape = #dim.shape<[3, 1, 2]>}", {x}, "tensor<3x1x2xf32>"), 0,
                     floats({3, 1, 2}, {0, 1, 2, 3, 4, 5}));
  expectEqual<float>(
      eval("broadcast %0 {shape = #dim.shape<[2, 2, 2]>}", {floats({2, 1}, {1, 2})}, "tensor<2x2x2xf32>"), 0,
      floats({2, 2, 2}, {1, 1, 2, 2, 1, 1, 2, 2}));
  EXPECT_TRUE(eval("reshape %0 {shape = #dim.shape<[4]>}", {x}, "tensor<4xf32>").empty());
}

TEST_F(MoveTest, TransposeOfStrings) {
  Tensor x = tensor<std::string>({2, 2}, {"a", "b", "c", "d"});
  expectEqual<std::string>(eval("transpose %0 {permutation = array<i64: 1, 0>}", {x}, "tensor<2x2x!nn.string>"), 0,
                           tensor<std::string>({2, 2}, {"a", "c", "b", "d"}));
}

TEST_F(MoveTest, Transpose3D) {
  expectEqual<float>(eval("transpose %0 {permutation = array<i64: 2, 0, 1>}", {range({2, 1, 3})}, "tensor<3x2x1xf32>"),
                     0, floats({3, 2, 1}, {0, 3, 1, 4, 2, 5}));
}

TEST_F(MoveTest, Slice) {
  Tensor x = range({3, 4});
  expectEqual<float>(
      eval("slice %0 {starts = #dim.shape<[2, 1]>, sizes = #dim.shape<[2, 2]>, steps = array<i64: -2, 2>}", {x},
           "tensor<2x2xf32>"),
      0, floats({2, 2}, {9, 11, 1, 3}));
  EXPECT_TRUE(eval("slice %0 {starts = #dim.shape<[0, 0]>, sizes = #dim.shape<[4, 1]>, steps = array<i64: 1, 1>}", {x},
                   "tensor<4x1xf32>")
                  .empty());
  expectEqual<float>(
      eval("slice %0 {starts = #dim.shape<[0, 0]>, sizes = #dim.shape<[0, 4]>, steps = array<i64: 1, 1>}", {x},
           "tensor<0x4xf32>"),
      0, floats({0, 4}, {}));
}

TEST_F(MoveTest, ConcatAndGather) {
  Tensor x = floats({2, 1}, {1, 2}), y = floats({2, 2}, {3, 4, 5, 6});
  expectEqual<float>(eval("concat %0, %1 {axis = 1}", {x, y}, "tensor<2x3xf32>"), 0,
                     floats({2, 3}, {1, 3, 4, 2, 5, 6}));
  // The examples of ONNX Gather.
  Tensor data = floats({3, 2}, {1.0, 1.2, 2.3, 3.4, 4.5, 5.7});
  expectEqual<float>(eval("gather %0, %1 {axis = 0}", {data, longs({2, 2}, {0, 1, 1, 2})}, "tensor<2x2x2xf32>"), 0,
                     floats({2, 2, 2}, {1.0, 1.2, 2.3, 3.4, 2.3, 3.4, 4.5, 5.7}));
  expectEqual<float>(eval("gather %0, %1 {axis = 1}", {data, longs({1}, {-1})}, "tensor<3x1xf32>"), 0,
                     floats({3, 1}, {1.2, 3.4, 5.7}));
  EXPECT_TRUE(eval("gather %0, %1 {axis = 0}", {data, longs({1}, {3})}, "tensor<1x2xf32>").empty());
}

TEST_F(MoveTest, PadModes) {
  auto pad = [&](int mode, llvm::StringRef begin, llvm::StringRef end, llvm::ArrayRef<Datum> inputs,
                 llvm::StringRef type) {
    std::string op = inputs.size() > 1 ? "pad %0, %1" : "pad %0";
    return eval(op + " {mode = " + std::to_string(mode) + " : i32, begins = #dim.shape<[" + begin.str() +
                    "]>, ends = #dim.shape<[" + end.str() + "]>}",
                inputs, type);
  };
  Tensor x = floats({3}, {1, 2, 3}), nine = floats({}, {9});
  expectEqual<float>(pad(0, "2", "1", {x, nine}, "tensor<6xf32>"), 0, floats({6}, {9, 9, 1, 2, 3, 9}));
  expectEqual<float>(pad(0, "1", "0", {x}, "tensor<4xf32>"), 0, floats({4}, {0, 1, 2, 3}));
  expectEqual<float>(pad(1, "2", "2", {x}, "tensor<7xf32>"), 0, floats({7}, {3, 2, 1, 2, 3, 2, 1}));
  expectEqual<float>(pad(1, "0", "5", {x}, "tensor<8xf32>"), 0, floats({8}, {1, 2, 3, 2, 1, 2, 3, 2}));
  expectEqual<float>(pad(2, "2", "2", {x}, "tensor<7xf32>"), 0, floats({7}, {1, 1, 1, 2, 3, 3, 3}));
  expectEqual<float>(pad(3, "2", "4", {x}, "tensor<9xf32>"), 0, floats({9}, {2, 3, 1, 2, 3, 1, 2, 3, 1}));
  expectEqual<float>(pad(0, "-1", "1", {x, nine}, "tensor<3xf32>"), 0, floats({3}, {2, 3, 9}));
}

TEST_F(MoveTest, SizesAreFormulas) {
  std::vector<Datum> r = evalModule(R"(
    func.func @main(%x: tensor<?x2xf32, #dim.shape<[n, 2]>>) {
      %y = nn.broadcast %x {shape = #dim.shape<[3, n, 2]>} : (tensor<?x2xf32, #dim.shape<[n, 2]>>)
        -> tensor<3x?x2xf32, #dim.shape<[3, n, 2]>>
      %z = nn.reshape %y {shape = #dim.shape<[3 * n, 2]>} : (tensor<3x?x2xf32, #dim.shape<[3, n, 2]>>)
        -> tensor<?x2xf32, #dim.shape<[3 * n, 2]>>
      nn.yield %z : tensor<?x2xf32, #dim.shape<[3 * n, 2]>>
    })",
                                    {floats({1, 2}, {1, 2})});
  expectEqual<float>(r, 0, floats({3, 2}, {1, 2, 1, 2, 1, 2}));
}

TEST_F(MoveTest, InferredTypes) {
  EXPECT_EQ(infer("concat %0, %1 {axis = 0}", {"tensor<?xf32, #dim.shape<[n]>>", "tensor<2xf32>"}, "tensor<?xf32>"),
            std::vector<std::string>{"tensor<?xf32, #dim.shape<[n + 2]>>"});
}
} // namespace
} // namespace dlc::nn

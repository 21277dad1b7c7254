//===- ControlTest.cpp - control flow, lists and optionals ------------------------------------------===//
#include "NNTest.h"

namespace dlc::nn {
namespace {
using ControlTest = NNTest;

TEST_F(ControlTest, IfTakesOneRegion) {
  llvm::StringRef text = R"(
    func.func @main(%c: tensor<i1>, %x: tensor<2xf32>) {
      %r = nn.if %c : tensor<i1> -> tensor<?xf32> {
        %y = nn.neg %x : (tensor<2xf32>) -> tensor<2xf32>
        nn.yield %y : tensor<2xf32>
      } else {
        %y = nn.concat %x, %x {axis = 0} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
        nn.yield %y : tensor<4xf32>
      }
      nn.yield %r : tensor<?xf32>
    })";
  Tensor x = floats({2}, {1, 2});
  expectEqual<float>(evalModule(text, {tensor<bool>({}, {true}), x}), 0, floats({2}, {-1, -2}));
  expectEqual<float>(evalModule(text, {tensor<bool>({}, {false}), x}), 0, floats({4}, {1, 2, 1, 2}));
}

TEST_F(ControlTest, IfWithOtherElementTypesIsRefused) {
  EXPECT_TRUE(evalModule(R"(
    func.func @main(%c: tensor<i1>, %x: tensor<f32>, %y: tensor<i64>) {
      %r = nn.if %c : tensor<i1> -> tensor<f32> { nn.yield %x : tensor<f32> } else { nn.yield %y : tensor<i64> }
      nn.yield %r : tensor<f32>
    })",
                         {tensor<bool>({}, {true}), floats({}, {1}), longs({}, {1})})
                  .empty());
  EXPECT_NE(errors.find("expected regions with results of one kind"), std::string::npos) << errors;
}

TEST_F(ControlTest, LoopCarriesAndScans) {
  // Sums up x + i until the sum reaches 10 or the trips end.
  llvm::StringRef text = R"(
    func.func @main(%n: tensor<i64>, %x: tensor<i64>, %limit: tensor<i64>) {
      %r:2 = nn.loop trips %n : tensor<i64> (%x) : (tensor<i64>) -> (tensor<i64>, tensor<?xi64>) {
      ^bb0(%i: tensor<i64>, %c: tensor<i1>, %sum: tensor<i64>):
        %next = nn.add %sum, %i : (tensor<i64>, tensor<i64>) -> tensor<i64>
        %more = nn.less %next, %limit : (tensor<i64>, tensor<i64>) -> tensor<i1>
        nn.yield %more, %next, %next : tensor<i1>, tensor<i64>, tensor<i64>
      }
      nn.yield %r#0, %r#1 : tensor<i64>, tensor<?xi64>
    })";
  std::vector<Datum> r = evalModule(text, {longs({}, {3}), longs({}, {1}), longs({}, {10})});
  expectEqual<int64_t>(r, 0, longs({}, {4}));
  expectEqual<int64_t>(r, 1, longs({3}, {1, 2, 4}));
  r = evalModule(text, {longs({}, {100}), longs({}, {1}), longs({}, {10})});
  expectEqual<int64_t>(r, 1, longs({5}, {1, 2, 4, 7, 11}));
  r = evalModule(text, {longs({}, {0}), longs({}, {1}), longs({}, {10})});
  expectEqual<int64_t>(r, 0, longs({}, {1}));
  expectEqual<int64_t>(r, 1, longs({0}, {}));
}

TEST_F(ControlTest, SplitBatchRunsOnPartsOfTheBatch) {
  // Two rows per image, of which the second comes first; five images in parts of two, and a sum that tells where a part
  // begins.
  llvm::StringRef text = R"(
    func.func @main(%x: tensor<10xi64>, %y: tensor<5xi64>) {
      %r:2 = nn.split_batch <5> by 2 called "part"(%x, %y) : (tensor<10xi64>, tensor<5xi64>) -> (tensor<10xi64>, tensor<5xi64>) {
      ^bb0(%p: tensor<?xi64, #dim.shape<[2 * part]>>, %q: tensor<?xi64, #dim.shape<[part]>>):
        %m = nn.reshape %p {shape = #dim.shape<[part, 2]>} : (tensor<?xi64, #dim.shape<[2 * part]>>) -> tensor<?x2xi64, #dim.shape<[part, 2]>>
        %s = nn.slice %m {starts = #dim.shape<[0, 1]>, sizes = #dim.shape<[part, 2]>, steps = array<i64: 1, -1>} : (tensor<?x2xi64, #dim.shape<[part, 2]>>) -> tensor<?x2xi64, #dim.shape<[part, 2]>>
        %t = nn.reshape %s {shape = #dim.shape<[2 * part]>} : (tensor<?x2xi64, #dim.shape<[part, 2]>>) -> tensor<?xi64, #dim.shape<[2 * part]>>
        %c = nn.cumsum %q {axis = 0} : (tensor<?xi64, #dim.shape<[part]>>) -> tensor<?xi64, #dim.shape<[part]>>
        nn.yield %t, %c : tensor<?xi64, #dim.shape<[2 * part]>>, tensor<?xi64, #dim.shape<[part]>>
      }
      nn.yield %r#0, %r#1 : tensor<10xi64>, tensor<5xi64>
    })";
  std::vector<Datum> r = evalModule(text, {longs({10}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), longs({5}, {1, 1, 1, 1, 1})});
  expectEqual<int64_t>(r, 0, longs({10}, {1, 0, 3, 2, 5, 4, 7, 6, 9, 8}));
  expectEqual<int64_t>(r, 1, longs({5}, {1, 2, 1, 2, 1}));
}

TEST_F(ControlTest, LoopGrowsValuesWhoseSizesAreNamedInside) {
  std::vector<Datum> r = evalModule(R"(
    func.func @main(%n: tensor<i64>, %x: tensor<1xf32>) {
      %r = nn.loop trips %n : tensor<i64> (%x) : (tensor<1xf32>) -> tensor<?xf32> {
      ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<?xf32, #dim.shape<[len]>>):
        %w = nn.concat %v, %v {axis = 0} : (tensor<?xf32, #dim.shape<[len]>>, tensor<?xf32, #dim.shape<[len]>>)
          -> tensor<?xf32, #dim.shape<[2 * len]>>
        nn.yield %c, %w : tensor<i1>, tensor<?xf32, #dim.shape<[2 * len]>>
      }
      nn.yield %r : tensor<?xf32>
    })",
                                    {longs({}, {3}), floats({1}, {5})});
  expectEqual<float>(r, 0, floats({8}, std::vector<float>(8, 5)));
}

TEST_F(ControlTest, LoopWhile) {
  // No bound on the trips: doubles until the limit.
  std::vector<Datum> r = evalModule(R"(
    func.func @main(%go: tensor<i1>, %x: tensor<f32>, %limit: tensor<f32>) {
      %r = nn.loop while %go : tensor<i1> (%x) : (tensor<f32>) -> tensor<f32> {
      ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<f32>):
        %w = nn.add %v, %v : (tensor<f32>, tensor<f32>) -> tensor<f32>
        %more = nn.less %w, %limit : (tensor<f32>, tensor<f32>) -> tensor<i1>
        nn.yield %more, %w : tensor<i1>, tensor<f32>
      }
      nn.yield %r : tensor<f32>
    })",
                                    {tensor<bool>({}, {true}), floats({}, {3}), floats({}, {20})});
  expectEqual<float>(r, 0, floats({}, {24}));
}

TEST_F(ControlTest, Sequences) {
  std::vector<Datum> r = evalModule(R"(
    func.func @main(%a: tensor<1xf32>, %b: tensor<2xf32>, %p: tensor<i64>) {
      %s = nn.sequence_construct %a, %b : (tensor<1xf32>, tensor<2xf32>) -> !nn.sequence<tensor<?xf32>>
      %t = nn.sequence_insert %s, %b, %p : (!nn.sequence<tensor<?xf32>>, tensor<2xf32>, tensor<i64>)
        -> !nn.sequence<tensor<?xf32>>
      %n = nn.sequence_length %t : (!nn.sequence<tensor<?xf32>>) -> tensor<i64>
      %c = nn.concat_from_sequence %t {axis = 0} : (!nn.sequence<tensor<?xf32>>) -> tensor<?xf32>
      %e = nn.sequence_erase %t, %p : (!nn.sequence<tensor<?xf32>>, tensor<i64>) -> !nn.sequence<tensor<?xf32>>
      %l = nn.sequence_at %e, %p : (!nn.sequence<tensor<?xf32>>, tensor<i64>) -> tensor<?xf32>
      nn.yield %n, %c, %l : tensor<i64>, tensor<?xf32>, tensor<?xf32>
    })",
                                    {floats({1}, {1}), floats({2}, {2, 3}), longs({}, {-1})});
  expectEqual<int64_t>(r, 0, longs({}, {3}));
  expectEqual<float>(r, 1, floats({5}, {1, 2, 3, 2, 3}));
  expectEqual<float>(r, 2, floats({2}, {2, 3}));
}

TEST_F(ControlTest, SplitAndStack) {
  std::vector<Datum> r = evalModule(R"(
    func.func @main(%x: tensor<2x3xf32>, %two: tensor<i64>) {
      %s = nn.split_to_sequence %x {axis = 1, keep_dims = false} : (tensor<2x3xf32>) -> !nn.sequence<tensor<2xf32>>
      %c = nn.concat_from_sequence %s {axis = 0, new_axis = true} : (!nn.sequence<tensor<2xf32>>) -> tensor<?x2xf32>
      %t = nn.split_to_sequence %x, %two {axis = 1} : (tensor<2x3xf32>, tensor<i64>) -> !nn.sequence<tensor<2x?xf32>>
      nn.yield %c, %t : tensor<?x2xf32>, !nn.sequence<tensor<2x?xf32>>
    })",
                                    {range({2, 3}), longs({}, {2})});
  expectEqual<float>(r, 0, floats({3, 2}, {0, 3, 1, 4, 2, 5}));
  ASSERT_EQ(r[1].items().size(), 2u);
  expectEqual<float>(r[1].items(), 0, floats({2, 2}, {0, 1, 3, 4}));
  expectEqual<float>(r[1].items(), 1, floats({2, 1}, {2, 5}));
}

TEST_F(ControlTest, Optionals) {
  std::vector<Datum> r = evalModule(R"(
    func.func @main(%x: tensor<f32>) {
      %o = nn.optional_make %x {element = tensor<f32>} : (tensor<f32>) -> !nn.optional<tensor<f32>>
      %none = nn.optional_make {element = tensor<f32>} : () -> !nn.optional<tensor<f32>>
      %a = nn.optional_has %o : (!nn.optional<tensor<f32>>) -> tensor<i1>
      %b = nn.optional_has %none : (!nn.optional<tensor<f32>>) -> tensor<i1>
      %y = nn.optional_get %o : (!nn.optional<tensor<f32>>) -> tensor<f32>
      nn.yield %a, %b, %y : tensor<i1>, tensor<i1>, tensor<f32>
    })",
                                    {floats({}, {7})});
  expectEqual<bool>(r, 0, tensor<bool>({}, {true}));
  expectEqual<bool>(r, 1, tensor<bool>({}, {false}));
  expectEqual<float>(r, 2, floats({}, {7}));
}
} // namespace
} // namespace dlc::nn

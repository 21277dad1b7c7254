//===- EvalMessagesTest.cpp - what the reference evaluator says of data that ops can't take ----===//
#include "NNTest.h"

namespace dlc::nn {
namespace {
class EvalMessagesTest : public NNTest {
protected:
  /// One op on operands of stated types, which may leave open what the data has.
  void refuse(llvm::StringRef op, std::vector<std::pair<std::string, Datum>> operands, llvm::StringRef result,
              llvm::StringRef message) {
    std::string arguments, types;
    std::vector<Datum> inputs;
    for (const auto &[type, datum] : operands) {
      std::string comma = inputs.empty() ? "" : ", ";
      arguments += comma + "%" + std::to_string(inputs.size()) + ": " + type;
      types += comma + type;
      inputs.push_back(datum);
    }
    refuseModule("func.func @main(" + arguments + ") {\n%r = nn." + op.str() + " : (" + types + ") -> " + result.str() +
                     "\nnn.yield %r : " + result.str() + "\n}",
                 inputs, message);
  }
  void refuseModule(llvm::StringRef text, llvm::ArrayRef<Datum> inputs, llvm::StringRef message) {
    errors.clear();
    EXPECT_TRUE(evalModule(text, inputs).empty()) << message.str();
    EXPECT_NE(errors.find(message.str()), std::string::npos) << "expected: " << message.str() << "\ngot: " << errors;
  }
  const Tensor one = floats({1}, {1}), two = floats({2}, {1, 2}), three = floats({3}, {1, 2, 3});
};

TEST_F(EvalMessagesTest, Sizes) {
  refuse("broadcast %0 {shape = #dim.shape<[n]>}", {{"tensor<1xf32>", one}}, "tensor<?xf32, #dim.shape<[n]>>",
         "expected a known size, got n");
  refuse("max_unpool %0, %1 {indexed = #dim.shape<[1, 1, 4]>, shape = #dim.shape<[1, 1, n + -2]>}",
         {{"tensor<1x1x?xf32, #dim.shape<[1, 1, n]>>", floats({1, 1, 1}, {1})},
          {"tensor<1x1x1xi64>", longs({1, 1, 1}, {3})}},
         "tensor<1x1x?xf32, #dim.shape<[1, 1, n + -2]>>", "expected a size of at least 0, got -1");
  const char *first = R"(
    func.func @main(%x: tensor<3xf32>, %p: tensor<i64>) {
      %s = nn.sequence_construct %x : (tensor<3xf32>) -> !nn.sequence<tensor<3xf32>>
      %r = nn.sequence_at %s, %p : (!nn.sequence<tensor<3xf32>>, tensor<i64>) -> tensor<3xf32>
      nn.yield %r : tensor<3xf32>
    })";
  refuseModule(first, {two, longs({}, {0})}, "expected a result whose size is 3, got 2");
  refuseModule(first, {floats({1, 1}, {1}), longs({}, {0})}, "expected a result of rank 1, got 2");
  refuseModule(first, {three, Datum()}, "has an operand without a value");
  refuseModule(first, {three}, "expected 2 inputs, got 1");
  refuse(R"(custom "d" "Op" version 1 (%0) places [0] parameters {})", {{"tensor<1xf32>", one}}, "tensor<1xf32>",
         "has no reference evaluation");
  refuse("concat %0 {axis = 0}", {{"tensor<2xf32>", Datum()}}, "tensor<2xf32>", "has an operand without a value");
}

TEST_F(EvalMessagesTest, Structure) {
  refuseModule(R"(
    func.func @main() {
      %r = nn.constant dense_resource<absent> : tensor<2xf32>
      nn.yield %r : tensor<2xf32>
    })",
               {}, "expected a constant whose data is present");
}

TEST_F(EvalMessagesTest, Contraction) {
  refuse(R"(einsum %0, %1 {equation = "i,i->i"})", {{"tensor<?xf32>", two}, {"tensor<?xf32>", three}}, "tensor<?xf32>",
         "expected dims of equal size, got 2 and 3");
  refuse("det %0", {{"tensor<?x?xf32>", floats({1, 2}, {1, 2})}}, "tensor<f32>", "expected square matrices, got 1 x 2");
}

TEST_F(EvalMessagesTest, Control) {
  const char *branch = R"(
    func.func @main(%c: tensor<?xi1>, %x: tensor<i64>, %y: tensor<i64>) {
      %r = nn.if %c : tensor<?xi1> -> tensor<i64> {
        %q = nn.div %x, %y : (tensor<i64>, tensor<i64>) -> tensor<i64>
        nn.yield %q : tensor<i64>
      } else {
        nn.yield %x : tensor<i64>
      }
      nn.yield %r : tensor<i64>
    })";
  Tensor x = longs({}, {1}), zero = longs({}, {0});
  refuseModule(branch, {tensor<bool>({2}, {true, true}), x, x}, "expected a condition of one element, got 2");
  refuseModule(branch, {tensor<bool>({1}, {true}), x, zero}, "integer division by zero");
  EXPECT_NE(errors.find("'nn.if' op has a region that could not be evaluated"), std::string::npos) << errors;
  refuseModule(R"(
    func.func @main(%n: tensor<i64>, %x: tensor<i64>) {
      %r = nn.loop trips %n : tensor<i64> (%x) : (tensor<i64>) -> tensor<i64> {
      ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<i64>):
        %w = nn.div %v, %i : (tensor<i64>, tensor<i64>) -> tensor<i64>
        nn.yield %c, %w : tensor<i1>, tensor<i64>
      }
      nn.yield %r : tensor<i64>
    })",
               {x, x}, "'nn.loop' op has a region that could not be evaluated");
  refuseModule(R"(
    func.func @main(%n: tensor<i64>, %x: tensor<1xf32>) {
      %r:2 = nn.loop trips %n : tensor<i64> (%x) : (tensor<1xf32>) -> (tensor<?xf32>, tensor<?x?xf32>) {
      ^bb0(%i: tensor<i64>, %c: tensor<i1>, %v: tensor<?xf32, #dim.shape<[len]>>):
        %w = nn.concat %v, %v {axis = 0} : (tensor<?xf32, #dim.shape<[len]>>, tensor<?xf32, #dim.shape<[len]>>)
          -> tensor<?xf32, #dim.shape<[2 * len]>>
        nn.yield %c, %w, %w : tensor<i1>, tensor<?xf32, #dim.shape<[2 * len]>>, tensor<?xf32, #dim.shape<[2 * len]>>
      }
      nn.yield %r#0 : tensor<?xf32>
    })",
               {longs({}, {2}), one}, "expected scan outputs of one shape in all iterations");
}

TEST_F(EvalMessagesTest, ElementsAndSizesOfOperands) {
  refuse("cast %0 {to = f32, saturate = true}", {{"tensor<1x!nn.string>", tensor<std::string>({1}, {"seven"})}},
         "tensor<1xf32>", "expected a number, got 'seven'");
  refuse("broadcast %0 {shape = #dim.shape<[2]>}", {{"tensor<?xf32>", three}}, "tensor<2xf32>",
         "expected a dim of 1 or 2, got 3");
  refuse("group_norm %0, %1, %2 {num_groups = 2, epsilon = 1.0}",
         {{"tensor<1x?x1xf32>", floats({1, 3, 1}, {1, 2, 3})}, {"tensor<3xf32>", three}, {"tensor<3xf32>", three}},
         "tensor<1x?x1xf32>", "expected a multiple of 2 channels, got 3");
  refuse("arg_reduce %0 {kind = 3 : i32, axis = 0, keep_dims = true}", {{"tensor<0xf32>", floats({0}, {})}},
         "tensor<1xi64>", "expected at least one element along the axis, got none");
  refuse("multinomial %0 {sample_size = 1, seed = 1, to = i64}", {{"tensor<1x0xf32>", floats({1, 0}, {})}},
         "tensor<1x1xi64>", "expected at least one class, got none");
  refuse("grid_sample %0, %1 {mode = 1 : i32, outside = 0 : i32, align_corners = false}",
         {{"tensor<1x1x2xf32>", floats({1, 1, 2}, {1, 2})}, {"tensor<1x1x1xf32>", floats({1, 1, 1}, {NAN})}},
         "tensor<1x1x1xf32>", "expected finite grid positions");
  refuse("resize %0 {operandSegmentSizes = array<i32: 1, 0, 0>, sizes = #dim.shape<[2]>, scales = array<f64: 0.0>, mode = 0 : i32, coordinates = 0 : i32}",
         {{"tensor<0xf32>", floats({0}, {})}}, "tensor<2xf32>", "expected to resize at least one element, got 0 to 2");
  refuse("resize %0, %1 {operandSegmentSizes = array<i32: 1, 0, 1>, sizes = #dim.shape<[1]>, scales = array<f64: 0.0>, "
         "mode = 0 : i32, coordinates = 0 : i32}",
         {{"tensor<2xf32>", two}, {"tensor<1xf32>", floats({1}, {-1})}}, "tensor<1xf32>",
         "expected scales above 0, got -1");
  refuse("col2im %0 {image = #dim.shape<[3]>, kernel = #dim.shape<[n + -1]>, strides = array<i64: 1>, "
         "dilations = array<i64: 1>, pads = array<i64: 0, 0>}",
         {{"tensor<?x2x?xf32, #dim.shape<[n, 2, m]>>", floats({1, 2, 1}, {1, 2})}}, "tensor<1x?x3xf32>",
         "expected a kernel of at least one element");
}

TEST_F(EvalMessagesTest, Positions) {
  refuse("one_hot %0, %1 {depth = #dim.expr<-1>, axis = 1}",
         {{"tensor<1xi64>", longs({1}, {0})}, {"tensor<2xf32>", two}}, "tensor<1x?xf32>",
         "expected a depth of at least 0, got -1");
  refuse("tile %0 {repeats = #dim.shape<[n + -2]>}", {{"tensor<?xf32, #dim.shape<[n]>>", one}}, "tensor<?xf32>",
         "expected repeats of at least 0, got -1");
  refuse("gather_elements %0, %1 {axis = 0}",
         {{"tensor<?x?xf32>", floats({1, 1}, {1})}, {"tensor<?x?xi64>", longs({1, 2}, {0, 0})}}, "tensor<?x?xf32>",
         "expected indices within the input's dims, got 2 of 1");
  refuse("max_unpool %0, %1 {indexed = #dim.shape<[1, 1, 4]>, shape = #dim.shape<[1, 1, 2]>}",
         {{"tensor<1x1x1xf32>", floats({1, 1, 1}, {1})}, {"tensor<1x1x1xi64>", longs({1, 1, 1}, {3})}},
         "tensor<1x1x2xf32>", "expected an element within the result, got position 3");
  refuse("col2im %0 {image = #dim.shape<[3]>, kernel = #dim.shape<[2]>, strides = array<i64: 1>, "
         "dilations = array<i64: 1>, pads = array<i64: 0, 0>}",
         {{"tensor<1x2x?xf32>", floats({1, 2, 1}, {1, 2})}}, "tensor<1x1x3xf32>",
         "expected a multiple of 2 channels and 2 windows, got 2 and 1");
  refuse("pad %0, %1 {mode = 1 : i32, begins = #dim.shape<[1]>, ends = #dim.shape<[0]>}",
         {{"tensor<?xf32>", floats({0}, {})}, {"tensor<f32>", floats({}, {0})}}, "tensor<?xf32>",
         "expected padding that fits dim 0 of size 0");
}

TEST_F(EvalMessagesTest, TopK) {
  refuseModule(R"(
    func.func @main(%x: tensor<?xf32>) {
      %v, %i = nn.top_k %x {axis = 0, k = #dim.expr<3>} : (tensor<?xf32>) -> (tensor<3xf32>, tensor<3xi64>)
      nn.yield %v : tensor<3xf32>
    })",
               {two}, "expected k from 0 to 2, got 3");
}

TEST_F(EvalMessagesTest, Lists) {
  auto list = [&](std::string op, std::string types, std::vector<Datum> inputs, std::string result,
                  llvm::StringRef message) {
    refuseModule("func.func @main(%x: tensor<?xf32>, %y: tensor<?xf32>, %p: tensor<i64>) {\n"
                 "%e = nn.sequence_empty {element = tensor<?xf32>} : () -> !nn.sequence<tensor<?xf32>>\n"
                 "%s = nn.sequence_construct %x, %y : (tensor<?xf32>, tensor<?xf32>) -> !nn.sequence<tensor<?xf32>>\n"
                 "%r = nn." +
                     op + " : (" + types + ") -> " + result + "\nnn.yield %p : tensor<i64>\n}",
                 inputs, message);
  };
  std::string sequence = "!nn.sequence<tensor<?xf32>>", tensors = "tensor<?xf32>";
  std::vector<Datum> far{two, three, longs({}, {3})};
  list("sequence_at %s, %p", sequence + ", tensor<i64>", far, tensors, "expected a position within 2 places, got 3");
  list("sequence_erase %e", sequence, far, sequence, "expected a position within 0 places, got -1");
  list("sequence_insert %s, %x, %p", sequence + ", tensor<?xf32>, tensor<i64>", far, sequence,
       "expected a position within 2 elements, got 3");
  list("concat_from_sequence %e {axis = 0}", sequence, far, tensors,
       "expected a sequence of at least one tensor, got none");
  list("concat_from_sequence %s {axis = 0, new_axis = true}", sequence, far, "tensor<?x?xf32>",
       "expected tensors of equal sizes but along dim 0");
  refuse("split_to_sequence %0, %1 {axis = 0, keep_dims = true}",
         {{"tensor<3xf32>", three}, {"tensor<2xi64>", longs({2}, {1, 1})}}, sequence,
         "expected parts that add up to 3");
  refuseModule(R"(
    func.func @main() {
      %o = nn.optional_make {element = tensor<2xf32>} : () -> !nn.optional<tensor<2xf32>>
      %r = nn.optional_get %o : (!nn.optional<tensor<2xf32>>) -> tensor<2xf32>
      nn.yield %r : tensor<2xf32>
    })",
               {}, "expected an optional with a value, got an empty one");
}
} // namespace
} // namespace dlc::nn

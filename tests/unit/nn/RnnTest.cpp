//===- RnnTest.cpp - recurrent networks --------------------------------------------------------===//
// One hidden element and one feature make every equation scalar.
#include "NNTest.h"
#include <cmath>

namespace dlc::nn {
namespace {
using RnnTest = NNTest;

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

std::string attributes(llvm::StringRef segments, int direction, llvm::StringRef activations, int count,
                       llvm::StringRef more = "") {
  std::string numbers = "0.0";
  for (int i = 1; i < count; ++i) {
    numbers += ", 0.0";
  }
  return " {operandSegmentSizes = array<i32: " + segments.str() + ">, direction = " + std::to_string(direction) +
         " : i32, activations = [" + activations.str() + "], alphas = array<f64: " + numbers +
         ">, betas = array<f64: " + numbers + ">" + more.str() + "}";
}
const char *kTanh = "\"tanh\"", *kGru = "\"sigmoid\", \"tanh\"", *kLstm = "\"sigmoid\", \"tanh\", \"tanh\"";

TEST_F(RnnTest, PlainForward) {
  Tensor x = floats({2, 1, 1}, {1, 2}), w = floats({1, 1, 1}, {0.5}), r = floats({1, 1, 1}, {-1}),
         b = floats({1, 2}, {0.1f, 0.2f});
  std::vector<Datum> y = eval("rnn %0, %1, %2, %3" + attributes("1, 1, 1, 1, 0, 0", 0, kTanh, 1), {x, w, r, b},
                              "tensor<2x1x1x1xf32>, tensor<1x1x1xf32>");
  float h1 = std::tanh(0.8f), h2 = std::tanh(1.3f - h1);
  expectNear(y, 0, floats({2, 1, 1, 1}, {h1, h2}));
  expectNear(y, 1, floats({1, 1, 1}, {h2}));
}

TEST_F(RnnTest, ReverseStartsAtEachLength) {
  // Two sequences, of lengths 2 and 1; the weights make h = x + old.
  Tensor x = floats({2, 2, 1}, {1, 10, 2, 20}), one = floats({1, 1, 1}, {1});
  Tensor lengths = tensor<int32_t>({2}, {2, 1}), h0 = floats({1, 2, 1}, {100, 200});
  std::vector<Datum> y = eval("rnn %0, %1, %2, %3, %4" + attributes("1, 1, 1, 0, 1, 1", 1, "\"relu\"", 1),
                              {x, one, one, lengths, h0}, "tensor<2x1x2x1xf32>, tensor<1x2x1xf32>");
  expectNear(y, 0, floats({2, 1, 2, 1}, {103, 210, 102, 0}));
  expectNear(y, 1, floats({1, 2, 1}, {103, 210}));
}

TEST_F(RnnTest, BidirectionalAndBatchFirst) {
  // [batch, sequence, features]; the backward direction doubles the input.
  Tensor x = floats({1, 3, 1}, {1, 2, 3}), w = floats({2, 1, 1}, {1, 2}), r = floats({2, 1, 1}, {1, 1});
  std::vector<Datum> y =
      eval("rnn %0, %1, %2" + attributes("1, 1, 1, 0, 0, 0", 2, "\"relu\", \"relu\"", 2, ", layout = 1"), {x, w, r},
           "tensor<1x3x2x1xf32>, tensor<1x2x1xf32>");
  expectNear(y, 0, floats({1, 3, 2, 1}, {1, 12, 3, 10, 6, 6}));
  expectNear(y, 1, floats({1, 2, 1}, {6, 12}));
}

TEST_F(RnnTest, Gru) {
  // Gates z, r, h with weights 1, 2, 3, recurrence 0.1, 0.2, 0.3 and biases of both.
  Tensor x = floats({1, 1, 1}, {0.5}), w = floats({1, 3, 1}, {1, 2, 3}), r = floats({1, 3, 1}, {0.1f, 0.2f, 0.3f});
  Tensor b = floats({1, 6}, {0.01f, 0.02f, 0.03f, 0.04f, 0.05f, 0.06f}), h0 = floats({1, 1, 1}, {2});
  float z = sigmoid(0.5f + 0.01f + 0.2f + 0.04f), reset = sigmoid(1 + 0.02f + 0.4f + 0.05f);
  float after = std::tanh(1.5f + 0.03f + 0.3f * (reset * 2) + 0.06f),
        before = std::tanh(1.5f + 0.03f + reset * (0.6f + 0.06f));
  auto run = [&](llvm::StringRef more) {
    return eval("gru %0, %1, %2, %3, %4" + attributes("1, 1, 1, 1, 0, 1", 0, kGru, 2, more), {x, w, r, b, h0},
                "tensor<1x1x1x1xf32>, tensor<1x1x1xf32>");
  };
  expectNear(run(""), 1, floats({1, 1, 1}, {(1 - z) * after + z * 2}));
  expectNear(run(", linear_before_reset = true"), 0, floats({1, 1, 1, 1}, {(1 - z) * before + z * 2}));
}

TEST_F(RnnTest, Lstm) {
  // Gates i, o, f, c; the peepholes' order is i, o, f.
  Tensor x = floats({1, 1, 1}, {1}), w = floats({1, 4, 1}, {0.1f, 0.2f, 0.3f, 0.4f}),
         r = floats({1, 4, 1}, {1, 2, 3, 4});
  Tensor h0 = floats({1, 1, 1}, {0.5}), c0 = floats({1, 1, 1}, {2}), p = floats({1, 3}, {0.01f, 0.02f, 0.03f});
  float i = sigmoid(0.1f + 0.5f + 0.02f), f = sigmoid(0.3f + 1.5f + 0.06f), c = f * 2 + i * std::tanh(0.4f + 2);
  float o = sigmoid(0.2f + 1 + 0.02f * c);
  llvm::StringRef types = "tensor<1x1x1x1xf32>, tensor<1x1x1xf32>, tensor<1x1x1xf32>";
  std::vector<Datum> y = eval("lstm %0, %1, %2, %3, %4, %5" + attributes("1, 1, 1, 0, 0, 1, 1, 1", 0, kLstm, 3),
                              {x, w, r, h0, c0, p}, types);
  expectNear(y, 0, floats({1, 1, 1, 1}, {o * std::tanh(c)}));
  expectNear(y, 1, floats({1, 1, 1}, {o * std::tanh(c)}));
  expectNear(y, 2, floats({1, 1, 1}, {c}));

  // Coupled gates, a clip of 0.2 and no state: i = sigmoid(0.1), c = i * tanh(0.2), o = sigmoid(0.2).
  y = eval("lstm %0, %1, %2" + attributes("1, 1, 1, 0, 0, 0, 0, 0", 0, kLstm, 3, ", input_forget = true, clip = 0.2"),
           {x, w, r}, types);
  c = sigmoid(0.1f) * std::tanh(0.2f);
  expectNear(y, 0, floats({1, 1, 1, 1}, {sigmoid(0.2f) * std::tanh(c)}));
}

TEST_F(RnnTest, RefusesActivations) {
  Tensor x = floats({1, 1, 1}, {1}), w = floats({1, 1, 1}, {1});
  llvm::StringRef types = "tensor<1x1x1x1xf32>, tensor<1x1x1xf32>";
  EXPECT_TRUE(eval("rnn %0, %1, %2" + attributes("1, 1, 1, 0, 0, 0", 0, "\"gelu\"", 1), {x, w, w}, types).empty());
  EXPECT_TRUE(eval("rnn %0, %1, %2" + attributes("1, 1, 1, 0, 0, 0", 0, kGru, 2), {x, w, w}, types).empty());
}

TEST_F(RnnTest, InferredTypes) {
  EXPECT_EQ(infer("rnn %0, %1, %2" + attributes("1, 1, 1, 0, 0, 0", 2, "\"tanh\", \"tanh\"", 2),
                  {"tensor<?x?x4xf32, #dim.shape<[s, b, 4]>>", "tensor<2x8x4xf32>", "tensor<2x8x8xf32>"},
                  "tensor<?x2x?x8xf32>, tensor<2x?x8xf32>"),
            (std::vector<std::string>{"tensor<?x2x?x8xf32, #dim.shape<[s, 2, b, 8]>>",
                                      "tensor<2x?x8xf32, #dim.shape<[2, b, 8]>>"}));
}
} // namespace
} // namespace dlc::nn

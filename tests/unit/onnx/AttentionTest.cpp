//===- AttentionTest.cpp - attention, rotation and recurrences ------------------------------===//
#include "tests/unit/onnx/TestModel.h"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace {
using namespace dlc::onnx_testing;
using Floats = std::vector<float>;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

void setFloat(onnx::NodeProto &n, const std::string &name, float value) {
  auto *a = n.add_attribute();
  a->set_name(name);
  a->set_type(onnx::AttributeProto::FLOAT);
  a->set_f(value);
}

void expectNear(const Floats &got, const Floats &expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], expected[i], 1e-5f) << "element " << i;
  }
}

/// One head of size 1; queries of 0 see all keys alike, so that a row is the mean of the values that it may see.
onnx::NodeProto &means(TestModel &m, int queries, int keys, const std::string &mask = "") {
  m.input("q", {1, 1, queries, 1}).input("k", {1, 1, keys, 1}).input("v", {1, 1, keys, 1}).output("y");
  return m.node("Attention", {"q", "k", "v", mask}, {"y"});
}

TEST(Attention, CausalSeesWhatIsBefore) {
  TestModel m(23);
  setInt(means(m, 3, 3), "is_causal", 1);
  ASSERT_TRUE(m.import()) << m.problemText();
  expectNear(m.run({{{1, 1, 3, 1}, {0, 0, 0}}, {{1, 1, 3, 1}, {0, 0, 0}}, {{1, 1, 3, 1}, {2, 4, 9}}}), {2, 3, 5});
}

TEST(Attention, RowsThatSeeNothingAreZeros) {
  TestModel m(23);
  m.floats("mask", {2, 2}, {-kInfinity, -kInfinity, 0, -kInfinity});
  means(m, 2, 2, "mask");
  ASSERT_TRUE(m.import()) << m.problemText();
  expectNear(m.run({{{1, 1, 2, 1}, {0, 0}}, {{1, 1, 2, 1}, {0, 0}}, {{1, 1, 2, 1}, {2, 4}}}), {0, 2});
}

TEST(Attention, ShorterMaskHidesTheRest) {
  TestModel m(23);
  m.floats("mask", {1, 2}, {0, 0});
  means(m, 1, 4, "mask");
  ASSERT_TRUE(m.import()) << m.problemText();
  expectNear(m.run({{{1, 1, 1, 1}, {0}}, {{1, 1, 4, 1}, {0, 0, 0, 0}}, {{1, 1, 4, 1}, {2, 4, 100, 100}}}), {3});
}

TEST(Attention, CacheMovesTheCausalBound) {
  TestModel m(23);
  m.input("q", {1, 1, 2, 1})
      .input("k", {1, 1, 2, 1})
      .input("v", {1, 1, 2, 1})
      .input("pk", {1, 1, "p", 1})
      .input("pv", {1, 1, "p", 1});
  m.output("y");
  setInt(m.node("Attention", {"q", "k", "v", "", "pk", "pv"}, {"y"}), "is_causal", 1);
  ASSERT_TRUE(m.import()) << m.problemText();
  expectNear(m.run({{{1, 1, 2, 1}, {0, 0}},
                    {{1, 1, 2, 1}, {0, 0}},
                    {{1, 1, 2, 1}, {6, 12}},
                    {{1, 1, 2, 1}, {0, 0}},
                    {{1, 1, 2, 1}, {1, 2}}}),
             {3, 5.25f});
}

TEST(Attention, LengthsMoveTheCausalBoundFromTheEnd) {
  TestModel m(24);
  m.ints("lengths", {2}, {1, 3});
  m.input("q", {2, 1, 2, 1}).input("k", {2, 1, 4, 1}).input("v", {2, 1, 4, 1}).output("y");
  setInt(m.node("Attention", {"q", "k", "v", "", "", "", "lengths"}, {"y"}), "is_causal", 1);
  ASSERT_TRUE(m.import()) << m.problemText();
  // Query i sees keys j <= i + length - 2: none and {0}, then {0, 1} and {0, 1, 2}.
  expectNear(
      m.run({{{2, 1, 2, 1}, {0, 0, 0, 0}}, {{2, 1, 4, 1}, Floats(8, 0)}, {{2, 1, 4, 1}, {5, 7, 9, 11, 1, 3, 8, 20}}}),
      {0, 5, 2, 4});
}

TEST(Attention, QueryHeadsShareKeyHeadsInOrder) {
  TestModel m(23);
  m.input("q", {1, 1, 4}).input("k", {1, 1, 2}).input("v", {1, 1, 2}).output("y");
  onnx::NodeProto &n = m.node("Attention", {"q", "k", "v"}, {"y"});
  setInt(n, "q_num_heads", 4);
  setInt(n, "kv_num_heads", 2);
  ASSERT_TRUE(m.import()) << m.problemText();
  expectNear(m.run({{{1, 1, 4}, {1, 2, 3, 4}}, {{1, 1, 2}, {1, 1}}, {{1, 1, 2}, {10, 20}}}), {10, 10, 20, 20});
}

TEST(Attention, ScaleAndSoftcapChangeScores) {
  for (float cap : {0.0f, 2.0f}) {
    TestModel m(23);
    onnx::NodeProto &n = means(m, 1, 2);
    setFloat(n, "scale", 0.5f);
    setFloat(n, "softcap", cap);
    ASSERT_TRUE(m.import()) << m.problemText();
    // Scores 3 and 0, capped 2 tanh(1.5) and 0.
    float score = cap > 0 ? 2 * std::tanh(1.5f) : 3;
    expectNear(m.run({{{1, 1, 1, 1}, {2}}, {{1, 1, 2, 1}, {3, 0}}, {{1, 1, 2, 1}, {1, 0}}}),
               {1 / (1 + std::exp(-score))});
  }
}

TEST(Attention, RefusesHeadsThatDoNotDivide) {
  TestModel m(23);
  m.input("q", {1, 3, 1, 1}).input("k", {1, 2, 1, 1}).input("v", {1, 2, 1, 1}).output("y");
  m.node("Attention", {"q", "k", "v"}, {"y"});
  EXPECT_FALSE(m.import());
  EXPECT_NE(m.problemText().find("that the number of key heads divides, got 3 and 2"), std::string::npos)
      << m.problemText();
}

TEST(RotaryEmbedding, RotatesHalvesOrNeighbours) {
  for (bool interleaved : {false, true}) {
    TestModel m(23);
    m.floats("cos", {2, 1}, {1, 0}); // position 1 is a quarter turn
    m.floats("sin", {2, 1}, {0, 1});
    m.ints("ids", {1, 2}, {1, 0});
    m.input("x", {1, 1, 2, 3}).output("y");
    onnx::NodeProto &n = m.node("RotaryEmbedding", {"x", "cos", "sin", "ids"}, {"y"});
    setInt(n, "rotary_embedding_dim", 2);
    setInt(n, "interleaved", interleaved);
    ASSERT_TRUE(m.import()) << m.problemText();
    expectNear(m.run({{{1, 1, 2, 3}, {1, 2, 3, 4, 5, 6}}}), {-2, 1, 3, 4, 5, 6});
  }
}

TEST(TensorScatter, WrapsAround) {
  TestModel m(24);
  m.ints("at", {2}, {0, 2});
  m.input("cache", {2, 3, 1}).input("update", {2, 2, 1}).output("y");
  setString(m.node("TensorScatter", {"cache", "update", "at"}, {"y"}), "mode", "circular");
  ASSERT_TRUE(m.import()) << m.problemText();
  expectNear(m.run({{{2, 3, 1}, {1, 2, 3, 4, 5, 6}}, {{2, 2, 1}, {10, 20, 30, 40}}}), {10, 20, 3, 40, 5, 30});
}

/// One head of size 2 and values of size 1. With keys [1, 0] and [1, 1], S is a column of two numbers.
TEST(LinearAttention, UpdateRules) {
  struct Case {
    const char *rule;
    bool decay, beta;
    Floats expected;
  };
  const float half = std::log(0.5f);
  // linear: S = [3, 0], then [7, 4]. gated: [3, 0], then [1.5, 0] + 4 [1, 1]. delta, beta 1/2: [1.5, 0], then
  // 0.5 (4 - 1.5) = 1.25 is written to both. gated_delta: [1.5, 0] halves to 0.75, then 0.5 (4 - 0.75) = 1.625.
  const Case cases[] = {{"linear", false, false, {3, 11}},
                        {"gated", true, false, {3, 9.5f}},
                        {"delta", false, true, {1.5f, 4}},
                        {"gated_delta", true, true, {1.5f, 4}}};
  for (const Case &c : cases) {
    TestModel m(27);
    m.floats("decay", {1, 2, 1}, {half, half});
    m.floats("beta", {1, 2, 1}, {0.5f, 0.5f});
    m.input("q", {1, "t", 2}).input("k", {1, "t", 2}).input("v", {1, "t", 1}).output("y").output("s");
    onnx::NodeProto &n =
        m.node("LinearAttention", {"q", "k", "v", "", c.decay ? "decay" : "", c.beta ? "beta" : ""}, {"y", "s"});
    setString(n, "update_rule", c.rule);
    setFloat(n, "scale", 1);
    setInt(n, "q_num_heads", 1);
    setInt(n, "kv_num_heads", 1);
    ASSERT_TRUE(m.import()) << m.problemText();
    expectNear(m.run({{{1, 2, 2}, {1, 1, 1, 1}}, {{1, 2, 2}, {1, 0, 1, 1}}, {{1, 2, 1}, {3, 4}}}), c.expected);
  }
}

TEST(CausalConv, GoesOnFromTheState) {
  TestModel m(27);
  m.floats("w", {1, 1, 3}, {1, 10, 100});
  m.input("x", {1, 1, "n"}).input("past", {1, 1, 2}).output("y");
  m.node("CausalConvWithState", {"x", "w", "", "past"}, {"y", "present"});
  ASSERT_TRUE(m.import()) << m.problemText();
  expectNear(m.run({{{1, 1, 2}, {3, 4}}, {{1, 1, 2}, {1, 2}}}), {321, 432});
}
} // namespace

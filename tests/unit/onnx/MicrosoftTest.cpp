//===- MicrosoftTest.cpp - ops that ONNX Runtime adds ---------------------------------------===//
// Numbers without an explanation are ONNX Runtime's (1.31, CPU).
#include "tests/unit/onnx/TestModel.h"
#include <gtest/gtest.h>

namespace {
using namespace dlc::onnx_testing;
using Floats = std::vector<float>;

struct MicrosoftModel : TestModel {
  MicrosoftModel() : TestModel(20) {
    auto *set = proto.add_opset_import();
    set->set_domain("com.microsoft");
    set->set_version(1);
  }
  onnx::NodeProto &own(const std::string &op, std::initializer_list<std::string> inputs,
                       std::initializer_list<std::string> outputs) {
    onnx::NodeProto &n = node(op, inputs, outputs);
    n.set_domain("com.microsoft");
    return n;
  }
  onnx::TensorProto &bytes(const std::string &name, std::initializer_list<int64_t> shape,
                           const std::vector<int> &values) {
    onnx::TensorProto &t = ints(name, shape, {});
    t.set_data_type(onnx::TensorProto::UINT8);
    t.mutable_int32_data()->Add(values.begin(), values.end());
    return t;
  }
  onnx::TensorProto &int32s(const std::string &name, std::initializer_list<int64_t> shape,
                            const std::vector<int> &values) {
    onnx::TensorProto &t = bytes(name, shape, values);
    t.set_data_type(onnx::TensorProto::INT32);
    return t;
  }
};

void expectNear(const Floats &got, const Floats &expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], expected[i], 2e-5f) << "element " << i;
  }
}

TEST(Microsoft, Attention) {
  MicrosoftModel m;
  m.floats("w", {2, 6}, {0.5f, -1, 1, 0, 2, -0.5f, 1, 0.5f, -1, 2, 0.25f, 1});
  m.floats("b", {6}, {0.1f, 0, 0, 0.2f, 0, -0.3f});
  m.int32s("mask", {1, 3}, {1, 1, 0});
  m.input("x", {1, "n", 2}).output("y");
  onnx::NodeProto &n = m.own("Attention", {"x", "w", "b", "mask"}, {"y"});
  setInt(n, "num_heads", 2);
  setInt(n, "unidirectional", 1);
  ASSERT_TRUE(m.import()) << m.problemText();
  expectNear(m.run({{{1, 3, 2}, {-0.5f, -0.25f, 0, 0.25f, 0.5f, 0.75f}}}),
             {-1.0625f, -0.3f, -0.5f, -0.16719767f, -0.5f, -0.18280236f});
}

TEST(Microsoft, MultiHeadAttention) {
  MicrosoftModel m;
  m.floats("b", {12}, {0, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f, 1, 1.1f});
  m.input("q", {1, "n", 4}).input("k", {1, "n", 4}).input("v", {1, "n", 4}).output("y");
  setInt(m.own("MultiHeadAttention", {"q", "k", "v", "b"}, {"y"}), "num_heads", 2);
  ASSERT_TRUE(m.import()) << m.problemText();
  Floats q, k, v;
  for (int i = 0; i < 8; ++i) {
    q.push_back(float(i) / 4 - 1);
    k.push_back(q.back() / 2);
    v.push_back(q.back() + 1);
  }
  expectNear(m.run({{{1, 2, 4}, q}, {{1, 2, 4}, k}, {{1, 2, 4}, v}}),
             {1.15815914f, 1.50815916f, 1.97791731f, 2.3279171f, 1.3308965f, 1.68089652f, 2.1499269f, 2.49992704f});
}

/// Queries of 0 see all keys alike: the result is the mean of 2 and 4 in the cache and the new 6.
TEST(Microsoft, GroupQueryAttentionFillsItsCache) {
  for (const char *fetched : {"y", "pv"}) {
    MicrosoftModel m;
    m.int32s("lengths", {1}, {2});
    m.int32s("total", {}, {3});
    m.input("q", {1, 1, 2})
        .input("k", {1, 1, 1})
        .input("v", {1, 1, 1})
        .input("pastk", {1, 1, 4, 1})
        .input("pastv", {1, 1, 4, 1});
    m.output(fetched);
    onnx::NodeProto &n =
        m.own("GroupQueryAttention", {"q", "k", "v", "pastk", "pastv", "lengths", "total"}, {"y", "pk", "pv"});
    setInt(n, "num_heads", 2);
    setInt(n, "kv_num_heads", 1);
    ASSERT_TRUE(m.import()) << m.problemText();
    Floats y = m.run({{{1, 1, 2}, {0, 0}},
                      {{1, 1, 1}, {1}},
                      {{1, 1, 1}, {6}},
                      {{1, 1, 4, 1}, {0, 0, 0, 0}},
                      {{1, 1, 4, 1}, {2, 4, 8, 9}}});
    expectNear(y, fetched[0] == 'y' ? Floats{4, 4} : Floats{2, 4, 6, 9});
  }
}

TEST(Microsoft, RotaryEmbeddingFromOnePosition) {
  MicrosoftModel m;
  m.floats("cos", {3, 1}, {1, 0, -1}); // quarter turns
  m.floats("sin", {3, 1}, {0, 1, 0});
  m.ints("at", {1}, {1});
  m.input("x", {1, 2, 4}).output("y");
  m.own("RotaryEmbedding", {"x", "at", "cos", "sin"}, {"y"});
  ASSERT_TRUE(m.import()) << m.problemText();
  expectNear(m.run({{{1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}}}), {-2, 1, -4, 3, -5, -6, -7, -8});
}

TEST(Microsoft, MatMulNBits) {
  MicrosoftModel m;
  m.bytes("b", {2, 2, 8}, {0,  37,  74,  111, 148, 185, 222, 3,  40,  77,  114, 151, 188, 225, 6,  43,
                           80, 117, 154, 191, 228, 9,   46,  83, 120, 157, 194, 231, 12,  49,  86, 123});
  m.floats("s", {2, 2}, {0.5f, 0.25f, 1, 2});
  m.bytes("z", {2, 1}, {0x37, 0x8a});
  m.input("a", {1, 32}).output("y");
  onnx::NodeProto &n = m.own("MatMulNBits", {"a", "b", "s", "z"}, {"y"});
  setInt(n, "K", 32);
  setInt(n, "N", 2);
  setInt(n, "bits", 4);
  setInt(n, "block_size", 16);
  ASSERT_TRUE(m.import()) << m.problemText();
  Floats a;
  for (int i = 0; i < 32; ++i) {
    a.push_back(float(i) / 16 - 1);
  }
  expectNear(m.run({{{1, 32}, a}}), {12.640625f, 5.3125f});
}

TEST(Microsoft, EmbedLayerNormalization) {
  MicrosoftModel m;
  m.int32s("ids", {1, 2}, {1, 0});
  m.int32s("segments", {1, 2}, {0, 1});
  m.floats("words", {2, 2}, {0, 1, 2, 3});
  m.floats("positions", {2, 2}, {0, 10, 0, 20});
  m.floats("kinds", {2, 2}, {0, 0, 0, 100});
  m.floats("gamma", {2}, {1, 2});
  m.floats("beta", {2}, {0, 1});
  m.output("y");
  m.own("EmbedLayerNormalization", {"ids", "segments", "words", "positions", "kinds", "gamma", "beta"}, {"y"});
  ASSERT_TRUE(m.import()) << m.problemText();
  // Of two numbers, the normalised ones are -1 and 1: times gamma, plus beta.
  expectNear(m.run({}), {-1, 3, -1, 3});
}

TEST(Microsoft, NhwcConv) {
  MicrosoftModel m;
  m.floats("w", {1, 2, 1, 1}, {1, 10});
  m.input("x", {1, 1, 2, 2}).output("y");
  m.own("NhwcConv", {"x", "w"}, {"y"});
  ASSERT_TRUE(m.import()) << m.problemText();
  expectNear(m.run({{{1, 1, 2, 2}, {1, 2, 3, 4}}}), {21, 43});
}
} // namespace

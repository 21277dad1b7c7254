//===- MeaninglessTest.cpp - nodes whose constants can't be meant -----------------------------===//
#include "tests/unit/onnx/NodeCase.h"

namespace {
using namespace dlc::onnx_testing;

TEST(Meaningless, NegativeSizes) {
  const char *atZero = "expected sizes of at least 0, got -3 at dim 0 of what the node computes";
  const char *atOne = "expected sizes of at least 0, got -3 at dim 1 of what the node computes";
  expectReasons({
      {"ConstantOfShape", 13, "=2,-3", "", atOne},
      {"OneHot", 11, "i64:2 =-3 2", "", atOne},
      {"HannWindow", 17, "=-3", "", atZero},
      {"HammingWindow", 17, "=-3", "periodic=0", atZero},
      {"BlackmanWindow", 17, "=-3", "", atZero},
      {"RandomUniform", 22, "", "shape=[-3]", atZero},
      {"RandomNormal", 22, "", "shape=[2,-3]", atOne},
      {"Multinomial", 22, "2x3", "sample_size=-1", "expected sample_size of at least 0, got -1"},
      {"AffineGrid", 20, "1x2x3 =1,1,-3,2", "", atZero},
      {"MaxUnpool", 11, "1x1x2 i64:1x1x2 =1,-3,4", "kernel_shape=[2]", atOne},
      {"Tile", 13, "1 =-3", "", atZero},
      {"Expand", 13, "1 =-3", "", atZero},
  });
}

TEST(Meaningless, Attention) {
  const char *heads = "num_heads=1 kv_num_heads=1", *group = "com.microsoft.GroupQueryAttention";
  expectReasons({
      {"Attention", 23, "1x1x2x4 1x1x3x4 1x1x3x4 2x5", "", "expected a mask of at most 3 keys, got 5"},
      {group, 20, "1x2x4 1x2x4 1x2x4 - - i32:1 =-1", heads,
       "expected a total_sequence_length of at least the 2 new keys, got -1"},
      {group, 20, "1x2x4 1x2x4 1x2x4 - - i32:1 =1", heads,
       "expected a total_sequence_length of at least the 2 new keys, got 1"},
      {group, 20, "1xnx4 1xnx4 1xnx4 - - i32:1 =-1", heads,
       "expected a total_sequence_length of at least the n new keys, got -1"},
      {group, 20, "1x1x4 1x1x4 1x1x4 1x1x3x4 1x1x2x4 i32:1 i32:1", heads,
       "expected 3 as length of the value cache, got 2"},
      {group, 20, "1x1x4 1x1x4 1x1x4 1x2x3x2 1x2x3x2 i32:1 i32:1", heads,
       "expected 1 as batch, heads or size of the cache, got 2"},
  });
}

TEST(Meaningless, OperandsOfAttention) {
  const char *ms = "com.microsoft.Attention", *multi = "com.microsoft.MultiHeadAttention",
             *group = "com.microsoft.GroupQueryAttention", *heads = "num_heads=2 kv_num_heads=1";
  const char *linear = "update_rule=linear q_num_heads=1 kv_num_heads=1";
  expectReasons({
      {"Attention", 23, "1x2x3x4 1x1x3x4 1x2x3x4", "", "expected 1 as number of value heads, got 2"},
      {"Attention", 23, "1x2x3x4 1x2x3x4 1x2x5x4", "", "expected 3 as number of values, got 5"},
      {"RotaryEmbedding", 23, "3x2x1x4 7x2 7x2 =0,1,9", "",
       "expected indices in [-7, 7), got 9 as element 2 of the indices"},
      {"TensorScatter", 24, "1x4x2 1x6x2", "", "expected 0 as elements of the cache that the update leaves, got -2"},
      {"TensorScatter", 24, "1x4x2 1x2x2 =3", "", "expected write_indices of at least 0 and below 3, got 3"},
      {"TensorScatter", 24, "1x4x2 1x2x2 =-1", "", "expected write_indices of at least 0 and below 3, got -1"},
      {multi, 20, "1x2x4 1x2x4 1x2x4 20", "num_heads=2", "expected 12 as size of the bias, got 20"},
      {ms, 20, "1x2x4 4x13 13", "num_heads=2", "expected 12 as columns of the weights, got 13"},
      {ms, 20, "1x2x4 4x16 16", "num_heads=2 qkv_hidden_sizes=[4,4,4]",
       "expected 12 as columns of the weights, got 16"},
      {group, 20, "1x2x9 - - - - i32:1 i32:1", heads, "expected 8 as size of all heads, got 9"},
      {group, 20, "1x2x8 1x2x4 1x3x4 - - i32:1 i32:1", heads, "expected 2 as number of values, got 3"},
      {group, 20, "1x2x8 1x2x4 1x2x4 - - =4 =4", heads, "expected seqlens_k of at least 0 and below 4, got 4"},
      {"LinearAttention", 27, "1x4x6 1x4x6 1x5x6", linear, "expected 4 as steps of input 2, got 5"},
      {"LinearAttention", 27, "1x4x6 2x4x6 1x4x6", linear, "expected 1 as batch of input 1, got 2"},
  });
}

TEST(Meaningless, Sizes) {
  expectReasons({
      {"QLinearMatMul", 21, "u8:2x3 1 u8:1 u8:2x3 1 u8:1 1 u8:1", "",
       "'nn.matmul_integer' op expected equal inner dims, got 3 and 2"},
      {"com.microsoft.MatMulNBits", 20, "1x32 u8:8x2x16 8", "K=32 N=8 bits=4 block_size=32",
       "'nn.reshape' op expected as many elements as the input's [8, 2, 16], got [8, 16]"},
      {"GRU", 14, "2x1x3 1x6x3 1x6x2", "hidden_size=7", "expected 7 as hidden_size in the recurrence weights, got 2"},
      {"NonMaxSuppression", 11, "1x6x4 1x1x6 =1,2", "", "expected 1 as number of elements of input 2, got 2"},
  });
}

TEST(Meaningless, MasksOfUnknownSizesAreCheckedByTheRun) {
  TestModel m(23);
  build(m, {"Attention", 23, "1x1x1x1 1x1xkx1 1x1xkx1 1xm", "", ""});
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.run({{{1, 1, 1, 1}, {1}}, {{1, 1, 2, 1}, {1, 1}}, {{1, 1, 2, 1}, {3, 5}}, {{1, 2}, {0, 0}}}),
            std::vector<float>{4})
      << m.error;
  EXPECT_EQ(m.run({{{1, 1, 1, 1}, {1}}, {{1, 1, 2, 1}, {1, 1}}, {{1, 1, 2, 1}, {3, 5}}, {{1, 1}, {0}}}),
            std::vector<float>{3})
      << "what the mask leaves out is hidden: " << m.error;
  m.run({{{1, 1, 1, 1}, {1}}, {{1, 1, 2, 1}, {1, 1}}, {{1, 1, 2, 1}, {3, 5}}, {{1, 3}, {0, 0, 0}}});
  EXPECT_NE(m.error.find("greatest number of keys in the mask"), std::string::npos) << m.error;
}

TEST(Meaningless, IndicesOutOfRange) {
  expectReasons({
      {"Gather", 13, "3 =0,3", "", "expected indices in [-3, 3), got 3 as element 1 of the indices"},
      {"Gather", 13, "2x3 =-4", "axis=1", "expected indices in [-3, 3), got -4 as element 0 of the indices"},
      {"Gather", 13, "0 =0", "", "expected indices in [-0, 0), got 0 as element 0 of the indices"},
      {"GatherElements", 13, "3 =2,3", "", "expected indices in [-3, 3), got 3 as element 1 of the indices"},
      {"GatherND", 13, "2x3 =1,3", "", "expected indices in [-3, 3), got 3 as element 1 of the indices"},
      {"ScatterElements", 18, "3 =-4,0 2", "", "expected indices in [-3, 3), got -4 as element 0 of the indices"},
      {"Scatter", 9, "3 =0,7 2", "", "expected indices in [-3, 3), got 7 as element 1 of the indices"},
      {"ScatterND", 18, "2x3 =2,0 f32:", "", "expected indices in [-2, 2), got 2 as element 0 of the indices"},
      {"NegativeLogLikelihoodLoss", 13, "2x3 =0,3", "",
       "expected indices in [-3, 3), got 3 as element 1 of the indices"},
  });
}

TEST(Meaningless, IndicesWithinTheDimsAreTaken) {
  for (const Case &c : {Case{"Gather", 13, "3 =2,-3", "", ""}, Case{"Gather", 13, "n =7", "", ""},
                        Case{"GatherND", 13, "2x3 =1,-3", "", ""}, Case{"ScatterND", 18, "2x3 =-2,2 f32:", "", ""},
                        Case{"NegativeLogLikelihoodLoss", 13, "2x3 =0,9", "ignore_index=9", ""}}) {
    TestModel m(c.opset);
    build(m, c);
    EXPECT_TRUE(m.import()) << c.op << ": " << m.problemText();
  }
}

/// What a run knows: a shape with a size of -5, which is no -1.
TEST(Meaningless, ReshapeToNegativeSizesOfTheRun) {
  TestModel m(13);
  m.input("x", {4}).input("s", {2}).output("y");
  setInt(m.node("Cast", {"s"}, {"i"}), "to", onnx::TensorProto::INT64);
  m.node("Reshape", {"x", "i"}, {"y"});
  ASSERT_TRUE(m.import()) << m.problemText();
  EXPECT_EQ(m.run({{{4}, {1, 2, 3, 4}}, {{2}, {2, -1}}}), (std::vector<float>{1, 2, 3, 4})) << m.error;
  EXPECT_TRUE(m.run({{{4}, {1, 2, 3, 4}}, {{2}, {2, -5}}}).empty());
  EXPECT_NE(m.error.find("size that is asked for (at least -1)"), std::string::npos) << m.error;
}

TEST(Meaningless, Lengths) {
  expectReasons({
      {"ReverseSequence", 10, "4x2 =5,1", "", "expected lengths of at least 0 and below 5, got 5"},
      {"ReverseSequence", 10, "4x2 =1,-1", "", "expected lengths of at least 0 and below 5, got -1"},
      {"RNN", 14, "2x1x3 1x2x3 1x2x2 - =3", "hidden_size=2", "expected sequence_lens of at least 0 and below 3, got 3"},
      {"RoiAlign", 16, "1x1x4x4 1x4 =1", "output_height=2", "expected batch indices of at least 0 and below 1, got 1"},
      {"RoiAlign", 16, "1x1x4x4 1x4 i64:1", "sampling_ratio=-1",
       "'nn.roi_align' op expected a height and width of at least 1 and a sampling ratio of at least 0, got 1, 1 and "
       "-1"},
      {"TopK", 11, "4 =-1", "", "'nn.top_k' op expected k from 0 to 4, got -1", 2},
      {"Split", 13, "3 =4,-1", "", "expected parts of at least 0 elements, got -1", 2},
      {"DFT", 17, "1x4x1 =0", "", "expected 1 as dft_length (at least 1), got 0"},
      {"STFT", 17, "1x4x1 =0 2", "", "expected 1 as frame_step (at least 1), got 0"},
      {"STFT", 17, "1x4x1 =-2 2", "", "expected 1 as frame_step (at least 1), got -2"},
      {"Col2Im", 18, "1x5x4 =3,3 =2,2", "", "expected 4 as channels (a multiple of the block's elements), got 5"},
      {"Col2Im", 18, "1x4x5 =3,3 =2,2", "", "expected 4 as number of windows, got 5"},
  });
}

TEST(Meaningless, Attributes) {
  expectReasons({
      {"Range", 11, "i64: i64: =0", "", "expected a delta other than 0"},
      {"Dropout", 13, "2 =1 bool:", "", "expected a ratio in [0, 1), got 1.000000"},
      {"LRN", 13, "1x3x4x4", "size=-3",
       "'nn.lrn' op expected an input of rank 2 or more and a size of at least 1, got 'tensor<1x3x4x4xf32>' and -3"},
      {"ConvTranspose", 11, "1x1x4 1x1x3", "strides=[0]",
       "'nn.conv_transpose' op expected 1 strides of at least 1, got [0]"},
      {"Softmax", 13, "f32:", "axis=0", "expected a tensor of at least 1 dim, got a scalar, which has no axis 0"},
      {"Softmax", 11, "f32:", "", "expected a tensor of at least 1 dim, got a scalar, which has no axis 1"},
  });
}
} // namespace

//===- RuleMessagesAToLTest.cpp - what the rules of files A to L say of nodes they can't take ---===//
#include "tests/unit/onnx/NodeCase.h"

namespace {
using namespace dlc::onnx_testing;

TEST(RuleMessagesAToL, Activation) {
  expectReasons({{"Gelu", 20, "2", "approximate=exact", "expected approximate 'none' or 'tanh', got 'exact'"},
                 {"Softmax", 11, "2", "axis=1", "expected an axis in [-1, 1), got 1"}});
}

TEST(RuleMessagesAToL, Attention) {
  const char *rotary = "expected an input of rank 4, or 3 with num_heads, and an even rotary_embedding_dim";
  const char *scatter = "expected an axis other than 0, mode linear or circular, and an update of the cache's rank";
  expectReasons({
      {"Attention", 23, "1x2x4 1x2x4 1x2x4", "", "expected q_num_heads above 0 with an input of rank 3, got 0"},
      {"Attention", 23, "1x2x4 1x2x4 1x2x4", "q_num_heads=2 kv_num_heads=-1",
       "expected kv_num_heads above 0 with an input of rank 3, got -1"},
      {"Attention", 23, "2x4 1x1x2x4 1x1x2x4", "q_num_heads=1", "expected a tensor of rank 3 to split into heads"},
      {"Attention", 24, "1x1x2x4 1x1x2x4 1x1x2x4 - - - i64:1x1", "", "expected a vector of lengths at input 6"},
      {"Attention", 23, "1x1x2x4 1x1x2x4 1x1x2x4 - 1x1x2x4", "", "expected past_key and past_value together"},
      {"Attention", 23, "1x1x2x4 1x1x2x4 1x1x2x4", "qk_matmul_output_mode=4",
       "expected qk_matmul_output_mode 0 to 3, got 4"},
      {"Attention", 23, "1x3x2x4 1x2x2x4 1x2x2x4", "",
       "expected a number of query heads that the number of key heads divides, got 3 and 2"},
      {"ai.onnx.preview.FlexAttention", 26, "1x2x4 1x2x4 1x2x4", "",
       "expected queries, keys and values of rank 4 (or 3, with numbers of heads)"},
      {"RotaryEmbedding", 23, "1x4 1x1x2 1x1x2", "", rotary},
      {"RotaryEmbedding", 23, "1x1x4 1x1x2 1x1x2", "", rotary},
      {"RotaryEmbedding", 23, "1x1x1x4 1x1x2 1x1x2", "rotary_embedding_dim=3", rotary},
      {"RotaryEmbedding", 23, "1x1x1x4 1x2 1x2", "",
       "expected sines and cosines of rank 3, or 2 with position_ids of rank 2"},
      {"RotaryEmbedding", 23, "1x1x1x4 1x1x3 1x1x2", "", "expected 2 as half of the rotated size, got 3"},
      {"TensorScatter", 24, "1x2x3 1x1x3", "mode=spiral", scatter},
      {"TensorScatter", 24, "1x2x3 1x1x3", "axis=0", scatter},
      {"TensorScatter", 24, "1x2x3 1x3", "", scatter},
  });
}

TEST(RuleMessagesAToL, AttentionMicrosoft) {
  const char *attention = "expected an input of rank 3, weights of rank 2, num_heads, no rotation and no shared buffer";
  const char *multiHead =
      "expected num_heads, past key and value together, and neither shared buffers nor the output qk";
  const char *group = "expected num_heads to be a multiple of kv_num_heads, and keys and values together";
  const char *plain = "expected caches of plain numbers that hold the whole sequence, and no output of products";
  const char *rotary = "expected an input of rank 3 or 4 (3 with num_heads where rotary_embedding_dim is given), "
                       "scale 1 and no packed batches";
  expectReasons({
      {"com.microsoft.Attention", 20, "2x3x4 4x12 12 i32:3", "num_heads=2",
       "expected one length per element of the batch, or a mask of rank 2 or 3"},
      {"com.microsoft.Attention", 20, "2x3x4 4x12 12 i32:2x1x3x3", "num_heads=2",
       "expected a mask of lengths, or of rank 2 or 3, got rank 4"},
      {"com.microsoft.Attention", 20, "2x3x4 4x12", "", attention},
      {"com.microsoft.Attention", 20, "2x3x4 4x12", "num_heads=2 do_rotary=1", attention},
      {"com.microsoft.Attention", 20, "2x3x4 4x12", "num_heads=2 qkv_hidden_sizes=[4,4]",
       "expected three qkv_hidden_sizes"},
      {"com.microsoft.MultiHeadAttention", 20, "1x2x4 1x2x4 1x2x4", "", multiHead},
      {"com.microsoft.MultiHeadAttention", 20, "1x2x4 1x2x4 1x2x4 - - - 1x2x2x2", "num_heads=2", multiHead},
      {"com.microsoft.MultiHeadAttention", 20, "1x2x2x3x2 - - 12", "num_heads=2",
       "expected no bias with packed operands"},
      {"com.microsoft.MultiHeadAttention", 20, "1x2x4", "num_heads=2",
       "expected query, key and value, or packed ones of rank 5"},
      {"com.microsoft.GroupQueryAttention", 20, "1x2x4 1x2x4 1x2x4", "num_heads=1 kv_num_heads=1",
       "expected seqlens_k and one total_sequence_length"},
      {"com.microsoft.GroupQueryAttention", 20, "1x2x4 1x2x4 1x2x4 - - i32:1 i32:2", "num_heads=1 kv_num_heads=1",
       "expected seqlens_k and one total_sequence_length"},
      {"com.microsoft.GroupQueryAttention", 20, "1x2x4 1x2x4 1x2x4 - - i32:1 i32:1",
       "num_heads=1 kv_num_heads=1 do_rotary=1", "expected tables of cosines and sines, of rank 2, with do_rotary"},
      {"com.microsoft.GroupQueryAttention", 20, "1x2x4 1x2x4 1x2x4", "num_heads=1 kv_num_heads=1 kv_cache_bit_width=8",
       plain},
      {"com.microsoft.GroupQueryAttention", 20, "1x2x4 1x2x4 1x2x4", "num_heads=1 kv_num_heads=1", plain, 4},
      {"com.microsoft.GroupQueryAttention", 20, "1x2x6 1x2x4 1x2x4", "num_heads=3 kv_num_heads=2", group},
      {"com.microsoft.GroupQueryAttention", 20, "1x2x4 1x2x4", "num_heads=2 kv_num_heads=2", group},
      {"com.microsoft.RotaryEmbedding", 20, "2x4 i64:1 2x2 2x2", "", rotary},
      {"com.microsoft.RotaryEmbedding", 20, "1x2x4 i64:1 2x2 2x2", "scale=2.0", rotary},
      {"com.microsoft.RotaryEmbedding", 20, "1x2x4 i64:1 2x2 2x2", "rotary_embedding_dim=2", rotary},
  });
}

TEST(RuleMessagesAToL, AxesAndConstants) {
  expectReasons(
      {{"Squeeze", 13, "1x1 i64:n", "", "expected input 1 (axes) to be known at compile time, or one of 1 to 32 sets"},
       {"Constant", 13, "", "", "expected an attribute with the value, got none"}});
  TestModel m(13);
  onnx::AttributeProto &a = *build(m, {"ConstantOfShape", 13, "i64:2", "", ""}).add_attribute();
  a.set_name("value");
  a.set_type(onnx::AttributeProto::TENSOR);
  a.mutable_t()->set_data_type(onnx::TensorProto::INT64);
  a.mutable_t()->add_dims(2);
  a.mutable_t()->add_int64_data(1);
  a.mutable_t()->add_int64_data(2);
  expectReason(m, "expected a value of one element, got 2");
  a.mutable_t()->add_int64_data(3);
  expectReason(m, "expected data of 2 elements, got 3");
}

TEST(RuleMessagesAToL, ContractionAndConv) {
  expectReasons({
      {"Gemm", 13, "i32:2x2 i32:2x2", "alpha=0.5", "expected integers to be multiplied by an integer, got 0.500000"},
      {"Gemm", 13, "i32:2x2 i32:2x2 i32:2", "beta=1.5",
       "expected integers to be multiplied by an integer, got 1.500000"},
      {"Gemm", 13, "3 2x2", "", "expected matrices, got tensors of rank 1 and 2"},
      {"Conv", 11, "1x1x4 1x1xk", "", "expected a kernel whose sizes are known at compile time"},
      {"Conv", 11, "1x1x4 1x1x3", "kernel_shape=[2]",
       "expected a weight with the sizes that kernel_shape states, at rank 3 or more"},
      {"ConvTranspose", 11, "1x1xn 1x1x3", "output_shape=[5]",
       "expected output_shape with an input whose sizes are known at compile time"},
      {"ConvTranspose", 11, "1x1x4 1x1x3", "strides=[1,1]",
       "expected strides, dilations, pads and output_padding for 1 spatial dims"},
  });
}

TEST(RuleMessagesAToL, Dynamic) {
  expectReasons({
      {"RandomUniform", 22, "", "dtype=7 shape=[2]", "expected a type of floating-point numbers"},
      {"RandomNormalLike", 22, "i64:2", "", "expected a type of floating-point numbers"},
      {"HannWindow", 17, "i64:2", "", "expected one size"},
  });
}

TEST(RuleMessagesAToL, Einsum) {
  expectReasons({
      {"Einsum", 12, "2x3", "equation=ij,j->i", "expected one term per input in equation 'ij,j->i'"},
      {"Einsum", 12, "2x3 - 2", "equation=ij,j,i->i", "expected input 1 to be present"},
      {"Einsum", 12, "2x3", "equation=i->i", "expected a term of 2 dims, got 'i'"},
      {"Einsum", 12, "2x3", "equation=i1->i", "expected a term of 2 dims, got 'i1'"},
      {"Einsum", 12, "2x3", "equation=ij->1", "expected a result of letters and an ellipsis, got '1'"},
      {"Einsum", 12, "2x3", "equation=ij->k", "expected every label of the result once, in some term"},
  });
}

TEST(RuleMessagesAToL, ElementwiseAndFused) {
  const char *ids = "expected word ids of rank 2, and segment ids together with their embedding";
  expectReasons({
      {"BitShift", 11, "i64:2 i64:2", "direction=UP", "expected direction LEFT or RIGHT, got 'UP'"},
      {"Cast", 5, "2", "to=FROB", "expected a supported element type in attribute 'to', got 'FROB'"},
      {"com.microsoft.FusedConv", 20, "1x1x4 1x1x3", "activation=Mish", "expected a known activation, got 'Mish'"},
      {"com.microsoft.FusedMatMul", 20, "2x2 2x2", "transBatchA=1", "expected transBatchA and transBatchB 0"},
      {"com.microsoft.EmbedLayerNormalization", 20, "i32:2 i32:2 4x3 4x3 4x3 3 3", "", ids},
      {"com.microsoft.NhwcConv", 20, "1x4 1x1x3", "", "expected an input of rank 3 or more, got rank 2"},
  });
}

TEST(RuleMessagesAToL, Grid) {
  const char *deform = "expected 2 or 3 spatial dims, a weight of known sizes that kernel_shape states, and strides, "
                       "dilations and pads for them";
  expectReasons({
      {"CenterCropPad", 18, "2x3 i64:1", "", "expected one size per axis"},
      {"AffineGrid", 20, "1x2x3 i64:3", "", "expected matrices [N, d, d + 1] and a size of 4 or 5 numbers"},
      {"DeformConv", 19, "1x1x4 1x1x2 1x4x3", "", deform},
      {"DeformConv", 19, "1x1x4x4 1x1x1000000x1000000 1x2000000000000x3x3", "", "expected a kernel of at most 1048576 taps"},
      {"DeformConv", 19, "1x1x4x4 1x1x2x2 1x8x3x3", "strides=[1]", deform},
      {"DeformConv", 19, "1x1x4x4 1x1x2xk 1x8x3x3", "", deform},
  });
}

TEST(RuleMessagesAToL, Index) {
  expectReasons({
      {"ScatterND", 18, "4 i64:1x1 1", "reduction=avg", "expected reduction none, add, mul, max or min, got 'avg'"},
      {"OneHot", 11, "i64:2 i64:2 2", "", "expected one number at input 1"},
      {"Range", 11, "i64:2 i64: i64:", "", "expected scalars"},
      {"Range", 11, "i64: f32: =1", "", "expected numbers"},
      {"EyeLike", 9, "2", "", "expected a matrix, got rank 1"},
      {"Col2Im", 18, "1x4x9 =3,3 i64:2x2", "", "expected a 1-D tensor of integers of known length at input 2"},
      {"MaxUnpool", 11, "1x1x2 i64:1x1x2", "", "expected a kernel, strides and pads for 1 spatial dims"},
      {"MaxUnpool", 11, "1x1x2 i64:1x1x2 =1,1", "kernel_shape=[2]", "expected one output size per dim"},
  });
}

TEST(RuleMessagesAToL, Loss) {
  expectReasons({
      {"NegativeLogLikelihoodLoss", 13, "2x3 i64:2", "reduction=max",
       "expected reduction none, mean or sum, got 'max'"},
      {"NegativeLogLikelihoodLoss", 13, "2 i64:2", "", "expected scores [N, C, ...] and targets [N, ...]"},
      {"SoftmaxCrossEntropyLoss", 13, "2 i64:2", "", "expected scores [N, C, ...] and targets [N, ...]"},
  });
}
TEST(RuleMessagesAToL, AbsentInputsAndScalars) {
  expectReasons({
      {"Max", 13, "2 - 2", "", "expected input 1 to be present"},
      {"Mean", 13, "2 - 2", "", "expected input 1 to be present"},
      {"com.microsoft.MultiHeadAttention", 17, "1x2x4 1x2x4 1x2x4 f32:", "num_heads=2", "expected a tensor of at least 1 dims, got 0"},
      {"com.microsoft.Attention", 17, "2x3x4 4x12 12 - f32:", "num_heads=2", "expected a past of 5 dims, got 0"},
      {"com.microsoft.GroupQueryAttention", 17, "1x1x8 1x1x8 1x1x8 4 4 i32:1 i32:", "num_heads=2 kv_num_heads=2",
       "expected a cache of 4 dims, got 1"},
  });
}

} // namespace

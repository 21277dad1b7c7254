//===- RuleMessagesMToZTest.cpp - what rules M to Z say of nodes that they refuse ---------===//
#include "tests/unit/onnx/Messages.h"

namespace {
using namespace dlc::onnx_testing;
using onnx::TensorProto;
using Numbers = std::vector<int64_t>;
using Floats = std::vector<float>;
using Strings = std::vector<std::string>;

/// An operand of the node: an input of the graph, an initialiser, or none.
struct Operand {
  int type = 0; ///< 0: there is none
  std::vector<Size> sizes = {};
  bool known = false;
  Numbers numbers = {};
  Floats floats = {};
};
const Operand kAbsent;
Operand f32(std::vector<Size> sizes) { return {TensorProto::FLOAT, std::move(sizes)}; }
Operand i64(std::vector<Size> sizes) { return {TensorProto::INT64, std::move(sizes)}; }
Operand u8(std::vector<Size> sizes) { return {TensorProto::UINT8, std::move(sizes)}; }
Operand numbers(Numbers values) { return {TensorProto::INT64, {int(values.size())}, true, values}; }
Operand floats(Floats values) { return {TensorProto::FLOAT, {int(values.size())}, true, {}, values}; }

using Attribute = std::pair<const char *, std::variant<int, const char *, Numbers, Floats, Strings>>;

void addOperand(TestModel &m, const std::string &name, const Operand &o) {
  if (o.known) {
    onnx::TensorProto &t = *m.graph().add_initializer();
    t.set_name(name);
    t.set_data_type(o.type);
    t.add_dims(std::get<int>(o.sizes[0]));
    t.mutable_int64_data()->Add(o.numbers.begin(), o.numbers.end());
    t.mutable_float_data()->Add(o.floats.begin(), o.floats.end());
    return;
  }
  m.input(name, {}, o.type);
  onnx::TypeProto &type = *m.graph().mutable_input(m.graph().input_size() - 1)->mutable_type();
  auto *shape = type.mutable_tensor_type()->mutable_shape();
  for (const Size &s : o.sizes) {
    std::holds_alternative<int>(s) ? shape->add_dim()->set_dim_value(std::get<int>(s))
                                   : shape->add_dim()->set_dim_param(std::get<const char *>(s));
  }
}

void addAttribute(onnx::NodeProto &n, const Attribute &from) {
  const auto &[name, value] = from;
  if (const int *number = std::get_if<int>(&value)) {
    return setInt(n, name, *number);
  }
  if (const auto *text = std::get_if<const char *>(&value)) {
    return setString(n, name, *text);
  }
  auto *a = n.add_attribute();
  a->set_name(name);
  if (const auto *list = std::get_if<Numbers>(&value)) {
    a->set_type(onnx::AttributeProto::INTS);
    a->mutable_ints()->Add(list->begin(), list->end());
  } else if (const auto *list = std::get_if<Floats>(&value)) {
    a->set_type(onnx::AttributeProto::FLOATS);
    a->mutable_floats()->Add(list->begin(), list->end());
  } else {
    a->set_type(onnx::AttributeProto::STRINGS);
    for (const std::string &s : std::get<Strings>(value)) {
      a->add_strings(s);
    }
  }
}

/// A model of one node, and why it can't be imported.
void refuse(const char *domain, int64_t opset, const char *op, const std::vector<Operand> &operands,
            const std::vector<Attribute> &attributes, const char *message, int outputs = 1) {
  bool own = domain[0] != '\0';
  TestModel m(own ? 21 : opset);
  if (own) {
    m.proto.add_opset_import()->set_domain(domain);
    m.proto.mutable_opset_import(1)->set_version(opset);
  }
  onnx::NodeProto &n = m.node(op, {}, {});
  n.set_domain(domain);
  for (const auto &[i, operand] : llvm::enumerate(operands)) {
    n.add_input(operand.type ? "i" + std::to_string(i) : "");
    if (operand.type) {
      addOperand(m, "i" + std::to_string(i), operand);
    }
  }
  for (int i = 0; i < outputs; ++i) {
    n.add_output("y" + std::to_string(i));
    m.output("y" + std::to_string(i));
  }
  for (const Attribute &a : attributes) {
    addAttribute(n, a);
  }
  expectRefused(m, message);
}

TEST(RuleMessagesMToZ, MlAndTraining) {
  const char *ml = "ai.onnx.ml", *training = "ai.onnx.preview.training";
  const Operand x = f32({"n", 3}), one = f32({1}), scalar = f32({});
  refuse(ml, 3, "Scaler", {x}, {{"offset", Floats{1, 2}}, {"scale", Floats{1, 2}}},
         "expected one offset and one scale, or as many as there are features");
  refuse(ml, 3, "Normalizer", {x}, {{"norm", "L3"}}, "expected rank 1 or 2 and norm MAX, L1 or L2, got 'L3'");
  refuse(ml, 3, "Imputer", {x}, {}, "expected one imputed value of the input's kind, or as many as there are features");
  refuse(ml, 3, "ArrayFeatureExtractor", {scalar, numbers({0})}, {}, "expected an input of rank 1 or more");
  refuse(ml, 3, "LinearRegressor", {x}, {}, "expected a matrix, coefficients and intercepts for every target");
  refuse(ml, 3, "LinearRegressor", {x}, {{"coefficients", Floats{1, 2, 3}}, {"post_transform", "PROBIT"}},
         "expected post_transform NONE, LOGISTIC or SOFTMAX, got 'PROBIT'");
  refuse(ml, 3, "FeatureVectorizer", {f32({1, 1, 1})}, {}, "expected inputs of rank 1 or 2");
  refuse(ml, 5, "TreeEnsemble", {x}, {}, "expected lists of one length for the nodes, and for the leaves");
  refuse(training, 1, "Adagrad", {scalar, i64({}), one, kAbsent, one}, {}, "expected input 3 to be present");
  refuse(training, 1, "Adagrad", {scalar, i64({}), one, one}, {},
         "expected 3 lists of tensors of one length, got 2 tensors");
  refuse(training, 1, "Momentum", {scalar, i64({}), one, one, one}, {{"mode", "heavy"}},
         "expected mode standard or nesterov, got 'heavy'");
}

TEST(RuleMessagesMToZ, MoveNormAndPool) {
  const Operand x = f32({2, 3}), scalar = f32({}), four = f32({4}), row = f32({1, 1, 4});
  refuse("", 13, "Concat", {x, kAbsent, x}, {{"axis", 0}}, "expected input 1 to be present");
  refuse("", 13, "Concat", {x}, {}, "expected attribute 'axis', got none");
  refuse("", 18, "Pad", {x, i64({2}), kAbsent, i64({})}, {}, "expected vectors of pads and axes");
  refuse("", 18, "Pad", {x, numbers({1})}, {}, "expected 4 pads, got 1");
  refuse("", 18, "Pad", {x, numbers({0, 0, 0, 0})}, {{"mode", "mirror"}},
         "expected mode constant, reflect, edge or wrap, got 'mirror'");
  refuse("", 13, "DepthToSpace", {x}, {}, "expected a blocksize of at least 1 and an input of rank 4");
  refuse("", 13, "DepthToSpace", {f32({1, 4, 1, 1})}, {{"blocksize", 2}, {"mode", "DRC"}},
         "expected mode DCR or CRD, got 'DRC'");
  refuse("", 15, "BatchNormalization", {scalar, four, four, four, four}, {},
         "expected an input of rank 2 or more, got rank 0");
  refuse("", 21, "GroupNormalization", {f32({2, 4}), four, four}, {},
         "expected at least 1 group and an input of rank 2 or more");
  refuse("", 22, "LpNormalization", {x}, {{"p", 3}}, "expected p 1 or 2, got 3");
  refuse("com.microsoft", 1, "MatMulNBits", {f32({1, 32}), u8({8, 1, 16}), f32({8})}, {{"bits", 3}},
         "expected bits 2, 4 or 8, a block_size of 16 or more, K, N, weights of uint8 and no g_idx");
  refuse("", 12, "MaxPool", {f32({1, 1, "n"})},
         {{"kernel_shape", Numbers{3}}, {"strides", Numbers{2}}, {"auto_pad", "SAME_UPPER"}},
         "expected padding that is known at compile time, and at least 0, where indices are wanted", 2);
  refuse("", 12, "MaxPool", {row}, {{"kernel_shape", Numbers{0}}},
         "expected a kernel, strides and dilations of 1 numbers of at least 1");
  refuse("", 12, "MaxPool", {row}, {{"kernel_shape", Numbers{1}}, {"strides", Numbers{1, 1}}},
         "expected 1 strides, got 2");
  refuse("", 12, "MaxPool", {row}, {{"kernel_shape", Numbers{1}}, {"auto_pad", "SAME"}},
         "expected auto_pad NOTSET, VALID, SAME_UPPER or SAME_LOWER, got 'SAME'");
  refuse("", 12, "MaxPool", {x}, {{"kernel_shape", Numbers{1}}}, "expected an input of rank 3 or more, got rank 2");
  refuse("", 11, "AveragePool", {row}, {{"kernel_shape", Numbers{1}}, {"pads", Numbers{-1, 0}}},
         "expected padding that is at least 0 and known at compile time");
  refuse("", 22, "GlobalMaxPool", {x}, {}, "expected an input of rank 3 or more, got rank 2");
  refuse("", 22, "GlobalLpPool", {row}, {{"p", 0}}, "expected p other than 0");
  refuse("", 22, "LpPool", {row}, {{"kernel_shape", Numbers{1}}, {"p", 0}},
         "expected p to be an integer of at least 1");
}

TEST(RuleMessagesMToZ, Quantised) {
  const char *microsoft = "com.microsoft";
  const Operand x = u8({2, 3}), scale = f32({}), zero = u8({});
  refuse(microsoft, 1, "QLinearSoftmax", {x, scale, zero, scale, zero}, {{"opset", 12}, {"axis", 0}},
         "expected the last axis for opsets below 13");
  refuse(microsoft, 1, "QLinearGlobalAveragePool", {x, scale, zero, scale, zero}, {},
         "expected an input of rank 3 or more, got rank 2");
  refuse(microsoft, 1, "QLinearConcat", {scale, zero, x, scale, zero, x}, {},
         "expected scale, zero point, and three inputs per part, got 6 inputs");
  refuse(microsoft, 1, "QLinearConcat", {scale, zero, x, scale, zero, kAbsent, scale, zero}, {{"axis", 0}},
         "expected input 5 to be present");
  refuse(microsoft, 1, "QGemm", {u8({3}), scale, zero, x, scale, zero}, {}, "expected matrices");
  refuse("", 21, "QuantizeLinear", {f32({2}), scale, zero}, {{"output_dtype", TensorProto::INT8}},
         "expected a zero point of the type that output_dtype states");
  refuse("", 21, "QuantizeLinear", {f32({2}), scale}, {{"output_dtype", 99}},
         "expected a supported element type in attribute 'output_dtype', got data type 99");
  refuse("", 25, "DequantizeLinear", {u8({2}), Operand{/*f8E8M0FNU*/ 24, {}}}, {},
         "expected a result of type f32, f16 or bf16, got f8E8M0FNU; state output_dtype");
  refuse("", 10, "ConvInteger", {u8({1, 1, 4}), u8({1, 1, 2})}, {{"kernel_shape", Numbers{3}}},
         "expected a weight with the sizes that kernel_shape states");
}

TEST(RuleMessagesMToZ, Recurrent) {
  const Operand x = f32({1, 4, 6}), w = f32({1, 1, 1});
  refuse("", 27, "LinearAttention", {f32({4, 6}), x, x},
         {{"update_rule", "linear"}, {"q_num_heads", 1}, {"kv_num_heads", 1}},
         "expected a tensor of rank 3 at input 0");
  refuse("", 27, "LinearAttention", {x, x, x}, {{"update_rule", "other"}},
         "expected update_rule linear, gated, delta or gated_delta, decay with the gated and beta with the delta ones, "
         "got "
         "'other'");
  refuse("", 27, "LinearAttention", {x, x, x}, {{"update_rule", "linear"}, {"q_num_heads", 3}, {"kv_num_heads", 2}},
         "expected q_num_heads to be a multiple of kv_num_heads, got 3 and 2");
  refuse("", 27, "CausalConvWithState", {f32({4, 6}), w}, {},
         "expected input and weight of rank 3, and activation none, silu or swish");
  refuse("", 27, "CausalConvWithState", {x, f32({4, 1, "k"})}, {},
         "expected a weight whose sizes are known at compile time");
  refuse("", 14, "RNN", {w, w, w}, {{"activations", Strings{"Tanh", "Tanh"}}}, "expected 1 activations, got 2");
  refuse("", 14, "RNN", {w, w, w}, {{"activations", Strings{"Swish"}}},
         "expected an activation of the specification, got 'Swish'");
  refuse("", 14, "RNN", {w, w, w}, {{"direction", "backward"}},
         "expected direction forward, reverse or bidirectional, got 'backward'");
}

TEST(RuleMessagesMToZ, ReduceResizeAndSample) {
  const Operand x = f32({"n"}), image = f32({1, 1, 4, 4});
  const char *mode = "expected mode nearest, linear or cubic, got 'area'";
  refuse("", 11, "ReduceMax", {f32({2, 3})}, {{"axes", Numbers{0, -2}}}, "expected different axes, got -2 twice");
  refuse("", 11, "ReduceMax", {f32({2, 3})}, {{"axes", Numbers{2}}}, "expected an axis in [-2, 2), got 2");
  refuse("", 18, "ReduceMax", {f32({2, 3}), i64({"k"})}, {},
         "expected input 1 (axes) to be known at compile time, or one of 1 to 32 sets");
  refuse("", 19, "Resize", {x}, {}, "expected either scales or sizes");
  refuse("", 19, "Resize", {x, kAbsent, floats({1, 1})}, {}, "expected 1 scales, got 2");
  refuse("", 19, "Resize", {x, kAbsent, floats({0})}, {},
         "expected scales above 0, simple fractions where sizes are not known, got 0.000000");
  refuse("", 19, "Resize", {f32({0}), kAbsent, kAbsent, numbers({4})}, {{"keep_aspect_ratio_policy", "not_larger"}},
         "expected sizes above 0 with keep_aspect_ratio_policy, got 0 at axis 0");
  refuse("", 19, "Resize", {x, kAbsent, kAbsent, numbers({4, 4})}, {}, "expected 1 sizes");
  refuse("", 19, "Resize", {x, kAbsent, floats({2})}, {{"mode", "area"}}, mode);
  refuse("", 19, "Resize", {x, kAbsent, floats({2})}, {{"coordinate_transformation_mode", "corners"}},
         "expected a coordinate_transformation_mode of the specification, got 'corners'");
  refuse("", 19, "Resize", {x, kAbsent, floats({2})}, {{"nearest_mode", "up"}},
         "expected nearest_mode round_prefer_floor, round_prefer_ceil, floor or ceil, got 'up'");
  refuse("", 10, "Resize", {x, floats({2})}, {{"mode", "area"}}, mode);
  refuse("", 20, "GridSample", {image, f32({1, 2, 2, 2})}, {{"padding_mode", "wrap"}},
         "expected padding_mode zeros, border or reflection, got 'wrap'");
  refuse("", 16, "RoiAlign", {image, f32({1, 4}), i64({1})}, {{"mode", "min"}},
         "expected mode avg or max and half_pixel or output_half_pixel, got 'min' and 'half_pixel'");
}

TEST(RuleMessagesMToZ, Search) { refuse("", 11, "TopK", {f32({4}), numbers({1, 2})}, {}, "expected one number k", 2); }

TEST(RuleMessagesMToZ, Text) {
  const char *ml = "ai.onnx.ml";
  const Operand s{TensorProto::STRING, {3}}, cube{TensorProto::STRING, {1, 1, 1}}, x = f32({4}), i = i64({4});
  refuse("", 10, "StringNormalizer", {s}, {{"case_change_action", "TITLE"}},
         "expected case_change_action LOWER, UPPER or NONE, got 'TITLE'");
  refuse("", 10, "StringNormalizer", {s}, {{"locale", "tr_TR"}},
         "expected a locale in which i is the lower case of I, got 'tr_TR'");
  refuse("", 10, "StringNormalizer", {Operand{TensorProto::STRING, {}}}, {},
         "expected strings of shape [C] or [1, C], got a scalar");
  refuse("", 20, "RegexFullMatch", {s}, {{"pattern", "a{5,2}"}},
         "'nn.regex_match' op expected a regular expression in RE2's syntax, got 'a{5,2}': expected numbers of repetitions "
         "up to 1000, the lower one first, at character 1");
  const Attribute counts{"ngram_counts", Numbers{0}}, places{"ngram_indexes", Numbers{0, 1}},
      pool{"pool_int64s", Numbers{2, 3}}, least{"min_gram_length", 1}, most{"max_gram_length", 1}, tf{"mode", "TF"};
  refuse("", 9, "TfIdfVectorizer", {i}, {counts, places, least, most, tf},
         "expected a pool of n-grams, ngram_counts that divide it, and lengths and skips of at least 1 and 0");
  refuse("", 9, "TfIdfVectorizer", {i}, {counts, pool, {"ngram_indexes", Numbers{0}}, least, most, tf},
         "expected 2 ngram_indexes of at least 0, and as many weights or none");
  refuse("", 9, "TfIdfVectorizer", {i}, {counts, pool, places, least, most, {"mode", "BM25"}},
         "expected mode TF, IDF or TFIDF, got 'BM25'");
  refuse("", 9, "TfIdfVectorizer", {i64({1, 1, 1})}, {counts, pool, places, least, most, tf},
         "expected items of shape [C] or [N, C]");
  refuse("", 9, "TfIdfVectorizer", {s}, {counts, pool, places, least, most, tf}, "expected a pool of the input's kind");
  refuse("", 9, "TfIdfVectorizer", {i}, {counts, pool, places, {"min_gram_length", 2}, {"max_gram_length", 2}, tf},
         "expected n-grams of min_gram_length to max_gram_length items in the pool, got none");
  refuse(ml, 4, "LabelEncoder", {x}, {{"keys_floats", Floats{1}}, {"values_int64s", Numbers{1, 2}}},
         "expected as many keys as values, at least one");
  refuse(ml, 4, "LabelEncoder", {i}, {{"keys_floats", Floats{1}}, {"values_int64s", Numbers{1}}},
         "expected keys of the input's type");
  refuse("", 20, "ImageDecoder", {u8({"n"})}, {{"pixel_format", "CMYK"}},
         "expected pixel_format RGB, BGR or Grayscale, got 'CMYK'");
  refuse("", 20, "ImageDecoder", {u8({1, "n"})}, {}, "expected a file's bytes as a vector of UINT8");
  refuse("", 25, "Cast", {x}, {{"to", 24}, {"round_mode", "even"}},
         "expected round_mode up, down or nearest, got 'even'");
}

TEST(RuleMessagesMToZ, DefaultsOfLabels) {
  TestModel m(21);
  m.proto.add_opset_import()->set_domain("ai.onnx.ml");
  m.proto.mutable_opset_import(1)->set_version(4);
  m.input("x", {1}, TensorProto::INT64).output("y");
  onnx::NodeProto &n = m.node("LabelEncoder", {"x"}, {"y"});
  n.set_domain("ai.onnx.ml");
  addAttribute(n, {"keys_int64s", Numbers{1}});
  addAttribute(n, {"values_int64s", Numbers{1}});
  auto *a = n.add_attribute();
  a->set_name("default_tensor");
  a->set_type(onnx::AttributeProto::TENSOR);
  a->mutable_t()->set_data_type(TensorProto::FLOAT);
  a->mutable_t()->add_float_data(1);
  expectRefused(m, "expected a default_tensor of one element of the values' type");
}

TEST(RuleMessagesMToZ, Sequences) {
  const Operand x = f32({2});
  refuse("", 13, "SequenceConstruct", {x, kAbsent, x}, {}, "expected input 1 to be present");
  refuse("", 13, "SequenceLength", {x}, {}, "expected a sequence as input 0");
  refuse("", 13, "ConcatFromSequence", {x}, {{"axis", 0}}, "expected a sequence as input 0");
  refuse("", 15, "Optional", {}, {}, "expected an input or a type");
  refuse("", 17, "SequenceMap", {x}, {}, "expected a body and a sequence");
  TestModel empty(13);
  empty.ints("at", {}, {0});
  empty.node("SequenceEmpty", {}, {"s"});
  empty.output("y").node("SequenceAt", {"s", "at"}, {"y"});
  expectRefused(empty, "expected a sequence whose elements' type is known");
  TestModel list(13);
  list.input("x", {2}).output("y").node("SequenceConstruct", {"x"}, {"s"});
  list.node("SequenceAt", {"s", "s"}, {"y"});
  expectRefused(list, "expected a sequence and a position");
  TestModel mixed(13);
  mixed.input("x", {2}).input("z", {2, 2}).output("y").node("SequenceConstruct", {"x", "z"}, {"s"});
  mixed.ints("at", {}, {0});
  mixed.node("SequenceAt", {"s", "at"}, {"y"});
  expectRefused(mixed, "expected a sequence whose elements have one rank, which is known");
  TestModel nested(13);
  nested.input("x", {2}).output("y").node("SequenceConstruct", {"x"}, {"s"});
  nested.node("SequenceConstruct", {"s"}, {"t"});
  nested.node("ConcatFromSequence", {"t"}, {"y"});
  expectRefused(nested, "expected a sequence of tensors");
}

TEST(RuleMessagesMToZ, ShapeAndSlice) {
  const Operand x = f32({4}), three = f32({3});
  refuse("", 13, "Reshape", {x, numbers({-2})}, {}, "expected sizes, -1 or 0 where the input has such a dim, got -2");
  refuse("", 13, "Reshape", {x, numbers({-1, -1})}, {}, "expected at most one size of -1");
  refuse("", 13, "Reshape", {x}, {}, "expected the shape as input 1");
  refuse("", 13, "Flatten", {x}, {{"axis", 2}}, "expected an axis in [-1, 1], got 2");
  refuse("", 13, "Squeeze", {x, numbers({0})}, {}, "expected a dim of size 1 to remove at axis 0, got 4");
  refuse("", 13, "Unsqueeze", {x}, {}, "expected axes, got none");
  refuse("", 13, "Tile", {x, numbers({1, 2})}, {}, "expected 1 repeats, got 2");
  refuse("", 1, "Tile", {x, numbers({2}), i64({1})}, {},
         "expected one axis, known at compile time, and one number of tiles");
  refuse("", 13, "Expand", {x, f32({1})}, {}, "expected a 1-D tensor of integers of known length at input 1");
  refuse("", 13, "Slice", {x, numbers({0}), numbers({1, 2})}, {},
         "expected one start, end and step other than 0 per axis");
  refuse("", 13, "Slice", {f32({}), numbers({0}), numbers({1}), i64({1})}, {},
         "expected an input of rank 1 or more, and vectors of starts, ends, axes and steps");
  refuse("", 18, "Split", {x}, {{"num_outputs", 1}}, "expected as many outputs as num_outputs states, got 2", 2);
  refuse("", 13, "Split", {three}, {}, "expected a size that 2 divides, got 3", 2);
  refuse("", 13, "Split", {three, numbers({3})}, {}, "expected 2 sizes, got 1", 2);
  refuse("", 13, "Split", {three, numbers({1, 1})}, {}, "expected 3 as sum of the parts' sizes, got 2", 2);
}

TEST(RuleMessagesMToZ, Signal) {
  const Operand x = f32({1, 4, 1}), one = numbers({1}), f = floats({1});
  refuse("", 20, "DFT", {f32({2, 3})}, {}, "expected a signal whose last dim has 1 or 2 elements");
  refuse("", 20, "DFT", {x, numbers({1, 2})}, {}, "expected one dft_length");
  refuse("", 20, "DFT", {x, kAbsent, numbers({2})}, {}, "expected an axis other than the last");
  refuse("", 17, "STFT", {f32({4, 1}), one}, {}, "expected a signal of rank 3 and one frame_step");
  refuse("", 17, "MelWeightMatrix", {numbers({1, 2}), one, one, f, f}, {},
         "expected one number of mel bins and one dft_length");
}

void setTensor(onnx::NodeProto &n, const std::string &name, int type, Floats values) {
  auto *a = n.add_attribute();
  a->set_name(name);
  a->set_type(onnx::AttributeProto::TENSOR);
  a->mutable_t()->set_data_type(type);
  a->mutable_t()->add_dims(values.size());
  for (float v : values) {
    type == TensorProto::FLOAT ? a->mutable_t()->add_float_data(v) : a->mutable_t()->add_int32_data(int(v));
  }
}

/// One node with two leaves; `mode` and one of the lists of integers may be others.
void expectTreeRefused(float mode, const std::string &other, int64_t value, const std::string &message) {
  TestModel m(21);
  m.proto.add_opset_import()->set_domain("ai.onnx.ml");
  m.proto.mutable_opset_import(1)->set_version(5);
  onnx::NodeProto &n = m.input("x", {"n", 3}).output("y").node("TreeEnsemble", {"x"}, {"y"});
  n.set_domain("ai.onnx.ml");
  const std::pair<const char *, Numbers> lists[] = {
      {"tree_roots", {0}},         {"nodes_featureids", {0}}, {"nodes_truenodeids", {0}}, {"nodes_trueleafs", {1}},
      {"nodes_falsenodeids", {1}}, {"nodes_falseleafs", {1}}, {"leaf_targetids", {0, 0}}};
  for (const auto &[name, values] : lists) {
    addAttribute(n, {name, name == other ? Numbers(values.size(), value) : values});
  }
  if (other == "aggregate_function") {
    setInt(n, other, value);
  }
  setTensor(n, "nodes_modes", TensorProto::UINT8, {mode});
  setTensor(n, "nodes_splits", TensorProto::FLOAT, {0});
  setTensor(n, "leaf_weights", TensorProto::FLOAT, {1, 2});
  expectRefused(m, message);
}

TEST(RuleMessagesMToZ, Trees) {
  expectTreeRefused(0, "tree_roots", 9, "expected a matrix, and nodes that form trees");
  expectTreeRefused(0, "nodes_truenodeids", 2, "expected children that are nodes or leaves");
  expectTreeRefused(7, "", 0, "expected nodes_modes of 0 to 6");
  expectTreeRefused(6, "", 0, "expected membership_values for every node that tests them");
  expectTreeRefused(0, "leaf_targetids", 1, "expected leaf_targetids below n_targets");
  expectTreeRefused(
      0, "aggregate_function", 2,
      "expected aggregate_function 0 (average) or 1 (sum) and post_transform 0 (none), 1 (softmax) or 2 (logistic)");
}
} // namespace

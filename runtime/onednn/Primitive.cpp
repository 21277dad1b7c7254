#include "Primitive.h"
#include <cmath>

namespace dlc::onednn {
namespace {
using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;
using Desc = dnnl::memory::desc;
constexpr auto kF32 = dnnl::memory::data_type::f32;

Dims dimsOf(const dlc_op_tensor &tensor) { return Dims(tensor.dims, tensor.dims + tensor.rank); }

/// [N, C, spatial...], however it lies.
Dims channelsFirst(Dims dims, bool channelLast) {
  if (channelLast) {
    int64_t channels = dims.back();
    dims.pop_back();
    dims.insert(dims.begin() + 1, channels);
  }
  return dims;
}

Tag imageTag(size_t rank, bool channelLast) {
  constexpr Tag last[] = {Tag::nwc, Tag::nhwc, Tag::ndhwc}, first[] = {Tag::ncw, Tag::nchw, Tag::ncdhw};
  return (channelLast ? last : first)[rank - 3];
}

Tag weightsTag(size_t rank, bool hasGroups) {
  constexpr Tag plain[] = {Tag::oiw, Tag::oihw, Tag::oidhw}, grouped[] = {Tag::goiw, Tag::goihw, Tag::goidhw};
  return (hasGroups ? grouped : plain)[rank - 3];
}

/// What follows the sums: an addend as the result is laid out, then a clamp.
dnnl::primitive_attr attributesOf(const dlc_op_call &call, const Desc &addend) {
  dnnl::post_ops post;
  if (has(call, kAddend)) {
    post.append_binary(dnnl::algorithm::binary_add, addend);
  }
  if (Clamp clamp(call); clamp.isNeeded()) {
    bool isRelu = clamp.low == 0 && clamp.high == INFINITY;
    post.append_eltwise(1, isRelu ? dnnl::algorithm::eltwise_relu : dnnl::algorithm::eltwise_clip,
                        isRelu ? 0 : clamp.low, isRelu ? 0 : clamp.high);
  }
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(post);
  // oneDNN's own scratch belongs to the thread that makes the primitive, and any thread may run it.
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

int64_t productOf(const int64_t *begin, const int64_t *end) {
  int64_t product = 1;
  for (; begin != end; ++begin) {
    product *= *begin;
  }
  return product;
}
} // namespace

Clamp::Clamp(const dlc_op_call &call)
    : low(dlc_op_float(&call, "low", -INFINITY)), high(dlc_op_float(&call, "high", INFINITY)) {}
bool Clamp::isNeeded() const { return low != -INFINITY || high != INFINITY; }

std::vector<int64_t> integers(const dlc_op_call &call, const char *name) {
  const dlc_op_attribute *a = dlc_op_find_attribute(&call, name);
  if (!a || a->type != DLC_OP_INTS) {
    return {};
  }
  auto *data = static_cast<const int64_t *>(a->data);
  return {data, data + a->count};
}

std::vector<int64_t> convSizes(const dlc_op_call &call) {
  bool last = dlc_op_int(&call, "channel_last", 0);
  if (size_t rank = call.inputs[kInput].rank; rank < 3 || rank > 5) {
    return {};
  }
  Dims input = channelsFirst(dimsOf(call.inputs[kInput]), last), weights = dimsOf(call.inputs[kWeights]);
  Dims strides = integers(call, "strides"), dilations = integers(call, "dilations"), pads = integers(call, "pads");
  size_t spatial = input.size() - 2;
  int64_t groups = dlc_op_int(&call, "groups", 1);
  bool fits = weights.size() == input.size() && strides.size() == spatial && dilations.size() == spatial &&
              pads.size() == 2 * spatial && groups > 0 && weights[0] % groups == 0 && weights[1] * groups == input[1];
  if (!fits) {
    return {};
  }
  Dims result{input[0], weights[0]};
  for (size_t i = 0; i < spatial; ++i) {
    int64_t window = (weights[2 + i] - 1) * dilations[i] + 1;
    int64_t room = input[2 + i] + pads[i] + pads[spatial + i] - window;
    if (room < 0 || strides[i] <= 0 || dilations[i] <= 0) {
      return {};
    }
    result.push_back(room / strides[i] + 1);
  }
  if (last) {
    int64_t channels = result[1];
    result.erase(result.begin() + 1);
    result.push_back(channels);
  }
  return result;
}

std::vector<int64_t> matmulSizes(const dlc_op_call &call) {
  Dims left = dimsOf(call.inputs[kInput]), right = dimsOf(call.inputs[kWeights]);
  bool transposed = dlc_op_int(&call, "transpose_rhs", 0);
  if (left.empty() || right.size() != 2 || left.back() != right[transposed ? 1 : 0]) {
    return {};
  }
  left.back() = right[transposed ? 0 : 1];
  return left;
}

Primitive makeConv(const dlc_op_call &call, const dnnl::engine &engine) {
  bool last = dlc_op_int(&call, "channel_last", 0);
  int64_t groups = dlc_op_int(&call, "groups", 1);
  Dims input = channelsFirst(dimsOf(call.inputs[kInput]), last), weights = dimsOf(call.inputs[kWeights]);
  Dims result = channelsFirst(convSizes(call), last);
  size_t rank = input.size(), spatial = rank - 2;
  if (groups > 1) {
    weights[0] /= groups;
    weights.insert(weights.begin(), groups);
  }
  Dims dilations = integers(call, "dilations"), pads = integers(call, "pads");
  for (int64_t &d : dilations) {
    d -= 1; // oneDNN counts what is left out
  }
  Dims begins(pads.begin(), pads.begin() + spatial), ends(pads.begin() + spatial, pads.end());
  Tag tag = imageTag(rank, last);
  Primitive p;
  p.input = Desc(input, kF32, tag);
  p.weights = Desc(weights, kF32, weightsTag(rank, groups > 1));
  p.result = p.addend = Desc(result, kF32, tag);
  p.bias = has(call, kBias) ? Desc({result[1]}, kF32, Tag::x) : Desc();
  dnnl::convolution_forward::desc desc(dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, p.input,
                                       Desc(weights, kF32, Tag::any), p.bias, p.result, integers(call, "strides"),
                                       dilations, begins, ends);
  dnnl::convolution_forward::primitive_desc made(desc, attributesOf(call, p.addend), engine);
  p.wanted = made.weights_desc();
  p.scratch = made.scratchpad_desc();
  p.op = dnnl::convolution_forward(made);
  return p;
}

Primitive makeMatmul(const dlc_op_call &call, const dnnl::engine &engine) {
  const dlc_op_tensor &left = call.inputs[kInput], &right = call.inputs[kWeights];
  bool transposed = dlc_op_int(&call, "transpose_rhs", 0);
  int64_t m = productOf(left.dims, left.dims + left.rank - 1), k = left.dims[left.rank - 1];
  int64_t n = right.dims[transposed ? 0 : 1];
  Primitive p;
  p.input = Desc({m, k}, kF32, Tag::ab);
  p.weights = Desc({k, n}, kF32, transposed ? Tag::ba : Tag::ab);
  p.result = p.addend = Desc({m, n}, kF32, Tag::ab);
  p.bias = has(call, kBias) ? Desc({1, n}, kF32, Tag::ab) : Desc();
  dnnl::matmul::desc desc(p.input, Desc({k, n}, kF32, Tag::any), p.bias, p.result);
  dnnl::matmul::primitive_desc made(desc, attributesOf(call, p.addend), engine);
  p.wanted = made.weights_desc();
  p.scratch = made.scratchpad_desc();
  p.op = dnnl::matmul(made);
  return p;
}

} // namespace dlc::onednn

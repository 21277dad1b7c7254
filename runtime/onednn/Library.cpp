// The ops `conv` and `matmul` of domain dlc.onednn, as dlc/custom_op.h wants them. In f32:
//
//   y = clamp(x (*) weights + bias + addend, low, high)
//
// Operands: x, weights (a constant of the model), and bias [outputs] and addend (of y's sizes), which may be absent.
// Attributes: low and high (absent: no bound); `conv` has those of nn.conv, `matmul` transpose_rhs.
#include "State.h"
#include <cstdio>

namespace dlc::onednn {
namespace {
using Sizes = std::vector<int64_t> (*)(const dlc_op_call &call);

bool isF32(const dlc_op_call &call, size_t operand) { return call.inputs[operand].dtype == DLC_F32; }

int types(dlc_op_call *call) {
  for (size_t i = 0; i < call->input_count; ++i) {
    if (has(*call, i) && !isF32(*call, i)) {
      return call->fail(call, "expected operands of f32");
    }
  }
  call->outputs[0].dtype = DLC_F32;
  call->outputs[0].rank = call->inputs[kInput].rank;
  return 0;
}

/// The sizes that follow from the operands; empty: they do not fit each other.
std::vector<int64_t> checkedSizes(const dlc_op_call &call, Sizes sizesOf) {
  std::vector<int64_t> sizes = sizesOf(call);
  if (sizes.empty()) {
    return {};
  }
  bool last = sizesOf == matmulSizes || dlc_op_int(&call, "channel_last", 0);
  const dlc_op_tensor &bias = call.inputs[kBias], &addend = call.inputs[kAddend];
  bool fits = !has(call, kBias) || (bias.rank == 1 && bias.dims[0] == (last ? sizes.back() : sizes[1]));
  if (has(call, kAddend)) {
    fits = fits && sizes == std::vector<int64_t>(addend.dims, addend.dims + addend.rank);
  }
  return fits ? sizes : std::vector<int64_t>();
}

template <Sizes sizesOf> int shape(dlc_op_call *call) {
  std::vector<int64_t> sizes = checkedSizes(*call, sizesOf);
  if (sizes.empty() || sizes.size() != call->outputs[0].rank) {
    return call->fail(call, "expected operands and attributes that fit each other");
  }
  std::copy(sizes.begin(), sizes.end(), call->outputs[0].dims);
  return 0;
}

template <State::Make make> int compute(dlc_op_call *call) {
  if (dnnl_version()->cpu_runtime != DNNL_RUNTIME_OMP && dnnl_version()->cpu_runtime != DNNL_RUNTIME_SEQ) {
    return call->fail(call, "expected a oneDNN that was built with OpenMP, or without threads");
  }
  if (!call->state || !(call->constant_inputs >> kWeights & 1)) {
    return call->fail(call, "expected an engine that keeps what is made of weights, and weights that are constant");
  }
  if (types(call)) {
    return 1;
  }
  if (call->outputs[0].count == 0) {
    return 0;
  }
  try {
    State::of(*call).run(*call, make);
    return 0;
  } catch (const std::exception &e) { // dnnl::error among them
    char text[200];
    std::snprintf(text, sizeof text, "oneDNN: %s", e.what());
    return call->fail(call, text);
  }
}

void release(void *state) { delete static_cast<State *>(state); }

constexpr const char *kDomain = "dlc.onednn";
constexpr dlc_custom_op kConv{sizeof(dlc_custom_op), kDomain,           "conv",  1,      0, 2, 4, 1, 0, types,
                              shape<convSizes>,      compute<makeConv>, nullptr, release};
constexpr dlc_custom_op kMatmul{sizeof(dlc_custom_op), kDomain, "matmul", 1, 0, 2, 4, 1, 0, types, shape<matmulSizes>,
                                compute<makeMatmul>,   nullptr, release};
constexpr const dlc_custom_op *kOps[] = {&kConv, &kMatmul};
} // namespace
} // namespace dlc::onednn

extern "C" [[gnu::visibility("default")]] const dlc_op_library *dlc_op_library_get(void) {
  static const dlc_op_library library{sizeof library, DLC_OP_ABI_VERSION, 2, "onednn", dlc::onednn::kOps};
  return &library;
}

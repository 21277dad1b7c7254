// A contraction as a primitive of oneDNN, for inputs of one shape.
#pragma once
#include "dlc/custom_op.h"
#include <dnnl.hpp>
#include <vector>

namespace dlc::onednn {

/// The operands of both ops, in order.
enum Operand { kInput = 0, kWeights = 1, kBias = 2, kAddend = 3 };

/// Whether an operand is there.
inline bool has(const dlc_op_call &call, size_t operand) {
  return operand < call.input_count && call.inputs[operand].dtype != DLC_UNDEFINED;
}

/// What a node's attributes say of what is done with the sums: nothing, or a bound below and one above.
struct Clamp {
  explicit Clamp(const dlc_op_call &call);
  bool isNeeded() const;
  float low, high;
};

/// The integers of an attribute.
std::vector<int64_t> integers(const dlc_op_call &call, const char *name);

/// Sizes of the result of a convolution; empty when operands or attributes do not fit each other.
std::vector<int64_t> convSizes(const dlc_op_call &call);
/// The same of a matrix product [..., m, k] x [k, n] (or [n, k]).
std::vector<int64_t> matmulSizes(const dlc_op_call &call);

/// A primitive, and the memory that it wants; `weights` is how they come, not how they are wanted.
struct Primitive {
  dnnl::primitive op;
  dnnl::memory::desc input, weights, wanted, bias, addend, result, scratch;
};

/// Both throw dnnl::error.
Primitive makeConv(const dlc_op_call &call, const dnnl::engine &engine);
Primitive makeMatmul(const dlc_op_call &call, const dnnl::engine &engine);

} // namespace dlc::onednn

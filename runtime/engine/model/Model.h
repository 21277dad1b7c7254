// A loaded model: its program, code and weights, shared by contexts.
#pragma once
#include "load/Image.h"
#include "model/Prepared.h"
#include "program/Program.h"
#include <atomic>

/// Never changes after loading, except for the count of its owners and for what the first context makes of constants.
struct dlc_model {
  std::atomic<uint32_t> owners{1};
  dlc::rt::Image image;
  dlc::rt::Program program;
  uint32_t variant = dlc::rt::none;
  const char *weights = nullptr;
  dlc::rt::Prepared prepared;
  dlc::rt::Vector<dlc_kernel_fn> kernels;           ///< of the chosen variant
  dlc::rt::Vector<dlc_host_function> hostFunctions; ///< by index of the program's table
  /// Per step, what an op of a library keeps for it; none when no op of this model keeps anything. Written by the ops.
  mutable dlc::rt::Vector<void *> opStates;
  dlc::rt::Log log;

  void retain() { owners.fetch_add(1, std::memory_order_relaxed); }
  void release();
  /// A constant's bytes; null: it is not prepared yet.
  const char *constant(uint32_t index) const {
    const dlc_abi_constant &c = program.constants[index];
    const char *base = c.preparation ? prepared.data() : weights;
    return base ? base + c.offset : nullptr;
  }
};

namespace dlc::rt {

/// Completes a model whose image is mapped: reads and checks the program, chooses the variant, resolves kernels and
/// host functions.
bool finishModel(dlc_model &model, const dlc_model_options &options, Error &error);

} // namespace dlc::rt

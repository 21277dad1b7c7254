// Memory that a run will need, without a context.
#pragma once
#include "model/Model.h"

namespace dlc::rt {

/// Sizes of a group's specialisation for inputs of these shapes; `inputs` may be empty when nothing depends on them. Threads 0: what
/// this process may use.
dlc_status estimateMemory(const dlc_model &model, uint32_t group, Span<const dlc_tensor> inputs, uint32_t threads,
                          dlc_memory &out, Error &error);

} // namespace dlc::rt

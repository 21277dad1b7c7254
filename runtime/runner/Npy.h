// NumPy's .npy files: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once
#include "dlc/runtime.h"

namespace dlc::runner {

/// Reads a little-endian C-order array into malloc'ed memory (tensor.data). Null, or what is wrong.
const char *readNpy(const char *path, dlc_tensor &tensor);
/// Writes a tensor; types that NumPy does not have (bf16, f8) as raw bytes ("<V2", "|V1").
const char *writeNpy(const char *path, const dlc_tensor &tensor);

} // namespace dlc::runner

/// \file Random inputs that are the same everywhere for the same seed.
#ifndef DLC_TOOLS_COMMON_RANDOMTENSOR_H
#define DLC_TOOLS_COMMON_RANDOMTENSOR_H

#include "tools/common/HostTensor.h"

namespace dlc {

/// Floats are uniform in [-1, 1), integers of 8 bits and more uniform in [0, 8), smaller ones over their range, bools
/// even, strings short. Of 32 and 64 bits they are 0 or 1: most are indices, and the smallest tables (kinds of tokens)
/// have two rows. The same seed gives the same tensor.
llvm::Expected<HostTensor> randomTensor(dlc_dtype dtype, llvm::ArrayRef<int64_t> dims, uint64_t seed);

} // namespace dlc

#endif // DLC_TOOLS_COMMON_RANDOMTENSOR_H

//===- Contraction.h - convolutions and matrix products as sums over channels --------------===//
#ifndef DLC_COMPILER_PASSES_PRUNE_CONTRACTION_H
#define DLC_COMPILER_PASSES_PRUNE_CONTRACTION_H
#include "dialects/nn/NN.h"

namespace dlc::prune {
/// What a convolution or matrix product sums over, and what makes its filters. Dims are -1 where there is none.
struct Contraction {
  mlir::Operation *op = nullptr;
  mlir::Value input, weight;
  /// The dims that are summed over; -1 where channels are in groups, which go as a whole.
  int64_t inputDim = -1, weightDim = -1;
  /// The weight's dim with one index per filter, and that of the result.
  int64_t filterDim = -1, resultDim = -1;
};

/// Nothing for other ops, and for products with vectors.
std::optional<Contraction> contractionOf(mlir::Operation *op);
} // namespace dlc::prune
#endif

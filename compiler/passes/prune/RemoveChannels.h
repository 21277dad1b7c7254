//===- RemoveChannels.h - takes classes of channels out of a graph -------------------------===//
#ifndef DLC_COMPILER_PASSES_PRUNE_REMOVECHANNELS_H
#define DLC_COMPILER_PASSES_PRUNE_REMOVECHANNELS_H
#include "compiler/passes/prune/Coupling.h"
#include "compiler/passes/prune/UniformSlices.h"

namespace dlc::prune {
/// Whether what a constant channel adds to the sums of `contraction` can become a bias.
bool canFold(const Contraction &contraction, double number);

/// Removes the indices of the marked classes from every value of `body`, slices constants, and corrects what attributes
/// say of sizes. Where a removed channel of a contraction's input holds a number other than 0 and `folds`, what it
/// contributes goes into the bias. No class may be fixed, and every axis keeps an index.
void removeClasses(mlir::Block &body, const Coupling &coupling, const std::vector<bool> &removed,
                   UniformSlices &uniform, bool folds);
} // namespace dlc::prune
#endif

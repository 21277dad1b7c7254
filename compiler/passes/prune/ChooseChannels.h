//===- ChooseChannels.h - which channels go ------------------------------------------------===//
#ifndef DLC_COMPILER_PASSES_PRUNE_CHOOSECHANNELS_H
#define DLC_COMPILER_PASSES_PRUNE_CHOOSECHANNELS_H
#include "compiler/passes/prune/Coupling.h"
#include "compiler/passes/prune/UniformSlices.h"

namespace dlc::prune {
/// Whether a filter, or what takes a channel in, is exactly zero anywhere: a quick look, before the graph is analysed.
bool hasZeroChannels(mlir::Block &body);

/// The classes that change nothing when they are removed: every contraction that takes them in sums only zeros there,
/// or, with `folds`, constants that can become a bias. Some index of every axis stays, and
/// so many that kernels remain fast: a multiple of 16 where Winograd's algorithm may be used, or of 8 where that is a
/// sixteenth of the layer or less.
std::vector<bool> chooseZeros(mlir::Block &body, const Coupling &coupling, UniformSlices &uniform, bool folds);

/// Marks, beside the classes that are marked, those with the smallest filters, until `fraction` of the channels of each
/// layer (of the whole graph, with `global`) are. A class is as important as the L2 norm of all its filters, bias
/// included, and of batch normalisation behind them; for `global` divided by the mean of its layer. A layer are the
/// classes with the same convolutions or products; at least one class of it stays, and a multiple of 16 or 8 where that
/// is within an eighth of it.
void chooseSmallest(mlir::Block &body, const Coupling &coupling, double fraction, bool global,
                    std::vector<bool> &chosen);
} // namespace dlc::prune
#endif

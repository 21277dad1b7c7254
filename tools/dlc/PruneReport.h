/// \file What pruning does to a model: layers, parameters, arithmetic, outputs and time.
#ifndef DLC_TOOLS_DLC_PRUNEREPORT_H
#define DLC_TOOLS_DLC_PRUNEREPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "tools/common/Compare.h"
#include "tools/dlc/Prepared.h"

namespace dlc {

/// A convolution or matrix product whose filters are fewer now.
struct PrunedLayer {
  std::string name;
  int64_t before = 0, after = 0;
};

struct PruneReport {
  /// Before and after.
  template <class T> using Both = std::array<T, 2>;
  std::vector<PrunedLayer> layers;
  Both<double> parameters{}, flops{}, milliseconds{};
  std::vector<std::pair<std::string, Comparison>> outputs;
};

/// The layers of two graphs with the same ops.
std::vector<PrunedLayer> prunedLayers(mlir::ModuleOp before, mlir::ModuleOp after);

/// Runs both models on the first one's inputs, compares the outputs, and measures both in turns for `seconds` in all.
llvm::Error measurePruning(const PreparedModel &before, const PreparedModel &after, unsigned threads, double seconds,
                           PruneReport &report);

void printText(const PruneReport &report, llvm::StringRef output);
void printJson(const PruneReport &report, llvm::StringRef output);

} // namespace dlc

#endif // DLC_TOOLS_DLC_PRUNEREPORT_H

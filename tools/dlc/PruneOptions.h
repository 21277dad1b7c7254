/// \file What the command line says about channels that are to be removed.
#ifndef DLC_TOOLS_DLC_PRUNEOPTIONS_H
#define DLC_TOOLS_DLC_PRUNEOPTIONS_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <string>

namespace dlc {

struct PruneOptions {
  double fraction = 0;   ///< of the channels, at least 0 and below 1
  bool isGlobal = false; ///< of the whole network's channels, not of each layer's
};

/// Reads "channel:0.3", "channel:0.3:layer" or "channel:0.3:global"; an empty text removes nothing.
llvm::Expected<PruneOptions> parsePruning(llvm::StringRef text);

/// The elements of all constants.
double parameterCount(mlir::ModuleOp module);

/// "pruned: 1.20 M parameters become 0.80 M (-33%)".
std::string pruningText(const std::pair<double, double> &parameters);

} // namespace dlc

#endif // DLC_TOOLS_DLC_PRUNEOPTIONS_H

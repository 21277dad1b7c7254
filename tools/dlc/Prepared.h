/// \file What `dlc run` and `dlc bench` do before the first run.
#ifndef DLC_TOOLS_DLC_PREPARED_H
#define DLC_TOOLS_DLC_PREPARED_H

#include "tools/dlc/Options.h"

namespace dlc {

/// A model, one of its entries, and values for its inputs.
struct PreparedModel {
  ModelHandle model;
  size_t entry = 0;
  std::vector<Port> inputPorts, statePorts;
  std::vector<std::optional<HostValue>> inputs; ///< one per input port; nothing for an optional one that isn't given
  std::vector<std::optional<HostValue>> states; ///< one per state; nothing: it begins with what the model says

  /// A context with the inputs bound, which it reads in place.
  llvm::Expected<Session> start(unsigned threads) const;
};

/// Opens or compiles the model and gathers its inputs; those without a file are random, or an error (`isRandom`).
llvm::Expected<PreparedModel> prepareModel(const ModelOptions &model, const InputOptions &inputs, bool isRandom);

} // namespace dlc

#endif // DLC_TOOLS_DLC_PREPARED_H

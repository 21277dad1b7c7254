//===- PruneChannels.cpp - channels that do not matter are removed -------------------------===//
#include "compiler/passes/Passes.h"
#include "compiler/passes/prune/ChooseChannels.h"
#include "compiler/passes/prune/RemoveChannels.h"

namespace dlc {
#define GEN_PASS_DEF_PRUNECHANNELS
#include "compiler/passes/Passes.h.inc"
namespace {
struct PruneChannelsPass : impl::PruneChannelsBase<PruneChannelsPass> {
  using Base::Base;
  void runOnOperation() override {
    mlir::Block &body = getOperation().getBody().front();
    if (fraction > 0) {
      remove(body, fraction);
    }
    // What is gone may have been the only use of other channels.
    while (prune::hasZeroChannels(body) && remove(body, 0)) {
    }
  }

private:
  /// True when something was removed.
  bool remove(mlir::Block &body, double part) {
    prune::Coupling coupling(body);
    prune::UniformSlices uniform;
    std::vector<bool> chosen = prune::chooseZeros(body, coupling, uniform, fold);
    if (part > 0) {
      prune::chooseSmallest(body, coupling, part, global, chosen);
    }
    if (!llvm::is_contained(chosen, true)) {
      return false;
    }
    prune::removeClasses(body, coupling, chosen, uniform, fold);
    return true;
  }
};
} // namespace
} // namespace dlc

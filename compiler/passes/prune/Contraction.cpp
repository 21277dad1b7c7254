//===- Contraction.cpp - convolutions and matrix products as sums over channels ------------===//
#include "compiler/passes/prune/Contraction.h"

namespace dlc::prune {
std::optional<Contraction> contractionOf(mlir::Operation *op) {
  if (auto conv = llvm::dyn_cast<nn::ConvOp>(op)) {
    int64_t channels = conv.getChannelLast() ? nn::rankOf(conv.getInput()) - 1 : 1;
    bool isGrouped = conv.getGroups() != 1;
    return Contraction{op, conv.getInput(), conv.getWeight(), isGrouped ? -1 : channels, isGrouped ? -1 : 1,
                       0,  channels};
  }
  if (auto conv = llvm::dyn_cast<nn::ConvTransposeOp>(op)) {
    int64_t channels = conv.getChannelLast() ? nn::rankOf(conv.getInput()) - 1 : 1;
    bool isGrouped = conv.getGroups() != 1;
    return Contraction{
        op,      conv.getInput(), conv.getWeight(), isGrouped ? -1 : channels, isGrouped ? -1 : 0, isGrouped ? 0 : 1,
        channels};
  }
  if (auto product = llvm::dyn_cast<nn::MatmulOp>(op)) {
    int64_t left = nn::rankOf(product.getLhs()), right = nn::rankOf(product.getRhs());
    if (left < 2 || right < 2) {
      return std::nullopt;
    }
    return Contraction{op,
                       product.getLhs(),
                       product.getRhs(),
                       product.getTransposeLhs() ? left - 2 : left - 1,
                       product.getTransposeRhs() ? right - 1 : right - 2,
                       product.getTransposeRhs() ? right - 2 : right - 1,
                       nn::rankOf(product.getResult()) - 1};
  }
  return std::nullopt;
}
} // namespace dlc::prune

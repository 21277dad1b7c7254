//===- HostCalls.h - ops that the engine runs itself ------------------------------------------------===//
#ifndef DLC_COMPILER_PASSES_HOSTCALLS_H
#define DLC_COMPILER_PASSES_HOSTCALLS_H
#include "dialects/nn/NN.h"

namespace dlc {
/// Functions that fail because of an index: they run in the order of the program, so that the first failure is told.
constexpr llvm::StringLiteral kCheckIndices = "check_indices", kScatterElements = "scatter_elements",
                              kScatterND = "scatter_nd";

/// A call of one of the engine's functions (runtime/engine/host/Builtins.h).
struct HostCall {
  std::string function;
  llvm::SmallVector<mlir::Value> operands; ///< null where an optional one is absent
  llvm::SmallVector<int64_t> attributes;
  llvm::SmallVector<dim::Expr> sizes; ///< attributes behind these, whose values each run has
  int64_t version = 1;
  std::vector<char> encoded; ///< a constant that becomes the first operand, when not empty
};
/// The call that an op becomes; nullopt when it is no host call.
std::optional<HostCall> getHostCall(mlir::Operation *op);
} // namespace dlc
#endif

//===- Einsum.h - equations of einsum -----------------------------------------------------------------===//
#ifndef DLC_DIALECTS_NN_OPS_CONTRACTION_EINSUM_H
#define DLC_DIALECTS_NN_OPS_CONTRACTION_EINSUM_H
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/SmallVector.h"
#include <string>

namespace dlc::nn {
/// An equation with a number for each dim of each operand and of the result: labels, the same number for the same size.
/// Labels are counted from 0; the broadcast dims of `...` come first.
struct EinsumEquation {
  llvm::SmallVector<llvm::SmallVector<int>> operands;
  llvm::SmallVector<int> result;
  int labels = 0, broadcastLabels = 0;
};

/// Reads an equation for operands of the given ranks. Fails with the reason in `error`.
mlir::FailureOr<EinsumEquation> parseEinsum(llvm::StringRef equation, llvm::ArrayRef<int64_t> ranks,
                                            std::string &error);
} // namespace dlc::nn
#endif

//===- Tune.h - kernels get what was measured to be the fastest ---------------------------------------------===//
#ifndef DLC_COMPILER_TUNE_TUNE_H
#define DLC_COMPILER_TUNE_TUNE_H
#include "compiler/tune/Candidates.h"

namespace dlc::tune {
/// Gives the kernels of `module` (level linalg) what the cache of `options.tuning` says is faster than the cost model's
/// choice. When there is a time budget, kernels that are not in the cache are measured first, those with the largest
/// share of the arithmetic before the others: each candidate in turns with the model's choice, on weights that are as
/// cold as in the network. One is taken when it is faster (`isFaster`) in two measurements. A candidate whose results
/// differ is left out with a warning; one that can't be compiled is a fault of dlc: an error is emitted, and
/// `options.internalError` set.
llvm::LogicalResult tuneKernels(mlir::ModuleOp module, const CompileOptions &options, CompileLoops compile);
} // namespace dlc::tune
#endif

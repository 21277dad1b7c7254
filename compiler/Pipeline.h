//===- Pipeline.h - the levels, and the way down --------------------------------------------===//
#ifndef DLC_COMPILER_PIPELINE_H
#define DLC_COMPILER_PIPELINE_H
#include "compiler/CompileOptions.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

namespace dlc {
/// The levels of docs/architecture.md. NN is the imported graph, Graph the optimised one.
enum class Level { NN, Graph, Linalg, RT };

/// Everything that a compilation may load.
void registerAllDialects(mlir::DialectRegistry &registry);
/// Adds the passes that lead from `from` to `to` (which may be equal: nothing is added).
void buildPipeline(mlir::OpPassManager &pm, const CompileOptions &options, Level from, Level to);
/// Runs them, level by level, with what the options say about dumps, printing and timing. Errors are emitted. One that is
/// a fault of dlc says so, and how to reproduce it from a file that is written then.
llvm::LogicalResult runPipeline(mlir::ModuleOp module, const CompileOptions &options, Level from, Level to);
/// Removes the channels that contribute least, at level nn: `fraction` of each layer's, or of the whole graph's with
/// `global` (docs/architecture.md, "Pruning"). With `fold`, constant channels become biases. Errors are emitted.
llvm::LogicalResult pruneChannels(mlir::ModuleOp module, double fraction, bool global, bool fold);
/// Lowers a module of nothing but kernels (docs/architecture.md, "Kernel functions") to the LLVM dialect: each public
/// function becomes one with the signature of `dlc_kernel_fn`, private ones keep theirs, with memrefs as bare pointers.
/// Float arithmetic may contract, nothing else.
llvm::LogicalResult lowerKernels(mlir::ModuleOp kernels);
/// The module as text, without the bytes of large constants.
std::string toText(mlir::ModuleOp module);
} // namespace dlc
#endif

//===- Kernels.h - the functions that steps run, between levels -------------------------===//
#ifndef DLC_COMPILER_PASSES_KERNELS_H
#define DLC_COMPILER_PASSES_KERNELS_H
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {
/// The nested module that holds a model's kernels.
inline constexpr llvm::StringLiteral kKernelModule = "kernels";
/// Attributes of a kernel function.
inline constexpr llvm::StringLiteral kStrategyAttr = "nn.strategy"; ///< StringAttr: how code is generated for it
inline constexpr llvm::StringLiteral kReasonAttr = "nn.reason";     ///< on groups and dispatches, StringAttr: why so
inline constexpr llvm::StringLiteral kChoiceAttr = "nn.choice";     ///< StringAttr: cpu::Choice, not left to the model
inline constexpr llvm::StringLiteral kDimsAttr = "nn.dims";         ///< dim.shape: the formulas of its index arguments
inline constexpr llvm::StringLiteral kTilesAttr = "nn.tiles";       ///< dim.expr: how many tiles there are
inline constexpr llvm::StringLiteral kScratchAttr = "nn.scratch";   ///< dim.expr: bytes of scratch per worker
inline constexpr llvm::StringLiteral kFlopsAttr = "nn.flops";       ///< dim.expr: arithmetic operations
/// On a dispatch of a constant, DenseI64ArrayAttr {tiles, index arguments}: it runs once, before all runs.
inline constexpr llvm::StringLiteral kPreparedAttr = "nn.prepared";
/// On a quantize_linear of a kernel: what it rounds is no NaN and below 2^30, whatever the kernel's arguments hold.
inline constexpr llvm::StringLiteral kBoundedAttr = "nn.bounded";
/// On arguments and results of a linalg-level kernel: per dim, the number of its index argument or -1 (static).
inline constexpr llvm::StringLiteral kSizesAttr = "nn.sizes";

/// Strategies. One ordered table (compiler/target/cpu/Strategy.h) chooses.
inline constexpr llvm::StringLiteral kLoopsStrategy = "loops";

inline constexpr llvm::StringLiteral kOneDnnStrategy = "onednn";   ///< kernels that become calls of runtime/onednn
inline constexpr llvm::StringLiteral kPrepareStrategy = "prepare"; ///< kernels that make constants of constants

/// Finds or creates the kernel module of `module`.
mlir::ModuleOp getKernelModule(mlir::ModuleOp module);
/// The kernel that a dispatch runs.
mlir::func::FuncOp getKernel(nn::DispatchOp dispatch);
} // namespace dlc
#endif

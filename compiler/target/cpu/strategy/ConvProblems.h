//===- ConvProblems.h - from nn's convolutions to those of the emitters ----------------------------------===//
#ifndef DLC_COMPILER_TARGET_CPU_STRATEGY_CONVPROBLEMS_H
#define DLC_COMPILER_TARGET_CPU_STRATEGY_CONVPROBLEMS_H
#include "compiler/target/cpu/contraction/Conv.h"
#include "compiler/target/cpu/strategy/KernelFrame.h"

namespace dlc::cpu {
/// Whether the emitters have the op: channel-last, of rank 3 to 5, with constant weights of a type that they have. Says
/// what is in the way.
bool fitsEmitter(nn::ConvOp op, Reason &reason);
bool fitsEmitter(nn::ConvTransposeOp op, Reason &reason);
/// "3x3, stride 2, 4 groups": what is not usual.
std::string describe(nn::ConvOp op);
std::string describe(nn::ConvTransposeOp op);
/// The op in the emitters' terms, with sizes as `size` gives them.
ConvProblem problemOf(nn::ConvOp op, llvm::function_ref<Idx(dim::Expr)> size);
ConvProblem problemOf(nn::ConvTransposeOp op, llvm::function_ref<Idx(dim::Expr)> size);
/// For choosing only: dynamic sizes have no value.
Idx sizeForChoice(dim::Expr e);
/// The sizes between batch and channels.
dim::Shape spatialOf(mlir::Value result);
/// 2 * outputs * taps * channels per group.
dim::Expr convFlops(KernelFrame &f, mlir::Value result, mlir::Value weight, int64_t groups, bool transposed);
dim::Expr ceilDiv(KernelFrame &f, dim::Expr a, int64_t b);
/// Whether F(m x m, 3 x 3) with these weights is as accurate as `--no-winograd`'s help promises.
bool isWinogradExact(int m, nn::ConvOp op, const nn::Tensor &weights);
/// A tensor of zeros of `bytes` bytes with elements like those of `t`.
nn::Tensor bytesLike(const nn::Tensor &t, int64_t bytes);
/// Weights of a convolution (`transposed`: of a transposed one), packed for the kernel's argument.
PackedArgument packedArgument(unsigned argument, const PackedWeights &w, bool transposed = false);
PackedArgument packedArgument(unsigned argument, const PackedDepthwise &w);
/// "kind 1 2 3".
std::string keyOf(llvm::StringRef kind, std::initializer_list<int64_t> numbers);
} // namespace dlc::cpu
#endif

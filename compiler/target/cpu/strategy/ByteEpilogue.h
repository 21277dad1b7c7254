//===- ByteEpilogue.h - quantisations in an epilogue, without bytes in between ----------------------===//
#ifndef DLC_COMPILER_TARGET_CPU_STRATEGY_BYTEEPILOGUE_H
#define DLC_COMPILER_TARGET_CPU_STRATEGY_BYTEEPILOGUE_H
#include "compiler/target/cpu/contraction/Epilogue.h"
#include "dialects/nn/NN.h"

namespace dlc::cpu {
/// How a quantisation of f32 to bytes, all with one constant zero point, rounds; nothing for other ops.
std::optional<ByteRounding> byteRounding(mlir::Operation *op);
/// Whether all that use the result of such a quantisation dequantise it to f32: then it stays f32 in the kernel, as what
/// `emitRounded` gives.
bool staysFloat(mlir::Operation *op);

/// The quotient that such a quantisation rounds, no NaN and below 2^30. `x` and `scale` are vectors of f32.
mlir::Value emitQuotient(KernelBuilder &kb, nn::QuantizeLinearOp op, mlir::Value x, mlir::Value scale);
/// The quantised numbers less their zero point, as f32.
mlir::Value emitRounded(KernelBuilder &kb, nn::QuantizeLinearOp op, mlir::Value x, mlir::Value scale);
/// What `op` makes of them.
mlir::Value emitDequantized(KernelBuilder &kb, nn::DequantizeLinearOp op, mlir::Value rounded, mlir::Value scale);
} // namespace dlc::cpu
#endif

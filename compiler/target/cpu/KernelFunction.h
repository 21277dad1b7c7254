//===- KernelFunction.h - the form that every kernel's function has --------------------------------===//
#ifndef DLC_COMPILER_TARGET_CPU_KERNELFUNCTION_H
#define DLC_COMPILER_TARGET_CPU_KERNELFUNCTION_H
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc::cpu {
/// The linear buffer of a tensor with elements as they are stored. A count that is not known now is a large number that
/// is never read.
mlir::MemRefType kernelBufferType(mlir::RankedTensorType type);
/// `count` elements, or (when negative) an unknown number of them.
mlir::MemRefType kernelBufferType(mlir::Type element, int64_t count);
/// What follows a kernel's buffers and sizes: [begin, end) of its tiles, and scratch.
struct KernelTail {
  mlir::Value begin, end, scratch;
};
KernelTail addKernelTail(mlir::Block &entry, mlir::Location loc);
/// Ends a kernel whose new body is in its first block: returns DLC_KERNEL_OK, drops the old body `old`, and types the
/// function after its arguments, whose buffers share no bytes.
void finishKernel(mlir::func::FuncOp kernel, mlir::OpBuilder &b, mlir::Block *old);
} // namespace dlc::cpu
#endif

//===- GroupRules.h - which ops may share a kernel ---------------------------------------------------===//
#ifndef DLC_COMPILER_PASSES_GROUPRULES_H
#define DLC_COMPILER_PASSES_GROUPRULES_H
#include "dialects/nn/NN.h"

namespace dlc {
bool isContraction(mlir::Operation *op);
/// Whether a kernel computes the op: it has a lowering, its operands and results are numbers, and it does more than
/// name bytes that exist.
bool needsKernel(mlir::Operation *op);
/// A constant whose elements are all the same: kernels have it as an immediate.
bool isSplat(mlir::Value v);
/// Whether two values provably have the same sizes.
bool sameShape(mlir::Value a, mlir::Value b);
/// Whether `v` may be computed in the kernel of `consumer`, which reads it: no element is computed twice, or there is
/// one per row.
bool fuses(mlir::Value v, mlir::Operation *consumer);
} // namespace dlc
#endif

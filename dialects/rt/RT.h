//===- RT.h - the executable dialect ---------------------------------------------------===//
#ifndef DLC_DIALECTS_RT_RT_H
#define DLC_DIALECTS_RT_RT_H
#include "dialects/dim/Dim.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"

#include "dialects/rt/RTDialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/rt/RTTypes.h.inc"
#define GET_OP_CLASSES
#include "dialects/rt/RTOps.h.inc"

namespace dlc::rt {
/// The tensor type that `ref` holds; null when it holds something else.
mlir::RankedTensorType getTensorType(mlir::Value ref);
/// True for ops that the engine schedules.
bool isStep(mlir::Operation *op);
/// The values that a step reads and writes, those of its blocks included.
void getAccesses(mlir::Operation *step, llvm::SmallVectorImpl<mlir::Value> &reads, llvm::SmallVectorImpl<mlir::Value> &writes);
} // namespace dlc::rt
#endif

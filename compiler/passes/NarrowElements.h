//===- NarrowElements.h - arithmetic for elements that kernels keep in bytes ------------------------------===//
#ifndef DLC_COMPILER_PASSES_NARROWELEMENTS_H
#define DLC_COMPILER_PASSES_NARROWELEMENTS_H
#include "dialects/nn/NN.h"

/// A narrow type is an integer of 2 or 4 bits, f4E2M1FN or f8E8M0FNU. In graphs its elements stand in bytes: integers
/// as those of 8 bits with the same sign, floats as a ui8 that holds their bits (their code).
namespace dlc::narrow {
bool isNarrow(mlir::Type element);
mlir::Type bytesOf(mlir::Type element);

/// Between what a caller passes, elements of less than a byte packed, and bytes.
mlir::Value unpack(mlir::OpBuilder &b, mlir::Location loc, mlir::Value packed);
mlir::Value pack(mlir::OpBuilder &b, mlir::Location loc, mlir::Value bytes, mlir::Type element);

/// The numbers that bytes stand for: integers as they are, floats as f32. Values of other types stay.
mlir::Value decode(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, mlir::Type element);
/// Numbers as the bytes of a narrow type, as nn.cast rounds them.
mlir::Value encode(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, mlir::Type element, llvm::StringRef roundMode,
                   bool saturate);
/// Integers of 8 bits as those of a narrow type, which saturate.
mlir::Value saturate(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, mlir::Type element);
/// The same bits as another type of equally many.
mlir::Value reinterpret(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, mlir::Type from, mlir::Type to);
} // namespace dlc::narrow
#endif

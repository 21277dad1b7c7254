//===- Indices.h - constants that say where elements are ------------------------------------===//
#ifndef DLC_IMPORTERS_ONNX_RULES_INDICES_H
#define DLC_IMPORTERS_ONNX_RULES_INDICES_H
#include "importers/onnx/Node.h"

namespace dlc::onnx_import {
/// Fails where constants are not all in [low, high). What only a run knows passes, whatever it is.
void checkRange(Node &n, Value numbers, int64_t low, Expr high, llvm::StringRef what);
/// The same for indices that may count from the end: in [-size, size).
void checkIndices(Node &n, Value indices, Expr size);
/// The same for index vectors, the last dim of `indices`: element i is one of dim i of `shape`.
void checkIndexVectors(Node &n, Value indices, llvm::ArrayRef<Expr> shape);
} // namespace dlc::onnx_import
#endif

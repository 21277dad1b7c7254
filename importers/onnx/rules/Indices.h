//===- Indices.h - constants that say where elements are ------------------------------------===//
#ifndef DLC_IMPORTERS_ONNX_RULES_INDICES_H
#define DLC_IMPORTERS_ONNX_RULES_INDICES_H
#include "importers/onnx/Node.h"

namespace dlc::onnx_import {
/// Fails where constant indices are not all in [-size, size). Sizes and indices that only a run knows pass.
void checkIndices(Node &n, Value indices, Expr size);
/// The same for index vectors, the last dim of `indices`: element i is one of dim i of `shape`.
void checkIndexVectors(Node &n, Value indices, llvm::ArrayRef<Expr> shape);
} // namespace dlc::onnx_import
#endif

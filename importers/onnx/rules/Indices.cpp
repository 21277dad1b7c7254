//===- Indices.cpp - constants that say where elements are ----------------------------------===//
#include "importers/onnx/rules/Indices.h"

namespace dlc::onnx_import {
void checkIndexVectors(Node &n, Value indices, llvm::ArrayRef<Expr> shape) {
  std::optional<nn::Tensor> known = n.failed() ? std::nullopt : n.knownTensor(indices);
  if (!known || shape.empty() || !nn::isIndexLike(known->element())) {
    return;
  }
  for (int64_t i = 0; i < known->count(); ++i) {
    std::optional<int64_t> size = dim::getConstant(shape[i % shape.size()]);
    int64_t index = known->integer(i);
    if (size && (index < -*size || index >= *size)) {
      (void)n.fail("expected indices in [-" + llvm::Twine(*size) + ", " + llvm::Twine(*size) + "), got " +
                   llvm::Twine(index) + " as element " + llvm::Twine(i) + " of the indices");
      return;
    }
  }
}

void checkIndices(Node &n, Value indices, Expr size) { checkIndexVectors(n, indices, size); }
} // namespace dlc::onnx_import

//===- Indices.cpp - constants that say where elements are ----------------------------------===//
#include "importers/onnx/rules/Indices.h"

namespace dlc::onnx_import {
void checkRange(Node &n, Value numbers, int64_t low, Expr high, llvm::StringRef what) {
  std::optional<Ints> known = n.failed() ? std::nullopt : n.knownInts(numbers);
  std::optional<int64_t> end = dim::getConstant(high);
  for (int64_t v : known.value_or(Ints())) {
    if (v < low || (end && v >= *end)) {
      (void)n.fail("expected " + what + " of at least " + llvm::Twine(low) + " and below " + dim::toString(high) +
                   ", got " + llvm::Twine(v));
    }
  }
}

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

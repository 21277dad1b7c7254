//===- SizeValues.h - the elements of small integer tensors as formulas ----------===//
#ifndef DLC_IMPORTERS_ONNX_SIZEVALUES_H
#define DLC_IMPORTERS_ONNX_SIZEVALUES_H
#include "dialects/nn/NN.h"
#include "llvm/ADT/DenseMap.h"

namespace dlc::onnx_import {
/// Keeps what nn::getShapeValue would find, op by op as they are created, so that no chain is walked twice, and drops
/// formulas that have grown too large to be of use.
class SizeValues {
public:
  /// To be called once for every op, after those that define its operands.
  void note(mlir::Operation *op);
  /// The elements in row-major order, when they are known.
  std::optional<dim::Shape> get(mlir::Value value) const;

private:
  llvm::DenseMap<mlir::Value, dim::Shape> values;
};
} // namespace dlc::onnx_import
#endif

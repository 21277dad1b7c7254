//===- KnownValues.h - what small values are, as far as it is known while importing -----===//
#ifndef DLC_IMPORTERS_ONNX_KNOWNVALUES_H
#define DLC_IMPORTERS_ONNX_KNOWNVALUES_H
#include "dialects/nn/eval/Eval.h"

namespace dlc::onnx_import {
/// Follows small values op by op as these are created, so that no chain is walked twice: integers as formulas over dims
/// (what nn::getShapeValue would find), and anything that constants alone decide as a tensor. Formulas that have grown
/// too large to be of use are dropped.
class KnownValues {
public:
  /// True for formulas that are small enough to compute with, each and multiplied with each other.
  static bool areHandy(llvm::ArrayRef<dim::Expr> shape);
  /// To be called once for every op, after those that define its operands.
  void note(mlir::Operation *op);
  /// The elements of an integer tensor in row-major order as formulas, when they are known.
  std::optional<dim::Shape> formulas(mlir::Value value) const;
  /// The elements, when they are numbers. Large constants are viewed in place.
  std::optional<nn::Tensor> tensor(mlir::Value value) const;

private:
  void noteFormulas(mlir::Operation *op);
  void noteTensors(mlir::Operation *op);
  llvm::DenseMap<mlir::Value, dim::Shape> shapes;
  llvm::DenseMap<mlir::Value, nn::Tensor> tensors;
};
} // namespace dlc::onnx_import
#endif

//===- SizeValues.cpp - the elements of small integer tensors as formulas --------===//
#include "importers/onnx/SizeValues.h"

namespace dlc::onnx_import {
namespace {
constexpr int64_t kMaxElements = 64;
constexpr int kMaxFormula = 256;

/// Counts the parts of `e` down from `budget`; false when there are more.
bool fits(dim::Expr e, int &budget) {
  if (--budget < 0) {
    return false;
  }
  return llvm::all_of(e.getOperands(), [&](mlir::Attribute part) {
    auto inner = llvm::dyn_cast<dim::Expr>(part);
    return !inner || fits(inner, budget);
  });
}
} // namespace

void SizeValues::note(mlir::Operation *op) {
  auto rule = llvm::dyn_cast<nn::ShapeValue>(op);
  if (!rule || op->getNumResults() != 1) {
    return;
  }
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(op->getResult(0).getType());
  if (!type || !type.hasStaticShape() || type.getNumElements() > kMaxElements ||
      !llvm::isa<mlir::IntegerType>(type.getElementType())) {
    return;
  }
  llvm::SmallVector<std::optional<dim::Shape>> operands;
  for (mlir::Value v : op->getOperands()) {
    operands.push_back(get(v));
  }
  std::optional<dim::Shape> result = rule.shapeValue(operands);
  if (!result || static_cast<int64_t>(result->size()) != type.getNumElements()) {
    return;
  }
  for (dim::Expr e : *result) {
    int budget = kMaxFormula;
    if (dim::isUnknown(e) || !fits(e, budget)) {
      return;
    }
  }
  values.try_emplace(op->getResult(0), *result);
}

std::optional<dim::Shape> SizeValues::get(mlir::Value value) const {
  auto it = values.find(value);
  return it == values.end() ? std::nullopt : std::optional<dim::Shape>(it->second);
}
} // namespace dlc::onnx_import

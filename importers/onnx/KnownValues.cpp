//===- KnownValues.cpp - what small values are, as far as it is known while importing ---===//
#include "importers/onnx/KnownValues.h"

namespace dlc::onnx_import {
namespace {
constexpr int64_t kMaxElements = 64;
constexpr int64_t kMaxSize = int64_t(1) << 46;
constexpr int kMaxFormula = 192;
/// Of a product of sums, multiplied out.
constexpr size_t kMaxTerms = 1024;

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

bool isSmall(mlir::Type t) {
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(t);
  return type && type.hasStaticShape() && type.getNumElements() <= kMaxElements;
}

/// The tensor whose elements are these formulas, when all are numbers.
std::optional<nn::Tensor> fromFormulas(mlir::RankedTensorType type, const dim::Shape &values) {
  nn::Tensor t = nn::Tensor::zeros(type.getElementType(), type.getShape());
  for (auto [i, e] : llvm::enumerate(values)) {
    std::optional<int64_t> number = dim::getConstant(e);
    if (!number) {
      return std::nullopt;
    }
    nn::visitElement(t.element(), [&, at = i](auto tag) {
      using T = typename decltype(tag)::type;
      if constexpr (std::is_integral_v<T>) {
        t.values<T>()[at] = T(*number);
      }
    });
  }
  return t;
}
} // namespace

bool KnownValues::areHandy(llvm::ArrayRef<dim::Expr> shape) {
  size_t terms = 1;
  return llvm::all_of(shape, [&](dim::Expr e) {
    int budget = kMaxFormula;
    if (std::optional<int64_t> number = dim::getConstant(e); number && (*number > kMaxSize || *number < -kMaxSize)) {
      return false;
    }
    terms *= e.getKind() == dim::ExprKind::Sum ? e.getOperands().size() : 1;
    return terms <= kMaxTerms && fits(e, budget);
  });
}

void KnownValues::note(mlir::Operation *op) {
  noteFormulas(op);
  noteTensors(op);
}

void KnownValues::noteFormulas(mlir::Operation *op) {
  if (!llvm::isa<nn::ShapeValue>(op)) {
    return;
  }
  auto operands = llvm::map_to_vector(op->getOperands(), [&](mlir::Value v) { return formulas(v); });
  std::optional<dim::Shape> result = nn::inferShapeValue(op, operands);
  bool handy = result && llvm::all_of(*result, [](dim::Expr e) {
    int budget = kMaxFormula; // numbers may be of any size here: slices end at the greatest there is
    return fits(e, budget);
  });
  if (handy) {
    shapes.try_emplace(op->getResult(0), *result);
  }
}

void KnownValues::noteTensors(mlir::Operation *op) {
  auto rule = llvm::dyn_cast<nn::Evaluate>(op);
  bool small = llvm::all_of(op->getResultTypes(), isSmall);
  if (!rule || !small || op->getNumOperands() == 0 || op->getNumRegions() || shapes.contains(op->getResult(0))) {
    return;
  }
  llvm::SmallVector<nn::Datum> operands;
  for (mlir::Value v : op->getOperands()) {
    std::optional<nn::Tensor> known = isSmall(v.getType()) ? tensor(v) : std::nullopt;
    if (!known) {
      return;
    }
    operands.push_back(*known);
  }
  nn::EvalContext context([](llvm::StringRef) { return std::nullopt; });
  context.bind = [](llvm::StringRef, int64_t) {};
  llvm::SmallVector<nn::Datum> results;
  if (failed(rule.evaluate(context, operands, results)) || results.size() != op->getNumResults()) {
    return;
  }
  for (auto [value, datum] : llvm::zip(op->getResults(), results)) {
    if (datum.getKind() != nn::Datum::Kind::Tensor) {
      continue;
    }
    const nn::Tensor &t = datum.tensor();
    tensors.try_emplace(value, t);
    if (llvm::isa<mlir::IntegerType>(t.element())) {
      dim::Shape shape;
      for (int64_t i = 0; i < t.count(); ++i) {
        shape.push_back(dim::constant(op->getContext(), t.integer(i)));
      }
      shapes.try_emplace(value, shape);
    }
  }
}

std::optional<dim::Shape> KnownValues::formulas(mlir::Value value) const {
  auto it = shapes.find(value);
  return it == shapes.end() ? std::nullopt : std::optional<dim::Shape>(it->second);
}

std::optional<nn::Tensor> KnownValues::tensor(mlir::Value value) const {
  if (auto it = tensors.find(value); it != tensors.end()) {
    return it->second;
  }
  if (auto op = value.getDefiningOp<nn::ConstantOp>()) {
    mlir::FailureOr<nn::Tensor> t = nn::tensorFromAttr(op.getValue());
    return failed(t) ? std::nullopt : std::optional<nn::Tensor>(*t);
  }
  auto it = shapes.find(value);
  return it == shapes.end() ? std::nullopt
                            : fromFormulas(llvm::cast<mlir::RankedTensorType>(value.getType()), it->second);
}
} // namespace dlc::onnx_import

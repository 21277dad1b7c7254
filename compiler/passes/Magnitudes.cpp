//===- Magnitudes.cpp - how large values can get ---------------------------------------------===//
#include "compiler/passes/Magnitudes.h"
#include "compiler/passes/ConstantValues.h"

namespace dlc {
namespace {
using mlir::Value;
using Bound = std::optional<double>;

/// Longer chains of arithmetic are not followed.
constexpr int most = 32;

Bound bounded(double v) { return v < std::numeric_limits<float>::max() ? Bound(v) : std::nullopt; }

Bound ofConstant(Value v) {
  std::optional<nn::Tensor> t = constantTensor(v);
  if (!t || !nn::elementOf(v).isF32()) {
    return std::nullopt;
  }
  double greatest = 0;
  for (int64_t i = 0; i < t->count(); ++i) {
    double element = std::abs(elementAt(*t, i));
    if (!(element <= std::numeric_limits<float>::max())) {
      return std::nullopt;
    }
    greatest = std::max(greatest, element);
  }
  return greatest;
}

/// The bounds of a value and of what it is made of.
class Magnitudes {
public:
  Bound magnitude(Value v, int depth) {
    auto [it, isNew] = known.try_emplace({v, depth});
    if (!isNew) {
      return it->second; // values may be used often, on every level again
    }
    Bound bound = compute(v, depth);
    known[{v, depth}] = bound;
    return bound;
  }

private:
  /// `combine` of the bounds of both operands; rounding adds less than is left of a factor.
  template <class Op, class Combine> Bound ofBoth(Op op, int depth, Combine combine) {
    Bound l = magnitude(op.getLhs(), depth), r = magnitude(op.getRhs(), depth);
    return l && r ? bounded(1.001 * combine(*l, *r)) : std::nullopt;
  }
  Bound ofOp(mlir::Operation *op, int depth);
  Bound compute(Value v, int depth);

  llvm::DenseMap<std::pair<Value, int>, Bound> known;
};

Bound Magnitudes::ofOp(mlir::Operation *op, int depth) {
  if (auto relu = llvm::dyn_cast<nn::ReluOp>(op)) {
    return magnitude(relu.getInput(), depth);
  }
  if (auto cast = llvm::dyn_cast<nn::CastOp>(op)) {
    return magnitude(cast.getInput(), depth);
  }
  if (auto dequantize = llvm::dyn_cast<nn::DequantizeLinearOp>(op)) {
    Bound x = magnitude(dequantize.getInput(), depth), scale = magnitude(dequantize.getScale(), depth);
    return x && scale ? bounded(2.002 * *x * *scale) : std::nullopt;
  }
  if (auto mul = llvm::dyn_cast<nn::MulOp>(op)) {
    return ofBoth(mul, depth, [](double l, double r) { return l * r; });
  }
  if (auto add = llvm::dyn_cast<nn::AddOp>(op)) {
    return ofBoth(add, depth, [](double l, double r) { return l + r; });
  }
  if (auto sub = llvm::dyn_cast<nn::SubOp>(op)) {
    return ofBoth(sub, depth, [](double l, double r) { return l + r; });
  }
  if (auto min = llvm::dyn_cast<nn::MinOp>(op)) {
    return ofBoth(min, depth, [](double l, double r) { return std::max(l, r); });
  }
  if (auto max = llvm::dyn_cast<nn::MaxOp>(op)) {
    return ofBoth(max, depth, [](double l, double r) { return std::max(l, r); });
  }
  return std::nullopt;
}

Bound Magnitudes::compute(Value v, int depth) {
  mlir::Type element = nn::elementOf(v);
  if (nn::isInteger(element)) {
    return nn::getElementBits(element) <= 32 ? Bound(std::ldexp(1, nn::getElementBits(element))) : std::nullopt;
  }
  if (!element.isF32() || depth == 0) {
    return std::nullopt;
  }
  if (auto argument = llvm::dyn_cast<mlir::BlockArgument>(v)) {
    auto group = llvm::dyn_cast_or_null<nn::GroupOp>(argument.getOwner()->getParentOp());
    return group ? magnitude(group->getOperand(argument.getArgNumber()), depth - 1) : std::nullopt;
  }
  if (llvm::isa<nn::ConstantOp>(v.getDefiningOp())) {
    return ofConstant(v);
  }
  return ofOp(v.getDefiningOp(), depth - 1);
}
} // namespace

std::optional<double> greatestMagnitude(Value v) { return Magnitudes().magnitude(v, most); }
} // namespace dlc

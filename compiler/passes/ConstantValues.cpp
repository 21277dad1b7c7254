//===- ConstantValues.cpp - what passes ask of constants -----------------------------------===//
#include "compiler/passes/ConstantValues.h"

namespace dlc {
std::optional<nn::Tensor> constantTensor(mlir::Value v) {
  auto op = v ? v.getDefiningOp<nn::ConstantOp>() : nn::ConstantOp();
  mlir::FailureOr<nn::Tensor> t = op ? nn::tensorFromAttr(op.getValue()) : mlir::FailureOr<nn::Tensor>(mlir::failure());
  return mlir::succeeded(t) ? std::optional(*t) : std::nullopt;
}

double elementAt(const nn::Tensor &t, int64_t i) {
  mlir::Type e = t.element();
  if (e.isF32()) {
    return t.values<float>()[i];
  }
  if (e.isF64()) {
    return t.values<double>()[i];
  }
  if (auto f = llvm::dyn_cast<mlir::FloatType>(e)) {
    assert(f.getWidth() == 16 && "no element of 8 bits");
    return llvm::APFloat(f.getFloatSemantics(), llvm::APInt(16, t.values<uint16_t>()[i])).convertToDouble();
  }
  return double(t.integer(i));
}

std::optional<double> constantNumber(mlir::Value v) {
  std::optional<nn::Tensor> t = constantTensor(v);
  bool known = t && t->count() == 1 && (nn::isInteger(t->element()) || nn::getElementBits(t->element()) >= 16);
  return known ? std::optional(elementAt(*t, 0)) : std::nullopt;
}

bool equalConstants(mlir::Value a, mlir::Value b) {
  if (a == b) {
    return true;
  }
  std::optional<nn::Tensor> x = constantTensor(a), y = constantTensor(b);
  return x && y && x->element() == y->element() && x->shape() == y->shape() && std::memcmp(x->raw(), y->raw(), x->bytes()) == 0;
}

mlir::Value makeConstant(mlir::OpBuilder &b, mlir::Location loc, const nn::Tensor &t) {
  return nn::ConstantOp::of(b, loc, nn::attrFromTensor(t)).getResult();
}
} // namespace dlc

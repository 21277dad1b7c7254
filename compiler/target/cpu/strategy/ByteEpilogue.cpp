//===- ByteEpilogue.cpp - quantisations in an epilogue, without bytes in between --------------------===//
#include "compiler/target/cpu/strategy/ByteEpilogue.h"
#include "compiler/passes/Kernels.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace dlc::cpu {
namespace {
using mlir::Value;

/// The number that all elements of a constant of bytes are; 0 for an absent one.
std::optional<int> zeroPoint(Value v) {
  if (!v) {
    return 0;
  }
  auto constant = v.getDefiningOp<nn::ConstantOp>();
  auto elements = constant ? llvm::dyn_cast<mlir::DenseElementsAttr>(constant.getValue()) : mlir::DenseElementsAttr();
  mlir::Type type = nn::elementOf(v);
  if (!elements || !elements.isSplat() || !nn::isInteger(type) || nn::getElementBits(type) != 8) {
    return std::nullopt;
  }
  llvm::APInt bits = elements.getSplatValue<llvm::APInt>();
  return int(type.isUnsignedInteger() ? bits.getZExtValue() : bits.getSExtValue());
}

bool isF32(Value v) { return nn::elementOf(v).isF32(); }

Value clamp(KernelBuilder &kb, Value v, double low, double high) {
  mlir::OpBuilder &b = kb.builder();
  auto choose = [&](mlir::arith::CmpFPredicate wins, double bound) {
    Value limit = kb.constant(v.getType(), bound);
    v = kb.selectValues(mlir::arith::CmpFOp::create(b, kb.location(), wins, v, limit), v, limit);
  };
  choose(mlir::arith::CmpFPredicate::OGT, low);
  choose(mlir::arith::CmpFPredicate::OLT, high);
  return v;
}

/// Quotients within the range of the result, which rounding does not leave; NaN gives 0, as in nn.quantize_linear.
Value clampToBytes(KernelBuilder &kb, nn::QuantizeLinearOp op, Value v) {
  ByteRounding rounding = *byteRounding(op);
  if (!op->hasAttr(kBoundedAttr)) {
    Value isNumber =
        mlir::arith::CmpFOp::create(kb.builder(), kb.location(), mlir::arith::CmpFPredicate::ORD, v, v);
    v = kb.selectValues(isNumber, v, kb.constant(v.getType(), -rounding.zero));
  }
  double low = rounding.isSigned ? -128 : 0;
  return clamp(kb, v, low - rounding.zero, low + 255 - rounding.zero);
}

Value divide(KernelBuilder &kb, Value x, Value scale) {
  return mlir::arith::DivFOp::create(kb.builder(), kb.location(), x, scale);
}
} // namespace

std::optional<ByteRounding> byteRounding(mlir::Operation *op) {
  auto quantize = llvm::dyn_cast<nn::QuantizeLinearOp>(op);
  if (!quantize || !isF32(quantize.getInput()) || !isF32(quantize.getScale()) || quantize.getPrecision() ||
      !nn::isInteger(quantize.getTo()) || nn::getElementBits(quantize.getTo()) != 8) {
    return std::nullopt;
  }
  std::optional<int> zero = zeroPoint(quantize.getZeroPoint());
  return zero ? std::optional(ByteRounding{*zero, !quantize.getTo().isUnsignedInteger()}) : std::nullopt;
}

bool staysFloat(mlir::Operation *op) {
  return byteRounding(op) && llvm::all_of(op->getUsers(), [&](mlir::Operation *user) {
           auto dequantize = llvm::dyn_cast<nn::DequantizeLinearOp>(user);
           return dequantize && dequantize.getInput() == op->getResult(0) && dequantize.getTo().isF32() &&
                  isF32(dequantize.getScale()) && zeroPoint(dequantize.getZeroPoint());
         });
}

Value emitQuotient(KernelBuilder &kb, nn::QuantizeLinearOp op, Value x, Value scale) {
  Value v = divide(kb, x, scale);
  return op->hasAttr(kBoundedAttr) ? v : clampToBytes(kb, op, v);
}

Value emitRounded(KernelBuilder &kb, nn::QuantizeLinearOp op, Value x, Value scale) {
  return mlir::math::RoundEvenOp::create(kb.builder(), kb.location(), clampToBytes(kb, op, divide(kb, x, scale)));
}

Value emitDequantized(KernelBuilder &kb, nn::DequantizeLinearOp op, Value rounded, Value scale) {
  auto quantize = op.getInput().getDefiningOp<nn::QuantizeLinearOp>();
  int shift = *zeroPoint(quantize.getZeroPoint()) - *zeroPoint(op.getZeroPoint());
  if (shift != 0) {
    rounded = kb.addValues(rounded, kb.constant(rounded.getType(), shift));
  }
  return kb.mulValues(rounded, scale);
}
} // namespace dlc::cpu

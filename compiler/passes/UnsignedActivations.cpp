//===- UnsignedActivations.cpp - signed quantised activations become unsigned ones ----------------------===//
#include "compiler/passes/ConstantValues.h"
#include "compiler/passes/Passes.h"
#include "llvm/ADT/SetVector.h"

namespace dlc {
#define GEN_PASS_DEF_UNSIGNEDACTIVATIONS
#include "compiler/passes/Passes.h.inc"
namespace {
using mlir::Value;

bool isSignedByte(mlir::Type t) { return t.isSignlessInteger(8); }

/// The zero point of the quantised operand 0; nothing when the user is of another kind.
std::optional<mlir::MutableOperandRange> zeroPointOf(mlir::Operation *user) {
  if (auto op = llvm::dyn_cast<nn::DequantizeLinearOp>(user)) {
    return op.getZeroPointMutable();
  }
  if (auto op = llvm::dyn_cast<nn::ConvIntegerOp>(user)) {
    return op.getInputZeroMutable();
  }
  if (auto op = llvm::dyn_cast<nn::MatmulIntegerOp>(user)) {
    return op.getLhsZeroMutable();
  }
  return std::nullopt;
}

/// A zero point 128 greater, as unsigned bytes; null when it is not known.
Value shifted(mlir::OpBuilder &b, mlir::Location loc, mlir::MutableOperandRange zero) {
  mlir::Type unsignedByte = b.getIntegerType(8, false);
  if (zero.empty()) {
    return makeConstant(b, loc, nn::Tensor::scalar(unsignedByte, 128));
  }
  std::optional<nn::Tensor> t = constantTensor(zero[0].get());
  if (!t || !isSignedByte(t->element())) {
    return {};
  }
  nn::Tensor result = nn::Tensor::zeros(unsignedByte, t->shape());
  for (int64_t i = 0; i < t->count(); ++i) {
    result.values<uint8_t>()[i] = uint8_t(t->integer(i) + 128);
  }
  return makeConstant(b, loc, result);
}

struct UnsignedActivationsPass : impl::UnsignedActivationsBase<UnsignedActivationsPass> {
  void runOnOperation() override {
    getOperation().walk([&](nn::QuantizeLinearOp op) {
      if (isSignedByte(op.getTo()) && op.getBlockSize() == 0) {
        rewrite(op);
      }
    });
  }

private:
  static void rewrite(nn::QuantizeLinearOp op) {
    mlir::OpBuilder b(op);
    llvm::SetVector<mlir::Operation *> users;
    for (mlir::OpOperand &use : op.getResult().getUses()) {
      std::optional<mlir::MutableOperandRange> zero = zeroPointOf(use.getOwner());
      if (!zero || use.getOperandNumber() != 0 || (!zero->empty() && !constantTensor((*zero)[0].get()))) {
        return;
      }
      users.insert(use.getOwner());
    }
    Value own = users.empty() ? Value() : shifted(b, op.getLoc(), op.getZeroPointMutable());
    if (!own) {
      return;
    }
    for (mlir::Operation *user : users) {
      zeroPointOf(user)->assign(shifted(b, op.getLoc(), *zeroPointOf(user)));
    }
    op.getZeroPointMutable().assign(own);
    op.setTo(b.getIntegerType(8, false));
    bool fits = mlir::succeeded(nn::refineResultTypes(op));
    assert(fits && "bytes are bytes");
    (void)fits;
  }
};
} // namespace
} // namespace dlc

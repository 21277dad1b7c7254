//===- WidenElements.cpp - bytes for elements that are smaller, or that no kernel knows -------------------===//
// Integers of 2 and 4 bits become those of 8 with the same values. Floats that no kernel computes with (f4E2M1FN and
// f8E8M0FNU) become bytes that hold their bits, their codes.
#include "compiler/passes/NarrowElements.h"
#include "compiler/passes/Passes.h"
#include "dialects/nn/eval/Eval.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/TypeSwitch.h"

namespace dlc {
#define GEN_PASS_DEF_WIDENELEMENTS
#include "compiler/passes/Passes.h.inc"
namespace {
using mlir::Value;

/// The type with bytes in the place of narrow elements.
mlir::Type widened(mlir::Type type) {
  if (auto tensor = llvm::dyn_cast<mlir::TensorType>(type)) { // of unknown rank within sequences
    mlir::Type element = tensor.getElementType();
    return narrow::isNarrow(element) ? mlir::Type(tensor.clone(narrow::bytesOf(element))) : type;
  }
  if (auto sequence = llvm::dyn_cast<nn::SequenceType>(type)) {
    return nn::SequenceType::get(type.getContext(), widened(sequence.getElement()));
  }
  if (auto optional = llvm::dyn_cast<nn::OptionalType>(type)) {
    return nn::OptionalType::get(type.getContext(), widened(optional.getElement()));
  }
  return type;
}

mlir::Type elementOrNull(Value v) {
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
  return tensor ? tensor.getElementType() : mlir::Type();
}

struct WidenElementsPass : impl::WidenElementsBase<WidenElementsPass> {
  void runOnOperation() override {
    mlir::func::FuncOp func = getOperation();
    if (func.isExternal() || !hasNarrow(func)) {
      return;
    }
    // Types say what codes stand for only until they are changed.
    llvm::SmallVector<mlir::Operation *> ops;
    func.walk<mlir::WalkOrder::PreOrder>([&](mlir::Operation *op) {
      ops.push_back(op);
      for (Value v : op->getOperands()) {
        elements[op].push_back(elementOrNull(v));
      }
    });
    for (mlir::Operation *op : llvm::drop_begin(ops)) {
      for (mlir::Region &region : op->getRegions()) {
        for (mlir::BlockArgument argument : region.getArguments()) {
          argument.setType(widened(argument.getType()));
        }
      }
    }
    unpackArguments(func);
    for (mlir::Operation *op : llvm::drop_begin(ops)) {
      if (mlir::failed(rewrite(op))) {
        signalPassFailure();
      }
    }
  }

private:
  bool hasNarrow(mlir::func::FuncOp func) {
    auto isNarrow = [](mlir::Type t) { return widened(t) != t; };
    return func
        .walk([&](mlir::Operation *op) {
          bool found = llvm::any_of(op->getResultTypes(), isNarrow) || llvm::any_of(op->getOperandTypes(), isNarrow);
          return found ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
        })
        .wasInterrupted();
  }

  void unpackArguments(mlir::func::FuncOp func) {
    mlir::OpBuilder b = mlir::OpBuilder::atBlockBegin(&func.front());
    for (mlir::BlockArgument argument : func.getArguments()) {
      mlir::Type element = elementOrNull(argument);
      if (!element || !narrow::isNarrow(element) || argument.use_empty()) {
        continue;
      }
      Value bytes = narrow::unpack(b, argument.getLoc(), argument);
      argument.replaceAllUsesExcept(bytes, bytes.getDefiningOp());
    }
  }

  llvm::LogicalResult rewrite(mlir::Operation *op) {
    using Result = llvm::LogicalResult;
    return llvm::TypeSwitch<mlir::Operation *, Result>(op)
        .Case([&](mlir::func::ReturnOp o) { return packResults(o); })
        .Case([&](nn::ConstantOp o) { return constant(o); })
        .Case([&](nn::CastOp o) { return cast(o); })
        .Case([&](nn::BitCastOp o) { return bitCast(o); })
        .Case([&](nn::QuantizeLinearOp o) { return quantize(o); })
        .Case([&](nn::DequantizeLinearOp o) { return dequantize(o); })
        .Default([&](mlir::Operation *other) { return move(other); });
  }

  /// What an op takes whose meaning does not depend on its elements.
  llvm::LogicalResult move(mlir::Operation *op) {
    for (mlir::OpResult r : op->getResults()) {
      r.setType(widened(r.getType()));
    }
    for (mlir::NamedAttribute attribute : llvm::to_vector(op->getAttrs())) {
      if (auto type = llvm::dyn_cast<mlir::TypeAttr>(attribute.getValue())) {
        mlir::Type value = type.getValue();
        mlir::Type wide = narrow::isNarrow(value) ? narrow::bytesOf(value) : widened(value);
        op->setAttr(attribute.getName(), mlir::TypeAttr::get(wide));
      }
    }
    return mlir::success();
  }

  llvm::LogicalResult packResults(mlir::func::ReturnOp op) {
    mlir::OpBuilder b(op);
    llvm::LogicalResult done = mlir::success();
    auto func = op->getParentOfType<mlir::func::FuncOp>();
    for (auto [i, type] : llvm::enumerate(func.getResultTypes())) {
      auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
      Value v = op.getOperand(i);
      if (tensor && narrow::isNarrow(tensor.getElementType()) && v.getType() != type) {
        op.setOperand(i, narrow::pack(b, op.getLoc(), v, tensor.getElementType()));
      } else if (!tensor && widened(type) != type) {
        done = func.emitError() << "expected tensors where results have elements of less than a byte, got " << type;
      }
    }
    for (mlir::Type type : func.getArgumentTypes()) {
      if (!llvm::isa<mlir::RankedTensorType>(type) && widened(type) != type) {
        done = func.emitError() << "expected tensors where inputs have elements of less than a byte, got " << type;
      }
    }
    return done;
  }

  llvm::LogicalResult constant(nn::ConstantOp op) {
    mlir::Type element = nn::elementOf(op.getResult());
    if (!narrow::isNarrow(element)) {
      return mlir::success();
    }
    mlir::FailureOr<nn::Tensor> t = nn::tensorFromAttr(op.getValue());
    if (mlir::failed(t)) {
      return op.emitOpError() << "expected a constant whose elements can be read";
    }
    mlir::OpBuilder b(op);
    nn::Tensor bytes = nn::Tensor::view(narrow::bytesOf(element), t->shape(), t->raw());
    return replace(op, nn::ConstantOp::of(b, op.getLoc(), nn::attrFromTensor(bytes)));
  }

  llvm::LogicalResult cast(nn::CastOp op) {
    mlir::Type from = elements[op][0], to = op.getTo();
    if (!narrow::isNarrow(from) && !narrow::isNarrow(to)) {
      return mlir::success();
    }
    mlir::OpBuilder b(op);
    Value v = narrow::decode(b, op.getLoc(), op.getInput(), from);
    if (narrow::isNarrow(to)) {
      return replace(op, narrow::encode(b, op.getLoc(), v, to, op.getRoundMode(), op.getSaturate()));
    }
    return replace(op, nn::create<nn::CastOp>(b, op.getLoc(), v, to, op.getSaturate()));
  }

  llvm::LogicalResult bitCast(nn::BitCastOp op) {
    mlir::Type from = elements[op][0], to = op.getTo();
    if (!narrow::isNarrow(from) && !narrow::isNarrow(to)) {
      return mlir::success();
    }
    mlir::OpBuilder b(op);
    return replace(op, narrow::reinterpret(b, op.getLoc(), op.getInput(), from, to));
  }

  llvm::LogicalResult quantize(nn::QuantizeLinearOp op) {
    mlir::Type to = op.getTo(), scaleType = elements[op][1];
    if (llvm::none_of(elements[op], narrow::isNarrow) && !narrow::isNarrow(to)) {
      return mlir::success();
    }
    mlir::OpBuilder b(op);
    mlir::Location loc = op.getLoc();
    Value x = narrow::decode(b, loc, op.getInput(), elements[op][0]), zero = op.getZeroPoint();
    Value scale = narrow::decode(b, loc, op.getScale(), scaleType);
    bool isInteger = nn::isInteger(to);
    mlir::Type wide = !narrow::isNarrow(to) ? to : isInteger ? narrow::bytesOf(to) : b.getF32Type();
    zero = zero ? narrow::decode(b, loc, zero, elements[op][2]) : zero;
    mlir::TypeAttr precision = op.getPrecision() ? mlir::TypeAttr::get(*op.getPrecision()) : mlir::TypeAttr();
    Value q = nn::create<nn::QuantizeLinearOp>(b, loc, x, scale, zero, wide, op.getAxis(), op.getBlockSize(),
                                               op.getSaturate(), precision);
    if (wide == to) {
      return replace(op, q);
    }
    return replace(op, isInteger ? narrow::saturate(b, loc, q, to) : narrow::encode(b, loc, q, to, "up", true));
  }

  llvm::LogicalResult dequantize(nn::DequantizeLinearOp op) {
    if (llvm::none_of(elements[op], narrow::isNarrow)) {
      return mlir::success();
    }
    mlir::OpBuilder b(op);
    mlir::Location loc = op.getLoc();
    Value x = narrow::decode(b, loc, op.getInput(), elements[op][0]), zero = op.getZeroPoint();
    Value scale = narrow::decode(b, loc, op.getScale(), elements[op][1]);
    zero = zero ? narrow::decode(b, loc, zero, elements[op][2]) : zero;
    return replace(
        op, nn::create<nn::DequantizeLinearOp>(b, loc, x, scale, zero, op.getTo(), op.getAxis(), op.getBlockSize()));
  }

  llvm::LogicalResult replace(mlir::Operation *op, Value v) {
    op->getResult(0).replaceAllUsesWith(v);
    elements.erase(op);
    op->erase();
    return mlir::success();
  }

  /// The elements of each op's operands, as they were.
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<mlir::Type>> elements;
};
} // namespace
} // namespace dlc

//===- Quant.cpp - result types of quantisation ---------------------------------------------===//
#include "dialects/nn/Infer.h"

namespace dlc::nn {
namespace {
/// The bytes that stand for elements of a type of less than a byte; null for others.
mlir::Type unpackedType(mlir::Type element) {
  if (element.isInteger(2) || element.isInteger(4)) {
    bool isUnsigned = element.isUnsignedInteger();
    return mlir::IntegerType::get(element.getContext(), 8,
                                  isUnsigned ? mlir::IntegerType::Unsigned : mlir::IntegerType::Signless);
  }
  bool isTiny = llvm::isa<mlir::Float4E2M1FNType>(element);
  return isTiny ? mlir::IntegerType::get(element.getContext(), 8, mlir::IntegerType::Unsigned) : mlir::Type();
}
/// Checks scale (or zero point) `v` against the input: per tensor, per index of `axis`, or per block of it.
template <class Op> llvm::LogicalResult checkGranularity(Op op, mlir::Value v) {
  dim::Shape input = shapeOf(op.getInput()), own = shapeOf(v);
  int64_t axis = op.getAxis(), block = op.getBlockSize();
  bool scalar = own.empty() || (own.size() == 1 && dim::isConstant(own[0], 1));
  if (block < 0) {
    return op.emitOpError() << "expected a block size of at least 0, got " << block;
  }
  if (block == 0 && scalar) {
    return mlir::success();
  }
  if (mlir::failed(checkAxis(op, axis, input.size()))) {
    return mlir::failure();
  }
  if (block == 0) {
    return checkVector(op, v, input[axis], "a scale and zero point");
  }
  bool fits = own.size() == input.size();
  for (size_t i = 0; fits && i < own.size(); ++i) {
    bool blocked = static_cast<int64_t>(i) == axis;
    fits = mayBeEqual(own[i], blocked ? dim::ceilDiv(input[i], dim::constant(op.getContext(), block)) : input[i]);
  }
  if (!fits) {
    return op.emitOpError() << "expected one scale and zero point per block of " << block << " along dim " << axis
                            << " of " << op.getInput().getType() << ", got " << v.getType();
  }
  return mlir::success();
}

template <class Op> llvm::LogicalResult infer(Op op, mlir::Type quantized, Types &types) {
  if (mlir::failed(checkGranularity(op, op.getScale()))) {
    return mlir::failure();
  }
  if (op.getZeroPoint() && (mlir::failed(checkGranularity(op, op.getZeroPoint())) ||
                            mlir::failed(checkElement(op, op.getZeroPoint(), quantized, "a zero point")))) {
    return mlir::failure();
  }
  types.push_back(dim::getTensorType(shapeOf(op.getInput()), op.getTo()));
  return mlir::success();
}
} // namespace

llvm::LogicalResult QuantizeLinearOp::inferResultTypes(Types &types) {
  if (!isNumber(getTo()) || (getPrecision() && !isFloat(*getPrecision()))) {
    return emitOpError() << "expected to quantise to numbers, with a precision of a float type, got " << getTo();
  }
  return infer(*this, getTo(), types);
}

llvm::LogicalResult DequantizeLinearOp::inferResultTypes(Types &types) {
  if (!isFloat(getTo())) {
    return emitOpError() << "expected to dequantise to floats, got " << getTo();
  }
  return infer(*this, elementOf(getInput()), types);
}

llvm::LogicalResult DynamicQuantizeOp::inferResultTypes(Types &types) {
  mlir::Type byte = mlir::IntegerType::get(getContext(), 8, mlir::IntegerType::Unsigned);
  types.push_back(dim::getTensorType(shapeOf(getInput()), byte));
  types.push_back(mlir::RankedTensorType::get({}, mlir::Float32Type::get(getContext())));
  types.push_back(mlir::RankedTensorType::get({}, byte));
  return mlir::success();
}

llvm::LogicalResult UnpackBitsOp::inferResultTypes(Types &types) {
  mlir::Type bytes = unpackedType(elementOf(getInput()));
  if (!bytes) {
    return emitOpError() << "expected elements of 2 or 4 bits, got " << getInput().getType();
  }
  types.push_back(dim::getTensorType(shapeOf(getInput()), bytes));
  return mlir::success();
}

llvm::LogicalResult PackBitsOp::inferResultTypes(Types &types) {
  mlir::Type bytes = unpackedType(getTo());
  if (!bytes || elementOf(getInput()) != bytes) {
    return emitOpError() << "expected the bytes of elements of type " << getTo() << ", got " << getInput().getType();
  }
  types.push_back(dim::getTensorType(shapeOf(getInput()), getTo()));
  return mlir::success();
}
} // namespace dlc::nn

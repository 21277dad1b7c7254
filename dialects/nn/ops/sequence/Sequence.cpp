//===- Sequence.cpp - result types of lists and optionals --------------------------------------------===//
#include "dialects/nn/Infer.h"

namespace dlc::nn {
namespace {
llvm::LogicalResult pushSequence(mlir::Operation *op, mlir::Type element, mlir::Type other, Types &types) {
  mlir::Type joined = joinItems(element, other);
  if (!joined) {
    return op->emitOpError() << "expected elements of one kind, got " << element << " and " << other;
  }
  types.push_back(SequenceType::get(op->getContext(), joined));
  return mlir::success();
}

/// Names the unknown dims of a tensor type.
mlir::Type named(mlir::Type type, std::optional<dim::ShapeAttr> names) {
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
  if (!tensor || !names || names->getDims().size() != static_cast<size_t>(tensor.getRank())) {
    return type;
  }
  dim::Shape dims = dim::getShape(tensor);
  for (auto [own, name] : llvm::zip(dims, names->getDims())) {
    own = dim::isUnknown(own) ? name : own;
  }
  return dim::getTensorType(dims, tensor.getElementType());
}
mlir::Type elementOfSequence(mlir::Value v) { return llvm::cast<SequenceType>(v.getType()).getElement(); }
} // namespace

llvm::LogicalResult SequenceEmptyOp::inferResultTypes(Types &types) {
  types.push_back(SequenceType::get(getContext(), getElement()));
  return mlir::success();
}

llvm::LogicalResult SequenceConstructOp::inferResultTypes(Types &types) {
  if (getInputs().empty()) {
    return emitOpError() << "expected at least one element, got none";
  }
  mlir::Type element = getInputs().front().getType();
  for (mlir::Value v : getInputs()) {
    mlir::Type joined = joinItems(element, v.getType());
    if (!joined) {
      return emitOpError() << "expected elements of one kind, got " << element << " and " << v.getType();
    }
    element = joined;
  }
  types.push_back(SequenceType::get(getContext(), element));
  return mlir::success();
}

llvm::LogicalResult SequenceInsertOp::inferResultTypes(Types &types) {
  return pushSequence(*this, elementOfSequence(getSequence()), getValue().getType(), types);
}
llvm::LogicalResult SequenceEraseOp::inferResultTypes(Types &types) {
  types.push_back(getSequence().getType());
  return mlir::success();
}
llvm::LogicalResult SequenceAtOp::inferResultTypes(Types &types) {
  types.push_back(named(elementOfSequence(getSequence()), getResultDims()));
  return mlir::success();
}
llvm::LogicalResult SequenceLengthOp::inferResultTypes(Types &types) {
  types.push_back(mlir::RankedTensorType::get({}, integerType(*this, 64)));
  return mlir::success();
}

llvm::LogicalResult SplitToSequenceOp::inferResultTypes(Types &types) {
  dim::Shape shape = shapeOf(getInput());
  if (mlir::failed(checkAxis(*this, getAxis(), shape.size()))) {
    return mlir::failure();
  }
  if (getSplit()) {
    shape[getAxis()] = dim::unknown(getContext());
  } else if (getKeepDims()) {
    shape[getAxis()] = dim::constant(getContext(), 1);
  } else {
    shape.erase(shape.begin() + getAxis());
  }
  types.push_back(SequenceType::get(getContext(), dim::getTensorType(shape, elementOf(getInput()))));
  return mlir::success();
}

llvm::LogicalResult ConcatFromSequenceOp::inferResultTypes(Types &types) {
  auto element = llvm::dyn_cast<mlir::RankedTensorType>(elementOfSequence(getSequence()));
  if (!element) {
    return emitOpError() << "expected a sequence of tensors, got " << getSequence().getType();
  }
  dim::Shape shape = dim::getShape(element);
  if (mlir::failed(checkAxis(*this, getAxis(), shape.size() + (getNewAxis() ? 1 : 0)))) {
    return mlir::failure();
  }
  if (getNewAxis()) {
    shape.insert(shape.begin() + getAxis(), dim::unknown(getContext()));
  } else {
    shape[getAxis()] = dim::unknown(getContext());
  }
  types.push_back(named(dim::getTensorType(shape, element.getElementType()), getResultDims()));
  return mlir::success();
}

llvm::LogicalResult OptionalMakeOp::inferResultTypes(Types &types) {
  if (getValue() && !joinTypes(getValue().getType(), getElement())) {
    return emitOpError() << "expected a value of type " << getElement() << ", got " << getValue().getType();
  }
  types.push_back(OptionalType::get(getContext(), getElement()));
  return mlir::success();
}
llvm::LogicalResult OptionalHasOp::inferResultTypes(Types &types) {
  types.push_back(mlir::RankedTensorType::get({}, integerType(*this, 1)));
  return mlir::success();
}
llvm::LogicalResult OptionalGetOp::inferResultTypes(Types &types) {
  auto optional = llvm::dyn_cast<OptionalType>(getInput().getType());
  types.push_back(optional ? optional.getElement() : getInput().getType());
  return mlir::success();
}
} // namespace dlc::nn

//===- Structure.cpp - constants, sizes as values, groups ----------------------===//
#include "dialects/nn/NN.h"

namespace dlc::nn {
mlir::ParseResult ConstantOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &state) {
  mlir::ElementsAttr value;
  if (parser.parseOptionalAttrDict(state.attributes) || parser.parseAttribute(value, "value", state.attributes)) {
    return mlir::failure();
  }
  state.addTypes(value.getType());
  return mlir::success();
}

void ConstantOp::print(mlir::OpAsmPrinter &printer) {
  printer.printOptionalAttrDict((*this)->getAttrs(), {"value"});
  printer << " " << getValue();
}

mlir::OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

llvm::LogicalResult ConstantOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  types.push_back(getValue().getType());
  return mlir::success();
}

std::optional<dim::Shape> ConstantOp::shapeValue(llvm::ArrayRef<std::optional<dim::Shape>>) {
  auto integer = llvm::dyn_cast<mlir::IntegerType>(getValue().getElementType());
  auto dense = llvm::dyn_cast<mlir::DenseElementsAttr>(getValue());
  if (!integer || !dense) {
    return std::nullopt;
  }
  dim::Shape shape;
  for (const llvm::APInt &v : dense.getValues<llvm::APInt>()) {
    int64_t x = integer.isUnsigned() || isBool(integer) ? int64_t(v.getZExtValue()) : v.getSExtValue();
    shape.push_back(dim::constant(getContext(), x));
  }
  return shape;
}

llvm::LogicalResult ShapeOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  auto input = llvm::dyn_cast<mlir::RankedTensorType>(getInput().getType());
  int64_t start = getStart(), end = getEnd();
  if (!input || start < 0 || end < start || end > input.getRank()) {
    return emitOpError() << "expected dims of a ranked tensor, got [" << start << ", " << end << ") of "
                         << getInput().getType();
  }
  types.push_back(mlir::RankedTensorType::get({end - start}, mlir::IntegerType::get(getContext(), 64)));
  return mlir::success();
}

std::optional<dim::Shape> ShapeOp::shapeValue(llvm::ArrayRef<std::optional<dim::Shape>>) {
  dim::Shape shape = shapeOf(getInput());
  return dim::Shape(llvm::ArrayRef(shape).slice(getStart(), getEnd() - getStart()));
}

llvm::LogicalResult ReadDimsOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  auto input = llvm::cast<mlir::RankedTensorType>(getInput().getType());
  if (!input.hasStaticShape() || input.getNumElements() != static_cast<int64_t>(getSymbols().getDims().size())) {
    return emitOpError() << "expected one symbol per element of " << input;
  }
  types.push_back(input);
  return mlir::success();
}

std::optional<dim::Shape> ReadDimsOp::shapeValue(llvm::ArrayRef<std::optional<dim::Shape>>) {
  return dim::Shape(getSymbols().getDims());
}

llvm::LogicalResult SizesOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(getTo());
  if (!type || !type.hasStaticShape() || !llvm::isa<mlir::IntegerType>(type.getElementType()) ||
      type.getNumElements() != static_cast<int64_t>(getValues().getDims().size())) {
    return emitOpError() << "expected a tensor of integers or booleans with " << getValues().getDims().size() << " elements, got "
                         << getTo();
  }
  types.push_back(type);
  return mlir::success();
}

std::optional<dim::Shape> SizesOp::shapeValue(llvm::ArrayRef<std::optional<dim::Shape>>) {
  return dim::Shape(getValues().getDims());
}
} // namespace dlc::nn

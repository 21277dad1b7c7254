//===- NNDialect.cpp - registration and element types -------------------------===//
#include "dialects/nn/NN.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "dialects/nn/NNDialect.cpp.inc"
#include "dialects/nn/NNEnums.cpp.inc"
#include "dialects/nn/NNInterfaces.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/nn/NNTypes.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/nn/NNOps.cpp.inc"

namespace dlc::nn {
void NNDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/nn/NNTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/nn/NNOps.cpp.inc"
      >();
}

mlir::Operation *NNDialect::materializeConstant(mlir::OpBuilder &b, mlir::Attribute value, mlir::Type type,
                                                mlir::Location loc) {
  auto elements = llvm::dyn_cast<mlir::ElementsAttr>(value);
  return elements && elements.getType() == type ? ConstantOp::of(b, loc, elements).getOperation() : nullptr;
}

bool isFloat(mlir::Type e) { return llvm::isa<mlir::FloatType>(e); }
bool isBool(mlir::Type e) { return e.isInteger(1); }
bool isInteger(mlir::Type e) { return llvm::isa<mlir::IntegerType>(e) && !isBool(e); }
bool isNumber(mlir::Type e) { return isFloat(e) || isInteger(e) || llvm::isa<mlir::ComplexType>(e); }
bool isElementwise(mlir::Operation *op) {
  auto element = llvm::dyn_cast<EmitElement>(op);
  return element && element.worksByElement();
}
bool isIndexLike(mlir::Type e) { return e.isSignlessInteger(32) || e.isSignlessInteger(64); }
bool isString(mlir::Type e) { return llvm::isa<StringType>(e); }

mlir::Type getStorageType(mlir::Type e) {
  if (auto integer = llvm::dyn_cast<mlir::IntegerType>(e)) {
    return mlir::IntegerType::get(e.getContext(), isBool(e) ? 8 : integer.getWidth());
  }
  if (llvm::isa<mlir::Float8E8M0FNUType>(e)) { // no kernel computes with it
    return mlir::IntegerType::get(e.getContext(), 8);
  }
  return e;
}

unsigned getElementBits(mlir::Type e) {
  if (auto complex = llvm::dyn_cast<mlir::ComplexType>(e)) {
    return 2 * complex.getElementType().getIntOrFloatBitWidth();
  }
  return isString(e) ? 0 : getStorageType(e).getIntOrFloatBitWidth();
}

std::optional<int64_t> normalizeAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    return std::nullopt;
  }
  return axis < 0 ? axis + rank : axis;
}

bool areCompatible(mlir::Type a, mlir::Type b) {
  if (a == b) {
    return true;
  }
  auto x = llvm::dyn_cast<mlir::RankedTensorType>(a), y = llvm::dyn_cast<mlir::RankedTensorType>(b);
  if (!x || !y || x.getElementType() != y.getElementType() || x.getRank() != y.getRank()) {
    return false;
  }
  return llvm::all_of(llvm::zip(x.getShape(), y.getShape()), [](auto pair) {
    auto [m, n] = pair;
    return m == n || mlir::ShapedType::isDynamic(m) || mlir::ShapedType::isDynamic(n);
  });
}

llvm::LogicalResult verifyResultTypes(mlir::Operation *op) {
  llvm::SmallVector<mlir::Type> types;
  for (mlir::Value v : op->getResults()) {
    if (llvm::isa<mlir::NoneType>(v.getType())) {
      return mlir::success(); // being built
    }
  }
  if (mlir::failed(llvm::cast<InferTypes>(op).inferResultTypes(types))) {
    return mlir::failure();
  }
  if (types.size() != op->getNumResults()) {
    return op->emitOpError() << "expected " << types.size() << " results, got " << op->getNumResults();
  }
  for (auto [i, inferred] : llvm::enumerate(types)) {
    if (!areCompatible(op->getResult(i).getType(), inferred)) {
      return op->emitOpError() << "expected result " << i << " of type " << inferred << ", got "
                               << op->getResult(i).getType();
    }
  }
  return mlir::success();
}

llvm::LogicalResult refineResultTypes(mlir::Operation *op, bool *changed) {
  llvm::SmallVector<mlir::Type> types;
  if (mlir::failed(llvm::cast<InferTypes>(op).inferResultTypes(types))) {
    return mlir::failure();
  }
  if (types.size() != op->getNumResults()) {
    return op->emitOpError() << "expected " << types.size() << " results, got " << op->getNumResults();
  }
  for (auto [result, type] : llvm::zip(op->getResults(), types)) {
    if (changed && result.getType() != type) {
      *changed = true;
    }
    result.setType(type);
  }
  return mlir::success();
}
} // namespace dlc::nn

//===- StructureLower.cpp - constants and sizes inside kernels ----------------------------------===//
#include "dialects/nn/lower/Registration.h"

namespace dlc::nn {
namespace {
using mlir::Value;

/// Splats only: other constants are operands of their kernel.
llvm::LogicalResult lowerConstant(ConstantOp op, LowerContext &c, Lowered, LoweredResults &results) {
  auto dense = llvm::dyn_cast<mlir::DenseElementsAttr>(op.getValue());
  if (!dense || !dense.isSplat()) {
    return op.emitOpError() << "expected a splat inside a kernel";
  }
  mlir::Type element = elementOf(op.getResult()), storage = getStorageType(element);
  mlir::Attribute value = dense.getSplatValue<mlir::Attribute>();
  results.push_back(c.compute(op.getResult(), [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange) -> Value {
    if (auto integer = llvm::dyn_cast<mlir::IntegerAttr>(value)) {
      llvm::APInt v = integer.getValue().zextOrTrunc(getElementBits(element));
      return mlir::arith::ConstantOp::create(b, loc, mlir::IntegerAttr::get(storage, v));
    }
    return mlir::arith::ConstantOp::create(b, loc, llvm::cast<mlir::TypedAttr>(value));
  }));
  return mlir::success();
}

/// Element i is the i-th formula.
Value lowerFormulas(LowerContext &c, Value like, llvm::ArrayRef<dim::Expr> formulas) {
  mlir::Type storage = getStorageType(elementOf(like));
  llvm::SmallVector<Value> sizes;
  for (dim::Expr e : formulas) {
    sizes.push_back(mlir::arith::IndexCastOp::create(c.b, c.loc, storage, c.size(e)));
  }
  return c.compute(like, [&](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange indices) {
    Value r = sizes.back();
    for (size_t i = sizes.size() - 1; i-- > 0;) {
      Value k = mlir::arith::ConstantIndexOp::create(b, loc, i);
      Value here = mlir::arith::CmpIOp::create(b, loc, mlir::arith::CmpIPredicate::eq, indices.back(), k);
      r = mlir::arith::SelectOp::create(b, loc, here, sizes[i], r);
    }
    return r;
  });
}

llvm::LogicalResult lowerShape(ShapeOp op, LowerContext &c, Lowered, LoweredResults &results) {
  dim::Shape shape = shapeOf(op.getInput());
  results.push_back(lowerFormulas(c, op.getResult(), llvm::ArrayRef(shape).slice(op.getStart(), op.getEnd() - op.getStart())));
  return mlir::success();
}
llvm::LogicalResult lowerSizes(SizesOp op, LowerContext &c, Lowered, LoweredResults &results) {
  results.push_back(lowerFormulas(c, op.getResult(), op.getValues().getDims()));
  return mlir::success();
}
} // namespace

void attachStructureLower(mlir::MLIRContext &context) {
  attachLower<ConstantOp, lowerConstant>(context);
  attachLower<ShapeOp, lowerShape>(context);
  attachLower<SizesOp, lowerSizes>(context);
}
} // namespace dlc::nn

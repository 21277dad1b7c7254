//===- LowerContext.cpp - builds linalg ops ------------------------------------------------===//
#include "dialects/nn/lower/Registration.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace dlc::nn {
using mlir::Value;
using mlir::utils::IteratorType;

mlir::RankedTensorType getPlainType(mlir::RankedTensorType type) {
  return mlir::RankedTensorType::get(type.getShape(), getStorageType(type.getElementType()));
}

Value LowerContext::index(int64_t value) { return mlir::arith::ConstantIndexOp::create(b, loc, value); }

Value LowerContext::size(dim::Expr e) {
  std::optional<int64_t> constant = dim::getConstant(e);
  return constant ? index(*constant) : sizeFn(e);
}

Value LowerContext::empty(llvm::ArrayRef<dim::Expr> shape, mlir::Type storage) {
  llvm::SmallVector<mlir::OpFoldResult> sizes;
  for (dim::Expr e : shape) {
    std::optional<int64_t> constant = dim::getConstant(e);
    sizes.push_back(constant ? mlir::OpFoldResult(b.getIndexAttr(*constant)) : mlir::OpFoldResult(sizeFn(e)));
  }
  return mlir::tensor::EmptyOp::create(b, loc, sizes, storage);
}

Value LowerContext::map(llvm::ArrayRef<dim::Expr> shape, mlir::Type storage, llvm::ArrayRef<Value> inputs,
                        llvm::ArrayRef<mlir::AffineMap> maps, ElementBody body) {
  Value init = empty(shape, storage);
  llvm::SmallVector<mlir::AffineMap> all(maps);
  all.push_back(b.getMultiDimIdentityMap(shape.size()));
  llvm::SmallVector<IteratorType> iterators(shape.size(), IteratorType::parallel);
  auto op = mlir::linalg::GenericOp::create(
      b, loc, init.getType(), inputs, init, all, iterators,
      [&](mlir::OpBuilder &nested, mlir::Location l, mlir::ValueRange arguments) {
        Value r = body(nested, l, arguments.drop_back());
        mlir::linalg::YieldOp::create(nested, l, r);
      });
  return op.getResult(0);
}

Value LowerContext::compute(llvm::ArrayRef<dim::Expr> shape, mlir::Type storage, IndexBody body) {
  return map(shape, storage, {}, {}, [&](mlir::OpBuilder &nested, mlir::Location l, mlir::ValueRange) {
    llvm::SmallVector<Value> indices;
    for (size_t i = 0; i < shape.size(); ++i) {
      indices.push_back(mlir::linalg::IndexOp::create(nested, l, i));
    }
    return body(nested, l, indices);
  });
}

Value LowerContext::compute(Value like, IndexBody body) {
  return compute(shapeOf(like), getStorageType(elementOf(like)), body);
}

Value LowerContext::reduce(
    llvm::ArrayRef<dim::Expr> shape, llvm::ArrayRef<dim::Expr> reduced, mlir::Type storage, Value init,
    llvm::function_ref<Value(mlir::OpBuilder &, mlir::Location, Value, mlir::ValueRange)> body) {
  if (reduced.empty()) {
    return compute(shape, storage, [&](mlir::OpBuilder &nested, mlir::Location l, mlir::ValueRange indices) {
      return body(nested, l, init, indices);
    });
  }
  Value out = mlir::linalg::FillOp::create(b, loc, init, empty(shape, storage)).getResult(0);
  // The sizes of the reduced dims come from an operand that is never read.
  Value window = empty(reduced, b.getI8Type());
  unsigned n = shape.size(), total = n + reduced.size();
  llvm::SmallVector<mlir::AffineExpr> outer, inner;
  for (unsigned i = 0; i < total; ++i) {
    (i < n ? outer : inner).push_back(b.getAffineDimExpr(i));
  }
  llvm::SmallVector<IteratorType> iterators(n, IteratorType::parallel);
  iterators.append(reduced.size(), IteratorType::reduction);
  mlir::AffineMap maps[] = {mlir::AffineMap::get(total, 0, inner, b.getContext()),
                            mlir::AffineMap::get(total, 0, outer, b.getContext())};
  auto op = mlir::linalg::GenericOp::create(
      b, loc, out.getType(), window, out, maps, iterators,
      [&](mlir::OpBuilder &nested, mlir::Location l, mlir::ValueRange arguments) {
        llvm::SmallVector<Value> indices;
        for (unsigned i = 0; i < total; ++i) {
          indices.push_back(mlir::linalg::IndexOp::create(nested, l, i));
        }
        mlir::linalg::YieldOp::create(nested, l, body(nested, l, arguments.back(), indices));
      });
  return op.getResult(0);
}

Value LowerContext::broadcastIndex(mlir::OpBuilder &b, mlir::Location loc, dim::Expr own, dim::Expr full, Value i) {
  if (own == full && !dim::isUnknown(own)) {
    return i;
  }
  Value zero = mlir::arith::ConstantIndexOp::create(b, loc, 0);
  if (dim::isConstant(own, 1)) {
    return zero;
  }
  if (dim::getConstant(own)) {
    return i;
  }
  Value one = mlir::arith::ConstantIndexOp::create(b, loc, 1);
  Value repeats = mlir::arith::CmpIOp::create(b, loc, mlir::arith::CmpIPredicate::eq, size(own), one);
  return mlir::arith::SelectOp::create(b, loc, repeats, zero, i);
}

Value LowerContext::scan(
    llvm::ArrayRef<dim::Expr> shape, unsigned axis, mlir::Type storage, Value init,
    llvm::function_ref<std::pair<Value, Value>(mlir::OpBuilder &, mlir::Location, Value, mlir::ValueRange)> body) {
  dim::Shape others(shape);
  others.erase(others.begin() + axis);
  Value out = empty(shape, storage);
  Value carry = mlir::linalg::FillOp::create(b, loc, init, empty(others, init.getType())).getResult(0);
  // The loops: all dims but the axis, then the axis.
  unsigned n = shape.size();
  llvm::SmallVector<mlir::AffineExpr> element, rest;
  for (unsigned i = 0; i < n; ++i) {
    element.push_back(b.getAffineDimExpr(i == axis ? n - 1 : i - (i > axis)));
  }
  for (unsigned i = 0; i + 1 < n; ++i) {
    rest.push_back(b.getAffineDimExpr(i));
  }
  mlir::AffineMap maps[] = {mlir::AffineMap::get(n, 0, element, b.getContext()), mlir::AffineMap::get(n, 0, rest, b.getContext())};
  llvm::SmallVector<IteratorType> iterators(n, IteratorType::parallel);
  iterators.back() = IteratorType::reduction;
  Value outs[] = {out, carry};
  mlir::Type types[] = {out.getType(), carry.getType()};
  auto op = mlir::linalg::GenericOp::create(
      b, loc, types, mlir::ValueRange(), outs, maps, iterators,
      [&](mlir::OpBuilder &nested, mlir::Location l, mlir::ValueRange arguments) {
        llvm::SmallVector<Value> indices;
        for (unsigned i = 0; i < n; ++i) {
          indices.push_back(mlir::linalg::IndexOp::create(nested, l, i == axis ? n - 1 : i - (i > axis)));
        }
        auto [value, next] = body(nested, l, arguments.back(), indices);
        mlir::linalg::YieldOp::create(nested, l, mlir::ValueRange{value, next});
      });
  return op.getResult(0);
}

void registerLower(mlir::DialectRegistry &registry) {
  registry.insert<mlir::linalg::LinalgDialect, mlir::tensor::TensorDialect, mlir::arith::ArithDialect,
                  mlir::math::MathDialect, mlir::scf::SCFDialect>();
  registry.addExtension(+[](mlir::MLIRContext *context, NNDialect *) {
    attachStructureLower(*context);
    attachElementwiseLower(*context);
    attachContractionLower(*context);
    attachConvLower(*context);
    attachPoolLower(*context);
    attachReduceLower(*context);
    attachMoveLower(*context);
    attachIndexLower(*context);
    attachNormLower(*context);
    attachQuantLower(*context);
    attachOrderLower(*context);
    attachResizeLower(*context);
    attachSampleLower(*context);
    attachEinsumLower(*context);
    attachRandomLower(*context);
  });
}
} // namespace dlc::nn

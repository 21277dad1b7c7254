//===- Build.cpp - ops that many rules create -----------------------------------------------===//
#include "importers/onnx/KnownValues.h"
#include "importers/onnx/Node.h"

namespace dlc::onnx_import {
Value Node::constant(mlir::ElementsAttr value) {
  if (hasFailed || !value) {
    return {};
  }
  auto op = nn::ConstantOp::of(builder, loc, value);
  return mlir::failed(finish(op)) ? Value() : op.getResult();
}

Value Node::scalar(Type element, double value) { return constant(nn::attrFromTensor(nn::Tensor::scalar(element, value))); }

Value Node::i64s(llvm::ArrayRef<int64_t> values) {
  auto type = mlir::RankedTensorType::get({static_cast<int64_t>(values.size())}, builder.getI64Type());
  return constant(mlir::DenseElementsAttr::get(type, values));
}

Value Node::filled(Type element, double value, llvm::ArrayRef<int64_t> shape) {
  return broadcast(scalar(element, value), numbers(shape));
}

Value Node::cast(Value v, Type element) {
  return !v || nn::elementOf(v) == element ? v : make<nn::CastOp>(v, element, true);
}

Value Node::reshape(Value v, llvm::ArrayRef<Expr> shape) {
  return !v || nn::shapeOf(v) == Shape(shape) ? v : make<nn::ReshapeOp>(v, shapeAttr(shape));
}

Value Node::broadcast(Value v, llvm::ArrayRef<Expr> shape) {
  return !v || nn::shapeOf(v) == Shape(shape) ? v : make<nn::BroadcastOp>(v, shapeAttr(shape));
}

Value Node::transpose(Value v, llvm::ArrayRef<int64_t> permutation) {
  bool same = true;
  for (auto [i, p] : llvm::enumerate(permutation)) {
    same &= p == static_cast<int64_t>(i);
  }
  return same ? v : make<nn::TransposeOp>(v, permutation);
}

Value Node::concat(mlir::ValueRange values, int64_t axis) {
  return values.size() == 1 ? values[0] : make<nn::ConcatOp>(values, axis);
}

Value Node::slice(Value v, int64_t axis, Expr start, Expr size, int64_t step) {
  if (!v) {
    return {};
  }
  if (axis < 0 || axis >= nn::rankOf(v)) {
    (void)fail("expected a tensor of at least " + llvm::Twine(std::max<int64_t>(axis, 0) + 1) + " dims, got " + llvm::Twine(nn::rankOf(v)));
    return {};
  }
  Shape sizes = nn::shapeOf(v), starts(sizes.size(), number(0));
  Ints steps(sizes.size(), 1);
  if (sizes[axis] == size && dim::isConstant(start, 0) && step == 1) {
    return v;
  }
  starts[axis] = start;
  sizes[axis] = size;
  steps[axis] = step;
  return make<nn::SliceOp>(v, shapeAttr(starts), shapeAttr(sizes), steps);
}

Value Node::reduce(Value v, nn::ReduceKind kind, llvm::ArrayRef<int64_t> axes, bool keepDims) {
  return make<nn::ReduceOp>(v, kind, axes, keepDims);
}

Value Node::select(Value condition, Value yes, Value no) { return make<nn::SelectOp>(condition, yes, no); }

Value Node::perChannel(Value v, int64_t axis, int64_t rank) {
  if (!v || nn::rankOf(v) != 1) {
    return v;
  }
  Shape shape(rank - axis, number(1));
  shape[0] = nn::shapeOf(v)[0];
  return reshape(v, shape);
}

dim::ShapeAttr Node::shapeAttr(llvm::ArrayRef<Expr> shape) {
  if (!KnownValues::areHandy(shape)) {
    (void)fail("expected sizes below 2^46, and formulas of few terms");
  }
  return dim::ShapeAttr::get(context(), shape);
}

Shape Node::numbers(llvm::ArrayRef<int64_t> values) {
  return llvm::map_to_vector<6>(values, [&](int64_t v) { return number(v); });
}
} // namespace dlc::onnx_import

//===- Pool.cpp - result types of pooling ----------------------------------------===//
#include "dialects/nn/Infer.h"

namespace dlc::nn {
namespace {
/// Output size (ONNX MaxPool, since version 22): with ceil_mode, windows that would start in the end padding are
/// dropped.
dim::Expr pooledSize(dim::Expr size, int64_t kernel, int64_t stride, int64_t dilation, int64_t begin, int64_t end,
                     bool ceilMode) {
  mlir::MLIRContext *c = size.getContext();
  auto k = [&](int64_t v) { return dim::constant(c, v); };
  dim::Expr span = dim::add(size, k(begin + end - (kernel - 1) * dilation - 1));
  if (!ceilMode) {
    return dim::add(dim::floorDiv(span, k(stride)), k(1));
  }
  dim::Expr out = dim::add(dim::ceilDiv(span, k(stride)), k(1));
  // The last window must start before size + begin.
  return dim::min(out, dim::ceilDiv(dim::add(size, k(begin)), k(stride)));
}

template <class Op> llvm::LogicalResult inferPool(Op op, llvm::SmallVectorImpl<mlir::Type> &types) {
  dim::Shape shape = shapeOf(op.getInput());
  int64_t n = static_cast<int64_t>(shape.size()) - 2;
  auto fits = [&](llvm::ArrayRef<int64_t> v, int64_t count, int64_t least) {
    return static_cast<int64_t>(v.size()) == count && llvm::all_of(v, [&](int64_t x) { return x >= least; });
  };
  if (n < 1 || !fits(op.getKernel(), n, 1) || !fits(op.getStrides(), n, 1) || !fits(op.getDilations(), n, 1) ||
      !fits(op.getPads(), 2 * n, 0)) {
    return op.emitOpError() << "expected an input of rank 3 or more, and kernel, strides and dilations (at least 1) "
                               "and pads (at least 0) for its spatial dims, got "
                            << op.getInput().getType();
  }
  for (int64_t i = 0; i < n; ++i) {
    dim::Expr &size = shape[i + (op.getChannelLast() ? 1 : 2)];
    size = pooledSize(size, op.getKernel()[i], op.getStrides()[i], op.getDilations()[i], op.getPads()[i],
                      op.getPads()[n + i], op.getCeilMode());
    if (std::optional<int64_t> v = dim::getConstant(size); v && *v < 0) {
      return op.emitOpError() << "expected a window within the padded input at spatial dim " << i << ", got "
                              << op.getInput().getType();
    }
  }
  types.push_back(dim::getTensorType(shape, elementOf(op.getInput())));
  return mlir::success();
}
} // namespace

llvm::LogicalResult MaxPoolOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  return inferPool(*this, types);
}
llvm::LogicalResult AvgPoolOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  return inferPool(*this, types);
}
llvm::LogicalResult LpPoolOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  if (int64_t p = getP(); p < 1) {
    return emitOpError() << "expected p to be at least 1, got " << p;
  }
  return inferPool(*this, types);
}

llvm::LogicalResult MaxPoolIndicesOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  if (getChannelLast() || (getStorageOrder() != 0 && getStorageOrder() != 1)) {
    return emitOpError() << "expected channels first and a storage order of 0 or 1, got " << getStorageOrder();
  }
  if (mlir::failed(inferPool(*this, types))) {
    return mlir::failure();
  }
  types.push_back(
      dim::getTensorType(dim::getShape(llvm::cast<mlir::RankedTensorType>(types[0])), integerType(*this, 64)));
  return mlir::success();
}

llvm::LogicalResult MaxUnpoolOp::inferResultTypes(llvm::SmallVectorImpl<mlir::Type> &types) {
  size_t rank = rankOf(getInput());
  if (getIndexed().getDims().size() != rank || getShape().getDims().size() != rank ||
      rankOf(getIndices()) != rankOf(getInput())) {
    return emitOpError() << "expected indices and shapes of rank " << rank << ", got " << getIndices().getType();
  }
  types.push_back(dim::getTensorType(getShape().getDims(), elementOf(getInput())));
  return mlir::success();
}
} // namespace dlc::nn

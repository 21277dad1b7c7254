//===- GroupRules.cpp - which ops may share a kernel -------------------------------------------------===//
#include "compiler/passes/GroupRules.h"

namespace dlc {
using nn::isElementwise;

bool isContraction(mlir::Operation *op) { return llvm::isa<nn::ConvOp, nn::ConvTransposeOp, nn::MatmulOp>(op); }

namespace {
/// Ops that are no kernel: they only name bytes that exist.
bool isFree(mlir::Operation *op) { return llvm::isa<nn::ConstantOp, nn::ReshapeOp, nn::ReadDimsOp>(op); }

/// Kernels work on tensors of numbers.
bool fitsKernel(mlir::Value v) {
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
  return type && !nn::isString(type.getElementType());
}

} // namespace

bool needsKernel(mlir::Operation *op) {
  return llvm::isa<nn::Lower>(op) && !isFree(op) && llvm::all_of(op->getOperands(), fitsKernel) &&
         llvm::all_of(op->getResults(), fitsKernel);
}

bool isSplat(mlir::Value v) {
  auto constant = v.getDefiningOp<nn::ConstantOp>();
  auto dense = constant ? llvm::dyn_cast<mlir::DenseElementsAttr>(constant.getValue()) : mlir::DenseElementsAttr();
  return dense && dense.isSplat() && !llvm::isa<mlir::DenseStringElementsAttr>(dense);
}

bool sameShape(mlir::Value a, mlir::Value b) {
  dim::Shape x = nn::shapeOf(a), y = nn::shapeOf(b);
  return x.size() == y.size() && llvm::all_of(llvm::zip(x, y), [](auto p) { return dim::equal(std::get<0>(p), std::get<1>(p)); });
}

namespace {
/// The last dims of size 1 of `v`, whose other dims are those of `whole`: a number per row. No dims when `v` is no such.
llvm::ArrayRef<dim::Expr> rowOf(mlir::Value v, mlir::Value whole, dim::Shape &storage) {
  dim::Shape own = nn::shapeOf(v);
  storage = nn::shapeOf(whole);
  size_t outer = own.size();
  while (outer > 0 && dim::isConstant(own[outer - 1], 1)) {
    --outer;
  }
  bool same = own.size() == storage.size() &&
              llvm::all_of(llvm::seq<size_t>(0, outer), [&](size_t d) { return dim::equal(own[d], storage[d]); });
  return same ? llvm::ArrayRef<dim::Expr>(storage).drop_front(outer) : llvm::ArrayRef<dim::Expr>();
}

/// Rows of at most this many elements may be all that there is for a thread.
constexpr int64_t kSmallRow = 1 << 14;

/// Whether `v` has one number for each row of `whole`, and rows are small enough to be computed by one thread each.
bool isRowNumber(mlir::Value v, mlir::Value whole) {
  dim::Shape shape;
  llvm::ArrayRef<dim::Expr> row = rowOf(v, whole, shape);
  int64_t elements = 1;
  for (dim::Expr e : row) {
    elements = std::min(elements * dim::getConstant(e).value_or(kSmallRow), 2 * kSmallRow);
  }
  return !row.empty() && elements <= kSmallRow;
}

/// Ops that work row by row, a row being the dims from some axis on.
bool isRowOp(mlir::Operation *op) {
  if (auto softmax = llvm::dyn_cast<nn::SoftmaxOp>(op)) {
    return int64_t(softmax.getAxis()) + 1 == nn::rankOf(softmax.getInput());
  }
  return llvm::isa<nn::LayerNormOp, nn::InstanceNormOp>(op);
}

/// A reduction over the last dims, which stay as dims of size 1.
bool reducesRows(mlir::Operation *op) {
  auto reduce = llvm::dyn_cast<nn::ReduceOp>(op);
  if (!reduce || !reduce.getKeepDims() || reduce.getAxes().empty()) {
    return false;
  }
  int64_t count = reduce.getAxes().size(), rank = nn::rankOf(reduce.getInput());
  return llvm::all_of(reduce.getAxes(), [&](int64_t a) { return a >= rank - count; });
}

} // namespace

bool fuses(mlir::Value v, mlir::Operation *consumer) {
  mlir::Operation *producer = v.getDefiningOp();
  // These read an element of an operand at most once.
  bool moves = llvm::isa<nn::TransposeOp, nn::SliceOp, nn::ReduceOp, nn::ConcatOp>(consumer);
  if (auto pad = llvm::dyn_cast<nn::PadOp>(consumer)) {
    moves |= pad.getMode() == nn::PadMode::Constant;
  }
  if (moves || (isRowOp(consumer) && v == consumer->getOperand(0))) {
    return isElementwise(producer);
  }
  if (!isElementwise(consumer)) {
    return false;
  }
  mlir::Value result = consumer->getResult(0);
  if (sameShape(v, result)) {
    return isElementwise(producer) || isRowOp(producer) || llvm::isa<nn::SliceOp>(producer) || reducesRows(producer);
  }
  return (isElementwise(producer) || reducesRows(producer)) && isRowNumber(v, result);
}
} // namespace dlc

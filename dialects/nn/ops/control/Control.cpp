//===- Control.cpp - result types of control flow ---------------------------------------------------===//
#include "dialects/nn/Infer.h"
#include "llvm/ADT/StringSet.h"

namespace dlc::nn {
namespace {
/// The nn.yield that ends a region; null, with an error, when there is none.
YieldOp yieldOf(mlir::Operation *op, mlir::Region &region) {
  YieldOp yield;
  if (!region.empty() && !region.front().empty()) {
    yield = llvm::dyn_cast<YieldOp>(region.front().back());
  }
  if (!yield) {
    op->emitOpError() << "expected a region that ends in nn.yield";
  }
  return yield;
}

/// Puts what `result_dims` says in the place of unknown dims.
mlir::Type nameDims(std::optional<mlir::ArrayAttr> names, size_t i, mlir::Type type) {
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
  auto shape = names && i < names->size() ? llvm::dyn_cast<dim::ShapeAttr>((*names)[i]) : dim::ShapeAttr();
  if (!tensor || !shape || shape.getDims().size() != static_cast<size_t>(tensor.getRank())) {
    return type;
  }
  dim::Shape dims = dim::getShape(tensor);
  for (auto [own, name] : llvm::zip(dims, shape.getDims())) {
    own = dim::isUnknown(own) ? name : own;
  }
  return dim::getTensorType(dims, tensor.getElementType());
}

/// Forgets dims that are made of symbols which `known` does not have.
mlir::RankedTensorType forgetLocal(mlir::RankedTensorType type, const llvm::StringSet<> &known) {
  dim::Shape dims = dim::getShape(type);
  for (dim::Expr &e : dims) {
    bool local = false;
    dim::forEachSymbol(e, [&](llvm::StringRef name) { local |= !known.contains(name); });
    e = local ? dim::unknown(type.getContext()) : e;
  }
  return dim::getTensorType(dims, type.getElementType());
}
} // namespace

mlir::Type joinItems(mlir::Type a, mlir::Type b) {
  mlir::Type joined = joinTypes(a, b);
  auto x = llvm::dyn_cast<mlir::TensorType>(a), y = llvm::dyn_cast<mlir::TensorType>(b);
  bool differ = !joined && x && y && x.getElementType() == y.getElementType();
  return differ ? mlir::UnrankedTensorType::get(x.getElementType()) : joined;
}

mlir::Type joinTypes(mlir::Type a, mlir::Type b) {
  if (a == b) {
    return a;
  }
  if (auto x = llvm::dyn_cast<SequenceType>(a), y = llvm::dyn_cast<SequenceType>(b); x && y) {
    mlir::Type element = joinItems(x.getElement(), y.getElement());
    return element ? SequenceType::get(a.getContext(), element) : mlir::Type();
  }
  if (auto x = llvm::dyn_cast<OptionalType>(a), y = llvm::dyn_cast<OptionalType>(b); x && y) {
    mlir::Type element = joinTypes(x.getElement(), y.getElement());
    return element ? OptionalType::get(a.getContext(), element) : mlir::Type();
  }
  auto x = llvm::dyn_cast<mlir::RankedTensorType>(a), y = llvm::dyn_cast<mlir::RankedTensorType>(b);
  if (!x || !y || x.getElementType() != y.getElementType() || x.getRank() != y.getRank()) {
    return mlir::Type();
  }
  dim::Shape dims = dim::getShape(x);
  for (auto [d, e] : llvm::zip(dims, dim::getShape(y))) {
    d = dim::equal(d, e) ? d : dim::unknown(a.getContext());
  }
  return dim::getTensorType(dims, x.getElementType());
}

llvm::LogicalResult IfOp::inferResultTypes(Types &types) {
  YieldOp a = yieldOf(*this, getThenBody()), b = a ? yieldOf(*this, getElseBody()) : YieldOp();
  if (!a || !b) {
    return mlir::failure();
  }
  if (a.getNumOperands() != b.getNumOperands()) {
    return emitOpError() << "expected regions of equally many results, got " << a.getNumOperands() << " and "
                         << b.getNumOperands();
  }
  for (auto [i, x, y] : llvm::enumerate(a.getOperandTypes(), b.getOperandTypes())) {
    mlir::Type type = joinTypes(x, y);
    if (!type) {
      return emitOpError() << "expected regions with results of one kind, got " << x << " and " << y;
    }
    types.push_back(nameDims(getResultDims(), i, type));
  }
  return mlir::success();
}

llvm::LogicalResult LoopOp::inferResultTypes(Types &types) {
  YieldOp yield = yieldOf(*this, getBody());
  size_t carried = getCarried().size();
  if (!yield) {
    return mlir::failure();
  }
  if (getBody().getNumArguments() != carried + 2 || yield.getNumOperands() < carried + 1) {
    return emitOpError() << "expected a region with " << carried + 2 << " arguments that yields at least "
                         << carried + 1 << " values, got " << getBody().getNumArguments() << " and "
                         << yield.getNumOperands();
  }
  llvm::StringSet<> known;
  for (mlir::Type type : getOperandTypes()) {
    if (auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type)) {
      for (dim::Expr e : dim::getShape(tensor)) {
        dim::forEachSymbol(e, [&](llvm::StringRef name) { known.insert(name); });
      }
    }
  }
  for (size_t i = 0; i < carried; ++i) {
    mlir::Type start = getCarried()[i].getType(), next = yield.getOperand(i + 1).getType(),
               type = joinTypes(start, next);
    if (!type || !areCompatible(getBody().getArgument(i + 2).getType(), type)) {
      return emitOpError() << "expected a carried value of one kind, got " << start << " and " << next;
    }
    types.push_back(nameDims(getResultDims(), i, type));
  }
  std::optional<dim::Shape> trips;
  auto goesOn = yield.getOperand(0) == getBody().getArgument(1) && !getCondition();
  if (getTripCount() && goesOn) {
    trips = getShapeValue(getTripCount());
  }
  for (mlir::Value v : yield.getOperands().drop_front(carried + 1)) {
    auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
    if (!type) {
      return emitOpError() << "expected scan outputs that are tensors, got " << v.getType();
    }
    dim::Shape dims = dim::getShape(forgetLocal(type, known));
    bool counted = trips && trips->size() == 1 && dim::provablyNonNegative(trips->front());
    dims.insert(dims.begin(), counted ? trips->front() : dim::unknown(getContext()));
    types.push_back(nameDims(getResultDims(), types.size(), dim::getTensorType(dims, type.getElementType())));
  }
  return mlir::success();
}
} // namespace dlc::nn

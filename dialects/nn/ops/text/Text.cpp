//===- Text.cpp - result types of ops on strings ---------------------------------------------------===//
#include "dialects/nn/Infer.h"
#include "dialects/nn/SizeRules.h"
#include "dialects/nn/ops/text/Regex.h"

namespace dlc::nn {
namespace {
mlir::Type stringTensor(mlir::Operation *op, llvm::ArrayRef<dim::Expr> shape) {
  return dim::getTensorType(shape, StringType::get(op->getContext()));
}

/// The last of `shape`'s dims as `names` calls it, where that has as many.
dim::Shape withLast(dim::Shape shape, std::optional<dim::ShapeAttr> names) {
  bool fits = names && names->getDims().size() == shape.size();
  shape.back() = fits ? names->getDims().back() : dim::unknown(shape.back().getContext());
  return shape;
}
} // namespace

llvm::LogicalResult StringConcatOp::inferResultTypes(Types &types) {
  std::string error;
  mlir::FailureOr<dim::Shape> shape = broadcastShapes({shapeOf(getLhs()), shapeOf(getRhs())}, error);
  if (mlir::failed(shape)) {
    return emitOpError() << error;
  }
  types.push_back(stringTensor(*this, *shape));
  return mlir::success();
}
void StringConcatOp::sizeRules(SizeRuleList &rules) {
  mustBroadcast(rules, {shapeOf(getLhs()), shapeOf(getRhs())}, "dims of the operands");
}

llvm::LogicalResult StringSplitOp::inferResultTypes(Types &types) {
  dim::Shape shape = shapeOf(getInput());
  types.push_back(mlir::Type());
  types.push_back(dim::getTensorType(shape, integerType(*this, 64)));
  shape.push_back(dim::unknown(getContext()));
  types[types.size() - 2] = stringTensor(*this, withLast(shape, getResultDims()));
  return mlir::success();
}

llvm::LogicalResult StringNormalizeOp::inferResultTypes(Types &types) {
  dim::Shape shape = shapeOf(getInput());
  bool isRow = shape.size() == 2 && mayBeEqual(shape[0], dim::constant(getContext(), 1));
  if (shape.size() != 1 && !isRow) {
    return emitOpError() << "expected strings of shape [C] or [1, C], got " << getInput().getType();
  }
  types.push_back(stringTensor(*this, withLast(shape, getResultDims())));
  return mlir::success();
}

llvm::LogicalResult RegexMatchOp::inferResultTypes(Types &types) {
  std::string error;
  std::optional<Regex> regex = parseRegex(getPattern(), error);
  if (!regex || !compileRegex(*regex, error)) {
    return emitOpError() << "expected a regular expression in RE2's syntax, got '" << getPattern() << "': " << error;
  }
  types.push_back(dim::getTensorType(shapeOf(getInput()), integerType(*this, 1)));
  return mlir::success();
}

llvm::LogicalResult StringPickOp::inferResultTypes(Types &types) {
  types.push_back(stringTensor(*this, shapeOf(getIndices())));
  return mlir::success();
}
} // namespace dlc::nn

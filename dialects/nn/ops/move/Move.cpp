//===- Move.cpp - result types and shape arithmetic of data movement -----------===//
#include "dialects/nn/SizeRules.h"

namespace dlc::nn {
namespace {
using Types = llvm::SmallVectorImpl<mlir::Type>;
using Values = llvm::ArrayRef<std::optional<dim::Shape>>;

std::string text(llvm::ArrayRef<dim::Expr> shape) {
  std::string s = "[";
  for (auto [i, e] : llvm::enumerate(shape)) {
    s += (i ? ", " : "") + dim::toString(e);
  }
  return s + "]";
}

llvm::LogicalResult checkRank(mlir::Operation *op, mlir::Value input, size_t got, llvm::StringRef what) {
  if (static_cast<size_t>(rankOf(input)) != got) {
    return op->emitOpError() << "expected " << rankOf(input) << " " << what << ", got " << got;
  }
  return mlir::success();
}

using Position = llvm::MutableArrayRef<int64_t>;
/// The elements of `result` in row-major order: those of `input`, of the same rank, at the positions that `map` writes.
/// Nothing when a position is outside.
std::optional<dim::Shape> pick(mlir::Value input, mlir::Value result, llvm::ArrayRef<dim::Expr> elements,
                               llvm::function_ref<void(Position to, Position from)> map) {
  auto from = llvm::cast<mlir::RankedTensorType>(input.getType()).getShape();
  auto to = llvm::cast<mlir::RankedTensorType>(result.getType());
  llvm::SmallVector<int64_t> at(from.size()), source(from.size());
  dim::Shape values;
  for (int64_t i = 0; i < to.getNumElements(); ++i) {
    int64_t rest = i, index = 0;
    for (size_t d = from.size(); d-- > 0; rest /= to.getDimSize(d)) {
      at[d] = rest % to.getDimSize(d);
    }
    map(at, source);
    for (size_t d = 0; d < from.size(); ++d) {
      if (source[d] < 0 || source[d] >= from[d]) {
        return std::nullopt;
      }
      index = index * from[d] + source[d];
    }
    values.push_back(elements[index]);
  }
  return values;
}

std::optional<llvm::SmallVector<int64_t>> constantShape(llvm::ArrayRef<dim::Expr> shape) {
  llvm::SmallVector<int64_t> sizes;
  for (dim::Expr e : shape) {
    std::optional<int64_t> size = dim::getConstant(e);
    if (!size) {
      return std::nullopt;
    }
    sizes.push_back(*size);
  }
  return sizes;
}
} // namespace

llvm::LogicalResult ReshapeOp::inferResultTypes(Types &types) {
  mlir::MLIRContext *context = getContext();
  dim::Shape from = shapeOf(getInput());
  llvm::ArrayRef<dim::Expr> to = getShape().getDims();
  dim::Expr a = dim::product(context, from), b = dim::product(context, to);
  if (dim::getConstant(a) && dim::getConstant(b) && a != b) {
    return emitOpError() << "expected as many elements as the input's " << text(from) << ", got " << text(to);
  }
  types.push_back(dim::getTensorType(to, elementOf(getInput())));
  return mlir::success();
}
std::optional<dim::Shape> ReshapeOp::shapeValue(Values operands) { return operands[0]; }
void ReshapeOp::sizeRules(SizeRuleList &rules) {
  auto elements = [&](llvm::ArrayRef<dim::Expr> shape) { return dim::product(getContext(), shape); };
  mustBeEqual(rules, elements(shapeOf(getInput())), elements(getShape().getDims()), "number of elements");
}

llvm::LogicalResult BroadcastOp::inferResultTypes(Types &types) {
  dim::Shape input = shapeOf(getInput());
  llvm::ArrayRef<dim::Expr> to = getShape().getDims();
  if (input.size() > to.size()) {
    return emitOpError() << "expected at least " << input.size() << " dims, got " << to.size();
  }
  for (size_t i = 0; i < input.size(); ++i) {
    dim::Expr from = input[i], target = to[to.size() - input.size() + i];
    if (dim::getConstant(from) && dim::getConstant(target) && from != target && !dim::isConstant(from, 1)) {
      return emitOpError() << "expected " << text(input) << " to broadcast to " << text(to);
    }
  }
  types.push_back(dim::getTensorType(to, elementOf(getInput())));
  return mlir::success();
}
void BroadcastOp::sizeRules(SizeRuleList &rules) {
  mustBroadcastTo(rules, shapeOf(getInput()), getShape().getDims(), "dims of the input (those wanted, or 1)");
}
std::optional<dim::Shape> BroadcastOp::shapeValue(Values operands) {
  auto type = llvm::cast<mlir::RankedTensorType>(getResult().getType());
  if (!operands[0] || operands[0]->size() != 1) {
    return operands[0] && static_cast<int64_t>(operands[0]->size()) == type.getNumElements() ? operands[0] : std::nullopt;
  }
  return dim::Shape(type.getNumElements(), operands[0]->front());
}

llvm::LogicalResult TransposeOp::inferResultTypes(Types &types) {
  llvm::ArrayRef<int64_t> permutation = getPermutation();
  dim::Shape input = shapeOf(getInput()), result;
  if (failed(checkRank(*this, getInput(), permutation.size(), "entries of the permutation"))) {
    return mlir::failure();
  }
  llvm::SmallVector<bool> seen(input.size());
  for (int64_t p : permutation) {
    if (p < 0 || p >= static_cast<int64_t>(input.size()) || seen[p]) {
      return emitOpError() << "expected a permutation of " << input.size() << " dims";
    }
    seen[p] = true;
    result.push_back(input[p]);
  }
  types.push_back(dim::getTensorType(result, elementOf(getInput())));
  return mlir::success();
}

std::optional<dim::Shape> TransposeOp::shapeValue(Values operands) {
  llvm::ArrayRef<int64_t> permutation = getPermutation();
  return operands[0] ? pick(getInput(), getResult(), *operands[0], [&](Position to, Position from) {
    for (auto [i, p] : llvm::enumerate(permutation)) {
      from[p] = to[i];
    }
  }) : std::nullopt;
}

llvm::LogicalResult SliceOp::inferResultTypes(Types &types) {
  if (failed(checkRank(*this, getInput(), getStarts().getDims().size(), "starts")) ||
      failed(checkRank(*this, getInput(), getSizes().getDims().size(), "sizes")) ||
      failed(checkRank(*this, getInput(), getSteps().size(), "steps"))) {
    return mlir::failure();
  }
  dim::Shape input = shapeOf(getInput());
  for (size_t i = 0; i < input.size(); ++i) {
    std::optional<int64_t> n = dim::getConstant(input[i]), start = dim::getConstant(getStarts().getDims()[i]),
                           size = dim::getConstant(getSizes().getDims()[i]);
    if (n && start && size && *size > 0) {
      int64_t last = *start + (*size - 1) * getSteps()[i];
      if (*start < 0 || *start >= *n || last < 0 || last >= *n) {
        return emitOpError() << "expected a slice within dim " << i << " of size " << *n << ", got " << *start
                             << " to " << last;
      }
    }
  }
  types.push_back(dim::getTensorType(getSizes().getDims(), elementOf(getInput())));
  return mlir::success();
}
std::optional<dim::Shape> SliceOp::shapeValue(Values operands) {
  std::optional<llvm::SmallVector<int64_t>> starts = constantShape(getStarts().getDims());
  if (!operands[0] || !starts) {
    return std::nullopt;
  }
  return pick(getInput(), getResult(), *operands[0], [&](Position to, Position from) {
    for (size_t i = 0; i < to.size(); ++i) {
      from[i] = (*starts)[i] + to[i] * getSteps()[i];
    }
  });
}

llvm::LogicalResult ConcatOp::inferResultTypes(Types &types) {
  if (getInputs().empty()) {
    return emitOpError() << "expected at least one input";
  }
  dim::Shape result = shapeOf(getInputs()[0]);
  int64_t axis = getAxis();
  if (axis < 0 || axis >= static_cast<int64_t>(result.size())) {
    return emitOpError() << "expected an axis below " << result.size() << ", got " << axis;
  }
  for (mlir::Value v : getInputs().drop_front()) {
    dim::Shape shape = shapeOf(v);
    if (shape.size() != result.size() || elementOf(v) != elementOf(getInputs()[0])) {
      return emitOpError() << "expected inputs of one rank and element type, got " << getInputs()[0].getType()
                           << " and " << v.getType();
    }
    for (size_t i = 0; i < shape.size(); ++i) {
      if (static_cast<int64_t>(i) == axis) {
        result[i] = dim::add(result[i], shape[i]);
      } else if (dim::getConstant(shape[i]) && dim::getConstant(result[i]) && shape[i] != result[i]) {
        return emitOpError() << "expected equal dims but at axis " << axis << ", got " << text(result) << " and "
                             << text(shape);
      } else if (dim::getConstant(shape[i])) {
        result[i] = shape[i];
      }
    }
  }
  types.push_back(dim::getTensorType(result, elementOf(getInputs()[0])));
  return mlir::success();
}
void ConcatOp::sizeRules(SizeRuleList &rules) {
  dim::Shape first = shapeOf(getInputs()[0]);
  for (mlir::Value v : getInputs().drop_front()) {
    dim::Shape shape = shapeOf(v);
    shape[getAxis()] = first[getAxis()];
    mustBeEqual(rules, shape, first, "dims of the inputs");
  }
}
std::optional<dim::Shape> ConcatOp::shapeValue(Values operands) {
  dim::Shape result;
  for (auto [value, operand] : llvm::zip(getInputs(), operands)) {
    if (!operand || rankOf(value) != 1) {
      return std::nullopt;
    }
    llvm::append_range(result, *operand);
  }
  return result;
}

llvm::LogicalResult GatherOp::inferResultTypes(Types &types) {
  dim::Shape input = shapeOf(getInput()), indices = shapeOf(getIndices()), result;
  int64_t axis = getAxis();
  if (axis < 0 || axis >= static_cast<int64_t>(input.size())) {
    return emitOpError() << "expected an axis below " << input.size() << ", got " << axis;
  }
  llvm::append_range(result, llvm::ArrayRef(input).take_front(axis));
  llvm::append_range(result, indices);
  llvm::append_range(result, llvm::ArrayRef(input).drop_front(axis + 1));
  types.push_back(dim::getTensorType(result, elementOf(getInput())));
  return mlir::success();
}
std::optional<dim::Shape> GatherOp::shapeValue(Values operands) {
  if (!operands[0] || !operands[1] || rankOf(getInput()) != 1) {
    return std::nullopt;
  }
  dim::Shape result;
  int64_t n = operands[0]->size();
  for (dim::Expr e : *operands[1]) {
    std::optional<int64_t> i = dim::getConstant(e);
    if (!i || *i < -n || *i >= n) {
      return std::nullopt;
    }
    result.push_back((*operands[0])[*i < 0 ? *i + n : *i]);
  }
  return result;
}

llvm::LogicalResult PadOp::inferResultTypes(Types &types) {
  if (failed(checkRank(*this, getInput(), getBegins().getDims().size(), "begins")) ||
      failed(checkRank(*this, getInput(), getEnds().getDims().size(), "ends"))) {
    return mlir::failure();
  }
  if (getValue() && elementOf(getValue()) != elementOf(getInput())) {
    return emitOpError() << "expected a padding value of type " << elementOf(getInput()) << ", got "
                         << elementOf(getValue());
  }
  dim::Shape result;
  for (auto [n, begin, end] : llvm::zip(shapeOf(getInput()), getBegins().getDims(), getEnds().getDims())) {
    result.push_back(dim::add(dim::add(n, begin), end));
    if (std::optional<int64_t> size = dim::getConstant(result.back()); size && *size < 0) {
      return emitOpError() << "expected padding that leaves at least 0 elements, got " << *size;
    }
  }
  types.push_back(dim::getTensorType(result, elementOf(getInput())));
  return mlir::success();
}
} // namespace dlc::nn

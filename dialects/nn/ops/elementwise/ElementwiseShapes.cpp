//===- ElementwiseShapes.cpp - shape arithmetic of elementwise ops ----------------------===//
#include "dialects/nn/NN.h"

namespace dlc::nn {
namespace {
using Values = llvm::ArrayRef<std::optional<dim::Shape>>;
using Result = std::optional<dim::Shape>;

/// Applies `f` to each position of operands that have `n` elements or one. What has other numbers of elements does not
/// broadcast so, and is refused by the result's number of elements.
Result mapElements(Values operands, llvm::function_ref<dim::Expr(llvm::ArrayRef<dim::Expr>)> f) {
  size_t n = 1;
  for (const Result &operand : operands) {
    if (!operand) {
      return std::nullopt;
    }
    n = operand->size() == 1 ? n : operand->size();
  }
  dim::Shape result;
  for (size_t i = 0; i < n; ++i) {
    dim::Shape elements;
    for (const Result &operand : operands) {
      if (operand->size() != 1 && operand->size() != n) {
        return std::nullopt;
      }
      elements.push_back((*operand)[operand->size() == 1 ? 0 : i]);
    }
    result.push_back(f(elements));
  }
  return result;
}

Result mapPairs(Values operands, llvm::function_ref<dim::Expr(dim::Expr, dim::Expr)> f) {
  return mapElements(operands, [&](llvm::ArrayRef<dim::Expr> e) { return f(e[0], e[1]); });
}

dim::Expr number(dim::Expr like, int64_t value) { return dim::constant(like.getContext(), value); }
dim::Expr negate(dim::Expr e) { return dim::mul(e, number(e, -1)); }
dim::Expr flip(dim::Expr boolean) { return dim::sub(number(boolean, 1), boolean); }
bool areNonNegative(dim::Expr a, dim::Expr b) { return dim::provablyNonNegative(a) && dim::provablyNonNegative(b); }

/// Truncates. A formula rounds down, which is the same only where both are at least 0.
dim::Expr divide(dim::Expr a, dim::Expr b) {
  std::optional<int64_t> x = dim::getConstant(a), y = dim::getConstant(b);
  if (x && y && *y != 0 && !(*x == INT64_MIN && *y == -1)) {
    return number(a, *x / *y);
  }
  return areNonNegative(a, b) ? dim::floorDiv(a, b) : dim::unknown(a.getContext());
}
dim::Expr remainder(dim::Expr a, dim::Expr b) {
  return areNonNegative(a, b) ? dim::mod(a, b) : dim::unknown(a.getContext());
}
dim::Expr moduloOf(dim::Expr a, dim::Expr b) {
  return dim::provablyNonNegative(b) ? dim::mod(a, b) : dim::unknown(a.getContext());
}
/// 0, 1 or -1.
dim::Expr signOf(dim::Expr e) { return dim::max(dim::min(e, number(e, 1)), number(e, -1)); }
dim::Expr choose(llvm::ArrayRef<dim::Expr> e) {
  if (std::optional<int64_t> known = dim::getConstant(e[0])) {
    return *known ? e[1] : e[2];
  }
  return dim::add(e[2], dim::mul(e[0], dim::sub(e[1], e[2])));
}
} // namespace

#define DLC_PAIR(Op, f)                                                                                                \
  Result Op::shapeValue(Values operands) { return mapPairs(operands, f); }
#define DLC_ONE(Op, f)                                                                                                 \
  Result Op::shapeValue(Values operands) {                                                                             \
    return mapElements(operands, [](llvm::ArrayRef<dim::Expr> e) { return f(e[0]); });                                 \
  }
DLC_PAIR(AddOp, dim::add)
DLC_PAIR(SubOp, dim::sub)
DLC_PAIR(MulOp, dim::mul)
DLC_PAIR(DivOp, divide)
DLC_PAIR(ModOp, moduloOf)
DLC_PAIR(FmodOp, remainder)
DLC_PAIR(MinOp, dim::min)
DLC_PAIR(MaxOp, dim::max)
DLC_PAIR(EqualOp, dim::equalTo)
DLC_PAIR(LessOp, dim::lessThan)
DLC_PAIR(LessEqualOp, [](dim::Expr a, dim::Expr b) { return flip(dim::lessThan(b, a)); })
DLC_PAIR(AndOp, dim::mul)
DLC_PAIR(OrOp, dim::max)
DLC_PAIR(XorOp, [](dim::Expr a, dim::Expr b) { return flip(dim::equalTo(a, b)); })
DLC_ONE(NegOp, negate)
DLC_ONE(AbsOp, [](dim::Expr e) { return dim::max(e, negate(e)); })
DLC_ONE(SignOp, signOf)
DLC_ONE(ReluOp, [](dim::Expr e) { return dim::max(e, number(e, 0)); })
DLC_ONE(NotOp, flip)
#undef DLC_PAIR
#undef DLC_ONE

Result SelectOp::shapeValue(Values operands) { return mapElements(operands, choose); }

/// Numbers that do not fit the new type are refused where all shape values are.
Result CastOp::shapeValue(Values operands) {
  if (isInteger(getTo()) && getElementBits(getTo()) < 8) {
    return std::nullopt;
  }
  if (!operands[0] || !isBool(getTo())) {
    return operands[0];
  }
  return mapElements(operands, [](llvm::ArrayRef<dim::Expr> e) { return flip(dim::equalTo(e[0], number(e[0], 0))); });
}
} // namespace dlc::nn

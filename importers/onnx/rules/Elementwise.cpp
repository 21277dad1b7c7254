//===- Elementwise.cpp - arithmetic, comparison, logic and casts ------------------------------===//
#include "importers/onnx/Node.h"
#include "importers/onnx/Types.h"
#include <limits>

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

template <class OpTy> Result unary(Node &n) {
  n.ignore({"consumed_inputs"});
  return n.result(n.make<OpTy>(n.in(0)));
}

/// Operand 1 as it broadcasts to operand 0. Before opset 7, `axis` says which dim of operand 0 its first dim meets.
Value alignedRhs(Node &n) {
  Value b = n.in(1);
  if (n.since >= 7) {
    return b;
  }
  n.ignore({"consumed_inputs"});
  int64_t rank = nn::rankOf(n.in(0));
  bool broadcast = n.getBool("broadcast", false);
  int64_t axis = n.hasAttribute("axis") ? n.axis(n.getInt("axis", 0), rank) : rank - nn::rankOf(b);
  if (n.failed() || !broadcast || axis + nn::rankOf(b) >= rank) {
    return b;
  }
  Shape shape = nn::shapeOf(b);
  shape.append(rank - axis - shape.size(), n.number(1));
  return n.reshape(b, shape);
}

template <class OpTy> Result binary(Node &n) {
  Value b = alignedRhs(n);
  return n.result(n.make<OpTy>(n.in(0), b));
}
template <class OpTy> Result swapped(Node &n) {
  Value b = alignedRhs(n);
  return n.result(n.make<OpTy>(b, n.in(0)));
}

template <class OpTy> Value fold(Node &n) {
  n.ignore({"consumed_inputs"});
  Value v = n.in(0);
  for (Value next : n.inputs().drop_front()) {
    v = n.make<OpTy>(v, next);
  }
  return v;
}
template <class OpTy> Result variadic(Node &n) { return n.result(fold<OpTy>(n)); }
Result mean(Node &n) { return n.result(n.div(fold<nn::AddOp>(n), double(n.numInputs()))); }

Result mod(Node &n) {
  return n.getBool("fmod", false) ? n.result(n.make<nn::FmodOp>(n.in(0), n.in(1)))
                                  : n.result(n.make<nn::ModOp>(n.in(0), n.in(1)));
}

Result bitShift(Node &n) {
  std::string direction = n.getString("direction", "");
  if (direction != "LEFT" && direction != "RIGHT") {
    return n.fail("expected direction LEFT or RIGHT, got '" + direction + "'");
  }
  return direction == "LEFT" ? n.result(n.make<nn::ShiftLeftOp>(n.in(0), n.in(1)))
                             : n.result(n.make<nn::ShiftRightOp>(n.in(0), n.in(1)));
}

Result isInf(Node &n) {
  bool negative = n.getBool("detect_negative", true), positive = n.getBool("detect_positive", true);
  return n.result(n.make<nn::IsInfOp>(n.in(0), negative, positive));
}

Result where(Node &n) { return n.result(n.select(n.in(0), n.in(1), n.in(2))); }

Result castTo(Node &n, Type element, bool saturate) {
  Value x = n.in(0);
  std::string round = n.getString("round_mode", "up"); // of f8E8M0FNU
  if (round != "up" && round != "down" && round != "nearest") {
    return n.fail("expected round_mode up, down or nearest, got '" + round + "'");
  }
  Type from = nn::elementOf(x);
  if (from == element) {
    return n.result(x);
  }
  // Before version 24 infinity became NaN in the types that have neither it nor -0.
  if (saturate && n.since < 24 && nn::isFloat(from) && llvm::isa<mlir::Float8E4M3FNUZType, mlir::Float8E5M2FNUZType>(element)) {
    x = n.select(n.make<nn::IsInfOp>(x, true, true), n.scalar(from, std::numeric_limits<double>::quiet_NaN()), x);
  }
  return n.result(n.make<nn::CastOp>(x, element, saturate, round));
}

Result bitCast(Node &n) {
  Type element = n.getElementType("to", 0);
  return element ? n.result(n.make<nn::BitCastOp>(n.in(0), element)) : mlir::failure();
}

Result cast(Node &n) {
  Type element;
  if (n.since == 1) {
    std::string name = n.getString("to", "");
    element = elementType(n.context(), dataTypeOfName(name));
    if (!element && !n.failed()) {
      return n.fail("expected a supported element type in attribute 'to', got '" + name + "'");
    }
  } else {
    element = n.getElementType("to", 0);
  }
  bool saturate = n.getBool("saturate", true);
  return element ? castTo(n, element, saturate) : mlir::failure();
}

Result castLike(Node &n) {
  bool saturate = n.getBool("saturate", true);
  return castTo(n, nn::elementOf(n.in(1)), saturate);
}
} // namespace

void addElementwiseRules(RuleTable &table) {
  const llvm::SmallVector<int, 6> arithmetic{1, 6, 7, 13, 14}, basic{1, 6, 13}, angle{7, 22}, hyperbolic{9, 22};
  table.add({{"", "Abs", basic, unary<nn::AbsOp>, {1, 1}},
             {"", "Neg", basic, unary<nn::NegOp>, {1, 1}},
             {"", "Sign", {9, 13}, unary<nn::SignOp>, {1, 1}},
             {"", "Not", {1}, unary<nn::NotOp>, {1, 1}},
             {"", "BitwiseNot", {18}, unary<nn::BitNotOp>, {1, 1}},
             {"", "Exp", basic, unary<nn::ExpOp>, {1, 1}},
             {"", "Log", basic, unary<nn::LogOp>, {1, 1}},
             {"", "Sqrt", basic, unary<nn::SqrtOp>, {1, 1}},
             {"", "Reciprocal", basic, unary<nn::ReciprocalOp>, {1, 1}},
             {"", "Sin", angle, unary<nn::SinOp>, {1, 1}},
             {"", "Cos", angle, unary<nn::CosOp>, {1, 1}},
             {"", "Tan", angle, unary<nn::TanOp>, {1, 1}},
             {"", "Asin", angle, unary<nn::AsinOp>, {1, 1}},
             {"", "Acos", angle, unary<nn::AcosOp>, {1, 1}},
             {"", "Atan", angle, unary<nn::AtanOp>, {1, 1}},
             {"", "Sinh", hyperbolic, unary<nn::SinhOp>, {1, 1}},
             {"", "Cosh", hyperbolic, unary<nn::CoshOp>, {1, 1}},
             {"", "Asinh", hyperbolic, unary<nn::AsinhOp>, {1, 1}},
             {"", "Acosh", hyperbolic, unary<nn::AcoshOp>, {1, 1}},
             {"", "Atanh", hyperbolic, unary<nn::AtanhOp>, {1, 1}},
             {"", "Erf", {9, 13}, unary<nn::ErfOp>, {1, 1}},
             {"", "Floor", basic, unary<nn::FloorOp>, {1, 1}},
             {"", "Ceil", basic, unary<nn::CeilOp>, {1, 1}},
             {"", "Round", {11, 22}, unary<nn::RoundOp>, {1, 1}},
             {"", "IsNaN", {9, 13, 20}, unary<nn::IsNaNOp>, {1, 1}},
             {"", "IsInf", {10, 20}, isInf, {1, 1}}});
  table.add({{"", "Add", arithmetic, binary<nn::AddOp>, {2, 2}},
             {"", "Sub", arithmetic, binary<nn::SubOp>, {2, 2}},
             {"", "Mul", arithmetic, binary<nn::MulOp>, {2, 2}},
             {"", "Div", arithmetic, binary<nn::DivOp>, {2, 2}},
             {"", "Pow", {1, 7, 12, 13, 15}, binary<nn::PowOp>, {2, 2}},
             {"", "Mod", {10, 13}, mod, {2, 2}},
             {"", "And", {1, 7}, binary<nn::AndOp>, {2, 2}},
             {"", "Or", {1, 7}, binary<nn::OrOp>, {2, 2}},
             {"", "Xor", {1, 7}, binary<nn::XorOp>, {2, 2}},
             {"", "BitwiseAnd", {18}, binary<nn::BitAndOp>, {2, 2}},
             {"", "BitwiseOr", {18}, binary<nn::BitOrOp>, {2, 2}},
             {"", "BitwiseXor", {18}, binary<nn::BitXorOp>, {2, 2}},
             {"", "BitShift", {11}, bitShift, {2, 2}},
             {"", "Equal", {1, 7, 11, 13, 19}, binary<nn::EqualOp>, {2, 2}},
             {"", "Less", {1, 7, 9, 13}, binary<nn::LessOp>, {2, 2}},
             {"", "LessOrEqual", {12, 16}, binary<nn::LessEqualOp>, {2, 2}},
             {"", "Greater", {1, 7, 9, 13}, swapped<nn::LessOp>, {2, 2}},
             {"", "GreaterOrEqual", {12, 16}, swapped<nn::LessEqualOp>, {2, 2}}});
  table.add({{"", "Sum", {1, 6, 8, 13}, variadic<nn::AddOp>, {1, kAnyNumber}},
             {"", "Max", {1, 6, 8, 12, 13}, variadic<nn::MaxOp>, {1, kAnyNumber}},
             {"", "Min", {1, 6, 8, 12, 13}, variadic<nn::MinOp>, {1, kAnyNumber}},
             {"", "Mean", {1, 6, 8, 13}, mean, {1, kAnyNumber}},
             {"", "Where", {9, 16}, where, {3, 3}},
             {"", "Cast", {1, 6, 9, 13, 19, 21, 23, 24, 25}, cast, {1, 1}},
             {"", "BitCast", {26}, bitCast, {1, 1}},
             {"", "CastLike", {15, 19, 21, 23, 24, 25}, castLike, {2, 2}}});
}
} // namespace dlc::onnx_import

//===- Elementwise.cpp - result types ------------------------------------------===//
#include "dialects/nn/SizeRules.h"

namespace dlc::nn {
namespace {
using Types = llvm::SmallVectorImpl<mlir::Type>;

/// The broadcast shape of `operands` with element type `element`.
llvm::LogicalResult inferBroadcast(mlir::Operation *op, mlir::ValueRange operands, mlir::Type element, Types &types) {
  llvm::SmallVector<dim::Shape> shapes;
  for (mlir::Value v : operands) {
    shapes.push_back(shapeOf(v));
  }
  std::string error;
  mlir::FailureOr<dim::Shape> shape = broadcastShapes(shapes, error);
  if (mlir::failed(shape)) {
    return op->emitOpError() << error;
  }
  types.push_back(dim::getTensorType(*shape, element));
  return mlir::success();
}

llvm::LogicalResult inferSameType(mlir::Operation *op, mlir::Type element, Types &types) {
  for (mlir::Value v : op->getOperands().drop_front()) {
    if (elementOf(v) != elementOf(op->getOperand(0))) {
      return op->emitOpError() << "expected operands of one element type, got " << elementOf(op->getOperand(0))
                               << " and " << elementOf(v);
    }
  }
  return inferBroadcast(op, op->getOperands(), element, types);
}

llvm::LogicalResult inferArithmetic(mlir::Operation *op, Types &types) {
  return inferSameType(op, elementOf(op->getOperand(0)), types);
}
llvm::LogicalResult inferPredicate(mlir::Operation *op, Types &types) {
  return inferSameType(op, mlir::IntegerType::get(op->getContext(), 1), types);
}
void broadcastRules(mlir::Operation *op, SizeRuleList &rules) {
  llvm::SmallVector<dim::Shape> shapes = llvm::map_to_vector(op->getOperands(), shapeOf);
  mustBroadcast(rules, shapes, "dims of the operands (equal or 1)");
}
} // namespace

#define DLC_INFER(Op, rule)                                                                                           \
  llvm::LogicalResult Op::inferResultTypes(Types &types) { return rule(*this, types); }
#define DLC_ARITHMETIC(Op) DLC_INFER(Op, inferArithmetic)
#define DLC_PREDICATE(Op) DLC_INFER(Op, inferPredicate)
DLC_ARITHMETIC(AbsOp)
DLC_ARITHMETIC(NegOp)
DLC_ARITHMETIC(SignOp)
DLC_ARITHMETIC(ReluOp)
DLC_ARITHMETIC(NotOp)
DLC_ARITHMETIC(BitNotOp)
DLC_ARITHMETIC(ExpOp)
DLC_ARITHMETIC(LogOp)
DLC_ARITHMETIC(SqrtOp)
DLC_ARITHMETIC(ReciprocalOp)
DLC_ARITHMETIC(SinOp)
DLC_ARITHMETIC(CosOp)
DLC_ARITHMETIC(TanOp)
DLC_ARITHMETIC(AsinOp)
DLC_ARITHMETIC(AcosOp)
DLC_ARITHMETIC(AtanOp)
DLC_ARITHMETIC(SinhOp)
DLC_ARITHMETIC(CoshOp)
DLC_ARITHMETIC(TanhOp)
DLC_ARITHMETIC(AsinhOp)
DLC_ARITHMETIC(AcoshOp)
DLC_ARITHMETIC(AtanhOp)
DLC_ARITHMETIC(ErfOp)
DLC_ARITHMETIC(SigmoidOp)
DLC_ARITHMETIC(SoftplusOp)
DLC_ARITHMETIC(FloorOp)
DLC_ARITHMETIC(CeilOp)
DLC_ARITHMETIC(RoundOp)
DLC_PREDICATE(IsNaNOp)
DLC_PREDICATE(IsInfOp)
DLC_ARITHMETIC(LeakyReluOp)
DLC_ARITHMETIC(EluOp)
DLC_ARITHMETIC(HardSigmoidOp)
DLC_ARITHMETIC(AddOp)
DLC_ARITHMETIC(SubOp)
DLC_ARITHMETIC(MulOp)
DLC_ARITHMETIC(DivOp)
DLC_ARITHMETIC(ModOp)
DLC_ARITHMETIC(FmodOp)
DLC_ARITHMETIC(MinOp)
DLC_ARITHMETIC(MaxOp)
DLC_ARITHMETIC(AndOp)
DLC_ARITHMETIC(OrOp)
DLC_ARITHMETIC(XorOp)
DLC_ARITHMETIC(BitAndOp)
DLC_ARITHMETIC(BitOrOp)
DLC_ARITHMETIC(BitXorOp)
DLC_ARITHMETIC(ShiftLeftOp)
DLC_ARITHMETIC(ShiftRightOp)
DLC_PREDICATE(EqualOp)
DLC_PREDICATE(LessOp)
DLC_PREDICATE(LessEqualOp)
#undef DLC_PREDICATE
#undef DLC_ARITHMETIC
#undef DLC_INFER

llvm::LogicalResult PowOp::inferResultTypes(Types &types) {
  return inferBroadcast(*this, getOperands(), elementOf(getLhs()), types);
}

llvm::LogicalResult SelectOp::inferResultTypes(Types &types) {
  if (elementOf(getLhs()) != elementOf(getRhs())) {
    return emitOpError() << "expected two values of one element type, got " << elementOf(getLhs()) << " and "
                         << elementOf(getRhs());
  }
  return inferBroadcast(*this, getOperands(), elementOf(getLhs()), types);
}

llvm::LogicalResult BitCastOp::inferResultTypes(Types &types) {
  mlir::Type from = elementOf(getInput()), to = getTo();
  bool plain = !isString(from) && !isString(to) && !llvm::isa<mlir::ComplexType>(from) && !llvm::isa<mlir::ComplexType>(to);
  if (!plain || getElementBits(from) != getElementBits(to)) {
    return emitOpError() << "expected plain numbers of equally many bits, got " << from << " and " << to;
  }
  types.push_back(dim::getTensorType(shapeOf(getInput()), to));
  return mlir::success();
}

llvm::LogicalResult CastOp::inferResultTypes(Types &types) {
  return inferBroadcast(*this, getInput(), getTo(), types);
}

#define DLC_RULES(Op) void Op::sizeRules(SizeRuleList &rules) { broadcastRules(*this, rules); }
DLC_RULES(AddOp)
DLC_RULES(SubOp)
DLC_RULES(MulOp)
DLC_RULES(DivOp)
DLC_RULES(ModOp)
DLC_RULES(FmodOp)
DLC_RULES(MinOp)
DLC_RULES(MaxOp)
DLC_RULES(AndOp)
DLC_RULES(OrOp)
DLC_RULES(XorOp)
DLC_RULES(BitAndOp)
DLC_RULES(BitOrOp)
DLC_RULES(BitXorOp)
DLC_RULES(ShiftLeftOp)
DLC_RULES(ShiftRightOp)
DLC_RULES(EqualOp)
DLC_RULES(LessOp)
DLC_RULES(LessEqualOp)
DLC_RULES(PowOp)
DLC_RULES(SelectOp)
#undef DLC_RULES
} // namespace dlc::nn

//===- Norm.cpp - result types of normalisations -------------------------------------------===//
#include "dialects/nn/Infer.h"
#include "dialects/nn/SizeRules.h"

namespace dlc::nn {
namespace {
/// The operands after the first are vectors with one element for each index of dim `axis`.
llvm::LogicalResult inferPerChannel(mlir::Operation *op, int64_t axis, Types &types) {
  mlir::Value input = op->getOperand(0);
  if (mlir::failed(checkAxis(op, axis, rankOf(input)))) {
    return mlir::failure();
  }
  for (mlir::Value v : op->getOperands().drop_front()) {
    if (mlir::failed(checkVector(op, v, shapeOf(input)[axis], "a vector"))) {
      return mlir::failure();
    }
  }
  types.push_back(input.getType());
  return mlir::success();
}

void perChannelRules(mlir::Operation *op, int64_t axis, SizeRuleList &rules) {
  for (mlir::Value v : op->getOperands().drop_front()) {
    mustBeEqual(rules, shapeOf(op->getOperand(0))[axis], shapeOf(v)[0], "channels of the input");
  }
}
} // namespace

void BatchNormOp::sizeRules(SizeRuleList &rules) { perChannelRules(*this, getAxis(), rules); }
void InstanceNormOp::sizeRules(SizeRuleList &rules) { perChannelRules(*this, 1, rules); }
void GroupNormOp::sizeRules(SizeRuleList &rules) { perChannelRules(*this, 1, rules); }

llvm::LogicalResult BatchNormOp::inferResultTypes(Types &types) { return inferPerChannel(*this, getAxis(), types); }
llvm::LogicalResult InstanceNormOp::inferResultTypes(Types &types) { return inferPerChannel(*this, 1, types); }

llvm::LogicalResult GroupNormOp::inferResultTypes(Types &types) {
  if (mlir::failed(inferPerChannel(*this, 1, types))) {
    return mlir::failure();
  }
  int64_t groups = getNumGroups();
  std::optional<int64_t> channels = dim::getConstant(shapeOf(getInput())[1]);
  if (groups < 1 || (channels && *channels % groups)) {
    return emitOpError() << "expected channels that are a multiple of num_groups, got "
                         << dim::toString(shapeOf(getInput())[1]) << " and " << groups;
  }
  return mlir::success();
}

llvm::LogicalResult LayerNormOp::inferResultTypes(Types &types) {
  types.push_back(getInput().getType());
  if (mlir::failed(checkAxis(*this, getAxis(), rankOf(getInput())))) {
    return mlir::failure();
  }
  dim::Shape input = shapeOf(getInput());
  for (mlir::Value v : getOperands().drop_front()) {
    dim::Shape own = shapeOf(v);
    bool fits = own.size() <= input.size();
    for (size_t i = 0; fits && i < own.size(); ++i) {
      fits = dim::isConstant(own[i], 1) || mayBeEqual(own[i], input[input.size() - own.size() + i]);
    }
    if (!fits) {
      return emitOpError() << "expected scale and bias to broadcast to " << getInput().getType() << ", got "
                           << v.getType();
    }
  }
  return mlir::success();
}

void LayerNormOp::sizeRules(SizeRuleList &rules) {
  for (mlir::Value v : getOperands().drop_front()) {
    mustBroadcastTo(rules, shapeOf(v), shapeOf(getInput()), "dims of scale and bias (those of the input, or 1)");
  }
}

llvm::LogicalResult LrnOp::inferResultTypes(Types &types) {
  types.push_back(getInput().getType());
  int64_t size = getSize();
  if (rankOf(getInput()) < 2 || size < 1) {
    return emitOpError() << "expected an input of rank 2 or more and a size of at least 1, got " << getInput().getType()
                         << " and " << size;
  }
  return mlir::success();
}

llvm::LogicalResult LpNormalizeOp::inferResultTypes(Types &types) {
  types.push_back(getInput().getType());
  if (getP() != 1 && getP() != 2) {
    return emitOpError() << "expected p to be 1 or 2, got " << getP();
  }
  return checkAxis(*this, getAxis(), rankOf(getInput()));
}
} // namespace dlc::nn

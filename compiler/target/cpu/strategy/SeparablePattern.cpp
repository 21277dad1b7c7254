//===- SeparablePattern.cpp - convolutions around a depthwise one among a graph's ops -----------------===//
#include "compiler/target/cpu/strategy/SeparablePattern.h"
#include "compiler/target/cpu/strategy/Strategy.h"
#include "llvm/ADT/SetVector.h"

namespace dlc::cpu {
namespace {
using mlir::Value;

/// Elementwise ops between two convolutions; more are no activation.
constexpr size_t kMostBehind = 8;

bool isShared(Value operand, Value result) {
  OperandPlace place = placeOf(nn::shapeOf(operand), nn::shapeOf(result));
  return place == OperandPlace::Columns || place == OperandPlace::Scalar;
}

bool isPointwise(nn::ConvOp op) {
  auto weight = llvm::cast<mlir::RankedTensorType>(op.getWeight().getType());
  return op.getGroups() == 1 && weight.hasStaticShape() &&
         llvm::all_of(weight.getShape().drop_front(2), [](int64_t size) { return size == 1; });
}

bool isDepthwise(nn::ConvOp op) {
  auto weight = llvm::cast<mlir::RankedTensorType>(op.getWeight().getType());
  return op.getGroups() > 1 && weight.hasStaticShape() && weight.getDimSize(0) == int64_t(op.getGroups()) &&
         weight.getDimSize(1) == 1;
}

/// Adds the ops that `v` comes from, back to convolutions, to `ops`; false if there is something else.
bool collect(Value v, mlir::Block *block, llvm::SetVector<mlir::Operation *> &ops) {
  mlir::Operation *op = v.getDefiningOp();
  if (!op || op->getBlock() != block || !nn::elementOf(v).isF32() || ops.size() > kMostBehind) {
    return false;
  }
  ops.insert(op);
  if (llvm::isa<nn::ConvOp>(op)) {
    return true;
  }
  return nn::isElementwise(op) && op->getNumResults() == 1 && llvm::all_of(op->getOperands(), [&](Value operand) {
           mlir::Operation *from = operand.getDefiningOp();
           return (from && ops.contains(from)) || isShared(operand, v) || collect(operand, block, ops);
         });
}

/// The convolution whose result, after elementwise ops, `consumer` alone reads.
std::optional<SeparableStage> stageBefore(nn::ConvOp consumer) {
  llvm::SetVector<mlir::Operation *> ops;
  if (!collect(consumer.getInput(), consumer->getBlock(), ops)) {
    return std::nullopt;
  }
  SeparableStage stage;
  for (mlir::Operation *op : ops) {
    bool isPrivate = llvm::all_of(op->getUsers(), [&](mlir::Operation *user) { return user == consumer || ops.contains(user); });
    auto conv = llvm::dyn_cast<nn::ConvOp>(op);
    if (!isPrivate || (conv && stage.conv)) {
      return std::nullopt;
    }
    conv ? void(stage.conv = conv) : stage.behind.push_back(op);
  }
  if (!stage.conv) {
    return std::nullopt;
  }
  llvm::sort(stage.behind, [](mlir::Operation *a, mlir::Operation *b) { return a->isBeforeInBlock(b); });
  return stage;
}
} // namespace

llvm::SmallVector<mlir::Operation *> SeparablePattern::ops() const {
  llvm::SmallVector<mlir::Operation *> all;
  for (const SeparableStage *stage : {&expand, &depthwise}) {
    if (nn::ConvOp conv = stage->conv) {
      all.push_back(conv);
      all.append(stage->behind.begin(), stage->behind.end());
    }
  }
  nn::ConvOp last = project;
  all.push_back(last);
  return all;
}

std::optional<SeparablePattern> findSeparable(nn::ConvOp project, bool expansion) {
  std::optional<SeparableStage> depthwise = isPointwise(project) ? stageBefore(project) : std::nullopt;
  if (!depthwise || !isDepthwise(depthwise->conv) || depthwise->conv.getInput() == project.getInput()) {
    return std::nullopt;
  }
  SeparablePattern pattern;
  pattern.depthwise = *depthwise;
  pattern.project = project;
  if (!expansion) {
    return pattern;
  }
  std::optional<SeparableStage> expand = stageBefore(depthwise->conv);
  // One that is a projection itself belongs to the depthwise convolution before it.
  if (!expand || !isPointwise(expand->conv) || findSeparable(expand->conv, false)) {
    return std::nullopt;
  }
  pattern.expand = *expand;
  return pattern;
}
} // namespace dlc::cpu

//===- ConvertControl.cpp - branches and loops ------------------------------------------ ===//
#include "compiler/passes/blocks/BlockBuilder.h"

namespace dlc {
using mlir::Value;

llvm::LogicalResult BlockBuilder::convertRegion(mlir::Region &from, mlir::Region &to) {
  mlir::OpBuilder::InsertionGuard guard(b);
  llvm::StringSet<> before = defined;
  llvm::DenseSet<Value> producedBefore = produced;
  b.createBlock(&to);
  openStage(from.getLoc());
  for (Value parameter : from.getArguments()) {
    if (auto type = llvm::dyn_cast<mlir::RankedTensorType>(parameter.getType()); type && !sizesKnown(type)) {
      defineDims(parameter, lookup(parameter));
    }
  }
  if (mlir::failed(convertOps(from.front()))) {
    return mlir::failure();
  }
  llvm::SmallVector<Value> results;
  for (Value v : from.front().getTerminator()->getOperands()) {
    results.push_back(lookup(v));
  }
  rt::YieldOp::create(b, from.getLoc(), results);
  defined = before;
  produced = producedBefore;
  return mlir::success();
}

llvm::LogicalResult BlockBuilder::convertIf(nn::IfOp op) {
  llvm::SmallVector<Value> results;
  Value condition = lookup(op.getCondition());
  for (Value v : op.getResults_()) {
    results.push_back(place(v));
  }
  auto step = rt::IfOp::create(b, op.getLoc(), condition, results, noSteps());
  step->setAttr("name", b.getStringAttr(nameOf(op.getLoc())));
  if (mlir::failed(convertRegion(op.getThenBody(), step.getThenBody())) ||
      mlir::failed(convertRegion(op.getElseBody(), step.getElseBody()))) {
    return mlir::failure();
  }
  nameDynamicSizes(op.getResults_(), op.getLoc());
  return mlir::success();
}

llvm::LogicalResult BlockBuilder::convertLoop(nn::LoopOp op) {
  auto optional = [&](Value v) { return v ? lookup(v) : Value(); };
  llvm::SmallVector<Value> initial, parameters, finals, scanned;
  for (Value v : op.getCarried()) {
    initial.push_back(lookup(v));
  }
  Value trips = optional(op.getTripCount()), condition = optional(op.getCondition());
  for (mlir::BlockArgument a : op.getBody().getArguments()) {
    parameters.push_back(place(a));
  }
  for (auto [i, v] : llvm::enumerate(op.getResults_())) {
    bool stacked = i >= initial.size();
    // Rows are counted when the loop has ended, unless nothing can end it early.
    Value where = stacked ? stack(v) : place(v);
    (stacked ? scanned : finals).push_back(where);
  }
  auto step = rt::LoopOp::create(b, op.getLoc(), trips, condition, parameters[0], parameters[1], initial,
                                 llvm::ArrayRef(parameters).drop_front(2), finals, scanned, dim::ExprAttr(), noSteps());
  step->setAttr("name", b.getStringAttr(nameOf(op.getLoc())));
  if (mlir::failed(convertRegion(op.getBody(), step.getBody()))) {
    return mlir::failure();
  }
  nameDynamicSizes(op.getResults_(), op.getLoc());
  return mlir::success();
}

} // namespace dlc

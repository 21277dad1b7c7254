//===- ConvertSteps.cpp - ops that become one step, or none ------------------------------ ===//
#include "compiler/passes/Entries.h"
#include "compiler/passes/Kernels.h"
#include "compiler/passes/blocks/BlockBuilder.h"

namespace dlc {
using mlir::Value;

llvm::LogicalResult BlockBuilder::convertOps(mlir::Block &from) {
  for (mlir::Operation &op : from.without_terminator()) {
    if (mlir::failed(convert(&op))) {
      return mlir::failure();
    }
  }
  return mlir::success();
}

llvm::LogicalResult BlockBuilder::convert(mlir::Operation *op) {
  if (auto constant = llvm::dyn_cast<nn::ConstantOp>(op); constant && !getHostCall(op)) {
    map.map(constant.getResult(),
            rt::ConstantOp::create(b, op->getLoc(), ref(constant.getResult().getType()), constant.getValue()));
    return mlir::success();
  }
  if (auto reshape = llvm::dyn_cast<nn::ReshapeOp>(op)) {
    return alias(op, reshape.getInput());
  }
  if (auto read = llvm::dyn_cast<nn::ReadDimsOp>(op)) {
    return convertReadDims(read);
  }
  if (auto assume = llvm::dyn_cast<nn::AssumeOp>(op)) {
    rt::CheckOp::create(b, op->getLoc(), assume.getLhs(), assume.getRhs(), assume.getMessage());
    return mlir::success();
  }
  if (auto dispatch = llvm::dyn_cast<nn::DispatchOp>(op)) {
    return convertDispatch(dispatch);
  }
  if (auto branch = llvm::dyn_cast<nn::IfOp>(op)) {
    return convertIf(branch);
  }
  if (auto loop = llvm::dyn_cast<nn::LoopOp>(op)) {
    return convertLoop(loop);
  }
  if (auto split = llvm::dyn_cast<nn::SplitBatchOp>(op)) {
    return convertSplitBatch(split);
  }
  if (std::optional<HostCall> call = getHostCall(op)) {
    return convertHostCall(op, *call);
  }
  return op->emitOpError() << "has no form in an executable";
}

llvm::LogicalResult BlockBuilder::alias(mlir::Operation *op, Value from) {
  Value v = op->getResult(0);
  map.map(v, rt::AliasOp::create(b, op->getLoc(), ref(v.getType()), lookup(from), zero()));
  if (produced.contains(lookup(from))) {
    produced.insert(lookup(v));
  }
  return mlir::success();
}

llvm::LogicalResult BlockBuilder::convertReadDims(nn::ReadDimsOp op) {
  Value from = lookup(op.getInput());
  needStageAfter(from, op.getLoc());
  for (auto [i, e] : llvm::enumerate(op.getSymbols().getDims())) {
    if (defined.insert(e.getSymbol()).second) {
      rt::SymbolOp::create(b, op.getLoc(), from, e.getSymbol(), i, true);
    }
  }
  map.map(op.getResult(), from);
  return mlir::success();
}

llvm::LogicalResult BlockBuilder::convertDispatch(nn::DispatchOp op) {
  mlir::func::FuncOp kernel = getKernel(op);
  if (!kernel) {
    return op.emitOpError() << "expected a kernel named " << op.getKernel();
  }
  if (auto numbers = op->getAttrOfType<mlir::DenseI64ArrayAttr>(kPreparedAttr)) {
    return convertPrepared(op, numbers);
  }
  auto formula = [&](llvm::StringRef name) {
    auto e = kernel->getAttrOfType<dim::ExprAttr>(name);
    return e ? e : zero();
  };
  llvm::SmallVector<Value> operands;
  for (Value v : op.getOperands_()) {
    operands.push_back(lookup(v));
  }
  for (Value v : op.getResults_()) {
    operands.push_back(place(v));
  }
  auto dims = kernel->getAttrOfType<dim::ShapeAttr>(kDimsAttr);
  auto step = rt::DispatchOp::create(
      b, op.getLoc(), op.getKernelAttr(), operands, b.getI64IntegerAttr(op.getNumResults()),
      dims ? dims : dim::ShapeAttr::get(func.getContext(), {}), formula(kTilesAttr), atMost(formula(kScratchAttr)),
      kernel->getAttrOfType<mlir::StringAttr>(kStrategyAttr), onAverage(formula(kFlopsAttr)), noSteps());
  step->setAttr("name", b.getStringAttr(nameOf(op.getLoc())));
  if (mlir::Attribute reason = op->getAttr(kReasonAttr)) {
    step->setAttr("reason", reason);
  }
  return mlir::success();
}

llvm::LogicalResult BlockBuilder::convertPrepared(nn::DispatchOp op, llvm::ArrayRef<int64_t> numbers) {
  Value result = op.getResult(0);
  map.map(result,
          rt::PrepareOp::create(b, op.getLoc(), ref(result.getType()), op.getKernelAttr(), lookup(op.getOperand(0)),
                                b.getDenseI64ArrayAttr(numbers.drop_front()), b.getI64IntegerAttr(numbers.front())));
  return mlir::success();
}

llvm::LogicalResult BlockBuilder::convertHostCall(mlir::Operation *op, const HostCall &call) {
  llvm::SmallVector<Value> operands;
  llvm::SmallVector<int64_t> places;
  llvm::SmallVector<dim::Expr> dims;
  if (!call.encoded.empty()) {
    auto type = mlir::RankedTensorType::get({int64_t(call.encoded.size())}, b.getIntegerType(8, false));
    auto bytes = mlir::DenseElementsAttr::getFromRawBuffer(type, call.encoded);
    places.push_back(operands.size());
    operands.push_back(rt::ConstantOp::create(b, op->getLoc(), ref(type), bytes));
  }
  for (Value v : call.operands) {
    places.push_back(v ? int64_t(operands.size()) : -1);
    if (v) {
      operands.push_back(lookup(v));
    }
  }
  for (int64_t a : call.attributes) {
    dims.push_back(dim::constant(func.getContext(), a));
  }
  llvm::append_range(dims, call.sizes);
  for (Value v : op->getResults()) {
    places.push_back(operands.size());
    operands.push_back(place(v));
  }
  auto step = rt::HostCallOp::create(b, op->getLoc(), b.getStringAttr(call.function), b.getI64IntegerAttr(call.version),
                                     operands, b.getDenseI64ArrayAttr(places), b.getI64IntegerAttr(op->getNumResults()),
                                     dim::ShapeAttr::get(func.getContext(), dims), noSteps());
  step->setAttr("name", b.getStringAttr(nameOf(op->getLoc())));
  if (auto strategy = op->getAttrOfType<mlir::StringAttr>(kStrategyAttr)) {
    step->setAttr("strategy", strategy);
    step->setAttr("flops", onAverage(op->getAttrOfType<dim::ExprAttr>(kFlopsAttr)));
  }
  if (auto reason = op->getAttrOfType<mlir::StringAttr>(kReasonAttr)) {
    step->setAttr("reason", reason);
  }
  nameDynamicSizes(op->getResults(), op->getLoc());
  return mlir::success();
}

} // namespace dlc

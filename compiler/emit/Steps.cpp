//===- Steps.cpp - steps in the tables ----------------------------------------------------------===//
#include "compiler/emit/Blocks.h"

namespace dlc::emit {
namespace {
dlc_abi_step makeStep(dlc_step_kind kind, uint32_t name) {
  dlc_abi_step s{};
  s.strategy = s.target = s.other = s.tiles = s.scratch = s.flops = s.bytes = DLC_NONE;
  s.kind = kind;
  s.name = name;
  return s;
}
} // namespace

llvm::LogicalResult Blocks::writeStep(mlir::Operation *op) {
  if (auto dispatch = llvm::dyn_cast<rt::DispatchOp>(op)) {
    writeDispatch(dispatch);
  } else if (auto copy = llvm::dyn_cast<rt::CopyOp>(op)) {
    writeCopy(copy);
  } else if (auto call = llvm::dyn_cast<rt::HostCallOp>(op)) {
    writeHostCall(call);
  } else if (auto branch = llvm::dyn_cast<rt::IfOp>(op)) {
    return writeIf(branch);
  } else if (auto loop = llvm::dyn_cast<rt::LoopOp>(op)) {
    return writeLoop(loop);
  } else {
    return op->emitOpError() << "has no form in the tables";
  }
  return mlir::success();
}

void Blocks::writeReason(mlir::Operation *op, dlc_abi_step &s) {
  if (auto reason = op->getAttrOfType<mlir::StringAttr>("reason")) {
    s.reason = 1 + t.string(reason.getValue());
  }
}

void Blocks::writeDispatch(rt::DispatchOp op) {
  dlc_abi_step s = makeStep(DLC_STEP_DISPATCH, nameOf(op, op.getKernel()));
  s.strategy = t.string(op.getStrategy());
  writeReason(op, s);
  s.target = kernelIndex(op.getKernel());
  s.args = values.range(op.getOperands_());
  s.output_count = op.getOutputs();
  s.dims = sizes(op.getDims().getDims());
  s.tiles = t.slot(op.getTiles());
  s.scratch = dim::isConstant(op.getScratch(), 0) ? DLC_NONE : t.slot(op.getScratch());
  s.flops = t.slot(op.getFlops());
  addStep(s, op.getAfter());
}

void Blocks::writeHostCall(rt::HostCallOp op) {
  dlc_abi_step s = makeStep(DLC_STEP_HOST_CALL, nameOf(op, op.getFunction()));
  std::string key = (op.getFunction() + "@" + llvm::Twine(op.getVersion())).str();
  auto [it, isNew] = hostIndices.try_emplace(key, uint32_t(t.hostFunctions.size()));
  if (isNew) {
    t.hostFunctions.push_back({t.string(op.getFunction()), uint32_t(op.getVersion())});
  }
  program.needsLibraries |= op.getFunction().contains(':');
  // Of a call that stands for a kernel.
  if (auto strategy = op->getAttrOfType<mlir::StringAttr>("strategy")) {
    s.strategy = t.string(strategy.getValue());
    s.flops = t.slot(op->getAttrOfType<dim::ExprAttr>("flops"));
    writeReason(op, s);
  }
  s.target = it->second;
  llvm::SmallVector<uint32_t> args;
  for (int64_t place : op.getPlaces()) {
    args.push_back(place < 0 ? values.absent() : values[op.getOperands_()[place]]);
  }
  s.args = t.range(args);
  s.dims = sizes(op.getDims().getDims());
  s.output_count = op.getOutputs();
  t.features |= DLC_FEATURE_HOST_CALLS;
  addStep(s, op.getAfter());
}

void Blocks::writeCopy(rt::CopyOp op) {
  dlc_abi_step s = makeStep(DLC_STEP_COPY, t.string("copy"));
  s.args = values.range({op.getFrom(), op.getTo()});
  s.output_count = 1;
  addStep(s, op.getAfter());
}

llvm::LogicalResult Blocks::writeIf(rt::IfOp op) {
  dlc_abi_step s = makeStep(DLC_STEP_IF, nameOf(op, "if"));
  mlir::FailureOr<uint32_t> thenBlock = write(op.getThenBody().front(), "then");
  mlir::FailureOr<uint32_t> elseBlock = mlir::failed(thenBlock) ? thenBlock : write(op.getElseBody().front(), "else");
  if (mlir::failed(elseBlock)) {
    return mlir::failure();
  }
  s.target = *thenBlock;
  s.other = *elseBlock;
  llvm::SmallVector<mlir::Value> args{op.getCondition()};
  llvm::append_range(args, op.getResults_());
  s.args = values.range(args);
  s.output_count = op.getResults_().size();
  t.features |= DLC_FEATURE_CONTROL_FLOW;
  addStep(s, op.getAfter());
  return mlir::success();
}

llvm::LogicalResult Blocks::writeLoop(rt::LoopOp op) {
  dlc_abi_step s = makeStep(DLC_STEP_LOOP, nameOf(op, "loop"));
  mlir::FailureOr<uint32_t> body = write(op.getBody().front(), "body");
  if (mlir::failed(body)) {
    return mlir::failure();
  }
  s.target = *body;
  auto index = [&](mlir::Value v) { return v ? values[v] : DLC_NONE; };
  auto yielded = llvm::cast<rt::YieldOp>(op.getBody().front().getTerminator()).getResults_();
  llvm::SmallVector<uint32_t> extra{index(op.getTrips()), index(op.getCondition()), index(op.getIteration()),
                                    index(op.getGoing()), index(yielded[0]),        uint32_t(op.getInitial().size())};
  for (auto [i, v] : llvm::enumerate(op.getInitial())) {
    extra.append({index(v), index(op.getParameters()[i]), index(yielded[1 + i]), index(op.getFinals()[i])});
  }
  extra.push_back(op.getScanned().size());
  for (auto [i, v] : llvm::enumerate(op.getScanned())) {
    extra.append({index(yielded[1 + op.getInitial().size() + i]), index(v)});
  }
  s.extra = t.range(extra);
  if (std::optional<dim::ExprAttr> count = op.getCount()) {
    s.dims = sizes(*count);
    t.features |= DLC_FEATURE_COUNTED_LOOPS;
  }
  if (auto strategy = op->getAttrOfType<mlir::StringAttr>("strategy")) {
    s.strategy = t.string(strategy.getValue());
    writeReason(op, s);
  }
  t.features |= DLC_FEATURE_CONTROL_FLOW;
  addStep(s, op.getAfter());
  return mlir::success();
}

/// Adds a step to the current stage, which waits for the steps `after` of that stage.
void Blocks::addStep(dlc_abi_step s, llvm::ArrayRef<int64_t> after) {
  s.dependency_count = after.size();
  Stage &record = stage();
  uint32_t self = record.steps.size();
  record.steps.push_back(s);
  record.successors.emplace_back();
  for (int64_t a : after) {
    record.successors[a].push_back(self);
  }
}

/// The source's name of `op` as a string of the tables.
uint32_t Blocks::nameOf(mlir::Operation *op, llvm::StringRef otherwise) {
  auto name = op->getAttrOfType<mlir::StringAttr>("name");
  return t.string(name && !name.getValue().empty() ? name.getValue() : otherwise);
}

uint32_t Blocks::kernelIndex(llvm::StringRef name) {
  auto [it, isNew] = kernelIndices.try_emplace((name + "@" + llvm::Twine(variant)).str(), uint32_t(t.kernels.size()));
  if (isNew) {
    t.kernels.push_back({t.string(name), 0});
    program.kernels.push_back({name.str(), kernelTag, variant});
  }
  return it->second;
}

dlc_abi_range Blocks::sizes(llvm::ArrayRef<dim::Expr> dims) {
  llvm::SmallVector<uint32_t> slots;
  for (dim::Expr e : dims) {
    slots.push_back(t.slot(e));
  }
  return t.range(slots);
}
} // namespace dlc::emit

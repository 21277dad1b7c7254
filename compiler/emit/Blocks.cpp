//===- Blocks.cpp - blocks and stages in the tables ---------------------------------------------===//
#include "compiler/emit/Blocks.h"
#include <utility>

namespace dlc::emit {
mlir::FailureOr<uint32_t> Blocks::write(mlir::Block &body, llvm::StringRef name) {
  uint32_t index = blocks.size();
  blocks.emplace_back();
  blocks[index].name = t.string(name);
  std::vector<dlc_abi_dim_instr> outer = std::move(t.program);
  t.program.clear();
  uint32_t outerBlock = std::exchange(current, index);
  rt::StageOp outerStage = stageOp;
  auto outerOffsets = std::exchange(offsets, {});
  Tables::Scope scope = t.enterScope();
  llvm::LogicalResult written = writeStages(body);
  if (mlir::succeeded(written)) {
    blocks[index].results = values.range(llvm::cast<rt::YieldOp>(body.getTerminator()).getResults_());
  }
  if (outerBlock != DLC_NONE) {
    t.leaveScope(std::move(scope));
  }
  current = outerBlock;
  stageOp = outerStage;
  offsets = std::move(outerOffsets);
  t.program = std::move(outer);
  return mlir::failed(written) ? mlir::FailureOr<uint32_t>(mlir::failure()) : mlir::FailureOr<uint32_t>(index);
}

llvm::LogicalResult Blocks::writeStages(mlir::Block &body) {
  for (mlir::Operation &op : body) {
    if (auto next = llvm::dyn_cast<rt::StageOp>(op)) {
      openStage(next, body);
    } else if (mlir::failed(writeOp(&op))) {
      return mlir::failure();
    }
  }
  closeStage();
  return mlir::success();
}

void Blocks::openStage(rt::StageOp op, mlir::Block &body) {
  bool first = blocks[current].stages.empty();
  if (!first) {
    closeStage();
  }
  blocks[current].stages.emplace_back();
  for (mlir::BlockArgument a : first ? body.getArguments() : llvm::MutableArrayRef<mlir::BlockArgument>()) {
    values.setShape(a);
    checkSizes(a);
  }
  stageOp = op;
}

/// Sizes of an input that are not free: a symbol's second place, or a formula.
void Blocks::checkSizes(mlir::BlockArgument a) {
  mlir::RankedTensorType type = rt::getTensorType(a);
  for (auto [i, e] : llvm::enumerate(type ? dim::getShape(type) : dim::Shape())) {
    if (dim::getConstant(e)) {
      continue;
    }
    uint32_t given = t.instruction(DLC_DIM_VALUE_DIM, values[a], i);
    std::string what =
        "dim " + std::to_string(i) + " of input " + std::to_string(a.getArgNumber()) + " against " + dim::toString(e);
    t.instruction(DLC_DIM_CHECK_EQ, given, t.slot(e), t.string(what));
  }
}

/// The frame's size and the places in it come last: they may use symbols that are bound in this stage.
void Blocks::closeStage() {
  for (auto [value, offset] : offsets) {
    t.values[value].offset = t.slot(offset);
  }
  offsets.clear();
  stage().frameSize = t.slot(stageOp.getFrameSize());
  stage().program = std::move(t.program);
  t.program.clear();
}

/// Sizes and values; steps are writeStep's.
llvm::LogicalResult Blocks::writeOp(mlir::Operation *op) {
  if (auto symbol = llvm::dyn_cast<rt::SymbolOp>(op)) {
    dlc_dim_op read = symbol.getRead() ? DLC_DIM_READ : DLC_DIM_VALUE_DIM;
    t.bindSymbol(symbol.getName(), t.instruction(read, values[symbol.getValue()], symbol.getIndex()));
  } else if (auto size = llvm::dyn_cast<rt::SizeOp>(op)) {
    t.bindSymbol(size.getName(), t.slot(size.getValue()));
  } else if (auto check = llvm::dyn_cast<rt::CheckOp>(op)) {
    uint32_t lhs = t.slot(check.getLhs()), rhs = t.slot(check.getRhs());
    t.instruction(DLC_DIM_CHECK_EQ, lhs, rhs, t.string(check.getMessage()));
  } else if (auto constant = llvm::dyn_cast<rt::ConstantOp>(op)) {
    auto users = constant.getResult().getUsers();
    bool isSource = llvm::all_of(users, [](mlir::Operation *user) { return llvm::isa<rt::PrepareOp>(user); });
    return isSource && !users.empty() ? mlir::success() : values.addConstant(constant);
  } else if (auto prepare = llvm::dyn_cast<rt::PrepareOp>(op)) {
    return values.addPrepared(prepare, kernelIndex(prepare.getKernel()), variant + 1);
  } else if (auto buffer = llvm::dyn_cast<rt::BufferOp>(op)) {
    uint32_t v = values.add(buffer.getResult(), DLC_STORAGE_FRAME, 0, buffer.getName());
    stage().frameValues.push_back(v);
    offsets.push_back({v, buffer.getOffset()});
    values.setShape(buffer.getResult());
  } else if (auto output = llvm::dyn_cast<rt::OutputOp>(op)) {
    values.add(output.getResult(), DLC_STORAGE_OUTPUT, output.getIndex(), "");
    values.setShape(output.getResult());
  } else if (auto dynamic = llvm::dyn_cast<rt::DynamicOp>(op)) {
    values.add(dynamic.getResult(), DLC_STORAGE_DYNAMIC, 0, "");
  } else if (auto alias = llvm::dyn_cast<rt::AliasOp>(op)) {
    values.add(alias.getResult(), DLC_STORAGE_ALIAS, values[alias.getBase()], "", t.slot(alias.getOffset()));
    values.setShape(alias.getResult());
  } else if (!llvm::isa<rt::YieldOp>(op)) {
    return writeStep(op);
  }
  return mlir::success();
}

void Blocks::finish() {
  bool anyDynamic = false;
  for (Block &block : blocks) {
    t.blocks.push_back(
        {block.name, uint32_t(t.stages.size()), uint32_t(block.stages.size()), block.parameters, block.results});
    for (Stage &stage : block.stages) {
      for (uint32_t v : stage.frameValues) {
        t.values[v].index = t.stages.size();
      }
      dlc_abi_stage s{};
      s.first_instr = t.allInstructions.size();
      s.instr_count = stage.program.size();
      s.first_step = t.steps.size();
      s.step_count = stage.steps.size();
      s.frame_size = stage.frameSize;
      s.frame_value = DLC_NONE;
      // Slots of stages before it may be used too.
      anyDynamic |= llvm::any_of(stage.program, [](const dlc_abi_dim_instr &i) {
        return i.op == DLC_DIM_VALUE_DIM || i.op == DLC_DIM_READ || i.op == DLC_DIM_COUNT_INPUT;
      });
      s.flags = anyDynamic ? 0 : DLC_STAGE_STATIC;
      t.stages.push_back(s);
      for (auto [step, successors] : llvm::zip(stage.steps, stage.successors)) {
        step.successors = t.range(successors);
        t.steps.push_back(step);
      }
      t.allInstructions.insert(t.allInstructions.end(), stage.program.begin(), stage.program.end());
    }
  }
  if (t.stages.size() > t.blocks.size()) {
    t.features |= DLC_FEATURE_STAGES;
  }
}
} // namespace dlc::emit

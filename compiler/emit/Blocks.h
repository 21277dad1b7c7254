//===- Blocks.h - blocks, stages and steps in the tables ----------------------------------------===//
#ifndef DLC_COMPILER_EMIT_BLOCKS_H
#define DLC_COMPILER_EMIT_BLOCKS_H
#include "compiler/emit/Values.h"

namespace dlc::emit {
/// Turns regions of rt ops into blocks. Blocks nest, but the tables want the stages of a block, and the steps of a
/// stage, one after another: so they are collected here, and get their numbers when all blocks are known.
class Blocks {
public:
  Blocks(Tables &tables, Values &values, Program &program) : t(tables), values(values), program(program) {}

  /// Kernels of the blocks that follow are those of variant `index`, whose functions are tagged `tag`.
  void beginVariant(uint32_t index, llvm::StringRef tag) {
    variant = index;
    kernelTag = tag.str();
  }
  /// Writes a block and those inside of it; the number that it has. Its arguments are values already. Errors are
  /// emitted.
  mlir::FailureOr<uint32_t> write(mlir::Block &body, llvm::StringRef name);
  /// The values that whoever runs block `index` sets.
  void setParameters(uint32_t index, dlc_abi_range parameters) { blocks[index].parameters = parameters; }
  /// Puts all blocks into the tables; the last thing to do.
  void finish();

private:
  struct Stage {
    uint32_t frameSize = 0;
    std::vector<dlc_abi_dim_instr> program;
    std::vector<dlc_abi_step> steps;
    std::vector<llvm::SmallVector<uint32_t>> successors;
    llvm::SmallVector<uint32_t> frameValues;
  };
  struct Block {
    uint32_t name = 0;
    std::vector<Stage> stages;
    dlc_abi_range parameters{}, results{};
  };

  // Blocks.cpp: blocks, stages and values.
  llvm::LogicalResult writeStages(mlir::Block &body);
  void openStage(rt::StageOp op, mlir::Block &body);
  void closeStage();
  void checkSizes(mlir::BlockArgument a);
  llvm::LogicalResult writeOp(mlir::Operation *op);
  Stage &stage() { return blocks[current].stages.back(); }

  // Steps.cpp: what a stage does.
  llvm::LogicalResult writeStep(mlir::Operation *op);
  /// Why the step is as it is, for `dlc inspect`.
  void writeReason(mlir::Operation *op, dlc_abi_step &s);
  void writeDispatch(rt::DispatchOp op);
  void writeHostCall(rt::HostCallOp op);
  void writeCopy(rt::CopyOp op);
  llvm::LogicalResult writeIf(rt::IfOp op);
  llvm::LogicalResult writeLoop(rt::LoopOp op);
  void addStep(dlc_abi_step s, llvm::ArrayRef<int64_t> after);
  uint32_t nameOf(mlir::Operation *op, llvm::StringRef otherwise);
  uint32_t kernelIndex(llvm::StringRef name);
  dlc_abi_range sizes(llvm::ArrayRef<dim::Expr> dims);

  Tables &t;
  Values &values;
  Program &program;
  uint32_t variant = 0;
  std::string kernelTag;
  std::vector<Block> blocks;
  uint32_t current = DLC_NONE; ///< the block that is being written
  rt::StageOp stageOp;         ///< the stage that is being written
  /// Values in the frame of that stage, and their offsets.
  std::vector<std::pair<uint32_t, dim::Expr>> offsets;
  llvm::StringMap<uint32_t> hostIndices, kernelIndices;
};
} // namespace dlc::emit
#endif

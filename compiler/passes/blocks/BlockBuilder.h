#ifndef DLC_COMPILER_PASSES_BLOCKS_BLOCKBUILDER_H
#define DLC_COMPILER_PASSES_BLOCKS_BLOCKBUILDER_H

#include "compiler/passes/HostCalls.h"
#include "dialects/nn/ops/control/BatchRows.h"
#include "dialects/rt/RT.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringSet.h"

namespace dlc {

/// Bytes of a tensor, as a formula.
dim::Expr byteSize(mlir::RankedTensorType type);
/// The source nodes' names, joined by '+'.
std::string nameOf(mlir::Location loc);

/// Makes a function of nn ops a block of stages and steps; the function is erased.
class BlockBuilder {
public:
  using Value = mlir::Value;

  explicit BlockBuilder(mlir::func::FuncOp func) : func(func), b(func.getContext()) {}

  llvm::LogicalResult run();

private:
  /// Some rows of a value: the place of all of them, and how many bytes come before.
  struct Rows {
    Value whole;
    dim::Expr offset;
  };
  rt::RefType ref(mlir::Type t) { return rt::RefType::get(func.getContext(), t); }
  Value lookup(Value v) { return map.lookup(v); }
  mlir::DenseI64ArrayAttr noSteps() { return b.getDenseI64ArrayAttr({}); }
  dim::Expr zero() { return dim::constant(func.getContext(), 0); }

  // BlockBuilder.cpp: the block, its symbols, and places of values.
  llvm::SmallVector<mlir::Attribute> names(bool inputs);
  mlir::ArrayAttr dimNames();
  mlir::DenseI64ArrayAttr state();
  void create();
  /// Every symbol is the size of the first input dim that is just that symbol; equal dims are checked.
  void defineInputSymbols();
  void defineDims(Value v, Value where);
  /// The same for an element of a caller's sequence or optional: sizes that are no new symbols must be as its type says.
  void checkDims(Value v, Value where);
  void openStage(mlir::Location loc);
  /// Sizes that come from `v` are known when the steps so far have run.
  void needStageAfter(Value v, mlir::Location loc);
  /// The value computed by a step that `v` shows (directly or reshaped), which may be written where `v` is wanted; or
  /// null.
  static Value writtenInPlace(Value v);
  /// What outputs show is written to the caller's buffers.
  void chooseOutputs();
  /// A place for a value whose size is known when the stage starts; other values are the engine's.
  Value allocate(Value v);
  bool sizesKnown(mlir::RankedTensorType type);
  Value place(Value v);
  Value stack(Value v);
  /// After a step: results that the engine allocated define the symbols in their types.
  void nameDynamicSizes(mlir::ValueRange results, mlir::Location loc);
  /// The outputs: values already there, those of the engine, or copies (inputs, constants, values returned twice).
  llvm::LogicalResult finish();

  // ConvertSteps.cpp.
  llvm::LogicalResult convertOps(mlir::Block &from);
  llvm::LogicalResult convert(mlir::Operation *op);
  llvm::LogicalResult alias(mlir::Operation *op, Value from);
  llvm::LogicalResult convertReadDims(nn::ReadDimsOp op);
  llvm::LogicalResult convertDispatch(nn::DispatchOp op);
  /// What runs before all runs is a constant.
  llvm::LogicalResult convertPrepared(nn::DispatchOp op, llvm::ArrayRef<int64_t> numbers);
  llvm::LogicalResult convertHostCall(mlir::Operation *op, const HostCall &call);

  // ConvertControl.cpp.
  /// Converts a region of nn ops into a block of its own. Symbols found there are known there only.
  llvm::LogicalResult convertRegion(mlir::Region &from, mlir::Region &to);
  llvm::LogicalResult convertIf(nn::IfOp op);
  llvm::LogicalResult convertLoop(nn::LoopOp op);

  // ConvertParts.cpp: a batch in parts.
  /// A loop over parts, whose values are views of the inputs, and of places for the results.
  llvm::LogicalResult convertSplitBatch(nn::SplitBatchOp op);
  dim::Expr unusedSymbol(std::string name);
  dim::Expr defineSize(llvm::StringRef name, dim::Expr value, mlir::Location loc);
  /// A formula with another number of images in the place of a part's.
  dim::Expr withPart(dim::Expr e, dim::Expr images);
  /// Bytes for any part.
  dim::Expr atMost(dim::Expr bytes);
  /// Operations of a part on average: those of all parts are what the whole batch takes.
  dim::Expr onAverage(dim::Expr operations);
  llvm::LogicalResult convertPart(nn::SplitBatchOp op, rt::LoopOp step, llvm::ArrayRef<Value> wholes);
  bool partsDiffer() { return splitBatch && splitBatch.getPart(); }
  Value view(Value v, const Rows &rows) {
    return rt::AliasOp::create(b, v.getLoc(), ref(v.getType()), rows.whole, rows.offset);
  }

  mlir::func::FuncOp func;
  mlir::OpBuilder b;
  rt::BlockOp block;
  mlir::IRMapping map;
  llvm::DenseMap<Value, unsigned> outputOf;
  llvm::DenseMap<Value, Rows> rowsOf; ///< values that are computed where a split batch's results lie
  nn::SplitBatchOp splitBatch;        ///< that is being converted; or null
  dim::Expr largestPart;              ///< where its parts differ: the images of the largest
  llvm::StringSet<> defined;          ///< symbols with a value at this place
  llvm::DenseSet<Value> produced;     ///< values that steps of this stage compute
};

} // namespace dlc

#endif

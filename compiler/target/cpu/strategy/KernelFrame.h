//===- KernelFrame.h - the function around a contraction kernel -----------------------------------===//
#ifndef DLC_COMPILER_TARGET_CPU_STRATEGY_KERNELFRAME_H
#define DLC_COMPILER_TARGET_CPU_STRATEGY_KERNELFRAME_H
#include "compiler/target/cpu/KernelFunction.h"
#include "compiler/target/cpu/contraction/Epilogue.h"
#include "compiler/target/cpu/strategy/Strategy.h"

namespace dlc::cpu {
/// Turns a kernel of nn ops (a contraction, then elementwise ops, one result) into a function over buffers.
class KernelFrame {
public:
  /// Makes the new entry block: a buffer per argument and for the result, an index argument per formula that the shapes
  /// of the kernel's values have.
  KernelFrame(mlir::func::FuncOp kernel, const TargetInfo &target);
  mlir::Operation *root() { return rootOp; }
  /// What is not left to the cost model.
  Choice choice();
  KernelBuilder &builder() { return kb; }
  Idx size(dim::Expr e);
  /// The sizes of a value.
  llvm::SmallVector<Idx> sizes(mlir::Value v);
  /// The buffer of an argument of the kernel.
  mlir::Value buffer(mlir::Value v) { return buffers.lookup(v); }
  /// A constant whose elements are all equal, in `width` lanes.
  mlir::Value splat(nn::ConstantOp constant, int width);
  /// The buffer of operand `i` of the root; an argument of the kernel, always.
  mlir::Value operandBuffer(unsigned i) { return buffer(rootOp->getOperand(i)); }
  unsigned argumentOf(mlir::Value v) { return llvm::cast<mlir::BlockArgument>(v).getArgNumber(); }
  mlir::Value resultBuffer() { return output; }
  Idx begin() { return Idx(tail.begin); }
  Idx end() { return Idx(tail.end); }
  mlir::Value scratch() { return tail.scratch; }
  /// What follows the contraction: `bias` (an operand of the root, or null) is added, then the elementwise ops.
  Epilogue epilogue(mlir::Value bias);
  /// The same for one of several contractions, with the elementwise ops behind it.
  Epilogue epilogue(mlir::Operation *contraction, mlir::Value bias, llvm::ArrayRef<mlir::Operation *> behind);
  /// Ends the function, and sets its attributes.
  void finish(dim::Expr tiles, dim::Expr scratchBytes, dim::Expr flops);
  dim::Expr constant(int64_t v) { return dim::constant(kernel.getContext(), v); }

private:
  /// An operand of an op behind `contraction`.
  mlir::Value loadOperand(mlir::Value v, mlir::Operation *contraction, KernelBuilder &k, const EpilogueCoord &coord);
  /// Whether what `op`, the kernel's last, rounds to bf16 is left to the instruction that storing has.
  bool roundsWhenStored(mlir::Operation *op);
  /// The elements of an op of the epilogue. A quantisation or rounding at its end gives what is still to be rounded.
  mlir::Value emitElement(mlir::Operation *op, llvm::ArrayRef<mlir::Value> operands, KernelBuilder &k);
  mlir::MemRefType bufferType(mlir::Type tensor);

  mlir::func::FuncOp kernel;
  mlir::OpBuilder b;
  KernelBuilder kb;
  mlir::Block *old;
  mlir::Block *entry;
  mlir::Operation *rootOp;
  mlir::Value output;
  KernelTail tail;
  llvm::DenseMap<mlir::Value, mlir::Value> buffers;
  llvm::SmallVector<dim::Expr> dims;
  llvm::SmallVector<mlir::Value> dimArguments;
};
} // namespace dlc::cpu
#endif

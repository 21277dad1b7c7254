//===- Registration.h - one function per family attaches its `evaluate` ---------------===//
#ifndef DLC_DIALECTS_NN_EVAL_REGISTRATION_H
#define DLC_DIALECTS_NN_EVAL_REGISTRATION_H
#include "dialects/nn/eval/Eval.h"

namespace dlc::nn {
void attachStructureEval(mlir::MLIRContext &context);
void attachElementwiseEval(mlir::MLIRContext &context);
void attachCastEval(mlir::MLIRContext &context);
void attachContractionEval(mlir::MLIRContext &context);
void attachConvEval(mlir::MLIRContext &context);
void attachPoolEval(mlir::MLIRContext &context);
void attachReduceEval(mlir::MLIRContext &context);
void attachMoveEval(mlir::MLIRContext &context);
void attachOrderEval(mlir::MLIRContext &context);
void attachNormEval(mlir::MLIRContext &context);
void attachQuantEval(mlir::MLIRContext &context);
void attachRandomEval(mlir::MLIRContext &context);
void attachEinsumEval(mlir::MLIRContext &context);
void attachDynamicEval(mlir::MLIRContext &context);
void attachSequenceEval(mlir::MLIRContext &context);
void attachControlEval(mlir::MLIRContext &context);
void attachSampleEval(mlir::MLIRContext &context);
void attachResizeEval(mlir::MLIRContext &context);
void attachIndexEval(mlir::MLIRContext &context);
void attachRnnEval(mlir::MLIRContext &context);
void attachTextEval(mlir::MLIRContext &context);

/// An external model whose `evaluate` is `rule(op, context, operands, results)`.
template <class OpTy, auto rule> struct EvaluateWith : Evaluate::ExternalModel<EvaluateWith<OpTy, rule>, OpTy> {
  llvm::LogicalResult evaluate(mlir::Operation *op, EvalContext &context, llvm::ArrayRef<Datum> operands,
                               llvm::SmallVectorImpl<Datum> &results) const {
    return rule(llvm::cast<OpTy>(op), context, operands, results);
  }
};
template <class OpTy, auto rule> void attachEvaluate(mlir::MLIRContext &context) {
  OpTy::template attachInterface<EvaluateWith<OpTy, rule>>(context);
}
/// The tensor of an optional operand, by its number in the op's definition; null when absent.
template <class OpTy> const Tensor *optionalOperand(OpTy op, llvm::ArrayRef<Datum> operands, unsigned number) {
  auto [first, count] = op.getODSOperandIndexAndLength(number);
  return count ? &operands[first].tensor() : nullptr;
}
using Operands = llvm::ArrayRef<Datum>;
using Results = llvm::SmallVectorImpl<Datum>;
} // namespace dlc::nn
#endif

//===- Registration.h - one function per family attaches its lowering ------------------===//
#ifndef DLC_DIALECTS_NN_LOWER_REGISTRATION_H
#define DLC_DIALECTS_NN_LOWER_REGISTRATION_H
#include "dialects/nn/lower/Lower.h"

namespace dlc::nn {
void attachStructureLower(mlir::MLIRContext &context);
void attachElementwiseLower(mlir::MLIRContext &context);
void attachContractionLower(mlir::MLIRContext &context);
void attachConvLower(mlir::MLIRContext &context);
void attachPoolLower(mlir::MLIRContext &context);
void attachReduceLower(mlir::MLIRContext &context);
void attachMoveLower(mlir::MLIRContext &context);
void attachIndexLower(mlir::MLIRContext &context);
void attachNormLower(mlir::MLIRContext &context);
void attachQuantLower(mlir::MLIRContext &context);
void attachOrderLower(mlir::MLIRContext &context);
void attachResizeLower(mlir::MLIRContext &context);
void attachSampleLower(mlir::MLIRContext &context);
void attachEinsumLower(mlir::MLIRContext &context);
void attachRandomLower(mlir::MLIRContext &context);

using Lowered = llvm::ArrayRef<mlir::Value>;
using LoweredResults = llvm::SmallVectorImpl<mlir::Value>;

/// An external model whose `lower` is `rule(op, context, operands, results)`.
template <class OpTy, auto rule> struct LowerWith : Lower::ExternalModel<LowerWith<OpTy, rule>, OpTy> {
  llvm::LogicalResult lower(mlir::Operation *op, LowerContext &context, Lowered operands, LoweredResults &results) const {
    return rule(llvm::cast<OpTy>(op), context, operands, results);
  }
};
/// The lowered operand for operand `number` of the op's definition; null when it is absent.
template <class OpTy> mlir::Value loweredOperand(OpTy op, Lowered operands, unsigned number) {
  auto [first, count] = op.getODSOperandIndexAndLength(number);
  return count ? operands[first] : mlir::Value();
}

template <class OpTy, auto rule> void attachLower(mlir::MLIRContext &context) {
  OpTy::template attachInterface<LowerWith<OpTy, rule>>(context);
}
} // namespace dlc::nn
#endif

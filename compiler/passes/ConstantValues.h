//===- ConstantValues.h - what passes ask of constants -------------------------------------===//
#ifndef DLC_COMPILER_PASSES_CONSTANTVALUES_H
#define DLC_COMPILER_PASSES_CONSTANTVALUES_H
#include "dialects/nn/eval/Eval.h"

namespace dlc {
/// The elements of an nn.constant; nothing for other values, and null ones.
std::optional<nn::Tensor> constantTensor(mlir::Value v);
/// Element `i` of a tensor of integers or f16, bf16, f32, f64.
double elementAt(const nn::Tensor &t, int64_t i);
/// The number that a constant of one element holds.
std::optional<double> constantNumber(mlir::Value v);
/// Whether both are the same value, or constants of one type with the same bytes; or both absent.
bool equalConstants(mlir::Value a, mlir::Value b);
/// A new constant.
mlir::Value makeConstant(mlir::OpBuilder &b, mlir::Location loc, const nn::Tensor &t);
} // namespace dlc
#endif

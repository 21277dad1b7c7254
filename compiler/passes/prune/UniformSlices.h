//===- UniformSlices.h - channels that hold one number everywhere --------------------------===//
#ifndef DLC_COMPILER_PASSES_PRUNE_UNIFORMSLICES_H
#define DLC_COMPILER_PASSES_PRUNE_UNIFORMSLICES_H
#include "compiler/passes/prune/Contraction.h"
#include "dialects/nn/eval/Eval.h"

namespace dlc::prune {
/// Per index of a dim: the number that all elements with that index have, where that is known, whatever the inputs are.
using Numbers = std::vector<std::optional<double>>;

/// Finds channels that are constant: those of filters that are zero, and what follows from them. Values are taken to be
/// finite: 0 * x is 0.
class UniformSlices {
public:
  /// Of a dim whose size is a number; nothing is known of others (an empty vector).
  const Numbers &of(mlir::Value v, int64_t dim);

private:
  Numbers compute(mlir::Value v, int64_t dim, int64_t size);
  Numbers elementwise(mlir::Operation *op, int64_t fromEnd, int64_t size);
  Numbers conv(nn::ConvOp op, int64_t size);
  Numbers convTranspose(nn::ConvTransposeOp op, int64_t size);
  Numbers matmul(const Contraction &product, int64_t size);
  Numbers batchNorm(nn::BatchNormOp op, int64_t dim, int64_t size);
  Numbers reshape(nn::ReshapeOp op, int64_t dim, int64_t size);
  Numbers concat(nn::ConcatOp op, int64_t dim, int64_t size);
  Numbers dequantize(nn::DequantizeLinearOp op, int64_t dim, int64_t size);
  /// The number that a whole constant holds.
  std::optional<double> single(mlir::Value v);

  llvm::DenseMap<std::pair<mlir::Value, int64_t>, std::unique_ptr<Numbers>> known;
  unsigned depth = 0;
};

/// Whether input elements that are all `number` add the same to every element of the result: at the border a
/// convolution sees padding instead.
bool addsConstant(const Contraction &contraction, double number);
/// The elements of a constant of numbers with an exact value as double; nullopt for other values.
std::optional<nn::Tensor> constantNumbers(mlir::Value v);
} // namespace dlc::prune
#endif

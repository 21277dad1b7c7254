//===- NormEval.cpp - reference evaluation of normalisations --------------------------------===//
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
namespace {
/// A tensor like `like` with these elements.
llvm::LogicalResult store(EvalContext &context, const Tensor &like, const std::vector<double> &values,
                          Results &results) {
  Tensor result = Tensor::zeros(like.element(), like.shape());
  results.push_back(result);
  return storeDoubles(context, result, values);
}

/// (v - mean) / sqrt(variance + epsilon) for the elements of one group; `rms` keeps the mean.
void standardize(llvm::MutableArrayRef<double> group, double epsilon, bool rms = false) {
  double mean = 0, squares = 0;
  for (double v : group) {
    mean += v;
  }
  mean = rms ? 0 : mean / double(group.size());
  for (double v : group) {
    squares += (v - mean) * (v - mean);
  }
  double scale = 1 / std::sqrt(squares / double(group.size()) + epsilon);
  for (double &v : group) {
    v = (v - mean) * scale;
  }
}

llvm::LogicalResult evalBatchNorm(BatchNormOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  std::vector<double> values = toDoubles(x), scale = toDoubles(operands[1].tensor()),
                      bias = toDoubles(operands[2].tensor()), mean = toDoubles(operands[3].tensor()),
                      variance = toDoubles(operands[4].tensor());
  AxisSplit axis(x.shape(), op.getAxis());
  double epsilon = op.getEpsilon().convertToDouble();
  for (size_t i = 0; i < values.size(); ++i) {
    int64_t c = int64_t(i) / axis.inner % axis.size;
    values[i] = (values[i] - mean[c]) / std::sqrt(variance[c] + epsilon) * scale[c] + bias[c];
  }
  return store(context, x, values, results);
}

llvm::LogicalResult evalLayerNorm(LayerNormOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  std::vector<double> values = toDoubles(x), scale = toDoubles(operands[1].tensor()), bias{0};
  int64_t group = countOf(x.shape().drop_front(op.getAxis()));
  for (int64_t i = 0; i < x.count(); i += group) {
    standardize(llvm::MutableArrayRef<double>(values).slice(i, group), op.getEpsilon().convertToDouble(), op.getRms());
  }
  llvm::SmallVector<int64_t> scaleSteps = broadcastSteps(operands[1].tensor().shape(), x.shape()),
                             biasSteps(x.rank(), 0);
  if (const Tensor *b = optionalOperand(op, operands, 2)) {
    bias = toDoubles(*b);
    biasSteps = broadcastSteps(b->shape(), x.shape());
  }
  IndexSpace index(x.shape());
  for (double &v : values) {
    v = v * scale[dot(*index, scaleSteps)] + bias[dot(*index, biasSteps)];
    index.next();
  }
  return store(context, x, values, results);
}

/// Standardises runs of `channels` channels of [N, C, spatial...].
llvm::LogicalResult normalizeGroups(EvalContext &context, Operands operands, int64_t channels, double epsilon,
                                    Results &results) {
  const Tensor &x = operands[0].tensor();
  std::vector<double> values = toDoubles(x), scale = toDoubles(operands[1].tensor()),
                      bias = toDoubles(operands[2].tensor());
  AxisSplit axis(x.shape(), 1);
  int64_t group = channels * axis.inner;
  for (int64_t i = 0; group > 0 && i < x.count(); i += group) {
    standardize(llvm::MutableArrayRef<double>(values).slice(i, group), epsilon);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    int64_t c = int64_t(i) / axis.inner % axis.size;
    values[i] = values[i] * scale[c] + bias[c];
  }
  return store(context, x, values, results);
}

llvm::LogicalResult evalInstanceNorm(InstanceNormOp op, EvalContext &context, Operands operands, Results &results) {
  return normalizeGroups(context, operands, 1, op.getEpsilon().convertToDouble(), results);
}

llvm::LogicalResult evalGroupNorm(GroupNormOp op, EvalContext &context, Operands operands, Results &results) {
  int64_t channels = operands[0].tensor().shape()[1], groups = op.getNumGroups();
  if (channels % groups) {
    return context.fail("expected a multiple of " + llvm::Twine(groups) + " channels, got " + llvm::Twine(channels));
  }
  return normalizeGroups(context, operands, channels / groups, op.getEpsilon().convertToDouble(), results);
}

llvm::LogicalResult evalLrn(LrnOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  std::vector<double> in = toDoubles(x), out(in.size());
  AxisSplit axis(x.shape(), 1);
  double alpha = op.getAlpha().convertToDouble(), beta = op.getBeta().convertToDouble();
  int64_t size = op.getSize();
  for (int64_t n = 0; n < axis.outer; ++n) {
    for (int64_t c = 0; c < axis.size; ++c) {
      int64_t first = std::max<int64_t>(0, c - (size - 1) / 2), last = std::min(axis.size - 1, c + size / 2);
      for (int64_t i = 0; i < axis.inner; ++i) {
        double squares = 0;
        for (int64_t d = first; d <= last; ++d) {
          squares += in[axis.at(n, d, i)] * in[axis.at(n, d, i)];
        }
        double divisor = std::pow(op.getBias().convertToDouble() + alpha / double(size) * squares, beta);
        out[axis.at(n, c, i)] = in[axis.at(n, c, i)] / divisor;
      }
    }
  }
  return store(context, x, out, results);
}

llvm::LogicalResult evalLpNormalize(LpNormalizeOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  std::vector<double> values = toDoubles(x);
  AxisSplit axis(x.shape(), op.getAxis());
  for (int64_t o = 0; o < axis.outer; ++o) {
    for (int64_t r = 0; r < axis.inner; ++r) {
      double norm = 0;
      for (int64_t i = 0; i < axis.size; ++i) {
        double v = values[axis.at(o, i, r)];
        norm += op.getP() == 1 ? std::abs(v) : v * v;
      }
      norm = op.getP() == 1 ? norm : std::sqrt(norm);
      for (int64_t i = 0; i < axis.size; ++i) {
        values[axis.at(o, i, r)] /= norm == 0 ? 1 : norm;
      }
    }
  }
  return store(context, x, values, results);
}
} // namespace

void attachNormEval(mlir::MLIRContext &context) {
  attachEvaluate<BatchNormOp, evalBatchNorm>(context);
  attachEvaluate<LayerNormOp, evalLayerNorm>(context);
  attachEvaluate<InstanceNormOp, evalInstanceNorm>(context);
  attachEvaluate<GroupNormOp, evalGroupNorm>(context);
  attachEvaluate<LrnOp, evalLrn>(context);
  attachEvaluate<LpNormalizeOp, evalLpNormalize>(context);
}
} // namespace dlc::nn

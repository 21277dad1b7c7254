//===- QuantEval.cpp - reference evaluation of quantisation ----------------------------------===//
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Registration.h"

namespace dlc::nn {
namespace {
/// Which element of scale and zero point belongs to each element of the input.
class Granularity {
public:
  template <class Op>
  Granularity(Op op, const Tensor &input, const Tensor &scale)
      : axis(op.getAxis()), block(std::max<int64_t>(op.getBlockSize(), 1)), steps(input.rank(), 0) {
    if (op.getBlockSize() > 0) {
      steps = rowMajorStrides(scale.shape());
    } else if (scale.count() != 1) {
      steps[axis] = 1;
    }
  }
  int64_t at(llvm::ArrayRef<int64_t> index) const {
    int64_t offset = 0;
    for (size_t i = 0; i < steps.size(); ++i) {
      offset += (static_cast<int64_t>(i) == axis ? index[i] / block : index[i]) * steps[i];
    }
    return offset;
  }

private:
  int64_t axis, block;
  llvm::SmallVector<int64_t> steps;
};

/// Calls `f(element, element of scale and zero point)` for every element of `input`.
template <class Op, class F> void forEach(Op op, const Tensor &input, const Tensor &scale, F f) {
  Granularity granularity(op, input, scale);
  IndexSpace index(input.shape());
  for (int64_t i = 0; i < input.count(); ++i, index.next()) {
    f(i, granularity.at(*index));
  }
}

llvm::LogicalResult evalQuantizeLinear(QuantizeLinearOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor(), &scale = operands[1].tensor(), *zero = optionalOperand(op, operands, 2);
  mlir::Type precision = op.getPrecision() ? *op.getPrecision() : scale.element();
  bool integers = isInteger(op.getTo());
  std::vector<double> values = toDoubles(x), scales = toDoubles(scale);
  std::vector<double> zeros = zero ? toDoubles(*zero) : std::vector<double>(scales.size(), 0);
  forEach(op, x, scale, [&](int64_t i, int64_t s) {
    double ratio = roundTo(precision, values[i] / roundTo(precision, scales[s]));
    values[i] = (integers ? std::nearbyint(ratio) : ratio) + zeros[s];
  });
  Tensor result = Tensor::zeros(op.getTo(), x.shape());
  results.push_back(result);
  return storeDoubles(context, result, values, op.getSaturate());
}

llvm::LogicalResult evalDequantizeLinear(DequantizeLinearOp op, EvalContext &context, Operands operands,
                                         Results &results) {
  const Tensor &x = operands[0].tensor(), &scale = operands[1].tensor(), *zero = optionalOperand(op, operands, 2);
  std::vector<double> values = toDoubles(x), scales = toDoubles(scale);
  std::vector<double> zeros = zero ? toDoubles(*zero) : std::vector<double>(scales.size(), 0);
  forEach(op, x, scale, [&](int64_t i, int64_t s) { values[i] = (values[i] - zeros[s]) * scales[s]; });
  Tensor result = Tensor::zeros(op.getTo(), x.shape());
  results.push_back(result);
  return storeDoubles(context, result, values);
}

/// The evaluator keeps elements of less than a byte in bytes all along.
template <class Op>
llvm::LogicalResult evalPacking(Op op, EvalContext &, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  Tensor result = Tensor::zeros(elementOf(op.getResult()), x.shape());
  std::memcpy(result.rawMutable(), x.raw(), result.bytes());
  results.push_back(result);
  return mlir::success();
}

llvm::LogicalResult evalDynamicQuantize(DynamicQuantizeOp op, EvalContext &context, Operands operands,
                                        Results &results) {
  std::vector<double> values = toDoubles(operands[0].tensor());
  double least = 0, greatest = 0;
  for (double v : values) {
    least = std::min(least, v);
    greatest = std::max(greatest, v);
  }
  float scale = float(float(greatest - least) / 255.0f);
  scale = scale == 0 ? 1 : scale;
  double zero = std::clamp(std::nearbyint(double(float(-least) / scale)), 0.0, 255.0);
  for (double &v : values) {
    v = std::nearbyint(double(float(v) / scale)) + zero;
  }
  Tensor result = Tensor::zeros(elementOf(op.getResult()), operands[0].tensor().shape());
  results.append(
      {result, Tensor::scalar(elementOf(op.getScale()), scale), Tensor::scalar(elementOf(op.getZeroPoint()), zero)});
  return storeDoubles(context, result, values);
}
} // namespace

void attachQuantEval(mlir::MLIRContext &context) {
  attachEvaluate<QuantizeLinearOp, evalQuantizeLinear>(context);
  attachEvaluate<DequantizeLinearOp, evalDequantizeLinear>(context);
  attachEvaluate<DynamicQuantizeOp, evalDynamicQuantize>(context);
  attachEvaluate<UnpackBitsOp, evalPacking<UnpackBitsOp>>(context);
  attachEvaluate<PackBitsOp, evalPacking<PackBitsOp>>(context);
}
} // namespace dlc::nn

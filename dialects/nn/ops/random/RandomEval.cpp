//===- RandomEval.cpp - reference evaluation of random numbers ------------------------------------------===//
// Generator: Philox-4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
#include "dialects/nn/eval/Dispatch.h"
#include "dialects/nn/eval/Registration.h"
#include <array>

namespace dlc::nn {
namespace {
std::array<uint32_t, 4> philox(uint64_t counter, uint64_t key) {
  std::array<uint32_t, 4> c{uint32_t(counter), uint32_t(counter >> 32), 0, 0};
  uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
  for (int round = 0; round < 10; ++round) {
    uint64_t a = uint64_t(0xD2511F53) * c[0], b = uint64_t(0xCD9E8D57) * c[2];
    c = {uint32_t(b >> 32) ^ c[1] ^ k0, uint32_t(b), uint32_t(a >> 32) ^ c[3] ^ k1, uint32_t(a)};
    k0 += 0x9E3779B9, k1 += 0xBB67AE85;
  }
  return c;
}
double uniform(uint32_t word) { return double(word >> 8) * 0x1p-24; }

/// A result of the given shape with `f(words of element i, i)`.
template <class F>
llvm::LogicalResult generate(EvalContext &context, mlir::Type to, llvm::ArrayRef<int64_t> shape, int64_t seed,
                             Results &results, F f) {
  std::vector<double> values;
  Tensor result = Tensor::zeros(to, shape);
  for (int64_t i = 0; i < result.count(); ++i) {
    values.push_back(f(philox(uint64_t(i), uint64_t(seed)), i));
  }
  results.push_back(result);
  if (isBool(to)) {
    std::transform(values.begin(), values.end(), result.values<bool>().begin(), [](double v) { return v != 0; });
    return mlir::success();
  }
  return storeDoubles(context, result, values);
}

llvm::LogicalResult evalRandomUniform(RandomUniformOp op, EvalContext &context, Operands, Results &results) {
  mlir::FailureOr<Tensor> like = context.result(op.getResult());
  double low = op.getLow().convertToDouble(), high = op.getHigh().convertToDouble();
  return mlir::failed(like) ? mlir::failure()
                            : generate(context, op.getTo(), like->shape(), op.getSeed(), results,
                                       [&](auto words, int64_t) { return low + uniform(words[0]) * (high - low); });
}

llvm::LogicalResult evalRandomNormal(RandomNormalOp op, EvalContext &context, Operands, Results &results) {
  mlir::FailureOr<Tensor> like = context.result(op.getResult());
  double mean = op.getMean().convertToDouble(), scale = op.getScale().convertToDouble();
  constexpr double kTwoPi = 6.283185307179586;
  return mlir::failed(like)
             ? mlir::failure()
             : generate(context, op.getTo(), like->shape(), op.getSeed(), results, [&](auto words, int64_t) {
                 double radius = std::sqrt(-2 * std::log(1 - uniform(words[0])));
                 return mean + scale * radius * std::cos(kTwoPi * uniform(words[1]));
               });
}

llvm::LogicalResult evalBernoulli(BernoulliOp op, EvalContext &context, Operands operands, Results &results) {
  std::vector<double> p = toDoubles(operands[0].tensor());
  return generate(context, op.getTo(), operands[0].tensor().shape(), op.getSeed(), results,
                  [&](auto words, int64_t i) { return uniform(words[0]) < p[i] ? 1.0 : 0.0; });
}

llvm::LogicalResult evalMultinomial(MultinomialOp op, EvalContext &context, Operands operands, Results &results) {
  const Tensor &x = operands[0].tensor();
  int64_t classes = x.shape()[1], samples = op.getSampleSize();
  std::vector<double> logits = toDoubles(x);
  if (classes == 0 && x.shape()[0] * samples > 0) {
    return context.fail("expected at least one class, got none");
  }
  return generate(context, op.getTo(), {x.shape()[0], samples}, op.getSeed(), results, [&](auto words, int64_t i) {
    const double *row = logits.data() + i / samples * classes;
    double greatest = *std::max_element(row, row + classes), total = 0, sum = 0;
    for (int64_t c = 0; c < classes; ++c) {
      total += std::exp(row[c] - greatest);
    }
    for (int64_t c = 0; c < classes; ++c) {
      sum += std::exp(row[c] - greatest);
      if (sum > uniform(words[0]) * total) {
        return double(c);
      }
    }
    return double(classes - 1);
  });
}
} // namespace

void attachRandomEval(mlir::MLIRContext &context) {
  attachEvaluate<RandomUniformOp, evalRandomUniform>(context);
  attachEvaluate<RandomNormalOp, evalRandomNormal>(context);
  attachEvaluate<BernoulliOp, evalBernoulli>(context);
  attachEvaluate<MultinomialOp, evalMultinomial>(context);
}
} // namespace dlc::nn

// Accuracy of the functions of one argument: f32 over (a sample of) all bit patterns against double, f64 on random
// arguments against long double. DLC_TEST_FULL=1 takes every f32.
#include "Accuracy.h"
#include "Documented.h"
#include "Elementwise.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <bit>
#include <random>

namespace dlc {
namespace {

using Long = long double;

Long rsqrtOf(Long x) { return 1 / std::sqrt(x); }

double sigmoid(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
double softplus(double x) { return (x < 0 ? 0 : x) + std::log1p(std::exp(-std::fabs(x))); }
double elu(double x) { return x < 0 ? std::expm1(x) : x; }
double swish(double x) { return x * sigmoid(x); }
double mish(double x) { return x * std::tanh(softplus(x)); }
double gelu(double x) { return x * 0.5 * std::erfc(-x * M_SQRT1_2); }
/// With 1 + tanh(z) = 2 / (1 + e^(-2z)).
double geluTanh(double x) { return x / (1 + std::exp(-2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); }

struct UnaryFunction {
  const char *name;
  double (*reference)(double);
  Long (*longReference)(Long) = nullptr; ///< null: f32 alone is measured
  /// Largest |x| of the random f64 arguments that are spread evenly (others are spread over all exponents).
  double range = 0;
  double ulps = 2, ulps64 = 3;
  Elementwise::Node node = {}; ///< none: the op "math.NAME"

  Elementwise compileF32() const {
    return node.op ? Elementwise::compileNode(node, hostTarget())
                   : Elementwise::compileOp(std::string("math.") + name, 1, /*isF64=*/false, hostTarget());
  }
};

/// A node's function, with the error that its formula may have in f32.
UnaryFunction nodeFunction(const char *name, double (*reference)(double), Elementwise::Node node, double ulps = 2) {
  return {name, reference, nullptr, 0, ulps, 0, node};
}

const UnaryFunction functions[] = {
    {"exp", std::exp, std::exp, 750},
    {"exp2", std::exp2, std::exp2, 1100},
    {"expm1", std::expm1, std::expm1, 720},
    {"log", std::log, std::log, 4},
    {"log2", std::log2, std::log2, 4},
    {"log10", std::log10, std::log10, 4},
    {"log1p", std::log1p, std::log1p, 2},
    {"tanh", std::tanh, std::tanh, 3},
    {"sinh", std::sinh, std::sinh, 720},
    {"cosh", std::cosh, std::cosh, 720},
    {"asinh", std::asinh, std::asinh, 4},
    {"acosh", std::acosh, std::acosh, 4},
    {"atanh", std::atanh, std::atanh, 1},
    {"sin", std::sin, std::sin, 1e4},
    {"cos", std::cos, std::cos, 1e4},
    {"tan", std::tan, std::tan, 1e4},
    {"asin", std::asin, std::asin, 1},
    {"acos", std::acos, std::acos, 1},
    {"atan", std::atan, std::atan, 4},
    {"erf", std::erf, std::erf, 6},
    {"erfc", std::erfc, std::erfc, 27.5},
    {"cbrt", std::cbrt, std::cbrt, 100},
    {"rsqrt", nullptr, rsqrtOf, 100},
    nodeFunction("sigmoid", sigmoid, {"Sigmoid", 13}),
    nodeFunction("softplus", softplus, {"Softplus", 22}),
    nodeFunction("elu", elu, {"Elu", 22}),
    nodeFunction("swish", swish, {"Swish", 24}, 64),
    nodeFunction("mish", mish, {"Mish", 22}, 64),
    nodeFunction("gelu", gelu, {"Gelu", 20}, 10),
    nodeFunction("gelu_tanh", geluTanh, {"Gelu", 20, "approximate=tanh"}, 300),
};

class Unary : public testing::TestWithParam<UnaryFunction> {};

/// Arguments that no sample may leave out, of both signs; 16 in all.
template <typename T> std::vector<T> specials() {
  using L = std::numeric_limits<T>;
  std::vector<T> values = {0, 1, L::denorm_min(), L::min(), L::max(), L::infinity(), L::quiet_NaN(), L::epsilon()};
  for (size_t i = 0; i < 8; ++i) {
    values.push_back(-values[i]);
  }
  return values;
}

TEST_P(Unary, Float32) {
  UnaryFunction f = GetParam();
  Elementwise kernel = f.compileF32();
  const uint64_t stride = isFullRun() ? 1 : 1021, end = uint64_t(1) << 32;
  constexpr int64_t chunk = 1 << 16;
  std::vector<float> x(chunk), y(chunk);
  Worst<float> worst;
  for (uint64_t next = 0; next < end;) {
    for (int64_t i = 0; i < chunk; ++i, next += stride) {
      x[i] = std::bit_cast<float>(uint32_t(next));
    }
    if (!isFullRun() && next == stride * chunk) { // the first are subnormal numbers
      std::ranges::copy(specials<float>(), x.begin());
    }
    kernel.run({x.data(), y.data()}, chunk);
    for (int64_t i = 0; i < chunk; ++i) {
      worst.add(f.reference ? f.reference(x[i]) : 1 / std::sqrt(double(x[i])), y[i], x[i]);
    }
  }
  printf("%s f32 %.3f ulp at %a: %a on %s\n", f.name, worst.error, worst.x, worst.got, hostTarget().cpu.c_str());
  EXPECT_LE(worst.error, isFullRun() ? f.ulps : std::min(f.ulps, documentedUlps(f.name, Column::F32)))
      << f.name << "(" << std::hexfloat << worst.x << ") = " << worst.got;
}

class UnaryOfDoubles : public Unary {};

TEST_P(UnaryOfDoubles, Float64) {
  UnaryFunction f = GetParam();
  auto kernel = Elementwise::compileOp(std::string("math.") + f.name, 1, /*isF64=*/true, hostTarget());
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> even(-f.range, f.range);
  constexpr int64_t chunk = 1 << 16;
  std::vector<double> x(chunk), y(chunk);
  Worst<double> worst;
  for (int round = 0; round < (isFullRun() ? 1000 : 30); ++round) {
    for (double &v : x) {
      switch (round % 3) {
      case 0:
        v = std::bit_cast<double>(random());
        break;
      case 1:
        v = even(random);
        break;
      default: // between 2^-32 and 2^32 in size
        v = std::bit_cast<double>((random() & 0x800fffffffffffff) | ((random() % 64 + 991) << 52));
      }
    }
    if (round == 0) {
      std::ranges::copy(specials<double>(), x.begin());
    }
    kernel.run({x.data(), y.data()}, chunk);
    for (int64_t i = 0; i < chunk; ++i) {
      worst.add(f.longReference(x[i]), y[i], x[i]);
    }
  }
  printf("%s f64 %.3f ulp at %a: %a\n", f.name, worst.error, worst.x, worst.got);
  EXPECT_LE(worst.error, isFullRun() ? f.ulps64 : std::min(f.ulps64, documentedUlps(f.name, Column::F64)))
      << f.name << "(" << std::hexfloat << worst.x << ") = " << worst.got;
}

std::vector<UnaryFunction> functionsOfDoubles() {
  std::vector<UnaryFunction> result;
  std::ranges::copy_if(functions, std::back_inserter(result), [](const auto &f) { return f.longReference; });
  return result;
}

std::string nameOf(const testing::TestParamInfo<UnaryFunction> &info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Math, Unary, testing::ValuesIn(functions), nameOf);
INSTANTIATE_TEST_SUITE_P(Math, UnaryOfDoubles, testing::ValuesIn(functionsOfDoubles()), nameOf);

} // namespace
} // namespace dlc

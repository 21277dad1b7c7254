// Accuracy of the functions of one argument: f32 over (a sample of) all bit patterns against double, f64 on random
// arguments against long double. DLC_TEST_FULL=1 takes every f32.
#include "Accuracy.h"
#include "Elementwise.h"
#include "gtest/gtest.h"

#include <bit>
#include <random>

namespace dlc {
namespace {

using Long = long double;

Long rsqrtOf(Long x) { return 1 / std::sqrt(x); }

struct UnaryFunction {
  const char *name;
  double (*reference)(double);
  Long (*longReference)(Long);
  /// Largest |x| of the random f64 arguments that are spread evenly (others are spread over all exponents).
  double range;
  double ulps = 2, ulps64 = 3;
};

const UnaryFunction functions[] = {
    {"exp", std::exp, std::exp, 750},     {"exp2", std::exp2, std::exp2, 1100}, {"expm1", std::expm1, std::expm1, 720},
    {"log", std::log, std::log, 4},       {"log2", std::log2, std::log2, 4},    {"log10", std::log10, std::log10, 4},
    {"log1p", std::log1p, std::log1p, 2}, {"tanh", std::tanh, std::tanh, 3},    {"sinh", std::sinh, std::sinh, 720},
    {"cosh", std::cosh, std::cosh, 720},  {"asinh", std::asinh, std::asinh, 4}, {"acosh", std::acosh, std::acosh, 4},
    {"atanh", std::atanh, std::atanh, 1}, {"sin", std::sin, std::sin, 1e4},     {"cos", std::cos, std::cos, 1e4},
    {"tan", std::tan, std::tan, 1e4},     {"asin", std::asin, std::asin, 1},    {"acos", std::acos, std::acos, 1},
    {"atan", std::atan, std::atan, 4},    {"erf", std::erf, std::erf, 6},       {"erfc", std::erfc, std::erfc, 27.5},
    {"cbrt", std::cbrt, std::cbrt, 100},  {"rsqrt", nullptr, rsqrtOf, 100},
};

class Unary : public testing::TestWithParam<UnaryFunction> {};

TEST_P(Unary, Float32) {
  UnaryFunction f = GetParam();
  auto kernel = Elementwise::compileOp(std::string("math.") + f.name, 1, false, hostTarget());
  const uint64_t stride = isFullRun() ? 1 : 1021, end = uint64_t(1) << 32;
  constexpr int64_t chunk = 1 << 16;
  std::vector<float> x(chunk), y(chunk);
  Worst<float> worst;
  for (uint64_t next = 0; next < end;) {
    for (int64_t i = 0; i < chunk; ++i, next += stride) {
      x[i] = std::bit_cast<float>(uint32_t(next));
    }
    kernel.run({x.data(), y.data()}, chunk);
    for (int64_t i = 0; i < chunk; ++i) {
      worst.add(f.reference ? f.reference(x[i]) : 1 / std::sqrt(double(x[i])), y[i], x[i]);
    }
  }
  printf("%-6s f32 %.3f ulp at %a: %a\n", f.name, worst.error, worst.x, worst.got);
  EXPECT_LE(worst.error, f.ulps) << f.name << "(" << std::hexfloat << worst.x << ") = " << worst.got;
}

TEST_P(Unary, Float64) {
  UnaryFunction f = GetParam();
  auto kernel = Elementwise::compileOp(std::string("math.") + f.name, 1, true, hostTarget());
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
    kernel.run({x.data(), y.data()}, chunk);
    for (int64_t i = 0; i < chunk; ++i) {
      worst.add(f.longReference(x[i]), y[i], x[i]);
    }
  }
  printf("%-6s f64 %.3f ulp at %a: %a\n", f.name, worst.error, worst.x, worst.got);
  EXPECT_LE(worst.error, f.ulps64) << f.name << "(" << std::hexfloat << worst.x << ") = " << worst.got;
}

INSTANTIATE_TEST_SUITE_P(Math, Unary, testing::ValuesIn(functions),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace
} // namespace dlc

// Functions of two arguments, on random and on special pairs.
#include "Accuracy.h"
#include "Documented.h"
#include "Elementwise.h"
#include "mlir/IR/BuiltinTypes.h"
#include "gtest/gtest.h"

#include <bit>
#include <random>

namespace dlc {
namespace {

using Long = long double;

template <typename T> using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

/// Zeros, ones, integers, halves, limits and NaN, of both signs.
template <typename T> std::vector<T> specials() {
  using L = std::numeric_limits<T>;
  std::vector<T> values = {0,
                           1,
                           2,
                           3,
                           4,
                           5,
                           T(0.5),
                           T(1.5),
                           T(2.5),
                           1000,
                           1e9,
                           L::min(),
                           L::max(),
                           L::infinity(),
                           L::quiet_NaN(),
                           L::denorm_min(),
                           L::epsilon(),
                           std::nextafter(T(1), T(2)),
                           std::nextafter(T(1), T(0)),
                           std::ldexp(T(1), L::digits) - 1,
                           std::ldexp(T(1), L::digits),
                           std::ldexp(T(1), L::digits - 1) + 1};
  for (size_t i = 0, n = values.size(); i < n; ++i) {
    values.push_back(-values[i]);
  }
  return values;
}

/// Pairs of arguments: all pairs of specials, then random bit patterns, then pairs of moderate size, `count` in all.
template <typename T> void fillPairs(std::vector<T> &x, std::vector<T> &y, size_t count) {
  std::mt19937_64 random(7);
  auto values = specials<T>();
  for (T a : values) {
    for (T b : values) {
      x.push_back(a);
      y.push_back(b);
    }
  }
  std::uniform_real_distribution<T> moderate(0, 20), exponent(-30, 30), near(T(0.9), T(1.1));
  while (x.size() < count) {
    switch (x.size() % 4) {
    case 0:
      x.push_back(std::bit_cast<T>(Bits<T>(random())));
      y.push_back(std::bit_cast<T>(Bits<T>(random())));
      break;
    case 1:
      x.push_back(moderate(random));
      y.push_back(exponent(random));
      break;
    case 2:
      x.push_back(near(random));
      y.push_back(exponent(random) * exponent(random) * (sizeof(T) == 4 ? 1 : 10));
      break;
    default:
      x.push_back(-moderate(random));
      y.push_back(std::round(exponent(random)));
    }
  }
}

/// `op`'s largest error in ulps, after a comparison with docs/math.md.
template <typename T, typename R> double measure(const std::string &op, R (*reference)(R, R), size_t count) {
  auto kernel = Elementwise::compileOp(op, 2, sizeof(T) == 8, hostTarget());
  std::vector<T> x, y, z(count);
  fillPairs(x, y, count);
  kernel.run({x.data(), y.data(), z.data()}, count);
  Worst<T> worst;
  for (size_t i = 0; i < count; ++i) {
    worst.add(reference(x[i], y[i]), z[i], x[i], y[i]);
  }
  std::string name = op.substr(op.find('.') + 1);
  printf("%s f%zu %.3f ulp at %a, %a: %a (%zu pairs)\n", name.c_str(), sizeof(T) * 8, worst.error, worst.x, worst.y,
         worst.got, count);
  if (!isFullRun()) {
    EXPECT_LE(worst.error, documentedUlps(name, sizeof(T) == 4 ? Column::F32 : Column::F64)) << name;
  }
  return worst.error;
}

constexpr size_t many = 1 << 22, some = 1 << 16;

TEST(Binary, Power) {
  EXPECT_LE((measure<float, double>("math.powf", std::pow, many)), 4);
  EXPECT_LE((measure<double, Long>("math.powf", std::pow, many)), 4);
}

TEST(Binary, ArcTangent) {
  EXPECT_LE((measure<float, double>("math.atan2", std::atan2, many)), 2);
  EXPECT_LE((measure<double, Long>("math.atan2", std::atan2, many)), 3);
}

TEST(Binary, RemainderIsExact) {
  EXPECT_EQ((measure<float, double>("arith.remf", std::fmod, many)), 0);
  EXPECT_EQ((measure<double, Long>("arith.remf", std::fmod, some)), 0);
}

template <typename T, typename N> double worstIntegerPower() {
  Elementwise::Spec spec;
  auto base = [](mlir::OpBuilder &b) -> mlir::Type {
    return sizeof(T) == 4 ? mlir::Type(b.getF32Type()) : b.getF64Type();
  };
  spec.inputs = [=](mlir::OpBuilder &b) { return std::vector<mlir::Type>{base(b), b.getIntegerType(sizeof(N) * 8)}; };
  spec.outputs = [=](mlir::OpBuilder &b) { return std::vector<mlir::Type>{base(b)}; };
  spec.body = [](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange v) -> std::vector<mlir::Value> {
    return {b.create(loc, b.getStringAttr("math.fpowi"), v, v[0].getType())->getResult(0)};
  };
  auto kernel = Elementwise::compile(spec, hostTarget());
  std::mt19937_64 random(3);
  std::uniform_real_distribution<T> near(T(0.9), T(1.1));
  std::vector<T> x(some), z(some);
  std::vector<N> n(some);
  auto values = specials<T>();
  for (size_t i = 0; i < some; ++i) {
    x[i] = i % 3 ? (i % 2 ? near(random) : 1 + std::ldexp(near(random), -24)) : values[random() % values.size()];
    n[i] = i % 5 ? N(random() % 4000) - 2000 : N(int32_t(random()));
  }
  kernel.run({x.data(), n.data(), z.data()}, some);
  Worst<T> worst;
  for (size_t i = 0; i < some; ++i) {
    // pown(NaN, 0) = 1, like pow.
    worst.add(std::pow(Long(x[i]), Long(n[i])), z[i], x[i], T(n[i]));
  }
  printf("fpowi f%zu i%zu %.3f ulp at %a, %a: %a\n", sizeof(T) * 8, sizeof(N) * 8, worst.error, worst.x, worst.y,
         worst.got);
  return worst.error;
}

TEST(Binary, IntegerExponent) {
  EXPECT_LE((worstIntegerPower<float, int32_t>()), 4);
  EXPECT_LE((worstIntegerPower<double, int32_t>()), 4);
  EXPECT_LE((worstIntegerPower<float, int64_t>()), 4);
}

template <typename N> void testIntegerPower() {
  Elementwise::Spec spec;
  spec.inputs = [](mlir::OpBuilder &b) { return std::vector<mlir::Type>(2, b.getIntegerType(sizeof(N) * 8)); };
  spec.outputs = [](mlir::OpBuilder &b) { return std::vector<mlir::Type>(1, b.getIntegerType(sizeof(N) * 8)); };
  spec.body = [](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange v) -> std::vector<mlir::Value> {
    return {b.create(loc, b.getStringAttr("math.ipowi"), v, v[0].getType())->getResult(0)};
  };
  auto kernel = Elementwise::compile(spec, hostTarget());
  std::vector<N> x, n;
  for (int a = -20; a < 20; ++a) {
    for (int b = -4; b < 36; ++b) {
      x.push_back(N(a));
      n.push_back(N(b));
    }
  }
  std::vector<N> z(x.size());
  kernel.run({x.data(), n.data(), z.data()}, x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    std::make_unsigned_t<N> expected = 1;
    for (int k = 0; k < std::abs(int(n[i])); ++k) {
      expected = expected * std::make_unsigned_t<N>(x[i]);
    }
    if (n[i] < 0 && x[i] != 1 && x[i] != -1) {
      expected = 0;
    }
    EXPECT_EQ(z[i], N(expected)) << int64_t(x[i]) << " ^ " << int64_t(n[i]);
  }
}

TEST(Binary, IntegerPower) {
  testIntegerPower<int8_t>();
  testIntegerPower<int32_t>();
  testIntegerPower<int64_t>();
}

} // namespace
} // namespace dlc

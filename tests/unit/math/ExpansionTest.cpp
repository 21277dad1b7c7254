// What is independent of accuracy: no library is needed on any target, shapes don't change results, special values.
#include "Accuracy.h"
#include "Elementwise.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "gtest/gtest.h"

#include <cstring>
#include <random>

using namespace mlir;

namespace dlc {
namespace {

const char *const unaryOps[] = {
    "math.exp",  "math.exp2",  "math.expm1", "math.log",   "math.log2",  "math.log10",     "math.log1p", "math.tanh",
    "math.sinh", "math.cosh",  "math.asinh", "math.acosh", "math.atanh", "math.sin",       "math.cos",   "math.tan",
    "math.asin", "math.acos",  "math.atan",  "math.erf",   "math.erfc",  "math.cbrt",      "math.rsqrt", "math.sqrt",
    "math.absf", "math.floor", "math.ceil",  "math.round", "math.trunc", "math.roundeven",
};
const char *const binaryOps[] = {"math.powf",     "math.atan2", "arith.remf",
                                 "math.copysign", "arith.addf", "arith.maximumf"};

std::vector<float> arguments(size_t count) {
  std::mt19937 random(11);
  std::vector<float> x = {0.f, -0.f, INFINITY, -INFINITY, NAN, 1e-40f, -1e-40f, 1.f, -1.f, 3e38f, 2.5f, -0.5f, 1e9f};
  while (x.size() < count) {
    uint32_t bits = random();
    float value;
    std::memcpy(&value, &bits, 4);
    x.push_back(value);
  }
  return x;
}

bool same(float x, float y) { return std::memcmp(&x, &y, 4) == 0 || (std::isnan(x) && std::isnan(y)); }

TEST(Expansion, NoLibraryAndSameResultForEveryShape) {
  constexpr size_t count = 21 * 16;
  auto x = arguments(count), y = arguments(count);
  std::shuffle(y.begin(), y.end(), std::mt19937(2));
  for (const auto &target : hostTargets()) {
    auto check = [&](const char *op, int operands) {
      std::vector<float> expected;
      std::vector<std::vector<int64_t>> shapes = {{}, {16}};
      if (target.cpu == hostTarget().cpu) {
        shapes.insert(shapes.end(), {{1}, {7}, {2, 8}});
      }
      for (const auto &shape : shapes) {
        auto kernel = Elementwise::compileOp(op, operands, false, target, shape);
        EXPECT_EQ(kernel.undefinedSymbols, std::vector<std::string>()) << op << " " << target.cpu;
        std::vector<float> z(count);
        operands == 1 ? kernel.run({x.data(), z.data()}, count) : kernel.run({x.data(), y.data(), z.data()}, count);
        expected = expected.empty() ? z : expected;
        for (size_t i = 0; i < count; ++i) {
          EXPECT_TRUE(same(z[i], expected[i])) << op << " " << target.cpu << " rank " << shape.size() << ": " << x[i]
                                               << ", " << y[i] << ": " << z[i] << ", not " << expected[i];
        }
      }
      EXPECT_EQ(Elementwise::compileOp(op, operands, true, target, {}).undefinedSymbols, std::vector<std::string>());
      EXPECT_EQ(Elementwise::compileOp(op, operands, true, target, {8}).undefinedSymbols, std::vector<std::string>());
    };
    for (const char *op : unaryOps) {
      check(op, 1);
    }
    for (const char *op : binaryOps) {
      check(op, 2);
    }
  }
}

/// The ops that LLVM has instructions for, and those of other signatures.
TEST(Expansion, OtherOpsNeedNoLibrary) {
  for (const auto &target : hostTargets()) {
    for (std::vector<int64_t> shape : {std::vector<int64_t>{}, {16}}) {
      Elementwise::Spec spec;
      spec.shape = shape;
      spec.inputs = [](OpBuilder &b) { return std::vector<Type>{b.getF32Type(), b.getI32Type()}; };
      spec.outputs = spec.inputs;
      spec.body = [](OpBuilder &b, Location loc, ValueRange v) -> std::vector<Value> {
        Value x = v[0], n = v[1];
        for (const char *op : {"math.absi", "math.ctlz", "math.cttz", "math.ctpop"}) {
          n = b.create(loc, b.getStringAttr(op), n, n.getType())->getResult(0);
        }
        Value clamped = math::ClampFOp::create(b, loc, x, v[0], v[0]),
              wide = math::FmaOp::create(b, loc, x, x, clamped);
        for (Value flag :
             {math::IsFiniteOp::create(b, loc, x).getResult(), math::IsInfOp::create(b, loc, x).getResult(),
              math::IsNaNOp::create(b, loc, x).getResult(), math::IsNormalOp::create(b, loc, x).getResult()}) {
          x = arith::SelectOp::create(b, loc, flag, wide, x);
        }
        return {math::FPowIOp::create(b, loc, x, n), math::IPowIOp::create(b, loc, n, v[1])};
      };
      EXPECT_EQ(Elementwise::compile(spec, target).undefinedSymbols, std::vector<std::string>()) << target.cpu;
    }
  }
}

/// Every function in every narrow type; f64 conversions too.
TEST(Expansion, NarrowTypesNeedNoLibrary) {
  FloatType (*const types[])(MLIRContext *) = {
      [](MLIRContext *c) -> FloatType { return BFloat16Type::get(c); },
      [](MLIRContext *c) -> FloatType { return Float16Type::get(c); },
      [](MLIRContext *c) -> FloatType { return Float8E4M3FNType::get(c); },
  };
  for (const auto &target : hostTargets()) {
    for (auto type : types) {
      for (std::vector<int64_t> shape : {std::vector<int64_t>{}, {8}}) {
        Elementwise::Spec spec;
        spec.shape = shape;
        spec.inputs = [=](OpBuilder &b) { return std::vector<Type>(2, type(b.getContext())); };
        spec.outputs = spec.inputs;
        spec.body = [](OpBuilder &b, Location loc, ValueRange v) -> std::vector<Value> {
          Value x = v[0];
          for (const char *op : {"math.exp", "math.tanh", "math.floor", "arith.negf"}) {
            x = b.create(loc, b.getStringAttr(op), x, x.getType())->getResult(0);
          }
          Value y = arith::RemFOp::create(b, loc, x, v[1]);
          y = arith::DivFOp::create(b, loc, arith::AddFOp::create(b, loc, x, y), v[0]);
          Value less = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, y);
          y = arith::SelectOp::create(b, loc, less, y, v[1]);
          return {math::FmaOp::create(b, loc, x, y, y), math::PowFOp::create(b, loc, x, y)};
        };
        EXPECT_EQ(Elementwise::compile(spec, target).undefinedSymbols, std::vector<std::string>()) << target.cpu;
      }
    }
  }
}

/// Near multiples of pi/2, where the reduced angle is all cancellation.
template <typename T, typename R> double worstSineNearZeros(const char *op, R (*reference)(R)) {
  constexpr size_t count = 1 << 16;
  auto kernel = Elementwise::compileOp(op, 1, sizeof(T) == 8, hostTarget());
  std::vector<T> x(count), y(count);
  std::mt19937_64 random(13);
  for (size_t i = 0; i < count; ++i) {
    long double n = i % 2 ? random() % 100000 : std::ldexp((long double)(random() >> 10), int(random() % 70) - 54);
    x[i] = T(std::floor(n) * 1.5707963267948966192313216916397514L);
  }
  kernel.run({x.data(), y.data()}, count);
  Worst<T> worst;
  for (size_t i = 0; i < count; ++i) {
    worst.add(reference(x[i]), y[i], x[i]);
  }
  printf("%s near zeros, f%zu: %.3f ulp at %a: %a\n", op, sizeof(T) * 8, worst.error, worst.x, worst.got);
  return worst.error;
}

TEST(Expansion, SineNearZeros) {
  using Long = long double;
  EXPECT_LE((worstSineNearZeros<float, double>("math.sin", std::sin)), 2);
  EXPECT_LE((worstSineNearZeros<float, double>("math.cos", std::cos)), 2);
  EXPECT_LE((worstSineNearZeros<float, double>("math.tan", std::tan)), 2);
  EXPECT_LE((worstSineNearZeros<double, Long>("math.sin", std::sin)), 2);
  EXPECT_LE((worstSineNearZeros<double, Long>("math.cos", std::cos)), 2);
  EXPECT_LE((worstSineNearZeros<double, Long>("math.tan", std::tan)), 2);
}

TEST(Expansion, SincosIsSineAndCosine) {
  Elementwise::Spec spec;
  spec.inputs = [](OpBuilder &b) { return std::vector<Type>{b.getF32Type()}; };
  spec.outputs = [](OpBuilder &b) { return std::vector<Type>(4, b.getF32Type()); };
  spec.body = [](OpBuilder &b, Location loc, ValueRange v) -> std::vector<Value> {
    auto both = math::SincosOp::create(b, loc, v[0]);
    return {both.getSin(), both.getCos(), math::SinOp::create(b, loc, v[0]), math::CosOp::create(b, loc, v[0])};
  };
  auto kernel = Elementwise::compile(spec, hostTarget());
  constexpr size_t count = 1 << 12;
  auto x = arguments(count);
  std::vector<float> s(count), c(count), sine(count), cosine(count);
  kernel.run({x.data(), s.data(), c.data(), sine.data(), cosine.data()}, count);
  for (size_t i = 0; i < count; ++i) {
    EXPECT_TRUE(same(s[i], sine[i]) && same(c[i], cosine[i])) << x[i];
  }
}

/// Without FMA and SSE4.1, functions keep their accuracy.
TEST(Expansion, BaselineIsAsAccurate) {
  constexpr size_t count = 1 << 14;
  auto x = arguments(count);
  std::vector<float> wide(count), narrow(count);
  for (const char *op : unaryOps) {
    Elementwise::compileOp(op, 1, false, hostTarget()).run({x.data(), wide.data()}, count);
    Elementwise::compileOp(op, 1, false, cpu::TargetInfo::baseline(), {4}).run({x.data(), narrow.data()}, count);
    for (size_t i = 0; i < count; ++i) {
      EXPECT_LE(ulpError(narrow[i], double(wide[i])), 2) << op << " " << x[i] << ": " << narrow[i] << ", " << wide[i];
    }
  }
}

} // namespace
} // namespace dlc

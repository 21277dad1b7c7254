// Functions with the flag afn: short, to 2^-15 of the result, and exact where a model's sums need it.
#include "Elementwise.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "gtest/gtest.h"

#include <cmath>
#include <limits>

namespace dlc {
namespace {

using mlir::Value;
namespace arith = mlir::arith;
namespace math = mlir::math;

template <class OpTy> Elementwise compileNear(const cpu::TargetInfo &target) {
  Elementwise::Spec spec;
  spec.inputs = spec.outputs = [](mlir::OpBuilder &b) { return std::vector<mlir::Type>{b.getF32Type()}; };
  spec.body = [](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange v) {
    return std::vector<Value>{OpTy::create(b, loc, v[0], arith::FastMathFlags::afn)};
  };
  return Elementwise::compile(spec, target);
}

template <class OpTy> std::vector<float> near(const std::vector<float> &x, const cpu::TargetInfo &target) {
  std::vector<float> y(x.size());
  compileNear<OpTy>(target).run({x.data(), y.data()}, x.size());
  return y;
}

/// Every 2^-12th of [low, high), and a multiple of 16 of them.
std::vector<float> steps(float low, float high) {
  std::vector<float> x;
  for (float at = low; at < high; at += 0x1p-12f) {
    x.push_back(at);
  }
  x.resize((x.size() + 15) / 16 * 16, low);
  return x;
}

double worst(const std::vector<float> &x, const std::vector<float> &y, double (*reference)(double)) {
  double error = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    double exact = reference(x[i]);
    error = exact == 0 ? (y[i] == 0 ? error : 1) : std::fmax(error, std::fabs(y[i] / exact - 1));
  }
  return error;
}

constexpr float infinity = std::numeric_limits<float>::infinity();
std::vector<float> specials() {
  std::vector<float> x = {infinity, -infinity, std::numeric_limits<float>::quiet_NaN(), 0, 3.125f, -3.125f,
                          1e30f,    -1e30f};
  x.resize(16, -200);
  return x;
}

TEST(Near, Erf) {
  for (const cpu::TargetInfo &target : hostTargets()) {
    SCOPED_TRACE(target.cpu);
    std::vector<float> x = steps(-4, 4), tiny = {1e-30f, -1e-30f, 1e-10f, -1e-5f};
    tiny.resize(16, 1e-20f);
    EXPECT_LE(worst(x, near<math::ErfOp>(x, target), std::erf), 0x1p-15);
    EXPECT_LE(worst(tiny, near<math::ErfOp>(tiny, target), std::erf), 0x1p-15);
    std::vector<float> y = near<math::ErfOp>(specials(), target);
    EXPECT_TRUE(std::isnan(y[2]));
    // Exactly, so that x (1 + erf(x)) ends at 0.
    const float expected[] = {1, -1, y[2], 0, 1, -1, 1, -1, -1};
    for (int i : {0, 1, 3, 4, 5, 6, 7, 8}) {
      EXPECT_EQ(y[i], expected[i]) << i;
    }
  }
}

TEST(Near, Exp) {
  for (const cpu::TargetInfo &target : hostTargets()) {
    SCOPED_TRACE(target.cpu);
    std::vector<float> x = steps(-86.5f, 88.7f);
    EXPECT_LE(worst(x, near<math::ExpOp>(x, target), std::exp), 0x1p-16);
    std::vector<float> y = near<math::ExpOp>(specials(), target);
    EXPECT_EQ(y[0], infinity);
    EXPECT_EQ(y[1], 0);
    EXPECT_TRUE(std::isnan(y[2]));
    EXPECT_EQ(y[6], infinity);
    EXPECT_EQ(y[7], 0);
    EXPECT_EQ(y[8], 0);
  }
}

} // namespace
} // namespace dlc

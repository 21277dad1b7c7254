// Sums with 1 that are functions of their own: no cancellation and no overflow in their tails, on every target.
#include "Accuracy.h"
#include "Elementwise.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "gtest/gtest.h"

#include <random>

namespace dlc {
namespace {

using mlir::Value;
namespace arith = mlir::arith;
namespace math = mlir::math;

Value constant(mlir::OpBuilder &b, mlir::Location loc, Value like, double number) {
  auto type = llvm::cast<mlir::VectorType>(like.getType());
  mlir::Attribute value = b.getFloatAttr(type.getElementType(), number);
  return arith::ConstantOp::create(b, loc, mlir::DenseElementsAttr::get(type, value));
}

Value logistic(mlir::OpBuilder &b, mlir::Location loc, Value x) {
  Value one = constant(b, loc, x, 1), power = math::ExpOp::create(b, loc, arith::NegFOp::create(b, loc, x));
  return arith::DivFOp::create(b, loc, one, arith::AddFOp::create(b, loc, power, one));
}
Value normal(mlir::OpBuilder &b, mlir::Location loc, Value x) {
  Value erf = math::ErfOp::create(b, loc, arith::MulFOp::create(b, loc, x, constant(b, loc, x, M_SQRT1_2)));
  return arith::AddFOp::create(b, loc, constant(b, loc, x, 1), erf);
}
Value normalOfQuotient(mlir::OpBuilder &b, mlir::Location loc, Value x) {
  Value erf = math::ErfOp::create(b, loc, arith::DivFOp::create(b, loc, x, constant(b, loc, x, M_SQRT2)));
  return arith::AddFOp::create(b, loc, erf, constant(b, loc, x, 1));
}
Value onePlusErf(mlir::OpBuilder &b, mlir::Location loc, Value x) {
  return arith::AddFOp::create(b, loc, math::ErfOp::create(b, loc, x), constant(b, loc, x, 1));
}
Value onePlusTanh(mlir::OpBuilder &b, mlir::Location loc, Value x) {
  return arith::AddFOp::create(b, loc, math::TanhOp::create(b, loc, x), constant(b, loc, x, 1));
}

using Long = long double;
using Build = Value (*)(mlir::OpBuilder &, mlir::Location, Value);

/// The largest error over [-range, range] and at infinities.
template <typename T> double worstOf(Build build, Long (*reference)(Long), T range, const cpu::TargetInfo &target) {
  Elementwise::Spec spec;
  spec.inputs = spec.outputs = [](mlir::OpBuilder &b) {
    return std::vector<mlir::Type>{sizeof(T) == 4 ? mlir::Type(b.getF32Type()) : b.getF64Type()};
  };
  spec.body = [=](mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange v) {
    return std::vector<Value>{build(b, loc, v[0])};
  };
  auto kernel = Elementwise::compile(spec, target);
  constexpr size_t count = 1 << 17;
  std::mt19937_64 random(5);
  std::uniform_real_distribution<T> even(-range, range);
  std::vector<T> x(count), y(count);
  for (T &v : x) {
    v = even(random);
  }
  x[0] = std::numeric_limits<T>::infinity(), x[1] = -x[0], x[2] = std::numeric_limits<T>::quiet_NaN(), x[3] = 0;
  kernel.run({x.data(), y.data()}, count);
  Worst<T> worst;
  for (size_t i = 0; i < count; ++i) {
    worst.add(reference(x[i]), y[i], x[i]);
  }
  printf("%.3f ulp at %a: %a\n", worst.error, double(worst.x), double(worst.got));
  return worst.error;
}

Long logisticOf(Long x) { return 1 / (1 + std::exp(-x)); }
Long normalOf(Long x) { return std::erfc(-x * std::sqrt(Long(0.5))); }
Long onePlusErfOf(Long x) { return std::erfc(-x); }
Long onePlusTanhOf(Long x) { return 2 * logisticOf(2 * x); }

TEST(OnePlus, KeepsItsTail) {
  for (const cpu::TargetInfo &target : hostTargets()) {
    SCOPED_TRACE(target.cpu);
    EXPECT_LE(worstOf<float>(logistic, logisticOf, 110, target), 2);
    EXPECT_LE(worstOf<double>(logistic, logisticOf, 760, target), 2);
    EXPECT_LE(worstOf<float>(normal, normalOf, 15, target), 5);
    EXPECT_LE(worstOf<double>(normal, normalOf, 39, target), 4);
    EXPECT_LE(worstOf<float>(normalOfQuotient, normalOf, 15, target), 5);
    EXPECT_LE(worstOf<double>(normalOfQuotient, normalOf, 39, target), 4);
    EXPECT_LE(worstOf<float>(onePlusErf, onePlusErfOf, 11, target), 2);
    EXPECT_LE(worstOf<float>(onePlusTanh, onePlusTanhOf, 55, target), 2);
    EXPECT_LE(worstOf<double>(onePlusTanh, onePlusTanhOf, 380, target), 2);
  }
}

} // namespace
} // namespace dlc

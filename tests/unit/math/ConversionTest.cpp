// Narrow floats: every code widened, and every f32 in the neighbourhood of a code or of a tie rounded, compared with
// LLVM's APFloat. EveryFloat rounds every f32.
#include "Elementwise.h"
#include "compiler/passes/math/ExpandMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/APFloat.h"
#include "gtest/gtest.h"

#include <bit>
#include <cmath>
#include <random>

using namespace mlir;

namespace dlc {
namespace {

struct NarrowType {
  const char *name;
  FloatType (*make)(MLIRContext *);
  int width;
};

template <typename T> FloatType make(MLIRContext *context) { return T::get(context); }

const NarrowType types[] = {
    {"bf16", make<BFloat16Type>, 16},        {"f16", make<Float16Type>, 16},
    {"f8E4M3FN", make<Float8E4M3FNType>, 8}, {"f8E4M3FNUZ", make<Float8E4M3FNUZType>, 8},
    {"f8E5M2", make<Float8E5M2Type>, 8},     {"f8E5M2FNUZ", make<Float8E5M2FNUZType>, 8},
};

/// Codes travel as integers of the type's width.
Elementwise compileConversion(const NarrowType &type, bool widen, bool from64, bool saturate,
                              const cpu::TargetInfo &t) {
  auto narrow = [=](OpBuilder &b) { return std::vector<Type>{b.getIntegerType(type.width)}; };
  auto wide = [=](OpBuilder &b) -> std::vector<Type> { return {from64 ? Type(b.getF64Type()) : b.getF32Type()}; };
  Elementwise::Spec spec;
  spec.inputs = widen ? std::function<std::vector<Type>(OpBuilder &)>(narrow) : wide;
  spec.outputs = widen ? std::function<std::vector<Type>(OpBuilder &)>(wide) : narrow;
  spec.body = [=](OpBuilder &b, Location loc, ValueRange v) -> std::vector<Value> {
    auto shaped = [&](Type element) { return cast<VectorType>(v[0].getType()).clone(element); };
    FloatType element = type.make(b.getContext());
    if (widen) {
      Value code = arith::BitcastOp::create(b, loc, shaped(element), v[0]);
      return {arith::ExtFOp::create(b, loc, shaped(wide(b)[0]), code)};
    }
    Value rounded = saturate ? truncateFloat(b, loc, v[0], element, true)
                             : arith::TruncFOp::create(b, loc, shaped(element), v[0]).getResult();
    return {arith::BitcastOp::create(b, loc, shaped(narrow(b)[0]), rounded)};
  };
  return Elementwise::compile(spec, t);
}

const llvm::fltSemantics &semanticsOf(const NarrowType &type) {
  static MLIRContext context;
  return type.make(&context).getFloatSemantics();
}

double valueOf(const NarrowType &type, uint64_t code) {
  llvm::APFloat value(semanticsOf(type), llvm::APInt(type.width, code));
  bool lost;
  value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lost);
  return value.convertToDouble();
}

uint64_t roundTo(const NarrowType &type, double x, bool saturate) {
  const auto &semantics = semanticsOf(type);
  llvm::APFloat value(x);
  bool lost;
  value.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &lost);
  bool large = std::isinf(x) || (!std::isnan(x) && !value.isFinite());
  if (saturate && large) {
    value = llvm::APFloat::getLargest(semantics, std::signbit(x));
  }
  return value.bitcastToAPInt().getZExtValue();
}

/// Codes agree, or both are NaN.
bool sameCode(const NarrowType &type, uint64_t x, uint64_t y) {
  return x == y || (std::isnan(valueOf(type, x)) && std::isnan(valueOf(type, y)));
}

template <typename T>
std::vector<uint64_t> convertAll(const Elementwise &kernel, const NarrowType &type, const std::vector<T> &x) {
  std::vector<uint64_t> codes(x.size());
  if (type.width == 8) {
    std::vector<uint8_t> small(x.size());
    kernel.run({x.data(), small.data()}, x.size());
    codes.assign(small.begin(), small.end());
  } else {
    std::vector<uint16_t> small(x.size());
    kernel.run({x.data(), small.data()}, x.size());
    codes.assign(small.begin(), small.end());
  }
  return codes;
}

template <typename T>
void expectRounded(const Elementwise &kernel, const NarrowType &type, std::vector<T> x, bool saturate) {
  x.resize((x.size() + 15) / 16 * 16);
  auto codes = convertAll(kernel, type, x);
  for (size_t i = 0; i < x.size(); ++i) {
    uint64_t expected = roundTo(type, x[i], saturate);
    ASSERT_TRUE(sameCode(type, codes[i], expected))
        << type.name << " of " << std::hexfloat << x[i] << ": " << std::hex << codes[i] << ", not " << expected;
  }
}

/// All codes' values, the ties between them, their neighbours in T, and random numbers.
template <typename T> std::vector<T> interesting(const NarrowType &type) {
  const T infinity = std::numeric_limits<T>::infinity();
  std::vector<T> x = {infinity,
                      -infinity,
                      std::numeric_limits<T>::quiet_NaN(),
                      std::numeric_limits<T>::max(),
                      std::numeric_limits<T>::denorm_min(),
                      -std::numeric_limits<T>::max()};
  for (uint64_t code = 0; code < uint64_t(1) << type.width; ++code) {
    double value = valueOf(type, code), next = valueOf(type, (code + 1) % (uint64_t(1) << type.width));
    for (double v : {value, (value + next) / 2, next + (next - value) / 2}) {
      x.insert(x.end(), {T(v), std::nextafter(T(v), infinity), std::nextafter(T(v), -infinity)});
    }
  }
  std::mt19937_64 random(5);
  for (int i = 0; i < 1 << 20; ++i) {
    x.push_back(T(std::bit_cast<float>(uint32_t(random()))));
  }
  return x;
}

class Narrow : public testing::TestWithParam<NarrowType> {};

TEST_P(Narrow, EveryCodeIsWidened) {
  NarrowType type = GetParam();
  for (const auto &target : hostTargets()) {
    auto kernel = compileConversion(type, true, false, false, target);
    std::vector<uint16_t> codes(size_t(1) << type.width);
    std::vector<uint8_t> bytes(codes.size());
    for (size_t i = 0; i < codes.size(); ++i) {
      codes[i] = uint16_t(i);
      bytes[i] = uint8_t(i);
    }
    std::vector<float> values(codes.size());
    kernel.run({type.width == 8 ? (void *)bytes.data() : codes.data(), values.data()}, values.size());
    for (size_t i = 0; i < codes.size(); ++i) {
      double expected = valueOf(type, i);
      if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(values[i])) << type.name << " " << i;
      } else {
        EXPECT_EQ(std::bit_cast<uint32_t>(values[i]), std::bit_cast<uint32_t>(float(expected)))
            << type.name << " " << i;
      }
    }
  }
}

TEST_P(Narrow, RoundsToNearestEven) {
  NarrowType type = GetParam();
  for (const auto &target : hostTargets()) {
    expectRounded(compileConversion(type, false, false, false, target), type, interesting<float>(type), false);
    expectRounded(compileConversion(type, false, true, false, target), type, interesting<double>(type), false);
  }
}

TEST_P(Narrow, Saturates) {
  NarrowType type = GetParam();
  expectRounded(compileConversion(type, false, false, true, hostTarget()), type, interesting<float>(type), true);
}

TEST_P(Narrow, EveryFloat) {
  auto kernel = compileConversion(GetParam(), false, false, false, hostTarget());
  for (uint64_t begin = 0; begin < uint64_t(1) << 32; begin += 1 << 20) {
    std::vector<float> x;
    for (uint64_t i = begin; i < begin + (1 << 20); ++i) {
      x.push_back(std::bit_cast<float>(uint32_t(i)));
    }
    expectRounded(kernel, GetParam(), std::move(x), false);
  }
}

INSTANTIATE_TEST_SUITE_P(Math, Narrow, testing::ValuesIn(types),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace
} // namespace dlc

#include "compiler/target/cpu/contraction/WinogradBytes.h"
#include "Jit.h"
#include "Tensors.h"

#include <gtest/gtest.h>

#include <random>

using namespace dlc::cpu;

namespace {

struct ByteCase {
  int64_t batch, channels, outputs, rows, columns, padTop, padLeft, padBottom, padRight;
  bool isSigned = false;
  int padValue = 0;
  bool dynamic = false;

  int64_t outRows() const { return rows + padTop + padBottom - 2; }
  int64_t outColumns() const { return columns + padLeft + padRight - 2; }
  Dtype input() const { return isSigned ? Dtype::I8 : Dtype::U8; }
};

std::ostream &operator<<(std::ostream &os, const ByteCase &t) {
  return os << t.batch << "x" << t.rows << "x" << t.columns << " " << t.channels << "->" << t.outputs << " pads "
            << t.padTop << "," << t.padLeft << "," << t.padBottom << "," << t.padRight << " of " << t.padValue
            << (t.isSigned ? " signed" : "") << (t.dynamic ? " dynamic" : "");
}

ConvProblem problemOf(const ByteCase &t, mlir::MLIRContext &context, llvm::ArrayRef<mlir::Value> dims) {
  ConvProblem p;
  auto size = [&](int i, int64_t number) { return t.dynamic && !dims.empty() ? Idx(dims[i]) : Idx(number); };
  p.batch = size(0, t.batch);
  p.axes[1] = {size(1, t.rows), size(3, t.outRows()), 3, 1, 1, t.padTop, t.padBottom};
  p.axes[2] = {size(2, t.columns), size(4, t.outColumns()), 3, 1, 1, t.padLeft, t.padRight};
  p.channels = t.channels;
  p.outputChannels = t.outputs;
  p.padValue = t.padValue;
  mlir::Type i8 = mlir::IntegerType::get(&context, 8);
  p.types = ContractionTypes::of(i8, i8, t.isSigned);
  return p;
}

/// The definition.
std::vector<int32_t> expected(const ByteCase &t, const Tensor &x, const Tensor &w) {
  std::vector<int32_t> out;
  auto pixel = [&](int64_t n, int64_t y, int64_t c, int64_t channel) {
    bool inside = y >= 0 && y < t.rows && c >= 0 && c < t.columns;
    return inside ? int32_t(x.get(((n * t.rows + y) * t.columns + c) * t.channels + channel)) : t.padValue;
  };
  for (int64_t n = 0; n < t.batch; ++n) {
    for (int64_t y = 0; y < t.outRows(); ++y) {
      for (int64_t c = 0; c < t.outColumns(); ++c) {
        for (int64_t o = 0; o < t.outputs; ++o) {
          int32_t sum = 0;
          for (int64_t at = 0; at < t.channels * 9; ++at) {
            int64_t tap = at % 9, channel = at / 9;
            sum += pixel(n, y + tap / 3 - t.padTop, c + tap % 3 - t.padLeft, channel) *
                   int32_t(w.get(o * t.channels * 9 + at));
          }
          out.push_back(sum);
        }
      }
    }
  }
  return out;
}

WinogradPlan planOf(const TargetInfo &target, int64_t tiles, int64_t columns, int64_t chunk, int rows) {
  WinogradPlan plan;
  plan.m = 4;
  plan.tiles = tiles;
  plan.columns = columns;
  plan.chunk = chunk;
  plan.rows = rows;
  plan.lanes = target.vectorBits / 32;
  plan.vectors = 1;
  return plan;
}

enum class Bytes { Any, Extreme, Largest };

void fill(Tensor &t, unsigned seed, Bytes which) {
  std::mt19937 random(seed);
  auto *bytes = static_cast<uint8_t *>(t.data());
  bool isSigned = t.dtype() == Dtype::I8;
  uint8_t largest = isSigned ? 0x7f : 0xff, smallest = isSigned ? 0x80 : 0;
  for (int64_t i = 0; i < t.size(); ++i) {
    uint8_t any = random();
    bytes[i] = which == Bytes::Any ? any : which == Bytes::Largest || any % 2 ? largest : smallest;
  }
}

void check(mlir::MLIRContext &context, const TargetInfo &target, const ByteCase &t, WinogradPlan plan,
           Bytes which = Bytes::Any) {
  ConvProblem sizes = problemOf(t, context, {});
  ASSERT_TRUE(fitsByteWinograd(sizes, target)) << t;
  Tensor input(t.input(), t.batch * t.rows * t.columns * t.channels), weights(Dtype::I8, t.outputs * t.channels * 9);
  Tensor output(Dtype::I32, t.batch * t.outRows() * t.outColumns() * t.outputs);
  fill(input, 1, which);
  fill(weights, 2, which);
  int64_t packedBytes = packedByteWinogradWeights(sizes, plan).bytes();
  Tensor packed(Dtype::I8, packedBytes);
  packByteWinogradWeights(sizes, plan, static_cast<int8_t *>(weights.data()), static_cast<int16_t *>(packed.data()));
  int64_t scratchBytes = byteWinogradScratch(sizes, plan);
  mlir::Type i8 = mlir::IntegerType::get(&context, 8), i32 = mlir::IntegerType::get(&context, 32);
  std::vector<Kernel::Buffer> buffers{{i8, input.size()}, {i8, packedBytes}, {i32, output.size()}, {i8, scratchBytes}};
  Kernel kernel = Kernel::compile(context, target, buffers, 5, [&](KernelBuilder &kb, const Kernel::Arguments &a) {
    emitWinograd(kb, problemOf(t, context, a.dims), plan, a.buffers[0], a.buffers[1], a.buffers[2], {}, a.begin, a.end,
                 a.buffers[3]);
  });
  std::vector<uint8_t> scratch(scratchBytes + 64, 0xff);
  void *aligned = scratch.data() + (64 - reinterpret_cast<uintptr_t>(scratch.data()) % 64) % 64;
  std::vector<void *> pointers{input.data(), packed.data(), output.data(), aligned};
  std::vector<int64_t> dims{t.batch, t.rows, t.columns, t.outRows(), t.outColumns()};
  auto along = [&](int64_t size) { return (size + 3) / 4; };
  int64_t blocks = (t.batch * along(t.outRows()) * along(t.outColumns()) + plan.tiles - 1) / plan.tiles;
  output.fill(-7);
  for (int64_t i = blocks * (t.outputs / plan.columns); i-- > 0;) {
    kernel.run(pointers, dims, i, i + 1);
  }
  std::vector<int32_t> sums = expected(t, input, weights);
  auto *first = static_cast<int32_t *>(output.data());
  EXPECT_EQ(std::vector<int32_t>(first, first + output.size()), sums)
      << t << " bits " << target.vectorBits << (target.vnni ? " vnni" : "") << " bytes " << int(which);
}

TEST(WinogradBytes, GivesTheIntegersOfTheDefinition) {
  auto context = makeKernelContext();
  for (const TargetInfo &target : executableTargets(true)) {
    WinogradPlan plan = planOf(target, 5, 16, 16, 3);
    check(*context, target, {1, 32, 32, 8, 8, 1, 1, 1, 1}, plan);
    check(*context, target, {1, 32, 16, 8, 8, 1, 1, 1, 1, true, 5}, plan, Bytes::Extreme);
    check(*context, target, {2, 64, 16, 7, 9, 1, 1, 1, 1, false, 122}, plan);
    check(*context, target, {1, 32, 16, 5, 6, 0, 0, 0, 0, true}, plan);
    check(*context, target, {1, 32, 16, 3, 3, 0, 2, 1, 0, true, -7}, plan);
    plan = planOf(target, 4, 32, 16, 4);
    plan.prefetchLines = 1;
    check(*context, target, {2, 32, 32, 9, 6, 1, 1, 1, 1, false, 3, true}, plan);
  }
}

TEST(WinogradBytes, SumsUpToTheLimitAreExact) {
  auto context = makeKernelContext();
  for (const TargetInfo &target : executableTargets(true)) {
    // 96 * 9 products of 255 * 127 are 0.83 of the limit.
    check(*context, target, {1, 96, 16, 6, 6, 0, 0, 0, 0}, planOf(target, 1, 16, 16, 1), Bytes::Largest);
  }
}

TEST(WinogradBytes, WeightsWhoseSumsAreTooLargeAreTold) {
  auto exact = [](bool inputSigned, int64_t channels, int weight) {
    std::vector<int8_t> weights(2 * channels * 9, 1);
    std::fill(weights.begin() + channels * 9, weights.end(), int8_t(weight)); // the second output's
    return isByteWinogradExact(inputSigned, channels, 2, weights.data());
  };
  // 2^25 / (255 * 9 * 127) = 115.1, and 2^25 / (128 * 9 * 128) = 227.6
  EXPECT_TRUE(exact(false, 115, 127));
  EXPECT_FALSE(exact(false, 116, 127));
  EXPECT_FALSE(exact(false, 116, -127));
  EXPECT_TRUE(exact(true, 227, -128));
  EXPECT_FALSE(exact(true, 228, -128));
}

TEST(WinogradBytes, PreparingWeightsGivesTheBitsThatPackingGives) {
  auto context = makeKernelContext();
  for (const TargetInfo &target : executableTargets()) {
    for (int vectors : {1, 2}) {
      ByteCase t{1, 34, 64, 8, 8, 1, 1, 1, 1};
      WinogradPlan plan = planOf(target, 4, 64, 32, 2);
      plan.vectors = vectors;
      ConvProblem p = problemOf(t, *context, {});
      Tensor weights(Dtype::I8, t.outputs * t.channels * 9), stored(Dtype::I8, weights.size());
      fill(weights, 5, Bytes::Any);
      int64_t size = packedByteWinogradWeights(p, plan).bytes();
      Tensor expected(Dtype::I8, size), prepared(Dtype::I8, size);
      packByteWinogradWeights(p, plan, static_cast<int8_t *>(weights.data()), static_cast<int16_t *>(expected.data()));
      PackedWeights form = storedByteWinogradWeights(p);
      ASSERT_EQ(form.bytes(), weights.size());
      packWeights(form, WeightStrides::outputMajor(form), weights.data(), stored.data());
      mlir::Type i8 = mlir::IntegerType::get(context.get(), 8);
      Kernel kernel = Kernel::compile(
          *context, target, {{i8, weights.size()}, {i8, size}}, 2, [&](KernelBuilder &kb, const Kernel::Arguments &a) {
            emitByteWinogradWeights(kb, plan.panel(), a.buffers[0], a.buffers[1], a.dims[0], a.dims[1], a.begin, a.end);
          });
      prepared.fill(-7);
      for (int64_t i = t.outputs / plan.panel(); i-- > 0;) {
        kernel.run({stored.data(), prepared.data()}, {t.channels, plan.chunk / plan.panel()}, i, i + 1);
      }
      EXPECT_EQ(prepared.copyBytes(), expected.copyBytes())
          << "panel " << plan.panel() << " bits " << target.vectorBits;
    }
  }
}

TEST(WinogradBytes, ThePlansOfCommonSizes) {
  auto context = makeKernelContext();
  for (const TargetInfo &target : executableTargets(true)) {
    ByteCase t{1, 64, 64, 28, 28, 1, 1, 1, 1};
    std::optional<WinogradPlan> plan = chooseByteWinograd(problemOf(t, *context, {}), target);
    ASSERT_TRUE(plan) << t;
    EXPECT_EQ(t.outputs % plan->columns, 0);
    EXPECT_EQ(plan->columns % plan->chunk, 0);
    EXPECT_EQ(plan->chunk % plan->panel(), 0);
    check(*context, target, t, *plan);
  }
}

TEST(WinogradBytes, OtherConvolutionsDoNotFit) {
  auto context = makeKernelContext();
  TargetInfo target = TargetInfo::avx512();
  ByteCase t{1, 64, 64, 28, 28, 1, 1, 1, 1};
  ConvProblem good = problemOf(t, *context, {}), p = good;
  ASSERT_TRUE(fitsByteWinograd(p, target));
  p.axes[2].stride = 2;
  EXPECT_FALSE(fitsByteWinograd(p, target));
  p = good;
  p.types.bSigned = false;
  EXPECT_FALSE(fitsByteWinograd(p, target));
  p = good;
  p.channels = 48; // one and a half vectors of 16-bit integers
  EXPECT_FALSE(fitsByteWinograd(p, target));
  p = good;
  p.groups = 2;
  EXPECT_FALSE(fitsByteWinograd(p, target));
  p = good;
  p.axes[1].padBegin = p.axes[1].padEnd = 2; // outputs, even of an input without rows
  EXPECT_TRUE(fitsByteWinograd(p, target));
  p.axes[1].input = 0;
  EXPECT_FALSE(fitsByteWinograd(p, target));
  target.winograd = false;
  EXPECT_FALSE(chooseByteWinograd(good, target));
}

} // namespace

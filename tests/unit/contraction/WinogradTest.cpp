#include "Jit.h"
#include "Tensors.h"
#include "compiler/target/cpu/contraction/Winograd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace dlc::cpu;

namespace {

struct WinogradCase {
  int64_t batch, channels, outputs, rows, columns, padTop, padLeft, padBottom, padRight;
  bool dynamic = false;

  int64_t outRows() const { return rows + padTop + padBottom - 2; }
  int64_t outColumns() const { return columns + padLeft + padRight - 2; }
};

std::ostream &operator<<(std::ostream &os, const WinogradCase &t) {
  return os << t.batch << "x" << t.rows << "x" << t.columns << " " << t.channels << "->" << t.outputs << " pads "
            << t.padTop << "," << t.padLeft << "," << t.padBottom << "," << t.padRight << (t.dynamic ? " dynamic" : "");
}

ConvProblem problemOf(const WinogradCase &t, mlir::MLIRContext &context, llvm::ArrayRef<mlir::Value> dims) {
  ConvProblem p;
  auto size = [&](int i, int64_t number) { return t.dynamic && !dims.empty() ? Idx(dims[i]) : Idx(number); };
  p.batch = size(0, t.batch);
  p.axes[1] = {size(1, t.rows), size(3, t.outRows()), 3, 1, 1, t.padTop, t.padBottom};
  p.axes[2] = {size(2, t.columns), size(4, t.outColumns()), 3, 1, 1, t.padLeft, t.padRight};
  p.channels = t.channels;
  p.outputChannels = t.outputs;
  mlir::Type f32 = mlir::Float32Type::get(&context);
  p.types = ContractionTypes::of(f32, f32);
  return p;
}

/// The definition, in double precision, with a bias.
std::vector<double> expected(const WinogradCase &t, const Tensor &x, const Tensor &w, const Tensor &bias) {
  std::vector<double> out;
  for (int64_t n = 0; n < t.batch; ++n) {
    for (int64_t y = 0; y < t.outRows(); ++y) {
      for (int64_t c = 0; c < t.outColumns(); ++c) {
        for (int64_t o = 0; o < t.outputs; ++o) {
          double sum = bias.get(o);
          for (int64_t tap = 0; tap < 9; ++tap) {
            int64_t atY = y + tap / 3 - t.padTop, atX = c + tap % 3 - t.padLeft;
            for (int64_t i = 0; i < t.channels && atY >= 0 && atY < t.rows && atX >= 0 && atX < t.columns; ++i) {
              sum += x.get(((n * t.rows + atY) * t.columns + atX) * t.channels + i) * w.get((o * t.channels + i) * 9 + tap);
            }
          }
          out.push_back(sum);
        }
      }
    }
  }
  return out;
}

void check(mlir::MLIRContext &context, const TargetInfo &target, const WinogradCase &t, WinogradPlan plan) {
  ConvProblem sizes = problemOf(t, context, {});
  ASSERT_TRUE(fitsWinograd(sizes, target)) << t;
  Tensor input(Dtype::F32, t.batch * t.rows * t.columns * t.channels), weights(Dtype::F32, t.outputs * t.channels * 9);
  Tensor bias(Dtype::F32, t.outputs), output(Dtype::F32, t.batch * t.outRows() * t.outColumns() * t.outputs);
  input.randomize(1);
  weights.randomize(2);
  bias.randomize(3);
  Tensor packed(Dtype::F32, packedWinogradWeights(sizes, plan).bytes() / 4);
  packWinogradWeights(sizes, plan, static_cast<float *>(weights.data()), static_cast<float *>(packed.data()));
  mlir::Type f32 = mlir::Float32Type::get(&context);
  int64_t scratchBytes = winogradScratch(sizes, plan);
  std::vector<Kernel::Buffer> buffers{{f32, input.size()}, {f32, packed.size()}, {f32, output.size()}, {f32, bias.size()},
                                      {mlir::IntegerType::get(&context, 8), scratchBytes}};
  Kernel kernel = Kernel::compile(context, target, buffers, 5, [&](KernelBuilder &kb, const Kernel::Arguments &a) {
    Epilogue epilogue = [&](KernelBuilder &k, mlir::Value v, const EpilogueCoord &coord) {
      return k.addValues(v, loadColumns(k, a.buffers[3], coord));
    };
    emitWinograd(kb, problemOf(t, context, a.dims), plan, a.buffers[0], a.buffers[1], a.buffers[2], epilogue, a.begin, a.end,
                 a.buffers[4]);
  });
  std::vector<uint8_t> scratch(scratchBytes + 64, 0xff);
  void *aligned = scratch.data() + (64 - reinterpret_cast<uintptr_t>(scratch.data()) % 64) % 64;
  std::vector<void *> pointers{input.data(), packed.data(), output.data(), bias.data(), aligned};
  std::vector<int64_t> dims{t.batch, t.rows, t.columns, t.outRows(), t.outColumns()};
  auto along = [&](int64_t size) { return (size + plan.m - 1) / plan.m; };
  int64_t blocks = (t.batch * along(t.outRows()) * along(t.outColumns()) + plan.tiles - 1) / plan.tiles;
  int64_t tiles = blocks * (t.outputs / plan.columns);
  output.fill(-7);
  kernel.run(pointers, dims, 0, tiles);
  EXPECT_LE(relativeError(output, expected(t, input, weights, bias)), 2e-5) << t << " m " << plan.m << " bits " << target.vectorBits;
  auto whole = output.copyBytes();
  output.fill(-7);
  for (int64_t i = tiles; i-- > 0;) {
    kernel.run(pointers, dims, i, i + 1);
  }
  EXPECT_EQ(whole, output.copyBytes()) << t << " tile by tile";
}

WinogradPlan planOf(int m, const TargetInfo &target, int64_t tiles, int64_t columns, int64_t chunk, int rows) {
  WinogradPlan plan;
  plan.m = m;
  plan.tiles = tiles;
  plan.columns = columns;
  plan.chunk = chunk;
  plan.rows = rows;
  plan.lanes = target.vectorBits / 32;
  plan.vectors = 1;
  return plan;
}

TEST(Winograd, MatchesTheDefinition) {
  auto context = makeKernelContext();
  for (const TargetInfo &target : executableTargets()) {
    if (!target.fma) {
      continue;
    }
    for (int m : {2, 4}) {
      WinogradPlan plan = planOf(m, target, 5, 16, 16, 3);
      plan.prefetchLines = m == 4 ? 1 : 0;
      check(*context, target, {1, 16, 32, 8, 8, 1, 1, 1, 1}, plan);
      check(*context, target, {2, 32, 16, 7, 9, 1, 1, 1, 1}, plan);
      check(*context, target, {1, 16, 16, 5, 6, 0, 0, 0, 0}, plan);
      check(*context, target, {1, 16, 16, 3, 3, 0, 2, 1, 0}, plan);
      check(*context, target, {2, 16, 32, 9, 6, 1, 1, 1, 1, true}, planOf(m, target, 4, 32, 16, 4));
    }
  }
}

/// `weights` in `element`, transformed by the kernel that prepares them, and by the compiler.
void checkPrepared(mlir::MLIRContext &context, const TargetInfo &target, int m, int vectors, mlir::Type element) {
  WinogradCase t{1, 24, 64, 8, 8, 1, 1, 1, 1};
  t.channels = 2 * target.vectorBits / 32;
  WinogradPlan plan = planOf(m, target, 4, 64, 32, 2);
  plan.vectors = 32 % (vectors * plan.lanes) ? 1 : vectors;
  ConvProblem p = problemOf(t, context, {});
  Tensor weights(Dtype::F32, t.outputs * t.channels * 9), stored(Dtype::F32, weights.size());
  weights.randomize(5);
  auto *values = static_cast<float *>(weights.data());
  for (int64_t i = 0; i < weights.size(); ++i) { // all bits of f32; for f16 few enough, with some that are tiny
    values[i] = element.isF32() ? values[i] / 3 : std::ldexp(std::nearbyint(values[i] * 1024), i % 7 ? -10 : -24);
  }
  int64_t size = packedWinogradWeights(p, plan).bytes() / 4;
  Tensor expected(Dtype::F32, size), prepared(Dtype::F32, size);
  packWinogradWeights(p, plan, values, static_cast<float *>(expected.data()));
  PackedWeights form = storedWinogradWeights(p);
  ASSERT_EQ(form.bytes(), weights.size() * 4);
  packWeights(form, WeightStrides::outputMajor(form), values, stored.data());
  std::vector<_Float16> narrow(weights.size());
  std::copy_n(static_cast<float *>(stored.data()), weights.size(), narrow.begin());
  mlir::Type f32 = mlir::Float32Type::get(&context);
  Kernel kernel = Kernel::compile(context, target, {{element, weights.size()}, {f32, size}}, 2,
                                  [&](KernelBuilder &kb, const Kernel::Arguments &a) {
                                    emitWinogradWeights(kb, m, plan.panel(), a.buffers[0], a.buffers[1], a.dims[0],
                                                        a.dims[1], a.begin, a.end);
                                  });
  void *from = element.isF16() ? static_cast<void *>(narrow.data()) : stored.data();
  std::vector<int64_t> dims{t.channels, plan.chunk / plan.panel()};
  prepared.fill(-7);
  for (int64_t i = t.outputs / plan.panel(); i-- > 0;) {
    kernel.run({from, prepared.data()}, dims, i, i + 1);
  }
  EXPECT_EQ(prepared.copyBytes(), expected.copyBytes())
      << "m " << m << " panel " << plan.panel() << " bits " << target.vectorBits;
}

TEST(Winograd, PreparingWeightsGivesTheBitsThatPackingGives) {
  auto context = makeKernelContext();
  for (const TargetInfo &target : executableTargets()) {
    for (int m : {2, 4}) {
      for (int vectors : {1, 2}) {
        checkPrepared(*context, target, m, vectors, mlir::Float32Type::get(context.get()));
        if (target.f16c) {
          checkPrepared(*context, target, m, vectors, mlir::Float16Type::get(context.get()));
        }
      }
    }
  }
}

TEST(Winograd, ThePlansOfCommonSizes) {
  auto context = makeKernelContext();
  for (const TargetInfo &target : executableTargets()) {
    if (target.fma) {
      for (const WinogradCase &t : {WinogradCase{1, 64, 64, 28, 28, 1, 1, 1, 1}, WinogradCase{1, 256, 64, 14, 14, 1, 1, 1, 1}}) {
        std::optional<WinogradPlan> plan = chooseWinograd(problemOf(t, *context, {}), target);
        ASSERT_TRUE(plan) << t;
        EXPECT_EQ(t.outputs % plan->columns, 0);
        EXPECT_EQ(plan->columns % plan->chunk, 0);
        EXPECT_EQ(plan->chunk % plan->panel(), 0);
        check(*context, target, t, *plan);
      }
    }
  }
}

TEST(Winograd, OtherConvolutionsDoNotFit) {
  auto context = makeKernelContext();
  TargetInfo target = TargetInfo::avx512();
  ConvProblem p = problemOf({1, 64, 64, 28, 28, 1, 1, 1, 1}, *context, {});
  EXPECT_TRUE(fitsWinograd(p, target));
  for (int i = 0; i < 6; ++i) {
    ConvProblem other = p;
    other.axes[1].stride = i == 0 ? 2 : 1;
    other.axes[2].dilation = i == 1 ? 2 : 1;
    other.axes[2].kernel = i == 2 ? 5 : 3;
    other.channels = i == 3 ? 63 : 64;
    other.groups = i == 4 ? 2 : 1;
    other.padValue = i == 5 ? 1 : 0;
    EXPECT_FALSE(fitsWinograd(other, target)) << i;
  }
  target.winograd = false;
  EXPECT_FALSE(chooseWinograd(p, target));
}

TEST(Winograd, TheErrorIsMeasured) {
  std::mt19937 random(3);
  std::vector<float> weights(64 * 64 * 9);
  for (float &w : weights) {
    w = random() / 2147483648.0f - 1;
  }
  double small = winogradError(2, 64, 64, weights.data()), large = winogradError(4, 64, 64, weights.data());
  EXPECT_GT(large, small);
  EXPECT_GT(small, 1e-8);
  EXPECT_LT(large, 3e-5);
}

} // namespace

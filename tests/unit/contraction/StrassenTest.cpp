#include "compiler/target/cpu/contraction/Strassen.h"
#include "Jit.h"
#include "Tensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace dlc::cpu;

namespace {

struct StrassenCase {
  int64_t m, n, k;
  bool dynamic = false;
};

std::ostream &operator<<(std::ostream &os, const StrassenCase &t) {
  return os << t.m << "x" << t.n << "x" << t.k << (t.dynamic ? " dynamic" : "");
}

StrassenProblem problemOf(const StrassenCase &t, llvm::ArrayRef<mlir::Value> dims) {
  StrassenProblem p;
  p.m = t.dynamic && !dims.empty() ? Idx(dims[0]) : t.dynamic ? Idx(mlir::ShapedType::kDynamic) : Idx(t.m);
  p.n = t.n;
  p.k = t.k;
  p.aRow = t.k;
  p.cRow = t.n;
  return p;
}

/// Runs a kernel with a bias as its epilogue.
struct StrassenRun {
  Tensor a, b, bias, output;

  explicit StrassenRun(const StrassenCase &t)
      : a(Dtype::F32, t.m * t.k), b(Dtype::F32, t.k * t.n), bias(Dtype::F32, t.n), output(Dtype::F32, t.m * t.n) {
    a.randomize(1);
    b.randomize(2);
    bias.randomize(3);
  }
  float *left() { return static_cast<float *>(a.data()); }
  float at(int64_t i) { return static_cast<float *>(output.data())[i]; }

  void run(mlir::MLIRContext &context, const TargetInfo &target, const StrassenCase &t, const StrassenPlan &plan,
           bool isLong = false) {
    StrassenProblem sizes = problemOf(t, {});
    Tensor packed(Dtype::F32, strassenWeights(sizes));
    packStrassenWeights(sizes, plan, static_cast<float *>(b.data()), t.n, 1, static_cast<float *>(packed.data()));
    mlir::Type f32 = mlir::Float32Type::get(&context);
    int64_t scratchBytes = strassenScratch(sizes, plan);
    std::vector<Kernel::Buffer> buffers{{f32, a.size()},
                                        {f32, packed.size()},
                                        {f32, output.size()},
                                        {f32, bias.size()},
                                        {mlir::IntegerType::get(&context, 8), scratchBytes}};
    Kernel kernel = Kernel::compile(context, target, buffers, 1, [&](KernelBuilder &kb, const Kernel::Arguments &args) {
      Epilogue epilogue = [&](KernelBuilder &k, mlir::Value v, const EpilogueCoord &coord) {
        return k.addValues(v, loadColumns(k, args.buffers[3], coord));
      };
      epilogue.isLong = isLong;
      emitStrassen(kb, problemOf(t, args.dims), plan, args.buffers[0], args.buffers[1], args.buffers[2], epilogue,
                   args.begin, args.end, args.buffers[4]);
    });
    std::vector<uint8_t> scratch(scratchBytes + 64, 0xff);
    void *aligned = scratch.data() + (64 - reinterpret_cast<uintptr_t>(scratch.data()) % 64) % 64;
    std::vector<void *> pointers{a.data(), packed.data(), output.data(), bias.data(), aligned};
    std::vector<int64_t> dims{t.m};
    int64_t many = (t.m / (2 * plan.rows) + 2 * plan.pairs - 1) / (2 * plan.pairs) * 2 * (t.n / plan.columns);
    int64_t tiles = t.m < plan.rowsAtLeast ? t.n / plan.fewColumns : many;
    output.fill(-7);
    kernel.run(pointers, dims, 0, tiles);
    auto whole = output.copyBytes();
    output.fill(-7);
    for (int64_t i = tiles; i-- > 0;) {
      kernel.run(pointers, dims, i, i + 1);
    }
    EXPECT_EQ(whole, output.copyBytes()) << t << " tile by tile";
  }

  std::vector<double> expected(const StrassenCase &t) const {
    std::vector<double> out;
    for (int64_t i = 0; i < t.m; ++i) {
      for (int64_t j = 0; j < t.n; ++j) {
        double sum = bias.get(j);
        for (int64_t k = 0; k < t.k; ++k) {
          sum += a.get(i * t.k + k) * b.get(k * t.n + j);
        }
        out.push_back(sum);
      }
    }
    return out;
  }
};

StrassenPlan planOf(const TargetInfo &target, int rows, int64_t pairs, int64_t columns, int64_t depth) {
  StrassenPlan plan;
  plan.lanes = target.vectorBits / 32;
  plan.rows = rows;
  plan.pairs = pairs;
  plan.columns = columns;
  plan.depth = depth;
  plan.rowsAtLeast = 16;
  plan.fewColumns = 2 * plan.panel();
  return plan;
}

void check(mlir::MLIRContext &context, const TargetInfo &target, const StrassenCase &t, const StrassenPlan &plan,
           bool isLong = false) {
  StrassenRun run(t);
  run.run(context, target, t, plan, isLong);
  EXPECT_LE(relativeError(run.output, run.expected(t)), 2e-6)
      << t << " rows " << plan.rows << " bits " << target.vectorBits;
}

TEST(Strassen, MatchesTheDefinition) {
  auto context = makeKernelContext();
  for (const TargetInfo &target : executableTargets()) {
    if (!target.fma) {
      continue;
    }
    for (int64_t depth : {64, 128}) {
      StrassenPlan plan = planOf(target, 4, 2, 32, depth);
      plan.prefetchLines = depth == 64;
      for (int64_t m : {1, 3, 8, 16, 19, 21, 37}) {
        check(*context, target, {m, 64, 128, true}, plan);
      }
      check(*context, target, {37, 64, 128, true}, plan, true);
      check(*context, target, {32, 64, 128}, plan);
      check(*context, target, {45, 32, 128}, plan);
    }
  }
}

TEST(Strassen, WeightsAreSummedByAKernelToTheSameBits) {
  auto context = makeKernelContext();
  for (const TargetInfo &target : executableTargets()) {
    StrassenCase t{64, 96, 128};
    StrassenProblem p = problemOf(t, {});
    StrassenPlan plan = planOf(target, 4, 2, 96, 64);
    StrassenRun run(t);
    Tensor packed(Dtype::F32, strassenWeights(p)), emitted(Dtype::F32, strassenWeights(p));
    packStrassenWeights(p, plan, static_cast<float *>(run.b.data()), t.n, 1, static_cast<float *>(packed.data()));
    mlir::Type f32 = mlir::Float32Type::get(context.get());
    Kernel kernel = Kernel::compile(*context, target, {{f32, run.b.size()}, {f32, emitted.size()}}, 2,
                                    [&](KernelBuilder &kb, const Kernel::Arguments &args) {
                                      emitStrassenWeights(kb, plan.panel(), args.buffers[0], args.buffers[1],
                                                          args.dims[0], args.dims[1], args.begin, args.end);
                                    });
    kernel.run({run.b.data(), emitted.data()}, {t.n, plan.depth}, 0, t.k / plan.depth * (t.n / (2 * plan.panel())));
    EXPECT_EQ(packed.copyBytes(), emitted.copyBytes()) << target.vectorBits;
  }
}

TEST(Strassen, RowsThatAreNotFiniteDoNotTouchOthers) {
  auto context = makeKernelContext();
  for (const TargetInfo &target : executableTargets()) {
    if (!target.fma) {
      continue;
    }
    for (int64_t depth : {64, 128}) {
      StrassenCase t{40, 64, 128, true};
      StrassenRun run(t);
      run.left()[5 * t.k + 77] = std::numeric_limits<float>::quiet_NaN();
      run.left()[18 * t.k + 3] = std::numeric_limits<float>::infinity();
      run.run(*context, target, t, planOf(target, 4, 2, 32, depth));
      std::vector<double> expected = run.expected(t);
      for (int64_t i = 0; i < t.m; ++i) {
        for (int64_t j = 0; j < t.n; ++j) {
          double want = expected[i * t.n + j], got = run.at(i * t.n + j);
          if (i == 5) {
            EXPECT_TRUE(std::isnan(got));
          } else if (i == 18) {
            EXPECT_FALSE(std::isfinite(got));
          } else {
            EXPECT_NEAR(want, got, 1e-4) << i << ", " << j;
          }
        }
      }
    }
  }
}

TEST(Strassen, ThePlansOfCommonSizes) {
  auto context = makeKernelContext();
  for (const TargetInfo &target : executableTargets()) {
    for (const StrassenCase &t : {StrassenCase{512, 512, 512}, StrassenCase{130, 768, 768, true}}) {
      std::optional<StrassenPlan> plan = chooseStrassen(problemOf(t, {}), target);
      ASSERT_EQ(plan.has_value(), target.fma) << t;
      if (plan) {
        EXPECT_EQ(t.n % plan->columns, 0);
        EXPECT_EQ(t.k % plan->depth, 0);
        check(*context, target, t, *plan);
      }
    }
    EXPECT_FALSE(chooseStrassen(problemOf({8, 256, 1024}, {}), target)) << "few rows";
    EXPECT_FALSE(chooseStrassen(problemOf({512, 64, 32}, {}), target)) << "small products";
    TargetInfo off = target;
    off.strassen = false;
    EXPECT_FALSE(chooseStrassen(problemOf({512, 512, 512}, {}), off));
  }
}

} // namespace

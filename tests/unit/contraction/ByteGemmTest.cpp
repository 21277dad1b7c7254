// Products of bytes that become bytes: epilogues beside the sums of the next register tile.
#include "Jit.h"
#include "Tensors.h"
#include "compiler/target/cpu/contraction/Gemm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

using namespace dlc::cpu;

namespace {

struct ByteProduct {
  int64_t m, n, k;
  bool isSigned = false;
  /// Percent of the model's work that a tile has: less makes more tiles.
  int work = 100;
};

std::ostream &operator<<(std::ostream &os, const ByteProduct &t) {
  return os << t.m << "x" << t.n << "x" << t.k << (t.isSigned ? " signed" : "") << " work " << t.work;
}

void fill(Tensor &t, unsigned seed) {
  std::mt19937 random(seed);
  std::generate_n(static_cast<uint8_t *>(t.data()), t.size(), [&] { return uint8_t(random()); });
}

/// round(sum / 1024 + added / 2) + 100, saturated; all of it is exact in f32.
uint8_t expectedByte(int64_t sum, int added) {
  double q = std::nearbyint(static_cast<double>(sum) / 1024 + added * 0.5) + 100;
  return static_cast<uint8_t>(std::clamp(q, 0.0, 255.0));
}

void check(mlir::MLIRContext &context, const TargetInfo &target, const ByteProduct &t) {
  mlir::Type i8 = mlir::IntegerType::get(&context, 8), f32 = mlir::Float32Type::get(&context);
  GemmProblem p = GemmProblem::dense(t.m, t.n, t.k, ContractionTypes::of(i8, i8, t.isSigned));
  p.packedB = true;
  Choice choice;
  choice.work = t.work;
  GemmTile tile = chooseGemmTile(p, target, choice);
  Dtype inputType = t.isSigned ? Dtype::I8 : Dtype::U8;
  Tensor a(inputType, t.m * t.k), b(Dtype::I8, t.k * t.n), added(Dtype::U8, t.m * t.n), c(Dtype::U8, t.m * t.n);
  fill(a, 1);
  fill(b, 2);
  fill(added, 3);
  PackedWeights form = packedGemmB(p, tile);
  Tensor packed(Dtype::I8, form.bytes());
  packWeights(form, WeightStrides::matrix(form, false), b.data(), packed.data());
  std::vector<Kernel::Buffer> buffers{{i8, a.size()}, {i8, packed.size()}, {i8, c.size()}, {i8, added.size()}};
  Kernel kernel = Kernel::compile(context, target, buffers, 0, [&](KernelBuilder &kb, const Kernel::Arguments &args) {
    Epilogue epilogue = [&](KernelBuilder &k, mlir::Value v, const EpilogueCoord &coord) {
      mlir::Value x = k.convert(v, f32), y = k.convert(loadLikeOutput(k, args.buffers[3], coord), f32, false);
      return k.addValues(k.mulValues(x, k.constant(x.getType(), 1.0 / 1024)),
                         k.mulValues(y, k.constant(y.getType(), 0.5)));
    };
    epilogue.rounding = ByteRounding{100, false};
    emitGemm(kb, p, tile, args.buffers[0], args.buffers[1], args.buffers[2], epilogue, args.begin, args.end);
  });
  std::vector<uint8_t> expected(t.m * t.n);
  for (int64_t i = 0; i < t.m * t.n; ++i) {
    int64_t sum = 0;
    for (int64_t k = 0; k < t.k; ++k) {
      sum += static_cast<int64_t>(a.get(i / t.n * t.k + k)) * static_cast<int64_t>(b.get(k * t.n + i % t.n));
    }
    expected[i] = expectedByte(sum, static_cast<int>(added.get(i)));
  }
  int64_t tiles = (t.m + tile.tileM - 1) / tile.tileM * ((t.n + tile.tileN - 1) / tile.tileN);
  c.fill(7);
  for (int64_t i = tiles; i-- > 0;) {
    kernel.run({a.data(), packed.data(), c.data(), added.data()}, {}, i, i + 1);
  }
  EXPECT_EQ(c.copyBytes(), expected) << t << " bits " << target.vectorBits << (target.vnni ? " vnni" : "");
}

TEST(ByteGemm, MatchesTheDefinition) {
  auto context = makeKernelContext();
  for (const TargetInfo &target : executableTargets(true)) {
    check(*context, target, {50, 64, 64});
    check(*context, target, {49, 100, 128, true});
    check(*context, target, {200, 64, 64, false, 1});
    check(*context, target, {31, 40, 256});
    check(*context, target, {64, 32, 12});         // fewer steps than rows
    check(*context, target, {40, 32, 61});         // a partial group of k
    check(*context, target, {7, 64, 64});          // less than two register tiles
    check(*context, target, {40, 48, 1024, true}); // long sums
  }
}

} // namespace

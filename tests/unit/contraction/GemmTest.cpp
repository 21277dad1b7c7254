#include "compiler/target/cpu/contraction/Gemm.h"
#include "Jit.h"
#include "Tensors.h"

#include <gtest/gtest.h>

#include <ostream>

using namespace dlc::cpu;

namespace {

struct GemmCase {
  int64_t m, n, k;
  int64_t batch = 1;
  bool transA = false, transB = false, packed = false, shareB = false;
  bool dynamicM = false, dynamicN = false, dynamicK = false;
  Dtype a = Dtype::F32, b = Dtype::F32, c = Dtype::F32;
  bool epilogue = false, longEpilogue = false;
};

std::ostream &operator<<(std::ostream &os, const GemmCase &g) {
  os << g.batch << "x" << g.m << "x" << g.n << "x" << g.k << (g.transA ? " tA" : "") << (g.transB ? " tB" : "")
     << (g.packed ? " packed" : "") << (g.shareB ? " shareB" : "") << (g.dynamicM ? " dynM" : "")
     << (g.dynamicN ? " dynN" : "") << (g.dynamicK ? " dynK" : "") << " types " << int(g.a) << int(g.b) << int(g.c)
     << (g.longEpilogue ? " long" : "") << (g.epilogue ? " epilogue" : "");
  return os;
}

/// Adds a bias, a residual, and clamps at zero.
Epilogue biasResidualRelu(mlir::Value bias, mlir::Value residual) {
  return [=](KernelBuilder &kb, mlir::Value x, const EpilogueCoord &coord) {
    x = kb.addValues(x, loadColumns(kb, bias, coord));
    x = kb.addValues(x, loadLikeOutput(kb, residual, coord));
    return kb.relu(x);
  };
}

class GemmRun {
public:
  GemmRun(const GemmCase &g)
      : g(g), a(g.a, g.batch * g.m * g.k), b(g.b, (g.shareB ? 1 : g.batch) * g.n * g.k), c(g.c, g.batch * g.m * g.n),
        bias(g.c, g.n), residual(g.c, g.batch * g.m * g.n) {
    a.randomize(1);
    b.randomize(2);
    bias.randomize(3);
    residual.randomize(4);
  }

  std::vector<double> expected() const {
    std::vector<double> out(c.size());
    for (int64_t i = 0; i < g.batch; ++i) {
      for (int64_t m = 0; m < g.m; ++m) {
        for (int64_t n = 0; n < g.n; ++n) {
          out[(i * g.m + m) * g.n + n] = element(i, m, n);
        }
      }
    }
    return out;
  }

  void check(mlir::MLIRContext &context, const TargetInfo &target) {
    tile = chooseGemmTile(problem(context, nullptr, nullptr), target);
    Tensor packed = packWeightsFor(context);
    int64_t scratchBytes = scratchSize(context), tiles = 0;
    Kernel kernel = compile(context, target, packed.size(), scratchBytes);
    tiles = (g.m + tile.tileM - 1) / tile.tileM * ((g.n + tile.tileN - 1) / tile.tileN) * g.batch;
    std::vector<uint8_t> scratch(scratchBytes + 64);
    void *aligned = reinterpret_cast<void *>((reinterpret_cast<uintptr_t>(scratch.data()) + 63) / 64 * 64);
    std::vector<void *> buffers{a.data(), packed.data(), c.data(), bias.data(), residual.data()};
    std::vector<int64_t> dims{g.m, g.n, g.k};
    c.fill(0);
    kernel.run(buffers, dims, 0, tiles, aligned);
    double tolerance = g.c == Dtype::F32    ? 2e-6
                       : g.c == Dtype::F64  ? 1e-14
                       : g.c == Dtype::BF16 ? 1e-2
                       : g.c == Dtype::F16  ? 1e-3
                                            : 0;
    EXPECT_LE(relativeError(c, expected()), tolerance) << g << " vector bits " << target.vectorBits;
    auto whole = c.copyBytes();
    c.fill(0);
    for (int64_t t = tiles; t-- > 0;) {
      kernel.run(buffers, dims, t, t + 1, aligned);
    }
    EXPECT_EQ(whole, c.copyBytes()) << g << " tile by tile";
  }

private:
  double element(int64_t i, int64_t m, int64_t n) const {
    double sum = 0;
    int64_t ib = g.shareB ? 0 : i;
    for (int64_t k = 0; k < g.k; ++k) {
      double x = a.get(i * g.m * g.k + (g.transA ? k * g.m + m : m * g.k + k));
      double y = b.get(ib * g.n * g.k + (g.transB ? n * g.k + k : k * g.n + n));
      sum += x * y;
    }
    if (g.epilogue) {
      sum = std::max(0.0, sum + bias.get(n) + residual.get((i * g.m + m) * g.n + n));
    }
    return sum;
  }

  GemmProblem problem(mlir::MLIRContext &context, KernelBuilder *kb, const Kernel::Arguments *args) const {
    auto size = [&](bool dynamic, int64_t number, int dim) {
      return !dynamic ? Idx(number) : args ? Idx(args->dims[dim]) : Idx(mlir::ShapedType::kDynamic);
    };
    Idx m = size(g.dynamicM, g.m, 0), n = size(g.dynamicN, g.n, 1), k = size(g.dynamicK, g.k, 2);
    auto types =
        ContractionTypes::of(mlirType(context, g.a), mlirType(context, g.b), g.a != Dtype::U8, g.b != Dtype::U8);
    GemmProblem p = GemmProblem::dense(m, n, k, types);
    p.packedB = g.packed;
    if (g.transA) {
      p.aRow = 1;
      p.aK = m;
    }
    if (g.transB) {
      p.bK = 1;
      p.bColumn = k;
    }
    if (g.batch > 1 && kb) {
      Idx bStride = g.packed ? Idx(packedGemmB(p, tile).groupElements()) : kb->mul(n, k);
      p.batch.push_back({g.batch, kb->mul(m, k), g.shareB ? Idx(0) : bStride, kb->mul(m, n)});
    }
    return p;
  }

  Tensor packWeightsFor(mlir::MLIRContext &context) {
    if (!g.packed) {
      return b;
    }
    PackedWeights packed = packedGemmB(problem(context, nullptr, nullptr), tile, g.shareB ? 1 : g.batch);
    Tensor result(g.b, packed.bytes() / bytesOf(g.b));
    packWeights(packed, WeightStrides::matrix(packed, g.transB), b.data(), result.data());
    return result;
  }

  int64_t scratchSize(mlir::MLIRContext &context) const {
    GemmScratch scratch = gemmScratch(problem(context, nullptr, nullptr), tile);
    return scratch.fixed + scratch.perK * g.k;
  }

  Kernel compile(mlir::MLIRContext &context, const TargetInfo &target, int64_t bSize, int64_t scratchBytes) {
    mlir::Type ct = mlirType(context, g.c);
    std::vector<Kernel::Buffer> buffers{{mlirType(context, g.a), a.size()},
                                        {mlirType(context, g.b), bSize},
                                        {ct, c.size()},
                                        {ct, bias.size()},
                                        {ct, residual.size()}};
    return Kernel::compile(context, target, buffers, 3, [&](KernelBuilder &kb, const Kernel::Arguments &args) {
      GemmProblem p = problem(context, &kb, &args);
      Epilogue epilogue = g.epilogue ? biasResidualRelu(args.buffers[3], args.buffers[4]) : Epilogue();
      epilogue.isLong = g.longEpilogue;
      emitGemm(kb, p, tile, args.buffers[0], args.buffers[1], args.buffers[2], epilogue, args.begin, args.end,
               args.scratch);
    });
  }

  GemmCase g;
  Tensor a, b, c, bias, residual;
  GemmTile tile;
};

class GemmTest : public testing::TestWithParam<GemmCase> {};

TEST_P(GemmTest, MatchesNaiveLoops) {
  auto context = makeKernelContext();
  for (const TargetInfo &target : executableTargets(bytesOf(GetParam().a) < 4)) {
    if (!target.f16c && (GetParam().a == Dtype::F16 || GetParam().c == Dtype::F16)) {
      continue; // needs a half conversion library
    }
    GemmRun(GetParam()).check(*context, target);
  }
}

std::vector<GemmCase> shapes() {
  std::vector<GemmCase> cases;
  const int64_t sizes[][3] = {{1, 1, 1}, {1, 100, 33}, {3, 10, 7}, {17, 21, 20}, {70, 130, 45}, {5, 260, 515}};
  for (auto [m, n, k] : sizes) {
    for (int form = 0; form < 6; ++form) {
      GemmCase g{m, n, k};
      g.transA = form == 1 || form == 3;
      g.transB = form == 2 || form == 3 || form == 5;
      g.packed = form >= 4;
      g.epilogue = form % 2 == 0;
      g.longEpilogue = form % 4 == 0;
      cases.push_back(g);
      g.dynamicM = true;
      cases.push_back(g);
      if (!g.packed) {
        g.dynamicN = true;
        cases.push_back(g);
        g.dynamicK = true;
        cases.push_back(g);
      }
    }
  }
  return cases;
}

std::vector<GemmCase> typed() {
  std::vector<GemmCase> cases;
  const Dtype types[][3] = {{Dtype::F64, Dtype::F64, Dtype::F64}, {Dtype::F16, Dtype::F16, Dtype::F32},
                            {Dtype::F16, Dtype::F16, Dtype::F16}, {Dtype::BF16, Dtype::BF16, Dtype::F32},
                            {Dtype::I32, Dtype::I32, Dtype::I32}, {Dtype::I64, Dtype::I64, Dtype::I64},
                            {Dtype::U8, Dtype::I8, Dtype::I32},   {Dtype::I8, Dtype::I8, Dtype::I32},
                            {Dtype::U8, Dtype::U8, Dtype::I32},   {Dtype::I8, Dtype::U8, Dtype::I32}};
  for (auto [a, b, c] : types) {
    for (auto [m, n, k] : std::initializer_list<std::array<int64_t, 3>>{{1, 40, 19}, {19, 37, 67}, {40, 64, 128}}) {
      for (int form = 0; form < 5; ++form) {
        GemmCase g{m, n, k};
        g.a = a;
        g.b = b;
        g.c = c;
        g.transB = form == 1 || form == 3;
        g.packed = form >= 2;
        g.dynamicM = form == 3;
        g.transA = form == 4;
        cases.push_back(g);
      }
      cases.push_back({m, n, k, 1, false, true, false, false, true, true, true, a, b, c});
    }
  }
  return cases;
}

std::vector<GemmCase> batched() {
  std::vector<GemmCase> cases;
  for (int form = 0; form < 4; ++form) {
    GemmCase g{19, 40, 23, 5};
    g.transB = form == 1;
    g.packed = form == 2;
    g.shareB = form == 3;
    g.epilogue = true;
    cases.push_back(g);
    g.dynamicM = true;
    cases.push_back(g);
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Shapes, GemmTest, testing::ValuesIn(shapes()));
INSTANTIATE_TEST_SUITE_P(Types, GemmTest, testing::ValuesIn(typed()));
INSTANTIATE_TEST_SUITE_P(Batched, GemmTest, testing::ValuesIn(batched()));

} // namespace

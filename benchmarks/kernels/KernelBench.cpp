// Prints, for each problem, the time of the generated kernel and of oneDNN, as a share of the peak that is measured
// beside them. Usage: dlc-kernel-bench [--filter=text] [--target=avx512|avx2] [--cold] [--dump=prefix] [--seconds=0.1]
#include "Bench.h"
#include "compiler/target/cpu/contraction/Depthwise.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

using namespace dlc::cpu;

namespace dlc::bench {
namespace {

struct Options {
  std::string filter, target, dump;
  bool cold = false;
  double seconds = 0.1;
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Seconds that this thread ran: what preempts it does not count.
double cpuTime() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

/// Page-aligned bytes that live until the process ends, with room to read beyond.
void *allocate(int64_t bytes) {
  size_t size = (bytes + 3 * 4096) / 4096 * 4096;
  void *p = std::aligned_alloc(4096, size);
  std::memset(p, 0, size);
  return p;
}

Epilogue biasRelu(mlir::Value bias) {
  return [=](KernelBuilder &kb, mlir::Value x, const EpilogueCoord &coord) {
    return kb.relu(kb.addValues(x, loadColumns(kb, bias, coord)));
  };
}

/// A generated kernel with its buffers, ready to run.
class Generated {
public:
  Generated(mlir::MLIRContext &context, const TargetInfo &target, const Problem &q, const std::string &dump)
      : q(q), context(context), bytes(q.element == Element::U8S8 || q.element == Element::S8S8) {
    mlir::Builder b(&context);
    aType = bytes                        ? mlir::Type(b.getI8Type())
            : q.element == Element::BF16 ? mlir::Type(b.getBF16Type())
                                         : b.getF32Type();
    types = ContractionTypes::of(aType, aType, q.element != Element::U8S8, true);
    q.kind == Kind::Gemm ? gemm(target, dump) : q.kind == Kind::Conv ? conv(target, dump) : depthwise(target, dump);
  }

  Candidate candidate() {
    auto self = *this;
    return {what, [self] { self.kernel.run(self.buffers, {self.dim}, 0, self.tiles, self.scratch); }};
  }
  std::string what;
  int64_t weightBytes = 0;
  std::vector<void *> buffers;

private:
  using Emit = std::function<void(KernelBuilder &, const Kernel::Arguments &, const Epilogue &)>;

  void build(const TargetInfo &target, const std::string &dump, std::array<int64_t, 4> sizes, const Emit &emit) {
    std::array<mlir::Type, 4> kinds{aType, aType, types.accumulator, types.accumulator};
    std::vector<Kernel::Buffer> descriptors;
    for (int i = 0; i < 4; ++i) {
      descriptors.push_back({kinds[i], sizes[i]});
      buffers.push_back(allocate(sizes[i] * 4));
    }
    double start = now();
    kernel = Kernel::compile(
        context, target, descriptors, 1,
        [&](KernelBuilder &kb, const Kernel::Arguments &args) { emit(kb, args, biasRelu(args.buffers[3])); }, dump);
    what += " (" + std::to_string(tiles) + " tiles, compiled in " + std::to_string(int((now() - start) * 1e3)) + " ms)";
  }

  static std::string shape(int rows, int vectors, int unroll) {
    return std::to_string(rows) + "x" + std::to_string(vectors) + " u" + std::to_string(unroll);
  }

  void gemm(const TargetInfo &target, const std::string &dump) {
    GemmProblem p = GemmProblem::dense(q.m, q.n, q.k, types);
    p.packedB = q.packed;
    if (q.transposed) {
      p.bK = 1;
      p.bColumn = q.k;
    }
    dim = q.m;
    if (q.batch > 1) {
      interleaveHeads(p);
    }
    if (q.dynamic) {
      p.m = mlir::ShapedType::kDynamic;
    }
    GemmTile tile = chooseGemmTile(p, target);
    weightBytes = q.n * q.k * (bytes ? 1 : 4);
    int64_t packedElements = q.packed ? packedGemmB(p, tile).bytes() : q.batch * q.n * q.k;
    GemmScratch need = gemmScratch(p, tile);
    scratch = allocate(need.fixed + need.perK * q.k);
    tiles = (q.m + tile.tileM - 1) / tile.tileM * ((q.n + tile.tileN - 1) / tile.tileN) * q.batch;
    what = shape(tile.rows, tile.vectors, tile.unroll) + (tile.packB ? " packs B" : "") + " pf" +
           std::to_string(tile.prefetchLines);
    build(target, dump, {q.batch * q.m * q.k, packedElements, q.batch * q.m * q.n, q.n},
          [&](KernelBuilder &kb, const auto &args, const Epilogue &e) {
            if (q.dynamic) {
              p.m = args.dims[0];
            }
            emitGemm(kb, p, tile, args.buffers[0], args.buffers[1], args.buffers[2], e, args.begin, args.end,
                     args.scratch);
          });
  }

  /// Attention: Q and K are [m][head][k]; scores and weights [head][m][n]; V and the result [row][head][n].
  void interleaveHeads(GemmProblem &p) const {
    if (q.scores) {
      p.aRow = p.bColumn = q.batch * q.k;
      p.batch.push_back({q.batch, q.k, q.k, q.m * q.n});
    } else {
      p.bK = p.cRow = q.batch * q.n;
      p.batch.push_back({q.batch, q.m * q.k, q.n, q.n});
    }
  }

  ConvProblem convProblem() const {
    ConvProblem p;
    for (int i : {1, 2}) {
      p.axes[i] = {q.size, q.output(), q.kernel, q.stride, 1, q.pad, q.pad};
    }
    p.channels = q.channels;
    p.outputChannels = q.outputs;
    p.groups = q.kind == Kind::Depthwise ? q.channels : 1;
    p.types = types;
    p.channelsFirst = q.channelsFirst;
    return p;
  }

  template <typename Count> void countTiles(const TargetInfo &target, const Count &count) {
    mlir::OpBuilder b(&context);
    KernelBuilder kb(b, b.getUnknownLoc(), target);
    tiles = count(kb).constant();
  }

  void conv(const TargetInfo &target, const std::string &dump) {
    ConvProblem p = convProblem();
    ConvPlan plan = chooseConv(p, target);
    if (q.dynamic) {
      Idx size = mlir::ShapedType::kDynamic;
      p.axes[1].input = p.axes[2].input = p.axes[1].output = p.axes[2].output = size;
      plan = chooseConv(p, target);
      p = convProblem();
      dim = q.size;
    }
    countTiles(target, [&](KernelBuilder &kb) { return convTileCount(kb, p, plan); });
    weightBytes = packedConvWeights(p, plan).bytes();
    const ConvTile &t = plan.tile;
    what = plan.gemm ? shape(plan.gemm->rows, plan.gemm->vectors, plan.gemm->unroll) + " gemm pf" +
                           std::to_string(plan.gemm->prefetchLines)
                     : shape(t.pixels, t.vectors, t.unroll) + " pf" + std::to_string(t.prefetchLines);
    int64_t out = q.output() * q.output() * q.outputs;
    build(target, dump, {q.size * q.size * q.channels, weightBytes, out, q.outputs},
          [&](KernelBuilder &kb, const auto &args, const Epilogue &e) {
            if (q.dynamic) {
              p.axes[1].input = p.axes[2].input = p.axes[1].output = p.axes[2].output = args.dims[0];
            }
            emitConv(kb, p, plan, args.buffers[0], args.buffers[1], args.buffers[2], e, args.begin, args.end);
          });
  }

  void depthwise(const TargetInfo &target, const std::string &dump) {
    ConvProblem p = convProblem();
    DepthwisePlan plan = chooseDepthwise(p, target);
    countTiles(target, [&](KernelBuilder &kb) { return depthwiseTileCount(kb, p, plan); });
    weightBytes = packedDepthwiseWeights(p, plan).bytes();
    what = "blocks of " + std::to_string(plan.rows) + "x" + std::to_string(plan.pixels);
    int64_t out = q.output() * q.output() * q.outputs;
    build(target, dump, {q.size * q.size * q.channels, weightBytes, out, q.outputs},
          [&](KernelBuilder &kb, const auto &args, const Epilogue &e) {
            emitDepthwise(kb, p, plan, args.buffers[0], args.buffers[1], args.buffers[2], e, args.begin, args.end);
          });
  }

  Problem q;
  mlir::MLIRContext &context;
  bool bytes;
  mlir::Type aType;
  ContractionTypes types;
  Kernel kernel;
  int64_t tiles = 0, dim = 0;
  void *scratch = nullptr;
};

/// Rounds of: peak, then every candidate, so that they see the same clock.
void race(const Problem &q, const TargetInfo &target, std::vector<Candidate> candidates, const Options &options) {
  double peak = 0;
  for (int round = 0; round < 3; ++round) {
    peak = std::max(peak, measurePeak(target, q.element));
    for (Candidate &c : candidates) {
      c.run();
      // A sample is long enough for the clock.
      double once = cpuTime();
      c.run();
      int repeats = std::max(1, static_cast<int>(30e-6 / std::max(1e-7, cpuTime() - once)));
      for (double start = cpuTime(); cpuTime() - start < options.seconds / 3;) {
        double time = cpuTime();
        for (int i = 0; i < repeats; ++i) {
          c.run();
        }
        time = (cpuTime() - time) / repeats;

        c.times.push_back(time);
      }
    }
  }
  std::printf("%-38s", q.name.c_str());
  for (Candidate &c : candidates) {
    std::sort(c.times.begin(), c.times.end());
    c.best = c.times[c.times.size() / 10]; // the minimum would show the clock's grain
    double percent = q.operations() / c.best * 1e-7 / peak,
           median = q.operations() / c.times[c.times.size() / 2] * 1e-7 / peak;
    std::printf(" | %8.4f ms %5.1f%% (%5.1f%%)", c.best * 1e3, percent, median);
  }
  std::printf(" | peak %.0f", peak);
  for (const Candidate &c : candidates) {
    std::printf(" | %s", c.what.c_str());
  }
  std::printf("\n");
  std::fflush(stdout);
}

/// The same kernel on `copies` of the weights in turn, so that they come from memory as in a network.
Candidate cold(Generated &g) {
  int64_t copies = std::clamp<int64_t>((96 << 20) / std::max<int64_t>(g.weightBytes, 1 << 16), 2, 400);
  auto runs = std::make_shared<std::vector<Candidate>>();
  for (int64_t i = 0; i < copies; ++i) {
    runs->push_back(g.candidate());
    g.buffers[1] = allocate(g.weightBytes * 4);
  }
  auto next = std::make_shared<size_t>(0);
  return {g.what + " cold", [runs, next] { (*runs)[(*next)++ % runs->size()].run(); }};
}

int run(const Options &options) {
  auto context = makeKernelContext();
  TargetInfo target = executableTargets().front();
  if (options.target == "avx2") {
    target = TargetInfo::avx2();
  }
  for (const Problem &q : problems()) {
    if (q.name.find(options.filter) == std::string::npos) {
      continue;
    }
    Generated generated(*context, target, q, options.dump);
    std::vector<Candidate> candidates{options.cold ? cold(generated) : generated.candidate()};
#ifdef DLC_HAVE_DNNL
    if (Candidate c = oneDnn(q); c.run && !options.cold) {
      candidates.push_back(c);
    }
#endif
    race(q, target, candidates, options);
  }
  return 0;
}

} // namespace
} // namespace dlc::bench

int main(int argc, char **argv) {
  dlc::bench::Options options;
  for (int i = 1; i < argc; ++i) {
    std::string arg = argv[i];
    auto value = [&](const char *name) -> const char * {
      return arg.rfind(name, 0) == 0 ? arg.c_str() + std::strlen(name) : nullptr;
    };
    if (auto v = value("--filter=")) {
      options.filter = v;
    } else if (auto v = value("--target=")) {
      options.target = v;
    } else if (auto v = value("--dump=")) {
      options.dump = v;
    } else if (auto v = value("--seconds=")) {
      options.seconds = std::atof(v);
    } else if (arg == "--cold") {
      options.cold = true;
    } else {
      std::fprintf(stderr, "unknown option %s\n", argv[i]);
      return 2;
    }
  }
  return dlc::bench::run(options);
}

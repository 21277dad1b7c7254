#include "tools/dlc/Peak.h"
#include "dlc/runtime.h"
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace dlc {
namespace {

using Float4 = float __attribute__((vector_size(16)));

/// Two fused multiply-adds per cycle of four cycles' latency need eight chains in flight; twelve leave a margin.
constexpr int64_t chainCount = 12;

/// The loop's text, for functions of different target attributes: a template can't be inlined across them.
#define DLC_PEAK_LOOP(Vector, MULTIPLY_ADD)                                                                            \
  Vector chains[chainCount];                                                                                           \
  for (int64_t i = 0; i < chainCount; ++i) {                                                                           \
    chains[i] = Vector{} + static_cast<float>(i);                                                                      \
  }                                                                                                                    \
  Vector factor = Vector{} + 0.9999f, term = Vector{} + 0.0001f;                                                       \
  for (int64_t step = 0; step < steps; ++step) {                                                                       \
    _Pragma("clang loop unroll(full)") for (int64_t i = 0; i < chainCount; ++i) {                                      \
      chains[i] = MULTIPLY_ADD(chains[i], factor, term);                                                               \
    }                                                                                                                  \
  }                                                                                                                    \
  float sum = 0;                                                                                                       \
  for (int64_t i = 0; i < chainCount; ++i) {                                                                           \
    sum += chains[i][0];                                                                                               \
  }                                                                                                                    \
  return sum

#define DLC_MULTIPLY_THEN_ADD(a, b, c) ((a) * (b) + (c))

#if defined(__x86_64__)
using Float8 = float __attribute__((vector_size(32)));
using Float16 = float __attribute__((vector_size(64)));

__attribute__((target("avx512f"), noinline)) float peakLoopAvx512(int64_t steps) {
  DLC_PEAK_LOOP(Float16, __builtin_elementwise_fma);
}

__attribute__((target("avx2,fma"), noinline)) float peakLoopAvx2(int64_t steps) {
  DLC_PEAK_LOOP(Float8, __builtin_elementwise_fma);
}

__attribute__((noinline)) float peakLoopBase(int64_t steps) { DLC_PEAK_LOOP(Float4, DLC_MULTIPLY_THEN_ADD); }
#else
__attribute__((noinline)) float peakLoopBase(int64_t steps) { DLC_PEAK_LOOP(Float4, __builtin_elementwise_fma); }
#endif

struct PeakLoop {
  float (*run)(int64_t steps);
  const char *name;
  int64_t lanes;
};

PeakLoop choosePeakLoop() {
#if defined(__x86_64__)
  uint64_t features = dlc_cpu_features();
  if (features & DLC_CPU_AVX512) {
    return {peakLoopAvx512, "avx512", 16};
  }
  if (features & DLC_CPU_AVX2) {
    return {peakLoopAvx2, "avx2", 8};
  }
#endif
  return {peakLoopBase, "128-bit vectors", 4};
}

} // namespace

PeakResult measurePeak(unsigned threads) {
  constexpr int64_t stepsPerRound = 100000;
  constexpr auto duration = std::chrono::milliseconds(50);
  PeakLoop loop = choosePeakLoop();
  std::vector<double> gflops(threads, 0);
  std::atomic<unsigned> waiting(threads);
  auto work = [&](unsigned index) {
    volatile float sink = loop.run(stepsPerRound);
    waiting.fetch_sub(1);
    while (waiting.load() != 0) {
      std::this_thread::yield();
    }
    auto start = std::chrono::steady_clock::now(), now = start;
    int64_t rounds = 0;
    for (; now - start < duration; now = std::chrono::steady_clock::now(), ++rounds) {
      sink = loop.run(stepsPerRound);
    }
    static_cast<void>(sink);
    double operations = 2.0 * static_cast<double>(rounds * stepsPerRound * chainCount * loop.lanes);
    gflops[index] = operations / std::chrono::duration<double, std::nano>(now - start).count();
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < threads; ++i) {
    others.emplace_back(work, i);
  }
  work(0);
  PeakResult result{gflops[0], loop.name};
  for (unsigned i = 1; i < threads; ++i) {
    others[i - 1].join();
    result.gflops += gflops[i];
  }
  return result;
}

} // namespace dlc

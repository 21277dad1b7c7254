#ifndef DLC_BENCHMARKS_KERNELS_BENCH_H
#define DLC_BENCHMARKS_KERNELS_BENCH_H

#include "Jit.h"

#include <functional>
#include <string>
#include <vector>

namespace dlc::bench {

enum class Kind { Gemm, Conv, Depthwise };
enum class Element { F32, BF16, U8S8, S8S8 };

/// A matrix product (m, n, k) or a square two-dimensional convolution, with bias and relu fused.
struct Problem {
  std::string name;
  Kind kind = Kind::Gemm;
  int64_t m = 1, n = 1, k = 1;
  int64_t size = 1, channels = 1, outputs = 1, kernel = 1, stride = 1, pad = 0;
  bool channelsFirst = false;
  /// B is a run-time operand: row-major, or transposed.
  bool packed = true, transposed = false;
  Element element = Element::F32;
  /// Products that the problem consists of. More than one: operands of attention heads, interleaved as [row][head][k]
  /// where k is the size of a head.
  int64_t batch = 1;
  /// Whether A and C (for scores times values: A is [head][m][k], C is interleaved), or A and B are interleaved.
  bool scores = false;
  /// Sizes that the kernel learns when it runs: m, or the batch.
  bool dynamic = false;

  int64_t output() const { return (size + 2 * pad - kernel) / stride + 1; }
  double operations() const;
};

/// The problems that are measured by default.
std::vector<Problem> problems();

/// Giga-operations per second of multiply-adds that touch no memory.
double measurePeak(const dlc::cpu::TargetInfo &target, Element element);

/// A function to time. `what` says how it is computed.
struct Candidate {
  std::string what;
  std::function<void()> run;
  double best = 1e9;
  std::vector<double> times = {};
};

/// oneDNN's implementation of a problem in its preferred layouts; null function when there is none.
Candidate oneDnn(const Problem &problem);

} // namespace dlc::bench

#endif

#include "Bench.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <immintrin.h>

namespace dlc::bench {
namespace {

constexpr int64_t iterations = 400000;

__attribute__((target("avx512f"))) double peak512() {
  __m512 a[16];
  for (int i = 0; i < 16; ++i) {
    a[i] = _mm512_set1_ps(i * 0.001f);
  }
  __m512 x = _mm512_set1_ps(0.999f), y = _mm512_set1_ps(0.0001f);
  for (int64_t k = 0; k < iterations; ++k) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; ++i) {
      a[i] = _mm512_fmadd_ps(a[i], x, y);
    }
    asm volatile("" : : : "memory");
  }
  volatile float sink = 0;
  for (int i = 0; i < 16; ++i) {
    sink = sink + _mm512_cvtss_f32(a[i]);
  }
  return 16.0 * 16 * 2 * iterations;
}

__attribute__((target("avx512f,avx512vnni"))) double peakVnni() {
  __m512i a[16], x = _mm512_set1_epi8(3), y = _mm512_set1_epi8(2);
  for (int i = 0; i < 16; ++i) {
    a[i] = _mm512_set1_epi32(i);
  }
  for (int64_t k = 0; k < iterations; ++k) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; ++i) {
      a[i] = _mm512_dpbusd_epi32(a[i], x, y);
    }
    asm volatile("" : : : "memory");
  }
  volatile int sink = 0;
  for (int i = 0; i < 16; ++i) {
    sink = sink + _mm512_cvtsi512_si32(a[i]);
  }
  return 16.0 * 64 * 2 * iterations;
}

__attribute__((target("avx2,fma"))) double peak256() {
  __m256 a[12];
  for (int i = 0; i < 12; ++i) {
    a[i] = _mm256_set1_ps(i * 0.001f);
  }
  __m256 x = _mm256_set1_ps(0.999f), y = _mm256_set1_ps(0.0001f);
  for (int64_t k = 0; k < iterations; ++k) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 12; ++i) {
      a[i] = _mm256_fmadd_ps(a[i], x, y);
    }
    asm volatile("" : : : "memory");
  }
  volatile float sink = 0;
  for (int i = 0; i < 12; ++i) {
    sink = sink + _mm256_cvtss_f32(a[i]);
  }
  return 12.0 * 8 * 2 * iterations;
}

__attribute__((target("avx512f,avx512bf16"))) double peakBf16() {
  __m512 a[16];
  __m512bh x, y;
  std::memset(&x, 0x3c, sizeof x);
  std::memset(&y, 0x3b, sizeof y);
  for (int i = 0; i < 16; ++i) {
    a[i] = _mm512_set1_ps(i * 0.001f);
  }
  for (int64_t k = 0; k < iterations; ++k) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; ++i) {
      a[i] = _mm512_dpbf16_ps(a[i], x, y);
    }
    asm volatile("" : : : "memory");
  }
  volatile float sink = 0;
  for (int i = 0; i < 16; ++i) {
    sink = sink + _mm512_cvtss_f32(a[i]);
  }
  return 16.0 * 32 * 2 * iterations;
}

} // namespace

double measurePeak(const dlc::cpu::TargetInfo &target, Element element) {
  bool bytes = element == Element::U8S8 || element == Element::S8S8, wide = target.vectorBits == 512;
  auto loop = bytes && target.vnni && wide                      ? peakVnni
              : element == Element::BF16 && target.bf16 && wide ? peakBf16
              : target.vectorBits == 512                        ? peak512
                                                                : peak256;
  double best = 0;
  for (int i = 0; i < 4; ++i) {
    timespec start, end;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    double operations = loop();
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    best = std::max(best, operations / ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)));
  }
  return best;
}

} // namespace dlc::bench

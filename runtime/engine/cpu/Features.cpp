#include "cpu/Cpu.h"
#include "dlc/abi.h"
#include <atomic>
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dlc::rt {
namespace {

uint64_t xgetbv() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

/// Linux hands out the tile registers on request only.
bool requestTiles() {
  constexpr long requestPermission = 0x1023, tileData = 18;
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
}

bool has(uint32_t word, int bit) { return word >> bit & 1; }

uint64_t detect() {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !has(c, 27)) { // osxsave
    return 0;
  }
  bool base = has(c, 12) && has(c, 22) && has(c, 29) && has(c, 28); // fma, movbe, f16c, avx
  uint64_t state = xgetbv();
  uint32_t b7, c7, d7, a71 = 0, extended = 0;
  if (!base || (state & 0x6) != 0x6 || !__get_cpuid_count(7, 0, &a, &b7, &c7, &d7)) {
    return 0;
  }
  if (a >= 1) { // the last subleaf of 7
    __get_cpuid_count(7, 1, &a71, &b, &c, &d);
  }
  if (__get_cpuid(0x80000001, &a, &b, &c, &d)) {
    extended = c;
  }
  if (!has(b7, 5) || !has(b7, 3) || !has(b7, 8) || !has(extended, 5)) { // avx2, bmi1, bmi2, lzcnt
    return 0;
  }
  uint64_t found = DLC_CPU_AVX2;
  found |= has(a71, 4) ? DLC_CPU_AVX_VNNI : 0;
  bool wide = (state & 0xe6) == 0xe6 && has(b7, 16) && has(b7, 30) && has(b7, 28) && has(b7, 17) && has(b7, 31);
  if (!wide) {
    return found;
  }
  found |= DLC_CPU_AVX512;
  found |= has(c7, 11) ? DLC_CPU_AVX512_VNNI : 0;
  found |= has(a71, 5) ? DLC_CPU_AVX512_BF16 : 0;
  found |= has(d7, 23) ? DLC_CPU_AVX512_FP16 : 0;
  if ((state & 0x60000) == 0x60000 && has(d7, 24) && requestTiles()) {
    found |= has(d7, 25) ? DLC_CPU_AMX_INT8 : 0;
    found |= has(d7, 22) ? DLC_CPU_AMX_BF16 : 0;
  }
  return found;
}
} // namespace

uint64_t cpuFeatures() {
  // Threads that race here store the same number.
  static std::atomic<uint64_t> known{UINT64_MAX};
  uint64_t features = known.load(std::memory_order_relaxed);
  if (features == UINT64_MAX) {
    features = detect();
    known.store(features, std::memory_order_relaxed);
  }
  return features;
}

} // namespace dlc::rt

// What the processor can do, and how many threads this process may use.
#pragma once
#include <stdint.h>

namespace dlc::rt {

/// DLC_CPU_* bits, as far as the operating system supports them.
uint64_t cpuFeatures();

/// The number of processors in the affinity mask, bounded by the cgroup's quota (v1 and v2, the tightest limit on the
/// way to the root), rounded up; at least 1. `root` is put before every path that is read; "" in real life.
uint32_t availableThreads(const char *root);

/// The quota alone; 0 when there is none.
uint32_t cgroupThreads(const char *root);

} // namespace dlc::rt

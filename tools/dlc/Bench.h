/// \file Timing of runs.
#ifndef DLC_TOOLS_DLC_BENCH_H
#define DLC_TOOLS_DLC_BENCH_H

#include "tools/common/Session.h"

namespace dlc {

/// Latencies of runs in milliseconds, sorted, and how long it took to make them.
struct BenchResult {
  std::vector<double> latencies;
  double seconds = 0;

  /// The latency that a fraction of the runs doesn't exceed (nearest rank).
  double percentile(double fraction) const;
  double runsPerSecond() const { return seconds > 0 ? static_cast<double>(latencies.size()) / seconds : 0; }
};

/// Runs all sessions side by side, each in its own thread, after a warm-up: until `seconds` have passed and each ran
/// five times.
llvm::Expected<BenchResult> benchSessions(std::vector<Session> &sessions, double seconds);

} // namespace dlc

#endif // DLC_TOOLS_DLC_BENCH_H

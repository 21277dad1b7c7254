#include "tools/dlc/Bench.h"
#include "tools/common/Progress.h"
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

namespace dlc {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// What one thread measured; an error ends all.
struct Lane {
  std::vector<double> latencies;
  llvm::Error error = llvm::Error::success();
};

/// At least two runs, and a tenth of the time: caches, clocks and lazily made buffers settle.
llvm::Error warmUp(Session &session, double seconds) {
  Clock::time_point start = Clock::now();
  for (int runs = 0; runs < 2 || (secondsSince(start) < seconds / 10 && runs < 1000); ++runs) {
    if (llvm::Error error = session.run()) {
      return error;
    }
  }
  return llvm::Error::success();
}

llvm::Error measure(Session &session, double seconds, std::vector<double> &latencies, Progress *progress,
                    const std::atomic<bool> &isFailed) {
  constexpr size_t minimumRuns = 5;
  Clock::time_point start = Clock::now();
  while (!isFailed && (latencies.size() < minimumRuns || secondsSince(start) < seconds)) {
    Clock::time_point before = Clock::now();
    if (llvm::Error error = session.run()) {
      return error;
    }
    latencies.push_back(secondsSince(before) * 1e3);
    if (progress) {
      progress->update(static_cast<uint64_t>(secondsSince(start) * 1000));
    }
  }
  return llvm::Error::success();
}

} // namespace

double BenchResult::percentile(double fraction) const {
  if (latencies.empty()) {
    return 0;
  }
  auto rank = static_cast<size_t>(std::ceil(fraction * static_cast<double>(latencies.size())));
  return latencies[std::clamp<size_t>(rank, 1, latencies.size()) - 1];
}

llvm::Expected<BenchResult> benchSessions(std::vector<Session> &sessions, double seconds) {
  std::vector<Lane> lanes(sessions.size());
  std::atomic<bool> isFailed = false;
  std::atomic<size_t> waiting = sessions.size();
  std::atomic<int64_t> startNs = INT64_MAX;
  auto work = [&](size_t index, Progress *progress) {
    lanes[index].error = warmUp(sessions[index], seconds);
    isFailed = isFailed || static_cast<bool>(lanes[index].error);
    waiting.fetch_sub(1);
    while (waiting != 0) {
      std::this_thread::yield();
    }
    int64_t now = Clock::now().time_since_epoch().count(), seen = startNs;
    while (now < seen && !startNs.compare_exchange_weak(seen, now)) {
    }
    if (!lanes[index].error) {
      lanes[index].error = measure(sessions[index], seconds, lanes[index].latencies, progress, isFailed);
      isFailed = isFailed || static_cast<bool>(lanes[index].error);
    }
  };
  Progress progress("measuring", static_cast<uint64_t>(seconds * 1000));
  std::vector<std::thread> others;
  for (size_t i = 1; i < sessions.size(); ++i) {
    others.emplace_back(work, i, nullptr);
  }
  work(0, &progress);
  for (std::thread &other : others) {
    other.join();
  }
  BenchResult result;
  result.seconds = std::chrono::duration<double>(Clock::now().time_since_epoch() - Clock::duration(startNs)).count();
  llvm::Error error = llvm::Error::success();
  for (Lane &lane : lanes) {
    error = error ? (llvm::consumeError(std::move(lane.error)), std::move(error)) : std::move(lane.error);
    result.latencies.insert(result.latencies.end(), lane.latencies.begin(), lane.latencies.end());
  }
  std::sort(result.latencies.begin(), result.latencies.end());
  return error ? llvm::Expected<BenchResult>(std::move(error)) : std::move(result);
}

} // namespace dlc

// Where threads find work: lanes that name open steps, and a place to sleep.
#pragma once
#include "support/Vector.h"
#include <atomic>
#include <pthread.h>

namespace dlc::rt {

/// Steps that are open for claiming are published in lanes; when all lanes are taken they wait in a queue.
struct Pool {
  static constexpr uint32_t laneCount = 16;

  alignas(64) std::atomic<uint32_t> lanes[laneCount]; ///< step, or DLC_NONE
  alignas(64) std::atomic<uint32_t> sleepers{0};
  std::atomic<uint32_t> epoch{0};
  std::atomic<bool> quit{false};
  alignas(64) pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; ///< of the queue, and of empty lanes
  Vector<uint32_t> queue;                                       ///< a ring; never full, since a step waits at most once
  size_t first = 0, waiting = 0;
  uint64_t spin = 0; ///< nanoseconds

  Pool() {
    for (std::atomic<uint32_t> &lane : lanes) {
      lane.store(free, std::memory_order_relaxed);
    }
  }
  static constexpr uint32_t free = 0xffffffffu;

  /// Wakes up to `count` sleeping threads.
  void wake(uint32_t count);
  /// Sleeps until the next wake, unless `epoch` has changed from `seen` already.
  void sleep(uint32_t seen);
};

} // namespace dlc::rt

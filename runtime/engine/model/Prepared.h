// Constants that kernels make of others, once for all contexts of a model.
#pragma once
#include "support/Error.h"
#include <atomic>
#include <pthread.h>
#include <stddef.h>

namespace dlc::rt {

/// The block that holds them, outside of any allocator of the user's, like the artifact's mapping: read-only once it is
/// written, in huge pages where it is large.
class Prepared {
public:
  Prepared() = default;
  Prepared(const Prepared &) = delete;
  Prepared &operator=(const Prepared &) = delete;
  ~Prepared();

  /// Null before `prepare` has succeeded.
  const char *data() const { return ready.load(std::memory_order_acquire) ? block : nullptr; }

  /// Writes the constants on up to `threads` threads, unless that is done, and gives back the memory of what they are
  /// made of. Callers on other threads wait. After a failure other than a lack of memory, all calls fail.
  dlc_status prepare(const dlc_model &model, uint32_t threads, Error &error);

private:
  dlc_status reserve(uint64_t size, Error &error);

  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  void *mapping = nullptr; ///< what to unmap
  size_t mapped = 0;
  char *block = nullptr;
  std::atomic<bool> ready{false};
  Error failure; ///< sources may be gone: it cannot be tried again
};

} // namespace dlc::rt

// A thread that runs entries for callers that do not want to wait.
#pragma once
#include "dlc/runtime.h"
#include <pthread.h>

namespace dlc::rt {

struct Async {
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
  pthread_t thread = {};
  bool started = false, requested = false, running = false, quit = false;
  size_t entry = 0;
  dlc_done_fn done = nullptr;
  void *user = nullptr;
  dlc_status status = DLC_OK;
};

struct Error;

/// Hands a run to the context's thread, which starts with the first such run; the context is acquired already.
dlc_status startAsync(dlc_context &context, size_t entry, dlc_done_fn done, void *user, Error &error);
/// Waits until no such run is in flight.
dlc_status waitAsync(dlc_context &context);
/// Ends the thread.
void stopAsync(dlc_context &context);
/// Starts a thread that receives no signals.
bool startThread(pthread_t &thread, void *(*body)(void *), void *argument);

} // namespace dlc::rt

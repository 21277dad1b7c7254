#include "exec/Context.h"
#include <signal.h>

namespace dlc::rt {

bool startThread(pthread_t &thread, void *(*body)(void *), void *argument) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool ok = pthread_create(&thread, nullptr, body, argument) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return ok;
}

static void *asyncMain(void *argument) {
  dlc_context &c = *static_cast<dlc_context *>(argument);
  Async &a = c.async;
  pthread_mutex_lock(&a.lock);
  for (;;) {
    while (!a.requested && !a.quit) {
      pthread_cond_wait(&a.changed, &a.lock);
    }
    if (!a.requested) {
      break;
    }
    a.requested = false;
    size_t entry = a.entry;
    dlc_done_fn done = a.done;
    void *user = a.user;
    pthread_mutex_unlock(&a.lock);
    dlc_status status = runEntry(c, entry);
    pthread_mutex_lock(&a.lock);
    a.running = false;
    a.status = status;
    c.busy.store(false, std::memory_order_release);
    pthread_cond_broadcast(&a.changed);
    if (done) {
      pthread_mutex_unlock(&a.lock);
      done(user, &c, status);
      pthread_mutex_lock(&a.lock);
    }
  }
  pthread_mutex_unlock(&a.lock);
  return nullptr;
}

dlc_status startAsync(dlc_context &c, size_t entry, dlc_done_fn done, void *user, Error &error) {
  Async &a = c.async;
  pthread_mutex_lock(&a.lock);
  dlc_status status = DLC_OK;
  if (!a.started && !(a.started = startThread(a.thread, asyncMain, &c))) {
    status = fail(error, DLC_OUT_OF_MEMORY, "cannot start a thread for asynchronous runs");
  } else {
    a.entry = entry, a.done = done, a.user = user;
    a.requested = a.running = true;
    pthread_cond_broadcast(&a.changed);
  }
  pthread_mutex_unlock(&a.lock);
  return status;
}

dlc_status waitAsync(dlc_context &c) {
  Async &a = c.async;
  pthread_mutex_lock(&a.lock);
  while (a.running) {
    pthread_cond_wait(&a.changed, &a.lock);
  }
  dlc_status status = a.status;
  pthread_mutex_unlock(&a.lock);
  return status;
}

void stopAsync(dlc_context &c) {
  Async &a = c.async;
  pthread_mutex_lock(&a.lock);
  a.quit = true;
  bool started = a.started;
  pthread_cond_broadcast(&a.changed);
  pthread_mutex_unlock(&a.lock);
  if (started) {
    pthread_join(a.thread, nullptr);
  }
}

} // namespace dlc::rt

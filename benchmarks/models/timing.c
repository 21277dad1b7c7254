/* Calls one function of an engine's C interface again and again, and notes how long each call took: what a call costs
 * from Python is left out. peers.py builds this as a shared library. */
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* A bound call: arguments are pointers and sizes, all of a register's width. A result other than 0 is a failure. */
struct call {
  void *function;
  size_t count; /* of arguments: 1, 2 or 8 */
  uintptr_t arguments[8];
};

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static uintptr_t invoke(const struct call *call) {
  typedef uintptr_t word;
  const word *a = call->arguments;
  switch (call->count) {
  case 1:
    return (word)((int (*)(word))call->function)(a[0]);
  case 2:
    return (word)((int (*)(word, word))call->function)(a[0], a[1]);
  default: /* OrtApi::Run, which returns a pointer */
    return ((word (*)(word, word, word, word, word, word, word, word))call->function)(a[0], a[1], a[2], a[3], a[4],
                                                                                      a[5], a[6], a[7]);
  }
}

/* Runs for so many seconds, 3 times at least, `capacity` times at most; returns how many times in `ms` are valid, and
 * the first result other than 0 in `failure`, after which nothing more is run. */
size_t time_calls(const struct call *call, double seconds, double *ms, size_t capacity, uintptr_t *failure) {
  double start = now_ms(), end = start + seconds * 1e3;
  size_t count = 0;
  *failure = 0;
  while (count < capacity && (count < 3 || start < end)) {
    if ((*failure = invoke(call)) != 0) {
      return count;
    }
    double stop = now_ms();
    ms[count++] = stop - start;
    start = stop;
  }
  return count;
}

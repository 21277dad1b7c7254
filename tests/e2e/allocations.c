/* allocations MODEL THREADS RUNS: runs a compiled model, and expects that runs after the first ask for no memory.
 * Everything that gives, returns or maps memory or starts a thread is interposed, for all threads; linked with the
 * static engine, so that each of its calls comes by here. Symbolic dims get their least size (at least 1), inputs are
 * zeros. */
#define _GNU_SOURCE
#include "dlc/runtime.h"
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MALLOC, FREE, MMAP, MUNMAP, MREMAP, MADVISE, MPROTECT, BRK, THREAD, KINDS };
static const char *const names[KINDS] = {"malloc",  "free",     "mmap", "munmap",        "mremap",
                                         "madvise", "mprotect", "brk",  "pthread_create"};
static atomic_long calls[KINDS];

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);
void *malloc(size_t size) {
  ++calls[MALLOC];
  return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
  ++calls[MALLOC];
  return __libc_calloc(count, size);
}
void *realloc(void *pointer, size_t size) {
  ++calls[MALLOC];
  return __libc_realloc(pointer, size);
}
void *memalign(size_t alignment, size_t size) {
  ++calls[MALLOC];
  return __libc_memalign(alignment, size);
}
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void **pointer, size_t alignment, size_t size) {
  *pointer = memalign(alignment, size);
  return *pointer ? 0 : ENOMEM;
}
void free(void *pointer) {
  calls[FREE] += pointer != NULL;
  __libc_free(pointer);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
  ++calls[MMAP];
  return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}
void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
  return mmap(at, size, protection, flags, fd, offset);
}
int munmap(void *at, size_t size) {
  ++calls[MUNMAP];
  return (int)syscall(SYS_munmap, at, size);
}
void *mremap(void *at, size_t old, size_t size, int flags, ...) {
  ++calls[MREMAP];
  return (void *)syscall(SYS_mremap, at, old, size, flags, NULL);
}
int madvise(void *at, size_t size, int advice) {
  ++calls[MADVISE];
  return (int)syscall(SYS_madvise, at, size, advice);
}
int mprotect(void *at, size_t size, int protection) {
  ++calls[MPROTECT];
  return (int)syscall(SYS_mprotect, at, size, protection);
}
/* Only malloc itself may move the break, and it does not come by here. */
void *sbrk(intptr_t by) {
  (void)by;
  ++calls[BRK];
  errno = ENOMEM;
  return (void *)-1;
}
int brk(void *end) {
  (void)end;
  return sbrk(0) ? -1 : 0;
}

typedef void *(*start_fn)(void *);
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, start_fn run, void *argument) {
  typedef int (*create_fn)(pthread_t *, const pthread_attr_t *, start_fn, void *);
  create_fn original;
  *(void **)&original = dlsym(RTLD_NEXT, "pthread_create");
  ++calls[THREAD];
  return original(thread, attributes, run, argument);
}

#define MAX_PORTS 64

static void check(dlc_status status, const char *what) {
  if (status != DLC_OK) {
    fprintf(stderr, "%s: %s\n", what, dlc_last_error());
    exit(2);
  }
}

/* A tensor of zeros for an input. */
static dlc_tensor zeros(const dlc_port *port) {
  dlc_tensor tensor = DLC_TENSOR_INIT;
  size_t count = 1;
  tensor.dtype = port->dtype;
  tensor.rank = port->rank;
  for (uint32_t i = 0; i < port->rank; ++i) {
    int64_t least = port->dims[i].min > 1 ? port->dims[i].min : 1;
    tensor.dims[i] = port->dims[i].size >= 0 ? port->dims[i].size : least;
    count *= (size_t)tensor.dims[i];
  }
  tensor.byte_size = (count * dlc_dtype_bits(port->dtype) + 7) / 8;
  tensor.data = calloc(1, tensor.byte_size + 64);
  return tensor;
}

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "usage: allocations MODEL THREADS RUNS\n");
    return 2;
  }
  dlc_model *model;
  dlc_context *context;
  dlc_context_options options = DLC_CONTEXT_OPTIONS_INIT;
  options.threads = (uint32_t)atoi(arguments[2]);
  check(dlc_model_load_file(arguments[1], NULL, &model), "load");
  check(dlc_context_create(model, &options, &context), "create");
  size_t inputs = dlc_model_input_count(model, 0), outputs = dlc_model_output_count(model, 0);
  dlc_tensor in[MAX_PORTS], out[MAX_PORTS];
  if (inputs > MAX_PORTS || outputs > MAX_PORTS) {
    fprintf(stderr, "expected at most %d inputs and outputs\n", MAX_PORTS);
    return 2;
  }
  for (size_t i = 0; i < inputs; ++i) {
    dlc_port port = {.struct_size = sizeof port};
    check(dlc_model_input(model, 0, i, &port), "input");
    in[i] = zeros(&port);
  }
  long before[KINDS] = {0};
  for (int run = 1, runs = atoi(arguments[3]); run <= runs; ++run) {
    for (size_t i = 0; i < outputs; ++i) {
      out[i] = (dlc_tensor)DLC_TENSOR_INIT;
    }
    check(dlc_run(context, 0, in, inputs, out, outputs), "run");
    for (int kind = 0; run == 1 && kind < KINDS; ++kind) {
      before[kind] = calls[kind];
    }
  }
  int bad = 0;
  for (int kind = 0; kind < KINDS; ++kind) {
    long made = calls[kind] - before[kind];
    if (made) {
      printf("%ld calls of %s after the first run\n", made, names[kind]);
      bad = 1;
    }
  }
  if (before[MALLOC] == 0 || before[MMAP] == 0) {
    printf("expected loading to allocate and map: the interposition does not work\n");
    bad = 1;
  }
  dlc_context_destroy(context);
  dlc_model_release(model);
  return bad;
}

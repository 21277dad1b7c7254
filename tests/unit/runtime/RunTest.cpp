// Failures, cancellation, asynchronous runs, profiles; and that runs of known sizes allocate nothing.
#include "Builder.h"
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>

using namespace dlc::test;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifndef SANITIZED
// Every allocation of the process comes by here.
static std::atomic<long> allocations{0};
extern "C" {
void *__libc_malloc(size_t);
void *__libc_memalign(size_t, size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *malloc(size_t n) { return ++allocations, __libc_malloc(n); }
void *calloc(size_t n, size_t m) { return ++allocations, __libc_calloc(n, m); }
void *realloc(void *p, size_t n) { return ++allocations, __libc_realloc(p, n); }
void *memalign(size_t a, size_t n) { return ++allocations, __libc_memalign(a, n); }
void *aligned_alloc(size_t a, size_t n) { return ++allocations, __libc_memalign(a, n); }
int posix_memalign(void **p, size_t a, size_t n) {
  ++allocations;
  *p = __libc_memalign(a, n);
  return *p ? 0 : 12;
}
}
#endif

namespace {

dlc_context *started(const Builder &from, uint32_t threads, dlc_model *&model) {
  static std::vector<Blob> blobs;
  Builder b = from;
  blobs.push_back(b.finish());
  model = load(blobs.back());
  EXPECT_TRUE(model) << dlc_last_error();
  return context(model, threads);
}

/// One step of `tiles` tiles of a kernel without operands.
Builder single(dlc_kernel_fn fn, int64_t tiles) {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main);
  b.step(s, DLC_STEP_DISPATCH, b.kernel("k", fn), {}, {}, 0, b.constant(s, tiles));
  b.entry("main", main);
  return b;
}

#ifndef SANITIZED
TEST(Run, AllocatesNothingAfterTheFirst) {
  for (int64_t n : {1000, -1}) {
    for (uint32_t threads : {1, 3}) {
      dlc_model *m;
      dlc_context *c = started(diamond(n), threads, m);
      std::vector<float> x(1000, 1), y(1000);
      dlc_tensor in = tensor(x.data(), DLC_F32, {1000}), out = tensor(y.data(), DLC_F32, {1000});
      ASSERT_EQ(dlc_run(c, 0, &in, 1, &out, 1), DLC_OK);
      long before = allocations;
      for (int run = 2; run <= 100; ++run) {
        dlc_run(c, 0, &in, 1, &out, 1);
      }
      EXPECT_EQ(allocations - before, 0) << n << " " << threads;
      dlc_context_destroy(c);
      dlc_model_release(m);
    }
  }
}
#endif

TEST(Run, CallersAllocatorSeesEverythingBack) {
  struct Counter {
    std::atomic<size_t> live{0}, calls{0};
  } counter;
  dlc_allocator allocator = {[](void *user, size_t size, size_t alignment) -> void * {
                               auto *k = static_cast<Counter *>(user);
                               k->live += size, ++k->calls;
                               return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
                             },
                             [](void *user, void *p, size_t size) {
                               static_cast<Counter *>(user)->live -= size;
                               free(p);
                             },
                             &counter};
  Blob blob = diamond(1000).finish();
  dlc_model *m = load(blob);
  dlc_context_options o = DLC_CONTEXT_OPTIONS_INIT;
  o.threads = 2;
  o.allocator = &allocator;
  dlc_context *c = nullptr;
  ASSERT_EQ(dlc_context_create(m, &o, &c), DLC_OK);
  std::vector<float> x(1000, 1);
  dlc_tensor in = tensor(x.data(), DLC_F32, {1000}), out = DLC_TENSOR_INIT;
  EXPECT_EQ(dlc_run(c, 0, &in, 1, &out, 1), DLC_OK);
  EXPECT_GT(counter.calls, 0u);
  dlc_context_destroy(c);
  EXPECT_EQ(counter.live, 0u);
  allocator.allocate = [](void *, size_t, size_t) -> void * { return nullptr; };
  EXPECT_EQ(dlc_context_create(m, &o, &c), DLC_OUT_OF_MEMORY);
  dlc_model_release(m);
}

TEST(Run, FailuresNameTheStep) {
  for (uint32_t threads : {1, 2}) {
    dlc_model *m;
    dlc_context *c = started(single(kernelFail, 100), threads, m);
    EXPECT_EQ(dlc_context_run(c, 0), DLC_RUN_FAILED);
    EXPECT_NE(strstr(dlc_last_error(), "step 'step0.0': an index is out of range in kernel 'k'"), nullptr)
        << dlc_last_error();
    EXPECT_STREQ(dlc_context_error(c), dlc_last_error());
    EXPECT_EQ(dlc_context_run(c, 0), DLC_RUN_FAILED);
    dlc_context_destroy(c);
    dlc_model_release(m);
  }
}

TEST(Run, NoTilesSkipTheKernel) {
  dlc_model *m;
  dlc_context *c = started(single(kernelFail, 0), 2, m);
  EXPECT_EQ(dlc_context_run(c, 0), DLC_OK);
  dlc_context_destroy(c);
  dlc_model_release(m);
}

/// Exporters declare scalars and feed vectors of one element.
TEST(Run, OneElementStandsForAScalar) {
  Builder b;
  uint32_t main = b.block("main");
  b.stage(main);
  b.input("x", DLC_F32, {});
  b.entry("main", main);
  dlc_model *m;
  dlc_context *c = started(b, 1, m);
  float data[2] = {1, 2};
  dlc_tensor one = tensor(data, DLC_F32, {1, 1}), two = tensor(data, DLC_F32, {2});
  EXPECT_EQ(dlc_context_set_input(c, 0, 0, &one), DLC_OK) << dlc_last_error();
  EXPECT_EQ(dlc_context_set_input(c, 0, 0, &two), DLC_SHAPE_MISMATCH);
  dlc_context_destroy(c);
  dlc_model_release(m);
}

int32_t kernelSlow(void *const *, const int64_t *, int64_t, int64_t, void *) {
  usleep(2000);
  return 0;
}

/// A loop of very many slow iterations.
Builder slowLoop() {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main), body = b.block("body"), bs = b.stage(body);
  b.step(bs, DLC_STEP_DISPATCH, b.kernel("slow", kernelSlow), {}, {}, 0, b.constant(bs, 8));
  b.step(s, DLC_STEP_LOOP, body, {}, {}, 0, none, {none, none, none, none, none, 0, 0});
  b.entry("main", main);
  return b;
}

TEST(Run, CancelsFromAnotherThread) {
  for (uint32_t threads : {1, 2}) {
    dlc_model *m;
    dlc_context *c = started(slowLoop(), threads, m);
    for (int again = 0; again < 3; ++again) {
      std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        dlc_context_cancel(c);
      });
      EXPECT_EQ(dlc_context_run(c, 0), DLC_CANCELLED);
      other.join();
    }
    EXPECT_STREQ(dlc_last_error(), "the run was cancelled");
    dlc_context_destroy(c);
    dlc_model_release(m);
  }
}

TEST(Run, AsynchronousRunsReportAndRefuse) {
  dlc_model *m;
  dlc_context *c = started(slowLoop(), 2, m);
  static std::atomic<int> done{-1};
  ASSERT_EQ(dlc_context_run_async(
                c, 0, [](void *, dlc_context *, dlc_status s) { done = int(s); }, nullptr),
            DLC_OK);
  EXPECT_EQ(dlc_context_run(c, 0), DLC_BUSY);
  EXPECT_EQ(dlc_context_run_async(c, 0, nullptr, nullptr), DLC_BUSY);
  EXPECT_EQ(dlc_context_trim(c), DLC_BUSY);
  dlc_context_cancel(c);
  EXPECT_EQ(dlc_context_wait(c), DLC_CANCELLED);
  ASSERT_EQ(dlc_context_run_async(c, 0, nullptr, nullptr), DLC_OK);
  dlc_context_destroy(c); // cancels
  EXPECT_EQ(done, int(DLC_CANCELLED));
  dlc_model_release(m);
}

TEST(Run, CallbacksMayStartTheNextRun) {
  dlc_model *m;
  dlc_context *c = started(diamond(100), 2, m);
  std::vector<float> x(100, 1);
  dlc_tensor in = tensor(x.data(), DLC_F32, {100});
  ASSERT_EQ(dlc_context_set_input(c, 0, 0, &in), DLC_OK);
  struct State {
    std::atomic<int> runs{0};
  } state;
  dlc_done_fn again = nullptr;
  static dlc_done_fn self;
  again = [](void *user, dlc_context *context, dlc_status) {
    if (++static_cast<State *>(user)->runs < 50) {
      dlc_context_run_async(context, 0, self, user);
    }
  };
  self = again;
  ASSERT_EQ(dlc_context_run_async(c, 0, again, &state), DLC_OK);
  while (state.runs < 50) {
    usleep(100);
  }
  dlc_context_destroy(c);
  dlc_model_release(m);
}

TEST(Run, ProfileCountsEveryTile) {
  for (uint32_t threads : {1, 3}) {
    dlc_model *m;
    dlc_context *c = started(diamond(1000), threads, m);
    ASSERT_EQ(dlc_context_set_profile(c, 1), DLC_OK);
    std::vector<float> x(1000, 1);
    dlc_tensor in = tensor(x.data(), DLC_F32, {1000}), out = DLC_TENSOR_INIT;
    for (int run = 0; run < 3; ++run) {
      ASSERT_EQ(dlc_run(c, 0, &in, 1, &out, 1), DLC_OK);
      int64_t tiles[4] = {};
      for (size_t i = 0; i < dlc_context_profile_count(c); ++i) {
        dlc_profile_event e;
        ASSERT_EQ(dlc_context_profile_event(c, i, &e), DLC_OK);
        ASSERT_LT(e.step, 4u);
        EXPECT_LE(e.start_ns, e.end_ns);
        EXPECT_LT(e.thread, threads);
        EXPECT_STREQ(e.strategy, "test");
        tiles[e.step] += e.tiles;
      }
      for (int64_t t : tiles) {
        EXPECT_EQ(t, 63);
      }
    }
    dlc_context_destroy(c);
    dlc_model_release(m);
  }
}

} // namespace

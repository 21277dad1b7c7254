// Dependencies, threads, static and symbolic sizes, and the checks of what callers bind.
#include "Builder.h"
#include <gtest/gtest.h>
#include <thread>

using namespace dlc::test;

namespace {

struct Fixture {
  explicit Fixture(Builder builder, uint32_t threads = 1, uint64_t seed = 0) : blob(builder.finish()) {
    model = load(blob);
    EXPECT_TRUE(model) << dlc_last_error();
    c = model ? context(model, threads, seed) : nullptr;
    EXPECT_TRUE(c) << dlc_last_error();
  }
  ~Fixture() {
    dlc_context_destroy(c);
    dlc_model_release(model);
  }
  Blob blob;
  dlc_model *model;
  dlc_context *c;
};

/// Runs the diamond on n elements; true when every element is right.
bool runDiamond(dlc_context *c, int64_t n) {
  std::vector<float> x(size_t(n) + 1), y(size_t(n) + 1, -1);
  for (int64_t i = 0; i < n; ++i) {
    x[size_t(i)] = float(i % 1000);
  }
  dlc_tensor in = tensor(x.data(), DLC_F32, {n}), out = tensor(y.data(), DLC_F32, {n});
  if (dlc_run(c, 0, &in, 1, &out, 1) != DLC_OK) {
    return false;
  }
  for (int64_t i = 0; i < n; ++i) {
    if (y[size_t(i)] != 5 * x[size_t(i)] + 2) {
      return false;
    }
  }
  return out.rank == 1 && out.dims[0] == n && y[size_t(n)] == -1;
}

TEST(Graph, DiamondOnAnyNumberOfThreads) {
  for (uint32_t threads : {1, 2, 3, 7}) {
    Fixture f(diamond(1000), threads);
    for (int run = 0; run < 200; ++run) {
      ASSERT_TRUE(runDiamond(f.c, 1000)) << threads << dlc_last_error();
    }
  }
}

TEST(Graph, TilesInRandomOrder) {
  for (uint32_t threads : {1, 3}) {
    Fixture f(diamond(5000), threads, 17);
    for (int run = 0; run < 20; ++run) {
      ASSERT_TRUE(runDiamond(f.c, 5000)) << dlc_last_error();
    }
  }
}

TEST(Graph, SymbolicSizesAreCachedAndBounded) {
  Fixture f(diamond(-1), 2);
  for (int run = 0; run < 3; ++run) {
    for (int64_t n : {0, 1, 16, 17, 500, 3, 4000}) {
      ASSERT_TRUE(runDiamond(f.c, n)) << n << dlc_last_error();
    }
  }
  for (int64_t n = 0; n < 60; ++n) {
    ASSERT_TRUE(runDiamond(f.c, n)) << n << dlc_last_error();
  }
  ASSERT_EQ(dlc_context_trim(f.c), DLC_OK);
  ASSERT_TRUE(runDiamond(f.c, 100)) << dlc_last_error();
}

TEST(Graph, ContextOwnsOutputsByDefault) {
  Fixture f(diamond(20));
  std::vector<float> x(20, 1);
  dlc_tensor in = tensor(x.data(), DLC_F32, {20}), out = DLC_TENSOR_INIT;
  ASSERT_EQ(dlc_run(f.c, 0, &in, 1, &out, 1), DLC_OK) << dlc_last_error();
  ASSERT_TRUE(out.data);
  EXPECT_EQ(static_cast<float *>(out.data)[19], 7);
  EXPECT_EQ(out.byte_size, 80u);
}

TEST(Graph, ContextsOfOneModelRunSideBySide) {
  Fixture f(diamond(-1), 2);
  std::vector<std::thread> threads;
  bool good[4] = {};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      dlc_context *c = context(f.model, 2);
      good[t] = true;
      for (int i = 0; i < 50; ++i) {
        good[t] &= runDiamond(c, 100 + t);
      }
      dlc_context_destroy(c);
    });
  }
  for (std::thread &t : threads) {
    t.join();
  }
  for (bool ok : good) {
    EXPECT_TRUE(ok);
  }
}

TEST(Graph, ModelOutlivesItsRelease) {
  Blob blob = diamond(32).finish();
  dlc_model *m = load(blob);
  dlc_context *c = context(m, 1);
  dlc_model_release(m);
  EXPECT_TRUE(runDiamond(c, 32));
  dlc_context_destroy(c);
}

TEST(Graph, WideGraphOverflowsTheLanes) {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main), scale = b.kernel("scale", kernelScale);
  uint32_t x = b.input("x", DLC_F32, {64}), n = b.constant(s, 64), tiles = b.constant(s, 4);
  uint32_t add = b.kernel("add", kernelAdd), sum = b.frameTensor(s, "sum", DLC_F32, {64});
  uint32_t last = none, total = x;
  for (int i = 0; i < 100; ++i) {
    uint32_t v = b.frameTensor(s, "v", DLC_F32, {64});
    uint32_t k = b.step(s, DLC_STEP_DISPATCH, scale, {x, v}, {n}, 1, tiles);
    uint32_t t = b.step(s, DLC_STEP_DISPATCH, add, {total, v, sum}, {n}, 1, tiles);
    b.after(s, k, t);
    if (last != none) {
      b.after(s, last, t);
    }
    last = t, total = sum;
  }
  uint32_t y = b.output("y", DLC_F32, {n}, b.constant(s, 256));
  b.after(s, last, b.step(s, DLC_STEP_COPY, none, {sum, y}));
  b.entry("main", main);
  for (uint32_t threads : {1, 2, 5}) {
    Fixture f(b, threads);
    for (int run = 0; run < 50; ++run) {
      std::vector<float> in(64, 1);
      dlc_tensor t = tensor(in.data(), DLC_F32, {64}), out = DLC_TENSOR_INIT;
      ASSERT_EQ(dlc_run(f.c, 0, &t, 1, &out, 1), DLC_OK) << dlc_last_error();
      for (int i = 0; i < 64; ++i) {
        ASSERT_EQ(static_cast<float *>(out.data)[i], 301);
      }
    }
  }
}

TEST(Graph, EveryWrongBindingSaysWhatIsWrong) {
  Fixture f(diamond(20));
  std::vector<float> x(21);
  dlc_tensor out = DLC_TENSOR_INIT;
  auto run = [&](dlc_tensor in) { return dlc_run(f.c, 0, &in, 1, &out, 1); };
  EXPECT_EQ(run(tensor(x.data(), DLC_F32, {19})), DLC_SHAPE_MISMATCH);
  EXPECT_STREQ(dlc_last_error(), "input 'x': expected dimension 0 to be 20, got 19");
  EXPECT_EQ(run(tensor(x.data(), DLC_I32, {20})), DLC_SHAPE_MISMATCH);
  EXPECT_EQ(run(tensor(x.data(), DLC_F32, {20, 1})), DLC_SHAPE_MISMATCH);
  EXPECT_EQ(run(tensor(reinterpret_cast<char *>(x.data()) + 1, DLC_F32, {20})), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(run(tensor(nullptr, DLC_F32, {20})), DLC_INVALID_ARGUMENT);
  dlc_tensor small = tensor(x.data(), DLC_F32, {20});
  small.byte_size = 79;
  EXPECT_EQ(run(small), DLC_SHAPE_MISMATCH);
  small.struct_size = 8;
  EXPECT_EQ(run(small), DLC_INVALID_ARGUMENT);
  float room[2];
  out = tensor(room, DLC_F32, {2});
  EXPECT_EQ(run(tensor(x.data(), DLC_F32, {20})), DLC_SHAPE_MISMATCH);
  EXPECT_EQ(dlc_context_run(f.c, 1), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_context_set_input(f.c, 0, 1, nullptr), DLC_INVALID_ARGUMENT);
  dlc_context *fresh = context(f.model, 1);
  EXPECT_EQ(dlc_context_run(fresh, 0), DLC_INVALID_ARGUMENT);
  EXPECT_STREQ(dlc_last_error(), "input 'x' was not given");
  dlc_context_destroy(fresh);
}

TEST(Graph, ModelAnswersQuestions) {
  Fixture f(diamond(-1));
  EXPECT_STREQ(dlc_model_name(f.model), "test");
  EXPECT_STREQ(dlc_model_entry_name(f.model, 0), "main");
  dlc_port port = {};
  port.struct_size = sizeof port;
  ASSERT_EQ(dlc_model_input(f.model, 0, 0, &port), DLC_OK);
  EXPECT_STREQ(port.name, "x");
  EXPECT_EQ(port.dims[0].size, -1);
  EXPECT_STREQ(port.dims[0].symbol, "n");
  size_t index = 9;
  EXPECT_EQ(dlc_model_find_output(f.model, 0, "y", &index), DLC_OK);
  EXPECT_EQ(index, 0u);
  EXPECT_EQ(dlc_model_find_output(f.model, 0, "z", &index), DLC_NOT_FOUND);
  dlc_memory memory = {};
  memory.struct_size = sizeof memory;
  dlc_tensor in = tensor(nullptr, DLC_F32, {100});
  ASSERT_EQ(dlc_model_memory(f.model, 0, &in, 1, 1, &memory), DLC_OK) << dlc_last_error();
  EXPECT_EQ(memory.frames, 3u * 448);
  EXPECT_EQ(memory.outputs, 400u);
  EXPECT_EQ(memory.complete, 1u);
}

} // namespace

// Programs in which any byte may be wrong: loading refuses them, or running them ends in order.
#include "Builder.h"
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
extern "C" const char *__asan_default_options() { return "allocator_may_return_null=1:max_allocation_size_mb=4096"; }
#endif
#if __has_feature(thread_sanitizer)
extern "C" const char *__tsan_default_options() { return "allocator_may_return_null=1:max_allocation_size_mb=4096"; }
#endif
#endif

using namespace dlc::test;

namespace {

/// A program with some of everything. Kernels do nothing, since their sizes may be wrong.
Builder everything() {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main), s1 = b.stage(main);
  uint32_t body = b.block("body"), bs = b.stage(body), yes = b.block("then"), ys = b.stage(yes), no = b.block("else");
  uint32_t f = b.block("f"), fs = b.stage(f);
  uint32_t nothing = b.kernel("nothing", kernelNothing);
  uint32_t x = b.input("x", DLC_F32, {-1, 4}, DLC_KIND_TENSOR, {"n"});
  uint32_t trips = b.input("trips", DLC_I64, {}), flag = b.input("flag", DLC_BOOL, {});
  uint32_t n = b.dim(s, DLC_DIM_VALUE_DIM, x, 0), four = b.constant(s, 4), bytes = b.dim(s, DLC_DIM_MUL, n, four);
  b.dim(s, DLC_DIM_CHECK_LE, n, b.constant(s, 100), b.text("n"));
  b.dim(s, DLC_DIM_COUNT_INPUT, x, 0);
  uint32_t room = b.dim(s, DLC_DIM_MUL, b.dim(s, DLC_DIM_MUL, bytes, four), b.constant(s, 2));
  uint32_t t = b.value("t", DLC_KIND_TENSOR, DLC_F32, {n, four}, DLC_STORAGE_FRAME, s, none, room);
  uint32_t flat = b.value("flat", DLC_KIND_TENSOR, DLC_F32, {bytes}, DLC_STORAGE_ALIAS, t, none, bytes);
  b.stages[s].abi.frame_size = room;
  float weights[4] = {1, 2, 3, 4};
  uint32_t w = b.constantTensor(s, "w", DLC_F32, {4}, weights, 16);
  std::string words("\0\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0abc", 19);
  uint32_t text = b.constantTensor(s, "text", DLC_STRING, {1}, words.data(), words.size());
  uint32_t made = b.preparedTensor(s, "made", DLC_F32, {4}, nothing, std::string(8, 1), 3, {4, 5});
  uint32_t state = b.value("state", DLC_KIND_TENSOR, DLC_F32, {four}, DLC_STORAGE_VARIABLE, 0, none, b.constant(s, 16));
  b.variables.push_back({b.text("state"), 0, b.constant(s, 16), state});
  uint32_t one = b.constant(s, 1);
  uint32_t k0 = b.step(s, DLC_STEP_DISPATCH, nothing, {x, w, made, state, t}, {n, four}, 1, n);
  uint32_t p = b.frameTensor(bs, "p", DLC_F32, {4}), r = b.frameTensor(bs, "r", DLC_F32, {4});
  b.stages[bs].abi.frame_value = none;
  b.step(bs, DLC_STEP_DISPATCH, nothing, {p, r}, {}, 1, b.constant(bs, 3));
  uint32_t rows = b.value("rows", DLC_KIND_TENSOR, DLC_F32, {one, four}, DLC_STORAGE_DYNAMIC, 0);
  uint32_t last = b.value("last", DLC_KIND_TENSOR, DLC_F32, {four}, DLC_STORAGE_DYNAMIC, 0);
  uint32_t k1 =
      b.step(s, DLC_STEP_LOOP, body, {}, {}, 0, none, {trips, none, none, none, none, 1, w, p, r, last, 1, r, rows});
  uint32_t yt = b.frameTensor(ys, "yt", DLC_F32, {4});
  b.step(ys, DLC_STEP_COPY, none, {w, yt});
  b.blocks[yes].results = {yt}, b.blocks[no].results = {w};
  uint32_t chosen = b.value("chosen", DLC_KIND_TENSOR, DLC_F32, {four}, DLC_STORAGE_DYNAMIC, 0);
  uint32_t k2 = b.step(s, DLC_STEP_IF, yes, {flag, chosen}, {}, 1, none, {}, no);
  uint32_t fp = b.frameTensor(fs, "fp", DLC_F32, {4});
  uint32_t called = b.value("called", DLC_KIND_TENSOR, DLC_F32, {four}, DLC_STORAGE_DYNAMIC, 0);
  uint32_t k3 = b.step(s, DLC_STEP_CALL, f, {}, {}, 0, none, {1, w, fp, 1, fp, called});
  uint32_t found = b.value("found", DLC_KIND_TENSOR, DLC_I64, {one, one}, DLC_STORAGE_DYNAMIC, 0);
  b.values.back().shape = none; // only the call knows its sizes
  uint32_t k4 = b.step(s, DLC_STEP_HOST_CALL, b.host("nonzero"), {w, found});
  uint32_t copied = b.value("copied", DLC_KIND_STRINGS, DLC_STRING, {one}, DLC_STORAGE_DYNAMIC, 0);
  uint32_t k5 = b.step(s, DLC_STEP_HOST_CALL, b.host("string_copy"), {text, copied});
  uint32_t seq = b.value("seq", DLC_KIND_SEQUENCE, DLC_F32, {}, DLC_STORAGE_DYNAMIC, 0);
  uint32_t k6 = b.step(s, DLC_STEP_HOST_CALL, b.host("split_to_sequence"), {w, seq}, {b.constant(s, 0), one});
  b.after(s, k0, k1), b.after(s, k1, k2), b.after(s, k1, k3), b.after(s, k2, k4), b.after(s, k4, k5);
  b.after(s, k5, k6);
  uint32_t count = b.dim(s1, DLC_DIM_VALUE_DIM, found, 1), read = b.dim(s1, DLC_DIM_READ, found, 1);
  uint32_t size = b.dim(s1, DLC_DIM_ADD, count, read);
  uint32_t y = b.output("y", DLC_F32, {size}, b.dim(s1, DLC_DIM_MUL, size, four));
  b.step(s1, DLC_STEP_DISPATCH, nothing, {flat, found, y}, {size}, 1, size);
  b.outputs.push_back(b.outputs.back());
  b.outputs.back().value = rows, b.outputs.back().rank = 2, b.outputs.back().dims = 0;
  b.feedback.push_back({0, w, state});
  b.entry("main", main);
  return b;
}

/// Two specialisations that exchange the state that they share.
Builder streaming() {
  Builder b;
  b.features |= DLC_FEATURE_SPECIALISATIONS;
  uint32_t add = b.kernel("add", kernelAdd);
  for (int64_t rows : {3, 5}) {
    uint32_t main = b.block("main"), s = b.stage(main);
    uint32_t x = b.input("x", DLC_F32, {rows, 4}), four = b.constant(s, 4), bytes = b.constant(s, 16);
    uint32_t state = b.input("state", DLC_F32, {4}, DLC_KIND_TENSOR, {}, DLC_PORT_FEEDBACK);
    b.values[state].storage = DLC_STORAGE_VARIABLE, b.values[state].index = 0;
    b.values[state].shape = b.pooled({four}), b.values[state].size = bytes;
    if (b.variables.empty()) {
      b.variables.push_back({b.text("state"), none, bytes, state});
    }
    uint32_t middle = b.frameTensor(s, "middle", DLC_F32, {4}), next = b.output("next", DLC_F32, {four}, bytes);
    b.outputs.back().flags = DLC_PORT_FEEDBACK;
    uint32_t first = b.step(s, DLC_STEP_DISPATCH, add, {x, state, middle}, {four}, 1, b.constant(s, 1));
    uint32_t last = b.step(s, DLC_STEP_DISPATCH, add, {middle, state, next}, {four}, 1, b.constant(s, 1));
    b.after(s, first, last);
    b.feedback.push_back({uint32_t(b.entries.size()), next, state});
    b.entry("main", main);
  }
  return b;
}

/// Loads and, when that works, runs for a moment. True when it ran to its end.
bool tryRun(const std::string &elf, uint32_t threads) {
  dlc_model_options o = DLC_MODEL_OPTIONS_INIT;
  o.skip_checksum = 1;
  dlc_model *m = nullptr;
  if (dlc_model_load_memory(elf.data(), elf.size(), &o, &m) != DLC_OK) {
    return false;
  }
  std::atomic<bool> done{false}; // outlives the context, whose callback may come after the wait
  dlc_context *c = context(m, threads);
  dlc_status status = DLC_RUN_FAILED;
  if (c) {
    float x[20] = {};
    int64_t trips = 2;
    bool flag = true;
    dlc_tensor in[3] = {tensor(x, DLC_F32, {5, 4}), tensor(&trips, DLC_I64, {}), tensor(&flag, DLC_BOOL, {})};
    for (size_t i = 0; i < 3; ++i) {
      dlc_context_set_input(c, 0, i, &in[i]);
    }
    dlc_done_fn finished = [](void *user, dlc_context *, dlc_status) {
      *static_cast<std::atomic<bool> *>(user) = true;
    };
    if (dlc_context_run_async(c, 0, finished, &done) == DLC_OK) {
      for (int i = 0; i < 2000 && !done; ++i) {
        std::this_thread::sleep_for(std::chrono::microseconds(i < 1000 ? 10 : 100));
      }
      dlc_context_cancel(c);
      status = dlc_context_wait(c);
    }
  }
  dlc_context_destroy(c);
  dlc_model_release(m);
  return status == DLC_OK;
}

const std::string returnZero("\x31\xc0\xc3", 3); // xor eax,eax; ret

/// The file, and which of its bytes are the program's tables.
struct Victim {
  explicit Victim(Builder b) : builder(std::move(b)) {}
  Builder builder;
  size_t size = Builder(builder).finish().programSize;
  const std::string good = builder.elf(returnZero);
  static constexpr size_t start = Builder::elfProgram;
};

TEST(Corrupt, TheProgramItselfRuns) {
  for (const Builder &b : {everything(), streaming()}) {
    Victim v(b);
    for (uint32_t threads : {1, 2}) {
      EXPECT_TRUE(tryRun(v.good, threads)) << dlc_last_error();
    }
  }
}

void changeBytes(const Victim &v) {
  std::string bytes = v.good;
  size_t ran = 0;
  for (size_t i = v.start; i < v.start + v.size; ++i) {
    for (int change : {0x01, 0x02, 0x40, 0xff}) {
      bytes[i] = char(v.good[i] ^ change);
      ran += tryRun(bytes, 1);
    }
    bytes[i] = v.good[i];
  }
  EXPECT_GT(ran, 0u);
}

void changeWords(const Victim &v) {
  std::string bytes = v.good;
  for (size_t i = v.start; i + 4 <= v.start + v.size; i += 4) {
    for (uint32_t word : {0u, 1u, 7u, 0x7fffffffu, 0x80000000u, 0xfffffffeu, 0xffffffffu}) {
      memcpy(bytes.data() + i, &word, 4);
      tryRun(bytes, 2);
    }
    memcpy(bytes.data() + i, v.good.data() + i, 4);
  }
}

TEST(Corrupt, AnyByteMayBeWrong) { changeBytes(Victim(everything())); }

TEST(Corrupt, AnyWordMayBeWrong) {
  changeWords(Victim(everything()));
  changeWords(Victim(streaming()));
}

TEST(Corrupt, CyclesAndSharedBlocksAreNamed) {
  auto message = [](Builder &b) {
    dlc_model *m = load(b.finish());
    EXPECT_FALSE(m);
    dlc_model_release(m);
    return std::string(dlc_last_error());
  };
  Builder cycle = diamond(16);
  cycle.after(0, 3, 0);
  EXPECT_NE(message(cycle).find("form a cycle"), std::string::npos);
  Builder count = diamond(16);
  count.stages[0].steps[3].abi.dependency_count = 5;
  EXPECT_NE(message(count).find("expected 5"), std::string::npos);
  Builder twice = diamond(16);
  twice.step(0, DLC_STEP_CALL, 0, {}, {}, 0, none, {0, 0});
  EXPECT_NE(message(twice).find("run from two places"), std::string::npos);
  Builder unreached = diamond(16);
  unreached.block("nobody's");
  EXPECT_NE(message(unreached).find("nothing runs block 1"), std::string::npos);
  Builder early = diamond(16);
  early.stages[0].instrs.insert(early.stages[0].instrs.begin(), {DLC_DIM_ADD, early.slots++, 0, 0, 0});
  EXPECT_NE(message(early).find("which nothing has computed"), std::string::npos);
  Builder readOnly = diamond(16);
  readOnly.stages[0].steps[0].args[1] = readOnly.stages[0].steps[0].args[0];
  EXPECT_NE(message(readOnly).find("read-only"), std::string::npos);
}

} // namespace

// Constants that the engine prepares before the first run.
#include "Builder.h"
#include "dlc/inspect.h"
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <gtest/gtest.h>
#include <numeric>
#include <thread>
#include <unistd.h>

using namespace dlc::test;

namespace {

std::atomic<int> calls{0};
/// out[i] = 3 * in[i], in tiles of 16; dims: the number of elements.
int32_t kernelTriple(void *const *buffers, const int64_t *dims, int64_t begin, int64_t end, void *) {
  ++calls;
  auto *in = static_cast<const int16_t *>(buffers[0]);
  auto *out = static_cast<int32_t *>(buffers[1]);
  for (int64_t i = begin * 16; i < end * 16 && i < dims[0]; ++i) {
    out[i] = 3 * in[i];
  }
  return 0;
}
int32_t kernelCopy(void *const *buffers, const int64_t *, int64_t, int64_t, void *) {
  memcpy(buffers[1], buffers[0], 64 * 4);
  return 0;
}

std::string shorts(size_t count, int16_t first) {
  std::vector<int16_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), first);
  return {reinterpret_cast<const char *>(numbers.data()), count * 2};
}

/// The output is a copy of 64 of `count` prepared numbers, which start as 3, 6, 9; before them, another constant.
Builder triples(uint32_t count = 64, dlc_kernel_fn prepare = kernelTriple) {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main);
  int32_t number = 42;
  b.constantTensor(s, "plain", DLC_I32, {1}, &number, 4);
  uint32_t triple = b.kernel("triple", prepare);
  b.preparedTensor(s, "first", DLC_I32, {5}, triple, shorts(5, 100), 1, {5});
  uint32_t c = b.preparedTensor(s, "c", DLC_I32, {count}, triple, shorts(count, 1), (count + 15) / 16, {count});
  uint32_t y = b.output("y", DLC_I32, {b.constant(s, 64)}, b.constant(s, 256));
  b.step(s, DLC_STEP_DISPATCH, b.kernel("copy", kernelCopy), {c, y}, {}, 1, b.constant(s, 1));
  b.entry("main", main);
  return b;
}

void expectTriples(dlc_context *c) {
  ASSERT_TRUE(c) << dlc_last_error();
  dlc_tensor out = DLC_TENSOR_INIT;
  ASSERT_EQ(dlc_run(c, 0, nullptr, 0, &out, 1), DLC_OK) << dlc_last_error();
  for (int32_t i = 0; i < 64; ++i) {
    EXPECT_EQ(static_cast<int32_t *>(out.data)[i], 3 * (i + 1));
  }
}

TEST(Prepared, TheFirstContextPreparesForAll) {
  Blob blob = triples().finish();
  calls = 0;
  dlc_model *m = load(blob);
  ASSERT_TRUE(m) << dlc_last_error();
  EXPECT_EQ(calls, 0); // loading runs no code of the artifact
  dlc_inspect_constant constant;
  ASSERT_EQ(dlc_inspect_get_constant(m, 2, &constant), DLC_OK);
  EXPECT_EQ(constant.data, nullptr);
  dlc_context *first = context(m, 1), *second = context(m, 2);
  EXPECT_EQ(calls, 2);
  expectTriples(first);
  expectTriples(second);
  ASSERT_EQ(dlc_inspect_get_constant(m, 2, &constant), DLC_OK);
  EXPECT_EQ(static_cast<const int32_t *>(constant.data)[1], 6);
  dlc_context_destroy(first);
  expectTriples(second);
  dlc_context_destroy(second);
  dlc_context *third = context(m, 1);
  EXPECT_EQ(calls, 2);
  expectTriples(third);
  dlc_context_destroy(third);
  dlc_model_release(m);
}

TEST(Prepared, OtherVariantsHaveTheirOwn) {
  Builder b = triples();
  b.variants = {{b.text("any"), 0, 0}, {b.text("never"), 0, ~0ull}};
  b.preparations[0].variant = 2; // 1 + the one that no processor can choose
  Blob blob = b.finish();
  dlc_model *m = load(blob);
  ASSERT_TRUE(m) << dlc_last_error();
  dlc_context *c = context(m, 1);
  expectTriples(c);
  dlc_inspect_constant constant;
  ASSERT_EQ(dlc_inspect_get_constant(m, 1, &constant), DLC_OK);
  EXPECT_EQ(constant.data, nullptr);
  ASSERT_EQ(dlc_inspect_get_constant(m, 2, &constant), DLC_OK);
  EXPECT_NE(constant.data, nullptr);
  dlc_context_destroy(c);
  dlc_model_release(m);
}

TEST(Prepared, TheProgramsMemoryStays) {
  Blob blob = triples(1 << 14).finish(); // in memory that comes from no file
  for (int i = 0; i < 2; ++i) {
    dlc_model *m = load(blob);
    dlc_context *c = context(m, 1);
    expectTriples(c);
    dlc_context_destroy(c);
    dlc_model_release(m);
  }
}

TEST(Prepared, OnManyThreadsFromManyThreads) {
  constexpr uint32_t count = 3 << 20; // 12 MB: several threads take part
  Blob blob = triples(count).finish();
  for (int repetition = 0; repetition < 3; ++repetition) {
    dlc_model *m = load(blob);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        dlc_context *c = context(m, 4);
        expectTriples(c);
        dlc_context_destroy(c);
      });
    }
    for (std::thread &t : threads) {
      t.join();
    }
    dlc_context *c = context(m, 1);
    dlc_inspect_constant constant;
    ASSERT_EQ(dlc_inspect_get_constant(m, 2, &constant), DLC_OK);
    auto *numbers = static_cast<const int32_t *>(constant.data);
    for (uint32_t i = 0; i < count; ++i) {
      ASSERT_EQ(numbers[i], 3 * int16_t(i + 1)) << i;
    }
    dlc_context_destroy(c);
    dlc_model_release(m);
  }
}

TEST(Prepared, SizesAreKnownBefore) {
  Blob blob = triples().finish();
  dlc_model *m = load(blob);
  EXPECT_EQ(dlc_model_weights_size(m), 4096u + 20 + 256);
  EXPECT_EQ(dlc_model_stored_weights_size(m), 4096u + 64 + 128);
  dlc_memory memory = {};
  memory.struct_size = sizeof memory;
  ASSERT_EQ(dlc_model_memory(m, 0, nullptr, 0, 1, &memory), DLC_OK);
  EXPECT_EQ(memory.prepared, 20u + 256);
  ASSERT_EQ(dlc_inspect_preparation_count(m), 2u);
  dlc_inspect_preparation p;
  ASSERT_EQ(dlc_inspect_get_preparation(m, 1, &p), DLC_OK);
  EXPECT_STREQ(p.kernel, "triple");
  EXPECT_EQ(p.stored, 128u);
  EXPECT_EQ(p.prepared, 256u);
  EXPECT_EQ(p.used, 1u);
  EXPECT_EQ(dlc_inspect_get_preparation(m, 2, &p), DLC_INVALID_ARGUMENT);
  dlc_model_release(m);
}

// mov rax,[rdi]; mov eax,[rax]; mov rcx,[rdi+8]; mov [rcx],eax; xor eax,eax; ret: copies four bytes.
const std::string copyCode("\x48\x8b\x07\x8b\x00\x48\x8b\x4f\x08\x89\x01\x31\xc0\xc3", 14);

/// y[0] = the first of `count` numbers, by way of a prepared one.
std::string artifact(size_t count) {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main), copy = b.kernel("copy", nullptr);
  uint32_t c = b.preparedTensor(s, "c", DLC_I32, {1}, copy, shorts(count, 77), 1);
  uint32_t y = b.output("y", DLC_I32, {b.constant(s, 1)}, b.constant(s, 4));
  b.step(s, DLC_STEP_DISPATCH, copy, {c, y}, {}, 1, b.constant(s, 1));
  b.entry("main", main);
  return b.elf(copyCode);
}

/// Bytes of this process in memory.
size_t resident() {
  FILE *file = fopen("/proc/self/statm", "r");
  size_t total = 0, pages = 0;
  EXPECT_EQ(fscanf(file, "%zu %zu", &total, &pages), 2);
  fclose(file);
  return pages * size_t(sysconf(_SC_PAGESIZE));
}

TEST(Prepared, SourcesAreGivenBack) {
  constexpr size_t megabyte = 1 << 20;
  std::string bytes = artifact(16 * megabyte);
  dlc_model *m = nullptr;
  ASSERT_EQ(dlc_model_load_memory(bytes.data(), bytes.size(), nullptr, &m), DLC_OK) << dlc_last_error();
  size_t before = resident();
  for (int i = 0; i < 2; ++i) { // the second one finds what the first has prepared
    dlc_context *c = context(m, 1);
    ASSERT_TRUE(c) << dlc_last_error();
    EXPECT_LT(resident() + 28 * megabyte, before);
    dlc_tensor out = DLC_TENSOR_INIT;
    ASSERT_EQ(dlc_run(c, 0, nullptr, 0, &out, 1), DLC_OK) << dlc_last_error();
    EXPECT_EQ(*static_cast<int32_t *>(out.data), 77 | 78 << 16);
    dlc_context_destroy(c);
  }
  dlc_model_release(m);
}

TEST(Prepared, SourcesMayBeSharedAndOverlap) {
  constexpr size_t count = 16384; // many pages of shorts
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main), copy = b.kernel("copy", nullptr);
  auto prepared = [&](const std::string &source) { return b.preparedTensor(s, "c", DLC_I32, {1}, copy, source, 1); };
  Ids inputs = {prepared(shorts(count, 7)), prepared(""), prepared(shorts(count, 11)), prepared("")};
  b.preparations[1].source = b.preparations[0].source; // the same bytes
  b.preparations[1].source_size = b.preparations[0].source_size;
  b.preparations[3].source = b.preparations[0].source + 2 * 4096; // the first one's end, and the third one
  b.preparations[3].source_size = b.preparations[2].source + b.preparations[2].source_size - b.preparations[3].source;
  for (uint32_t c : inputs) {
    uint32_t y = b.output("y", DLC_I32, {b.constant(s, 1)}, b.constant(s, 4));
    b.step(s, DLC_STEP_DISPATCH, copy, {c, y}, {}, 1, b.constant(s, 1));
  }
  b.entry("main", main);
  std::string bytes = b.elf(copyCode);
  for (uint32_t threads : {1, 4}) {
    dlc_model *m = nullptr;
    ASSERT_EQ(dlc_model_load_memory(bytes.data(), bytes.size(), nullptr, &m), DLC_OK) << dlc_last_error();
    dlc_context *c = context(m, threads);
    ASSERT_TRUE(c) << dlc_last_error();
    dlc_tensor out[4] = {DLC_TENSOR_INIT, DLC_TENSOR_INIT, DLC_TENSOR_INIT, DLC_TENSOR_INIT};
    ASSERT_EQ(dlc_run(c, 0, nullptr, 0, out, 4), DLC_OK) << dlc_last_error();
    int16_t firsts[] = {7, 7, 11, 7 + 4096};
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(*static_cast<int32_t *>(out[i].data), firsts[i] | (firsts[i] + 1) << 16) << i;
    }
    dlc_context_destroy(c);
    dlc_model_release(m);
  }
}

TEST(Prepared, EveryModelOfAFileHasItsOwn) {
  std::string bytes = artifact(4096);
  char name[] = "/tmp/dlc-artifact-XXXXXX";
  int fd = mkstemp(name);
  ASSERT_EQ(write(fd, bytes.data(), bytes.size()), ssize_t(bytes.size()));
  close(fd);
  for (int i = 0; i < 2; ++i) {
    dlc_model *m = nullptr;
    ASSERT_EQ(dlc_model_load_file(name, nullptr, &m), DLC_OK) << dlc_last_error();
    dlc_context *c = context(m, 2);
    dlc_tensor out = DLC_TENSOR_INIT;
    ASSERT_EQ(dlc_run(c, 0, nullptr, 0, &out, 1), DLC_OK) << dlc_last_error();
    EXPECT_EQ(*static_cast<int32_t *>(out.data), 77 | 78 << 16);
    dlc_context_destroy(c);
    dlc_model_release(m);
  }
  unlink(name);
}

TEST(Prepared, AFailureIsTheContextsAndStays) {
  Blob blob = triples(64, kernelFail).finish();
  dlc_model *m = load(blob);
  ASSERT_TRUE(m) << dlc_last_error();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(context(m, 2), nullptr);
    EXPECT_NE(std::string(dlc_last_error()).find("kernel 'triple' failed with status 1"), std::string::npos)
        << dlc_last_error();
  }
  dlc_model_release(m);
}

TEST(Prepared, ALackOfMemoryIsAnErrorOfTheContext) {
  Builder b = triples();
  b.preparations[1].size = b.constants[2].size = uint64_t(1) << 45;
  Blob blob = b.finish();
  dlc_model *m = load(blob);
  ASSERT_TRUE(m) << dlc_last_error();
  EXPECT_EQ(context(m, 1), nullptr);
  EXPECT_NE(std::string(dlc_last_error()).find("no memory for 351843720888"), std::string::npos) << dlc_last_error();
  dlc_model_release(m);
}

TEST(Prepared, TablesAreChecked) {
  auto message = [](auto change) {
    Blob blob = triples().finish();
    dlc_abi_model *h = blob.header();
    change(*h, reinterpret_cast<dlc_abi_preparation *>(blob.base + h->preparations.offset),
           reinterpret_cast<dlc_abi_constant *>(blob.base + h->constants.offset));
    blob.seal();
    dlc_model *m = load(blob);
    EXPECT_FALSE(m);
    dlc_model_release(m);
    return std::string(dlc_last_error());
  };
  using Model = dlc_abi_model;
  using P = dlc_abi_preparation;
  using C = dlc_abi_constant;
  auto expect = [](const std::string &text, const char *part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  expect(message([](Model &, P *p, C *) { p[1].size += 64; }), "preparation 1: expected its bytes");
  expect(message([](Model &, P *p, C *) { p[1].offset = 1ull << 40; }), "preparation 1: expected its bytes");
  expect(message([](Model &, P *p, C *) { p[1].offset += 4; }), "preparation 1: expected its");
  expect(message([](Model &, P *p, C *) { p[1].offset = 0; }), "preparation 1: expected its end of the ones before it");
  expect(message([](Model &, P *p, C *) { p[0].source = 0; }), "preparation 0: expected its source");
  expect(message([](Model &, P *p, C *) { p[1].source_size = 1ull << 40; }), "preparation 1: expected its source");
  expect(message([](Model &, P *p, C *) { p[1].kernel = 9; }), "preparation 1: expected its kernel");
  expect(message([](Model &, P *p, C *) { p[1].tiles = ~0ull; }), "preparation 1: expected its tiles");
  expect(message([](Model &, P *p, C *) { p[1].variant = 2; }), "preparation 1: expected its variant");
  expect(message([](Model &, P *p, C *) { p[1].dims.count = 1; }), "preparation 1: expected its odd half of a dim");
  expect(message([](Model &h, P *, C *) { h.prepared_size = 1ull << 60; }), "expected its memory");
  expect(message([](Model &h, P *, C *) { h.sources = 1ull << 60; }), "expected its sources");
  expect(message([](Model &, P *, C *c) { c[0].size = 1 << 20; }), "constant 0: expected its bytes");
  expect(message([](Model &, P *, C *c) { c[0].offset = 4096; }), "constant 0: expected its bytes");
  expect(message([](Model &, P *, C *c) { c[2].size += 4; }), "constant 2: expected its bytes");
  expect(message([](Model &, P *, C *c) { c[2].offset = 0; }), "constant 2: expected its bytes");
  expect(message([](Model &, P *, C *c) { c[2].preparation = 3; }), "constant 2: expected its preparation");
  expect(message([](Model &h, P *, C *) { h.features &= ~DLC_FEATURE_PREPARED; }),
         "constant 1: expected its preparation");
  expect(message([](Model &h, P *, C *) { h.struct_size -= 8; }), "header of");
}

TEST(Prepared, AHeaderWithoutThemMayBeShorter) {
  Blob blob = diamond(16).finish();
  blob.header()->struct_size = offsetof(dlc_abi_model, preparations);
  blob.header()->preparations = {~0ull, 7, 8}; // whatever follows an older header
  blob.seal();
  dlc_model *m = load(blob);
  EXPECT_TRUE(m) << dlc_last_error();
  dlc_model_release(m);
}

} // namespace

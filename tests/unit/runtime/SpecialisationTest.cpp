// Entries of one name: which runs, what callers see, and which memory they share.
#include "Builder.h"
#include <gtest/gtest.h>

using namespace dlc::test;

namespace {

/// Doubles `sizes[i]` elements (-1: a symbol from 2 to 100) through a buffer of the frame, `i + 1` times.
/// `spoil` may change the last one.
Builder specialised(const std::vector<int64_t> &sizes, void (*spoil)(Builder &) = [](Builder &) {}) {
  Builder b;
  b.features |= DLC_FEATURE_SPECIALISATIONS;
  uint32_t scale = b.kernel("scale", kernelScale);
  for (size_t i = 0; i < sizes.size(); ++i) {
    uint32_t main = b.block("main"), s = b.stage(main);
    uint32_t x = b.input("x", DLC_F32, {sizes[i]}, DLC_KIND_TENSOR, {"n"});
    if (sizes[i] < 0) {
      b.portDims.back().min = 2, b.portDims.back().max = 100;
    }
    uint32_t n = sizes[i] < 0 ? b.dim(s, DLC_DIM_VALUE_DIM, x, 0) : b.constant(s, sizes[i]);
    uint32_t bytes = b.dim(s, DLC_DIM_MUL, n, b.constant(s, 4)), tiles = b.constant(s, 7);
    uint32_t middle = b.value("middle", DLC_KIND_TENSOR, DLC_F32, {n}, DLC_STORAGE_FRAME, s, none, bytes);
    b.stages[s].abi.frame_size = bytes;
    uint32_t y = b.output("y", DLC_F32, {n}, bytes);
    b.portDims.back().size = sizes[i];
    uint32_t first = b.step(s, DLC_STEP_DISPATCH, scale, {x, middle}, {n}, 1, tiles);
    uint32_t second = b.step(s, DLC_STEP_DISPATCH, scale, {middle, y}, {n}, 1, tiles);
    b.after(s, first, second);
    if (i + 1 == sizes.size()) {
      spoil(b);
    }
    b.entry("main", main);
  }
  return b;
}

class Specialisations : public testing::Test {
protected:
  void start(const std::vector<int64_t> &sizes) {
    blob = specialised(sizes).finish();
    m = load(blob);
    ASSERT_NE(m, nullptr) << dlc_last_error();
    c = context(m, 2);
  }
  void TearDown() override {
    dlc_context_destroy(c);
    dlc_model_release(m);
  }
  /// kernelScale computes 2x + 1.
  void run(int64_t n, size_t which) {
    std::vector<float> x(static_cast<size_t>(n), 1), y(x.size());
    dlc_tensor in = tensor(x.data(), DLC_F32, {n}), out = tensor(y.data(), DLC_F32, {n});
    ASSERT_EQ(dlc_run(c, 0, &in, 1, &out, 1), DLC_OK) << dlc_last_error();
    EXPECT_EQ(dlc_context_specialisation(c), which);
    EXPECT_EQ(y, std::vector<float>(x.size(), 7));
  }
  Blob blob;
  dlc_model *m = nullptr;
  dlc_context *c = nullptr;
};

TEST_F(Specialisations, TheFirstThatFitsRuns) {
  start({1, 64, -1});
  for (int64_t n : {1, 64, 2, 100, 64, 1, 3, 100, 1}) {
    run(n, n == 1 ? 0 : n == 64 ? 1 : 2);
  }
}

TEST_F(Specialisations, FramesAreShared) {
  start({1, 64, -1});
  dlc_memory memory = {};
  memory.struct_size = sizeof memory;
  for (int64_t n : {1, 64, 100}) {
    dlc_tensor shape = tensor(nullptr, DLC_F32, {n});
    ASSERT_EQ(dlc_model_memory(m, 0, &shape, 1, 1, &memory), DLC_OK) << dlc_last_error();
    EXPECT_EQ(memory.frames, uint64_t(4 * n));
  }
  dlc_tensor wrong = tensor(nullptr, DLC_F32, {101});
  EXPECT_EQ(dlc_model_memory(m, 0, &wrong, 1, 1, &memory), DLC_SHAPE_MISMATCH);
}

TEST_F(Specialisations, CallersSeeOneEntry) {
  start({1, 64, -1});
  ASSERT_EQ(dlc_model_entry_count(m), 1u);
  EXPECT_EQ(dlc_model_specialisation_count(m, 0), 3u);
  dlc_port port = {};
  port.struct_size = sizeof port;
  ASSERT_EQ(dlc_model_input(m, 0, 0, &port), DLC_OK);
  EXPECT_EQ(port.dims[0].size, -1);
  EXPECT_STREQ(port.dims[0].symbol, "n");
  EXPECT_EQ(port.dims[0].min, 1);
  EXPECT_EQ(port.dims[0].max, 100);
  ASSERT_EQ(dlc_model_specialisation_input(m, 0, 1, 0, &port), DLC_OK);
  EXPECT_EQ(port.dims[0].size, 64);
  EXPECT_EQ(dlc_model_specialisation_input(m, 0, 3, 0, &port), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_model_specialisation_output(m, 1, 0, 0, &port), DLC_INVALID_ARGUMENT);
  dlc_tensor in = tensor(nullptr, DLC_F32, {101});
  EXPECT_EQ(dlc_context_set_input(c, 0, 0, &in), DLC_SHAPE_MISMATCH);
  EXPECT_STREQ(dlc_last_error(), "input 'x': expected [1] or [64] or [n 2..100], got [101]");
}

TEST(SpecialisationTables, PortsMustAgree) {
  void (*changes[])(Builder &) = {
      [](Builder &b) { b.inputs.back().name = b.text("z"); }, [](Builder &b) { b.outputs.back().name = b.text("z"); },
      [](Builder &b) { b.inputs.back().flags = DLC_PORT_OPTIONAL; }, [](Builder &b) { b.input("more", DLC_F32, {1}); }};
  for (auto change : changes) {
    Blob blob = specialised({1, 2}, change).finish();
    EXPECT_EQ(load(blob), nullptr);
    EXPECT_NE(strstr(dlc_last_error(), "expected specialisations with the same ports"), nullptr) << dlc_last_error();
  }
}
} // namespace

// The interface from C and from C++, and several entries in one model.
#include "Builder.h"
#include "dlc/runtime.hpp"
#include <gtest/gtest.h>

using namespace dlc::test;

extern "C" int dlc_test_use_from_c(const dlc_abi_model *program, float *x, float *y, int64_t n);

namespace {

TEST(Api, FromC) {
  Blob blob = diamond(-1).finish();
  float x[5] = {0, 1, 2, 3, 4}, y[5] = {};
  EXPECT_EQ(dlc_test_use_from_c(blob.model(), x, y, 5), 0) << dlc_last_error();
  EXPECT_EQ(y[4], 22);
}

TEST(Api, FromCxx) {
  Blob blob = diamond(-1).finish();
  dlc::Model model = dlc::Model::load(*blob.model());
  dlc::Context context(model);
  float x[5] = {0, 1, 2, 3, 4}, y[5] = {};
  context.setInput(model.findInput("x"), dlc::tensor(x, DLC_F32, {5}));
  context.run();
  EXPECT_EQ(static_cast<float *>(context.output(0).data)[4], 22);
  context.setOutput(0, dlc::tensor(y, DLC_F32, {5}));
  context.runAsync();
  context.wait();
  EXPECT_EQ(y[4], 22);
  EXPECT_EQ(dlc_value_element_count(&context.outputValue(0)), 5);
  try {
    model.findInput("z");
    FAIL();
  } catch (const dlc::Error &e) {
    EXPECT_EQ(e.status(), DLC_NOT_FOUND);
    EXPECT_STREQ(e.what(), "entry 'main' has no input 'z'");
  }
}

TEST(Api, OlderCallersPassShorterStructs) {
  Blob blob = diamond(16).finish();
  dlc_model_options o = DLC_MODEL_OPTIONS_INIT;
  o.struct_size = offsetof(dlc_model_options, cpu_mask);
  o.cpu_mask = 1; // not read
  dlc_model *m = nullptr;
  EXPECT_EQ(dlc_model_load_static(blob.model(), &o, &m), DLC_OK);
  struct {
    dlc_port port;
    char guard;
  } room = {{}, 7};
  room.port.struct_size = offsetof(dlc_port, dims);
  room.port.dims[0].size = -5;
  EXPECT_EQ(dlc_model_input(m, 0, 0, &room.port), DLC_OK);
  EXPECT_EQ(room.port.dims[0].size, -5);
  dlc_model_release(m);
}

TEST(Api, NullsAreRefused) {
  dlc_model *m = nullptr;
  dlc_context *c = nullptr;
  EXPECT_EQ(dlc_model_load_file(nullptr, nullptr, &m), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_model_load_memory("x", 1, nullptr, nullptr), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_model_load_static(nullptr, nullptr, &m), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_context_create(nullptr, nullptr, &c), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_context_run(nullptr, 0), DLC_INVALID_ARGUMENT);
  EXPECT_STREQ(dlc_last_error(), "expected 'context' not to be null");
  dlc_model_release(nullptr);
  dlc_context_destroy(nullptr);
  dlc_value_destroy(nullptr);
  dlc_context_cancel(nullptr);
}

TEST(Api, SaysWhatIsWrongWithABinding) {
  Blob blob = diamond(-1).finish();
  dlc::Model model = dlc::Model::load(*blob.model());
  dlc::Context context(model);
  float x[5] = {};
  auto says = [&](const dlc_tensor &input, const char *text) {
    dlc_tensor out = DLC_TENSOR_INIT;
    EXPECT_NE(dlc_run(context.get(), 0, &input, 1, &out, 1), DLC_OK);
    EXPECT_STREQ(dlc_last_error(), text);
  };
  dlc_tensor none = dlc::tensor(x, DLC_F32, {5}), negative = dlc::tensor(x, DLC_F32, {5});
  none.data = nullptr;
  negative.dims[0] = -3;
  says(none, "'x': expected 20 bytes of data, got null");
  says(negative, "input 'x': expected dimension 0 (n) to be at least 0, got -3");
  dlc_allocator half = {[](void *, size_t, size_t) -> void * { return nullptr; }, nullptr, nullptr};
  dlc_context_options options = DLC_CONTEXT_OPTIONS_INIT;
  options.allocator = &half;
  dlc_context *second = nullptr;
  EXPECT_EQ(dlc_context_create(model.get(), &options, &second), DLC_INVALID_ARGUMENT);
}

TEST(Api, EntriesShareConstantsButNotValues) {
  Builder b;
  uint32_t first = b.block("scale"), second = b.block("twice"), s = b.stage(first), t = b.stage(second);
  uint32_t scale = b.kernel("scale", kernelScale), add = b.kernel("add", kernelAdd);
  uint32_t n = b.constant(s, 4), bytes = b.constant(s, 16), one = b.constant(s, 1); // used by both
  uint32_t x = b.input("x", DLC_F32, {4}), y = b.output("y", DLC_F32, {n}, bytes);
  b.step(s, DLC_STEP_DISPATCH, scale, {x, y}, {n}, 1, one);
  b.entry("scale", first);
  uint32_t z = b.input("z", DLC_F32, {4}), w = b.output("w", DLC_F32, {n}, bytes);
  b.step(t, DLC_STEP_DISPATCH, add, {z, z, w}, {n}, 1, one);
  b.entry("twice", second);
  Blob blob = b.finish();
  dlc::Model model = dlc::Model::load(*blob.model());
  dlc::Context context(model);
  float in[4] = {1, 2, 3, 4};
  size_t twice = model.entry("twice");
  context.setInput(0, dlc::tensor(in, DLC_F32, {4}), twice);
  context.setInput(0, dlc::tensor(in, DLC_F32, {4}));
  for (int again = 0; again < 2; ++again) {
    context.run(twice);
    EXPECT_EQ(static_cast<float *>(context.output(0, twice).data)[3], 8);
    context.run();
    EXPECT_EQ(static_cast<float *>(context.output(0).data)[3], 9);
  }
  b.stages[t].steps[0].args[0] = x; // another entry's input
  EXPECT_FALSE(load(b.finish()));
  EXPECT_NE(strstr(dlc_last_error(), "it belongs to no port of this entry"), nullptr) << dlc_last_error();
}

TEST(Api, OutputsMayBeViewsInputsOrConstants) {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main), n = b.constant(s, 4), two = b.constant(s, 2);
  uint32_t bytes = b.constant(s, 16), x = b.input("x", DLC_F32, {4});
  float k[4] = {5, 6, 7, 8};
  uint32_t constant = b.constantTensor(s, "k", DLC_F32, {4}, k, 16);
  uint32_t y = b.output("y", DLC_F32, {n}, bytes);
  uint32_t square = b.value("square", DLC_KIND_TENSOR, DLC_F32, {two, two}, DLC_STORAGE_ALIAS, y, none, bytes);
  b.step(s, DLC_STEP_DISPATCH, b.kernel("scale", kernelScale), {x, y}, {n}, 1, b.constant(s, 1));
  auto port = [&](uint32_t value, uint8_t rank) {
    dlc_abi_port p = b.outputs[0];
    p.value = value, p.rank = rank, p.dims = uint32_t(b.portDims.size());
    for (int d = 0; d < rank; ++d) {
      b.portDims.push_back({-1, none, none, 0, -1});
    }
    return p;
  };
  b.outputs = {port(square, 2), port(x, 1), port(constant, 1)};
  b.values[x].shape = b.pooled({n});
  b.entry("main", main);
  Blob blob = b.finish();
  dlc::Model model = dlc::Model::load(*blob.model());
  dlc::Context context(model);
  float in[4] = {1, 2, 3, 4}, mine[4] = {};
  context.setInput(0, dlc::tensor(in, DLC_F32, {4}));
  context.run();
  EXPECT_EQ(context.output(0).rank, 2u);
  EXPECT_EQ(static_cast<float *>(context.output(0).data)[3], 9);
  EXPECT_EQ(static_cast<float *>(context.output(1).data)[3], 4);
  EXPECT_NE(context.output(1).data, in);
  EXPECT_EQ(static_cast<float *>(context.output(2).data)[3], 8);
  context.setOutput(2, dlc::tensor(mine, DLC_F32, {4}));
  context.run();
  EXPECT_EQ(mine[3], 8);
}

} // namespace

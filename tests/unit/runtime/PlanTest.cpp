// Frames inside frames, scratch, optional inputs, strings, and loops that end by a condition.
#include "Builder.h"
#include "dlc/runtime.hpp"
#include <gtest/gtest.h>

using namespace dlc::test;

namespace {

/// Fills scratch, and fails when it is not aligned.
int32_t kernelScratch(void *const *buffers, const int64_t *dims, int64_t begin, int64_t end, void *scratch) {
  if (reinterpret_cast<uintptr_t>(scratch) % DLC_ABI_ALIGNMENT) {
    return 99;
  }
  memset(scratch, 7, size_t(dims[1]));
  return kernelScale(buffers, dims, begin, end, scratch);
}

TEST(Plan, BlocksMayLiveInTheEnclosingFrame) {
  for (int64_t n : {16, -1}) {
    Builder b;
    uint32_t main = b.block("main"), s = b.stage(main), body = b.block("body"), bs = b.stage(body);
    uint32_t x = b.input("x", DLC_F32, {n}, DLC_KIND_TENSOR, {"n"}), trips = b.input("trips", DLC_I64, {});
    uint32_t count = n < 0 ? b.dim(s, DLC_DIM_VALUE_DIM, x, 0) : b.constant(s, n);
    uint32_t bytes = b.dim(s, DLC_DIM_MUL, count, b.constant(s, 64)),
             used = b.dim(s, DLC_DIM_MUL, count, b.constant(s, 4));
    uint32_t twice = b.dim(s, DLC_DIM_MUL, bytes, b.constant(s, 2));
    uint32_t param = b.value("param", DLC_KIND_TENSOR, DLC_F32, {count}, DLC_STORAGE_FRAME, s, none, used);
    uint32_t nest = b.value("nest", DLC_KIND_TENSOR, DLC_U8, {bytes}, DLC_STORAGE_FRAME, s, bytes, bytes);
    b.stages[s].abi.frame_size = twice;
    b.stages[bs].abi.frame_value = nest;
    b.stages[bs].abi.frame_size = b.dim(bs, DLC_DIM_ADD, used, b.constant(bs, 0));
    uint32_t result = b.value("result", DLC_KIND_TENSOR, DLC_F32, {count}, DLC_STORAGE_FRAME, bs, none, used);
    uint32_t y = b.output("y", DLC_F32, {count}, used), room = b.constant(bs, 100000);
    b.step(bs, DLC_STEP_DISPATCH, b.kernel("scratch", kernelScratch), {param, result}, {count, room}, 1,
           b.constant(bs, 5));
    b.stages[bs].steps[0].abi.scratch = room;
    b.step(s, DLC_STEP_LOOP, body, {}, {}, 0, none, {trips, none, none, none, none, 1, x, param, result, y, 0});
    b.entry("main", main);
    Blob blob = b.finish();
    dlc::Model model = dlc::Model::load(*blob.model());
    dlc_context_options o = DLC_CONTEXT_OPTIONS_INIT;
    o.threads = 3;
    dlc::Context context(model, &o);
    for (int64_t size : {16, 64, 32, 16}) {
      size = n < 0 ? size : n;
      std::vector<float> in(size_t(size), 1);
      int64_t three = 3;
      context.setInput(0, dlc::tensor(in.data(), DLC_F32, {size}));
      context.setInput(1, dlc::tensor(&three, DLC_I64, {}));
      context.run();
      EXPECT_EQ(static_cast<float *>(context.output(0).data)[size - 1], 15);
    }
    dlc_memory memory = {};
    memory.struct_size = sizeof memory;
    dlc_tensor shapes[2] = {tensor(nullptr, DLC_F32, {16}), tensor(nullptr, DLC_I64, {})};
    ASSERT_EQ(dlc_model_memory(model.get(), 0, shapes, 2, 3, &memory), DLC_OK);
    EXPECT_EQ(memory.frames, 2048u);
    EXPECT_EQ(memory.scratch, 300000u);
  }
}

TEST(Plan, OptionalInputsMayBeAbsent) {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main);
  uint32_t x = b.input("x", DLC_F32, {4}, DLC_KIND_TENSOR, {}, DLC_PORT_OPTIONAL);
  uint32_t given = b.dim(s, DLC_DIM_COUNT_INPUT, x, 0), four = b.constant(s, 4);
  uint32_t n = b.dim(s, DLC_DIM_MUL, given, four), bytes = b.dim(s, DLC_DIM_MUL, n, four);
  uint32_t y = b.output("y", DLC_F32, {n}, bytes);
  b.step(s, DLC_STEP_DISPATCH, b.kernel("scale", kernelScale), {x, y}, {n}, 1, given);
  b.entry("main", main);
  Blob blob = b.finish();
  dlc::Model model = dlc::Model::load(*blob.model());
  dlc::Context context(model);
  float in[4] = {1, 2, 3, 4};
  context.run();
  EXPECT_EQ(context.output(0).dims[0], 0);
  context.setInput(0, dlc::tensor(in, DLC_F32, {4}));
  context.run();
  EXPECT_EQ(static_cast<float *>(context.output(0).data)[3], 9);
  ASSERT_EQ(dlc_context_set_input(context.get(), 0, 0, nullptr), DLC_OK);
  context.run();
  EXPECT_EQ(context.output(0).dims[0], 0);
}

TEST(Plan, StringsComeAndGoAsTensors) {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main), x = b.input("x", DLC_STRING, {-1}, DLC_KIND_STRINGS);
  std::string words("\0\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0abc", 19);
  uint32_t suffix = b.constantTensor(s, "suffix", DLC_STRING, {1}, words.data(), words.size());
  uint32_t y = b.output("y", DLC_STRING, {0}, none, DLC_KIND_STRINGS);
  b.values.back().shape = b.portDims.back().slot = none; // only the call knows its sizes
  b.step(s, DLC_STEP_HOST_CALL, b.host("string_concat"), {x, suffix, y});
  b.entry("main", main);
  Blob blob = b.finish();
  dlc::Model model = dlc::Model::load(*blob.model());
  dlc::Context context(model);
  dlc_string in[2] = {{"x", 1}, {"", 0}};
  context.setInput(0, dlc::tensor(in, DLC_STRING, {2}));
  in[0] = {nullptr, 99}; // was copied
  context.run();
  dlc_tensor out = context.output(0);
  ASSERT_EQ(out.dims[0], 2);
  auto *strings = static_cast<dlc_string *>(out.data);
  EXPECT_EQ(std::string(strings[0].data, strings[0].size), "xabc");
  EXPECT_EQ(std::string(strings[1].data, strings[1].size), "abc");
  dlc_tensor buffer = tensor(in, DLC_STRING, {2});
  EXPECT_EQ(dlc_context_set_output(context.get(), 0, 0, &buffer), DLC_SHAPE_MISMATCH);
}

/// keep = x[0] < 20
int32_t kernelBelow(void *const *buffers, const int64_t *, int64_t, int64_t, void *) {
  *static_cast<bool *>(buffers[1]) = *static_cast<const float *>(buffers[0]) < 20;
  return 0;
}

TEST(Plan, LoopsEndByTheirCondition) {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main), body = b.block("body"), bs = b.stage(body);
  uint32_t x = b.input("x", DLC_F32, {1}), keep = b.input("keep", DLC_BOOL, {});
  uint32_t one = b.constant(s, 1), bytes = b.constant(s, 4), y = b.output("y", DLC_F32, {one}, bytes);
  uint32_t param = b.frameTensor(s, "param", DLC_F32, {1}), result = b.frameTensor(bs, "result", DLC_F32, {1});
  uint32_t below = b.frameTensor(bs, "below", DLC_BOOL, {});
  uint32_t k0 = b.step(bs, DLC_STEP_DISPATCH, b.kernel("scale", kernelScale), {param, result}, {one}, 1, one);
  b.after(bs, k0, b.step(bs, DLC_STEP_DISPATCH, b.kernel("below", kernelBelow), {result, below}, {}, 1, one));
  b.step(s, DLC_STEP_LOOP, body, {}, {}, 0, none, {none, keep, none, none, below, 1, x, param, result, y, 0});
  b.entry("main", main);
  Blob blob = b.finish();
  dlc::Model model = dlc::Model::load(*blob.model());
  dlc::Context context(model);
  for (bool go : {true, false}) {
    float in = 1;
    context.setInput(0, dlc::tensor(&in, DLC_F32, {1}));
    context.setInput(1, dlc::tensor(&go, DLC_BOOL, {}));
    context.run();
    EXPECT_EQ(*static_cast<float *>(context.output(0).data), go ? 31 : 1);
  }
}

} // namespace

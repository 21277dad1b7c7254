// Blocks: if, loop, call; sizes that depend on data; values that the engine holds; variables.
#include "Builder.h"
#include <gtest/gtest.h>

using namespace dlc::test;

namespace {

struct Loaded {
  explicit Loaded(Builder &b, uint32_t threads = 1) : blob(b.finish()), model(load(blob)) {
    EXPECT_TRUE(model) << dlc_last_error();
    c = model ? context(model, threads) : nullptr;
  }
  ~Loaded() {
    dlc_context_destroy(c);
    dlc_model_release(model);
  }
  Blob blob;
  dlc_model *model;
  dlc_context *c = nullptr;
};

/// An entry with x: f32 [4] -> y: f32 [4], whose stage 0 the test fills in.
struct Unary : Builder {
  uint32_t main = block("main"), s = stage(main), x = input("x", DLC_F32, {4}), n = constant(s, 4),
           one = constant(s, 1), bytes = constant(s, 16), scale = kernel("scale", kernelScale),
           add = kernel("add", kernelAdd), y = output("y", DLC_F32, {n}, bytes);
};

std::vector<float> run(Loaded &l, std::vector<float> x, std::vector<dlc_tensor> more = {}) {
  more.insert(more.begin(), tensor(x.data(), DLC_F32, {int64_t(x.size())}));
  dlc_tensor out = DLC_TENSOR_INIT;
  if (dlc_run(l.c, 0, more.data(), more.size(), &out, 1) != DLC_OK) {
    ADD_FAILURE() << dlc_last_error();
    return {};
  }
  auto *data = static_cast<float *>(out.data);
  return {data, data + out.byte_size / 4};
}

TEST(Control, IfTakesOneBranch) {
  for (uint32_t threads : {1, 3}) {
    Unary b;
    uint32_t flag = b.input("flag", DLC_BOOL, {});
    uint32_t yes = b.block("then"), no = b.block("else");
    uint32_t ys = b.stage(yes);
    uint32_t t = b.frameTensor(ys, "t", DLC_F32, {4});
    b.step(ys, DLC_STEP_DISPATCH, b.scale, {b.x, t}, {b.n}, 1, b.one);
    b.blocks[yes].results = {t};
    b.blocks[no].results = {b.x}; // a block without stages
    b.step(b.s, DLC_STEP_IF, yes, {flag, b.y}, {}, 1, none, {}, no);
    b.entry("main", b.main);
    Loaded l(b, threads);
    bool on = true, off = false;
    EXPECT_EQ(run(l, {1, 2, 3, 4}, {tensor(&on, DLC_BOOL, {})}), (std::vector<float>{3, 5, 7, 9}));
    EXPECT_EQ(run(l, {1, 2, 3, 4}, {tensor(&off, DLC_BOOL, {})}), (std::vector<float>{1, 2, 3, 4}));
  }
}

TEST(Control, IfsNestDeeperThanThereAreLanes) {
  constexpr int depth = 60;
  for (uint32_t threads : {1, 2, 3}) {
    Unary b;
    uint32_t flag = b.input("flag", DLC_BOOL, {});
    uint32_t stage = b.s, result = b.y;
    for (int i = 0; i < depth; ++i) {
      uint32_t shallow = b.block("then"), inner = b.block("else"), innerStage = b.stage(inner);
      b.blocks[shallow].results = {b.x};
      uint32_t t = b.frameTensor(innerStage, "t", DLC_F32, {4});
      b.blocks[inner].results = {t};
      b.step(stage, DLC_STEP_IF, shallow, {flag, result}, {}, 1, none, {}, inner);
      stage = innerStage;
      result = t;
    }
    b.step(stage, DLC_STEP_DISPATCH, b.scale, {b.x, result}, {b.n}, 1, b.one);
    b.entry("main", b.main);
    Loaded l(b, threads);
    bool off = false;
    EXPECT_EQ(run(l, {1, 2, 3, 4}, {tensor(&off, DLC_BOOL, {})}), (std::vector<float>{3, 5, 7, 9}));
  }
}

/// y = x scaled `trips` times; rows: every x on the way; carried in a frame of the enclosing stage.
Builder loopProgram(bool dynamicRows) {
  Unary b;
  uint32_t trips = b.input("trips", DLC_I64, {});
  uint32_t body = b.block("body"), bs = b.stage(body);
  uint32_t param = b.frameTensor(b.s, "param", DLC_F32, {4});
  uint32_t index = b.frameTensor(b.s, "i", DLC_I64, {});
  uint32_t result = b.frameTensor(bs, "result", DLC_F32, {4});
  uint32_t rows = none;
  if (dynamicRows) {
    rows = b.value("rows", DLC_KIND_TENSOR, DLC_F32, {b.n, b.n}, DLC_STORAGE_DYNAMIC, 0);
  } else {
    rows = b.frameTensor(b.s, "rows", DLC_F32, {3, 4});
  }
  b.step(bs, DLC_STEP_DISPATCH, b.scale, {param, result}, {b.n}, 1, b.one);
  b.step(b.s, DLC_STEP_LOOP, body, {}, {}, 0, none,
         {trips, none, index, none, none, 1, b.x, param, result, b.y, 1, result, rows});
  b.outputs.push_back(b.outputs.back());
  b.outputs.back().name = b.text("rows");
  b.outputs.back().value = rows;
  b.outputs.back().rank = 2;
  b.outputs.back().dims = uint32_t(b.portDims.size());
  b.portDims.push_back({-1, b.text("trips"), none, 0, -1});
  b.portDims.push_back({4, none, none, 0, -1});
  b.entry("main", b.main);
  return b;
}

TEST(Control, LoopCarriesAndStacks) {
  for (uint32_t threads : {1, 2}) {
    for (bool dynamicRows : {false, true}) {
      Builder b = loopProgram(dynamicRows);
      Loaded l(b, threads);
      for (int again = 0; again < 3; ++again) {
        int64_t trips = 3;
        EXPECT_EQ(run(l, {0, 1, 2, 3}, {tensor(&trips, DLC_I64, {})}), (std::vector<float>{7, 15, 23, 31}));
        dlc_tensor rows = DLC_TENSOR_INIT;
        ASSERT_EQ(dlc_context_get_output(l.c, 0, 1, &rows), DLC_OK) << dlc_last_error();
        EXPECT_EQ(rows.dims[0], 3);
        EXPECT_EQ(rows.dims[1], 4);
        EXPECT_EQ(static_cast<float *>(rows.data)[4], 3);
        EXPECT_EQ(static_cast<float *>(rows.data)[11], 31);
      }
    }
  }
}

TEST(Control, LoopWithoutTripsKeepsInitialValues) {
  Builder b = loopProgram(true);
  Loaded l(b);
  int64_t trips = 0;
  EXPECT_EQ(run(l, {0, 1, 2, 3}, {tensor(&trips, DLC_I64, {})}), (std::vector<float>{0, 1, 2, 3}));
  dlc_tensor rows = DLC_TENSOR_INIT;
  ASSERT_EQ(dlc_context_get_output(l.c, 0, 1, &rows), DLC_OK);
  EXPECT_EQ(rows.dims[0], 0);
  EXPECT_EQ(rows.dims[1], 4);
}

TEST(Control, PlannedRowsMustMatchTheTrips) {
  Builder b = loopProgram(false);
  Loaded l(b);
  for (int64_t trips : {2, 4}) {
    std::vector<float> x(4);
    dlc_tensor in[2] = {tensor(x.data(), DLC_F32, {4}), tensor(&trips, DLC_I64, {})}, out = DLC_TENSOR_INIT;
    EXPECT_EQ(dlc_run(l.c, 0, in, 2, &out, 1), DLC_SHAPE_MISMATCH) << dlc_last_error();
  }
}

TEST(Control, LoopSwapsItsCarriedValues) {
  Unary b;
  uint32_t trips = b.input("trips", DLC_I64, {}), other = b.input("other", DLC_F32, {4});
  uint32_t body = b.block("body");
  b.stage(body);
  uint32_t p = b.frameTensor(b.s, "p", DLC_F32, {4}), q = b.frameTensor(b.s, "q", DLC_F32, {4});
  uint32_t unused = b.frameTensor(b.s, "unused", DLC_F32, {4});
  b.step(b.s, DLC_STEP_LOOP, body, {}, {}, 0, none,
         {trips, none, none, none, none, 2, b.x, p, q, b.y, other, q, p, unused, 0});
  b.entry("main", b.main);
  Loaded l(b);
  std::vector<float> second = {5, 6, 7, 8};
  for (int64_t n : {1, 2, 3}) {
    auto want = n % 2 ? second : std::vector<float>{1, 2, 3, 4};
    EXPECT_EQ(run(l, {1, 2, 3, 4}, {tensor(&n, DLC_I64, {}), tensor(second.data(), DLC_F32, {4})}), want);
  }
}

/// y = rows of x scaled one by one, by as many rounds as a slot says: the body reads a view of x at the round's number.
struct Rounds : Unary {
  uint32_t body = block("body"), index = frameTensor(s, "i", DLC_I64, {}), bs = stage(body),
           at = dim(bs, DLC_DIM_MUL, dim(bs, DLC_DIM_READ, index, 0), constant(bs, 4)),
           from = value("from", DLC_KIND_TENSOR, DLC_F32, {one}, DLC_STORAGE_ALIAS, x, at, constant(bs, 4)),
           to = value("to", DLC_KIND_TENSOR, DLC_F32, {one}, DLC_STORAGE_ALIAS, y, at, constant(bs, 4)),
           middle = frameTensor(bs, "middle", DLC_F32, {1});
  Rounds() {
    step(bs, DLC_STEP_DISPATCH, scale, {from, middle}, {one}, 1, one);
    step(bs, DLC_STEP_DISPATCH, scale, {middle, to}, {one}, 1, one);
    after(bs, 0, 1);
  }
  void loop(uint32_t trips) {
    step(s, DLC_STEP_LOOP, body, {}, {n}, 0, none, {trips, none, index, none, none, 0, 0});
    entry("main", main);
  }
};

TEST(Control, LoopIsCountedByASlot) {
  for (uint32_t threads : {1, 3}) {
    Rounds b;
    b.features |= DLC_FEATURE_COUNTED_LOOPS;
    b.loop(none);
    Loaded l(b, threads);
    EXPECT_EQ(run(l, {0, 1, 2, 3}), (std::vector<float>{3, 7, 11, 15}));
  }
}

TEST(Control, LoopHasOneCount) {
  Rounds b;
  b.loop(b.index);
  EXPECT_FALSE(load(b.finish()));
  EXPECT_NE(std::string(dlc_last_error()).find("expected its dims count to be below 1, got 1"), std::string::npos)
      << dlc_last_error();
}

TEST(Control, FramesThatDoNotDependOnDataAreEstimated) {
  Rounds b;
  b.loop(none);
  Loaded l(b);
  dlc_memory memory = {};
  memory.struct_size = sizeof memory;
  dlc_tensor in = tensor(nullptr, DLC_F32, {4});
  ASSERT_EQ(dlc_model_memory(l.model, 0, &in, 1, 1, &memory), DLC_OK) << dlc_last_error();
  EXPECT_EQ(memory.frames, 64u + 64u); // that of the number, and the body's
  EXPECT_EQ(memory.complete, 1u);
}

TEST(Control, ParametersMayLieInTheBodysFrame) {
  Unary b;
  uint32_t trips = b.input("trips", DLC_I64, {}), body = b.block("body"), bs = b.stage(body);
  uint32_t param = b.frameTensor(bs, "param", DLC_F32, {4}), result = b.frameTensor(bs, "result", DLC_F32, {4});
  b.step(bs, DLC_STEP_DISPATCH, b.scale, {param, result}, {b.n}, 1, b.one);
  b.step(b.s, DLC_STEP_LOOP, body, {}, {}, 0, none, {trips, none, none, none, none, 1, b.x, param, result, b.y, 0});
  b.entry("main", b.main);
  Loaded l(b);
  int64_t n = 2;
  EXPECT_EQ(run(l, {0, 1, 2, 3}, {tensor(&n, DLC_I64, {})}), (std::vector<float>{3, 7, 11, 15}));
}

TEST(Control, CallPassesArguments) {
  Unary b;
  uint32_t f = b.block("f"), fs = b.stage(f);
  uint32_t param = b.frameTensor(fs, "param", DLC_F32, {4}), result = b.frameTensor(fs, "result", DLC_F32, {4});
  b.step(fs, DLC_STEP_DISPATCH, b.scale, {param, result}, {b.n}, 1, b.one);
  b.step(b.s, DLC_STEP_CALL, f, {}, {}, 0, none, {1, b.x, param, 1, result, b.y});
  b.entry("main", b.main);
  Loaded l(b);
  EXPECT_EQ(run(l, {0, 1, 2, 3}), (std::vector<float>{1, 3, 5, 7}));
}

TEST(Control, ParallelBranchesWithNestedLoops) {
  Unary b;
  uint32_t trips = b.input("trips", DLC_I64, {}), last = none, sum = b.frameTensor(b.s, "sum", DLC_F32, {4});
  uint32_t total = b.x;
  std::vector<uint32_t> bodies;
  for (int i = 0; i < 6; ++i) {
    uint32_t body = b.block("body"), bs = b.stage(body), inner = b.block("inner"), is = b.stage(inner);
    uint32_t p = b.frameTensor(b.s, "p", DLC_F32, {4}), out = b.frameTensor(b.s, "out", DLC_F32, {4});
    uint32_t ip = b.frameTensor(bs, "ip", DLC_F32, {4}), io = b.frameTensor(bs, "io", DLC_F32, {4});
    uint32_t ir = b.frameTensor(is, "ir", DLC_F32, {4});
    b.step(is, DLC_STEP_DISPATCH, b.scale, {ip, ir}, {b.n}, 1, b.one);
    b.step(bs, DLC_STEP_LOOP, inner, {}, {}, 0, none, {trips, none, none, none, none, 1, p, ip, ir, io, 0});
    uint32_t loop =
        b.step(b.s, DLC_STEP_LOOP, body, {}, {}, 0, none, {trips, none, none, none, none, 1, b.x, p, io, out, 0});
    uint32_t add = b.step(b.s, DLC_STEP_DISPATCH, b.add, {total, out, sum}, {b.n}, 1, b.one);
    b.after(b.s, loop, add);
    if (last != none) {
      b.after(b.s, last, add);
    }
    last = add, total = sum;
  }
  b.after(b.s, last, b.step(b.s, DLC_STEP_COPY, none, {sum, b.y}));
  b.entry("main", b.main);
  for (uint32_t threads : {1, 2, 4}) {
    Loaded l(b, threads);
    for (int again = 0; again < 30; ++again) {
      int64_t n = 2; // each loop: 4 scalings: 16x + 15
      EXPECT_EQ(run(l, {0, 1, 2, 3}, {tensor(&n, DLC_I64, {})}), (std::vector<float>{90, 187, 284, 381}));
    }
  }
}

/// x: f32 [4] -> the non-zero elements' indices, then a stage whose size is their number: y = 2 * float + 1.
int32_t kernelFromInt(void *const *buffers, const int64_t *dims, int64_t, int64_t, void *) {
  for (int64_t i = 0; i < dims[0]; ++i) {
    static_cast<float *>(buffers[1])[i] = float(static_cast<const int64_t *>(buffers[0])[i]);
  }
  return 0;
}

TEST(Stages, SizesFromHostCallsAndData) {
  for (uint32_t threads : {1, 2}) {
    Builder b;
    uint32_t main = b.block("main"), s0 = b.stage(main), s1 = b.stage(main);
    uint32_t x = b.input("x", DLC_F32, {8});
    uint32_t found = b.value("found", DLC_KIND_TENSOR, DLC_I64, {0, 0}, DLC_STORAGE_DYNAMIC, 0);
    b.values.back().shape = none; // only the call knows its sizes
    b.step(s0, DLC_STEP_HOST_CALL, b.host("nonzero"), {x, found});
    b.constant(s0, 0);
    uint32_t count = b.dim(s1, DLC_DIM_VALUE_DIM, found, 1), bytes = b.dim(s1, DLC_DIM_MUL, count, b.constant(s1, 4));
    uint32_t t = b.value("t", DLC_KIND_TENSOR, DLC_F32, {count}, DLC_STORAGE_FRAME, s1, none, bytes);
    b.stages[s1].abi.frame_size = bytes;
    uint32_t y = b.output("y", DLC_F32, {count}, bytes);
    uint32_t one = b.constant(s1, 1);
    uint32_t k0 = b.step(s1, DLC_STEP_DISPATCH, b.kernel("cast", kernelFromInt), {found, t}, {count}, 1, one);
    uint32_t k1 = b.step(s1, DLC_STEP_DISPATCH, b.kernel("scale", kernelScale), {t, y}, {count}, 1, one);
    b.after(s1, k0, k1);
    b.entry("main", main);
    Loaded l(b, threads);
    EXPECT_EQ(run(l, {0, 1, 0, 1, 1, 0, 0, 1}), (std::vector<float>{3, 7, 9, 15}));
    EXPECT_EQ(run(l, {0, 0, 0, 0, 0, 0, 0, 0}), (std::vector<float>{}));
    EXPECT_EQ(run(l, {1, 1, 1, 1, 1, 1, 1, 1}).size(), 8u);
  }
}

TEST(Stages, MemoryThatDependsOnDataIsNotEstimated) {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main), x = b.input("x", DLC_F32, {8}), one = b.constant(s, 1);
  uint32_t found = b.value("found", DLC_KIND_TENSOR, DLC_I64, {0, 0}, DLC_STORAGE_DYNAMIC, 0);
  uint32_t y = b.output("y", DLC_F32, {one}, b.constant(s, 4));
  uint32_t k0 = b.step(s, DLC_STEP_HOST_CALL, b.host("nonzero"), {x, found});
  uint32_t k1 = b.step(s, DLC_STEP_DISPATCH, b.kernel("cast", kernelFromInt), {found, y}, {one}, 1, one);
  b.after(s, k0, k1);
  b.entry("main", main);
  Loaded l(b);
  dlc_memory memory = {};
  memory.struct_size = sizeof memory;
  dlc_tensor in = tensor(nullptr, DLC_F32, {8});
  ASSERT_EQ(dlc_model_memory(l.model, 0, &in, 1, 1, &memory), DLC_OK) << dlc_last_error();
  EXPECT_EQ(memory.outputs, 4u);
  EXPECT_EQ(memory.complete, 0u); // the positions are missing
  EXPECT_EQ(run(l, {0, 0, 5, 0, 0, 0, 0, 0}), (std::vector<float>{2}));
}

TEST(Stages, ReadsNumbersOfEveryType) {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main), k = b.input("k", DLC_I32, {2});
  uint32_t x = b.input("x", DLC_F32, {4});
  uint32_t size = b.dim(s, DLC_DIM_READ, k, 1), bytes = b.dim(s, DLC_DIM_MUL, size, b.constant(s, 4));
  b.dim(s, DLC_DIM_CHECK_LE, size, b.constant(s, 4), b.text("k"));
  uint32_t y = b.output("y", DLC_F32, {size}, bytes), one = b.constant(s, 1);
  b.step(s, DLC_STEP_DISPATCH, b.kernel("scale", kernelScale), {x, y}, {size}, 1, one);
  b.entry("main", main);
  Loaded l(b);
  auto sizeFor = [&](int32_t number, dlc_status want) {
    int32_t pair[2] = {7, number};
    float x4[4] = {1, 2, 3, 4};
    dlc_tensor in[2] = {tensor(pair, DLC_I32, {2}), tensor(x4, DLC_F32, {4})}, out = DLC_TENSOR_INIT;
    EXPECT_EQ(dlc_run(l.c, 0, in, 2, &out, 1), want) << dlc_last_error();
    return out.dims[0];
  };
  EXPECT_EQ(sizeFor(3, DLC_OK), 3);
  EXPECT_EQ(sizeFor(0, DLC_OK), 0);
  EXPECT_EQ(sizeFor(4, DLC_OK), 4);
  sizeFor(5, DLC_SHAPE_MISMATCH);
  EXPECT_STREQ(dlc_last_error(), "k: expected at most 4, got 5");
  sizeFor(-1, DLC_SHAPE_MISMATCH);
  EXPECT_STREQ(dlc_last_error(), "output 'y': expected sizes of inputs that the model can take, got dimension 0 of -1");
}

TEST(Variables, FeedBackUntilReset) {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main), x = b.input("x", DLC_F32, {4});
  uint32_t n = b.constant(s, 4), bytes = b.constant(s, 16);
  float start[4] = {10, 20, 30, 40};
  b.constantTensor(s, "start", DLC_F32, {4}, start, 16);
  uint32_t state = b.value("state", DLC_KIND_TENSOR, DLC_F32, {n}, DLC_STORAGE_VARIABLE, 0, none, bytes);
  b.variables.push_back({b.text("state"), 0, bytes, state});
  uint32_t y = b.output("y", DLC_F32, {n}, bytes);
  b.step(s, DLC_STEP_DISPATCH, b.kernel("add", kernelAdd), {x, state, y}, {n}, 1, b.constant(s, 1));
  b.feedback.push_back({0, y, state});
  b.entry("main", main);
  Loaded l(b);
  EXPECT_EQ(run(l, {1, 1, 1, 1}), (std::vector<float>{11, 21, 31, 41}));
  EXPECT_EQ(run(l, {1, 1, 1, 1}), (std::vector<float>{12, 22, 32, 42}));
  dlc_tensor t = DLC_TENSOR_INIT;
  ASSERT_EQ(dlc_context_get_variable(l.c, "state", &t), DLC_OK);
  EXPECT_EQ(t.dtype, uint32_t(DLC_F32));
  EXPECT_EQ(static_cast<float *>(t.data)[3], 42);
  ASSERT_EQ(dlc_context_reset_variables(l.c), DLC_OK);
  EXPECT_EQ(run(l, {1, 1, 1, 1}), (std::vector<float>{11, 21, 31, 41}));
  float zeros[4] = {};
  t = tensor(zeros, DLC_F32, {4});
  ASSERT_EQ(dlc_context_set_variable(l.c, "state", &t), DLC_OK) << dlc_last_error();
  EXPECT_EQ(run(l, {1, 1, 1, 1}), (std::vector<float>{1, 1, 1, 1}));
  EXPECT_EQ(dlc_context_set_variable(l.c, "none", &t), DLC_NOT_FOUND);
  t.byte_size = 8;
  EXPECT_EQ(dlc_context_set_variable(l.c, "state", &t), DLC_SHAPE_MISMATCH);
}

/// state -> add(x, state), in two buffers; the kernel fails where x is negative.
int32_t kernelAddOrFail(void *const *buffers, const int64_t *dims, int64_t begin, int64_t end, void *scratch) {
  int32_t status = kernelAdd(buffers, dims, begin, end, scratch);
  return static_cast<const float *>(buffers[0])[0] < 0 ? DLC_KERNEL_INDEX_OUT_OF_RANGE : status;
}
Builder exchanging(uint8_t inputFlags = DLC_PORT_FEEDBACK, uint8_t outputType = DLC_F32) {
  Builder b;
  uint32_t main = b.block("main"), s = b.stage(main), x = b.input("x", DLC_F32, {4});
  uint32_t n = b.constant(s, 4), bytes = b.constant(s, 16);
  uint32_t state = b.input("state", DLC_F32, {4}, DLC_KIND_TENSOR, {}, inputFlags);
  b.values[state].storage = DLC_STORAGE_VARIABLE;
  b.values[state].index = 0;
  b.values[state].shape = b.pooled({n});
  b.values[state].size = bytes;
  b.variables.push_back({b.text("state"), none, bytes, state});
  uint32_t next = b.output("next", outputType, {n}, bytes);
  b.outputs.back().flags = DLC_PORT_FEEDBACK;
  b.step(s, DLC_STEP_DISPATCH, b.kernel("add", kernelAddOrFail), {x, state, next}, {n}, 1, b.constant(s, 1));
  b.feedback.push_back({0, next, state});
  b.entry("main", main);
  return b;
}

std::vector<float> stateAfter(Loaded &l, std::vector<float> x, dlc_status status = DLC_OK) {
  dlc_tensor in = tensor(x.data(), DLC_F32, {4}), t = DLC_TENSOR_INIT;
  EXPECT_EQ(dlc_context_set_input(l.c, 0, 0, &in), DLC_OK) << dlc_last_error();
  EXPECT_EQ(dlc_context_run(l.c, 0), status) << dlc_last_error();
  EXPECT_EQ(dlc_context_get_variable(l.c, "state", &t), DLC_OK);
  const float *data = static_cast<const float *>(t.data);
  return {data, data + 4};
}

TEST(Variables, AreExchangedAfterARunThatSucceeds) {
  Builder b = exchanging();
  Loaded l(b);
  EXPECT_EQ(stateAfter(l, {1, 2, 3, 4}), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(stateAfter(l, {1, 1, 1, 1}), (std::vector<float>{2, 3, 4, 5}));
  EXPECT_EQ(stateAfter(l, {-1, 1, 1, 1}, DLC_RUN_FAILED), (std::vector<float>{2, 3, 4, 5}));
  EXPECT_EQ(stateAfter(l, {1, 1, 1, 1}), (std::vector<float>{3, 4, 5, 6}));
  ASSERT_EQ(dlc_context_trim(l.c), DLC_OK);
  EXPECT_EQ(stateAfter(l, {1, 1, 1, 1}), (std::vector<float>{4, 5, 6, 7}));
  dlc_memory memory = {};
  memory.struct_size = sizeof memory;
  ASSERT_EQ(dlc_model_memory(dlc_context_model(l.c), 0, nullptr, 0, 1, &memory), DLC_OK);
  EXPECT_EQ(memory.variables, 32u);
  EXPECT_EQ(memory.outputs, 0u);
  dlc_tensor t = DLC_TENSOR_INIT;
  EXPECT_EQ(dlc_context_get_output(l.c, 0, 0, &t), DLC_INVALID_ARGUMENT);
  EXPECT_NE(strstr(dlc_last_error(), "dlc_context_get_variable"), nullptr);
}

TEST(Variables, WrongFeedbackIsRefused) {
  auto refused = [](Builder b, const char *why) {
    Blob blob = b.finish();
    EXPECT_EQ(load(blob), nullptr);
    EXPECT_NE(strstr(dlc_last_error(), why), nullptr) << dlc_last_error();
  };
  Builder twice = exchanging();
  twice.feedback.push_back(twice.feedback[0]);
  refused(std::move(twice), "one output per variable");
  refused(exchanging(DLC_PORT_FEEDBACK, DLC_I32), "a variable of its type and rank");
  refused(exchanging(0), "expected an input's value to be an input");
}

} // namespace

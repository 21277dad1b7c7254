#include "compiler/target/cpu/contraction/Separable.h"
#include "Jit.h"
#include "Tensors.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace dlc::cpu;

namespace {

struct Axis {
  int64_t input, kernel, stride, dilation, padBegin, padEnd;
  int64_t output() const { return (input + padBegin + padEnd - dilation * (kernel - 1) - 1) / stride + 1; }
};

struct SeparableCase {
  /// Channels of the input (0: no expansion), of the depthwise convolution, and of the output.
  int64_t batch, channels, expanded, outputs;
  Axis y, x;

  int64_t inputs() const { return channels ? channels : expanded; }
  int64_t pixelsIn() const { return y.input * x.input; }
  int64_t pixelsOut() const { return y.output() * x.output(); }
};

std::ostream &operator<<(std::ostream &os, const SeparableCase &t) {
  return os << t.batch << "x" << t.y.input << "x" << t.x.input << " " << t.channels << "->" << t.expanded << "->"
            << t.outputs << " k" << t.y.kernel << " s" << t.y.stride << " d" << t.y.dilation;
}

ConvProblem pointwise(int64_t height, int64_t width, int64_t channels, int64_t outputs, const ContractionTypes &types) {
  ConvProblem p;
  p.axes[1].input = p.axes[1].output = height;
  p.axes[2].input = p.axes[2].output = width;
  p.channels = channels;
  p.outputChannels = outputs;
  p.types = types;
  return p;
}

SeparableProblem problemOf(const SeparableCase &t, mlir::MLIRContext &context) {
  mlir::Type f32 = mlir::Float32Type::get(&context);
  ContractionTypes types = ContractionTypes::of(f32, f32);
  SeparableProblem p;
  if (t.channels) {
    p.expand = pointwise(t.y.input, t.x.input, t.channels, t.expanded, types);
  }
  auto axis = [](const Axis &a) {
    return ConvAxis{a.input, a.output(), a.kernel, a.stride, a.dilation, a.padBegin, a.padEnd};
  };
  p.depthwise.axes[1] = axis(t.y);
  p.depthwise.axes[2] = axis(t.x);
  p.depthwise.channels = p.depthwise.outputChannels = p.depthwise.groups = t.expanded;
  p.depthwise.types = types;
  p.project = pointwise(t.y.output(), t.x.output(), t.expanded, t.outputs, types);
  return p;
}

using Values = std::vector<double>;

/// x [pixels][channels] times w [outputs][channels], plus bias.
Values product(const Values &x, const Tensor &w, const Tensor &bias, int64_t channels) {
  Values out;
  for (size_t pixel = 0; pixel < x.size() / channels; ++pixel) {
    for (int64_t o = 0; o < bias.size(); ++o) {
      double sum = bias.get(o);
      for (int64_t c = 0; c < channels; ++c) {
        sum += x[pixel * channels + c] * w.get(o * channels + c);
      }
      out.push_back(sum);
    }
  }
  return out;
}

Values depthwise(const SeparableCase &t, const Values &x, const Tensor &w, const Tensor &bias) {
  Values out;
  for (int64_t n = 0; n < t.batch; ++n) {
    for (int64_t at = 0; at < t.pixelsOut() * t.expanded; ++at) {
      int64_t c = at % t.expanded, column = at / t.expanded % t.x.output(), row = at / t.expanded / t.x.output();
      double sum = bias.get(c);
      for (int64_t tap = 0; tap < t.y.kernel * t.x.kernel; ++tap) {
        int64_t iy = row * t.y.stride - t.y.padBegin + tap / t.x.kernel * t.y.dilation;
        int64_t ix = column * t.x.stride - t.x.padBegin + tap % t.x.kernel * t.x.dilation;
        if (iy >= 0 && iy < t.y.input && ix >= 0 && ix < t.x.input) {
          int64_t pixel = n * t.pixelsIn() + iy * t.x.input + ix;
          sum += x[pixel * t.expanded + c] * w.get(c * t.y.kernel * t.x.kernel + tap);
        }
      }
      out.push_back(sum);
    }
  }
  return out;
}

Values relu(Values v) {
  for (double &x : v) {
    x = std::max(x, 0.0);
  }
  return v;
}

Epilogue biasAndRelu(mlir::Value bias) {
  return [=](KernelBuilder &k, mlir::Value v, const EpilogueCoord &coord) {
    return k.relu(k.addValues(v, loadColumns(k, bias, coord)));
  };
}

/// A bias, a residual, and a number per pixel.
Epilogue projectEpilogue(mlir::Value bias, mlir::Value residual, mlir::Value perPixel) {
  return [=](KernelBuilder &k, mlir::Value v, const EpilogueCoord &coord) {
    v = k.addValues(k.addValues(v, loadColumns(k, bias, coord)), loadLikeOutput(k, residual, coord));
    return k.addValues(v, loadRow(k, perPixel, coord));
  };
}

Tensor random(int64_t size, unsigned seed) {
  Tensor t(Dtype::F32, size);
  t.randomize(seed);
  return t;
}

Tensor packed(const PackedWeights &w, const Tensor &weights) {
  Tensor result(Dtype::F32, w.bytes() / 4);
  packWeights(w, WeightStrides::outputMajor(w), weights.data(), result.data());
  return result;
}

/// How an image is cut: as the plan says, or into so many tiles of whole blocks, or of equal pieces.
struct Cut {
  int64_t tiles = 0;
  bool equal = false;
};

void check(mlir::MLIRContext &context, const TargetInfo &target, const SeparableCase &t, Cut cut = {}) {
  SeparableProblem p = problemOf(t, context);
  ASSERT_TRUE(isSeparable(p)) << t;
  SeparablePlan plan = chooseSeparable(p, target);
  if (cut.tiles) {
    plan.tiles = cut.tiles;
    plan.piece = t.y.output() / (cut.equal ? cut.tiles : 1);
  }
  Tensor input = random(t.batch * t.pixelsIn() * t.inputs(), 1), expandWeights = random(t.inputs() * t.expanded, 2),
         expandBias = random(t.expanded, 3), taps = random(t.expanded * t.y.kernel * t.x.kernel, 4),
         depthwiseBias = random(t.expanded, 5), projectWeights = random(t.expanded * t.outputs, 6),
         projectBias = random(t.outputs, 7), residual = random(t.batch * t.pixelsOut() * t.outputs, 8),
         perPixel = random(t.batch * t.pixelsOut(), 9), output(Dtype::F32, residual.size());
  PackedDepthwise w = packedDepthwiseWeights(p.depthwise, plan.depthwise);
  Tensor packedTaps(Dtype::F32, w.bytes() / 4), packedProject = packed(packedProjection(p, plan), projectWeights);
  packDepthwise(w, taps.data(), packedTaps.data());
  Tensor packedExpand = p.expand ? packed(packedExpansion(p, plan), expandWeights) : Tensor(Dtype::F32, 1);

  std::vector<Tensor *> tensors{&input,         &packedExpand, &expandBias, &packedTaps, &depthwiseBias,
                                &packedProject, &projectBias,  &residual,   &perPixel,   &output};
  std::vector<Kernel::Buffer> buffers;
  std::vector<void *> pointers;
  for (Tensor *tensor : tensors) {
    buffers.push_back({mlir::Float32Type::get(&context), tensor->size()});
    pointers.push_back(tensor->data());
  }
  int64_t scratchBytes = separableScratch(p, plan).bytes();
  buffers.push_back({mlir::IntegerType::get(&context, 8), scratchBytes});
  Kernel kernel = Kernel::compile(context, target, buffers, 1, [&](KernelBuilder &kb, const Kernel::Arguments &a) {
    SeparableBuffers at{a.buffers[0],
                        a.buffers[1],
                        a.buffers[3],
                        a.buffers[5],
                        a.buffers[9],
                        biasAndRelu(a.buffers[2]),
                        biasAndRelu(a.buffers[4]),
                        projectEpilogue(a.buffers[6], a.buffers[7], a.buffers[8]),
                        a.buffers[10]};
    emitSeparable(kb, p, plan, at, a.begin, a.end);
  });
  std::vector<uint8_t> scratch(scratchBytes + 64, 0xff);
  pointers.push_back(scratch.data() + (64 - reinterpret_cast<uintptr_t>(scratch.data()) % 64) % 64);

  Values x;
  for (int64_t i = 0; i < input.size(); ++i) {
    x.push_back(input.get(i));
  }
  x = p.expand ? relu(product(x, expandWeights, expandBias, t.channels)) : x;
  x = product(relu(depthwise(t, x, taps, depthwiseBias)), projectWeights, projectBias, t.expanded);
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] += residual.get(i) + perPixel.get(i / t.outputs);
  }
  int64_t tiles = t.batch * plan.tiles;
  output.fill(-7);
  kernel.run(pointers, {t.batch}, 0, tiles);
  EXPECT_LE(relativeError(output, x), 3e-6) << t << " bits " << target.vectorBits;
  auto whole = output.copyBytes();
  output.fill(-7);
  for (int64_t i = tiles; i-- > 0;) {
    kernel.run(pointers, {t.batch}, i, i + 1);
  }
  EXPECT_EQ(whole, output.copyBytes()) << t << " tile by tile";
}

TEST(Separable, MatchesTheDefinition) {
  auto context = makeKernelContext();
  Axis same9{9, 3, 1, 1, 1, 1}, same14{14, 3, 1, 1, 1, 1}, half{30, 3, 2, 1, 1, 1}, wide{17, 5, 1, 1, 2, 2},
      apart{15, 3, 1, 2, 2, 2}, valid{11, 3, 3, 1, 0, 0};
  for (const TargetInfo &target : executableTargets()) {
    for (int64_t channels : {0, 12}) {
      check(*context, target, {2, channels, 32, 24, same14, same9});
      check(*context, target, {1, channels, 40, 17, half, half});
      check(*context, target, {1, channels, 19, 32, wide, same9});
      check(*context, target, {2, channels, 16, 8, apart, apart});
      check(*context, target, {1, channels, 16, 8, valid, half});
    }
    check(*context, target, {1, 4, 16, 8, {90, 3, 2, 1, 0, 1}, same9});
    check(*context, target, {1, 0, 16, 8, {1, 3, 1, 1, 1, 1}, {2, 3, 1, 1, 1, 1}});
  }
}

TEST(Separable, TilesOfAnImage) {
  auto context = makeKernelContext();
  Axis same9{9, 3, 1, 1, 1, 1}, same14{14, 3, 1, 1, 1, 1}, half{40, 3, 2, 1, 1, 1}, apart{21, 5, 1, 3, 6, 6};
  for (const TargetInfo &target : executableTargets()) {
    for (int64_t channels : {0, 12}) {
      check(*context, target, {2, channels, 16, 8, same14, same9}, {2, true});
      check(*context, target, {1, channels, 16, 8, same14, same9}, {3});
      check(*context, target, {1, channels, 16, 8, half, same9}, {4, true});
      check(*context, target, {2, channels, 16, 8, half, half}, {2});
      check(*context, target, {1, channels, 16, 8, apart, same9}, {3, true});
    }
  }
}

TEST(Separable, TwoThreadsShareTilesEvenly) {
  auto context = makeKernelContext();
  TargetInfo target = executableTargets().back();
  for (int64_t size : {14, 28, 56}) {
    Axis same{size, 3, 1, 1, 1, 1};
    SeparableCase t{1, 0, 192, 192, same, same};
    SeparablePlan plan = chooseSeparable(problemOf(t, *context), target);
    EXPECT_TRUE(plan.tiles % 2 == 0 || plan.tiles >= 8) << size;
    EXPECT_TRUE(plan.piece == size || plan.piece * plan.tiles == size) << size;
    int64_t blocks = (size + plan.depthwise.rows - 1) / plan.depthwise.rows;
    bool even = plan.piece < size || blocks % plan.tiles % 2 == 0 || plan.tiles >= 8;
    EXPECT_TRUE(even) << size << ": " << plan.tiles << " tiles of " << blocks << " blocks";
  }
}

TEST(Separable, RowsWhoseTapsAreFarApart) {
  auto context = makeKernelContext();
  Axis same{9, 3, 1, 1, 1, 1}, apart{60, 3, 1, 14, 14, 14}, padded{40, 3, 1, 1, 19, 2}, both{50, 3, 1, 4, 9, 18};
  for (const TargetInfo &target : executableTargets()) {
    for (int64_t channels : {0, 12}) {
      for (const Axis &y : {apart, padded, both}) {
        check(*context, target, {2, channels, 16, 8, y, same});
      }
    }
  }
}

TEST(Separable, EndsInBytes) {
  auto context = makeKernelContext();
  mlir::Type f32 = mlir::Float32Type::get(context.get()), i8 = mlir::IntegerType::get(context.get(), 8);
  Axis same{7, 3, 1, 1, 1, 1};
  SeparableCase t{1, 0, 16, 24, same, same};
  SeparableProblem p = problemOf(t, *context);
  for (const TargetInfo &target : executableTargets()) {
    SeparablePlan plan = chooseSeparable(p, target);
    Tensor input = random(t.pixelsIn() * t.expanded, 1), taps = random(t.expanded * 9, 4), none = random(t.expanded, 5),
           weights = random(t.expanded * t.outputs, 6), zeros(Dtype::F32, t.outputs),
           output(Dtype::U8, t.pixelsOut() * t.outputs);
    PackedDepthwise w = packedDepthwiseWeights(p.depthwise, plan.depthwise);
    Tensor packedTaps(Dtype::F32, w.bytes() / 4), packedProject = packed(packedProjection(p, plan), weights);
    packDepthwise(w, taps.data(), packedTaps.data());
    int64_t scratchBytes = separableScratch(p, plan).bytes();
    std::vector<Kernel::Buffer> buffers{{f32, input.size()}, {f32, packedTaps.size()}, {f32, packedProject.size()},
                                        {i8, output.size()}, {f32, none.size()},       {i8, scratchBytes}};
    Kernel kernel = Kernel::compile(*context, target, buffers, 1, [&](KernelBuilder &kb, const Kernel::Arguments &a) {
      Epilogue project = [](KernelBuilder &, mlir::Value v, const EpilogueCoord &) { return v; };
      project.rounding = ByteRounding{100, false};
      SeparableBuffers at{
          a.buffers[0], {},          a.buffers[1], a.buffers[2], a.buffers[3], {}, biasAndRelu(a.buffers[4]),
          project,      a.buffers[5]};
      emitSeparable(kb, p, plan, at, a.begin, a.end);
    });
    std::vector<uint8_t> scratch(scratchBytes + 64, 0xff);
    kernel.run({input.data(), packedTaps.data(), packedProject.data(), output.data(), none.data(),
                scratch.data() + (64 - reinterpret_cast<uintptr_t>(scratch.data()) % 64) % 64},
               {1}, 0, plan.tiles);
    Values x;
    for (int64_t i = 0; i < input.size(); ++i) {
      x.push_back(input.get(i));
    }
    zeros.fill(0);
    x = product(relu(depthwise(t, x, taps, none)), weights, zeros, t.expanded);
    for (int64_t i = 0; i < output.size(); ++i) {
      // Rounded sums may fall to either side of a half.
      EXPECT_NEAR(output.get(i), std::clamp(x[i] + 100, 0.0, 255.0), 0.5001) << i << " bits " << target.vectorBits;
    }
  }
}

TEST(Separable, LongEpiloguesTakeNoMoreStackThanOne) {
  auto context = makeKernelContext();
  TargetInfo target = executableTargets().front();
  SeparableCase t{2, 4, 16, 8, {4000, 3, 2, 1, 0, 1}, {9, 3, 1, 1, 1, 1}};
  mlir::Type f32 = mlir::Float32Type::get(context.get());
  SeparableProblem p = problemOf(t, *context);
  SeparablePlan plan = chooseSeparable(p, target);
  std::vector<Kernel::Buffer> buffers(4, {f32});
  buffers.push_back({f32});
  buffers.push_back({mlir::IntegerType::get(context.get(), 8), separableScratch(p, plan).bytes()});
  Kernel::compile(*context, target, buffers, 1, [&](KernelBuilder &kb, const Kernel::Arguments &a) {
    Epilogue isLong = [](KernelBuilder &, mlir::Value v, const EpilogueCoord &) { return v; };
    isLong.isLong = true;
    SeparableBuffers at{a.buffers[0], a.buffers[1], a.buffers[2], a.buffers[3], a.buffers[4],
                        isLong,       {},           isLong,       a.buffers[5]};
    emitSeparable(kb, p, plan, at, a.begin, a.end);
    auto function = kb.builder().getInsertionBlock()->getParent()->getParentOfType<mlir::func::FuncOp>();
    function.walk([&](mlir::memref::AllocaOp op) { EXPECT_EQ(op->getBlock(), &function.getBody().front()); });
  });
}

TEST(Separable, IsOneProblemOfMany) {
  auto context = makeKernelContext();
  Axis same{14, 3, 1, 1, 1, 1}, large{14, 7, 1, 1, 3, 3};
  EXPECT_FALSE(isSeparable(problemOf({1, 0, 32, 24, large, large}, *context))) << "taps are loops";
  SeparableProblem p = problemOf({1, 0, 32, 24, same, same}, *context);
  EXPECT_TRUE(isSeparable(p));
  p.depthwise.axes[1].input = Idx(mlir::ShapedType::kDynamic);
  EXPECT_FALSE(isSeparable(p)) << "a size that only the run knows";
  p = problemOf({1, 0, 32, 24, same, same}, *context);
  p.project.axes[2].stride = 2;
  EXPECT_FALSE(isSeparable(p)) << "the projection leaves pixels out";
}

TEST(Separable, IsTakenWhereCachesTell) {
  auto context = makeKernelContext();
  TargetInfo target = TargetInfo::avx2();
  target.l2 = 1 << 20;
  auto problem = [&](int64_t size, int64_t stride, int64_t channels, int64_t expanded, int64_t outputs) {
    Axis axis{size, 3, stride, 1, 1, 1};
    return problemOf({1, channels, expanded, outputs, axis, axis}, *context);
  };
  EXPECT_TRUE(projectsFromCache(problem(14, 1, 0, 384, 64), target));
  EXPECT_FALSE(projectsFromCache(problem(7, 1, 0, 960, 320), target)) << "1.2 MB of weights";
  EXPECT_FALSE(projectsFromCache(problem(1000, 1, 0, 96, 16), target)) << "a row takes 0.4 MB";
  EXPECT_TRUE(expandsInCache(problem(112, 2, 16, 96, 24), target));
  EXPECT_FALSE(expandsInCache(problem(56, 1, 24, 144, 24), target)) << "tiles would share two rows in seven";
  EXPECT_FALSE(expandsInCache(problem(14, 2, 96, 576, 160), target)) << "stays in the cache";
}

} // namespace

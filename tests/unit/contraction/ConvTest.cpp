#include "Jit.h"
#include "Tensors.h"
#include "compiler/target/cpu/contraction/Depthwise.h"
#include "compiler/target/cpu/contraction/DepthwiseBytes.h"

#include <gtest/gtest.h>

#include <ostream>

using namespace dlc::cpu;

namespace {

enum class Kind { Conv, Depthwise, Transpose };

struct Axis {
  int64_t input = 1, kernel = 1, stride = 1, dilation = 1, padBegin = 0, padEnd = 0, outputPadding = 0;

  int64_t output(Kind kind) const {
    int64_t reach = dilation * (kernel - 1) + 1;
    return kind == Kind::Transpose ? (input - 1) * stride + reach - padBegin - padEnd + outputPadding
                                   : (input + padBegin + padEnd - reach) / stride + 1;
  }
};

struct ConvCase {
  Kind kind = Kind::Conv;
  int64_t batch = 1, channels = 1, outputs = 1, groups = 1;
  Axis z = {}, y = {}, x = {};
  bool channelsFirst = false, dynamic = false;
  Dtype a = Dtype::F32, b = Dtype::F32, c = Dtype::F32;
  double padValue = 0;
};

std::ostream &operator<<(std::ostream &os, const Axis &a) {
  return os << " [" << a.input << " k" << a.kernel << " s" << a.stride << " d" << a.dilation << " p" << a.padBegin
            << "," << a.padEnd << "]";
}

std::ostream &operator<<(std::ostream &os, const ConvCase &c) {
  return os << "kind " << int(c.kind) << " n" << c.batch << " " << c.channels << "->" << c.outputs << " g" << c.groups
            << c.z << c.y << c.x << (c.channelsFirst ? " nchw" : "") << (c.dynamic ? " dynamic" : "") << " types "
            << int(c.a) << int(c.b) << int(c.c) << " pad " << c.padValue;
}

/// Adds a bias and a residual, and clamps at zero.
Epilogue biasResidualRelu(mlir::Value bias, mlir::Value residual) {
  return [=](KernelBuilder &kb, mlir::Value x, const EpilogueCoord &coord) {
    x = kb.addValues(x, loadColumns(kb, bias, coord));
    return kb.relu(kb.addValues(x, loadLikeOutput(kb, residual, coord)));
  };
}

class ConvRun {
public:
  explicit ConvRun(const ConvCase &t)
      : t(t), axes{t.z, t.y, t.x}, pixelsIn(t.z.input * t.y.input * t.x.input),
        pixelsOut(t.z.output(t.kind) * t.y.output(t.kind) * t.x.output(t.kind)),
        taps(t.z.kernel * t.y.kernel * t.x.kernel), input(t.a, t.batch * t.channels * pixelsIn),
        weights(t.b, t.channels * t.outputs / t.groups * taps), output(t.c, t.batch * t.outputs * pixelsOut),
        bias(t.c, t.outputs), residual(t.c, t.batch * t.outputs * pixelsOut) {
    input.randomize(1);
    weights.randomize(2);
    bias.randomize(3);
    residual.randomize(4);
  }

  void check(mlir::MLIRContext &context, const TargetInfo &target) {
    Tensor packed = plan(context, target);
    Kernel kernel = compile(context, target, packed.size());
    std::vector<void *> buffers{input.data(), packed.data(), output.data(), bias.data(), residual.data(), &tiles};
    std::vector<int64_t> dims{t.batch, t.y.input, t.x.input, t.y.output(t.kind), t.x.output(t.kind)};
    kernel.run(buffers, dims, 0, 0); // stores the number of tiles
    ASSERT_GT(tiles, 0);
    output.fill(-7);
    kernel.run(buffers, dims, 0, tiles);
    double tolerance = t.c == Dtype::F32 ? 3e-6 : 0;
    EXPECT_LE(relativeError(output, expected()), tolerance) << t << " vector bits " << target.vectorBits;
    auto whole = output.copyBytes();
    output.fill(-7);
    for (int64_t i = tiles; i-- > 0;) {
      kernel.run(buffers, dims, i, i + 1);
    }
    EXPECT_EQ(whole, output.copyBytes()) << t << " tile by tile";
  }

private:
  /// A sum over what a convolution reads: calls `add(input pixel or -1, tap)`.
  template <typename Add> void forTaps(const std::array<int64_t, 3> &at, Add add) const {
    for (int64_t kz = 0; kz < t.z.kernel; ++kz) {
      for (int64_t ky = 0; ky < t.y.kernel; ++ky) {
        for (int64_t kx = 0; kx < t.x.kernel; ++kx) {
          std::array<int64_t, 3> k{kz, ky, kx};
          int64_t pixel = 0;
          bool inside = true, exists = true;
          for (int i = 0; i < 3; ++i) {
            const Axis &a = axes[i];
            int64_t p = at[i] * a.stride - a.padBegin + k[i] * a.dilation;
            if (t.kind == Kind::Transpose) {
              int64_t scaled = at[i] + a.padBegin - k[i] * a.dilation;
              exists &= scaled % a.stride == 0;
              p = scaled / a.stride;
              exists &= scaled >= 0;
            }
            inside &= p >= 0 && p < a.input;
            pixel = pixel * a.input + p;
          }
          if (exists) {
            add(inside ? pixel : -1, (kz * t.y.kernel + ky) * t.x.kernel + kx);
          }
        }
      }
    }
  }

  double element(int64_t n, const std::array<int64_t, 3> &at, int64_t o) const {
    int64_t cg = t.channels / t.groups, og = t.outputs / t.groups, g = o / og;
    double sum = 0;
    forTaps(at, [&](int64_t pixel, int64_t tap) {
      for (int64_t c = 0; c < cg; ++c) {
        int64_t channel = g * cg + c;
        int64_t i = t.channelsFirst ? (n * t.channels + channel) * pixelsIn + pixel
                                    : (n * pixelsIn + pixel) * t.channels + channel;
        int64_t w = t.kind == Kind::Transpose ? ((channel * og) + o % og) * taps + tap : (o * cg + c) * taps + tap;
        sum += (pixel < 0 ? t.padValue : input.get(i)) * weights.get(w);
      }
    });
    return sum;
  }

  std::vector<double> expected() const {
    std::vector<double> out;
    for (int64_t n = 0; n < t.batch; ++n) {
      for (int64_t z = 0; z < t.z.output(t.kind); ++z) {
        for (int64_t y = 0; y < t.y.output(t.kind); ++y) {
          for (int64_t x = 0; x < t.x.output(t.kind); ++x) {
            for (int64_t o = 0; o < t.outputs; ++o) {
              double v = element(n, {z, y, x}, o) + bias.get(o) + residual.get(out.size());
              out.push_back(std::max(0.0, v));
            }
          }
        }
      }
    }
    return out;
  }

  ConvProblem problem(mlir::MLIRContext &context, const Kernel::Arguments *args) const {
    auto size = [&](int64_t number, int dim) {
      return !t.dynamic ? Idx(number) : args ? Idx(args->dims[dim]) : Idx(mlir::ShapedType::kDynamic);
    };
    ConvProblem p;
    p.batch = size(t.batch, 0);
    for (int i = 0; i < 3; ++i) {
      const Axis &a = axes[i];
      Idx in = i == 0 ? Idx(a.input) : size(a.input, i),
          out = i == 0 ? Idx(a.output(t.kind)) : size(a.output(t.kind), i + 2);
      p.axes[i] = {in, out, a.kernel, a.stride, a.dilation, a.padBegin, a.padEnd};
    }
    p.channels = t.channels;
    p.outputChannels = t.outputs;
    p.groups = t.groups;
    p.types = ContractionTypes::of(mlirType(context, t.a), mlirType(context, t.b), t.a != Dtype::U8, t.b != Dtype::U8);
    p.channelsFirst = t.channelsFirst;
    p.padValue = t.padValue;
    return p;
  }

  Tensor plan(mlir::MLIRContext &context, const TargetInfo &target) {
    ConvProblem p = problem(context, nullptr);
    byBytes = t.kind == Kind::Depthwise && fitsByteDepthwise(p, target);
    if (byBytes) {
      byteDepthwise = chooseByteDepthwise(p, target);
      Tensor result(t.b, packedByteDepthwiseBytes(p, byteDepthwise));
      packByteDepthwise(p, byteDepthwise, static_cast<const int8_t *>(weights.data()),
                        static_cast<int8_t *>(result.data()));
      return result;
    }
    if (t.kind == Kind::Depthwise) {
      depthwise = chooseDepthwise(p, target);
      PackedDepthwise packed = packedDepthwiseWeights(p, depthwise);
      Tensor result(t.b, packed.bytes() / bytesOf(t.b));
      packDepthwise(packed, weights.data(), result.data());
      return result;
    }
    conv = t.kind == Kind::Conv ? chooseConv(p, target) : chooseConvTranspose(p, target);
    PackedWeights packed = packedConvWeights(p, conv);
    Tensor result(t.b, packed.bytes() / bytesOf(t.b));
    packWeights(packed, t.kind == Kind::Conv ? WeightStrides::outputMajor(packed) : WeightStrides::inputMajor(packed),
                weights.data(), result.data());
    return result;
  }

  Kernel compile(mlir::MLIRContext &context, const TargetInfo &target, int64_t packedSize) {
    mlir::Type ct = mlirType(context, t.c), i64 = mlirType(context, Dtype::I64);
    std::vector<Kernel::Buffer> buffers{{mlirType(context, t.a), input.size()},
                                        {mlirType(context, t.b), packedSize},
                                        {ct, output.size()},
                                        {ct, bias.size()},
                                        {ct, residual.size()},
                                        {i64, 1}};
    return Kernel::compile(context, target, buffers, 5, [&](KernelBuilder &kb, const Kernel::Arguments &args) {
      ConvProblem p = problem(context, &args);
      Epilogue epilogue = biasResidualRelu(args.buffers[3], args.buffers[4]);
      epilogue.isLong = t.batch > 1;
      Idx count = byBytes                     ? byteDepthwiseTileCount(kb, p, byteDepthwise)
                  : t.kind == Kind::Depthwise ? depthwiseTileCount(kb, p, depthwise)
                  : t.kind == Kind::Transpose ? convTransposeTileCount(kb, p, conv)
                                              : convTileCount(kb, p, conv);
      kb.storeScalar(mlir::arith::IndexCastOp::create(kb.builder(), kb.location(), i64, kb.index(count)),
                     args.buffers[5], 0);
      auto emit = t.kind == Kind::Transpose ? emitConvTranspose : emitConv;
      if (byBytes) {
        emitByteDepthwise(kb, p, byteDepthwise, args.buffers[0], args.buffers[1], args.buffers[2], epilogue, args.begin,
                          args.end);
      } else if (t.kind == Kind::Depthwise) {
        emitDepthwise(kb, p, depthwise, args.buffers[0], args.buffers[1], args.buffers[2], epilogue, args.begin,
                      args.end);
      } else {
        emit(kb, p, conv, args.buffers[0], args.buffers[1], args.buffers[2], epilogue, args.begin, args.end);
      }
    });
  }

  ConvCase t;
  std::array<Axis, 3> axes;
  int64_t pixelsIn, pixelsOut, taps, tiles = 0;
  Tensor input, weights, output, bias, residual;
  ConvPlan conv;
  DepthwisePlan depthwise;
  /// Depthwise convolutions of bytes have an emitter of their own on some targets.
  bool byBytes = false;
  ByteDepthwisePlan byteDepthwise;
};

class ConvTest : public testing::TestWithParam<ConvCase> {};

TEST_P(ConvTest, MatchesNaiveLoops) {
  auto context = makeKernelContext();
  for (const TargetInfo &target : executableTargets(bytesOf(GetParam().a) < 4)) {
    ConvRun(GetParam()).check(*context, target);
  }
}

/// Every case with static and with dynamic sizes.
std::vector<ConvCase> bothSizes(std::vector<ConvCase> cases) {
  size_t n = cases.size();
  for (size_t i = 0; i < n; ++i) {
    cases.push_back(cases[i]);
    cases.back().dynamic = true;
  }
  return cases;
}

Axis axis(int64_t input, int64_t kernel, int64_t stride, int64_t dilation, int64_t padBegin, int64_t padEnd,
          int64_t outputPadding = 0) {
  return {input, kernel, stride, dilation, padBegin, padEnd, outputPadding};
}

std::vector<ConvCase> direct() {
  Kind k = Kind::Conv;
  Axis same14 = axis(14, 3, 1, 1, 1, 1), none;
  return bothSizes({
      {k, 2, 16, 32, 1, none, axis(5, 1, 1, 1, 0, 0), axis(7, 1, 1, 1, 0, 0)},
      {k, 1, 20, 24, 1, none, axis(9, 1, 2, 1, 0, 0), axis(11, 1, 2, 1, 0, 0)},
      {k, 1, 3, 10, 1, none, same14, same14},
      {k, 2, 16, 32, 1, none, same14, same14},
      {k, 1, 10, 21, 1, none, axis(17, 3, 2, 1, 1, 1), axis(19, 3, 2, 1, 1, 1)},
      {k, 1, 7, 40, 1, none, axis(9, 3, 1, 2, 2, 2), axis(30, 3, 1, 2, 2, 2)},
      {k, 1, 4, 33, 1, none, axis(8, 5, 1, 1, 2, 2), axis(40, 5, 3, 1, 2, 1)},
      {k, 1, 3, 64, 1, none, axis(30, 7, 2, 1, 3, 3), axis(34, 7, 2, 1, 3, 3)},
      {k, 1, 3, 16, 1, none, axis(20, 7, 2, 1, 2, 3), axis(22, 7, 2, 1, 2, 3), true},
      {k, 2, 4, 24, 1, none, axis(12, 3, 2, 1, 0, 1), axis(50, 3, 2, 1, 0, 1), true},
      {k, 1, 12, 24, 3, none, same14, same14},
      {k, 1, 32, 32, 8, none, axis(7, 3, 1, 1, 1, 1), axis(7, 3, 1, 1, 1, 1)},
      {k, 1, 5, 10, 5, none, axis(6, 3, 1, 1, 1, 1), axis(9, 2, 1, 3, 1, 4)},
      {k, 1, 8, 16, 1, none, none, axis(700, 9, 1, 1, 4, 4)},
      {k, 1, 8, 16, 1, none, none, axis(100, 25, 2, 2, 60, 60)},
      {k, 1, 6, 18, 1, axis(5, 3, 1, 1, 1, 1), axis(6, 3, 2, 1, 1, 0), axis(9, 3, 1, 1, 1, 1)},
      {k, 1, 16, 16, 1, none, axis(1, 3, 1, 1, 1, 1), axis(2, 3, 1, 1, 1, 1)},
      {k, 1, 256, 300, 1, none, axis(7, 3, 1, 1, 1, 1), axis(7, 3, 1, 1, 1, 1)},
  });
}

std::vector<ConvCase> depthwise() {
  Kind k = Kind::Depthwise;
  Axis none;
  return bothSizes({
      {k, 2, 32, 32, 32, none, axis(14, 3, 1, 1, 1, 1), axis(14, 3, 1, 1, 1, 1)},
      {k, 1, 21, 21, 21, none, axis(15, 3, 2, 1, 1, 1), axis(17, 3, 2, 1, 1, 1)},
      {k, 1, 3, 3, 3, none, axis(9, 5, 1, 2, 4, 4), axis(31, 5, 1, 2, 4, 4)},
      {k, 1, 40, 40, 40, none, axis(10, 7, 2, 1, 3, 3), axis(12, 7, 2, 1, 3, 3)},
      {k, 1, 17, 17, 17, none, none, axis(60, 31, 1, 1, 15, 15)},
      {k, 1, 24, 24, 24, axis(4, 3, 1, 1, 1, 1), axis(5, 3, 1, 1, 1, 1), axis(6, 3, 1, 1, 1, 1)},
      {k, 1, 24, 24, 24, none, axis(8, 3, 1, 1, 0, 0), axis(2000, 3, 1, 1, 0, 0)},
      // Blocks of rows and columns: what is left of them, borders on both sides of one, most taps padded.
      {k, 2, 48, 48, 48, none, axis(7, 3, 1, 1, 1, 1), axis(7, 3, 1, 1, 1, 1)},
      {k, 1, 33, 33, 33, none, axis(13, 5, 2, 1, 1, 2), axis(22, 5, 2, 1, 1, 2)},
      {k, 1, 16, 16, 16, none, axis(2, 3, 1, 1, 1, 1), axis(3, 3, 1, 1, 1, 1)},
      {k, 1, 16, 16, 16, none, axis(30, 3, 1, 12, 12, 12), axis(31, 3, 1, 12, 12, 12)},
      {k, 1, 20, 20, 20, none, axis(16, 3, 3, 1, 0, 0), axis(40, 2, 3, 1, 0, 0)},
  });
}

std::vector<ConvCase> transposed() {
  Kind k = Kind::Transpose;
  Axis none;
  return bothSizes({
      {k, 2, 16, 24, 1, none, axis(7, 2, 2, 1, 0, 0), axis(9, 2, 2, 1, 0, 0)},
      {k, 1, 8, 10, 1, none, axis(6, 4, 2, 1, 1, 1), axis(11, 4, 2, 1, 1, 1)},
      {k, 1, 5, 20, 1, none, axis(6, 3, 2, 1, 1, 1, 1), axis(8, 3, 2, 1, 1, 1, 1)},
      {k, 1, 6, 12, 2, none, axis(5, 3, 3, 2, 1, 0), axis(7, 3, 1, 1, 1, 1)},
      {k, 1, 4, 16, 1, none, none, axis(9, 1, 3, 1, 0, 0)},
      {k, 1, 4, 3, 1, axis(3, 2, 2, 1, 0, 0), axis(4, 3, 2, 1, 1, 1), axis(5, 3, 2, 2, 0, 1)},
      {k, 1, 4, 8, 1, none, none, axis(20, 16, 8, 1, 4, 4)},
  });
}

std::vector<ConvCase> typed() {
  std::vector<ConvCase> cases;
  Axis none, y = axis(9, 3, 1, 1, 1, 1), x = axis(18, 3, 1, 1, 1, 1), y2 = axis(9, 3, 2, 1, 0, 1);
  for (auto [a, b] : {std::pair{Dtype::U8, Dtype::I8}, {Dtype::I8, Dtype::I8}, {Dtype::U8, Dtype::U8}}) {
    for (double pad : {0.0, 3.0}) {
      for (int64_t channels : {8, 3}) {
        cases.push_back({Kind::Conv, 1, channels, 20, 1, none, y, x, false, false, a, b, Dtype::I32, pad});
        cases.push_back({Kind::Conv, 1, channels, 20, 1, none, y2, x, true, false, a, b, Dtype::I32, pad});
        cases.push_back(
            {Kind::Conv, 2, channels, 8 * channels, channels, none, y, x, false, false, a, b, Dtype::I32, pad});
        cases.push_back({Kind::Depthwise, 1, 20, 20, 20, none, y, x, false, false, a, b, Dtype::I32, pad});
      }
    }
  }
  cases.push_back({Kind::Conv, 1, 6, 20, 1, none, y, x, false, false, Dtype::F64, Dtype::F64, Dtype::F64});
  cases.push_back({Kind::Conv, 1, 6, 20, 1, none, y, x, false, false, Dtype::BF16, Dtype::BF16, Dtype::F32});
  cases.push_back({Kind::Depthwise, 1, 20, 20, 20, none, y, x, false, false, Dtype::BF16, Dtype::BF16, Dtype::F32});
  return bothSizes(cases);
}

/// Channels that fill vectors of each width, or leave some of one; taps that several quads of columns share.
std::vector<ConvCase> byteDepthwise() {
  std::vector<ConvCase> cases;
  Axis none;
  const int64_t shapes[][3] = {{16, 3, 1}, {32, 3, 1},  {64, 3, 2}, {144, 3, 1}, {48, 5, 1},
                               {64, 7, 2}, {101, 5, 2}, {48, 2, 1}, {32, 4, 3},  {20, 1, 2}};
  for (auto [channels, kernel, stride] : shapes) {
    int64_t before = kernel / 2;
    Axis y = axis(9, kernel, stride, 1, before, kernel - 1 - before), x = y;
    x.input = 7 + channels % 32;
    double pad = channels % 3 == 0 ? 7 : 0;
    cases.push_back({Kind::Depthwise, 2, channels, channels, channels, none, y, x, false, false, Dtype::U8, Dtype::I8,
                     Dtype::I32, pad});
  }
  return cases;
}

/// Few channels of bytes: rows of the kernel are one run, with elements added before (padded), behind (stride 2, not
/// padded: some columns are left), or not at all because there is no place.
std::vector<ConvCase> wholeRows() {
  std::vector<ConvCase> cases;
  Axis none;
  struct Row {
    int64_t channels, size, kernel, stride, before, after;
  };
  const Row rows[] = {{3, 33, 7, 2, 3, 3}, {3, 40, 7, 2, 3, 2}, {3, 16, 7, 2, 0, 0},
                      {1, 31, 5, 2, 2, 2}, {2, 24, 3, 2, 1, 1}, {1, 20, 3, 1, 1, 1},
                      {3, 5, 7, 2, 3, 3},  {5, 19, 7, 3, 4, 1}, {3, 21, 5, 2, 3, 3}};
  for (const Row &r : rows) {
    for (auto [a, pad] : {std::pair(Dtype::U8, 0.0), {Dtype::U8, 9.0}, {Dtype::I8, -5.0}}) {
      Axis y = axis(9, r.kernel, r.stride, 1, 3, 3), x = axis(r.size, r.kernel, r.stride, 1, r.before, r.after);
      cases.push_back({Kind::Conv, 2, r.channels, 20, 1, none, y, x, false, false, a, Dtype::I8, Dtype::I32, pad});
    }
  }
  Axis z = axis(4, 2, 1, 1, 1, 0), y = axis(9, 3, 1, 1, 1, 1), x = axis(33, 7, 2, 1, 3, 3);
  cases.push_back({Kind::Conv, 1, 3, 40, 1, z, y, x, false, false, Dtype::U8, Dtype::I8, Dtype::I32, 3});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(WholeRows, ConvTest, testing::ValuesIn(wholeRows()));
INSTANTIATE_TEST_SUITE_P(Direct, ConvTest, testing::ValuesIn(direct()));
INSTANTIATE_TEST_SUITE_P(Depthwise, ConvTest, testing::ValuesIn(depthwise()));
INSTANTIATE_TEST_SUITE_P(ByteDepthwise, ConvTest, testing::ValuesIn(byteDepthwise()));
INSTANTIATE_TEST_SUITE_P(Transposed, ConvTest, testing::ValuesIn(transposed()));
INSTANTIATE_TEST_SUITE_P(Types, ConvTest, testing::ValuesIn(typed()));

} // namespace

#include "compiler/target/cpu/contraction/Epilogue.h"
#include "Jit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

using namespace dlc::cpu;

namespace {

// Vectors one after the other, of which the last one may have fewer lanes.
struct Run {
  int64_t columns;
  ByteRounding rounding;
  /// Vectors as wide as those of f64: where sums are of that type.
  bool narrow = false;
};

/// Whole numbers and halves in and around the range of bytes, and numbers far outside.
std::vector<float> numbers(int64_t count) {
  const float far[] = {1e9f, -1e9f, 32767.5f, -32768.5f, 70000, -70000, 0.49999997f, -0.0f};
  std::vector<float> all;
  for (int64_t i = 0; i < count; ++i) {
    all.push_back(i % 5 == 4 ? far[i / 5 % 8] : 0.5f * static_cast<float>(i * 37 % 1400 - 700));
  }
  return all;
}

int byteOf(float v, const ByteRounding &rounding) {
  double low = rounding.isSigned ? -128 : 0;
  double q = std::clamp(std::nearbyint(static_cast<double>(v)) + rounding.zero, low, low + 255);
  return static_cast<uint8_t>(static_cast<int>(q));
}

// Expected: ONNX QuantizeLinear's round half to even, plus the zero point, saturated.
void check(mlir::MLIRContext &context, const TargetInfo &target, const Run &run) {
  mlir::Type f32 = mlir::Float32Type::get(&context), i8 = mlir::IntegerType::get(&context, 8);
  constexpr int64_t rows = 3, padding = 16;
  Kernel kernel = Kernel::compile(context, target, {{f32}, {i8}}, 0, [&](KernelBuilder &kb, const auto &args) {
    Epilogue epilogue = [](KernelBuilder &, mlir::Value v, const EpilogueCoord &) { return v; };
    epilogue.rounding = run.rounding;
    int lanes = kb.lanes(run.narrow ? mlir::Type(mlir::Float64Type::get(&context)) : f32);
    std::vector<Finished> finished;
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t at = 0; at < run.columns; at += lanes) {
        Lanes stored = kb.firstLanes(lanes, run.columns - at);
        mlir::Value v = kb.load(args.buffers[0], row * run.columns + at, stored);
        finished.push_back({v, {row * run.columns + at, row, at, stored}, at > 0 && stored.full()});
      }
    }
    storeResults(kb, finished, args.buffers[1], epilogue);
  });
  std::vector<float> in = numbers(rows * run.columns);
  std::vector<uint8_t> out(in.size() + padding, 0xaa), expected(out);
  std::transform(in.begin(), in.end(), expected.begin(), [&](float v) { return byteOf(v, run.rounding); });
  EXPECT_EQ(kernel.run({in.data(), out.data()}, {}, 0, 0), 0);
  EXPECT_EQ(out, expected) << run.columns << " columns, zero " << run.rounding.zero << ", signed "
                           << run.rounding.isSigned << ", vector bits " << target.vectorBits;
}

/// bf16, to nearest, halves to even; subnormal numbers are zero. NaN stays NaN.
uint16_t brainOf(float v) {
  auto bits = std::bit_cast<uint32_t>(v);
  if (std::isnan(v)) {
    return static_cast<uint16_t>(bits >> 16 | 0x40);
  }
  if (std::fabs(v) < std::numeric_limits<float>::min()) {
    return static_cast<uint16_t>(bits >> 16 & 0x8000);
  }
  uint32_t cut = bits & 0xffff, kept = bits >> 16;
  return static_cast<uint16_t>(kept + (cut > 0x8000 || (cut == 0x8000 && kept % 2) ? 1 : 0));
}

// Rows of `columns`, whose vectors are stored in pairs where they are whole.
TEST(Epilogue, RoundsToBrainFloats) {
  auto context = makeKernelContext();
  mlir::Type f32 = mlir::Float32Type::get(context.get()), bf16 = mlir::BFloat16Type::get(context.get());
  constexpr int64_t rows = 2, padding = 16;
  for (const TargetInfo &target : executableTargets()) {
    if (!target.bf16) {
      continue; // no instruction
    }
    for (int64_t columns : {5, 16, 32, 40, 48, 64}) {
      Kernel kernel = Kernel::compile(*context, target, {{f32}, {bf16}}, 0, [&](KernelBuilder &kb, const auto &args) {
        Epilogue epilogue = [](KernelBuilder &, mlir::Value v, const EpilogueCoord &) { return v; };
        epilogue.roundsPairs = true;
        int lanes = kb.lanes(f32);
        std::vector<Finished> finished;
        for (int64_t row = 0; row < rows; ++row) {
          for (int64_t at = 0; at < columns; at += lanes) {
            Lanes stored = kb.firstLanes(lanes, columns - at);
            mlir::Value v = kb.load(args.buffers[0], row * columns + at, stored);
            finished.push_back({v, {row * columns + at, row, at, stored}, at > 0 && stored.full()});
          }
        }
        storeResults(kb, finished, args.buffers[1], epilogue);
      });
      std::vector<float> in;
      const float ties[] = {1.00390625f, 1.01171875f, 1e-40f,   -1e-40f,    3.4e38f,
                            -0.0f,       NAN,         INFINITY, 1.0039063f, -7.123456f};
      for (int64_t i = 0; i < rows * columns; ++i) {
        in.push_back(i % 3 ? ties[i / 3 % 10] : 0.37f * static_cast<float>(i - 20));
      }
      std::vector<uint16_t> out(in.size() + padding, 0xaaaa), expected(out);
      std::transform(in.begin(), in.end(), expected.begin(), brainOf);
      EXPECT_EQ(kernel.run({in.data(), out.data()}, {}, 0, 0), 0);
      EXPECT_EQ(out, expected) << columns << " columns";
    }
  }
}

TEST(Epilogue, RoundsToBytes) {
  auto context = makeKernelContext();
  for (const TargetInfo &target : executableTargets()) {
    for (int64_t columns : {4, 16, 24, 32, 48, 64, 70, 100}) {
      for (ByteRounding rounding :
           {ByteRounding{0, false}, {137, false}, {255, false}, {0, true}, {-128, true}, {7, true}}) {
        check(*context, target, {columns, rounding});
        check(*context, target, {columns, rounding, true});
      }
    }
  }
}

} // namespace

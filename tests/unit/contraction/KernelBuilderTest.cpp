#include "Jit.h"

#include <gtest/gtest.h>

#include <numeric>

using namespace dlc::cpu;

namespace {

TEST(KernelBuilder, MaskedScaleOverTiles) {
  auto context = makeKernelContext();
  mlir::Type f32 = mlir::Float32Type::get(context.get());
  for (const TargetInfo &target : executableTargets()) {
    Kernel kernel = Kernel::compile(*context, target, {{f32}, {f32}}, 1, [&](KernelBuilder &kb, const auto &args) {
      int width = kb.lanes(f32);
      kb.loop(args.begin, args.end, 1, [&](Idx tile) {
        Idx offset = kb.mul(tile, width);
        Lanes lanes = kb.firstLanes(width, kb.sub(args.dims[0], offset));
        mlir::Value x = kb.load(args.buffers[0], offset, lanes);
        kb.store(kb.relu(kb.addValues(x, x)), args.buffers[1], offset, lanes);
      });
    });
    std::vector<float> in(53), out(53, 7.0f);
    std::iota(in.begin(), in.end(), -20.0f);
    int64_t n = 50, tiles = (n * 32 + target.vectorBits - 1) / target.vectorBits;
    EXPECT_EQ(kernel.run({in.data(), out.data()}, {n}, 0, tiles), 0);
    for (int i = 0; i < 53; ++i) {
      EXPECT_EQ(out[i], i < n ? std::max(0.0f, 2 * in[i]) : 7.0f) << i;
    }
  }
}

// A store of one narrowed lane writes that element and no byte more.
TEST(KernelBuilder, SingleNarrowLane) {
  auto context = makeKernelContext();
  mlir::Type i32 = mlir::IntegerType::get(context.get(), 32);
  for (const TargetInfo &target : executableTargets()) {
    for (unsigned bits : {8, 16}) {
      mlir::Type narrow = mlir::IntegerType::get(context.get(), bits);
      Kernel kernel = Kernel::compile(*context, target, {{i32}, {narrow}}, 0, [&](KernelBuilder &kb, const auto &args) {
        int width = kb.lanes(i32);
        mlir::Value x = kb.load(args.buffers[0], 0, width);
        kb.store(kb.convert(x, narrow), args.buffers[1], 4, kb.firstLanes(width, 1));
      });
      std::vector<int32_t> in(16, 0x01020304);
      std::vector<uint8_t> out(16, 0xaa), expected = out;
      expected[4 * bits / 8] = 0x04;
      if (bits == 16) {
        expected[4 * bits / 8 + 1] = 0x03;
      }
      EXPECT_EQ(kernel.run({in.data(), out.data()}, {}, 0, 1), 0);
      EXPECT_EQ(out, expected) << bits << " bits, vectors of " << target.vectorBits;
    }
  }
}

TEST(KernelBuilder, IndexArithmetic) {
  auto context = makeKernelContext();
  mlir::Type i64 = mlir::IntegerType::get(context.get(), 64);
  Kernel kernel =
      Kernel::compile(*context, TargetInfo::baseline(), {{i64}}, 2, [&](KernelBuilder &kb, const auto &args) {
        Idx x = args.dims[0], y = args.dims[1];
        Idx results[] = {kb.add(x, y),
                         kb.sub(x, y),
                         kb.mul(x, y),
                         kb.div(y, 3),
                         kb.rem(y, 3),
                         kb.ceilDiv(y, 4),
                         kb.ceilDivAtLeast(x, 2, 1),
                         kb.min(x, y),
                         kb.max(x, y),
                         kb.select(kb.lessThan(x, y), 1, 2)};
        int64_t at = 0;
        for (Idx r : results) {
          auto cast = mlir::arith::IndexCastOp::create(kb.builder(), kb.location(), i64, kb.index(r));
          kb.storeScalar(cast, args.buffers[0], at++);
        }
      });
  std::vector<int64_t> out(10);
  kernel.run({out.data()}, {-5, 11}, 0, 0);
  EXPECT_EQ(out, (std::vector<int64_t>{6, -16, -55, 3, 2, 3, 1, -5, 11, 1}));
}

} // namespace

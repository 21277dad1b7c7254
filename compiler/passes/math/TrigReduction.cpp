// Reduction of an angle modulo pi/2. Below a limit: Cody and Waite, with three parts of pi/2 and fused multiply-adds,
// of which the first is exact. Above: Payne and Hanek, "Radian reduction for trigonometric functions", SIGNUM 18, 1983,
// in integers: the bits of 1 / (2 pi) that matter are picked out by the exponent, and multiplied by the significand.
#include "compiler/passes/math/Functions.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <array>

using namespace mlir;

namespace dlc::mathlib {
namespace {

/// 32 zero bits, then the fraction bits of 1 / (2 pi).
constexpr uint32_t inverseTurn[] = {0x00000000, 0x28be60db, 0x9391054a, 0x7f09d5f4, 0x7d4d3770, 0x36d8a566, 0x4f10e410,
                                    0x7f9458ea, 0xf7aef158, 0x6dc91b8e, 0x909374b8, 0x01924bba, 0x82746487, 0x3f877ac7,
                                    0x2c4a69cf, 0xba208d7d, 0x4baed121, 0x3a671c09, 0xad17df90, 0x4e64758e, 0x60d4ce7d,
                                    0x272117e2, 0xef7e4a0e, 0xc7fe25ff, 0xf7816603, 0xfbcbc462, 0xd6829b47, 0xdb4d9fb3,
                                    0xc9f2c26d, 0xd3d18fd9, 0xa797fa8b, 0x5d49eeb1, 0xfaf97c5e, 0xcf41ce7d, 0xe294a4ba,
                                    0x9afed7ec, 0x47e35742, 0x1580cc11, 0xbf1edaea, 0xfc33ef08};

/// The `count` 32-bit words (in integers of `shift`'s type) of `inverseTurn` that begin at bit `shift`, which is below
/// 2^bits.
SmallVector<V> wordsAt(V shift, int bits, int count) {
  int levels = bits - 5;
  SmallVector<V> words;
  for (int i = 0; i < (1 << levels) + count; ++i) {
    uint32_t word = i < int(std::size(inverseTurn)) ? inverseTurn[i] : 0;
    words.push_back(constantInt(shift, word));
  }
  for (int level = levels - 1; level >= 0; --level) {
    int step = 1 << level;
    V set = notEqual(shift & (step << 5), constantInt(shift, 0));
    for (int i = 0; i < step + count; ++i) {
      words[i] = select(set, words[i + step], words[i]);
    }
  }
  V offset = shift & 31;
  SmallVector<V> result;
  for (int i = 0; i < count; ++i) {
    V pair = (zeroExtend(words[i], 64) << 32) | zeroExtend(words[i + 1], 64);
    result.push_back((pair << zeroExtend(offset, 64)) >> 32);
  }
  return result;
}

V low32(V x) { return x & 0xffffffff; }

/// A fraction of a turn, to the nearest quarter: `rest` is the signed remainder in units of 2^-64.
struct Quarters {
  V quadrant, rest;
};

Quarters nearestQuarter(V turns) {
  V quadrant = (turns + (int64_t(1) << 61)) >> 62;
  return {quadrant, turns - (quadrant << 62)};
}

/// |x| = significand * 2^(shift - 32 - ...): the words of 1 / (2 pi) that begin at `shift`, times the significand, are
/// the angle's fraction of a turn, plus whole turns.
struct Scaled {
  V significand, shift;
};

Scaled scaleOf(V magnitude) {
  int mantissa = mantissaBits(magnitude);
  V raw = bits(magnitude);
  V significand = (raw & ((int64_t(1) << mantissa) - 1)) | (int64_t(1) << mantissa);
  // Arguments below the limit come here too (in lanes that are not used), so keep the shift in range.
  V exponent = raw >> mantissa;
  int64_t least = exponentBias(magnitude) + mantissa - 32;
  return {significand,
          select(less(exponent, constantInt(exponent, least)), constantInt(exponent, 0), exponent - least)};
}

/// For f32: 96 bits of 1 / (2 pi), 64 bits of the turn, and the rest in f64.
ReducedAngle reduceHuge32(V magnitude) {
  Emitter &e = magnitude.emitter();
  auto [significand, shift] = scaleOf(magnitude);
  SmallVector<V> words = wordsAt(shift, 8, 3);
  V m = zeroExtend(significand, 64);
  V turns = ((m * words[0]) << 32) + m * words[1] + ((m * words[2]) >> 32);
  auto [quadrant, rest] = nearestQuarter(turns);
  V angle = signedToFloat(rest, e.b.getF64Type()) * (0x1.921fb54442d18p+2 * 0x1p-64);
  // Cut, not converted and extended back, which a pass may take for a superfluous rounding.
  V cut = floating(bits(angle) & ~((int64_t(1) << 29) - 1));
  V r = convert(cut, e.b.getF32Type()), low = convert(angle - cut, e.b.getF32Type());
  return {r, low, truncate(quadrant, 32)};
}

/// For f64: 192 bits of 1 / (2 pi), and 128 bits of the turn.
ReducedAngle reduceHuge64(V magnitude) {
  Type f64 = magnitude.element();
  auto [significand, shift] = scaleOf(magnitude);
  SmallVector<V> words = wordsAt(shift, 10, 6);
  V m0 = low32(significand), m1 = significand >> 32;
  // columns[i] has weight 2^(-32 (i + 1)); whole turns are dropped.
  std::array<V, 5> columns;
  for (int i = 0; i < 5; ++i) {
    V next = m0 * words[i + 1];
    columns[i] = low32(m0 * words[i]) + (next >> 32) + m1 * words[i + 1];
  }
  V carry = columns[4] >> 32;
  for (int i = 3; i >= 0; --i) {
    columns[i] = columns[i] + carry;
    carry = columns[i] >> 32;
  }
  V high = (columns[0] << 32) | low32(columns[1]), lowBits = (low32(columns[2]) << 32) | low32(columns[3]);
  auto [quadrant, rest] = nearestQuarter(high);
  // rest + lowBits 2^-64 as a sum of two floats, then times 2 pi 2^-64.
  V first = signedToFloat(rest, f64);
  V missing = signedToFloat(rest - floatToSigned(first, rest.element()), f64);
  V second = missing + unsignedToFloat(lowBits, f64) * 0x1p-64;
  V sum = first + second, error = (first - sum) + second;
  constexpr double turnHigh = 0x1.921fb54442d18p+2 * 0x1p-64, turnLow = 0x1.1a62633145c07p-52 * 0x1p-64;
  V r = sum * turnHigh;
  V low = fma(sum, turnHigh, -r) + fma(sum, turnLow, error * turnHigh);
  return {r, low, quadrant};
}

ReducedAngle reduceHuge(V x) {
  V magnitude = abs(x);
  auto [r, low, quadrant] = x.isF32() ? reduceHuge32(magnitude) : reduceHuge64(magnitude);
  V finite = less(magnitude, infinity(x)), negative = less(x, 0.0);
  V signedR = select(negative, -r, r);
  return {select(finite, signedR, quietNaN(x)), select(negative, -low, low), select(negative, -quadrant, quadrant)};
}

ReducedAngle reduceModerate(V x) {
  double magic = pick(x, 0x1.8p23, 0x1.8p52);
  V sum = fma(x, pick(x, 0x1.45f306p-1, 0x1.45f306dc9c883p-1), magic);
  V n = sum - magic;
  double second = pick(x, -0x1.777a5cp-25, 0x1.1a62633145c07p-54);
  V r1 = fma(n, -pick(x, 0x1.921fb6p+0, 0x1.921fb54442d18p+0), x);
  V product = n * second;
  V r = r1 - product;
  V low = ((r1 - r) - product) - fma(n, second, -product);
  return {r, fma(n, -pick(x, -0x1.ee59dap-50, -0x1.f1976b7ed8fbcp-110), low), bits(sum)};
}

} // namespace

ReducedAngle reduceAngle(V x) {
  Emitter &e = x.emitter();
  ReducedAngle usual = reduceModerate(x);
  V huge = notLessEqual(abs(x), pick(x, 0x1p16, 0x1p30));
  SmallVector<Value> normal = {usual.r.get(), usual.low.get(), usual.quadrant.get()};
  auto hugeBody = [&](OpBuilder &b, Location loc) {
    OpBuilder::InsertionGuard guard(e.b);
    e.b.setInsertionPoint(b.getInsertionBlock(), b.getInsertionPoint());
    ReducedAngle angle = reduceHuge(x);
    scf::YieldOp::create(e.b, loc,
                         ValueRange{select(huge, angle.r, usual.r).get(), select(huge, angle.low, usual.low).get(),
                                    select(huge, angle.quadrant, usual.quadrant).get()});
  };
  auto normalBody = [&](OpBuilder &b, Location loc) { scf::YieldOp::create(b, loc, normal); };
  auto branch = scf::IfOp::create(e.b, e.loc, anyLane(huge), hugeBody, normalBody);
  return {V(e, branch.getResult(0)), V(e, branch.getResult(1)), V(e, branch.getResult(2))};
}

} // namespace dlc::mathlib

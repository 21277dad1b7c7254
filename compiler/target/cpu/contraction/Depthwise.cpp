#include "compiler/target/cpu/contraction/Depthwise.h"

#include <algorithm>
#include <cmath>
#include <map>

using namespace mlir;

namespace dlc::cpu {
namespace {

constexpr int depth = 0, height = 1, width = 2;

/// Kernels with up to this many taps are straight code where no row is padded.
constexpr int64_t straightTaps = 25;
/// Kernel rows up to this wide are straight code.
constexpr int64_t straightWidth = 9;

class DepthwiseEmitter {
public:
  DepthwiseEmitter(KernelBuilder &kb, const ConvProblem &p, const DepthwisePlan &plan, Value input, Value weights,
                   Value output, const Epilogue &epilogue)
      : kb(kb), p(p), plan(plan), input(input), weights(weights), output(output), epilogue(epilogue),
        packed(packedDepthwiseWeights(p, plan)), accType(kb.vectorType(p.types.accumulator, plan.lanes)) {
    for (size_t i = 0; i < axes.size(); ++i) {
      axes[i] = tapAxis(p.axes[i]);
    }
    Idx stride = p.inputPixel ? p.inputPixel : p.channels;
    for (int i = width; i >= 0; --i) {
      inAxis[i] = stride;
      stride = kb.mul(stride, axes[i].input);
    }
    inBatch = stride;
    outPixel = p.outputPixel ? p.outputPixel : p.channels;
  }

  void emitTile(Idx number) {
    Idx allRows = kb.mul(axes[depth].output, axes[height].output);
    Idx rowTiles = kb.ceilDiv(allRows, plan.tileRows), columns = axes[width].output;
    Idx column0 = 0, columnEnd = columns;
    if (plan.tileColumns) {
      Idx columnTiles = kb.ceilDiv(columns, plan.tileColumns);
      column0 = kb.mul(kb.rem(number, columnTiles), plan.tileColumns);
      columnEnd = kb.min(kb.add(column0, plan.tileColumns), columns);
      number = kb.div(number, columnTiles);
    }
    Idx row0 = kb.mul(kb.rem(number, rowTiles), plan.tileRows), image = kb.div(number, rowTiles);
    kb.loop(row0, kb.min(kb.add(row0, plan.tileRows), allRows), 1, [&](Idx row) {
      Row r;
      r.z = axes[depth].output.is(1) ? Idx(0) : kb.div(row, axes[height].output);
      r.y = axes[depth].output.is(1) ? row : kb.rem(row, axes[height].output);
      r.image = kb.add(p.inputOffset, kb.mul(image, inBatch));
      r.outRow = kb.mul(kb.add(kb.mul(image, allRows), row), columns);
      emitRow(r, column0, columnEnd);
    });
  }

private:
  struct Row {
    Idx z, y, image, outRow;
    bool inside = false;
  };

  //===--------------------------------------------------------------------===//
  // Strips of pixels along a row
  //===--------------------------------------------------------------------===//

  void emitRow(Row row, Idx begin, Idx end) {
    const TapAxis &y = axes[height];
    auto strips = [&](bool inside) {
      Row r = row;
      r.inside = inside;
      axes[width].input.isStatic() && axes[width].output.isStatic() ? emitStaticRow(r, begin, end)
                                                                    : emitGuardedRow(r, begin, end);
    };
    bool straight = axes[depth].kernel == 1 && y.kernel * axes[width].kernel <= straightTaps;
    if (!straight || (!y.padsBegin && !y.padsEnd)) {
      return strips(straight);
    }
    Idx first = kb.add(kb.mul(row.y, y.stride), y.origin);
    Value low = kb.lessThan(-1, first), high = kb.lessThan(kb.add(first, (y.taps - 1) * y.step), y.input);
    kb.ifThen(
        kb.logicalAnd(low, high), [&] { strips(true); }, [&] { strips(false); });
  }

  bool inside(int64_t at, int64_t pixels) const {
    const TapAxis &x = axes[width];
    int64_t first = at * x.stride + x.origin;
    return pixels == plan.pixels && first >= 0 &&
           first + (pixels - 1) * x.stride + (x.taps - 1) * x.step < x.input.constant();
  }

  void emitStaticRow(const Row &row, Idx begin, Idx end) {
    int64_t columns = axes[width].output.constant(), step = plan.pixels;
    for (int64_t at = 0; at < columns;) {
      int64_t pixels = std::min(step, columns - at), next = at;
      while (next + step <= columns && inside(next, step)) {
        next += step;
      }
      if (next > at) {
        kb.loop(kb.max(begin, at), kb.min(end, next), step, [&](Idx q) { emitStrip(row, q, step, step, false); });
        at = next;
        continue;
      }
      kb.ifThen(kb.logicalAnd(kb.lessThan(kb.sub(begin, 1), at), kb.lessThan(at, end)),
                [&] { emitStrip(row, at, pixels, pixels, false); });
      at += pixels;
    }
  }

  void emitGuardedRow(const Row &row, Idx begin, Idx end) {
    const TapAxis &x = axes[width];
    int64_t reach = (plan.pixels - 1) * x.stride + (x.taps - 1) * x.step;
    kb.loop(begin, end, plan.pixels, [&](Idx q) {
      Idx first = kb.add(kb.mul(q, x.stride), x.origin);
      Value left = kb.lessThan(-1, first), right = kb.lessThan(kb.add(first, reach), x.input);
      Value whole = kb.lessThan(kb.add(q, plan.pixels - 1), x.output);
      kb.ifThen(
          kb.logicalAnd(kb.logicalAnd(left, right), whole), [&] { emitStrip(row, q, plan.pixels, plan.pixels, false); },
          [&] { emitStrip(row, q, plan.pixels, kb.sub(x.output, q), true); });
    });
  }

  //===--------------------------------------------------------------------===//
  // One strip
  //===--------------------------------------------------------------------===//

  struct Strip {
    Idx q;
    int pixels;
    bool guarded;
    Idx channel;
    Lanes lanes;
  };

  void emitStrip(const Row &row, Idx q, int pixels, Idx validPixels, bool guarded) {
    int64_t whole = p.channels / plan.lanes * plan.lanes;
    auto channels = [&](Idx c, const Lanes &lanes) {
      Strip strip{q, pixels, guarded, c, lanes};
      SmallVector<Value> sums(pixels, kb.zero(accType));
      emitDepth(row, strip, sums);
      store(row, strip, validPixels, sums);
    };
    kb.loop(0, whole, plan.lanes, [&](Idx c) { channels(c, kb.allLanes(plan.lanes)); });
    if (whole < p.channels) {
      channels(whole, kb.firstLanes(plan.lanes, p.channels - whole));
    }
  }

  void store(const Row &row, const Strip &strip, Idx validPixels, ArrayRef<Value> sums) {
    for (int i = 0; i < strip.pixels; ++i) {
      kb.ifThen(kb.lessThan(i, validPixels), [&] {
        Idx pixel = kb.add(kb.add(row.outRow, strip.q), i);
        Idx offset = kb.add(kb.add(p.outputOffset, kb.mul(pixel, outPixel)), strip.channel);
        storeResult(kb, sums[i], output, {offset, pixel, strip.channel, strip.lanes}, epilogue);
      });
    }
  }

  void emitDepth(const Row &row, const Strip &strip, SmallVector<Value> &sums) {
    bool padding = p.padValue != 0;
    sums = emitTapLoop(kb, axes[depth], row.z, padding, false, sums, [&](Idx z, Idx atZ, bool outZ, ValueRange v) {
      SmallVector<Value> inner(v);
      Idx plane = outZ ? row.image : kb.add(row.image, kb.mul(atZ, inAxis[depth]));
      emitHeight(row, strip, z, plane, outZ, inner);
      return inner;
    });
  }

  void emitHeight(const Row &row, const Strip &strip, Idx tapZ, Idx plane, bool outZ, SmallVector<Value> &sums) {
    const TapAxis &y = axes[height];
    auto body = [&](Idx t, Idx at, bool outside, ValueRange values) {
      SmallVector<Value> inner(values);
      Idx tap = kb.mul(kb.add(kb.mul(tapZ, y.kernel), t), axes[width].kernel);
      emitWidth(strip, tap, outside ? plane : kb.add(plane, kb.mul(at, inAxis[height])), outside || outZ, inner);
      return inner;
    };
    if (!row.inside) {
      sums = emitTapLoop(kb, y, row.y, p.padValue != 0, false, sums, body);
      return;
    }
    Idx origin = kb.add(kb.mul(row.y, y.stride), y.origin);
    for (int64_t t = 0; t < y.taps; ++t) {
      sums = body(t, kb.add(origin, t * y.step), false, sums);
    }
  }

  /// One row of the kernel. `tap` is its first tap's number; `base` the offset of the input row.
  void emitWidth(const Strip &strip, Idx tap, Idx base, bool outside, SmallVector<Value> &sums) {
    const TapAxis &x = axes[width];
    if (x.taps > straightWidth && !strip.q.isStatic()) {
      sums = kb.loop(0, x.taps, 1, sums, [&](Idx t, ValueRange values) {
        SmallVector<Value> inner(values);
        Value w = weight(strip, kb.add(tap, t));
        for (int i = 0; i < strip.pixels; ++i) {
          Idx at = kb.add(kb.mul(t, x.step), int64_t(i) * x.stride);
          inner[i] = kb.multiplyAdd(element(strip, base, at, outside), w, inner[i]);
        }
        return inner;
      });
      return;
    }
    // Input columns are shared by neighbouring pixels: each is loaded once.
    std::map<int64_t, Value> columns;
    for (int64_t t = 0; t < x.taps; ++t) {
      Value w;
      for (int i = 0; i < strip.pixels; ++i) {
        int64_t at = t * x.step + i * x.stride;
        bool padded = outside || (strip.q.isStatic() && columnIsOutside(strip.q.constant() * x.stride + x.origin + at));
        if (padded && p.padValue == 0) {
          continue;
        }
        auto [entry, isNew] = columns.try_emplace(at);
        if (isNew) {
          entry->second = element(strip, base, at, padded);
        }
        w = w ? w : weight(strip, kb.add(tap, t));
        sums[i] = kb.multiplyAdd(entry->second, w, sums[i]);
      }
    }
  }

  bool columnIsOutside(int64_t position) const {
    const TapAxis &x = axes[width];
    return x.input.isStatic() && (position < 0 || position >= x.input.constant());
  }

  Value weight(const Strip &strip, Idx tap) {
    Idx offset = kb.add(kb.mul(tap, packed.paddedChannels()), strip.channel);
    return kb.convert(kb.load(weights, offset, plan.lanes), p.types.accumulator, p.types.bSigned);
  }

  /// The input column `at` columns after the strip's first one.
  Value element(const Strip &strip, Idx base, Idx at, bool outside) {
    if (outside) {
      return kb.constant(accType, p.padValue);
    }
    const TapAxis &x = axes[width];
    Idx first = kb.add(base, strip.channel);
    Idx moving = kb.add(first, kb.mul(kb.mul(strip.q, x.stride), inAxis[width]));
    Idx offset = kb.add(moving, kb.mul(kb.add(at, x.origin), inAxis[width]));
    Value guard;
    if (strip.guarded) {
      guard = kb.inRange(kb.add(kb.add(kb.mul(strip.q, x.stride), at), x.origin), x.input);
      offset = kb.select(guard, offset, strip.channel);
    }
    Value v = kb.convert(kb.load(input, offset, strip.lanes), p.types.accumulator, p.types.aSigned);
    return guard ? kb.selectValues(guard, v, kb.constant(accType, p.padValue)) : v;
  }

  KernelBuilder &kb;
  const ConvProblem &p;
  const DepthwisePlan &plan;
  Value input, weights, output;
  const Epilogue &epilogue;
  PackedDepthwise packed;
  VectorType accType;
  std::array<TapAxis, 3> axes;
  std::array<Idx, 3> inAxis;
  Idx inBatch, outPixel;
};

} // namespace

bool isDepthwise(const ConvProblem &p) {
  return !p.channelsFirst && p.groups == p.channels && p.outputChannels == p.channels;
}

/// The longest strip worth considering.
static int mostPixels(const ConvProblem &p, const TargetInfo &target) {
  const ConvAxis &x = p.axes[width];
  int64_t columns = x.output.constantOr(-1), kernel = std::min<int64_t>(x.kernel, straightWidth);
  return std::clamp<int64_t>(target.registers - kernel - 4, 2, columns > 0 ? std::min<int64_t>(8, columns) : 8);
}

DepthwisePlan chooseDepthwise(const ConvProblem &p, const TargetInfo &target, const Choice &chosen) {
  DepthwisePlan plan;
  plan.lanes = std::max<int>(1, target.vectorBits / p.types.accumulator.getIntOrFloatBitWidth());
  const ConvAxis &x = p.axes[width];
  int64_t columns = x.output.constantOr(-1), kernel = std::min<int64_t>(x.kernel, straightWidth);
  int most = mostPixels(p, target);
  double best = 0;
  for (int pixels = std::min(2, most); pixels <= most; ++pixels) {
    double run = columns > 0 ? columns : 64;
    // A kernel row of a strip: multiply-adds, and loads of weights and of the columns that its pixels share.
    double loads = kernel + (pixels - 1) * x.stride + kernel, macs = pixels * kernel;
    double cost = std::ceil(run / pixels) * (std::max(loads, macs) / 2 + 3);
    if (best == 0 || cost < best) {
      best = cost;
      plan.pixels = pixels;
    }
  }
  plan.pixels = Choice::or_(chosen.rows, plan.pixels);
  int64_t rows = p.axes[depth].output.constantOr(1) * p.axes[height].output.constantOr(64);
  int64_t width64 = columns > 0 ? columns : 64;
  double rowWork = static_cast<double>(width64) * p.channels * kernel * p.axes[height].kernel * p.axes[depth].kernel;
  // Bound by memory as much as by arithmetic: about half the rate of a contraction.
  double work = 20.0 * 4000 * plan.lanes * Choice::or_(chosen.work, 100) / 100;
  plan.tileRows = std::clamp<int64_t>(work / rowWork, 1, std::max<int64_t>(1, rows));
  plan.tileRows =
      (rows + (rows + plan.tileRows - 1) / plan.tileRows - 1) / ((rows + plan.tileRows - 1) / plan.tileRows);
  if (plan.tileRows == 1 && rowWork > 2 * work) {
    int64_t strips = std::max<int64_t>(1, static_cast<int64_t>(width64 * work / rowWork) / plan.pixels);
    plan.tileColumns = strips * plan.pixels;
  }
  return plan;
}

std::vector<Choice> depthwiseTiles(const ConvProblem &p, const TargetInfo &target) {
  Choice best;
  best.rows = chooseDepthwise(p, target).pixels;
  std::vector<Choice> choices{best};
  for (int pixels = 1; pixels <= mostPixels(p, target); ++pixels) {
    vary(choices, best, &Choice::rows, best.rows, {pixels});
  }
  return choices;
}

std::vector<Choice> depthwiseVariations(const ConvProblem &, const TargetInfo &, const Choice &base) {
  std::vector<Choice> choices;
  vary(choices, base, &Choice::work, 100, {25, 50, 200});
  return choices;
}

PackedDepthwise packedDepthwiseWeights(const ConvProblem &p, const DepthwisePlan &plan) {
  return {p.channels, p.axes[0].kernel * p.axes[1].kernel * p.axes[2].kernel, plan.lanes,
          p.types.b.getIntOrFloatBitWidth() / 8};
}

Idx depthwiseTileCount(KernelBuilder &kb, const ConvProblem &p, const DepthwisePlan &plan) {
  Idx rows = kb.ceilDiv(kb.mul(p.axes[depth].output, p.axes[height].output), plan.tileRows);
  Idx columns = plan.tileColumns ? kb.ceilDiv(p.axes[width].output, plan.tileColumns) : Idx(1);
  return kb.mul(kb.mul(p.batch, rows), columns);
}

void emitDepthwise(KernelBuilder &kb, const ConvProblem &p, const DepthwisePlan &plan, Value input, Value weights,
                   Value output, const Epilogue &epilogue, Idx begin, Idx end) {
  DepthwiseEmitter emitter(kb, p, plan, input, weights, output, epilogue);
  kb.loop(begin, end, 1, [&](Idx number) { emitter.emitTile(number); });
}

} // namespace dlc::cpu

#include "compiler/target/cpu/contraction/Depthwise.h"
#include "compiler/target/cpu/contraction/Spans.h"

#include <map>

using namespace mlir;

namespace dlc::cpu {
namespace {

constexpr int depth = 0, height = 1, width = 2;

/// Rows of a kernel wider than this are loops.
constexpr int64_t straightWidth = 9;

bool isInside(const TapAxis &axis, int64_t position) { return position >= 0 && position < axis.input.constant(); }

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
    Tile tile;
    tile.columnEnd = columns;
    if (plan.tileColumns) {
      Idx columnTiles = kb.ceilDiv(columns, plan.tileColumns);
      tile.column = kb.mul(kb.rem(number, columnTiles), plan.tileColumns);
      tile.columnEnd = kb.min(kb.add(tile.column, plan.tileColumns), columns);
      number = kb.div(number, columnTiles);
    }
    Idx row = kb.mul(kb.rem(number, rowTiles), plan.tileRows), image = kb.div(number, rowTiles);
    tile.input = kb.add(p.inputOffset, kb.mul(image, inBatch));
    tile.outRow = kb.mul(image, allRows);
    emitRows(tile, row, kb.min(kb.add(row, plan.tileRows), allRows));
  }

  void emitWholeRows(const DepthwiseRows &rows) {
    Tile tile{rows.input, rows.outputRow, 0, axes[width].output, rows.ring};
    emitSpanOfPiece(kb, axes[height], plan.rows, rows.piece, rows.begin, rows.end,
                    [&](const Span &span) { emitSpan(tile, span, rows.end); });
  }

private:
  /// Columns of an image. `input` is the offset of its first element, `outRow` the number of its first output row.
  struct Tile {
    Idx input, outRow, column, columnEnd;
    int64_t ring = 0;
  };
  /// Output rows, next to each other at depth `z`; `number` is the first one's among the image's rows.
  struct Rows {
    Idx number, z;
    Span span;
  };
  /// A vector of channels, and its weights if they stay in registers.
  struct Channels {
    Idx first;
    Lanes lanes;
    SmallVector<Value> weights;
  };
  struct Block {
    const Tile &tile;
    const Rows &rows;
    const Channels &channels;
    const Span &columns;
  };

  //===--------------------------------------------------------------------===//
  // Blocks of rows and columns
  //===--------------------------------------------------------------------===//

  void emitRows(const Tile &tile, Idx begin, Idx end) {
    if (!isStraight(p)) {
      return emitRowByRow(tile, begin, end);
    }
    emitSpans(kb, axes[height], plan.rows, begin, end, [&](const Span &span) { emitSpan(tile, span, end); });
  }

  void emitRowByRow(const Tile &tile, Idx begin, Idx end) {
    kb.loop(begin, end, 1, [&](Idx row) {
      bool flat = axes[depth].output.is(1);
      Idx z = flat ? Idx(0) : kb.div(row, axes[height].output), y = flat ? row : kb.rem(row, axes[height].output);
      emitColumns(tile, {row, z, {y, 1, 1, TapPlace::Guarded}});
    });
  }

  /// Rows of a span, as far as they lie before `end`.
  void emitSpan(const Tile &tile, const Span &span, Idx end) {
    if (span.taps == TapPlace::Guarded) {
      return emitRowByRow(tile, span.at, kb.min(kb.add(span.at, span.count), end));
    }
    emitColumns(tile, {span.at, 0, span});
  }

  void emitColumns(const Tile &tile, const Rows &rows) {
    auto spans = [&](llvm::function_ref<void(const Span &)> body) {
      emitSpans(kb, axes[width], plan.pixels, tile.column, tile.columnEnd, body);
    };
    // Channels before columns: what neighbours share of the input stays in L1, however many channels there are.
    if (rows.span.taps != TapPlace::Guarded) {
      forChannels([&](Channels channels) {
        for (int64_t tap = 0; plan.weightsStay && tap < packed.taps; ++tap) {
          channels.weights.push_back(loadWeight(channels, tap));
        }
        spans([&](const Span &columns) { emitBlock({tile, rows, channels, columns}); });
        finishRows(tile, rows, channels);
      });
      return;
    }
    spans([&](const Span &columns) {
      forChannels([&](const Channels &channels) { emitBlock({tile, rows, channels, columns}); });
    });
  }

  void forChannels(llvm::function_ref<void(const Channels &)> body) {
    int64_t whole = p.channels / plan.lanes * plan.lanes;
    kb.loop(0, whole, plan.lanes, [&](Idx c) { body({c, kb.allLanes(plan.lanes), {}}); });
    if (whole < p.channels) {
      body({whole, kb.firstLanes(plan.lanes, p.channels - whole), {}});
    }
  }

  //===--------------------------------------------------------------------===//
  // One block
  //===--------------------------------------------------------------------===//

  void emitBlock(const Block &block) {
    SmallVector<Value> sums(block.rows.span.count * block.columns.count, kb.zero(accType));
    if (block.rows.span.taps == TapPlace::Guarded) {
      emitDepth(block, sums);
    } else {
      emitKnownRows(block, sums);
    }
    for (int i = 0; i < block.rows.span.count; ++i) {
      Idx row = kb.add(kb.add(block.tile.outRow, block.rows.number), i);
      store(block, kb.mul(row, axes[width].output), ArrayRef(sums).slice(i * block.columns.count, block.columns.count));
    }
  }

  void store(const Block &block, Idx firstPixel, ArrayRef<Value> sums) {
    const Channels &c = block.channels;
    for (int i = 0; i < block.columns.count; ++i) {
      kb.ifThen(kb.lessThan(i, block.columns.valid), [&] {
        Idx pixel = kb.add(kb.add(firstPixel, block.columns.at), i);
        Idx offset = kb.add(kb.add(p.outputOffset, kb.mul(pixel, outPixel)), c.first);
        storeResult(kb, sums[i], output, {offset, pixel, c.first, c.lanes},
                    finishesLater(block.rows) ? Epilogue() : epilogue);
      });
    }
  }

  /// A long epilogue once per block's output would be too much code: it is a loop over sums that were stored.
  bool finishesLater(const Rows &rows) const {
    return epilogue.isLong && rows.span.taps != TapPlace::Guarded && kb.elementType(output) == p.types.accumulator;
  }

  void finishRows(const Tile &tile, const Rows &rows, const Channels &c) {
    if (!finishesLater(rows)) {
      return;
    }
    kb.loop(0, rows.span.count, 1, [&](Idx i) {
      Idx firstPixel = kb.mul(kb.add(kb.add(tile.outRow, rows.number), i), axes[width].output);
      kb.loop(tile.column, tile.columnEnd, 1, [&](Idx column) {
        Idx pixel = kb.add(firstPixel, column);
        Idx offset = kb.add(kb.add(p.outputOffset, kb.mul(pixel, outPixel)), c.first);
        storeResult(kb, kb.load(output, offset, c.lanes), output, {offset, pixel, c.first, c.lanes}, epilogue);
      });
    });
  }

  /// Rows of sums share what they read: each row of the input is loaded once.
  void emitKnownRows(const Block &block, SmallVector<Value> &sums) {
    const TapAxis &y = axes[height];
    const Span &rows = block.rows.span;
    // By input row: which sums it is for, with which row of the kernel.
    std::map<int64_t, SmallVector<std::pair<int, int64_t>>> uses;
    for (int i = 0; i < rows.count; ++i) {
      for (int64_t t = 0; t < y.taps; ++t) {
        uses[i * y.stride + t * y.step].emplace_back(i, t);
      }
    }
    Idx origin = kb.add(kb.mul(rows.at, y.stride), y.origin);
    for (const auto &[at, rowsAndTaps] : uses) {
      Idx position = kb.add(origin, at);
      bool outside = rows.taps == TapPlace::Known && !isInside(y, position.constant());
      Idx place = block.tile.ring && !outside ? kb.rem(position, block.tile.ring) : position;
      Idx base = outside ? block.tile.input : kb.add(block.tile.input, kb.mul(place, inAxis[height]));
      InputRow row(base, outside);
      for (auto [i, t] : rowsAndTaps) {
        emitStraightWidth(block, t * axes[width].kernel, row,
                          MutableArrayRef(sums).slice(i * block.columns.count, block.columns.count));
      }
    }
  }

  void emitDepth(const Block &block, SmallVector<Value> &sums) {
    bool padding = p.padValue != 0;
    sums = emitTapLoop(kb, axes[depth], block.rows.z, padding, false, sums,
                       [&](Idx z, Idx at, bool outside, ValueRange v) {
                         SmallVector<Value> inner(v);
                         Idx plane = outside ? block.tile.input : kb.add(block.tile.input, kb.mul(at, inAxis[depth]));
                         emitHeight(block, z, plane, outside, inner);
                         return inner;
                       });
  }

  /// One output row.
  void emitHeight(const Block &block, Idx tapZ, Idx plane, bool outZ, SmallVector<Value> &sums) {
    const TapAxis &y = axes[height];
    auto body = [&](Idx t, Idx at, bool outside, ValueRange values) {
      SmallVector<Value> inner(values);
      Idx tap = kb.mul(kb.add(kb.mul(tapZ, y.kernel), t), axes[width].kernel);
      Idx place = block.tile.ring && !outside ? kb.rem(at, block.tile.ring) : at;
      InputRow row(outside ? plane : kb.add(plane, kb.mul(place, inAxis[height])), outside || outZ);
      emitWidth(block, tap, row, inner);
      return inner;
    };
    sums = emitTapLoop(kb, y, block.rows.span.at, p.padValue != 0, false, sums, body);
  }

  //===--------------------------------------------------------------------===//
  // One row of the kernel
  //===--------------------------------------------------------------------===//

  /// A row of the input, and what is loaded of it: columns, by their distance from a block's first one.
  struct InputRow {
    InputRow(Idx base, bool outside) : base(base), outside(outside) {}
    Idx base;
    bool outside;
    std::map<int64_t, Value> columns;
  };

  /// `tap` is the row's first tap's number.
  void emitWidth(const Block &block, Idx tap, InputRow &row, SmallVector<Value> &sums) {
    const TapAxis &x = axes[width];
    if (x.taps <= straightWidth || block.columns.taps == TapPlace::Known) {
      return emitStraightWidth(block, tap, row, sums);
    }
    sums = kb.loop(0, x.taps, 1, sums, [&](Idx t, ValueRange values) {
      SmallVector<Value> inner(values);
      Value w = weight(block.channels, kb.add(tap, t));
      for (int i = 0; i < block.columns.count; ++i) {
        Idx at = kb.add(kb.mul(t, x.step), int64_t(i) * x.stride);
        inner[i] = kb.multiplyAdd(element(block, row.base, at, row.outside), w, inner[i]);
      }
      return inner;
    });
  }

  void emitStraightWidth(const Block &block, Idx tap, InputRow &row, MutableArrayRef<Value> sums) {
    const TapAxis &x = axes[width];
    for (int64_t t = 0; t < x.taps; ++t) {
      Value w;
      for (int i = 0; i < block.columns.count; ++i) {
        int64_t at = t * x.step + i * x.stride;
        bool padded = row.outside || isPadded(block.columns, at);
        if (padded && p.padValue == 0) {
          continue;
        }
        auto [entry, isNew] = row.columns.try_emplace(at);
        if (isNew) {
          entry->second = element(block, row.base, at, padded);
        }
        w = w ? w : weight(block.channels, kb.add(tap, t));
        sums[i] = kb.multiplyAdd(entry->second, w, sums[i]);
      }
    }
  }

  /// Whether the input column `at` after the first one of `columns` is known to be outside.
  bool isPadded(const Span &columns, int64_t at) const {
    const TapAxis &x = axes[width];
    return columns.taps == TapPlace::Known && !isInside(x, columns.at.constant() * x.stride + x.origin + at);
  }

  Value weight(const Channels &channels, Idx tap) {
    bool loaded = tap.isStatic() && !channels.weights.empty();
    return loaded ? channels.weights[tap.constant()] : loadWeight(channels, tap);
  }

  Value loadWeight(const Channels &channels, Idx tap) {
    Idx offset = kb.add(kb.mul(tap, packed.paddedChannels()), channels.first);
    return kb.convert(kb.load(weights, offset, plan.lanes), p.types.accumulator, p.types.bSigned);
  }

  /// The input column `at` columns after the block's first one.
  Value element(const Block &block, Idx base, Idx at, bool outside) {
    if (outside) {
      return kb.constant(accType, p.padValue);
    }
    const TapAxis &x = axes[width];
    const Channels &c = block.channels;
    Idx first = kb.mul(block.columns.at, x.stride), column = kb.add(at, x.origin);
    Idx moving = kb.add(kb.add(base, c.first), kb.mul(first, inAxis[width]));
    Idx offset = kb.add(moving, kb.mul(column, inAxis[width]));
    Value guard;
    if (block.columns.taps == TapPlace::Guarded) {
      guard = kb.inRange(kb.add(first, column), x.input);
      offset = kb.select(guard, offset, c.first);
    }
    Value v = kb.convert(kb.load(input, offset, c.lanes), p.types.accumulator, p.types.aSigned);
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

void emitDepthwise(KernelBuilder &kb, const ConvProblem &p, const DepthwisePlan &plan, Value input, Value weights,
                   Value output, const Epilogue &epilogue, Idx begin, Idx end) {
  DepthwiseEmitter emitter(kb, p, plan, input, weights, output, epilogue);
  kb.loop(begin, end, 1, [&](Idx number) { emitter.emitTile(number); });
}

void emitDepthwiseRows(KernelBuilder &kb, const ConvProblem &p, const DepthwisePlan &plan, Value input, Value weights,
                       Value output, const Epilogue &epilogue, const DepthwiseRows &rows) {
  DepthwiseEmitter(kb, p, plan, input, weights, output, epilogue).emitWholeRows(rows);
}

} // namespace dlc::cpu

#include "compiler/target/cpu/contraction/DepthwiseBytes.h"
#include "compiler/target/cpu/contraction/Depthwise.h"
#include "compiler/target/cpu/contraction/TileModel.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <algorithm>
#include <map>
#include <set>

using namespace mlir;

namespace dlc::cpu {
namespace {

constexpr int height = 1, width = 2;

/// Taps that one dot product sums.
constexpr int64_t together = 4;
/// Wider kernels would be much straight code.
constexpr int64_t widest = 8;

/// Four adjacent input columns that are interleaved, and the outputs of a strip that sum some of them.
struct Quad {
  int64_t column;
  SmallVector<int64_t, 4> outputs;
};

/// The quads of a strip, by their distances from the first input column of its first output.
SmallVector<Quad> quadsOf(const ConvAxis &x, int64_t pixels) {
  SmallVector<Quad> quads;
  if (x.kernel <= together) {
    int64_t shared = (together - x.kernel) / x.stride + 1;
    for (int64_t first = 0; first < pixels; first += shared) {
      Quad quad{first * x.stride, {}};
      for (int64_t i = first; i < std::min(pixels, first + shared); ++i) {
        quad.outputs.push_back(i);
      }
      quads.push_back(quad);
    }
    return quads;
  }
  for (int64_t at = 0; at < (pixels - 1) * x.stride + x.kernel; at += together) {
    Quad quad{at, {}};
    for (int64_t i = 0; i < pixels; ++i) {
      if (i * x.stride < at + together && at < i * x.stride + x.kernel) {
        quad.outputs.push_back(i);
      }
    }
    if (!quad.outputs.empty()) {
      quads.push_back(quad);
    }
  }
  return quads;
}

/// Which tap of an output the first of a quad's columns is: above -together, below the kernel.
int64_t firstTap(const ConvAxis &x, const Quad &quad, int64_t output) { return quad.column - output * x.stride; }

/// The first taps that occur in a strip, in order. Shorter strips have no others.
SmallVector<int64_t> variantsOf(const ConvAxis &x, int64_t pixels) {
  std::set<int64_t> taps;
  for (const Quad &quad : quadsOf(x, pixels)) {
    for (int64_t output : quad.outputs) {
      taps.insert(firstTap(x, quad, output));
    }
  }
  return {taps.begin(), taps.end()};
}

/// Channels that one pass takes: as many bytes as a vector of `4 * lanes` i8 has, of which `active` exist.
struct ChannelBlock {
  int64_t channel;
  int lanes;
  int64_t active;
};

/// Whole vectors, then the narrowest that holds the rest.
SmallVector<ChannelBlock> blocksOf(int64_t channels, int lanes) {
  SmallVector<ChannelBlock> blocks;
  for (int64_t c = 0; c < channels;) {
    while (lanes > 4 && channels - c <= lanes * 2) {
      lanes /= 2;
    }
    blocks.push_back({c, lanes, std::min<int64_t>(channels - c, lanes * 4)});
    c += blocks.back().active;
  }
  return blocks;
}

/// Packed weights of a channel for one row of the kernel.
int64_t rowElements(const ConvProblem &p, const ByteDepthwisePlan &plan) {
  return together * variantsOf(p.axes[width], plan.pixels).size();
}

class ByteDepthwiseEmitter {
public:
  ByteDepthwiseEmitter(KernelBuilder &kb, const ConvProblem &p, const ByteDepthwisePlan &plan, Value input,
                       Value weights, Value output, const Epilogue &epilogue)
      : kb(kb), p(p), plan(plan), x(p.axes[width]), y(tapAxis(p.axes[height])), input(input), weights(weights),
        output(output), epilogue(epilogue), variants(variantsOf(x, plan.pixels)) {}

  void emitTile(Idx number) {
    Idx rows = p.axes[height].output, rowTiles = kb.ceilDiv(rows, plan.tileRows);
    Idx row0 = kb.mul(kb.rem(number, rowTiles), plan.tileRows), image = kb.div(number, rowTiles);
    Idx rowEnd = kb.min(kb.add(row0, plan.tileRows), rows);
    SmallVector<ChannelBlock> blocks = blocksOf(p.channels, plan.lanes);
    auto isWhole = [&](const ChannelBlock &b) { return b.active == plan.lanes * 4; };
    int64_t whole = llvm::count_if(blocks, isWhole);
    kb.loop(0, whole * plan.lanes * 4, plan.lanes * 4,
            [&](Idx channel) { emitRows({channel, plan.lanes, int64_t(plan.lanes) * 4}, image, row0, rowEnd); });
    for (const ChannelBlock &b : ArrayRef(blocks).drop_front(whole)) {
      emitRows({b.channel, b.lanes, b.active}, image, row0, rowEnd);
    }
  }

private:
  /// A block of channels, whose first may vary.
  struct Block {
    Idx channel;
    int lanes;
    int64_t active;

    int vectors() const { return (active + lanes - 1) / lanes; }
  };
  struct Row {
    const Block &block;
    Idx image, y, outRow;
    bool inside;
  };

  //===--------------------------------------------------------------------===//
  // Strips of pixels along a row
  //===--------------------------------------------------------------------===//

  void emitRows(const Block &block, Idx image, Idx begin, Idx end) {
    Idx inImage = kb.mul(image, kb.mul(kb.mul(y.input, x.input), p.channels));
    kb.loop(begin, end, 1, [&](Idx at) {
      Row row{block, inImage, at, kb.mul(kb.add(kb.mul(image, y.output), at), x.output), true};
      Idx first = kb.add(kb.mul(at, y.stride), y.origin);
      Value low = kb.lessThan(-1, first), high = kb.lessThan(kb.add(first, (y.taps - 1) * y.step), y.input);
      Row edge = row;
      edge.inside = false;
      if (!y.padsBegin && !y.padsEnd) {
        return emitRow(row);
      }
      kb.ifThen(
          kb.logicalAnd(low, high), [&] { emitRow(row); }, [&] { emitRow(edge); });
    });
  }

  /// The input column of a strip's first tap may lie outside, and so may the last.
  bool isInside(int64_t at, int64_t pixels) const {
    int64_t first = at * x.stride - x.padBegin;
    return first >= 0 && first + (pixels - 1) * x.stride + x.kernel - 1 < x.input.constant();
  }

  void emitRow(const Row &row) {
    int64_t columns = x.output.constant(), step = plan.pixels;
    for (int64_t at = 0; at < columns;) {
      int64_t end = at;
      while (end + step <= columns && isInside(end, step)) {
        end += step;
      }
      if (end > at) {
        kb.loop(at, end, step, [&](Idx q) { emitStrip(row, q, step); });
        at = end;
        continue;
      }
      int64_t pixels = std::min(step, columns - at);
      emitStrip(row, at, pixels);
      at += pixels;
    }
  }

  void emitStrip(const Row &row, Idx q, int64_t pixels) {
    VectorType type = kb.vectorType(kb.builder().getI32Type(), row.block.lanes);
    SmallVector<Value> sums(pixels * row.block.vectors(), kb.zero(type));
    auto body = [&](Idx tap, Idx at, bool outside, ValueRange values) {
      SmallVector<Value> inner(values);
      Idx base = outside ? row.image : kb.add(row.image, kb.mul(at, kb.mul(x.input, p.channels)));
      emitKernelRow(row.block, tap, base, outside, q, pixels, inner);
      return inner;
    };
    if (row.inside) {
      Idx first = kb.add(kb.mul(row.y, y.stride), y.origin);
      for (int64_t tap = 0; tap < y.taps; ++tap) {
        sums = body(tap, kb.add(first, tap * y.step), false, sums);
      }
    } else {
      sums = emitTapLoop(kb, y, row.y, p.padValue != 0, false, sums, body);
    }
    store(row, q, pixels, sums);
  }

  void store(const Row &row, Idx q, int64_t pixels, ArrayRef<Value> sums) {
    SmallVector<Finished> finished;
    int lanes = row.block.lanes, vectors = row.block.vectors();
    for (int64_t i = 0; i < pixels; ++i) {
      Idx pixel = kb.add(kb.add(row.outRow, q), i);
      Idx offset = kb.add(kb.mul(pixel, p.channels), row.block.channel);
      for (int j = 0; j < vectors; ++j) {
        Lanes stored = kb.firstLanes(lanes, row.block.active - j * lanes);
        EpilogueCoord coord{kb.add(offset, j * lanes), pixel, kb.add(row.block.channel, j * lanes), stored};
        finished.push_back({sums[i * vectors + j], coord, j > 0 && stored.full()});
      }
    }
    storeResults(kb, finished, output, epilogue);
  }

  //===--------------------------------------------------------------------===//
  // One row of the kernel
  //===--------------------------------------------------------------------===//

  void emitKernelRow(const Block &block, Idx tap, Idx base, bool outside, Idx q, int64_t pixels,
                     MutableArrayRef<Value> sums) {
    std::map<int64_t, Value> columns;
    int64_t last = (pixels - 1) * x.stride + x.kernel - 1;
    auto column = [&](int64_t at) {
      auto [entry, isNew] = columns.try_emplace(at);
      if (isNew) {
        entry->second = at > last ? splat(block, 0) : outside ? splat(block, p.padValue) : load(block, base, q, at);
      }
      return entry->second;
    };
    int64_t perChannel = rowElements(p, plan), perVariant = int64_t(block.lanes) * 4 * together;
    Idx rowWeights = kb.add(kb.mul(block.channel, perChannel * p.axes[height].kernel),
                            kb.mul(tap, perChannel * block.lanes * 4));
    for (const Quad &quad : quadsOf(x, pixels)) {
      SmallVector<Value> four;
      for (int64_t i = 0; i < together; ++i) {
        four.push_back(column(quad.column + i));
      }
      for (auto [j, vector] : llvm::enumerate(interleave(block, four))) {
        for (int64_t output : quad.outputs) {
          int64_t variant = llvm::find(variants, firstTap(x, quad, output)) - variants.begin();
          int64_t within = variant * perVariant + int64_t(j) * block.lanes * together;
          Value w = kb.load(weights, kb.add(rowWeights, within), block.lanes * together);
          Value &sum = sums[output * block.vectors() + j];
          sum = dot(vector, w, sum);
        }
      }
    }
  }

  Value splat(const Block &block, double number) {
    return kb.constant(kb.vectorType(kb.builder().getI8Type(), block.lanes * 4), static_cast<int8_t>(int64_t(number)));
  }

  /// A column of the input, its channels in the order that interleaving undoes: 32-bit word `lane * 4 + vector` holds
  /// channels `(vector * (lanes / 4) + lane) * 4` and on, where `lane` counts 128 bits.
  Value load(const Block &block, Idx base, Idx q, int64_t at) {
    Idx position = kb.add(kb.mul(q, x.stride), at - x.padBegin);
    bool outside = position.isStatic() && (position.constant() < 0 || position.constant() >= x.input.constant());
    if (outside) {
      return splat(block, p.padValue);
    }
    Idx offset = kb.add(kb.add(base, block.channel), kb.mul(position, p.channels));
    Value bytes = kb.load(input, offset, kb.firstLanes(block.lanes * 4, block.active));
    int blocks = block.lanes / 4;
    if (blocks == 1) {
      return bytes;
    }
    SmallVector<int64_t> order;
    for (int lane = 0; lane < blocks; ++lane) {
      for (int vector = 0; vector < 4; ++vector) {
        order.push_back(vector * blocks + lane);
      }
    }
    Value words = kb.bitcast(bytes, kb.vectorType(kb.builder().getI32Type(), block.lanes));
    return kb.bitcast(kb.shuffle(words, words, order), bytes.getType());
  }

  /// Elements of the low or high half of every 128 bits of x and y in turns.
  Value unpack(Value a, Value b, bool high) {
    auto type = cast<VectorType>(a.getType());
    int64_t count = type.getNumElements(), perLane = 128 / type.getElementTypeBitWidth();
    SmallVector<int64_t> order;
    for (int64_t lane = 0; lane < count; lane += perLane) {
      for (int64_t i = 0; i < perLane / 2; ++i) {
        int64_t from = lane + (high ? perLane / 2 : 0) + i;
        order.append({from, count + from});
      }
    }
    return kb.shuffle(a, b, order);
  }

  /// Vectors of four columns' bytes for each channel, one after the other.
  SmallVector<Value> interleave(const Block &block, ArrayRef<Value> four) {
    VectorType pairs = kb.vectorType(kb.builder().getI16Type(), block.lanes * 2);
    SmallVector<Value> vectors;
    for (int j = 0; j < block.vectors(); ++j) {
      Value low = kb.bitcast(unpack(four[0], four[1], j >= 2), pairs);
      Value high = kb.bitcast(unpack(four[2], four[3], j >= 2), pairs);
      vectors.push_back(kb.bitcast(unpack(low, high, j % 2 == 1), cast<VectorType>(four[0].getType())));
    }
    return vectors;
  }

  Value dot(Value bytes, Value w, Value sum) {
    OpBuilder &b = kb.builder();
    auto type = cast<VectorType>(sum.getType());
    std::string name = "llvm.x86.avx512.vpdpbusd." + std::to_string(type.getNumElements() * 32);
    return LLVM::CallIntrinsicOp::create(b, kb.location(), type, b.getStringAttr(name), ValueRange{sum, bytes, w})
        .getResult(0);
  }

  KernelBuilder &kb;
  const ConvProblem &p;
  const ByteDepthwisePlan &plan;
  const ConvAxis &x;
  TapAxis y;
  Value input, weights, output;
  const Epilogue &epilogue;
  SmallVector<int64_t> variants;
};

} // namespace

bool fitsByteDepthwise(const ConvProblem &p, const TargetInfo &target) {
  const ConvAxis &z = p.axes[0], &x = p.axes[width];
  bool bytes = p.types.a.isInteger(8) && p.types.b.isInteger(8) && !p.types.aSigned && p.types.bSigned;
  bool plane = z.kernel == 1 && z.input.is(1) && z.output.is(1);
  bool dense = p.inputPixel == 0 && p.outputPixel == 0 && p.inputOffset.is(0) && p.outputOffset.is(0);
  return isDepthwise(p) && target.vnni && bytes && plane && dense && x.input.isStatic() && x.output.isStatic() &&
         x.dilation == 1 && x.kernel <= widest && (target.cheapMasks || p.channels % 16 == 0);
}

ByteDepthwisePlan chooseByteDepthwise(const ConvProblem &p, const TargetInfo &target, const Choice &chosen) {
  ByteDepthwisePlan plan;
  plan.lanes = target.vectorBits / 32;
  int64_t most = target.registers >= 32 ? 4 : 2, columns = std::max<int64_t>(1, p.axes[width].output.constant());
  plan.pixels = std::min<int64_t>(Choice::or_(chosen.rows, most), columns);
  // About 20 us at three vectors of taps in two cycles.
  double work = 20.0 * 4000 * plan.lanes * 1.5 * Choice::or_(chosen.work, 100) / 100;
  double rowWork = static_cast<double>(columns) * p.channels * p.axes[height].kernel * p.axes[width].kernel;
  int64_t rows = std::max<int64_t>(1, p.axes[height].output.constantOr(64));
  int64_t tiles = std::clamp<int64_t>(rowWork * rows / sharedWork(work, rowWork * rows), 1, rows);
  tiles = evenShares(tiles, rows);
  plan.tileRows = (rows + tiles - 1) / tiles;
  return plan;
}

int64_t packedByteDepthwiseBytes(const ConvProblem &p, const ByteDepthwisePlan &plan) {
  ChannelBlock last = blocksOf(p.channels, plan.lanes).back();
  return (last.channel + last.lanes * 4) * rowElements(p, plan) * p.axes[height].kernel;
}

void packByteDepthwise(const ConvProblem &p, const ByteDepthwisePlan &plan, const int8_t *source,
                       int8_t *destination) {
  const ConvAxis &x = p.axes[width];
  int64_t rows = p.axes[height].kernel;
  SmallVector<int64_t> variants = variantsOf(x, plan.pixels);
  std::fill_n(destination, packedByteDepthwiseBytes(p, plan), 0);
  int8_t *to = destination;
  for (const ChannelBlock &block : blocksOf(p.channels, plan.lanes)) {
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t variant : variants) {
        for (int64_t c = 0; c < block.active; ++c) {
          for (int64_t tap = std::max<int64_t>(0, variant); tap < std::min(x.kernel, variant + together); ++tap) {
            to[c * together + tap - variant] = source[((block.channel + c) * rows + row) * x.kernel + tap];
          }
        }
        to += block.lanes * 4 * together;
      }
    }
  }
}

Idx byteDepthwiseTileCount(KernelBuilder &kb, const ConvProblem &p, const ByteDepthwisePlan &plan) {
  return kb.mul(p.batch, kb.ceilDiv(p.axes[height].output, plan.tileRows));
}

void emitByteDepthwise(KernelBuilder &kb, const ConvProblem &p, const ByteDepthwisePlan &plan, Value input,
                       Value weights, Value output, const Epilogue &epilogue, Idx begin, Idx end) {
  ByteDepthwiseEmitter emitter(kb, p, plan, input, weights, output, epilogue);
  kb.loop(begin, end, 1, [&](Idx number) { emitter.emitTile(number); });
}

} // namespace dlc::cpu

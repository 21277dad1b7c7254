#include "compiler/target/cpu/contraction/Separable.h"
#include "compiler/target/cpu/contraction/TileModel.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <algorithm>

using namespace mlir;

namespace dlc::cpu {
namespace {

constexpr int height = 1, width = 2;

/// Elements of a row of pixels before and behind the depthwise convolution.
int64_t rowBefore(const SeparableProblem &p) { return p.depthwise.axes[width].input.constant() * p.depthwise.channels; }
int64_t rowBehind(const SeparableProblem &p) {
  return p.depthwise.axes[width].output.constant() * p.depthwise.channels;
}
int64_t outputRows(const SeparableProblem &p) { return p.depthwise.axes[height].output.constant(); }

/// Input rows that `rows` adjacent output rows read.
int64_t reach(const ConvAxis &axis, int64_t rows) {
  return (rows - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
}

/// Output rows of a tile in which an expansion is computed: few rows of two tiles are the same.
int64_t expandingRows(const SeparableProblem &p) {
  constexpr int64_t share = 20;
  const ConvAxis &y = p.depthwise.axes[height];
  return std::max<int64_t>(1, ceilDiv(share * (reach(y, 1) - y.stride), y.stride));
}

/// The product of `rows` rows of pixels with a 1x1 convolution's weights.
GemmProblem product(const ConvProblem &conv, int64_t rows) {
  GemmProblem g =
      GemmProblem::dense(rows * conv.axes[width].output.constant(), conv.outputChannels, conv.channels, conv.types);
  g.packedB = true;
  return g;
}

/// One tile of work: all of the product.
GemmTile wholeTile(const GemmProblem &g, const TargetInfo &target) {
  GemmTile tile = chooseGemmTile(g, target);
  tile.tileM = ceilDiv(g.m.constant(), tile.rows) * tile.rows;
  tile.tileN = ceilDiv(g.n.constant(), tile.panel()) * tile.panel();
  tile.columnsFirst = false;
  return tile;
}

bool isPointwise(const ConvProblem &p) {
  return p.groups == 1 && !p.channelsFirst && !p.inputPixel && !p.outputPixel &&
         llvm::all_of(p.axes, [](const ConvAxis &a) {
           return a.kernel == 1 && a.stride == 1 && a.padBegin == 0 && a.padEnd == 0;
         });
}

bool isF32(const ConvProblem &p) { return p.types.a.isF32() && p.types.b.isF32(); }

/// What the slower of two threads computes of `blocks` blocks of `rows` rows in so many tiles, longer ones first.
int64_t slowerShare(int64_t size, int64_t rows, int64_t tiles) {
  int64_t blocks = ceilDiv(size, rows), one = 0, other = 0;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    int64_t first = blocks / tiles * tile + std::min(tile, blocks % tiles);
    int64_t next = blocks / tiles * (tile + 1) + std::min(tile + 1, blocks % tiles);
    (one <= other ? one : other) += std::min(next * rows, size) - first * rows;
  }
  return std::max(one, other);
}

/// Tiles of about `wanted` rows that two threads share evenly: pieces of equal size where blocks do not come to that.
void chooseTiles(int64_t size, int64_t wanted, SeparablePlan &plan) {
  int64_t rows = plan.depthwise.rows, blocks = ceilDiv(size, rows);
  int64_t tileBlocks = std::clamp<int64_t>(ceilDiv(wanted, rows), 1, blocks);
  plan.tiles = evenShares(ceilDiv(blocks, tileBlocks), blocks);
  plan.piece = size;
  if (plan.tiles == 1 || plan.tiles >= 8 || slowerShare(size, rows, plan.tiles) * 2 <= size * 1.03) {
    return;
  }
  for (int64_t change : {0, -1, 1, -2, 2, -3, 3}) {
    int64_t tiles = plan.tiles + change;
    if (tiles > 0 && tiles % 2 == 0 && size % tiles == 0 && size / tiles >= rows) {
      plan.tiles = tiles;
      plan.piece = size / tiles;
      return;
    }
  }
}

class SeparableEmitter {
public:
  SeparableEmitter(KernelBuilder &kb, const SeparableProblem &p, const SeparablePlan &plan, const SeparableBuffers &at)
      : kb(kb), p(p), plan(plan), at(at) {
    SeparableScratch scratch = separableScratch(p, plan);
    ring = scratch.ring ? view(0, scratch.ring) : Value();
    panel = view(scratch.ring, scratch.panel);
  }

  void emitTile(Idx number) {
    Idx image = kb.div(number, plan.tiles), tile = kb.rem(number, plan.tiles);
    Idx first = firstRow(tile), end = kb.min(firstRow(kb.add(tile, 1)), outputRows(p));
    kb.loop(first, end, plan.depthwise.rows, [&](Idx row) { emitBlock(image, first, end, row); });
  }

private:
  Value view(int64_t byte, int64_t bytes) {
    auto type = MemRefType::get({bytes / 4}, kb.builder().getF32Type());
    return memref::ViewOp::create(kb.builder(), kb.location(), type, at.scratch, kb.index(byte), ValueRange{});
  }

  /// The first output row of a tile, or the end of the last one's, or more.
  Idx firstRow(Idx tile) {
    if (plan.piece < outputRows(p)) {
      return kb.mul(tile, plan.piece);
    }
    int64_t blocks = ceilDiv(outputRows(p), plan.depthwise.rows), each = blocks / plan.tiles;
    return kb.mul(kb.add(kb.mul(tile, each), kb.min(tile, blocks % plan.tiles)), plan.depthwise.rows);
  }

  /// Output rows from `row` on, in a tile of [first, end).
  void emitBlock(Idx image, Idx first, Idx end, Idx row) {
    int64_t rows = plan.depthwise.rows, left = plan.piece % rows;
    Idx imageRow = kb.mul(image, p.depthwise.axes[height].input);
    DepthwiseRows block;
    block.begin = row;
    block.end = kb.min(kb.add(row, rows), end);
    block.piece = plan.piece;
    if (p.expand) {
      Idx from = kb.select(kb.lessThan(first, row), inputEnd(row), inputBegin(row));
      kb.loop(from, inputEnd(block.end), 1, [&](Idx y) { emitExpansion(kb.add(imageRow, y), y); });
    }
    block.input = p.expand ? Idx(0) : kb.mul(imageRow, rowBefore(p));
    block.ring = plan.ring;
    block.outputRow = kb.sub(0, row);
    emitDepthwiseRows(kb, p.depthwise, plan.depthwise, p.expand ? ring : at.input, at.depthwiseWeights, panel,
                      at.depthwise, block);
    Idx outRow = kb.add(kb.mul(image, outputRows(p)), row);
    if (left == 0) {
      return emitProjection(outRow, rows);
    }
    kb.ifThen(
        kb.lessThan(kb.sub(block.end, row), rows), [&] { emitProjection(outRow, left); },
        [&] { emitProjection(outRow, rows); });
  }

  /// The first input row that an output row reads, and the end of what those before `row` read.
  Idx inputBegin(Idx row) {
    const ConvAxis &y = p.depthwise.axes[height];
    return kb.max(kb.sub(kb.mul(row, y.stride), y.padBegin), 0);
  }
  Idx inputEnd(Idx row) {
    const ConvAxis &y = p.depthwise.axes[height];
    Idx end = kb.add(kb.sub(kb.mul(kb.sub(row, 1), y.stride), y.padBegin), reach(y, 1));
    return kb.max(kb.min(end, y.input), 0);
  }

  /// Row `y` of an image, `row` of all images.
  void emitExpansion(Idx row, Idx y) {
    GemmProblem g = product(*p.expand, 1);
    g.aOffset = kb.mul(row, g.m.constant() * p.expand->channels);
    g.cOffset = kb.mul(kb.rem(y, plan.ring), rowBefore(p));
    emitGemm(kb, g, *plan.expand, at.input, at.expandWeights, ring, at.expand, 0, 1);
  }

  /// From the panel to output rows from `row` of all images on.
  void emitProjection(Idx row, int64_t rows) {
    GemmProblem g = product(p.project, rows);
    Idx pixel = kb.mul(row, p.project.axes[width].output);
    g.cOffset = kb.mul(pixel, p.project.outputChannels);
    Epilogue epilogue = at.project;
    if (at.project) {
      epilogue = at.project.computing([&, pixel](KernelBuilder &k, Value sums, EpilogueCoord coord) {
        coord.row = k.add(coord.row, pixel);
        return at.project(k, sums, coord);
      });
    }
    emitGemm(kb, g, plan.project, panel, at.projectWeights, at.output, epilogue, 0, 1);
  }

  KernelBuilder &kb;
  const SeparableProblem &p;
  const SeparablePlan &plan;
  const SeparableBuffers &at;
  Value ring, panel;
};

} // namespace

bool isSeparable(const SeparableProblem &p) {
  auto isStatic = [](const ConvAxis &a) { return a.input.isStatic() && a.output.isStatic(); };
  bool products =
      isPointwise(p.project) && isF32(p.project) && (!p.expand || (isPointwise(*p.expand) && isF32(*p.expand)));
  return products && isDepthwise(p.depthwise) && isF32(p.depthwise) && isStraight(p.depthwise) &&
         !p.depthwise.inputPixel && !p.depthwise.outputPixel && p.depthwise.padValue == 0 &&
         llvm::all_of(p.depthwise.axes, isStatic);
}

bool projectsFromCache(const SeparableProblem &p, const TargetInfo &target) {
  int64_t weights = p.project.channels * p.project.outputChannels * 4;
  int64_t panel = chooseDepthwise(p.depthwise, target).rows * rowBehind(p) * 4;
  return weights <= target.l2 / 4 && panel <= target.l2 / 2;
}

bool expandsInCache(const SeparableProblem &p, const TargetInfo &target) {
  constexpr int64_t tilesAtLeast = 3;
  const ConvAxis &y = p.depthwise.axes[height];
  bool large = y.input.constant() * rowBefore(p) * 4 > target.l2 / 2;
  DepthwisePlan plan = chooseDepthwise(p.depthwise, target);
  int64_t rows = ceilDiv(expandingRows(p), plan.rows) * plan.rows;
  bool fits = (reach(y, plan.rows) * rowBefore(p) + plan.rows * rowBehind(p)) * 4 <= target.l2 / 2;
  return large && fits && ceilDiv(outputRows(p), rows) >= tilesAtLeast;
}

SeparablePlan chooseSeparable(const SeparableProblem &p, const TargetInfo &target) {
  SeparablePlan plan;
  plan.depthwise = chooseDepthwise(p.depthwise, target);
  plan.depthwise.tileColumns = 0;
  int64_t rows = plan.depthwise.rows, pixels = p.depthwise.axes[width].output.constant();
  plan.project = wholeTile(product(p.project, rows), target);
  int64_t taps = p.depthwise.axes[height].kernel * p.depthwise.axes[width].kernel;
  int64_t rowWork = pixels * p.depthwise.channels * (2 * taps + p.project.outputChannels);
  int64_t work = sharedWork(tileWork(target, p.project.types, plan.project.kind, {}),
                            static_cast<double>(rowWork) * static_cast<double>(outputRows(p)));
  int64_t tileRows = std::max<int64_t>(1, work / rowWork);
  if (p.expand) {
    plan.expand = wholeTile(product(*p.expand, 1), target);
    plan.ring = reach(p.depthwise.axes[height], rows);
    tileRows = expandingRows(p);
  }
  chooseTiles(outputRows(p), tileRows, plan);
  return plan;
}

SeparableScratch separableScratch(const SeparableProblem &p, const SeparablePlan &plan) {
  auto bytes = [](int64_t elements) { return ceilDiv(elements * 4, 64) * 64; };
  return {bytes(plan.ring * rowBefore(p)), bytes(plan.depthwise.rows * rowBehind(p))};
}

PackedWeights packedExpansion(const SeparableProblem &p, const SeparablePlan &plan) {
  return packedGemmB(product(*p.expand, 1), *plan.expand);
}

PackedWeights packedProjection(const SeparableProblem &p, const SeparablePlan &plan) {
  return packedGemmB(product(p.project, 1), plan.project);
}

void emitSeparable(KernelBuilder &kb, const SeparableProblem &p, const SeparablePlan &plan, const SeparableBuffers &at,
                   Idx begin, Idx end) {
  SeparableEmitter emitter(kb, p, plan, at);
  kb.loop(begin, end, 1, [&](Idx number) { emitter.emitTile(number); });
}

} // namespace dlc::cpu

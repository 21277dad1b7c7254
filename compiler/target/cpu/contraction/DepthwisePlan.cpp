#include "compiler/target/cpu/contraction/Depthwise.h"
#include "compiler/target/cpu/contraction/TileModel.h"

#include <algorithm>
#include <set>

namespace dlc::cpu {
namespace {

constexpr int depth = 0, height = 1, width = 2;

/// Kernels with up to this many taps are straight code.
constexpr int64_t straightTaps = 25;
/// Kernel rows up to this wide are straight code.
constexpr int64_t straightWidth = 9;
/// Multiply-adds of a block, which is code several times over: for each border, and for the last channels.
constexpr int64_t mostBlockWork = 160;
/// Taken for sizes that only the run knows.
constexpr int64_t assumedSize = 64;

struct Block {
  int rows = 1, pixels = 1;
  bool weightsStay = false;
  double cycles = 0;
};

/// Inputs along an axis that `count` adjacent outputs read.
int64_t inputs(const ConvAxis &axis, int64_t count) {
  std::set<int64_t> at;
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t t = 0; t < axis.kernel; ++t) {
      at.insert(i * axis.stride + t * axis.dilation);
    }
  }
  return static_cast<int64_t>(at.size());
}

int64_t taps(const ConvProblem &p) { return p.axes[depth].kernel * p.axes[height].kernel * p.axes[width].kernel; }

/// Cycles of rows x pixels sums for one vector of channels: two multiply-adds or loads a cycle; a line of the input,
/// which lies in L2, costs 1.4 each time that a row of blocks reaches it. (Measured: with 144 channels, 6.9 cycles per
/// output for blocks of 4x4, 7.1 for 4x2, 8.1 for 2x4, 8.3 for 2x2, 9.6 for 1x8; this says 6.9, 7.1, 7.8, 8.3, 9.2.)
double blockCycles(const ConvProblem &p, const Block &block, int64_t rows, int64_t pixels) {
  const ConvAxis &y = p.axes[height], &x = p.axes[width];
  double macs = static_cast<double>(rows * pixels * taps(p));
  int64_t rowsRead = isStraight(p) ? inputs(y, rows) : rows * y.kernel * p.axes[depth].kernel;
  double loads = static_cast<double>(rowsRead * inputs(x, pixels) + (block.weightsStay ? 0 : taps(p)));
  double lines = static_cast<double>(rowsRead * std::min(pixels * x.stride, inputs(x, pixels)));
  return std::max(macs, loads) / 2 + 1.4 * lines + 4;
}

double layerCycles(const ConvProblem &p, const Block &block) {
  int64_t height64 = p.axes[height].output.constantOr(assumedSize),
          width64 = p.axes[width].output.constantOr(assumedSize);
  auto rowOfBlocks = [&](int64_t rows) {
    double cycles = static_cast<double>(width64 / block.pixels) * blockCycles(p, block, rows, block.pixels);
    int64_t left = width64 % block.pixels;
    return cycles + (left ? blockCycles(p, block, rows, left) : 0);
  };
  int64_t left = height64 % block.rows;
  return static_cast<double>(height64 / block.rows) * rowOfBlocks(block.rows) + (left ? rowOfBlocks(left) : 0);
}

/// Registers beside the sums: the columns of an input row, and weights: all of them, or those of a row of the kernel
/// where rows of outputs share them, or one.
int64_t registersOf(const ConvProblem &p, const Block &block) {
  int64_t kernel = std::min(p.axes[width].kernel, straightWidth);
  int64_t weights = block.weightsStay ? taps(p) : block.rows > 1 ? kernel : 1;
  return block.rows * block.pixels + inputs(p.axes[width], block.pixels) + weights + 1;
}

/// Blocks that fit into the registers, best first.
std::vector<Block> blocks(const ConvProblem &p, const TargetInfo &target) {
  constexpr int mostRows = 4, mostPixels = 8;
  std::vector<Block> all;
  int64_t rows = isStraight(p) ? std::min<int64_t>(mostRows, p.axes[height].output.constantOr(mostRows)) : 1;
  int64_t pixels = std::min<int64_t>(mostPixels, p.axes[width].output.constantOr(mostPixels));
  for (int r = 1; r <= std::max<int64_t>(1, rows); ++r) {
    for (int n = 1; n <= std::max<int64_t>(1, pixels); ++n) {
      Block block{r, n, isStraight(p)};
      block.weightsStay &= registersOf(p, block) <= target.registers;
      int64_t straight = isStraight(p) ? taps(p) : std::min(p.axes[width].kernel, straightWidth);
      bool fits = registersOf(p, block) <= target.registers && r * n * straight <= mostBlockWork;
      if (fits || r * n == 1) {
        block.cycles = layerCycles(p, block);
        all.push_back(block);
      }
    }
  }
  llvm::stable_sort(all, [](const Block &a, const Block &b) { return a.cycles < b.cycles; });
  return all;
}

} // namespace

bool isDepthwise(const ConvProblem &p) {
  return !p.channelsFirst && p.groups == p.channels && p.outputChannels == p.channels;
}

bool isStraight(const ConvProblem &p) {
  const ConvAxis &z = p.axes[depth];
  bool flat = z.kernel == 1 && z.input.is(1) && z.output.is(1) && z.padBegin == 0 && z.padEnd == 0;
  return flat && taps(p) <= straightTaps && p.axes[width].kernel <= straightWidth;
}

DepthwisePlan chooseDepthwise(const ConvProblem &p, const TargetInfo &target, const Choice &chosen) {
  DepthwisePlan plan;
  plan.lanes = std::max<int>(1, target.vectorBits / p.types.accumulator.getIntOrFloatBitWidth());
  Block block = blocks(p, target).front();
  block.rows = Choice::or_(chosen.rows, block.rows);
  block.pixels = Choice::or_(chosen.vectors, block.pixels);
  block.weightsStay = isStraight(p);
  block.weightsStay = block.weightsStay && registersOf(p, block) <= target.registers;
  plan.rows = block.rows;
  plan.pixels = block.pixels;
  plan.weightsStay = block.weightsStay;
  int64_t rows = p.axes[depth].output.constantOr(1) * p.axes[height].output.constantOr(assumedSize);
  int64_t columns = p.axes[width].output.constantOr(assumedSize);
  double rowWork = static_cast<double>(columns) * p.channels * taps(p);
  // Bound by memory as much as by arithmetic: about half the rate of a contraction.
  double work = 20.0 * 4000 * plan.lanes * Choice::or_(chosen.work, 100) / 100;
  work = static_cast<double>(sharedWork(static_cast<int64_t>(work), rowWork * static_cast<double>(rows)));
  plan.tileRows = std::clamp<int64_t>(work / rowWork, 1, std::max<int64_t>(1, rows));
  int64_t blocks = ceilDiv(rows, plan.rows);
  int64_t shares = evenShares(ceilDiv(blocks, std::max<int64_t>(1, plan.tileRows / plan.rows)), blocks);
  plan.tileRows = ceilDiv(blocks, shares) * plan.rows;
  if (plan.tileRows == plan.rows && plan.rows * rowWork > 2 * work) {
    int64_t strips = static_cast<int64_t>(columns * work / (plan.rows * rowWork)) / plan.pixels;
    plan.tileColumns = std::max<int64_t>(1, strips) * plan.pixels;
  }
  return plan;
}

std::vector<Choice> depthwiseTiles(const ConvProblem &p, const TargetInfo &target) {
  constexpr size_t most = 8;
  std::vector<Choice> choices;
  for (const Block &block : blocks(p, target)) {
    Choice choice;
    choice.rows = block.rows;
    choice.vectors = block.pixels;
    choices.push_back(choice);
    if (choices.size() == most) {
      break;
    }
  }
  return choices;
}

std::vector<Choice> depthwiseVariations(const ConvProblem &, const TargetInfo &, const Choice &base) {
  std::vector<Choice> choices;
  vary(choices, base, &Choice::work, 100, {25, 50, 200});
  return choices;
}

PackedDepthwise packedDepthwiseWeights(const ConvProblem &p, const DepthwisePlan &plan) {
  return {p.channels, taps(p), plan.lanes, p.types.b.getIntOrFloatBitWidth() / 8};
}

Idx depthwiseTileCount(KernelBuilder &kb, const ConvProblem &p, const DepthwisePlan &plan) {
  Idx rows = kb.ceilDiv(kb.mul(p.axes[depth].output, p.axes[height].output), plan.tileRows);
  Idx columns = plan.tileColumns ? kb.ceilDiv(p.axes[width].output, plan.tileColumns) : Idx(1);
  return kb.mul(kb.mul(p.batch, rows), columns);
}

} // namespace dlc::cpu

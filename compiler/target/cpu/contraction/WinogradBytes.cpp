//===- WinogradBytes.cpp - Winograd's algorithm in integers: plans and weights -------------------------------===//
#include "compiler/target/cpu/contraction/WinogradBytes.h"
#include "compiler/target/cpu/contraction/TileModel.h"
#include "compiler/target/cpu/contraction/WinogradTransform.h"

#include <algorithm>

namespace dlc::cpu {
namespace {

constexpr int height = 1, width = 2, m = 4, side = winogradSide(m);
constexpr int64_t points = side * side;
/// Outputs along an axis that is not known.
constexpr int64_t assumedSize = 64;
/// Cycles of transforming a tile's vector of 16-bit inputs, and one of 32-bit sums.
constexpr double inputCycles = 110, outputCycles = 110;
/// Columns of a stored panel, whatever the target: a multiple of its lanes.
constexpr int64_t storedPanel = 16;

int64_t ceilDiv(int64_t x, int64_t y) { return (x + y - 1) / y; }

int64_t along(const ConvProblem &p, int axis) {
  return std::max<int64_t>(1, p.axes[axis].output.constantOr(assumedSize));
}
int64_t images(const ConvProblem &p) { return std::max<int64_t>(1, p.batch.constantOr(1)); }
int64_t tileCount(const ConvProblem &p) {
  return images(p) * ceilDiv(along(p, height), m) * ceilDiv(along(p, width), m);
}

/// Weights that do not stay in L2 come once from afar, and `passes` - 1 times from L3: half of that while the
/// arithmetic goes on, at best. They are so much larger than bytes that the network's weights may not stay in L3 for
/// them.
double withWeights(double cycles, double bytes, double passes, const TargetInfo &target) {
  double streaming = bytes / coldBytesPerCycle + (passes - 1) * bytes / l3BytesPerCycle;
  return bytes > target.l2 / 2 ? std::max(cycles, streaming / 2) + streaming / 2 : cycles;
}

/// Both matrices of a block stay in L2 beside the weights that pass. An even number of blocks, for two threads.
int64_t blockTiles(const ConvProblem &p, const TargetInfo &target) {
  int64_t total = tileCount(p), perTile = points * (p.channels * 2 + std::min<int64_t>(p.outputChannels, 64) * 4);
  int64_t most = std::min(std::clamp<int64_t>(target.l2 * 4 / 5 / perTile, 4, 32), total);
  return ceilDiv(total, evenShares(ceilDiv(total, most), total));
}

/// The most columns up to `wanted` that are whole panels and divide `columns` evenly.
int64_t chunkColumns(int64_t columns, int64_t panel, int64_t wanted) {
  int64_t panels = columns / panel, atOnce = std::clamp<int64_t>(wanted / panel, 1, panels);
  while (panels % atOnce) {
    --atOnce;
  }
  return atOnce * panel;
}

TileModel modelOf(const ConvProblem &p, const TargetInfo &target) {
  TileModel model = TileModel::of(target, byteWinogradTypes(p.types.a.getContext()), MacKind::Pairs16);
  model.temporaries = target.vnni ? 0 : model.temporaries;
  return model;
}

WinogradPlan registerPlan(const ConvProblem &p, const TargetInfo &target, const Choice &chosen) {
  WinogradPlan plan;
  plan.m = m;
  plan.lanes = target.vectorBits / 32;
  plan.tiles = std::min<int64_t>(Choice::or_(chosen.block, blockTiles(p, target)), tileCount(p));
  int64_t columnVectors = p.outputChannels / plan.lanes, steps = p.channels / 2;
  RegisterTile registers = chooseRegisterTile(modelOf(p, target), {plan.tiles}, columnVectors, steps, chosen);
  while (columnVectors % registers.vectors) {
    --registers.vectors;
  }
  plan.rows = registers.rows;
  plan.vectors = registers.vectors;
  plan.unroll = Choice::or_(chosen.unroll, chooseUnroll(steps, plan.rows * plan.vectors));
  if (plan.tiles > plan.rows) {
    // Only whole register tiles fetch.
    plan.prefetchLines = prefetchLinesPerIteration(plan.unroll * plan.panel() / 16.0, plan.tiles / plan.rows);
  }
  plan.prefetchLines = Choice::or_(chosen.prefetch, plan.prefetchLines);
  return plan;
}

struct Estimate {
  WinogradPlan plan;
  double cycles = 0;
};

Estimate estimate(const ConvProblem &p, const TargetInfo &target, const Choice &chosen) {
  Estimate e{registerPlan(p, target, chosen)};
  WinogradPlan &plan = e.plan;
  TileModel model = modelOf(p, target);
  int64_t c = p.channels, o = p.outputChannels, blocks = ceilDiv(tileCount(p), plan.tiles);
  double products = 0;
  for (int64_t row = 0; row < plan.tiles; row += plan.rows) {
    products += model.cycles(std::min<int64_t>(plan.rows, plan.tiles - row), plan.vectors, c / 2.0);
  }
  // Without the dot product, a product of pairs and an addition.
  products *= double(blocks) * points * (o / plan.panel()) * (target.vnni ? 1 : 2);
  double in = double(blocks) * plan.tiles * (c / (2 * plan.lanes)) * inputCycles;
  double out = double(blocks) * plan.tiles * (o / plan.lanes) * outputCycles;
  e.cycles = withWeights(products, double(points) * c * o * 2, blocks, target) + in + out;
  // More tiles of work than blocks, as long as transforming the inputs again is cheap.
  int64_t splits = 1;
  while (blocks * splits < 8 && splits < 4 && (o / plan.panel()) % (2 * splits) == 0 &&
         (2 * splits - 1) * in < 0.07 * e.cycles) {
    splits *= 2;
  }
  plan.columns = o / splits;
  e.cycles += (splits - 1) * in;
  plan.chunk = chunkColumns(plan.columns, plan.panel(), Choice::or_(chosen.chunk, 64));
  return e;
}

double directCycles(const ConvProblem &p, const TargetInfo &target) {
  double macs = double(images(p)) * along(p, height) * along(p, width) * p.channels * p.outputChannels * 9;
  int lanes = target.vectorBits / 32;
  double cycles = target.vnni ? macs / (lanes * 4) / 2 : macs / (lanes * 2);
  return withWeights(cycles * 1.05, 9.0 * p.channels * p.outputChannels, 1, target);
}

struct Integers {
  int add(int x, int y) { return x + y; }
  int sub(int x, int y) { return x - y; }
  int fma(int a, int x, int y) { return a * x + y; }
};

/// The transformed 3x3 weights of one pair of channels.
std::array<std::array<int16_t, side>, side> transformed(const int8_t *w) {
  Integers numbers;
  std::array<WinogradRow<int>, 3> rows;
  for (int i = 0; i < 3; ++i) {
    rows[i] = winogradWeights<int>(m, w[3 * i], w[3 * i + 1], w[3 * i + 2], numbers);
  }
  std::array<std::array<int16_t, side>, side> result;
  for (int j = 0; j < side; ++j) {
    WinogradRow<int> column = winogradWeights<int>(m, rows[0][j], rows[1][j], rows[2][j], numbers);
    for (int i = 0; i < side; ++i) {
      result[i][j] = int16_t(column[i] * winogradIntegerFactor(i) * winogradIntegerFactor(j));
    }
  }
  return result;
}

} // namespace

bool isByteWinograd(const ConvProblem &p) { return p.types.a.isInteger(8) && p.types.b.isInteger(8); }

ContractionTypes byteWinogradTypes(mlir::MLIRContext *context) {
  mlir::Type word = mlir::IntegerType::get(context, 16);
  return {word, word, mlir::IntegerType::get(context, 32)};
}

bool fitsByteWinograd(const ConvProblem &p, const TargetInfo &target) {
  int64_t lanes = target.vectorBits / 32;
  const ConvAxis &d = p.axes[0];
  bool plane = d.input.is(1) && d.output.is(1) && d.kernel == 1 && d.padBegin == 0 && d.padEnd == 0;
  bool small = llvm::all_of(llvm::ArrayRef(p.axes).drop_front(),
                            [](const ConvAxis &a) { return a.kernel == 3 && a.stride == 1 && a.dilation == 1; });
  bool dense =
      p.inputPixel == 0 && p.outputPixel == 0 && p.inputOffset.is(0) && p.outputOffset.is(0) && !p.channelsFirst;
  bool bytes = isByteWinograd(p) && p.types.bSigned && p.types.accumulator.isInteger(32);
  return plane && small && dense && bytes && p.groups == 1 && p.channels % (2 * lanes) == 0 &&
         p.outputChannels % lanes == 0;
}

bool isByteWinogradExact(bool inputSigned, int64_t channels, int64_t outputChannels, const int8_t *weights) {
  constexpr int64_t limit = int64_t(1) << 25;
  int64_t largest = inputSigned ? 127 : 255, smallest = inputSigned ? -128 : 0;
  for (int64_t o = 0; o < outputChannels; ++o) {
    int64_t high = 0, low = 0;
    for (int64_t i = 0; i < channels * 9; ++i) {
      int64_t w = weights[o * channels * 9 + i];
      high += std::max(w * largest, w * smallest);
      low += std::min(w * largest, w * smallest);
    }
    if (high >= limit || low < -limit) {
      return false;
    }
  }
  return true;
}

std::optional<WinogradPlan> chooseByteWinograd(const ConvProblem &p, const TargetInfo &target, const Choice &chosen) {
  if (!target.winograd || !fitsByteWinograd(p, target)) {
    return std::nullopt;
  }
  Estimate e = estimate(p, target, chosen);
  bool pays = e.cycles < 0.9 * directCycles(p, target) || chosen.m != Choice::unset;
  return pays ? std::optional(e.plan) : std::nullopt;
}

std::vector<Choice> byteWinogradTiles(const ConvProblem &p, const TargetInfo &target) {
  std::vector<Choice> choices;
  if (!target.winograd || !fitsByteWinograd(p, target)) {
    return choices;
  }
  WinogradPlan plan = estimate(p, target, {}).plan;
  int64_t columnVectors = p.outputChannels / plan.lanes;
  auto add = [&](int rows, int vectors) {
    Choice choice;
    choice.m = m;
    choice.rows = rows;
    choice.vectors = vectors;
    if (columnVectors % vectors == 0 && !llvm::is_contained(choices, choice)) {
      choices.push_back(choice);
    }
  };
  add(plan.rows, plan.vectors);
  for (const RegisterTile &t : rankRegisterTiles(modelOf(p, target), {plan.tiles}, columnVectors, p.channels / 2.0)) {
    add(t.rows, t.vectors);
  }
  return choices;
}

std::vector<Choice> byteWinogradVariations(const ConvProblem &p, const TargetInfo &target, const Choice &base) {
  std::vector<Choice> choices;
  std::optional<WinogradPlan> plan = chooseByteWinograd(p, target, base);
  if (!plan) {
    return choices;
  }
  int block = plan->tiles, total = tileCount(p);
  vary(choices, base, &Choice::unroll, plan->unroll, {2, 4, 8});
  for (int size : {block / 2, block * 3 / 4, block * 3 / 2, block * 2}) {
    if (size >= plan->rows && size <= total) {
      vary(choices, base, &Choice::block, block, {size});
    }
  }
  for (int wanted : {32, 64, 128}) {
    if (int chunk = chunkColumns(plan->columns, plan->panel(), wanted); chunk == wanted) {
      vary(choices, base, &Choice::chunk, plan->chunk, {chunk});
    }
  }
  vary(choices, base, &Choice::prefetch, plan->prefetchLines, {0, 1, 2, 4});
  return choices;
}

PackedWeights packedByteWinogradWeights(const ConvProblem &p, const WinogradPlan &plan) {
  PackedWeights packed;
  packed.groups = p.outputChannels / plan.chunk * points;
  packed.columns = plan.chunk;
  packed.k = p.channels;
  packed.panel = plan.panel();
  packed.kGroup = 2;
  packed.elementBytes = 2;
  return packed;
}

void packByteWinogradWeights(const ConvProblem &p, const WinogradPlan &plan, const int8_t *source,
                             int16_t *destination) {
  int64_t c = p.channels, o = p.outputChannels;
  std::vector<int16_t> matrices(points * c * o);
  for (int64_t i = 0; i < o; ++i) {
    for (int64_t j = 0; j < c; ++j) {
      auto t = transformed(source + (i * c + j) * 9);
      for (int point = 0; point < points; ++point) {
        int64_t matrix = i / plan.chunk * points + point;
        matrices[(matrix * c + j) * plan.chunk + i % plan.chunk] = t[point / side][point % side];
      }
    }
  }
  PackedWeights packed = packedByteWinogradWeights(p, plan);
  packWeights(packed, WeightStrides::matrix(packed, false), matrices.data(), destination);
}

PackedWeights storedByteWinogradWeights(const ConvProblem &p) {
  PackedWeights stored;
  stored.columns = p.outputChannels;
  stored.taps = 9;
  stored.k = p.channels;
  stored.panel = storedPanel;
  stored.elementBytes = 1;
  return stored;
}

int64_t byteWinogradScratch(const ConvProblem &p, const WinogradPlan &plan) {
  return points * (winogradStride(plan.tiles, p.channels) * 2 + winogradStride(plan.tiles, plan.chunk) * 4);
}

} // namespace dlc::cpu

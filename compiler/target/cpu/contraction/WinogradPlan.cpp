#include "compiler/target/cpu/contraction/TileModel.h"
#include "compiler/target/cpu/contraction/Winograd.h"

#include <algorithm>

namespace dlc::cpu {
namespace {

constexpr int height = 1, width = 2;
/// Outputs along an axis that is not known.
constexpr int64_t assumedSize = 64;

int64_t ceilDiv(int64_t x, int64_t y) { return (x + y - 1) / y; }

int64_t tileCount(const ConvProblem &p, int m) {
  auto along = [&](int axis) { return ceilDiv(std::max<int64_t>(1, p.axes[axis].output.constantOr(assumedSize)), m); };
  return std::max<int64_t>(1, p.batch.constantOr(1)) * along(height) * along(width);
}

/// Cycles of transforming one tile's vectors in and out.
double inputCycles(int m) { return m == 4 ? 130 : 50; }
double outputCycles(int m) { return m == 4 ? 110 : 40; }

/// Weights that do not stay in L2 stream while the arithmetic goes on: once from afar, and `passes` - 1 times from L3.
double withWeights(double cycles, double bytes, double passes, const TargetInfo &target) {
  double streaming = bytes / coldBytesPerCycle + (passes - 1) * bytes / l3BytesPerCycle;
  return bytes > target.l2 / 2 ? std::max(cycles, streaming) + 0.1 * streaming : cycles;
}

struct Estimate {
  WinogradPlan plan;
  double cycles = 0;
};

/// The model's number of tiles of a block: both matrices of a block stay in L2 beside the weights that pass.
int64_t blockTiles(const ConvProblem &p, const TargetInfo &target, int m) {
  int64_t total = tileCount(p, m), points = (m + 2) * (m + 2);
  int64_t perTile = points * (p.channels + std::min<int64_t>(p.outputChannels, 64)) * 4;
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

Estimate estimate(const ConvProblem &p, const TargetInfo &target, int m, const Choice &chosen) {
  Estimate e;
  WinogradPlan &plan = e.plan;
  plan.m = m;
  plan.lanes = target.vectorBits / 32;
  int64_t total = tileCount(p, m), points = plan.points(), c = p.channels, o = p.outputChannels;
  plan.tiles = std::min<int64_t>(Choice::or_(chosen.block, blockTiles(p, target, m)), total);
  TileModel model = TileModel::of(target, p.types, MacKind::Widen);
  model.tallCost = 0;
  RegisterTile registers = chooseRegisterTile(model, {plan.tiles}, o / plan.lanes, c, chosen);
  while ((o / plan.lanes) % registers.vectors) {
    --registers.vectors;
  }
  plan.rows = registers.rows;
  plan.vectors = registers.vectors;
  plan.unroll = Choice::or_(chosen.unroll, chooseUnroll(c, plan.rows * plan.vectors));
  int64_t blocks = ceilDiv(total, plan.tiles);
  if (plan.tiles > plan.rows) {
    // Only whole register tiles fetch.
    plan.prefetchLines = prefetchLinesPerIteration(plan.unroll * plan.panel() / 16.0, plan.tiles / plan.rows);
  }
  plan.prefetchLines = Choice::or_(chosen.prefetch, plan.prefetchLines);
  double products = 0;
  for (int64_t row = 0; row < plan.tiles; row += plan.rows) {
    int rows = std::min<int64_t>(plan.rows, plan.tiles - row);
    products += model.cycles(rows, plan.vectors, c);
  }
  products *= double(blocks) * points * (o / plan.panel());
  double in = double(blocks) * plan.tiles * (c / plan.lanes) * inputCycles(m);
  double out = double(blocks) * plan.tiles * (o / plan.lanes) * outputCycles(m);
  e.cycles = withWeights(products, double(points) * c * o * 4, blocks, target) + in + out;
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
  double outputs = std::max<int64_t>(1, p.batch.constantOr(1));
  for (int axis : {height, width}) {
    outputs *= std::max<int64_t>(1, p.axes[axis].output.constantOr(assumedSize));
  }
  double macs = outputs * p.channels * p.outputChannels * 9 / (target.vectorBits / 32);
  // Rows of a few pixels fill registers badly.
  return withWeights(macs / 2 * 1.05, 36.0 * p.channels * p.outputChannels, 1, target);
}

} // namespace

bool fitsWinograd(const ConvProblem &p, const TargetInfo &target) {
  int64_t lanes = target.vectorBits / 32;
  const ConvAxis &d = p.axes[0];
  bool plane = d.input.is(1) && d.output.is(1) && d.kernel == 1 && d.padBegin == 0 && d.padEnd == 0;
  bool small = llvm::all_of(llvm::ArrayRef(p.axes).drop_front(),
                            [](const ConvAxis &a) { return a.kernel == 3 && a.stride == 1 && a.dilation == 1; });
  bool dense =
      p.inputPixel == 0 && p.outputPixel == 0 && p.inputOffset.is(0) && p.outputOffset.is(0) && !p.channelsFirst;
  return plane && small && dense && p.groups == 1 && p.padValue == 0 && p.types.a.isF32() && p.types.b.isF32() &&
         target.fma && p.channels % lanes == 0 && p.outputChannels % lanes == 0;
}

std::optional<WinogradPlan> chooseWinograd(const ConvProblem &p, const TargetInfo &target, const Choice &chosen) {
  if (!target.winograd || !fitsWinograd(p, target)) {
    return std::nullopt;
  }
  if (chosen.m != Choice::unset) {
    return estimate(p, target, chosen.m, chosen).plan;
  }
  Estimate best = estimate(p, target, 4, {}), other = estimate(p, target, 2, {});
  best = other.cycles < best.cycles ? other : best;
  return best.cycles < 0.9 * directCycles(p, target) ? std::optional(best.plan) : std::nullopt;
}

std::vector<Choice> winogradTiles(const ConvProblem &p, const TargetInfo &target) {
  std::vector<Choice> choices;
  if (!target.winograd || !fitsWinograd(p, target)) {
    return choices;
  }
  int64_t columnVectors = p.outputChannels / (target.vectorBits / 32);
  TileModel model = TileModel::of(target, p.types, MacKind::Widen);
  model.tallCost = 0;
  auto add = [&](int m, int rows, int vectors) {
    Choice choice;
    choice.m = m;
    choice.rows = rows;
    choice.vectors = vectors;
    if (!llvm::is_contained(choices, choice)) {
      choices.push_back(choice);
    }
  };
  for (int m : {4, 2}) {
    WinogradPlan plan = estimate(p, target, m, {}).plan;
    add(m, plan.rows, plan.vectors);
    for (const RegisterTile &t : rankRegisterTiles(model, {plan.tiles}, columnVectors, p.channels)) {
      if (columnVectors % t.vectors == 0) {
        add(m, t.rows, t.vectors);
      }
    }
  }
  return choices;
}

std::vector<Choice> winogradVariations(const ConvProblem &p, const TargetInfo &target, const Choice &base) {
  std::vector<Choice> choices;
  std::optional<WinogradPlan> plan = chooseWinograd(p, target, base);
  if (!plan) {
    return choices;
  }
  int block = plan->tiles, total = tileCount(p, plan->m);
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

PackedWeights packedWinogradWeights(const ConvProblem &p, const WinogradPlan &plan) {
  PackedWeights packed;
  packed.groups = p.outputChannels / plan.chunk * plan.points();
  packed.columns = plan.chunk;
  packed.k = p.channels;
  packed.panel = plan.panel();
  return packed;
}

int64_t winogradScratch(const ConvProblem &p, const WinogradPlan &plan) {
  return plan.points() * (winogradStride(plan.tiles, p.channels) + winogradStride(plan.tiles, plan.chunk)) * 4;
}

} // namespace dlc::cpu

//===- WinogradCost.cpp - what Winograd's algorithm takes, of floats and of bytes ------------------------===//
#include "compiler/target/cpu/contraction/WinogradCost.h"

#include <algorithm>

namespace dlc::cpu {
namespace {

constexpr int height = 1, width = 2;
/// Outputs along an axis that is not known.
constexpr int64_t assumedSize = 64;

int64_t along(const ConvProblem &p, int axis) {
  return std::max<int64_t>(1, p.axes[axis].output.constantOr(assumedSize));
}
int64_t images(const ConvProblem &p) { return std::max<int64_t>(1, p.batch.constantOr(1)); }

/// Weights that do not stay in L2 stream: once from afar, and `passes` - 1 times from L3.
double withWeights(double cycles, double bytes, double passes, const TargetInfo &target, const WinogradKind &kind) {
  double streaming = bytes / coldBytesPerCycle + (passes - 1) * bytes / l3BytesPerCycle;
  return bytes > target.l2 / 2 ? std::max(cycles, kind.hidden * streaming) + kind.exposed * streaming : cycles;
}

/// The model's number of tiles of a block: both matrices of a block stay in L2 beside the weights that pass. Two
/// threads have as many blocks.
int64_t blockTiles(const ConvProblem &p, const TargetInfo &target, int m, const WinogradKind &kind) {
  int64_t total = winogradTileCount(p, m), points = (m + 2) * (m + 2);
  int64_t perTile = points * (p.channels * kind.bytes + std::min<int64_t>(p.outputChannels, 64) * 4);
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

/// All of a plan but the columns.
WinogradPlan registerPlan(const ConvProblem &p, const TargetInfo &target, int m, const WinogradKind &kind,
                          const Choice &chosen) {
  WinogradPlan plan;
  plan.m = m;
  plan.lanes = target.vectorBits / 32;
  plan.tiles = std::min<int64_t>(Choice::or_(chosen.block, blockTiles(p, target, m, kind)), winogradTileCount(p, m));
  int64_t columnVectors = p.outputChannels / plan.lanes, steps = p.channels / kind.group;
  RegisterTile registers =
      chooseRegisterTile(kind.model, {plan.tiles}, columnVectors, static_cast<double>(steps), chosen);
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

} // namespace

bool isWinogradShape(const ConvProblem &p) {
  const ConvAxis &d = p.axes[0];
  bool plane = d.input.is(1) && d.output.is(1) && d.kernel == 1 && d.padBegin == 0 && d.padEnd == 0;
  bool small = llvm::all_of(llvm::ArrayRef(p.axes).drop_front(),
                            [](const ConvAxis &a) { return a.kernel == 3 && a.stride == 1 && a.dilation == 1; });
  bool dense =
      p.inputPixel == 0 && p.outputPixel == 0 && p.inputOffset.is(0) && p.outputOffset.is(0) && !p.channelsFirst;
  return plane && small && dense && p.groups == 1;
}

int64_t winogradTileCount(const ConvProblem &p, int m) {
  return images(p) * ceilDiv(along(p, height), m) * ceilDiv(along(p, width), m);
}

WinogradEstimate estimateWinograd(const ConvProblem &p, const TargetInfo &target, int m, const WinogradKind &kind,
                                  const Choice &chosen) {
  WinogradEstimate e{registerPlan(p, target, m, kind, chosen)};
  WinogradPlan &plan = e.plan;
  int64_t c = p.channels, o = p.outputChannels, blocks = ceilDiv(winogradTileCount(p, m), plan.tiles);
  double products = 0;
  for (int64_t row = 0; row < plan.tiles; row += plan.rows) {
    int rows = std::min<int64_t>(plan.rows, plan.tiles - row);
    products += kind.model.cycles(rows, plan.vectors, static_cast<double>(c) / static_cast<double>(kind.group));
  }
  products *= double(blocks) * plan.points() * (o / plan.panel()) * kind.stepCost;
  double in = double(blocks) * plan.tiles * (c / (plan.lanes * 4 / kind.bytes)) * kind.inputCycles;
  double out = double(blocks) * plan.tiles * (o / plan.lanes) * kind.outputCycles;
  double weights = double(plan.points()) * c * o * kind.bytes;
  e.cycles = withWeights(products, weights, blocks, target, kind) + in + out;
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

double directWinogradCycles(const ConvProblem &p, const TargetInfo &target, const WinogradKind &kind,
                            double macsPerCycle, int64_t bytes) {
  double macs = double(images(p)) * along(p, height) * along(p, width) * p.channels * p.outputChannels * 9;
  // Rows of a few pixels fill registers badly.
  return withWeights(macs / macsPerCycle * 1.05, 9.0 * bytes * p.channels * p.outputChannels, 1, target, kind);
}

std::vector<Choice> winogradTiles(const ConvProblem &p, const WinogradPlan &plan, const WinogradKind &kind) {
  std::vector<Choice> choices;
  int64_t columnVectors = p.outputChannels / plan.lanes;
  auto add = [&](int rows, int vectors) {
    Choice choice;
    choice.m = plan.m;
    choice.rows = rows;
    choice.vectors = vectors;
    if (columnVectors % vectors == 0 && !llvm::is_contained(choices, choice)) {
      choices.push_back(choice);
    }
  };
  add(plan.rows, plan.vectors);
  double steps = static_cast<double>(p.channels) / static_cast<double>(kind.group);
  for (const RegisterTile &t : rankRegisterTiles(kind.model, {plan.tiles}, columnVectors, steps)) {
    add(t.rows, t.vectors);
  }
  return choices;
}

std::vector<Choice> winogradVariations(const ConvProblem &p, const WinogradPlan &plan, const Choice &base) {
  std::vector<Choice> choices;
  int block = plan.tiles, total = winogradTileCount(p, plan.m);
  vary(choices, base, &Choice::unroll, plan.unroll, {2, 4, 8});
  for (int size : {block / 2, block * 3 / 4, block * 3 / 2, block * 2}) {
    if (size >= plan.rows && size <= total) {
      vary(choices, base, &Choice::block, block, {size});
    }
  }
  for (int wanted : {32, 64, 128}) {
    if (int chunk = chunkColumns(plan.columns, plan.panel(), wanted); chunk == wanted) {
      vary(choices, base, &Choice::chunk, plan.chunk, {chunk});
    }
  }
  vary(choices, base, &Choice::prefetch, plan.prefetchLines, {0, 1, 2, 4});
  return choices;
}

} // namespace dlc::cpu

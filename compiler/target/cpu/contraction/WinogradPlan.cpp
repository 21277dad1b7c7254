#include "compiler/target/cpu/contraction/TileModel.h"
#include "compiler/target/cpu/contraction/Winograd.h"

#include <algorithm>

namespace dlc::cpu {
namespace {

constexpr int height = 1, width = 2;
/// Outputs along an axis that is not known.
constexpr int64_t assumedSize = 64;
/// Bytes a cycle that weights come at when they are in no near cache.
constexpr double coldBytesPerCycle = 11, l3BytesPerCycle = 26;

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

Estimate estimate(const ConvProblem &p, const TargetInfo &target, int m) {
  Estimate e;
  WinogradPlan &plan = e.plan;
  plan.m = m;
  plan.lanes = target.vectorBits / 32;
  int64_t total = tileCount(p, m), points = plan.points(), c = p.channels, o = p.outputChannels;
  // Both matrices of a block stay in L2 beside the weights that pass.
  int64_t most = std::clamp<int64_t>(target.l2 * 4 / 5 / (points * (c + std::min<int64_t>(o, 64)) * 4), 4, 32);
  most = std::min(most, total);
  plan.tiles = ceilDiv(total, ceilDiv(total, most));
  TileModel model = TileModel::of(target, p.types, MacKind::Widen);
  RegisterTile registers = chooseRegisterTile(model, {plan.tiles}, o / plan.lanes, c);
  while ((o / plan.lanes) % registers.vectors) {
    --registers.vectors;
  }
  plan.rows = registers.rows;
  plan.vectors = registers.vectors;
  plan.unroll = chooseUnroll(c, plan.rows * plan.vectors);
  int64_t blocks = ceilDiv(total, plan.tiles);
  if (points * c * o * 4 > target.l2 / 2) {
    double lines = plan.unroll * plan.panel() / 16.0;
    plan.prefetchLines = prefetchLinesPerIteration(lines, ceilDiv(plan.tiles, plan.rows));
  }
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
  while (blocks * splits < 8 && splits < 4 && (o / plan.panel()) % (2 * splits) == 0 && (2 * splits - 1) * in < 0.07 * e.cycles) {
    splits *= 2;
  }
  plan.columns = o / splits;
  e.cycles += (splits - 1) * in;
  // What is multiplied at once: about 64 columns.
  int64_t panels = plan.columns / plan.panel(), atOnce = std::clamp<int64_t>(64 / plan.panel(), 1, panels);
  while (panels % atOnce) {
    --atOnce;
  }
  plan.chunk = atOnce * plan.panel();
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
  bool small = llvm::all_of(llvm::ArrayRef(p.axes).drop_front(), [](const ConvAxis &a) {
    return a.kernel == 3 && a.stride == 1 && a.dilation == 1;
  });
  bool dense = p.inputPixel == 0 && p.outputPixel == 0 && p.inputOffset.is(0) && p.outputOffset.is(0) && !p.channelsFirst;
  return plane && small && dense && p.groups == 1 && p.padValue == 0 && p.types.a.isF32() && p.types.b.isF32() && target.fma &&
         p.channels % lanes == 0 && p.outputChannels % lanes == 0;
}

std::optional<WinogradPlan> chooseWinograd(const ConvProblem &p, const TargetInfo &target) {
  if (!target.winograd || !fitsWinograd(p, target)) {
    return std::nullopt;
  }
  Estimate best = estimate(p, target, 4), other = estimate(p, target, 2);
  best = other.cycles < best.cycles ? other : best;
  return best.cycles < 0.9 * directCycles(p, target) ? std::optional(best.plan) : std::nullopt;
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

#include "compiler/target/cpu/contraction/Conv.h"

#include <algorithm>
#include <numeric>

using namespace mlir;

namespace dlc::cpu {
namespace {

int64_t floorDiv(int64_t x, int64_t y) { return x >= 0 ? x / y : -((-x + y - 1) / y); }

/// Outputs at phase `phase` of an axis (positions q * stride + phase): a convolution of stride 1 whose taps are those
/// kernel positions t with (phase + padBegin - t * dilation) divisible by stride, in descending order. No taps: taps is
/// 0.
TapAxis phaseAxis(KernelBuilder &kb, const ConvAxis &axis, int64_t phase) {
  TapAxis tap;
  tap.input = axis.input;
  tap.outputSize = axis.output;
  tap.kernel = axis.kernel;
  tap.outputScale = axis.stride;
  tap.outputOrigin = phase;
  tap.output = kb.ceilDivAtLeast(kb.sub(axis.output, phase), axis.stride, 0);
  tap.taps = 0;
  tap.padsBegin = tap.padsEnd = true;
  int64_t distance = axis.stride / std::gcd(axis.stride, axis.dilation);
  for (int64_t t = axis.kernel - 1; t >= 0; --t) {
    int64_t numerator = phase + axis.padBegin - t * axis.dilation;
    if (floorDiv(numerator, axis.stride) * axis.stride != numerator) {
      continue;
    }
    if (tap.taps++ == 0) {
      tap.firstTap = t;
      tap.origin = floorDiv(numerator, axis.stride);
    }
  }
  tap.tapStride = -distance;
  tap.step = distance * axis.dilation / axis.stride;
  return tap;
}

/// Of one phase, about.
ConvExtent extentOf(const ConvProblem &p) {
  int64_t taps = 1, rows = p.axes[0].input.constantOr(1) * p.axes[1].input.constantOr(64);
  for (const ConvAxis &axis : p.axes) {
    taps *= std::max<int64_t>(1, axis.kernel / axis.stride);
  }
  return {p.axes[2].input.constantOr(-1), std::max<int64_t>(1, rows), taps};
}

/// Calls `body` with the loop nest of every phase and its number of tiles.
void forEachPhase(KernelBuilder &kb, const ConvProblem &p, const ConvPlan &plan,
                  llvm::function_ref<void(const ConvNest &, Idx tiles)> body) {
  ConvNest nest = convNestFrame(kb, p, plan);
  for (int64_t z = 0; z < p.axes[0].stride; ++z) {
    for (int64_t y = 0; y < p.axes[1].stride; ++y) {
      for (int64_t x = 0; x < p.axes[2].stride; ++x) {
        nest.axes = {phaseAxis(kb, p.axes[0], z), phaseAxis(kb, p.axes[1], y), phaseAxis(kb, p.axes[2], x)};
        ConvTiles tiles = convNestTiles(kb, nest, plan.tile);
        // A phase without pixels has no tiles.
        Idx columns = kb.mul(tiles.columns, kb.min(nest.axes[2].output, 1));
        body(nest, kb.mul(kb.mul(tiles.panels, tiles.batch), kb.mul(tiles.rows, columns)));
      }
    }
  }
}

} // namespace

ConvPlan chooseConvTranspose(const ConvProblem &p, const TargetInfo &target, const Choice &chosen) {
  ConvPlan plan;
  plan.tile = chooseConvTile(p, target, extentOf(p), chosen);
  plan.tile.prefetchLines = 0;
  return plan;
}

std::vector<Choice> convTransposeTiles(const ConvProblem &p, const TargetInfo &target) {
  return convTileTiles(p, target, extentOf(p));
}

std::vector<Choice> convTransposeVariations(const ConvProblem &p, const TargetInfo &target, const Choice &base) {
  return convTileVariations(chooseConvTile(p, target, extentOf(p), base), base, false);
}

Idx convTransposeTileCount(KernelBuilder &kb, const ConvProblem &p, const ConvPlan &plan) {
  Idx count = 0;
  forEachPhase(kb, p, plan, [&](const ConvNest &, Idx tiles) { count = kb.add(count, tiles); });
  return count;
}

void emitConvTranspose(KernelBuilder &kb, const ConvProblem &p, const ConvPlan &plan, Value input, Value weights,
                       Value output, const Epilogue &epilogue, Idx begin, Idx end) {
  Idx first = 0;
  forEachPhase(kb, p, plan, [&](const ConvNest &nest, Idx tiles) {
    Idx from = kb.max(kb.sub(begin, first), 0), to = kb.min(kb.sub(end, first), tiles);
    emitConvNest(kb, nest, plan.tile, input, weights, output, epilogue, from, to);
    first = kb.add(first, tiles);
  });
}

} // namespace dlc::cpu

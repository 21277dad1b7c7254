#include "compiler/target/cpu/contraction/Conv.h"
#include "compiler/target/cpu/contraction/TileModel.h"

#include <algorithm>

using namespace mlir;

namespace dlc::cpu {
namespace {

constexpr size_t width = 2;

/// Every output pixel is a product of one input pixel: a matrix product over pixels.
bool isMatrixProduct(const ConvProblem &p) {
  return p.groups == 1 && !p.channelsFirst && llvm::all_of(p.axes, [](const ConvAxis &a) {
           return a.kernel == 1 && a.stride == 1 && a.padBegin == 0 && a.padEnd == 0;
         });
}

int64_t inputPixel(const ConvProblem &p) { return p.inputPixel ? p.inputPixel : p.channels; }
int64_t outputPixel(const ConvProblem &p) { return p.outputPixel ? p.outputPixel : p.outputChannels; }

int64_t tapCount(const ConvProblem &p) { return p.axes[0].kernel * p.axes[1].kernel * p.axes[2].kernel; }

/// The matrix product; m is static if all sizes are. Without a builder a dynamic m has no value.
GemmProblem matrixProduct(const ConvProblem &p, KernelBuilder *kb) {
  Idx m = p.batch;
  for (const ConvAxis &axis : p.axes) {
    bool known = m.isStatic() && axis.output.isStatic();
    m = kb || known ? Idx(kb ? kb->mul(m, axis.output) : m.constant() * axis.output.constant())
                    : Idx(ShapedType::kDynamic);
  }
  GemmProblem g = GemmProblem::dense(m, p.outputChannels, p.channels, p.types);
  g.aRow = inputPixel(p);
  g.cRow = outputPixel(p);
  g.aOffset = p.inputOffset;
  g.cOffset = p.outputOffset;
  g.packedB = true;
  return g;
}

ConvExtent extentOf(const ConvProblem &p) {
  int64_t rows = p.axes[0].output.constantOr(1) * p.axes[1].output.constantOr(64);
  return {p.axes[width].output.constantOr(-1), rows, tapCount(p)};
}

ConvNest convNest(KernelBuilder &kb, const ConvProblem &p, const ConvPlan &plan) {
  ConvNest nest = convNestFrame(kb, p, plan);
  for (size_t i = 0; i < p.axes.size(); ++i) {
    nest.axes[i] = tapAxis(p.axes[i]);
  }
  return nest;
}

/// Makes a row of the kernel one run of k where that takes fewer groups: few channels do not fill them. For integers
/// only: what is added is multiplied by zero, which is not nothing for infinities.
void joinRow(const ConvProblem &p, const Choice &chosen, ConvTile &tile) {
  const ConvAxis &x = p.axes[width];
  int64_t group = MacUnit::groupOf(tile.kind), taps = x.kernel, run = taps * p.channels;
  auto groupsOf = [&](int64_t k) { return (k + group - 1) / group; };
  bool dense = p.types.a.isInteger() && p.groups == 1 && !p.channelsFirst && p.inputPixel == 0 && p.inputOffset.is(0);
  if (!dense || x.dilation != 1 || !x.input.isStatic() || !x.output.isStatic() ||
      groupsOf(run) >= taps * groupsOf(p.channels)) {
    return;
  }
  // Outputs whose taps all lie inside: their runs are read as a whole, with what is added.
  int64_t first = (x.padBegin + x.stride - 1) / x.stride, begin = first * x.stride - x.padBegin;
  int64_t room = x.input.constant() - taps - begin;
  int64_t end = begin + taps + room / x.stride * x.stride;
  int64_t added = groupsOf(run) * group - run, lead = std::min(added, begin * p.channels);
  if (room < 0 || added - lead > (x.input.constant() - end) * p.channels) {
    return;
  }
  tile.wholeRows = true;
  tile.rowLead = lead;
  tile.unroll = Choice::or_(chosen.unroll, chooseUnroll(groupsOf(run), tile.pixels * tile.vectors));
  tile.prefetchLines = 0;
}

} // namespace

TapAxis tapAxis(const ConvAxis &axis) {
  TapAxis tap;
  tap.input = axis.input;
  tap.output = tap.outputSize = axis.output;
  tap.stride = axis.stride;
  tap.step = axis.dilation;
  tap.origin = -axis.padBegin;
  tap.taps = tap.kernel = axis.kernel;
  tap.padsBegin = axis.padBegin > 0;
  tap.padsEnd = axis.padEnd > 0;
  return tap;
}

ConvNest convNestFrame(KernelBuilder &kb, const ConvProblem &p, const ConvPlan &plan) {
  ConvNest nest;
  nest.batch = p.batch;
  nest.types = p.types;
  nest.weights = packedConvWeights(p, plan);
  nest.inOffset = p.inputOffset;
  nest.outOffset = p.outputOffset;
  nest.outPixel = outputPixel(p);
  nest.padValue = p.padValue;
  Idx stride = p.channelsFirst ? Idx(1) : Idx(inputPixel(p));
  for (size_t i = p.axes.size(); i-- > 0;) {
    nest.inAxis[i] = stride;
    stride = kb.mul(stride, p.axes[i].input);
  }
  nest.inChannel = p.channelsFirst ? stride : Idx(1);
  nest.inBatch = p.channelsFirst ? kb.mul(stride, p.channels) : stride;
  return nest;
}

ConvPlan chooseConv(const ConvProblem &p, const TargetInfo &target, const Choice &chosen) {
  ConvPlan plan;
  if (isMatrixProduct(p)) {
    plan.gemm = chooseGemmTile(matrixProduct(p, nullptr), target, chosen);
    return plan;
  }
  plan.tile = chooseConvTile(p, target, extentOf(p), chosen);
  joinRow(p, chosen, plan.tile);
  return plan;
}

std::vector<Choice> convTiles(const ConvProblem &p, const TargetInfo &target) {
  return isMatrixProduct(p) ? gemmTiles(matrixProduct(p, nullptr), target) : convTileTiles(p, target, extentOf(p));
}

std::vector<Choice> convVariations(const ConvProblem &p, const TargetInfo &target, const Choice &base) {
  return isMatrixProduct(p) ? gemmVariations(matrixProduct(p, nullptr), target, base)
                            : convTileVariations(chooseConvTile(p, target, extentOf(p), base), base, true);
}

PackedWeights packedConvWeights(const ConvProblem &p, const ConvPlan &plan) {
  PackedWeights packed;
  packed.groups = p.groups;
  packed.columns = p.outputChannels / p.groups;
  packed.taps = tapCount(p);
  packed.k = p.channels / p.groups;
  packed.panel = plan.gemm ? plan.gemm->panel() : plan.tile.panel();
  packed.kGroup = MacUnit::groupOf(plan.gemm ? plan.gemm->kind : plan.tile.kind);
  packed.elementBytes = p.types.b.getIntOrFloatBitWidth() / 8;
  if (!plan.gemm && plan.tile.wholeRows) {
    packed.rowTaps = p.axes[width].kernel;
    packed.rowChannels = p.channels;
    packed.lead = plan.tile.rowLead;
    packed.taps /= packed.rowTaps;
    packed.k = (packed.rowTaps * p.channels + packed.kGroup - 1) / packed.kGroup * packed.kGroup;
  }
  return packed;
}

Idx convTileCount(KernelBuilder &kb, const ConvProblem &p, const ConvPlan &plan) {
  if (plan.gemm) {
    return gemmTileCount(kb, matrixProduct(p, &kb), *plan.gemm);
  }
  ConvTiles tiles = convNestTiles(kb, convNest(kb, p, plan), plan.tile);
  return kb.mul(kb.mul(tiles.panels, tiles.batch), kb.mul(tiles.rows, tiles.columns));
}

void emitConv(KernelBuilder &kb, const ConvProblem &p, const ConvPlan &plan, Value input, Value weights, Value output,
              const Epilogue &epilogue, Idx begin, Idx end) {
  if (plan.gemm) {
    GemmProblem gemm = matrixProduct(p, &kb);
    emitGemm(kb, gemm, *plan.gemm, input, weights, output, epilogue, begin, end);
    return;
  }
  ConvNest nest = convNest(kb, p, plan);
  emitConvNest(kb, nest, plan.tile, input, weights, output, epilogue, begin, end);
}

} // namespace dlc::cpu

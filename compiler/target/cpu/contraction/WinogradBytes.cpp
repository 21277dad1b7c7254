//===- WinogradBytes.cpp - Winograd's algorithm in integers: plans and weights -------------------------------===//
#include "compiler/target/cpu/contraction/WinogradBytes.h"
#include "compiler/target/cpu/contraction/WinogradCost.h"
#include "compiler/target/cpu/contraction/WinogradTransform.h"

#include <algorithm>

namespace dlc::cpu {
namespace {

constexpr int m = 4, side = winogradSide(m);
constexpr int64_t points = side * side;
/// Columns of a stored panel, whatever the target: a multiple of its lanes.
constexpr int64_t storedPanel = 16;

WinogradKind kindOf(const ConvProblem &p, const TargetInfo &target) {
  WinogradKind kind{TileModel::of(target, byteWinogradTypes(p.types.a.getContext()), MacKind::Pairs16)};
  kind.model.temporaries = target.vnni ? 0 : kind.model.temporaries;
  kind.bytes = kind.group = 2;
  // Without the dot product, a product of pairs and an addition.
  kind.stepCost = target.vnni ? 1 : 2;
  kind.inputCycles = kind.outputCycles = 110;
  // Weights are so much larger than bytes that the network's may not stay in L3 for them: half of the time that they
  // take passes while the arithmetic goes on, at best.
  kind.hidden = kind.exposed = 0.5;
  return kind;
}

WinogradEstimate estimate(const ConvProblem &p, const TargetInfo &target, const Choice &chosen) {
  return estimateWinograd(p, target, m, kindOf(p, target), chosen);
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
  // What lies outside of the input is read from the nearest element in it: outputs of no input have none.
  bool readable = llvm::all_of(p.axes, [](const ConvAxis &a) {
    return (a.input.isStatic() && a.input.constant() > 0) || (a.padBegin <= 1 && a.padEnd <= 1);
  });
  return isWinogradShape(p) && isByteWinograd(p) && p.types.bSigned && p.types.accumulator.isInteger(32) && readable &&
         p.channels % (2 * lanes) == 0 && p.outputChannels % lanes == 0;
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
  WinogradEstimate e = estimate(p, target, chosen);
  double lanes = target.vectorBits / 32.0, macsPerCycle = target.vnni ? lanes * 8 : lanes * 2;
  bool pays = e.cycles < 0.9 * directWinogradCycles(p, target, kindOf(p, target), macsPerCycle, 1);
  return pays || chosen.m != Choice::unset ? std::optional(e.plan) : std::nullopt;
}

std::vector<Choice> byteWinogradTiles(const ConvProblem &p, const TargetInfo &target) {
  bool fits = target.winograd && fitsByteWinograd(p, target);
  return fits ? winogradTiles(p, estimate(p, target, {}).plan, kindOf(p, target)) : std::vector<Choice>();
}

std::vector<Choice> byteWinogradVariations(const ConvProblem &p, const TargetInfo &target, const Choice &base) {
  std::optional<WinogradPlan> plan = chooseByteWinograd(p, target, base);
  return plan ? winogradVariations(p, *plan, base) : std::vector<Choice>();
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

#include "compiler/target/cpu/contraction/WinogradCost.h"

namespace dlc::cpu {
namespace {

WinogradKind kindOf(const ConvProblem &p, const TargetInfo &target, int m) {
  WinogradKind kind{TileModel::of(target, p.types, MacKind::Widen)};
  kind.model.tallCost = 0;
  kind.inputCycles = m == 4 ? 130 : 50;
  kind.outputCycles = m == 4 ? 110 : 40;
  return kind;
}

WinogradEstimate estimate(const ConvProblem &p, const TargetInfo &target, int m, const Choice &chosen) {
  return estimateWinograd(p, target, m, kindOf(p, target, m), chosen);
}

} // namespace

bool fitsWinograd(const ConvProblem &p, const TargetInfo &target) {
  int64_t lanes = target.vectorBits / 32;
  return isWinogradShape(p) && p.padValue == 0 && p.types.a.isF32() && p.types.b.isF32() && target.fma &&
         p.channels % lanes == 0 && p.outputChannels % lanes == 0;
}

std::optional<WinogradPlan> chooseWinograd(const ConvProblem &p, const TargetInfo &target, const Choice &chosen) {
  if (!target.winograd || !fitsWinograd(p, target)) {
    return std::nullopt;
  }
  if (chosen.m != Choice::unset) {
    return estimate(p, target, chosen.m, chosen).plan;
  }
  WinogradEstimate best = estimate(p, target, 4, {}), other = estimate(p, target, 2, {});
  best = other.cycles < best.cycles ? other : best;
  double direct = directWinogradCycles(p, target, kindOf(p, target, best.plan.m), target.vectorBits / 16.0, 4);
  return best.cycles < 0.9 * direct ? std::optional(best.plan) : std::nullopt;
}

std::vector<Choice> winogradTiles(const ConvProblem &p, const TargetInfo &target) {
  std::vector<Choice> choices;
  if (target.winograd && fitsWinograd(p, target)) {
    for (int m : {4, 2}) {
      llvm::append_range(choices, winogradTiles(p, estimate(p, target, m, {}).plan, kindOf(p, target, m)));
    }
  }
  return choices;
}

std::vector<Choice> winogradVariations(const ConvProblem &p, const TargetInfo &target, const Choice &base) {
  std::optional<WinogradPlan> plan = chooseWinograd(p, target, base);
  return plan ? winogradVariations(p, *plan, base) : std::vector<Choice>();
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

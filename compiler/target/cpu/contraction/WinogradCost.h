#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_WINOGRADCOST_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_WINOGRADCOST_H

#include "compiler/target/cpu/contraction/TileModel.h"
#include "compiler/target/cpu/contraction/Winograd.h"

namespace dlc::cpu {

/// What plans for floats and for bytes differ in.
struct WinogradKind {
  TileModel model;
  /// Bytes of an element of the transformed inputs and weights, and how many elements of k a step of a product takes.
  int64_t bytes = 4, group = 1;
  /// Cycles of a step, as a multiple of the model's.
  double stepCost = 1;
  /// Cycles of transforming a tile's vector of inputs, and one of sums.
  double inputCycles = 0, outputCycles = 0;
  /// Which part of the time that weights take from afar passes during the arithmetic, and which one does not.
  double hidden = 1, exposed = 0.1;
};

struct WinogradEstimate {
  WinogradPlan plan;
  double cycles = 0;
};

/// A 3x3 convolution of stride 1 without dilation, of one group, two-dimensional, dense and channels-last.
bool isWinogradShape(const ConvProblem &problem);
/// Tiles of m x m outputs of all images; of 64 outputs along an axis that is not known.
int64_t winogradTileCount(const ConvProblem &problem, int m);
/// The plan of F(m x m, 3 x 3), as far as it is not `chosen`, and what it is estimated to take.
WinogradEstimate estimateWinograd(const ConvProblem &problem, const TargetInfo &target, int m, const WinogradKind &kind,
                                  const Choice &chosen);
/// What the direct convolution takes at so many multiply-accumulates a cycle, with weights of `bytes` bytes.
double directWinogradCycles(const ConvProblem &problem, const TargetInfo &target, const WinogradKind &kind,
                            double macsPerCycle, int64_t bytes);
/// The plan's register tile, then others worth measuring of output tiles of the same size.
std::vector<Choice> winogradTiles(const ConvProblem &problem, const WinogradPlan &plan, const WinogradKind &kind);
std::vector<Choice> winogradVariations(const ConvProblem &problem, const WinogradPlan &plan, const Choice &base);

} // namespace dlc::cpu

#endif

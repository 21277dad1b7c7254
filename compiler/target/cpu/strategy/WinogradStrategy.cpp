//===- WinogradStrategy.cpp - 3x3 convolutions with fewer multiplications -----------------------------------===//
#include "compiler/target/cpu/contraction/Winograd.h"
#include "compiler/target/cpu/strategy/ConvProblems.h"

namespace dlc::cpu {
namespace {
/// What Winograd's algorithm may be wrong by, as a fraction of the outputs' peak.
constexpr double kMostError = 3e-5;
} // namespace

bool matchesWinograd(mlir::Operation *root, const TargetInfo &target) {
  auto op = llvm::dyn_cast<nn::ConvOp>(root);
  if (!op || !fitsEmitter(op)) {
    return false;
  }
  ConvProblem p = problemOf(op, sizeForChoice);
  std::optional<WinogradPlan> plan = chooseWinograd(p, target);
  if (!plan) {
    return false;
  }
  mlir::FailureOr<nn::Tensor> weights = nn::tensorFromAttr(op.getWeight().getDefiningOp<nn::ConstantOp>().getValue());
  return mlir::succeeded(weights) &&
         winogradError(plan->m, p.channels, p.outputChannels, weights->values<float>().data()) < kMostError;
}

llvm::LogicalResult emitWinogradKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed) {
  KernelFrame f(kernel, target);
  auto op = llvm::cast<nn::ConvOp>(f.root());
  // The plan is the one that matched: it depends on static sizes only.
  std::optional<WinogradPlan> plan = chooseWinograd(problemOf(op, sizeForChoice), target);
  assert(plan && "the op matched");
  ConvProblem p = problemOf(op, [&](dim::Expr e) { return f.size(e); });
  PackedWeights w = packedWinogradWeights(p, *plan);
  PackedArgument argument;
  argument.argument = f.argumentOf(op.getWeight());
  argument.key = keyOf("winograd", {plan->m, p.outputChannels, w.columns, w.k, w.panel});
  ConvProblem sizes;
  sizes.channels = p.channels;
  sizes.outputChannels = p.outputChannels;
  argument.pack = [w, sizes, plan](const nn::Tensor &source) {
    nn::Tensor result = bytesLike(source, w.bytes());
    packWinogradWeights(sizes, *plan, source.values<float>().data(), result.values<float>().data());
    return result;
  };
  packed.push_back(argument);
  emitWinograd(f.builder(), p, *plan, f.operandBuffer(0), f.operandBuffer(1), f.resultBuffer(), f.epilogue(op.getBias()), f.begin(),
               f.end(), f.scratch());
  dim::Shape spatial = spatialOf(op.getResult());
  dim::Expr count = dim::mul(ceilDiv(f, spatial[0], plan->m), ceilDiv(f, spatial[1], plan->m));
  count = dim::mul(nn::shapeOf(op.getInput())[0], count);
  dim::Expr tiles = dim::mul(ceilDiv(f, count, plan->tiles), f.constant(p.outputChannels / plan->columns));
  f.finish(tiles, f.constant(winogradScratch(p, *plan)), convFlops(f, op.getResult(), op.getWeight(), 1, false));
  return mlir::success();
}
} // namespace dlc::cpu

//===- SeparableStrategy.cpp - a depthwise and the 1x1 convolutions around it in one kernel ------------===//
#include "compiler/target/cpu/contraction/Separable.h"
#include "compiler/target/cpu/strategy/ConvProblems.h"
#include "compiler/target/cpu/strategy/SeparablePattern.h"

namespace dlc::cpu {
namespace {
SeparableProblem separableProblem(SeparablePattern pattern, llvm::function_ref<Idx(dim::Expr)> size) {
  SeparableProblem p;
  if (pattern.expand.conv) {
    p.expand = problemOf(pattern.expand.conv, size);
  }
  p.depthwise = problemOf(pattern.depthwise.conv, size);
  p.project = problemOf(pattern.project, size);
  return p;
}

/// The problem, if the emitters have it.
std::optional<SeparableProblem> findProblem(mlir::Operation *root, bool expansion) {
  auto project = llvm::dyn_cast<nn::ConvOp>(root);
  std::optional<SeparablePattern> pattern = project ? findSeparable(project, expansion) : std::nullopt;
  Reason unused;
  if (!pattern || nn::rankOf(project.getInput()) != 4 || !fitsEmitter(project, unused) || !fitsEmitter(pattern->depthwise.conv, unused) ||
      (expansion && !fitsEmitter(pattern->expand.conv, unused))) {
    return std::nullopt;
  }
  SeparableProblem p = separableProblem(*pattern, sizeForChoice);
  return isSeparable(p) ? std::optional(p) : std::nullopt;
}

std::string describe(const SeparableProblem &p) {
  const ConvAxis &y = p.depthwise.axes[1], &x = p.depthwise.axes[2];
  return "depthwise " + std::to_string(y.kernel) + "x" + std::to_string(x.kernel) + " of " +
         std::to_string(p.depthwise.channels) + " channels, then 1x1";
}

/// The convolutions of a kernel's body.
SeparablePattern patternOf(mlir::func::FuncOp kernel) {
  SeparablePattern pattern;
  llvm::SmallVector<nn::ConvOp> convs;
  llvm::SmallVector<llvm::SmallVector<mlir::Operation *>> behind;
  for (mlir::Operation &op : kernel.front().without_terminator()) {
    if (auto conv = llvm::dyn_cast<nn::ConvOp>(op)) {
      convs.push_back(conv);
      behind.emplace_back();
    } else if (!llvm::isa<nn::ConstantOp>(op) && !behind.empty()) {
      behind.back().push_back(&op);
    }
  }
  if (convs.size() == 3) {
    pattern.expand = {convs[0], behind[0]};
  }
  if (convs.size() >= 2) {
    pattern.depthwise = {convs[convs.size() - 2], behind[convs.size() - 2]};
    pattern.project = convs.back();
  }
  return pattern;
}
} // namespace

bool matchesInvertedResidual(mlir::Operation *root, const TargetInfo &target, Reason &reason) {
  std::optional<SeparableProblem> p = findProblem(root, true);
  if (!p || !projectsFromCache(*p, target)) {
    return false;
  }
  return expandsInCache(*p, target) ? reason.yes("1x1, " + describe(*p) + "; the expanded image would leave the L2 cache")
                                    : reason.no("the expanded image stays in the L2 cache, or tiles would share many rows");
}
bool matchesDepthwisePointwise(mlir::Operation *root, const TargetInfo &target, Reason &reason) {
  std::optional<SeparableProblem> p = findProblem(root, false);
  if (!p) {
    return false;
  }
  return projectsFromCache(*p, target) ? reason.yes(describe(*p) + ", whose weights stay in the L2 cache")
                                       : reason.no("weights of the 1x1 do not stay in the L2 cache");
}

llvm::SmallVector<mlir::Operation *> invertedResidualMembers(mlir::Operation *root) {
  return findSeparable(llvm::cast<nn::ConvOp>(root), true)->ops();
}
llvm::SmallVector<mlir::Operation *> depthwisePointwiseMembers(mlir::Operation *root) {
  return findSeparable(llvm::cast<nn::ConvOp>(root), false)->ops();
}

llvm::LogicalResult emitSeparableKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed) {
  SeparablePattern pattern = patternOf(kernel);
  if (!pattern.project) {
    return kernel.emitError() << "expected a depthwise convolution, and a 1x1 convolution of its result";
  }
  KernelFrame f(kernel, target);
  SeparableProblem p = separableProblem(pattern, [&](dim::Expr e) { return f.size(e); });
  SeparablePlan plan = chooseSeparable(p, target);
  SeparableBuffers at;
  dim::Expr flops = convFlops(f, pattern.project.getResult(), pattern.project.getWeight(), 1, false);
  auto stage = [&](SeparableStage s, mlir::Value &weights, Epilogue &epilogue, PackedArgument argument) {
    weights = f.buffer(s.conv.getWeight());
    epilogue = f.epilogue(s.conv, s.conv.getBias(), s.behind);
    packed.push_back(std::move(argument));
  };
  auto argumentOf = [&](nn::ConvOp conv) { return f.argumentOf(conv.getWeight()); };
  if (p.expand) {
    nn::ConvOp conv = pattern.expand.conv;
    stage(pattern.expand, at.expandWeights, at.expand, packedArgument(argumentOf(conv), packedExpansion(p, plan)));
    flops = dim::add(flops, convFlops(f, conv.getResult(), conv.getWeight(), 1, false));
  }
  nn::ConvOp depthwise = pattern.depthwise.conv;
  stage(pattern.depthwise, at.depthwiseWeights, at.depthwise,
        packedArgument(argumentOf(depthwise), packedDepthwiseWeights(p.depthwise, plan.depthwise)));
  flops = dim::add(flops, convFlops(f, depthwise.getResult(), depthwise.getWeight(), depthwise.getGroups(), false));
  SeparableStage last{pattern.project, {}};
  for (mlir::Operation *op = pattern.project->getNextNode(); op->getNextNode(); op = op->getNextNode()) {
    last.behind.push_back(op);
  }
  stage(last, at.projectWeights, at.project, packedArgument(argumentOf(pattern.project), packedProjection(p, plan)));
  at.input = f.operandBuffer(0);
  at.output = f.resultBuffer();
  at.scratch = f.scratch();
  emitSeparable(f.builder(), p, plan, at, f.begin(), f.end());
  dim::Shape output = nn::shapeOf(pattern.project.getResult());
  dim::Expr tiles = dim::mul(output[0], f.constant(plan.tiles));
  f.finish(tiles, f.constant(separableScratch(p, plan).bytes()), flops);
  return mlir::success();
}
} // namespace dlc::cpu

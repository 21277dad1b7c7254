//===- ConvStrategy.cpp - convolutions with constant weights, channel-last ---------------------------===//
#include "compiler/target/cpu/contraction/Depthwise.h"
#include "compiler/target/cpu/contraction/DepthwiseBytes.h"
#include "compiler/target/cpu/strategy/ConvProblems.h"

namespace dlc::cpu {
namespace {
using mlir::Value;

/// batch * rows / tileRows * columns / tileColumns, given the output's spatial sizes.
dim::Expr spatialTiles(KernelFrame &f, dim::Expr batch, llvm::ArrayRef<dim::Expr> spatial, int64_t tileRows, int64_t tileColumns) {
  dim::Expr rows = dim::product(batch.getContext(), spatial.drop_back());
  dim::Expr tiles = dim::mul(batch, ceilDiv(f, rows, tileRows));
  return tileColumns ? dim::mul(tiles, ceilDiv(f, spatial.back(), tileColumns)) : tiles;
}

dim::Expr convTiles(KernelFrame &f, const ConvPlan &plan, const PackedWeights &w, dim::Expr batch, llvm::ArrayRef<dim::Expr> spatial,
                    int64_t outputChannels) {
  if (plan.gemm) {
    dim::Expr m = dim::mul(batch, dim::product(batch.getContext(), spatial));
    return dim::mul(ceilDiv(f, m, plan.gemm->tileM), ceilDiv(f, f.constant(outputChannels), plan.gemm->tileN));
  }
  int64_t panels = (w.groups * w.panels() + plan.tile.tilePanels - 1) / plan.tile.tilePanels;
  return dim::mul(f.constant(panels), spatialTiles(f, batch, spatial, plan.tile.tileRows, plan.tile.tileColumns));
}

} // namespace

bool matchesDepthwise(mlir::Operation *root, const TargetInfo &, Reason &reason) {
  auto op = llvm::dyn_cast<nn::ConvOp>(root);
  Reason conv; // which says it
  if (!op || op.getGroups() == 1 || !fitsEmitter(op, conv)) {
    return false;
  }
  return isDepthwise(problemOf(op, sizeForChoice)) ? reason.yes(describe(op) + ", one channel each")
                                                   : reason.no("more than one channel in a group");
}
bool matchesConv(mlir::Operation *root, const TargetInfo &, Reason &reason) {
  auto op = llvm::dyn_cast<nn::ConvOp>(root);
  return op && fitsEmitter(op, reason) && reason.yes(describe(op) + ", constant weights");
}
bool matchesConvTranspose(mlir::Operation *root, const TargetInfo &, Reason &reason) {
  auto op = llvm::dyn_cast<nn::ConvTransposeOp>(root);
  if (!op || !fitsEmitter(op, reason)) {
    return false;
  }
  bool isNear = llvm::all_of(op.getStrides(), [](int64_t s) { return s <= 4; });
  return isNear ? reason.yes(describe(op) + ", constant weights") : reason.no("a stride above 4");
}

std::vector<Choice> convKernelTiles(mlir::Operation *root, const TargetInfo &target) {
  return convTiles(problemOf(llvm::cast<nn::ConvOp>(root), sizeForChoice), target);
}
std::vector<Choice> convKernelVariations(mlir::Operation *root, const TargetInfo &target, const Choice &base) {
  return convVariations(problemOf(llvm::cast<nn::ConvOp>(root), sizeForChoice), target, base);
}
std::vector<Choice> depthwiseKernelTiles(mlir::Operation *root, const TargetInfo &target) {
  return depthwiseTiles(problemOf(llvm::cast<nn::ConvOp>(root), sizeForChoice), target);
}
std::vector<Choice> depthwiseKernelVariations(mlir::Operation *root, const TargetInfo &target, const Choice &base) {
  return depthwiseVariations(problemOf(llvm::cast<nn::ConvOp>(root), sizeForChoice), target, base);
}
std::vector<Choice> convTransposeKernelTiles(mlir::Operation *root, const TargetInfo &target) {
  return convTransposeTiles(problemOf(llvm::cast<nn::ConvTransposeOp>(root), sizeForChoice), target);
}
std::vector<Choice> convTransposeKernelVariations(mlir::Operation *root, const TargetInfo &target, const Choice &base) {
  return convTransposeVariations(problemOf(llvm::cast<nn::ConvTransposeOp>(root), sizeForChoice), target, base);
}

llvm::LogicalResult emitConvKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed) {
  KernelFrame f(kernel, target);
  auto op = llvm::cast<nn::ConvOp>(f.root());
  ConvProblem p = problemOf(op, [&](dim::Expr e) { return f.size(e); });
  ConvPlan plan = chooseConv(p, target, f.choice());
  PackedWeights w = packedConvWeights(p, plan);
  packed.push_back(packedArgument(f.argumentOf(op.getWeight()), w, false));
  emitConv(f.builder(), p, plan, f.operandBuffer(0), f.operandBuffer(1), f.resultBuffer(), f.epilogue(op.getBias()), f.begin(), f.end());
  dim::Expr tiles = convTiles(f, plan, w, nn::shapeOf(op.getInput())[0], spatialOf(op.getResult()), p.outputChannels);
  dim::Expr flops = convFlops(f, op.getResult(), op.getWeight(), op.getGroups(), false);
  f.finish(tiles, f.constant(0), flops);
  return mlir::success();
}

/// What of a problem packing asks for: sizes known while compiling, not values that end with the kernel's function.
static ConvProblem packedShape(const ConvProblem &p) {
  ConvProblem shape;
  shape.channels = p.channels;
  for (size_t i = 0; i < p.axes.size(); ++i) {
    shape.axes[i].kernel = p.axes[i].kernel;
    shape.axes[i].stride = p.axes[i].stride;
  }
  return shape;
}

/// A depthwise convolution of bytes, on dot products.
static llvm::LogicalResult emitByteDepthwiseKernel(KernelFrame &f, nn::ConvOp op, const ConvProblem &p, const TargetInfo &target,
                                            PackedArguments &packed) {
  ByteDepthwisePlan plan = chooseByteDepthwise(p, target, f.choice());
  PackedArgument argument;
  argument.argument = f.argumentOf(op.getWeight());
  const ConvAxis &y = p.axes[1], &x = p.axes[2];
  argument.key = keyOf("byte depthwise", {p.channels, y.kernel, x.kernel, x.stride, plan.lanes, plan.pixels});
  argument.pack = [plan, problem = packedShape(p)](const nn::Tensor &source) {
    nn::Tensor result = bytesLike(source, packedByteDepthwiseBytes(problem, plan));
    packByteDepthwise(problem, plan, reinterpret_cast<const int8_t *>(source.raw()),
                      reinterpret_cast<int8_t *>(result.rawMutable()));
    return result;
  };
  packed.push_back(argument);
  emitByteDepthwise(f.builder(), p, plan, f.operandBuffer(0), f.operandBuffer(1), f.resultBuffer(), f.epilogue(op.getBias()), f.begin(),
                    f.end());
  dim::Expr tiles = spatialTiles(f, nn::shapeOf(op.getInput())[0], spatialOf(op.getResult()), plan.tileRows, 0);
  f.finish(tiles, f.constant(0), convFlops(f, op.getResult(), op.getWeight(), op.getGroups(), false));
  return mlir::success();
}

/// Whether what follows the root of a kernel has a function that is a polynomial, and so many instructions.
static bool computesFunction(mlir::Operation *root) {
  for (mlir::Operation *op = root->getNextNode(); op; op = op->getNextNode()) {
    if (llvm::isa<nn::ExpOp, nn::LogOp, nn::TanhOp, nn::ErfOp, nn::SigmoidOp, nn::SoftplusOp, nn::PowOp>(op)) {
      return true;
    }
  }
  return false;
}

llvm::LogicalResult emitDepthwiseKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed) {
  KernelFrame f(kernel, target);
  auto op = llvm::cast<nn::ConvOp>(f.root());
  ConvProblem p = problemOf(op, [&](dim::Expr e) { return f.size(e); });
  if (fitsByteDepthwise(p, target)) {
    return emitByteDepthwiseKernel(f, op, p, target, packed);
  }
  DepthwisePlan plan = chooseDepthwise(p, target, f.choice());
  PackedDepthwise w = packedDepthwiseWeights(p, plan);
  packed.push_back(packedArgument(f.argumentOf(op.getWeight()), w));
  Epilogue epilogue = f.epilogue(op.getBias());
  // Blocks are code for each border: a function for each of their outputs would not fit into the instruction cache.
  epilogue.isLong |= computesFunction(op);
  emitDepthwise(f.builder(), p, plan, f.operandBuffer(0), f.operandBuffer(1), f.resultBuffer(), epilogue, f.begin(), f.end());
  dim::Expr tiles = spatialTiles(f, nn::shapeOf(op.getInput())[0], spatialOf(op.getResult()), plan.tileRows, plan.tileColumns);
  dim::Expr flops = convFlops(f, op.getResult(), op.getWeight(), op.getGroups(), false);
  f.finish(tiles, f.constant(0), flops);
  return mlir::success();
}

llvm::LogicalResult emitConvTransposeKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed) {
  KernelFrame f(kernel, target);
  auto op = llvm::cast<nn::ConvTransposeOp>(f.root());
  ConvProblem p = problemOf(op, [&](dim::Expr e) { return f.size(e); });
  ConvPlan plan = chooseConvTranspose(p, target, f.choice());
  PackedWeights w = packedConvWeights(p, plan);
  packed.push_back(packedArgument(f.argumentOf(op.getWeight()), w, true));
  emitConvTranspose(f.builder(), p, plan, f.operandBuffer(0), f.operandBuffer(1), f.resultBuffer(), f.epilogue(op.getBias()), f.begin(), f.end());
  // One set of tiles per phase of the strides.
  dim::Shape spatial = spatialOf(op.getResult());
  dim::Expr tiles = f.constant(0);
  llvm::SmallVector<int64_t> phase(spatial.size(), 0);
  nn::IndexSpace phases(op.getStrides());
  int64_t count = 1;
  for (int64_t s : op.getStrides()) {
    count *= s;
  }
  for (int64_t i = 0; i < count; ++i, phases.next()) {
    dim::Shape sizes;
    for (size_t d = 0; d < spatial.size(); ++d) {
      dim::Expr left = dim::sub(spatial[d], f.constant((*phases)[d]));
      sizes.push_back(dim::max(ceilDiv(f, left, op.getStrides()[d]), f.constant(0)));
    }
    tiles = dim::add(tiles, convTiles(f, plan, w, nn::shapeOf(op.getInput())[0], sizes, p.outputChannels));
  }
  dim::Expr flops = convFlops(f, op.getInput(), op.getWeight(), 1, true);
  f.finish(tiles, f.constant(0), flops);
  return mlir::success();
}
} // namespace dlc::cpu

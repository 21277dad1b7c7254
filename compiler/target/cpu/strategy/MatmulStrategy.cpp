//===- MatmulStrategy.cpp - matrix products -----------------------------------------------------------===//
#include "compiler/target/cpu/strategy/MatmulProblems.h"

namespace dlc::cpu {
namespace {
using mlir::Value;

/// The problem of an op whose sizes are static: no code is needed to compute with them.
GemmProblem staticProblem(mlir::Operation *root, const TargetInfo &target, bool packedB) {
  mlir::OpBuilder b(root->getContext());
  KernelBuilder kb(b, root->getLoc(), target);
  auto size = [](dim::Expr e) { return Idx(*dim::getConstant(e)); };
  GemmProblem p = problemOf(kb, Product(llvm::cast<nn::MatmulOp>(root)), size);
  p.packedB = packedB;
  return p;
}

llvm::LogicalResult emit(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed, bool packedB) {
  KernelFrame f(kernel, target);
  auto op = llvm::cast<nn::MatmulOp>(f.root());
  Product product(op);
  GemmProblem p = problemOf(f.builder(), product, [&](dim::Expr e) { return f.size(e); });
  p.packedB = packedB;
  GemmTile tile = chooseGemmTile(p, target, f.choice());
  if (packedB) {
    PackedWeights w = packedGemmB(p, tile);
    PackedArgument argument;
    argument.argument = f.argumentOf(op.getRhs());
    bool transposed = op.getTransposeRhs();
    argument.key = "matrix " + std::to_string(transposed) + " " + std::to_string(w.columns) + " " + std::to_string(w.k) + " " +
                   std::to_string(w.panel) + " " + std::to_string(w.kGroup);
    argument.pack = [w, transposed](const nn::Tensor &source) {
      nn::Tensor result = nn::Tensor::zeros(source.element(), {w.bytes() / w.elementBytes});
      packWeights(w, WeightStrides::matrix(w, transposed), source.raw(), result.rawMutable());
      return result;
    };
    packed.push_back(argument);
  }
  GemmScratch scratch = gemmScratch(p, tile);
  emitGemm(f.builder(), p, tile, f.operandBuffer(0), f.operandBuffer(1), f.resultBuffer(), f.epilogue({}), f.begin(), f.end(), f.scratch());
  dim::Expr batch = dim::product(op.getContext(), product.batch);
  dim::Expr tiles = dim::mul(batch, dim::mul(dim::ceilDiv(product.m, f.constant(tile.tileM)), dim::ceilDiv(product.n, f.constant(tile.tileN))));
  dim::Expr flops = dim::mul(dim::mul(batch, dim::mul(product.m, product.n)), dim::mul(product.k, f.constant(2)));
  dim::Expr bytes = dim::add(f.constant(scratch.fixed), dim::mul(product.k, f.constant(scratch.perK)));
  f.finish(tiles, bytes, flops);
  return mlir::success();
}
} // namespace

bool matchesPackedMatmul(mlir::Operation *root, const TargetInfo &, Reason &reason) {
  Reason gemm; // which says it
  if (!fitsGemm(root, gemm)) {
    return false;
  }
  return isConstantMatrix(llvm::cast<nn::MatmulOp>(root).getRhs())
             ? reason.yes("the right-hand side is one constant matrix")
             : reason.no("the right-hand side is no constant matrix");
}
bool matchesMatmul(mlir::Operation *root, const TargetInfo &, Reason &reason) { return fitsGemm(root, reason); }
std::vector<Choice> matmulKernelTiles(mlir::Operation *root, const TargetInfo &target) {
  return gemmTiles(staticProblem(root, target, false), target);
}
std::vector<Choice> matmulKernelVariations(mlir::Operation *root, const TargetInfo &target, const Choice &base) {
  return gemmVariations(staticProblem(root, target, false), target, base);
}
std::vector<Choice> packedMatmulKernelTiles(mlir::Operation *root, const TargetInfo &target) {
  return gemmTiles(staticProblem(root, target, true), target);
}
std::vector<Choice> packedMatmulKernelVariations(mlir::Operation *root, const TargetInfo &target, const Choice &base) {
  return gemmVariations(staticProblem(root, target, true), target, base);
}
llvm::LogicalResult emitPackedMatmulKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed) {
  return emit(kernel, target, packed, true);
}
llvm::LogicalResult emitMatmulKernel(mlir::func::FuncOp kernel, const TargetInfo &target, PackedArguments &packed) {
  return emit(kernel, target, packed, false);
}
} // namespace dlc::cpu

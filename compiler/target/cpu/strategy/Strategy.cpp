//===- Strategy.cpp - the ordered table of strategies -----------------------------------------------===//
#include "compiler/target/cpu/strategy/Strategy.h"
#include "mlir/IR/Matchers.h"

namespace dlc::cpu {
namespace {
constexpr Strategy kStrategies[] = {
    {"attention", matchesAttention, emitAttentionKernel, attentionMembers},
    {"onednn", matchesOneDnn, emitOneDnnKernel, oneDnnMembers},
    {"inverted_residual", matchesInvertedResidual, emitSeparableKernel, invertedResidualMembers, nullptr, nullptr, true},
    {"depthwise_pointwise", matchesDepthwisePointwise, emitSeparableKernel, depthwisePointwiseMembers, nullptr, nullptr,
     true},
    {"depthwise", matchesDepthwise, emitDepthwiseKernel, nullptr, depthwiseKernelTiles, depthwiseKernelVariations},
    {"winograd", matchesWinograd, emitWinogradKernel, nullptr, winogradKernelTiles, winogradKernelVariations},
    {"strassen", matchesStrassen, emitStrassenKernel},
    {"conv", matchesConv, emitConvKernel, nullptr, convKernelTiles, convKernelVariations},
    {"conv_transpose", matchesConvTranspose, emitConvTransposeKernel, nullptr, convTransposeKernelTiles,
     convTransposeKernelVariations},
    {"gemm_packed", matchesPackedMatmul, emitPackedMatmulKernel, nullptr, packedMatmulKernelTiles,
     packedMatmulKernelVariations},
    {"gemm", matchesMatmul, emitMatmulKernel, nullptr, matmulKernelTiles, matmulKernelVariations},
};

/// Has nothing to tile, or nothing to sum.
bool isEmpty(mlir::Operation *root) {
  auto hasZero = [](mlir::Type type) {
    auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
    return tensor && llvm::is_contained(tensor.getShape(), 0);
  };
  return llvm::any_of(root->getOperandTypes(), hasZero) || llvm::any_of(root->getResultTypes(), hasZero);
}
} // namespace

llvm::ArrayRef<Strategy> strategies() { return kStrategies; }

StrategyChoice chooseStrategy(mlir::Operation *root, const TargetInfo &target, bool alone) {
  if (isEmpty(root)) {
    return {nullptr, "a size is 0"};
  }
  StrategyChoice choice;
  std::string passed;
  for (const Strategy &s : kStrategies) {
    if (alone && s.members) {
      continue;
    }
    Reason reason;
    if (s.matches(root, target, reason)) {
      choice.strategy = &s;
      choice.why = reason.text;
      break;
    }
    if (!reason.text.empty()) {
      passed += (passed.empty() ? "not " : "; not ") + s.name.str() + ": " + reason.text;
    }
  }
  choice.why += (choice.why.empty() || passed.empty() ? "" : "; ") + passed;
  return choice;
}

const Strategy *findStrategy(llvm::StringRef name) {
  const Strategy *it = llvm::find_if(kStrategies, [&](const Strategy &s) { return s.name == name; });
  return it == std::end(kStrategies) ? nullptr : it;
}

OperandPlace placeOf(llvm::ArrayRef<dim::Expr> operand, llvm::ArrayRef<dim::Expr> result) {
  if (llvm::all_of(operand, [](dim::Expr e) { return dim::isConstant(e, 1); })) {
    return OperandPlace::Scalar;
  }
  if (operand.size() > result.size() || result.empty()) {
    return OperandPlace::Other;
  }
  llvm::ArrayRef<dim::Expr> under = result.take_back(operand.size());
  auto matches = [&](size_t i) { return dim::equal(operand[i], under[i]); };
  size_t last = operand.size() - 1;
  bool outerEqual = true, outerOnes = true;
  for (size_t i = 0; i < last; ++i) {
    outerEqual &= matches(i);
    outerOnes &= dim::isConstant(operand[i], 1);
  }
  bool leadingOnes = llvm::all_of(result.drop_back(operand.size()), [](dim::Expr e) { return dim::isConstant(e, 1); });
  if (matches(last) && outerOnes) {
    return OperandPlace::Columns;
  }
  if (outerEqual && leadingOnes && (matches(last) || dim::isConstant(operand[last], 1))) {
    return matches(last) ? OperandPlace::Same : OperandPlace::Rows;
  }
  return OperandPlace::Other;
}

bool fitsEpilogue(mlir::Operation *op, mlir::Operation *root) {
  dim::Shape result = nn::shapeOf(root->getResult(0));
  return nn::isElementwise(op) && !result.empty() && llvm::all_of(op->getOperands(), [&](mlir::Value v) {
           return placeOf(nn::shapeOf(v), result) != OperandPlace::Other;
         });
}
} // namespace dlc::cpu

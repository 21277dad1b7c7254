//===- ExpandMathPass.cpp - no kernel calls a library ------------------------------------------===//
#include "compiler/passes/Kernels.h"
#include "compiler/passes/Passes.h"
#include "compiler/passes/math/ExpandMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace dlc {
#define GEN_PASS_DEF_EXPANDMATH
#include "compiler/passes/Passes.h.inc"
namespace {
struct ExpandMathPass : impl::ExpandMathBase<ExpandMathPass> {
  using Base::Base;
  void runOnOperation() override {
    MathOptions options;
    options.fma = fma;
    options.rounding = rounding;
    options.f16c = f16c;
    expandMath(getKernelModule(getOperation()), options);
  }
};
} // namespace
} // namespace dlc

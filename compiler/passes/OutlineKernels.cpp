//===- OutlineKernels.cpp - groups become functions -------------------------------------------===//
#include "compiler/passes/ConstantValues.h"
#include "compiler/passes/Kernels.h"
#include "compiler/passes/Magnitudes.h"
#include "compiler/passes/Passes.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "compiler/passes/Passes.h.inc"
namespace {
/// Names kernels after their ops: `conv_relu_3`.
std::string kernelName(nn::GroupOp group, size_t number) {
  std::string name;
  unsigned count = 0;
  for (mlir::Operation &op : group.getBody().front().without_terminator()) {
    if (!llvm::isa<nn::ConstantOp>(op) && count++ < 4) {
      name += op.getName().stripDialect().str() + "_";
    }
  }
  return name + std::to_string(number);
}

/// Whether x / scale is no NaN and below 2^30: kernels do not see the constants that tell.
bool isBounded(nn::QuantizeLinearOp op) {
  std::optional<double> x = greatestMagnitude(op.getInput()), scale = constantNumber(op.getScale());
  return x && scale && *scale > 0 && *x / *scale < std::ldexp(1, 30);
}

class Outliner {
public:
  explicit Outliner(mlir::ModuleOp module) : module(module), kernels(getKernelModule(module)) {}

  void outline(nn::GroupOp group) {
    mlir::OpBuilder b(group);
    auto dispatch = nn::DispatchOp::create(b, group.getLoc(), group.getResultTypes(),
                                           mlir::FlatSymbolRefAttr::get(findOrCreate(group)), group.getOperands());
    if (mlir::Attribute reason = group->getAttr(kReasonAttr)) {
      dispatch->setAttr(kReasonAttr, reason); // not on the kernel: equal ones may have been chosen for other reasons
    }
    group.replaceAllUsesWith(dispatch.getResults());
    group.erase();
  }

private:
  mlir::func::FuncOp build(nn::GroupOp group, llvm::StringRef name) {
    mlir::OpBuilder b(module.getContext());
    mlir::Location loc = b.getUnknownLoc();
    auto type = b.getFunctionType(group->getOperandTypes(), group.getResultTypes());
    auto func = mlir::func::FuncOp::create(loc, name, type);
    func->setAttr(kStrategyAttr, group.getStrategyAttr());
    mlir::Block *entry = func.addEntryBlock();
    b.setInsertionPointToStart(entry);
    mlir::IRMapping map;
    map.map(group.getBody().getArguments(), entry->getArguments());
    for (mlir::Operation &op : group.getBody().front().without_terminator()) {
      mlir::Operation *copy = b.clone(op, map);
      copy->setLoc(loc);
      if (auto quantize = llvm::dyn_cast<nn::QuantizeLinearOp>(op); quantize && isBounded(quantize)) {
        copy->setAttr(kBoundedAttr, b.getUnitAttr());
      }
    }
    llvm::SmallVector<mlir::Value> results;
    for (mlir::Value v : group.getBody().front().getTerminator()->getOperands()) {
      results.push_back(map.lookup(v));
    }
    mlir::func::ReturnOp::create(b, loc, results);
    return func;
  }

  /// Equal functions print the same (under one name).
  mlir::StringAttr findOrCreate(nn::GroupOp group) {
    mlir::func::FuncOp func = build(group, "kernel");
    std::string text;
    llvm::raw_string_ostream os(text);
    func->print(os, mlir::OpPrintingFlags().useLocalScope());
    auto [it, isNew] = known.try_emplace(text);
    if (!isNew) {
      func->erase();
      return it->second;
    }
    it->second = mlir::StringAttr::get(module.getContext(), kernelName(group, known.size() - 1));
    func.setSymNameAttr(it->second);
    kernels.push_back(func);
    return it->second;
  }

  mlir::ModuleOp module, kernels;
  llvm::StringMap<mlir::StringAttr> known;
};

struct OutlineKernelsPass : impl::OutlineKernelsBase<OutlineKernelsPass> {
  void runOnOperation() override {
    Outliner outliner(getOperation());
    llvm::SmallVector<nn::GroupOp> groups;
    getOperation().walk([&](nn::GroupOp group) { groups.push_back(group); });
    for (nn::GroupOp group : groups) {
      outliner.outline(group);
    }
  }
};
} // namespace
} // namespace dlc

//===- LowerToLinalg.cpp - kernels from nn ops to linalg ------------------------------------------===//
#include "compiler/passes/Kernels.h"
#include "compiler/passes/Passes.h"
#include "dialects/nn/lower/Lower.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace dlc {
#define GEN_PASS_DEF_LOWERTOLINALG
#include "compiler/passes/Passes.h.inc"
namespace {
/// Rewrites one kernel: plain tensors in and out, and an index argument for every formula that its code needs.
class KernelLowering {
public:
  KernelLowering(mlir::func::FuncOp func) : func(func), b(func.getContext()), old(&func.front()) {}

  llvm::LogicalResult run() {
    mlir::Block *entry = createEntry();
    nn::LowerContext context(b, func.getLoc(), [&](dim::Expr e) { return sizeArgument(e); });
    for (mlir::Operation &op : old->without_terminator()) {
      auto rule = llvm::dyn_cast<nn::Lower>(op);
      if (!rule) {
        return op.emitOpError() << "has no lowering";
      }
      llvm::SmallVector<mlir::Value> operands, results;
      for (mlir::Value v : op.getOperands()) {
        operands.push_back(map.lookup(v));
      }
      if (mlir::failed(rule.lower(context, operands, results))) {
        return mlir::failure();
      }
      map.map(op.getResults(), results);
    }
    return finish(entry);
  }

private:
  mlir::Block *createEntry() {
    mlir::Block *entry = new mlir::Block();
    func.getBody().push_front(entry);
    b.setInsertionPointToStart(entry);
    for (mlir::BlockArgument a : old->getArguments()) {
      auto type = nn::getPlainType(llvm::cast<mlir::RankedTensorType>(a.getType()));
      map.map(a, entry->addArgument(type, a.getLoc()));
    }
    return entry;
  }
  mlir::Value sizeArgument(dim::Expr e) {
    auto [it, isNew] = sizes.try_emplace(e);
    if (isNew) {
      it->second = func.front().addArgument(b.getIndexType(), func.getLoc());
      dims.push_back(e);
    }
    return it->second;
  }
  /// Per dim the number of its index argument, or -1.
  mlir::Attribute sizesOf(mlir::Type type) {
    llvm::SmallVector<int64_t> numbers;
    for (dim::Expr e : dim::getShape(llvm::cast<mlir::RankedTensorType>(type))) {
      if (dim::getConstant(e)) {
        numbers.push_back(-1);
        continue;
      }
      sizeArgument(e);
      numbers.push_back(llvm::find(dims, e) - dims.begin());
    }
    return b.getDenseI64ArrayAttr(numbers);
  }

  llvm::LogicalResult finish(mlir::Block *entry) {
    llvm::SmallVector<mlir::Value> results;
    llvm::SmallVector<mlir::Type> oldResults(func.getResultTypes());
    for (mlir::Value v : old->getTerminator()->getOperands()) {
      results.push_back(map.lookup(v));
    }
    mlir::func::ReturnOp::create(b, func.getLoc(), results);
    llvm::SmallVector<mlir::Attribute> argumentSizes, resultSizes;
    for (mlir::BlockArgument a : old->getArguments()) {
      argumentSizes.push_back(sizesOf(a.getType()));
    }
    for (mlir::Type t : oldResults) {
      resultSizes.push_back(sizesOf(t));
    }
    old->dropAllReferences();
    old->erase();
    func.setFunctionType(b.getFunctionType(entry->getArgumentTypes(), mlir::ValueRange(results).getTypes()));
    for (auto [i, a] : llvm::enumerate(argumentSizes)) {
      func.setArgAttr(i, kSizesAttr, a);
    }
    for (auto [i, a] : llvm::enumerate(resultSizes)) {
      func.setResultAttr(i, kSizesAttr, a);
    }
    func->setAttr(kDimsAttr, dim::ShapeAttr::get(func.getContext(), dims));
    return mlir::success();
  }

  mlir::func::FuncOp func;
  mlir::OpBuilder b;
  mlir::Block *old;
  mlir::IRMapping map;
  llvm::DenseMap<mlir::Attribute, mlir::Value> sizes;
  llvm::SmallVector<dim::Expr> dims;
};

struct LowerToLinalgPass : impl::LowerToLinalgBase<LowerToLinalgPass> {
  void runOnOperation() override {
    for (auto func : getKernelModule(getOperation()).getOps<mlir::func::FuncOp>()) {
      auto strategy = func->getAttrOfType<mlir::StringAttr>(kStrategyAttr);
      if (strategy && strategy.getValue() == kLoopsStrategy && mlir::failed(KernelLowering(func).run())) {
        return signalPassFailure();
      }
    }
  }
};
} // namespace
} // namespace dlc

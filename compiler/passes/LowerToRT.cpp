//===- LowerToRT.cpp - from a graph of values to blocks of steps ------------------------------===//
#include "compiler/passes/Kernels.h"
#include "compiler/passes/Passes.h"
#include "mlir/IR/IRMapping.h"
#include "dialects/rt/RT.h"

namespace dlc {
#define GEN_PASS_DEF_LOWERTORT
#include "compiler/passes/Passes.h.inc"
namespace {
using mlir::Value;

/// Bytes of a tensor, as a formula.
dim::Expr byteSize(mlir::RankedTensorType type) {
  mlir::MLIRContext *c = type.getContext();
  dim::Expr bits = dim::constant(c, nn::getElementBits(type.getElementType()));
  dim::Expr total = dim::mul(dim::product(c, dim::getShape(type)), bits), eight = dim::constant(c, 8);
  return dim::ceilDiv(total, eight);
}

class BlockBuilder {
public:
  explicit BlockBuilder(mlir::func::FuncOp func) : func(func), b(func.getContext()) {}

  llvm::LogicalResult run() {
    create();
    chooseOutputs();
    for (mlir::Operation &op : func.front().without_terminator()) {
      if (mlir::failed(convert(&op))) {
        return mlir::failure();
      }
    }
    return finish();
  }

private:
  rt::RefType ref(mlir::Type t) { return rt::RefType::get(func.getContext(), t); }
  Value lookup(Value v) { return map.lookup(v); }

  llvm::SmallVector<mlir::Attribute> names(bool inputs) {
    llvm::SmallVector<mlir::Attribute> result;
    unsigned n = inputs ? func.getNumArguments() : func.getNumResults();
    for (unsigned i = 0; i < n; ++i) {
      auto name = inputs ? func.getArgAttrOfType<mlir::StringAttr>(i, "nn.name") : func.getResultAttrOfType<mlir::StringAttr>(i, "nn.name");
      result.push_back(name ? name : b.getStringAttr((inputs ? "input_" : "output_") + std::to_string(i)));
    }
    return result;
  }

  void create() {
    b.setInsertionPoint(func);
    block = rt::BlockOp::create(b, func.getLoc(), func.getSymName(), b.getArrayAttr(names(true)), b.getArrayAttr(names(false)));
    mlir::Block *body = b.createBlock(&block.getBody());
    for (mlir::BlockArgument a : func.getArguments()) {
      map.map(a, body->addArgument(ref(a.getType()), a.getLoc()));
    }
    defineSymbols();
    rt::StageOp::create(b, func.getLoc(), dim::constant(func.getContext(), 0));
  }

  /// Every symbol is the size of the first input dim that is just that symbol; equal dims are checked.
  void defineSymbols() {
    llvm::StringMap<bool> seen;
    for (mlir::BlockArgument a : func.getArguments()) {
      auto type = llvm::dyn_cast<mlir::RankedTensorType>(a.getType());
      if (!type) {
        continue;
      }
      for (auto [i, e] : llvm::enumerate(dim::getShape(type))) {
        if (e.getKind() == dim::ExprKind::Symbol && seen.try_emplace(e.getSymbol(), true).second) {
          rt::SymbolOp::create(b, a.getLoc(), map.lookup(a), e.getSymbol(), i, false);
        }
      }
    }
  }

  /// Values computed by a kernel that an output shows (directly or reshaped) are written to the caller's buffer.
  void chooseOutputs() {
    for (auto [i, v] : llvm::enumerate(func.front().getTerminator()->getOperands())) {
      Value base = v;
      while (auto reshape = base.getDefiningOp<nn::ReshapeOp>()) {
        base = reshape.getInput();
      }
      if (base.getDefiningOp<nn::DispatchOp>()) {
        outputOf.try_emplace(base, i);
      }
    }
  }

  Value allocate(Value v) {
    auto type = llvm::cast<mlir::RankedTensorType>(v.getType());
    auto it = outputOf.find(v);
    if (it != outputOf.end()) {
      return rt::OutputOp::create(b, v.getLoc(), ref(type), it->second);
    }
    dim::Expr zero = dim::constant(func.getContext(), 0);
    return rt::BufferOp::create(b, v.getLoc(), ref(type), zero, byteSize(type), nameOf(v.getLoc()));
  }

  /// The source nodes' names, joined by '+'.
  static std::string nameOf(mlir::Location loc) {
    if (auto fused = llvm::dyn_cast<mlir::FusedLoc>(loc)) {
      std::string text;
      for (mlir::Location part : fused.getLocations()) {
        std::string name = nameOf(part);
        text += (text.empty() || name.empty() ? "" : "+") + name;
      }
      return text;
    }
    auto name = llvm::dyn_cast<mlir::NameLoc>(loc);
    return name ? name.getName().str() : "";
  }

  llvm::LogicalResult convert(mlir::Operation *op) {
    if (auto constant = llvm::dyn_cast<nn::ConstantOp>(op)) {
      map.map(constant.getResult(), rt::ConstantOp::create(b, op->getLoc(), ref(constant.getResult().getType()), constant.getValue()));
      return mlir::success();
    }
    if (auto reshape = llvm::dyn_cast<nn::ReshapeOp>(op)) {
      dim::Expr zero = dim::constant(func.getContext(), 0);
      map.map(reshape.getResult(),
              rt::AliasOp::create(b, op->getLoc(), ref(reshape.getResult().getType()), lookup(reshape.getInput()), zero));
      return mlir::success();
    }
    if (auto dispatch = llvm::dyn_cast<nn::DispatchOp>(op)) {
      return convertDispatch(dispatch);
    }
    return op->emitOpError() << "has no form in an executable";
  }

  llvm::LogicalResult convertDispatch(nn::DispatchOp op) {
    mlir::func::FuncOp kernel = getKernel(op);
    if (!kernel) {
      return op.emitOpError() << "expected a kernel named " << op.getKernel();
    }
    auto formula = [&](llvm::StringRef name) {
      auto e = kernel->getAttrOfType<dim::ExprAttr>(name);
      return e ? e : dim::constant(func.getContext(), 0);
    };
    llvm::SmallVector<Value> operands;
    for (Value v : op.getOperands_()) {
      operands.push_back(lookup(v));
    }
    for (Value v : op.getResults_()) {
      map.map(v, allocate(v));
      operands.push_back(lookup(v));
    }
    auto dims = kernel->getAttrOfType<dim::ShapeAttr>(kDimsAttr);
    auto step = rt::DispatchOp::create(
        b, op.getLoc(), op.getKernelAttr(), operands, b.getI64IntegerAttr(op.getNumResults()),
        dims ? dims : dim::ShapeAttr::get(func.getContext(), {}), formula(kTilesAttr), formula(kScratchAttr),
        kernel->getAttrOfType<mlir::StringAttr>(kStrategyAttr), formula(kFlopsAttr), b.getDenseI64ArrayAttr({}));
    step->setAttr("name", b.getStringAttr(nameOf(op.getLoc())));
    return mlir::success();
  }

  /// The outputs: values already there, or copies (inputs, constants, and values returned twice).
  llvm::LogicalResult finish() {
    llvm::SmallVector<Value> results;
    for (auto [i, v] : llvm::enumerate(func.front().getTerminator()->getOperands())) {
      Value base = v;
      while (auto reshape = base.getDefiningOp<nn::ReshapeOp>()) {
        base = reshape.getInput();
      }
      auto it = outputOf.find(base);
      if (it != outputOf.end() && it->second == i) {
        results.push_back(lookup(v));
        continue;
      }
      Value out = rt::OutputOp::create(b, v.getLoc(), ref(v.getType()), i);
      rt::CopyOp::create(b, v.getLoc(), lookup(v), out, b.getDenseI64ArrayAttr({}));
      results.push_back(out);
    }
    rt::YieldOp::create(b, func.getLoc(), results);
    func.erase();
    return mlir::success();
  }

  mlir::func::FuncOp func;
  mlir::OpBuilder b;
  rt::BlockOp block;
  mlir::IRMapping map;
  llvm::DenseMap<Value, unsigned> outputOf;
};

struct LowerToRTPass : impl::LowerToRTBase<LowerToRTPass> {
  void runOnOperation() override {
    for (auto func : llvm::make_early_inc_range(getOperation().getOps<mlir::func::FuncOp>())) {
      if (mlir::failed(BlockBuilder(func).run())) {
        return signalPassFailure();
      }
    }
  }
};
} // namespace
} // namespace dlc

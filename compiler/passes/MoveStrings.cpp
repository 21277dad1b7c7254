//===- MoveStrings.cpp - strings are moved as their places -------------------------------------------===//
#include "compiler/passes/Passes.h"
#include "dialects/nn/eval/Eval.h"

namespace dlc {
#define GEN_PASS_DEF_MOVESTRINGS
#include "compiler/passes/Passes.h.inc"
namespace {
using mlir::Value;

bool isStrings(Value v) {
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
  return type && nn::isString(type.getElementType());
}

/// Ops whose results hold elements of operands, whatever these are.
bool onlyMoves(mlir::Operation *op) {
  if (auto scatter = llvm::dyn_cast<nn::ScatterElementsOp>(op)) {
    return scatter.getReduction() == nn::ScatterKind::None;
  }
  if (auto scatter = llvm::dyn_cast<nn::ScatterNDOp>(op)) {
    return scatter.getReduction() == nn::ScatterKind::None;
  }
  return llvm::isa<nn::ReshapeOp, nn::TransposeOp, nn::SliceOp, nn::ConcatOp, nn::BroadcastOp, nn::TileOp, nn::PadOp,
                   nn::GatherOp, nn::GatherElementsOp, nn::GatherNDOp, nn::SelectOp, nn::CompressOp, nn::OneHotOp,
                   nn::ReverseSequenceOp>(op);
}

/// Numbers the strings of several tensors, one after the other.
class Places {
public:
  Places(mlir::OpBuilder &b, mlir::Location loc) : b(b), loc(loc), next(dim::constant(b.getContext(), 0)) {}

  /// The places of v's strings, in its shape.
  Value of(Value v) {
    dim::Shape shape = nn::shapeOf(v);
    dim::Expr count = dim::product(b.getContext(), shape);
    Value places = nn::create<nn::IotaOp>(b, loc, dim::ShapeAttr::get(b.getContext(), {count}), 0, b.getI64Type());
    if (!dim::isConstant(next, 0)) {
      auto type = mlir::RankedTensorType::get({}, b.getI64Type());
      Value start = nn::create<nn::SizesOp>(b, loc, dim::ShapeAttr::get(b.getContext(), {next}), type);
      places = nn::create<nn::AddOp>(b, loc, places, start);
    }
    next = dim::add(next, count);
    sources.push_back(v);
    return nn::create<nn::ReshapeOp>(b, loc, places, dim::ShapeAttr::get(b.getContext(), shape));
  }
  llvm::SmallVector<Value> sources;

private:
  mlir::OpBuilder &b;
  mlir::Location loc;
  dim::Expr next;
};

struct MoveStringsPass : impl::MoveStringsBase<MoveStringsPass> {
  void runOnOperation() override {
    llvm::SmallVector<mlir::Operation *> found;
    getOperation().walk([&](mlir::Operation *op) {
      if (onlyMoves(op) && llvm::any_of(op->getResults(), isStrings)) {
        found.push_back(op);
      }
    });
    for (mlir::Operation *op : found) {
      if (mlir::failed(move(op))) {
        signalPassFailure();
      }
    }
  }

private:
  llvm::LogicalResult move(mlir::Operation *op) {
    mlir::OpBuilder b(op);
    mlir::Location loc = op->getLoc();
    Places places(b, loc);
    llvm::SmallVector<Value> operands;
    for (Value v : op->getOperands()) {
      operands.push_back(isStrings(v) ? places.of(v) : v);
    }
    auto pad = llvm::dyn_cast<nn::PadOp>(op);
    if (pad && pad.getMode() == nn::PadMode::Constant && !pad.getValue()) { // the empty string
      nn::Tensor empty = nn::Tensor::zeros(nn::elementOf(pad.getInput()), {});
      operands.push_back(places.of(nn::ConstantOp::of(b, loc, nn::attrFromTensor(empty))));
    }
    mlir::Operation *moved = b.clone(*op);
    moved->setOperands(operands);
    if (mlir::failed(nn::refineResultTypes(moved))) {
      return mlir::failure();
    }
    for (auto [was, now] : llvm::zip(op->getResults(), moved->getResults())) {
      Value picked = now;
      if (isStrings(was)) {
        picked = nn::create<nn::StringPickOp>(b, loc, now, places.sources);
      }
      was.replaceAllUsesWith(picked);
    }
    op->erase();
    return mlir::success();
  }
};
} // namespace
} // namespace dlc

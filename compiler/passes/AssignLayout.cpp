//===- AssignLayout.cpp - channel-last convolutions and what lies between them --------------------------===//
#include "compiler/passes/Passes.h"
#include "dialects/nn/eval/Eval.h"
#include "mlir/IR/IRMapping.h"

namespace dlc {
#define GEN_PASS_DEF_ASSIGNLAYOUT
#include "compiler/passes/Passes.h.inc"
namespace {
using mlir::Value;

/// result dim i is source dim p[i].
llvm::SmallVector<int64_t> toLast(int64_t rank) {
  llvm::SmallVector<int64_t> p{0};
  for (int64_t i = 2; i < rank; ++i) {
    p.push_back(i);
  }
  p.push_back(1);
  return p;
}
llvm::SmallVector<int64_t> toFirst(int64_t rank) {
  llvm::SmallVector<int64_t> p{0, rank - 1};
  for (int64_t i = 1; i + 1 < rank; ++i) {
    p.push_back(i);
  }
  return p;
}
/// Where dim `d` of a channel-first value is in the channel-last one.
int64_t lastPosition(int64_t d, int64_t rank) { return d == 0 ? 0 : d == 1 ? rank - 1 : d - 1; }

/// Ops with a channel_last attribute.
bool hasLayout(mlir::Operation *op) {
  return llvm::isa<nn::ConvOp, nn::ConvTransposeOp, nn::MaxPoolOp, nn::AvgPoolOp>(op);
}

class Assigner {
public:
  explicit Assigner(mlir::Block &block) : block(block), b(block.getParentOp()->getContext()) {}

  void run() {
    if (llvm::none_of(block, [](mlir::Operation &op) { return llvm::isa<nn::ConvOp, nn::ConvTransposeOp>(op); })) {
      return;
    }
    for (mlir::Operation &op : llvm::make_early_inc_range(block)) {
      visit(&op);
    }
    for (mlir::Operation *op : llvm::reverse(dead)) {
      if (op->use_empty()) {
        op->erase();
      }
    }
  }

private:
  void visit(mlir::Operation *op) {
    b.setInsertionPoint(op);
    if (hasLayout(op) && !llvm::cast<mlir::BoolAttr>(op->getAttr("channel_last")).getValue()) {
      return rewriteLayoutOp(op);
    }
    if (wantsLast(op)) {
      if (nn::isElementwise(op) && rewriteElementwise(op)) {
        return;
      }
      if (rewriteMove(op)) {
        return;
      }
    }
    // Everything else sees channel-first values.
    for (mlir::OpOperand &operand : op->getOpOperands()) {
      operand.set(first(operand.get()));
    }
    for (mlir::Region &region : op->getRegions()) {
      region.walk([&](mlir::Operation *inner) {
        for (mlir::OpOperand &operand : inner->getOpOperands()) {
          if (last.contains(operand.get())) {
            operand.set(first(operand.get()));
          }
        }
      });
    }
  }

  /// Whether one of the operands is channel-last, of the result's rank.
  bool wantsLast(mlir::Operation *op) {
    if (op->getNumResults() != 1 || !llvm::isa<mlir::RankedTensorType>(op->getResult(0).getType())) {
      return false;
    }
    return llvm::any_of(op->getOperands(), [&](Value v) { return last.contains(v); });
  }

  /// Makes `v` channel-last; constants are transposed now.
  Value asLast(Value v) {
    auto it = last.find(v);
    if (it != last.end()) {
      return it->second;
    }
    mlir::OpBuilder::InsertionGuard guard(b);
    if (v.getParentBlock() == &block) {
      b.setInsertionPointAfterValue(v);
    } else {
      b.setInsertionPointToStart(&block);
    }
    Value t = nn::create<nn::TransposeOp>(b, v.getLoc(), v, toLast(nn::rankOf(v))).getResult();
    last[v] = t;
    return t;
  }

  /// The channel-first form of a value that exists channel-last.
  Value first(Value v) {
    auto it = last.find(v);
    if (it == last.end() || !produced.contains(v)) {
      return v;
    }
    auto [entry, isNew] = backToFirst.try_emplace(v);
    if (isNew) {
      mlir::OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointAfterValue(it->second);
      entry->second = nn::create<nn::TransposeOp>(b, v.getLoc(), it->second, toFirst(nn::rankOf(v))).getResult();
    }
    return backToFirst[v];
  }

  void finish(mlir::Operation *old, Value result) {
    last[old->getResult(0)] = result;
    produced.insert(old->getResult(0));
    dead.push_back(old);
  }

  void rewriteLayoutOp(mlir::Operation *op) {
    mlir::IRMapping map;
    map.map(op->getOperand(0), asLast(op->getOperand(0)));
    for (Value v : op->getOperands().drop_front()) {
      map.map(v, first(v));
    }
    mlir::Operation *copy = b.clone(*op, map);
    copy->setAttr("channel_last", b.getBoolAttr(true));
    retype(copy);
    finish(op, copy->getResult(0));
  }
  void retype(mlir::Operation *op) {
    bool ok = mlir::succeeded(nn::refineResultTypes(op));
    assert(ok && "a transposed op must infer");
    (void)ok;
  }

  /// Operands of lower rank broadcast: they get leading ones first.
  Value operandAsLast(Value v, int64_t rank) {
    int64_t own = nn::rankOf(v);
    if (own == rank) {
      return asLast(v);
    }
    dim::Shape shape = nn::shapeOf(v);
    if (llvm::all_of(shape, [](dim::Expr e) { return dim::isConstant(e, 1); })) {
      return v;
    }
    while (static_cast<int64_t>(shape.size()) < rank) {
      shape.insert(shape.begin(), dim::constant(b.getContext(), 1));
    }
    Value reshaped = nn::create<nn::ReshapeOp>(b, v.getLoc(), first(v), dim::ShapeAttr::get(b.getContext(), shape)).getResult();
    return nn::create<nn::TransposeOp>(b, v.getLoc(), reshaped, toLast(rank)).getResult();
  }

  bool rewriteElementwise(mlir::Operation *op) {
    int64_t rank = nn::rankOf(op->getResult(0));
    if (llvm::any_of(op->getOperands(), [&](Value v) { return last.contains(v) && nn::rankOf(v) != rank; })) {
      return false;
    }
    mlir::OperationState state(op->getLoc(), op->getName());
    for (Value v : op->getOperands()) {
      state.operands.push_back(operandAsLast(v, rank));
    }
    create(op, state);
    return true;
  }

  void create(mlir::Operation *op, mlir::OperationState &state) {
    state.addTypes(b.getNoneType());
    state.attributes = op->getAttrDictionary();
    mlir::Operation *copy = b.create(state);
    retype(copy);
    finish(op, copy->getResult(0));
  }

  dim::ShapeAttr permute(dim::ShapeAttr shape) {
    llvm::SmallVector<dim::Expr> dims;
    for (int64_t p : toLast(shape.getDims().size())) {
      dims.push_back(shape.getDims()[p]);
    }
    return dim::ShapeAttr::get(b.getContext(), dims);
  }

  /// Data movement and reductions whose attributes name dims.
  bool rewriteMove(mlir::Operation *op) {
    int64_t rank = nn::rankOf(op->getResult(0));
    if (!last.contains(op->getOperand(0)) || nn::rankOf(op->getOperand(0)) != rank) {
      return false;
    }
    mlir::OperationState state(op->getLoc(), op->getName());
    mlir::NamedAttrList attrs(op->getAttrDictionary());
    if (auto concat = llvm::dyn_cast<nn::ConcatOp>(op)) {
      llvm::transform(concat.getInputs(), std::back_inserter(state.operands), [&](Value v) { return asLast(v); });
      attrs.set("axis", b.getI64IntegerAttr(lastPosition(concat.getAxis(), rank)));
    } else if (auto pad = llvm::dyn_cast<nn::PadOp>(op)) {
      state.operands.push_back(asLast(pad.getInput()));
      if (pad.getValue()) {
        state.operands.push_back(first(pad.getValue()));
      }
      attrs.set("begins", permute(pad.getBegins()));
      attrs.set("ends", permute(pad.getEnds()));
    } else if (auto slice = llvm::dyn_cast<nn::SliceOp>(op)) {
      state.operands.push_back(asLast(slice.getInput()));
      attrs.set("starts", permute(slice.getStarts()));
      attrs.set("sizes", permute(slice.getSizes()));
      llvm::SmallVector<int64_t> steps;
      for (int64_t p : toLast(rank)) {
        steps.push_back(slice.getSteps()[p]);
      }
      attrs.set("steps", b.getDenseI64ArrayAttr(steps));
    } else if (auto resize = llvm::dyn_cast<nn::ResizeOp>(op); resize && !resize.getRoi() && !resize.getScaleValues()) {
      state.operands.push_back(asLast(resize.getInput()));
      attrs.set("sizes", permute(resize.getSizes()));
      llvm::SmallVector<double> scales;
      for (int64_t p : toLast(rank)) {
        scales.push_back(resize.getScales()[p]);
      }
      attrs.set("scales", b.getDenseF64ArrayAttr(scales));
    } else if (auto reduce = llvm::dyn_cast<nn::ReduceOp>(op); reduce && reduce.getKeepDims()) {
      state.operands.push_back(asLast(reduce.getInput()));
      llvm::SmallVector<int64_t> axes;
      for (int64_t a : reduce.getAxes()) {
        axes.push_back(lastPosition(a, rank));
      }
      llvm::sort(axes);
      attrs.set("axes", b.getDenseI64ArrayAttr(axes));
    } else if (auto softmax = llvm::dyn_cast<nn::SoftmaxOp>(op)) {
      state.operands.push_back(asLast(softmax.getInput()));
      attrs.set("axis", b.getI64IntegerAttr(lastPosition(softmax.getAxis(), rank)));
    } else {
      return false;
    }
    state.addTypes(b.getNoneType());
    state.attributes = attrs;
    mlir::Operation *copy = b.create(state);
    retype(copy);
    finish(op, copy->getResult(0));
    return true;
  }

  mlir::Block &block;
  mlir::OpBuilder b;
  llvm::DenseMap<Value, Value> last, backToFirst; ///< by channel-first value
  llvm::DenseSet<Value> produced;                 ///< values that are computed channel-last
  llvm::SmallVector<mlir::Operation *> dead;
};

struct AssignLayoutPass : impl::AssignLayoutBase<AssignLayoutPass> {
  void runOnOperation() override {
    llvm::SmallVector<mlir::Block *> blocks;
    getOperation().walk<mlir::WalkOrder::PreOrder>([&](mlir::Block *block) { blocks.push_back(block); });
    for (mlir::Block *block : blocks) {
      Assigner(*block).run();
    }
  }
};
} // namespace
} // namespace dlc

//===- BatchRules.cpp - ops that treat each image of a batch by itself ------------------------------===//
#include "compiler/passes/batch/BatchRules.h"
#include "dialects/nn/ops/control/BatchRows.h"
#include "llvm/ADT/TypeSwitch.h"

namespace dlc::batch {
namespace {
using mlir::Value;

/// The attribute that holds the sizes of an op's result; empty for ops that infer them.
llvm::StringRef sizesAttr(mlir::Operation *op) {
  return llvm::TypeSwitch<mlir::Operation *, llvm::StringRef>(op)
      .Case<nn::ReshapeOp, nn::BroadcastOp>([](auto) { return "shape"; })
      .Case<nn::SliceOp, nn::ResizeOp>([](auto) { return "sizes"; })
      .Default([](mlir::Operation *) { return ""; });
}

class Rules {
public:
  Rules(mlir::Operation *op, const Batch &batch) : op(op), batch(batch) {}

  bool hold() const {
    return op->getNumRegions() == 0 && llvm::all_of(op->getOperands(), [&](Value v) { return isPlain(v); }) &&
           llvm::all_of(op->getResults(), [&](Value v) { return hasImages(v); }) && !countsImages() && rule();
  }

private:
  bool isIn(Value v) const { return v && batch.contains(v); }
  static bool isOne(Value v, int64_t d) { return dim::isConstant(nn::shapeOf(v)[d], 1); }
  static bool isZero(dim::Expr e) { return dim::isConstant(e, 0); }
  bool isPlain(Value v) const { return llvm::isa<mlir::RankedTensorType>(v.getType()); }

  /// Whether a value can have rows of images: its first dim is a multiple, and no other dim depends on their number.
  bool hasImages(Value v) const {
    auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
    if (!type || type.getRank() == 0 || nn::getElementBits(type.getElementType()) < 8) {
      return false;
    }
    dim::Shape dims = nn::shapeOf(v);
    return nn::rowsPerImage(dims[0], batch.images) && !mentions(llvm::ArrayRef(dims).drop_front());
  }
  bool mentions(llvm::ArrayRef<dim::Expr> sizes) const {
    bool found = false;
    for (dim::Expr e : sizes) {
      dim::forEachSymbol(e, [&](llvm::StringRef name) {
        found |= batch.images.getKind() == dim::ExprKind::Symbol && name == batch.images.getSymbol();
      });
    }
    return found;
  }
  /// Whether an attribute has the number of images in it, but as the result's first dim.
  bool countsImages() const {
    llvm::StringRef sizes = sizesAttr(op);
    return llvm::any_of(op->getAttrs(), [&](mlir::NamedAttribute named) {
      if (auto shape = llvm::dyn_cast<dim::ShapeAttr>(named.getValue())) {
        return mentions(llvm::ArrayRef(shape.getDims()).drop_front(named.getName() == sizes));
      }
      auto e = llvm::dyn_cast<dim::ExprAttr>(named.getValue());
      return e && mentions(e);
    });
  }

  /// The first operand is of the batch, and no other is.
  bool onlyFirst() const {
    return isIn(op->getOperand(0)) && llvm::none_of(op->getOperands().drop_front(), [&](Value v) { return isIn(v); });
  }
  /// The same for an op that works along a dim, counted from the front.
  bool onlyFirst(int64_t axis) const { return axis > 0 && onlyFirst(); }
  /// Operands that broadcast to the result: those of the batch have its first dim, others repeat along it.
  bool broadcasts(mlir::ValueRange operands) const {
    int64_t rank = nn::rankOf(op->getResult(0));
    return llvm::all_of(operands,
                        [&](Value v) { return isIn(v) ? nn::rankOf(v) == rank : nn::rankOf(v) < rank || isOne(v, 0); });
  }

  bool matmul(Value a, Value b, bool turned) const {
    if (nn::rankOf(a) < 2 || nn::rankOf(b) < 2) {
      return false;
    }
    if (nn::rankOf(a) == 2 && nn::rankOf(b) == 2) {
      return isIn(a) && !turned && !isIn(b); // images are rows
    }
    return nn::rankOf(op->getResult(0)) > 2 && broadcasts({a, b}); // images are matrices
  }
  bool matmulInteger(nn::MatmulIntegerOp o) const {
    auto isScalar = [](Value v) {
      return llvm::all_of(nn::shapeOf(v), [](dim::Expr e) { return dim::isConstant(e, 1); });
    };
    bool plainZero = !o.getLhsZero() || (!isIn(o.getLhsZero()) && isScalar(o.getLhsZero()));
    bool plainColumns = !o.getRhsZero() || (!isIn(o.getRhsZero()) && nn::rankOf(o.getRhsZero()) < 2);
    return plainZero && plainColumns && matmul(o.getLhs(), o.getRhs(), false);
  }
  /// Scale and zero point have one element, or one per index of another dim than the first.
  template <class Op> bool quant(Op o) const {
    bool single = llvm::all_of(op->getOperands().drop_front(),
                               [](Value v) { return nn::rankOf(v) == 0 || (nn::rankOf(v) == 1 && isOne(v, 0)); });
    return onlyFirst() && (single || (int64_t(o.getAxis()) > 0 && o.getBlockSize() == 0));
  }
  bool concat(nn::ConcatOp o) const {
    return int64_t(o.getAxis()) > 0 && llvm::all_of(o.getInputs(), [&](Value v) { return isIn(v); });
  }
  bool gather(nn::GatherOp o) const {
    bool byIndices = isIn(o.getIndices()) && !isIn(o.getInput()) && o.getAxis() == 0;
    return byIndices || onlyFirst(o.getAxis());
  }
  bool gatherElements(nn::GatherElementsOp o) const {
    return isIn(o.getInput()) && isIn(o.getIndices()) && int64_t(o.getAxis()) > 0 &&
           dim::equal(nn::shapeOf(o.getInput())[0], nn::shapeOf(o.getIndices())[0]);
  }
  bool slice(nn::SliceOp o) const {
    return onlyFirst() && isZero(o.getStarts().getDims()[0]) && o.getSteps()[0] == 1 &&
           dim::equal(o.getSizes().getDims()[0], nn::shapeOf(o.getInput())[0]);
  }
  bool resize(nn::ResizeOp o) const {
    return onlyFirst() && !o.getRoi() && (o.getScales()[0] == 1 || (o.getScales()[0] == 0 && !o.getScaleValues())) &&
           dim::equal(o.getSizes().getDims()[0], nn::shapeOf(o.getInput())[0]);
  }

  bool rule() const {
    return llvm::TypeSwitch<mlir::Operation *, bool>(op)
        .Case<nn::QuantizeLinearOp, nn::DequantizeLinearOp>([&](auto o) { return quant(o); })
        .Case<nn::CastOp, nn::BitCastOp, nn::ReshapeOp>([&](auto) { return onlyFirst(); })
        .Case<nn::ConvOp, nn::ConvTransposeOp, nn::ConvIntegerOp, nn::MaxPoolOp, nn::AvgPoolOp, nn::LpPoolOp,
              nn::InstanceNormOp, nn::GroupNormOp, nn::LrnOp>(
            [&](auto o) { return onlyFirst() && nn::rankOf(o.getInput()) > 2; })
        .Case<nn::BatchNormOp, nn::SoftmaxOp, nn::LpNormalizeOp, nn::CumSumOp, nn::CumProdOp, nn::TopKOp,
              nn::ArgReduceOp>([&](auto o) { return onlyFirst(o.getAxis()); })
        .Case([&](nn::LayerNormOp o) { return onlyFirst(o.getAxis()) && broadcasts(op->getOperands()); })
        .Case([&](nn::ReduceOp o) {
          return onlyFirst() && llvm::all_of(o.getAxes(), [](int64_t axis) { return axis > 0; });
        })
        .Case([&](nn::MatmulOp o) { return matmul(o.getLhs(), o.getRhs(), o.getTransposeLhs()); })
        .Case([&](nn::MatmulIntegerOp o) { return matmulInteger(o); })
        .Case([&](nn::BroadcastOp o) {
          return onlyFirst() && nn::rankOf(o.getInput()) == nn::rankOf(o.getResult()) &&
                 dim::equal(o.getShape().getDims()[0], nn::shapeOf(o.getInput())[0]);
        })
        .Case([&](nn::TransposeOp o) { return onlyFirst() && o.getPermutation()[0] == 0; })
        .Case([&](nn::ConcatOp o) { return concat(o); })
        .Case([&](nn::SliceOp o) { return slice(o); })
        .Case([&](nn::GatherOp o) { return gather(o); })
        .Case([&](nn::GatherElementsOp o) { return gatherElements(o); })
        .Case([&](nn::PadOp o) {
          return onlyFirst() && isZero(o.getBegins().getDims()[0]) && isZero(o.getEnds().getDims()[0]);
        })
        .Case([&](nn::TileOp o) { return onlyFirst() && dim::isConstant(o.getRepeats().getDims()[0], 1); })
        .Case([&](nn::ResizeOp o) { return resize(o); })
        .Case([&](nn::GridSampleOp o) { return isIn(o.getInput()) && isIn(o.getGrid()); })
        .Case([&](nn::OneHotOp o) { return onlyFirst(o.getAxis()); })
        .Case([&](nn::TriluOp o) { return onlyFirst() && nn::rankOf(o.getInput()) > 2; })
        .Default([&](mlir::Operation *) { return nn::isElementwise(op) && broadcasts(op->getOperands()); });
  }

  mlir::Operation *op;
  const Batch &batch;
};
} // namespace

bool isPerImage(mlir::Operation *op, const Batch &batch) {
  return llvm::any_of(op->getOperands(), [&](Value v) { return batch.contains(v); }) && Rules(op, batch).hold();
}

void setImages(mlir::Operation *clone, dim::Expr from, dim::Expr to) {
  for (Value v : clone->getResults()) {
    v.setType(nn::withImages(llvm::cast<mlir::RankedTensorType>(v.getType()), from, to));
  }
  if (llvm::StringRef name = sizesAttr(clone); !name.empty()) {
    dim::Shape sizes(clone->getAttrOfType<dim::ShapeAttr>(name).getDims());
    sizes[0] = nn::shapeOf(clone->getResult(0))[0];
    clone->setAttr(name, dim::ShapeAttr::get(clone->getContext(), sizes));
  }
}
} // namespace dlc::batch

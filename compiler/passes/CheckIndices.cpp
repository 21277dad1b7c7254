//===- CheckIndices.cpp - indices that only a run knows are checked by it -----------------------------===//
#include "compiler/passes/IndexRanges.h"
#include "compiler/passes/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

namespace dlc {
#define GEN_PASS_DEF_CHECKINDICES
#include "compiler/passes/Passes.h.inc"
namespace {
using mlir::Value;

/// What an op trusts: each component of its indices is in [low, high).
struct Trust {
  Value indices;
  dim::Shape low, high;
};

/// Positions along these dims; negative ones count from the end.
Trust fromEitherEnd(Value indices, llvm::ArrayRef<dim::Expr> sizes) {
  Trust t{indices, {}, dim::Shape(sizes)};
  for (dim::Expr size : sizes) {
    t.low.push_back(dim::sub(dim::constant(size.getContext(), 0), size));
  }
  return t;
}
Trust fromZero(Value indices, dim::Expr size) { return {indices, {dim::constant(size.getContext(), 0)}, {size}}; }

std::optional<Trust> trustOf(mlir::Operation *op) {
  using Result = std::optional<Trust>;
  return llvm::TypeSwitch<mlir::Operation *, Result>(op)
      .Case<nn::GatherOp, nn::GatherElementsOp, nn::ScatterElementsOp>(
          [](auto o) { return fromEitherEnd(o.getIndices(), nn::shapeOf(o.getInput())[o.getAxis()]); })
      .Case([](nn::GatherNDOp o) {
        int64_t length = *dim::getConstant(nn::shapeOf(o.getIndices()).back());
        dim::Shape input = nn::shapeOf(o.getInput());
        return fromEitherEnd(o.getIndices(), llvm::ArrayRef(input).slice(o.getBatchDims(), length));
      })
      .Case([](nn::ScatterNDOp o) {
        int64_t length = *dim::getConstant(nn::shapeOf(o.getIndices()).back());
        dim::Shape input = nn::shapeOf(o.getInput());
        return fromEitherEnd(o.getIndices(), llvm::ArrayRef(input).take_front(length));
      })
      .Case([](nn::ReverseSequenceOp o) {
        dim::Expr time = nn::shapeOf(o.getInput())[o.getTimeAxis()];
        return fromZero(o.getLengths(), dim::add(time, dim::constant(o.getContext(), 1)));
      })
      .Case([](nn::RoiAlignOp o) { return fromZero(o.getBatchIndices(), nn::shapeOf(o.getInput())[0]); })
      .Case([](nn::MaxUnpoolOp o) {
        return fromZero(o.getIndices(), dim::product(o.getContext(), o.getIndexed().getDims()));
      })
      .Default([](mlir::Operation *) { return Result(); });
}

/// Component i of index vectors whose components are the rows of one matrix: [components, n] turned.
Value matrixOfRows(Value vectors) {
  auto turned = vectors.getDefiningOp<nn::TransposeOp>();
  bool swaps = turned && turned.getPermutation() == llvm::ArrayRef<int64_t>{1, 0};
  return swaps ? turned.getInput() : Value();
}

struct CheckIndicesPass : impl::CheckIndicesBase<CheckIndicesPass> {
  void runOnOperation() override {
    ranges = {};
    checks.clear();
    llvm::SmallVector<std::pair<mlir::Operation *, Trust>> found;
    getOperation().walk<mlir::WalkOrder::PreOrder>([&](mlir::Operation *op) {
      std::optional<Trust> trust = trustOf(op);
      if (trust && !trust->low.empty()) {
        found.push_back({op, *trust});
      }
    });
    for (auto &[op, trust] : found) {
      if (!isProven(trust)) {
        check(op, trust);
      }
    }
  }

private:
  bool isProven(const Trust &t) {
    if (Value rows = matrixOfRows(t.indices)) {
      if (auto nonzero = rows.getDefiningOp<nn::NonZeroOp>()) {
        // Component d is below the size of dim d; where there is one bound, all components are below it.
        dim::Shape from = nn::shapeOf(nonzero.getInput());
        if (t.high.size() == 1 || t.high.size() == from.size()) {
          return llvm::all_of(llvm::seq<size_t>(0, from.size()), [&](size_t d) {
            return dim::provablyNonNegative(dim::sub(t.high[t.high.size() == 1 ? 0 : d], from[d]));
          });
        }
      }
    }
    IndexRange range = ranges.of(t.indices);
    return llvm::all_of(llvm::zip(t.low, t.high),
                        [&](auto p) { return isWithin(range, std::get<0>(p), std::get<1>(p)); });
  }

  /// Unless the same check has been made earlier in the block.
  void check(mlir::Operation *op, const Trust &t) {
    auto low = dim::ShapeAttr::get(&getContext(), t.low), high = dim::ShapeAttr::get(&getContext(), t.high);
    if (checks.insert({op->getBlock(), t.indices, low, high}).second) {
      mlir::OpBuilder b(op);
      nn::CheckIndicesOp::create(b, op->getLoc(), t.indices, low, high);
    }
  }

  IndexRanges ranges;
  llvm::DenseSet<std::tuple<mlir::Block *, Value, mlir::Attribute, mlir::Attribute>> checks;
};
} // namespace
} // namespace dlc

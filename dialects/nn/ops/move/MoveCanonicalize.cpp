//===- MoveCanonicalize.cpp - data movement that cancels ------------------------------------------===//
#include "dialects/nn/NN.h"
#include "mlir/IR/PatternMatch.h"

namespace dlc::nn {
namespace {
bool sameShape(llvm::ArrayRef<dim::Expr> a, llvm::ArrayRef<dim::Expr> b) {
  return a.size() == b.size() && llvm::all_of(llvm::zip(a, b), [](auto p) { return dim::equal(std::get<0>(p), std::get<1>(p)); });
}

/// transpose(transpose(x)) is one transposition.
struct MergeTransposes : mlir::OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  mlir::LogicalResult matchAndRewrite(TransposeOp op, mlir::PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<TransposeOp>();
    if (!inner) {
      return rewriter.notifyMatchFailure(op, "the operand is not transposed");
    }
    llvm::SmallVector<int64_t> permutation;
    for (int64_t p : op.getPermutation()) {
      permutation.push_back(inner.getPermutation()[p]);
    }
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner.getInput(), permutation);
    return mlir::success();
  }
};

/// A transposition that keeps the order of all dims but those of size 1 moves no element.
struct TransposeToReshape : mlir::OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  mlir::LogicalResult matchAndRewrite(TransposeOp op, mlir::PatternRewriter &rewriter) const override {
    dim::Shape input = shapeOf(op.getInput());
    int64_t before = -1;
    for (int64_t p : op.getPermutation()) {
      if (dim::isConstant(input[p], 1)) {
        continue;
      }
      if (p < before) {
        return rewriter.notifyMatchFailure(op, "dims change their order");
      }
      before = p;
    }
    dim::Shape shape = shapeOf(op.getResult());
    if (llvm::any_of(shape, dim::isUnknown)) {
      return rewriter.notifyMatchFailure(op, "a size is not known");
    }
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getInput(), dim::ShapeAttr::get(op.getContext(), shape));
    return mlir::success();
  }
};

/// reshape(reshape(x)) is one reshape; reshaping to the same shape is nothing.
struct MergeReshapes : mlir::OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  mlir::LogicalResult matchAndRewrite(ReshapeOp op, mlir::PatternRewriter &rewriter) const override {
    if (op.getInput().getType() == op.getType() && sameShape(shapeOf(op.getInput()), shapeOf(op.getResult()))) {
      rewriter.replaceOp(op, op.getInput());
      return mlir::success();
    }
    auto inner = op.getInput().getDefiningOp<ReshapeOp>();
    if (!inner) {
      return rewriter.notifyMatchFailure(op, "the operand is not reshaped");
    }
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), inner.getInput(), op.getShape());
    return mlir::success();
  }
};
} // namespace

void TransposeOp::getCanonicalizationPatterns(mlir::RewritePatternSet &patterns, mlir::MLIRContext *context) {
  patterns.add<MergeTransposes, TransposeToReshape>(context);
}
void ReshapeOp::getCanonicalizationPatterns(mlir::RewritePatternSet &patterns, mlir::MLIRContext *context) {
  patterns.add<MergeReshapes>(context);
}

mlir::OpFoldResult SliceOp::fold(FoldAdaptor) {
  bool whole = getInput().getType() == getType() && sameShape(shapeOf(getInput()), getSizes().getDims()) &&
               llvm::all_of(getSteps(), [](int64_t s) { return s == 1; });
  return whole ? mlir::OpFoldResult(getInput()) : mlir::OpFoldResult();
}

mlir::OpFoldResult BroadcastOp::fold(FoldAdaptor) {
  bool same = getInput().getType() == getType() && sameShape(shapeOf(getInput()), getShape().getDims());
  return same ? mlir::OpFoldResult(getInput()) : mlir::OpFoldResult();
}

mlir::OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getInputs().size() == 1 && getInputs()[0].getType() == getType() ? mlir::OpFoldResult(getInputs()[0]) : mlir::OpFoldResult();
}
} // namespace dlc::nn

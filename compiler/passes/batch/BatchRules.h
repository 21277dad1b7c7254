//===- BatchRules.h - ops that treat each image of a batch by itself --------------------------------===//
#ifndef DLC_COMPILER_PASSES_BATCH_BATCHRULES_H
#define DLC_COMPILER_PASSES_BATCH_BATCHRULES_H
#include "dialects/nn/NN.h"
#include "llvm/ADT/DenseSet.h"

namespace dlc::batch {
/// Values whose first dim is so many rows for each of `images`, a number or a symbol, image after image.
struct Batch {
  dim::Expr images;
  llvm::DenseSet<mlir::Value> values;
  bool contains(mlir::Value v) const { return values.contains(v); }
};

/// Whether the rows of each image in all results follow from the rows of the same image in those operands that are of
/// the batch, and from all of the others: then any part of the images may be computed by itself. False where nothing is
/// known of the op.
bool isPerImage(mlir::Operation *op, const Batch &batch);

/// Makes a clone of such an op, whose operands are a part of the batch already, one of this part: its result types, and
/// attributes that hold the result's sizes.
void setImages(mlir::Operation *clone, dim::Expr from, dim::Expr to);
} // namespace dlc::batch
#endif

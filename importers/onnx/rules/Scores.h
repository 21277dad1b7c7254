//===- Scores.h - what becomes of the scores of ai.onnx.ml's models --------------------------===//
#ifndef DLC_IMPORTERS_ONNX_RULES_SCORES_H
#define DLC_IMPORTERS_ONNX_RULES_SCORES_H
#include "importers/onnx/Node.h"

namespace dlc::onnx_import {
/// `post_transform` of scores [N, E] of a float type: NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT. Fails for
/// others.
Value postTransform(Node &n, Value scores, llvm::StringRef transform);

/// The class labels of a classifier.
struct ClassLabels {
  Value table; ///< [classes], i64 or string
  int64_t count = 0;
};
/// Those of attribute `integers` or of classlabels_strings. Fails unless exactly one of them names two or more.
ClassLabels readClassLabels(Node &n, llvm::StringRef integers);

/// States the outputs of a classifier: the labels at `classes`, [N] i64, and `scores` [N, E] as f32.
llvm::LogicalResult classified(Node &n, const ClassLabels &labels, Value classes, Value scores);
} // namespace dlc::onnx_import
#endif

//===- Forest.h - decision trees as tables (ai.onnx.ml) -------------------------------------===//
#ifndef DLC_IMPORTERS_ONNX_RULES_FOREST_H
#define DLC_IMPORTERS_ONNX_RULES_FOREST_H
#include "importers/onnx/Node.h"

namespace dlc::onnx_import {
/// What an inner node asks of its feature, as TreeEnsemble-5 numbers them.
enum TreeMode { LessEqual, Less, GreaterEqual, Greater, Equal, NotEqual, Member };
/// How the trees' weights for one target become one number.
enum class Aggregate { Average, Sum, Min, Max };
constexpr size_t kMaxNodes = size_t(1) << 26;

/// All trees in one table. Where a child is a leaf it is numbered from the number of inner nodes on; a leaf's children
/// are itself, so that a walk of too many steps stays there.
struct Forest {
  Ints feature, mode, yes, no, missing, roots;
  llvm::SmallVector<double> split, weights; ///< weights: [leaves, targets]
  llvm::SmallVector<double> given;          ///< 1 where a leaf has a weight for a target; empty: all have
  int64_t leaves = 0, targets = 0, depth = 0;
  size_t inner() const { return feature.size(); }
};

/// What the trees say of the node's operand 0, [N, features]: `scores` [N, targets] in f64 where the operand is f64,
/// else in f32, and `given` [N, targets], true where a tree has a weight for the target (null: everywhere). Targets
/// that no tree has a weight for score 0. Fails where the tables are no trees.
struct ForestScores {
  Value scores, given;
};
ForestScores evaluateForest(Node &n, const Forest &f, Aggregate aggregate);

/// A constant f64 tensor.
Value numbersOf(Node &n, llvm::ArrayRef<double> values, llvm::ArrayRef<int64_t> shape);

/// The numbers of an attribute that is a tensor; nothing where it is absent or is none of numbers.
std::optional<llvm::SmallVector<double>> tensorAttribute(Node &n, llvm::StringRef name);

/// The rules of the ops that name their nodes by tree and number.
llvm::LogicalResult treeEnsembleRegressor(Node &n);
llvm::LogicalResult treeEnsembleClassifier(Node &n);
} // namespace dlc::onnx_import
#endif

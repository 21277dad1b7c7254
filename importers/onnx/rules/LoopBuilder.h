//===- LoopBuilder.h - loops whose values' types are found by trying ------------------------===//
#ifndef DLC_IMPORTERS_ONNX_RULES_LOOPBUILDER_H
#define DLC_IMPORTERS_ONNX_RULES_LOOPBUILDER_H
#include "importers/onnx/Node.h"
#include <functional>

namespace dlc::onnx_import {
using Values = llvm::SmallVector<Value>;

/// Creates the ops of one iteration. Given the iteration, the condition and the carried values, it appends the next
/// condition (null: goes on), the next carried values and the scan outputs.
using LoopBody = llvm::function_ref<llvm::LogicalResult(llvm::ArrayRef<Value> arguments, Values &results)>;

/// An nn.loop. Dims of carried values that an iteration changes become symbols of their own, for which the body is
/// created again. Appends the loop's results.
llvm::LogicalResult buildLoop(Node &n, Value tripCount, Value condition, Values carried, LoopBody body, Values &results);

/// True where `v` is a condition (a trip count): of one element, which is a boolean (an integer). The run checks a
/// number of elements that is not known; otherwise the node fails.
bool checkCondition(Node &n, Value v);
bool checkTripCount(Node &n, Value v);

/// Names, in attribute `result_dims` of a created op, the dims of its results that nothing is known of, and infers again.
llvm::LogicalResult nameResults(Node &n, mlir::Operation *op);

/// The element type of a list that nothing has been put into yet.
inline bool isUntyped(Type element) { return llvm::isa<mlir::NoneType>(element); }
/// `v`, or where it is a list made by SequenceEmpty, one for elements of the given type.
Value typedSequence(Node &n, Value v, Type element);
/// The type with all sizes unknown.
Type withoutSizes(Type type);
} // namespace dlc::onnx_import
#endif

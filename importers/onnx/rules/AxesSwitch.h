//===- AxesSwitch.h - axes that only a run knows ----------------------------------------------===//
#ifndef DLC_IMPORTERS_ONNX_RULES_AXESSWITCH_H
#define DLC_IMPORTERS_ONNX_RULES_AXESSWITCH_H
#include "importers/onnx/Node.h"

namespace dlc::onnx_import {
/// True when operand `i` is there and holds axes that are not known while importing.
bool hasUnknownAxes(const Node &n, unsigned i);

/// What `build` makes of the axes in operand `i`: one branch for each set of axes that they may be. Axes (of a tensor
/// of `rank`) are given to `build` in ascending order. `may` tells which sets are possible at all. A run with other
/// axes, or with the same one twice, fails. Null, with the node failed, when there would be too many branches.
Value switchAxes(Node &n, unsigned i, int64_t rank, llvm::function_ref<bool(llvm::ArrayRef<int64_t>)> may,
                 llvm::function_ref<Value(llvm::ArrayRef<int64_t>)> build);
} // namespace dlc::onnx_import
#endif

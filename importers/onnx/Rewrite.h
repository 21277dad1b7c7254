//===- Rewrite.h - a model's file with smaller tensors -------------------------------------===//
#ifndef DLC_IMPORTERS_ONNX_REWRITE_H
#define DLC_IMPORTERS_ONNX_REWRITE_H
#include "importers/onnx/Import.h"

namespace dlc::onnx_import {
/// The model of the file `path`, serialised, with what it says of sizes changed such that it computes what `after`
/// does: `before` is what importModel made of the file, and `after` a copy whose constants and sizes were made smaller,
/// op by op. Initialisers and constants are replaced; groups of convolutions, target shapes, and the bounds of slices
/// and splits follow. External data becomes part of the model. The result is imported again: where that does not give
/// `after`, or where something can't be said, this fails, and `problems` tells what.
mlir::FailureOr<std::string> rewriteModel(llvm::StringRef path, mlir::ModuleOp before, mlir::ModuleOp after,
                                          std::vector<Problem> &problems);
} // namespace dlc::onnx_import
#endif

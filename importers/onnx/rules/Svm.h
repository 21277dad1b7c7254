//===- Svm.h - support vector machines (ai.onnx.ml) ------------------------------------------===//
#ifndef DLC_IMPORTERS_ONNX_RULES_SVM_H
#define DLC_IMPORTERS_ONNX_RULES_SVM_H
#include "importers/onnx/Node.h"

namespace dlc::onnx_import {
llvm::LogicalResult svmRegressor(Node &n);
} // namespace dlc::onnx_import
#endif

//===- ReferenceRun.h - a model through importer and reference evaluator ----------===//
#ifndef DLC_TESTS_UNIT_ONNX_REFERENCERUN_H
#define DLC_TESTS_UNIT_ONNX_REFERENCERUN_H
#include "dialects/nn/eval/Eval.h"
#include "importers/onnx/Import.h"
#include <string>
#include <vector>

namespace dlc::onnx_testing {
/// How near results must be to the stored ones: |a - b| <= absolute + relative * |b| + ofPeak * the output's peak.
struct Tolerance {
  double relative = 1e-3, absolute = 1e-7, ofPeak = 0;
};

struct Outcome {
  enum Kind { Passed, NotImported, NotEvaluated, Different, Unreadable } kind = Passed;
  std::string detail;
  double worst = 0;
};

/// A context in which models can be imported and evaluated.
std::unique_ptr<mlir::MLIRContext> makeContext();

/// Imports `modelPath`, evaluates it on `folder`/input_*.pb and compares with `folder`/output_*.pb.
Outcome runModel(const std::string &modelPath, const std::string &folder, const Tolerance &tolerance);

/// Evaluates `@main` of `module`; the error text is in `error` on failure.
std::optional<std::vector<nn::Datum>> evaluate(mlir::ModuleOp module, llvm::ArrayRef<nn::Datum> inputs,
                                               std::string &error);
} // namespace dlc::onnx_testing
#endif

/// \file What a test's model says about its inputs, and how they are presented to the compiler.
#ifndef DLC_TOOLS_CONFORMANCE_VARIANTS_H
#define DLC_TOOLS_CONFORMANCE_VARIANTS_H

#include "importers/onnx/Import.h"
#include "tools/dlc-conformance/Case.h"
#include "llvm/Support/Error.h"
#include <set>

namespace dlc::conformance {

struct ModelFacts {
  std::vector<std::string> inputs; ///< names of what must be fed, in the order of the files input_N.pb
  std::vector<std::string> ops;    ///< types of the nodes of the main graph
};

/// Import options of a variant for the model in `folder`. `isDifferent` is false where they say nothing that the model
/// does not say itself.
struct Presentation {
  ModelFacts facts;
  onnx_import::ImportOptions options;
  bool isDifferent = false;
};

llvm::Expected<Presentation> present(mlir::MLIRContext &context, const CaseOptions &options);

/// The op of a model of one node, the ops of others joined by '+'.
std::string opsOf(const std::string &folder);

} // namespace dlc::conformance

#endif // DLC_TOOLS_CONFORMANCE_VARIANTS_H

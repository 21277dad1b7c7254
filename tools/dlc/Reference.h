/// \file Values of files and of the engine in the reference evaluator, and back.
#ifndef DLC_TOOLS_DLC_REFERENCE_H
#define DLC_TOOLS_DLC_REFERENCE_H

#include "dialects/nn/eval/Eval.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tools/common/HostTensor.h"
#include "tools/dlc/OpLibraries.h"

namespace dlc {

/// The value as one of the graph type `type`.
llvm::Expected<nn::Datum> toDatum(const HostValue &value, mlir::Type type);
HostValue fromDatum(const nn::Datum &datum);

/// What `main` computes by the ops' own definitions, one after another; those of libraries by the libraries. Errors are
/// emitted as diagnostics as well.
llvm::Expected<std::vector<HostValue>> evaluateReference(mlir::func::FuncOp main,
                                                         const std::vector<std::optional<HostValue>> &inputs,
                                                         const OpLibraries &libraries);

} // namespace dlc

#endif // DLC_TOOLS_DLC_REFERENCE_H

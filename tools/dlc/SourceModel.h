/// \file Source models (ONNX files) as modules, and what is wrong with them.
#ifndef DLC_TOOLS_DLC_SOURCEMODEL_H
#define DLC_TOOLS_DLC_SOURCEMODEL_H

#include "compiler/CompileOptions.h"
#include "importers/onnx/Import.h"
#include "mlir/IR/MLIRContext.h"
#include "tools/common/Session.h"
#include "tools/dlc/OpLibraries.h"
#include "tools/dlc/PruneOptions.h"
#include "tools/dlc/SourceOptions.h"
#include "llvm/Support/MemoryBuffer.h"

namespace dlc {

/// A source model in memory: the context, the module, and the errors that passes emit, as texts.
class SourceModel {
public:
  SourceModel();
  ~SourceModel();
  /// Imports; false when `problems` or `errors` say why not.
  bool import(const SourceOptions &options);
  bool import(llvm::StringRef path, const onnx_import::ImportOptions &options);
  /// Compiles the module, which is consumed; the bytes of a shared object.
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> compile(const CompileOptions &options);
  /// Loads what `compile` made, with the libraries of ops that the source was imported with.
  llvm::Expected<ModelHandle> load(llvm::StringRef bytes) const;
  const OpLibraries &libraries() const { return opLibraries; }
  mlir::MLIRContext &context() { return *mlirContext; }
  mlir::ModuleOp module() { return *moduleRef; }
  std::vector<onnx_import::Problem> problems;
  std::vector<std::string> errors;
  /// In the source's order, which state is no part of in the module.
  std::vector<std::string> inputNames, outputNames;
  /// Parameters before and after --prune; nothing where nothing was to be pruned.
  std::optional<std::pair<double, double>> pruned;
  /// Give its address to the compiler's options: is what failed a fault of dlc?
  bool hasInternalError = false;
  /// Prints everything to standard error: problems of the model first.
  void report() const;
  /// The same as one error: an InternalError for a fault of dlc.
  llvm::Error takeError() const;

private:
  bool prune(const PruneOptions &options);

  std::unique_ptr<mlir::MLIRContext> mlirContext;
  mlir::OwningOpRef<mlir::ModuleOp> moduleRef;
  OpLibraries opLibraries;
};

} // namespace dlc

#endif // DLC_TOOLS_DLC_SOURCEMODEL_H

/// \file Source models (ONNX files) as modules, and what is wrong with them.
#ifndef DLC_TOOLS_DLC_SOURCEMODEL_H
#define DLC_TOOLS_DLC_SOURCEMODEL_H

#include "compiler/CompileOptions.h"
#include "importers/onnx/Import.h"
#include "tools/common/Session.h"
#include "tools/dlc/OpLibraries.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/MemoryBuffer.h"

namespace CLI {
class App;
} // namespace CLI

namespace dlc {

/// Options of commands that read a source model.
struct SourceOptions {
  std::string path;
  std::vector<std::string> fetches, feeds, dims, states, libraries;
  std::string target = "native";
  std::string name;
  int optLevel = 3;
  bool noWinograd = false;
  unsigned threads = 0;
};

void addSourceOptions(CLI::App &command, SourceOptions &options);
void addCodeOptions(CLI::App &command, SourceOptions &options);
void addStateOption(CLI::App &command, SourceOptions &options);

/// What is wrong with how --dim and --state are written: wrong usage, whatever the model is.
llvm::Error checkSourceOptions(const SourceOptions &options);

/// The compiler's options; an unknown target is a usage error.
llvm::Expected<CompileOptions> toCompileOptions(const SourceOptions &options);

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
  mlir::MLIRContext &context() { return *mlirContext; }
  mlir::ModuleOp module() { return *moduleRef; }
  std::vector<onnx_import::Problem> problems;
  std::vector<std::string> errors;
  /// Give its address to the compiler's options: is what failed a fault of dlc?
  bool hasInternalError = false;
  /// Prints everything to standard error: problems of the model first.
  void report() const;
  /// The same as one error: an InternalError for a fault of dlc.
  llvm::Error takeError() const;

private:
  std::unique_ptr<mlir::MLIRContext> mlirContext;
  mlir::OwningOpRef<mlir::ModuleOp> moduleRef;
  OpLibraries opLibraries;
};

} // namespace dlc

#endif // DLC_TOOLS_DLC_SOURCEMODEL_H

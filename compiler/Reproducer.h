//===- Reproducer.h - whose fault a failing pass is, and how to see it fail again ---------------===//
#ifndef DLC_COMPILER_REPRODUCER_H
#define DLC_COMPILER_REPRODUCER_H
#include "compiler/CompileOptions.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringSet.h"

namespace dlc {
/// Keeps the IR that passes begin with and the errors that they emit, as long as it lives.
class Reproducer {
public:
  explicit Reproducer(mlir::ModuleOp module);
  /// After passes failed: are the errors about IR that the passes themselves left broken? Errors that a pass emitted
  /// are about the model.
  bool isInternalError(mlir::ModuleOp module);
  /// Writes the kept IR into a temporary file, and emits an error that names it and the command to run.
  void write(const CompileOptions &options, llvm::StringRef from, llvm::StringRef to);

private:
  mlir::OwningOpRef<mlir::ModuleOp> before;
  llvm::StringSet<> errors;
  mlir::ScopedDiagnosticHandler handler;
};
} // namespace dlc
#endif

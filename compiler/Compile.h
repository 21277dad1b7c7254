//===- Compile.h - from a graph to an artifact --------------------------------------------------===//
#ifndef DLC_COMPILER_COMPILE_H
#define DLC_COMPILER_COMPILE_H
#include "compiler/CompileOptions.h"
#include "mlir/IR/BuiltinOps.h"

namespace dlc {
enum class ArtifactKind { SharedObject, Object };

/// Compiles an imported graph (level nn) to a file at `path`, which is replaced only when all has gone well. Errors are
/// emitted on the module's ops.
llvm::LogicalResult compileModule(mlir::ModuleOp module, const CompileOptions &options, ArtifactKind kind, llvm::StringRef path);
/// The kernels as assembly text.
mlir::FailureOr<std::string> compileToAssembly(mlir::ModuleOp module, const CompileOptions &options);
} // namespace dlc
#endif

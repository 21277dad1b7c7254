//===- Compile.h - from a graph to an artifact --------------------------------------------------===//
#ifndef DLC_COMPILER_COMPILE_H
#define DLC_COMPILER_COMPILE_H
#include "compiler/CompileOptions.h"
#include "mlir/IR/BuiltinOps.h"

namespace dlc {
/// What is written: a file that the engine loads; an object to link into a program, and beside it a C header of the
/// same name; or a program that runs on its own.
enum class ArtifactKind { SharedObject, Object, Executable };

/// Compiles an imported graph (level nn) to a file at `path`, which is replaced only when all has gone well. Errors are
/// emitted on the module's ops.
llvm::LogicalResult compileModule(mlir::ModuleOp module, const CompileOptions &options, ArtifactKind kind, llvm::StringRef path);
/// The kernels as texts: LLVM IR before LLVM optimises it, or assembly.
enum class KernelText { IR, Assembly };
mlir::FailureOr<std::string> compileToText(mlir::ModuleOp module, const CompileOptions &options, KernelText kind);
} // namespace dlc
#endif

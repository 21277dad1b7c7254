//===- Objects.h - machine code and data as relocatable objects ---------------------------------===//
#ifndef DLC_COMPILER_EMIT_OBJECTS_H
#define DLC_COMPILER_EMIT_OBJECTS_H
#include "compiler/CompileOptions.h"
#include "compiler/emit/Program.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

namespace dlc::emit {
using Bytes = llvm::SmallVector<char, 0>;

/// Symbols of a model. Only the first is visible outside of the artifact.
std::string modelSymbol(llvm::StringRef name);
std::string kernelSymbol(llvm::StringRef name, llvm::StringRef kernel);
std::string weightsSymbol(llvm::StringRef name);

/// Takes a module of kernels to the LLVM dialect.
using LowerKernels = llvm::function_ref<llvm::LogicalResult(mlir::ModuleOp)>;
/// Lowers the kernels of `module` and compiles them, several at a time. The partition into objects depends on the
/// kernels alone. Takes the kernels out of the module.
mlir::FailureOr<std::vector<Bytes>> compileKernels(mlir::ModuleOp kernels, const CompileOptions &options,
                                                   LowerKernels lower);
/// All kernels in one LLVM module: its IR before LLVM optimises it, and the assembly after. Leaves the kernels where
/// they are.
struct KernelTexts {
  std::string ir, assembly;
};
mlir::FailureOr<KernelTexts> kernelTexts(mlir::ModuleOp kernels, const CompileOptions &options, LowerKernels lower);
/// The object that holds the program, its links and (for a shared object) the note.
llvm::Expected<Bytes> programObject(const Program &program, const CompileOptions &options, bool note);
/// The functions of a C library that LLVM's code generator may call: memset, memcpy, memmove. Hidden.
llvm::Expected<Bytes> supportObject(const CompileOptions &options);
/// An ELF object whose only contents are the weights, in section .dlc.weights; written straight to a file.
llvm::Error writeWeightsObject(const Program &program, llvm::StringRef symbol, llvm::StringRef path);
} // namespace dlc::emit
#endif

//===- Link.h - from objects to an artifact ----------------------------------------------------===//
#ifndef DLC_COMPILER_EMIT_LINK_H
#define DLC_COMPILER_EMIT_LINK_H
#include "compiler/emit/Objects.h"

namespace dlc::emit {
/// Links objects and weights into a shared object at `path`, checks that it needs nothing from outside (no undefined
/// symbol, no dynamic relocation, no library) and completes its note. Nothing is left behind on failure.
llvm::Error linkShared(llvm::ArrayRef<Bytes> objects, const Program &program, const CompileOptions &options, llvm::StringRef path);
/// Links objects and weights into one relocatable object whose only global symbol is the model's.
llvm::Error linkObject(llvm::ArrayRef<Bytes> objects, const Program &program, const CompileOptions &options, llvm::StringRef path);
/// A program that runs on its own: the runner, and the shared object at its end, where the runner finds it.
llvm::Error linkExecutable(llvm::ArrayRef<Bytes> objects, const Program &program, const CompileOptions &options, llvm::StringRef path);
} // namespace dlc::emit
#endif

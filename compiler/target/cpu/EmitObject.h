#ifndef DLC_COMPILER_TARGET_CPU_EMITOBJECT_H
#define DLC_COMPILER_TARGET_CPU_EMITOBJECT_H

#include "compiler/target/cpu/TargetInfo.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

namespace llvm {
class LLVMContext;
class Module;
class TargetMachine;
} // namespace llvm

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace dlc::cpu {

/// Registers what kernels are made of, their conversions and their translation to LLVM IR.
void registerKernelDialects(mlir::DialectRegistry &registry);

/// The LLVM module of a module of kernels in the LLVM dialect; null with a diagnostic on failure.
std::unique_ptr<llvm::Module> translateKernels(mlir::ModuleOp module, llvm::LLVMContext &context);

/// A code generator for position-independent code of that CPU.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(const TargetInfo &target, int optLevel = 3);

/// Runs LLVM's pipeline (optLevel 0 to 3) and returns a relocatable object file; `assembly` gives text instead. Changes
/// the module.
llvm::Expected<llvm::SmallVector<char, 0>> optimizeAndEmitObject(llvm::Module &module, const TargetInfo &target,
                                                                 int optLevel = 3, bool assembly = false);

} // namespace dlc::cpu

#endif

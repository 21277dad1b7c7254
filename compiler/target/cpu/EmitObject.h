#ifndef DLC_COMPILER_TARGET_CPU_LOWERKERNELS_H
#define DLC_COMPILER_TARGET_CPU_LOWERKERNELS_H

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

/// Lowers a module of kernel functions to the LLVM dialect.
///
/// A kernel is a public `func.func` with a body of the form
/// `(memref..., index..., %begin: index, %end: index, %scratch: memref<?xi8>) -> i32`: rank-1 static memrefs (their
/// size is a bound that is never read), of which the last one is the scratch. For each, the public symbol becomes a
/// function with the signature of `dlc_kernel_fn`, which loads the pointers and sizes and calls the (inlined) body.
/// Private functions keep their signature, with memrefs as bare pointers. Float arithmetic may contract, nothing else.
mlir::LogicalResult lowerKernelsToLLVMDialect(mlir::ModuleOp module, const TargetInfo &target);

/// The LLVM module of a module that `lowerKernelsToLLVMDialect` lowered; null with a diagnostic on failure.
std::unique_ptr<llvm::Module> translateKernels(mlir::ModuleOp module, llvm::LLVMContext &context);

/// A code generator for position-independent code of that CPU.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(const TargetInfo &target, int optLevel = 3);

/// Runs LLVM's pipeline (optLevel 0 to 3) and returns a relocatable object file; `assembly` gives text instead. Changes
/// the module.
llvm::Expected<llvm::SmallVector<char, 0>> optimizeAndEmitObject(llvm::Module &module, const TargetInfo &target,
                                                                 int optLevel = 3, bool assembly = false);

} // namespace dlc::cpu

#endif

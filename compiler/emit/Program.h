//===- Program.h - the tables of an executable ---------------------------------------------===//
#ifndef DLC_COMPILER_EMIT_PROGRAM_H
#define DLC_COMPILER_EMIT_PROGRAM_H
#include "dialects/rt/RT.h"
#include "dlc/abi.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "mlir/IR/BuiltinOps.h"
#include <vector>

namespace dlc::emit {
/// The bytes of one constant, in place in the weights section.
struct WeightRun {
  uint64_t offset = 0;
  llvm::ArrayRef<char> bytes;
};

/// What is written besides code.
struct Program {
  std::vector<char> bytes;            ///< dlc_abi_model and its tables; the links follow
  struct Kernel {
    std::string name;     ///< of its function
    std::string tag;      ///< CompileOptions::kernelTag of its variant
    uint32_t variant = 0;
  };
  std::vector<Kernel> kernels;        ///< in the order of the kernel table
  uint32_t variantCount = 1;
  std::vector<WeightRun> weights;     ///< in order of offset
  uint64_t weightsSize = 0;
  bool needsLibraries = false;        ///< ops of the user are called
  std::vector<std::shared_ptr<void>> owners; ///< keep `weights` alive
};

/// A module, and for which CPUs its kernels are.
struct Variant {
  mlir::ModuleOp module;
  std::string name;
  uint64_t cpu = 0; ///< DLC_CPU_* bits that the kernels need
  std::string tag;  ///< CompileOptions::kernelTag
};

/// Turns the rt.block ops of the variants' modules into the tables of model `name`. Errors are emitted.
mlir::FailureOr<Program> writeProgram(llvm::ArrayRef<Variant> variants, llvm::StringRef name);
} // namespace dlc::emit
#endif

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
  std::vector<std::string> kernels;   ///< symbols, in the order of the kernel table
  std::vector<WeightRun> weights;     ///< in order of offset
  uint64_t weightsSize = 0;
  bool needsLibraries = false;        ///< ops of the user are called
  std::vector<std::shared_ptr<void>> owners; ///< keep `weights` alive
};

struct ProgramOptions {
  std::string name;
  std::string variant; ///< the CPU variant's name
  uint64_t cpu = 0;    ///< DLC_CPU_* bits that the kernels need
};

/// Turns the rt.block ops of `module` into tables. Errors are emitted.
mlir::FailureOr<Program> writeProgram(mlir::ModuleOp module, const ProgramOptions &options);
} // namespace dlc::emit
#endif

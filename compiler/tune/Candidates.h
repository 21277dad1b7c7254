//===- Candidates.h - a kernel made in several ways, in this process ---------------------------------------===//
#ifndef DLC_COMPILER_TUNE_CANDIDATES_H
#define DLC_COMPILER_TUNE_CANDIDATES_H
#include "compiler/CompileOptions.h"
#include "compiler/target/cpu/strategy/Alternatives.h"
#include "compiler/tune/Tuning.h"

namespace dlc::tune {
using Object = llvm::SmallVector<char, 0>;
/// Takes a module whose kernels are loops over buffers to object code. Errors are emitted.
using CompileLoops = llvm::function_ref<mlir::FailureOr<std::vector<Object>>(mlir::ModuleOp)>;

/// The signature of dlc_kernel_fn.
using KernelFunction = int32_t (*)(void *const *buffers, const int64_t *dims, int64_t begin, int64_t end,
                                   void *scratch);

struct Candidate {
  cpu::KernelChoice choice;
  /// How constant arguments are laid out.
  cpu::PackedArguments packed;
  int64_t tiles = 0, scratchBytes = 0;
  KernelFunction function = nullptr; ///< null: a library computes it
  /// Makes a call of a library, one for each copy of the weights.
  std::function<llvm::Expected<LibraryKernels::Call>()> makeCall;
  /// Keeps the code where it is.
  std::shared_ptr<void> code;
};

/// The type of each buffer of a kernel: its arguments, then its result.
std::vector<mlir::RankedTensorType> bufferTypes(mlir::func::FuncOp kernel);
/// Compiles and loads the kernel in each of these ways, the first of which is always made. Others are left out when
/// they are the same code as one before, or have so few tiles that threads would wait for one another, compared with
/// `tiles` (0: the first's); calls of libraries are last, and have one tile. Emits an error, and fails, when a
/// candidate can't be made.
mlir::FailureOr<std::vector<Candidate>> makeCandidates(mlir::func::FuncOp kernel, const CompileOptions &options,
                                                       llvm::ArrayRef<cpu::KernelChoice> choices, int64_t tiles,
                                                       CompileLoops compile);
} // namespace dlc::tune
#endif

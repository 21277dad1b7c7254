//===- TunedKernel.h - a kernel that can be tuned, and where it is used --------------------------------------===//
#ifndef DLC_COMPILER_TUNE_TUNEDKERNEL_H
#define DLC_COMPILER_TUNE_TUNEDKERNEL_H
#include "compiler/target/cpu/strategy/Alternatives.h"
#include "compiler/tune/TuneCache.h"

namespace dlc::tune {
struct TunedKernel {
  mlir::func::FuncOp func;
  std::vector<nn::DispatchOp> dispatches;
  /// The cost model's choice.
  cpu::KernelChoice model;
  /// Multiply-accumulates of all dispatches, about.
  double work = 0;

  TunedKernel(mlir::func::FuncOp func, const cpu::TargetInfo &target);
  /// A hash of what the fastest choice depends on.
  std::string key(const cpu::TargetInfo &target);
  /// "conv 1x56x56x64 f32, 64x64x3x3 f32 -> 1x56x56x64 f32".
  std::string describe();
  /// Per argument the constant of the first dispatch, or null.
  llvm::SmallVector<mlir::ElementsAttr> constants() const;
  /// Whether the weights of every dispatch may be used so.
  bool allows(const cpu::KernelChoice &choice) const;
  /// Makes the kernel so, and says why where it is used.
  void take(const TuneEntry &entry, const cpu::KernelChoice &choice);
};

/// "x86-64-v4 +avx512vnni".
std::string targetText(const cpu::TargetInfo &target);
} // namespace dlc::tune
#endif

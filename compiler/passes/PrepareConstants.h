//===- PrepareConstants.h - constants that the engine makes of smaller ones ----------------------===//
#ifndef DLC_COMPILER_PASSES_PREPARECONSTANTS_H
#define DLC_COMPILER_PASSES_PREPARECONSTANTS_H
#include "compiler/passes/Kernels.h"
#include "compiler/target/cpu/strategy/Strategy.h"
#include "llvm/ADT/StringMap.h"

namespace dlc {
/// Replaces operands of dispatches by dispatches of smaller constants, which are marked with kPreparedAttr, and makes
/// their kernels.
class ConstantPreparer {
public:
  ConstantPreparer(mlir::ModuleOp module, const cpu::TargetInfo &target) : module(module), target(target) {}

  /// Whether preparing a constant saves enough to be worth a kernel: `bytes` of it are stored as `stored`.
  static bool pays(int64_t bytes, int64_t stored);
  /// `stored`, narrowed when that loses nothing, prepared by `how` into a constant of type `type`.
  mlir::Value prepare(mlir::OpBuilder &b, mlir::Location loc, mlir::ElementsAttr stored, mlir::Type type,
                      const cpu::Preparation &how);
  /// The same for all large constants of 32-bit floats that 16-bit floats hold exactly: they are widened.
  void widenNarrowConstants();

private:
  mlir::FlatSymbolRefAttr kernel(llvm::StringRef name, mlir::Type from, mlir::Type to, const cpu::Preparation &how);
  mlir::ElementsAttr narrowed(mlir::ElementsAttr constant);

  mlir::ModuleOp module;
  cpu::TargetInfo target;
  llvm::StringMap<mlir::FlatSymbolRefAttr> kernels;
  llvm::DenseMap<mlir::Attribute, mlir::ElementsAttr> narrow; ///< null: no 16-bit float holds them
};
} // namespace dlc
#endif

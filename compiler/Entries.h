//===- Entries.h - what callers see of a graph: state and specialisations ---------------------------===//
#ifndef DLC_COMPILER_ENTRIES_H
#define DLC_COMPILER_ENTRIES_H
#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace dlc {
/// An output that becomes an input of the next run.
struct StatePair {
  std::string output, input;
};
/// Marks these outputs and inputs of `@main` as state, and moves them behind the others. Their types must be equal;
/// sizes of inputs must be numbers, and sizes of outputs that are not are checked when the model runs. Errors are
/// emitted.
llvm::LogicalResult addState(mlir::ModuleOp module, llvm::ArrayRef<StatePair> states);

/// The sizes that a symbol may have; `most` -1: unbounded.
struct SizeBounds {
  std::string symbol;
  int64_t least = 0, most = -1;
};
/// States bounds of the symbols in `@main`'s inputs. They are checked when the model runs.
llvm::LogicalResult addBounds(mlir::ModuleOp module, llvm::ArrayRef<SizeBounds> bounds);

/// Moves `@main` of `from` into `into`, as one more specialisation of its entry. Both must have the same inputs and
/// outputs, less their sizes.
llvm::LogicalResult addSpecialisation(mlir::ModuleOp into, mlir::ModuleOp from);
} // namespace dlc
#endif

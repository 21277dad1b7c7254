//===- Values.h - values and constants in the tables --------------------------------------------===//
#ifndef DLC_COMPILER_EMIT_VALUES_H
#define DLC_COMPILER_EMIT_VALUES_H
#include "compiler/emit/Program.h"
#include "compiler/emit/Tables.h"

namespace dlc::emit {
/// The rows of the IR's values in the tables, and the bytes of constants in the weights section.
class Values {
public:
  Values(Tables &tables, Program &program) : t(tables), program(program) {}

  /// Adds a row for `v`. It has no shape yet: inputs get theirs when their symbols are bound. `offset` is a slot.
  uint32_t add(mlir::Value v, dlc_storage storage, uint32_t index, llvm::StringRef name, uint32_t offset = DLC_NONE);
  /// Computes the sizes of a tensor's row in the current stage's program.
  void setShape(mlir::Value v);
  /// Adds a row and the bytes of a constant. Errors are emitted.
  llvm::LogicalResult addConstant(rt::ConstantOp op);

  /// The row of `v`.
  uint32_t operator[](mlir::Value v) const { return rows.lookup(v); }
  /// The row that stands for an operand that isn't there.
  uint32_t absent();
  /// The rows of `values`, one after the other in the pool.
  dlc_abi_range range(mlir::ValueRange values);

private:
  uint64_t place(uint64_t hash, llvm::StringRef content);

  Tables &t;
  Program &program;
  llvm::DenseMap<mlir::Value, uint32_t> rows;
  uint32_t absentRow = DLC_NONE;
  /// Places in Program::weights, by the hash of their bytes.
  llvm::DenseMap<uint64_t, llvm::SmallVector<size_t, 1>> runsByHash;
};
} // namespace dlc::emit
#endif

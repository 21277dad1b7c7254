//===- Values.h - values and constants in the tables --------------------------------------------===//
#ifndef DLC_COMPILER_EMIT_VALUES_H
#define DLC_COMPILER_EMIT_VALUES_H
#include "compiler/emit/Program.h"
#include "compiler/emit/Tables.h"
#include <map>

namespace dlc::emit {
/// The rows of the IR's values in the tables, and the bytes of constants in the weights section: first those that steps
/// read, then, from a page on, those that are only prepared.
class Values {
public:
  Values(Tables &tables, Program &program) : t(tables), program(program) {}

  /// Adds a row for `v`. It has no shape yet: inputs get theirs when their symbols are bound. `offset` is a slot.
  uint32_t add(mlir::Value v, dlc_storage storage, uint32_t index, llvm::StringRef name, uint32_t offset = DLC_NONE);
  /// Computes the sizes of a tensor's row in the current stage's program.
  void setShape(mlir::Value v);
  /// Adds a row and the bytes of a constant. Errors are emitted.
  llvm::LogicalResult addConstant(rt::ConstantOp op);

  /// Adds a row for what kernel `kernel` makes of a constant, whose bytes are put behind all others. `variant` is 1 + the
  /// number of the variant. Errors are emitted.
  llvm::LogicalResult addPrepared(rt::PrepareOp op, uint32_t kernel, uint32_t variant);
  /// Results of preparations of the next variant may lie where those of this one do.
  void endVariant();
  /// Places the sources of preparations behind the other weights; the last thing to do.
  void finish(dlc_abi_model &header);

  /// The row of `v`.
  uint32_t operator[](mlir::Value v) const { return rows.lookup(v); }
  /// The row that stands for an operand that isn't there.
  uint32_t absent();
  /// The rows of `values`, one after the other in the pool.
  dlc_abi_range range(mlir::ValueRange values);

private:
  /// Bytes under construction, each run in its place; equal ones are written once.
  struct Section {
    std::vector<WeightRun> runs;
    uint64_t size = 0;
    llvm::DenseMap<uint64_t, llvm::SmallVector<size_t, 1>> runsByHash; ///< places in `runs`
    uint64_t place(llvm::StringRef content);
  };
  /// Puts a constant's bytes into `section`, and returns them there.
  mlir::FailureOr<WeightRun> store(rt::ConstantOp op, Section &section);

  Tables &t;
  Program &program;
  llvm::DenseMap<mlir::Value, uint32_t> rows;
  uint32_t absentRow = DLC_NONE;
  Section weights, sources;
  /// Of the variant that is being written: preparations by kernel, source and sizes, and what their results take.
  std::map<std::vector<uint64_t>, uint32_t> known;
  uint64_t preparedSize = 0, largestPrepared = 0;
};
} // namespace dlc::emit
#endif

//===- LaneBody.h - elements of a linalg kernel, several at a time ---------------------------------===//
#ifndef DLC_COMPILER_TARGET_CPU_LOOPS_LANEBODY_H
#define DLC_COMPILER_TARGET_CPU_LOOPS_LANEBODY_H
#include "compiler/target/cpu/KernelBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

namespace dlc::cpu {
/// Where a tensor's elements are.
struct TensorStorage {
  mlir::Value buffer;
  llvm::SmallVector<Idx> sizes; ///< of the dims that are stored
  int64_t skip = 0;             ///< leading dims that a row fixes, and that are not stored
  Idx origin = 0;               ///< the index in the first stored dim of the first stored element
};

/// A value of each lane. Indices are `base + lane * step` where `value` is null (all 0 when `repeats`, an i1, is true);
/// other values are a scalar, which all lanes share, or a vector.
struct LaneValue {
  mlir::Value value;
  Idx base = 0;
  int64_t step = 0;
  mlir::Value repeats;
  static LaneValue of(mlir::Value v) { return {v, 0, 0, {}}; }
  static LaneValue index(Idx base, int64_t step = 0) { return {mlir::Value(), base, step, {}}; }
  bool isIndex() const { return !value; }
  bool operator==(const LaneValue &other) const;
};
using LaneIndices = llvm::SmallVector<LaneValue>;

/// Emits the bodies of linalg ops for the lanes of a vector (or for a single element), with what they read from ops
/// that are computed where they are read. What has no vector form sets `failed`; the code so far is then of no use.
class LaneBody {
public:
  LaneBody(KernelBuilder &k, mlir::IRMapping &scalars, llvm::DenseMap<mlir::Value, TensorStorage> &storage)
      : k(k), b(k.builder()), scalars(scalars), storage(storage) {}

  Lanes lanes;         ///< width 1: a single element
  bool failed = false; ///< something had no form on these lanes
  int gathers = 0;     ///< accesses so far that were not to neighbouring elements
  /// Conditions whose outcome is known in the loops around.
  llvm::DenseMap<mlir::Value, bool> known;

  /// What the body of `op` yields at the indices `loops`; `accumulators` stand for its last arguments.
  llvm::SmallVector<mlir::Value> results(mlir::linalg::GenericOp op, llvm::ArrayRef<LaneValue> loops,
                                         mlir::ValueRange accumulators);
  void store(mlir::Value tensor, llvm::ArrayRef<LaneValue> at, mlir::Value v);
  /// A scalar in every lane; a vector as it is.
  mlir::Value spread(mlir::Value v);
  bool isVector(mlir::Value v) const { return llvm::isa<mlir::VectorType>(v.getType()); }
  /// Forgets what was computed so far: its code is gone.
  void reset();

private:
  using Environment = llvm::DenseMap<mlir::Value, LaneValue>;
  struct Offset {
    Idx base = 0, step = 0;
    mlir::Value lanes; // added to base + lane * step, when not null
  };
  mlir::Value element(mlir::Value tensor, llvm::ArrayRef<LaneValue> at);
  mlir::Value load(const TensorStorage &s, llvm::ArrayRef<LaneValue> at);
  mlir::Value gather(mlir::Value buffer, const Offset &offset);
  Offset offsetOf(const TensorStorage &s, llvm::ArrayRef<LaneValue> at);
  LaneValue lookup(mlir::Value v, Environment &env);
  mlir::Value materialize(const LaneValue &v);
  mlir::Value laneNumbers(Idx base, Idx step);
  void emitOps(mlir::Block &block, llvm::ArrayRef<LaneValue> loops, Environment &env);
  bool emitIndexOp(mlir::Operation &op, Environment &env);
  bool emitRepeats(mlir::Operation &op, Environment &env);
  void emitPlainOp(mlir::Operation &op, Environment &env);
  void emitIf(mlir::scf::IfOp branch, llvm::ArrayRef<LaneValue> loops, Environment &env);
  void emitFor(mlir::scf::ForOp loop, llvm::ArrayRef<LaneValue> loops, Environment &env);
  llvm::SmallVector<mlir::Value> yielded(mlir::Block &block, Environment &env, bool spreadAll);
  mlir::Type laneType(mlir::Type scalar) const;
  mlir::Value giveUp(mlir::Type type);

  KernelBuilder &k;
  mlir::OpBuilder &b;
  mlir::IRMapping &scalars;
  llvm::DenseMap<mlir::Value, TensorStorage> &storage;
  struct Computed {
    mlir::Operation *op;
    mlir::Block *where;
    LaneIndices at;
    mlir::Value mask, result;
    int width;
  };
  std::vector<Computed> computed;
};
} // namespace dlc::cpu
#endif

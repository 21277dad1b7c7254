//===- LoopNest.h - what the loops of a linalg kernel are ------------------------------------------===//
#ifndef DLC_COMPILER_TARGET_CPU_LOOPS_LOOPNEST_H
#define DLC_COMPILER_TARGET_CPU_LOOPS_LOOPNEST_H
#include "compiler/target/cpu/TargetInfo.h"
#include "dialects/dim/Dim.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace dlc::cpu {
/// A size: a number times some of the kernel's index arguments.
struct Extent {
  int64_t factor = 1;
  llvm::SmallVector<int64_t, 2> arguments; ///< sorted numbers among the index arguments
  bool isStatic() const { return arguments.empty(); }
  bool is(int64_t n) const { return isStatic() && factor == n; }
  bool operator==(const Extent &other) const { return factor == other.factor && arguments == other.arguments; }
};
Extent operator*(const Extent &x, const Extent &y);

/// The analysis of a kernel over linalg: which results are computed where they are read, which are kept, which loops
/// become one, and how the loops that all kept results share are cut into tiles.
class LoopNest {
public:
  explicit LoopNest(mlir::func::FuncOp func);
  /// Fails, with an error emitted, when the kernel has ops other than linalg.generic, linalg.fill, tensor.empty and
  /// scalar arithmetic.
  llvm::LogicalResult analyze();

  mutable mlir::func::FuncOp func;
  llvm::SmallVector<mlir::linalg::GenericOp> kept; ///< in order; each writes a buffer
  /// A tile fixes the indices of the first `tileDims` loops, and has `block` iterations of the next one (0: all).
  int64_t tileDims = 0;
  int64_t block = 0;
  /// Leading loops that are around all kept ops: `tileDims`, or one more when each iteration of a block is done by
  /// itself.
  int64_t rowDims = 0;
  llvm::SmallVector<Extent> sharedExtents; ///< of the leading loops that all kept ops share; loop `tileDims` is among
                                           ///< them, or there is no such loop
  dim::Expr tiles;
  dim::Expr flops;

  bool isKept(mlir::Value v) const { return keptValues.contains(v); }
  /// Sizes of a tensor: an argument of the function, or a generic's result.
  llvm::SmallVector<Extent> extents(mlir::Value tensor) const;
  /// Sizes of a kept generic's loops. Loops that became one with the next have size 1.
  llvm::ArrayRef<Extent> loops(mlir::linalg::GenericOp op) const { return merged.find(op)->second; }
  dim::Expr formula(const Extent &e) const;
  /// Lanes of a vector of this kernel's elements.
  int laneCount(const TargetInfo &target) const;
  static bool isParallel(mlir::linalg::GenericOp op);
  /// Whether the op has a second result, carried along its only reduction loop, the last.
  static bool isScan(mlir::linalg::GenericOp op) { return op.getNumResults() == 2; }
  /// How many leading loops are parallel.
  static int64_t parallelLoops(mlir::linalg::GenericOp op);

private:
  Extent extentOf(mlir::OpFoldResult size) const;
  llvm::SmallVector<Extent> loopExtents(mlir::linalg::GenericOp op) const;
  bool isExpensive(mlir::linalg::GenericOp op) const;
  void chooseKept();
  /// The kept op at whose indices alone `v` is read; null when there are several, or other indices.
  mlir::Operation *onlyReader(mlir::Value v) const;
  /// Tile loops that `op`'s accesses to values computed in this kernel allow.
  int64_t sharedLoops(mlir::linalg::GenericOp op) const;
  bool dependsOnKept(mlir::Value v) const;
  void mergeLoops(int64_t shared);
  /// Whether loops d and d + 1 of `op` only ever walk neighbouring dims of tensors (or none) in the same order.
  bool canMerge(mlir::linalg::GenericOp op, int64_t d) const;
  bool canMergeDims(mlir::Value tensor, int64_t d, const Extent &inner) const;
  /// What a point of `op` costs: about the bytes that could be moved in its time.
  int64_t pointCost(mlir::linalg::GenericOp op, llvm::DenseSet<mlir::Operation *> &seen) const;
  void chooseTiles(int64_t shared);
  void countFlops();

  llvm::SmallVector<mlir::linalg::GenericOp> generics;
  llvm::DenseSet<mlir::Value> keptValues, returned;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Extent>> merged;
  llvm::SmallVector<dim::Expr> dims;
  int64_t firstIndexArgument = 0;
};

/// Replaces the body of `func` by loops over linear buffers, in the form that docs/architecture.md gives for kernels.
llvm::LogicalResult lowerLinalgToLoops(mlir::func::FuncOp func, const TargetInfo &target);
} // namespace dlc::cpu
#endif

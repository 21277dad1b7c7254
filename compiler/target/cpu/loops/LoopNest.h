//===- LoopNest.h - what the loops of a linalg kernel are ---------------------------------===//
#ifndef DLC_COMPILER_TARGET_CPU_LOOPS_LOOPNEST_H
#define DLC_COMPILER_TARGET_CPU_LOOPS_LOOPNEST_H
#include "dialects/dim/Dim.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace dlc::cpu {
/// A size: a number or a kernel's index argument.
struct Extent {
  int64_t size = 0;        ///< when `argument` is -1
  int64_t argument = -1;   ///< counted among the index arguments
};

/// The analysis of a kernel over linalg: which results are computed where they are read, which are kept, and which
/// outer loops all kept results share. Those loops are the tiles.
class LoopNest {
public:
  explicit LoopNest(mlir::func::FuncOp func);
  /// Fails, with an error emitted, when the kernel has ops other than linalg.generic, linalg.fill, tensor.empty and
  /// scalar arithmetic.
  llvm::LogicalResult analyze();

  mutable mlir::func::FuncOp func;
  llvm::SmallVector<mlir::linalg::GenericOp> kept;        ///< in order; each writes a buffer
  int64_t tileDims = 0;                                    ///< how many outer loops make the tile number
  llvm::SmallVector<Extent> tileExtents;
  dim::Expr tiles;                                         ///< the product of the tile loops' sizes
  dim::Expr flops;

  bool isKept(mlir::Value v) const { return keptValues.contains(v); }
  /// Sizes of a tensor: an argument of the function, or a generic's result.
  llvm::SmallVector<Extent> extents(mlir::Value tensor) const;
  /// Sizes of a generic's loops.
  llvm::SmallVector<Extent> loopExtents(mlir::linalg::GenericOp op) const;
  dim::Expr formula(const Extent &e) const;
  static bool isParallel(mlir::linalg::GenericOp op);
  /// Whether the op has a second result, carried along its only reduction loop, the last.
  static bool isScan(mlir::linalg::GenericOp op) { return op.getNumResults() == 2; }
  /// How many leading loops are parallel.
  static int64_t parallelLoops(mlir::linalg::GenericOp op);

private:
  Extent extentOf(mlir::OpFoldResult size) const;
  bool isExpensive(mlir::linalg::GenericOp op) const;
  void chooseKept();
  /// Tile loops that `op`'s accesses to values computed in this kernel allow.
  int64_t sharedLoops(mlir::linalg::GenericOp op) const;
  bool dependsOnKept(mlir::Value v) const;
  void chooseTiles();
  void countFlops();

  llvm::SmallVector<mlir::linalg::GenericOp> generics;
  llvm::DenseSet<mlir::Value> keptValues, returned;
  llvm::SmallVector<dim::Expr> dims;
  int64_t firstIndexArgument = 0;
};

/// Replaces the body of `func` by loops over linear buffers, in the form that docs/architecture.md gives for kernels.
llvm::LogicalResult lowerLinalgToLoops(mlir::func::FuncOp func);
} // namespace dlc::cpu
#endif

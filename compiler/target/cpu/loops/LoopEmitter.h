//===- LoopEmitter.h - the loops of a linalg kernel around its bodies ------------------------------===//
#ifndef DLC_COMPILER_TARGET_CPU_LOOPS_LOOPEMITTER_H
#define DLC_COMPILER_TARGET_CPU_LOOPS_LOOPEMITTER_H
#include "compiler/target/cpu/KernelFunction.h"
#include "compiler/target/cpu/loops/LaneBody.h"
#include "compiler/target/cpu/loops/LoopNest.h"

namespace dlc::cpu {
/// Turns the kernel that `nest` describes into loops over linear buffers.
class LoopEmitter {
public:
  LoopEmitter(LoopNest &nest, const TargetInfo &target);
  void run();

private:
  /// Iterations [begin, begin + count) of a loop, and which conditions have a known outcome there.
  struct Range {
    Idx begin, count;
    llvm::SmallVector<std::pair<mlir::Value, bool>> known;
  };
  using Ranges = llvm::SmallVector<Range>;
  /// Gets the index of one more loop.
  using IndexBody = llvm::function_ref<void(const LaneValue &)>;

  // Frame.
  Idx idx(const Extent &e);
  void createEntry();
  void placeScratch();
  void emitTile(Idx tile);
  void emitOps(const LaneIndices &outer);
  void finish();

  // Loops.
  Idx extent(mlir::linalg::GenericOp op, int64_t d) { return idx(nest.loops(op)[d]); }
  /// What of loop d of `op` the tile has.
  Range wholeRange(mlir::linalg::GenericOp op, int64_t d);
  /// The same, cut where conditions on the loop's index change.
  Ranges rangesOf(mlir::linalg::GenericOp op, int64_t d);
  /// The last loop of [first, last) that has more than one iteration; -1: none.
  int64_t lastLoop(mlir::linalg::GenericOp op, int64_t first, int64_t last);
  /// Whether loop d is all that a row has, and so few elements that vectors would be nearly empty.
  bool isShortRow(mlir::linalg::GenericOp op, int64_t d);
  /// Loops [indices.size(), last) of `op`, but for `skipped`, whose index stays 0.
  void emitLoops(mlir::linalg::GenericOp op, LaneIndices indices, int64_t last, int64_t skipped,
                 llvm::function_ref<void(LaneIndices)> body);
  /// A range on all lanes, `unroll` vectors at a time, then what is left. `body` gets the first index and how many
  /// vectors.
  void emitLanes(const Range &range, int unroll, llvm::function_ref<void(Idx, int)> body);
  /// Runs `attempt` on vectors; when something has no vector form, removes its code. Returns whether code stands.
  bool tryLanes(llvm::function_ref<void()> attempt);
  /// How many accesses of `attempt` are not to neighbours; INT_MAX when it has no vector form. No code is left.
  int probe(llvm::function_ref<void()> attempt);
  void onScalars(llvm::function_ref<void()> body);

  // Kept ops.
  void emitParallel(mlir::linalg::GenericOp op, const LaneIndices &outer);
  void emitElements(mlir::linalg::GenericOp op, const LaneIndices &outer, int64_t vectorLoop);
  bool emitTransposed(mlir::linalg::GenericOp op, const LaneIndices &outer, int64_t v);
  void emitBlocks(mlir::linalg::GenericOp op, const LaneIndices &outer, int64_t u, int64_t v);
  void storeInterleaved(mlir::linalg::GenericOp op, LaneIndices at, int64_t u, int64_t v);
  void storeBlock(mlir::linalg::GenericOp op, LaneIndices at, int64_t u, int64_t v, Idx first, Idx left);
  void emitScan(mlir::linalg::GenericOp op, const LaneIndices &outer);
  mlir::Value initOf(mlir::linalg::GenericOp op);

  // Reductions.
  void emitReduction(mlir::linalg::GenericOp op, const LaneIndices &outer);
  void reduceScalars(mlir::linalg::GenericOp op, const LaneIndices &outer);
  void reduceColumns(mlir::linalg::GenericOp op, const LaneIndices &outer, int64_t column);
  void reduceAcross(mlir::linalg::GenericOp op, const LaneIndices &outer, int64_t axis, mlir::Operation *combiner);
  using Carried = llvm::SmallVector<mlir::Value>;
  Carried accumulateColumns(mlir::linalg::GenericOp op, LaneIndices at, Carried accumulators, int64_t column);
  Carried accumulateAcross(mlir::linalg::GenericOp op, LaneIndices at, Carried accumulators, int64_t axis);
  mlir::Value combine(mlir::linalg::GenericOp op, mlir::Operation *combiner, mlir::Value x, mlir::Value y);

  LoopNest &nest;
  mlir::OpBuilder b;
  KernelBuilder k;
  int width; ///< lanes of this kernel's vectors
  mlir::Block *old = nullptr, *entry = nullptr;
  KernelTail tail;
  Range blockRange; ///< of loop `tileDims`, in the tile that is emitted
  llvm::SmallVector<mlir::Value> dimArguments;
  llvm::DenseMap<mlir::Value, TensorStorage> storage;
  mlir::IRMapping scalars;
  LaneBody body;
};
} // namespace dlc::cpu
#endif

#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_GEMM_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_GEMM_H

#include "compiler/target/cpu/contraction/Choice.h"
#include "compiler/target/cpu/contraction/Element.h"
#include "compiler/target/cpu/contraction/Epilogue.h"
#include "compiler/target/cpu/contraction/Pack.h"

namespace dlc::cpu {

/// A batch dimension: its size, and the element strides of A, B and C (0 where an operand is broadcast).
struct GemmBatch {
  Idx size;
  Idx a, b, c;
};

/// C[batch, m, n] = sum over k of A[batch, m, k] * B[batch, k, n], for any strides of A and B; C's columns are
/// adjacent. Sizes and strides may be values of the kernel's function, or null values when only choosing a tile.
struct GemmProblem {
  llvm::SmallVector<GemmBatch> batch;
  Idx m, n, k;
  ContractionTypes types;
  /// Element strides. A dense row-major A has {k, 1}; a transposed one {1, m}.
  Idx aRow, aK = 1;
  Idx bK, bColumn = 1;
  Idx cRow;
  /// Element offsets of the first elements.
  Idx aOffset, bOffset, cOffset;
  /// B was packed by `packWeights` with `packedGemmB`'s descriptor; bK and bColumn are not used. Needs a static k and
  /// n.
  bool packedB = false;

  /// A, B and C dense and row-major.
  static GemmProblem dense(Idx m, Idx n, Idx k, ContractionTypes types);
};

/// How a GEMM is computed.
struct GemmTile {
  MacKind kind = MacKind::Widen;
  /// Register tile: rows x vectors of columns, and steps unrolled.
  int rows = 1, vectors = 1, unroll = 4;
  /// A tile of work: rows and columns of C; columns are a multiple of the panel.
  int64_t tileM = 1, tileN = 1;
  /// Consecutive tiles share rows of A instead of a panel of B.
  bool columnsFirst = false;
  /// Panels of B are packed into scratch by the kernel.
  bool packB = false;
  /// Lines of the next panel to fetch per unrolled iteration; 0: none.
  int prefetchLines = 0;
  /// Lanes of a vector.
  int lanes = 1;

  int64_t panel() const { return static_cast<int64_t>(vectors) * lanes; }
};

/// Picks tile sizes from the problem's static sizes and the target, but for what is `chosen`. Dynamic sizes are taken
/// to be moderately large.
GemmTile chooseGemmTile(const GemmProblem &problem, const TargetInfo &target, const Choice &chosen = {});
/// Register tiles worth measuring for a problem of static sizes, the model's first.
std::vector<Choice> gemmTiles(const GemmProblem &problem, const TargetInfo &target);
/// Changes worth measuring of everything else about `base`.
std::vector<Choice> gemmVariations(const GemmProblem &problem, const TargetInfo &target, const Choice &base);

/// Descriptor of a packed constant B of static sizes; groups: the product of batch sizes where B is not broadcast.
PackedWeights packedGemmB(const GemmProblem &problem, const GemmTile &tile, int64_t groups = 1);

/// The number of tiles is `product(batch sizes) * ceil(m / tileM) * ceil(n / tileN)`.
Idx gemmTileCount(KernelBuilder &kb, const GemmProblem &problem, const GemmTile &tile);

/// Scratch bytes: `fixed + perK * k`.
struct GemmScratch {
  int64_t fixed = 0;
  int64_t perK = 0;
};
GemmScratch gemmScratch(const GemmProblem &problem, const GemmTile &tile);

/// Emits a loop over tiles [begin, end). `scratch` is an i8 buffer, 64-byte-aligned; may be null when gemmScratch is
/// zero.
void emitGemm(KernelBuilder &kb, const GemmProblem &problem, const GemmTile &tile, mlir::Value a, mlir::Value b,
              mlir::Value c, const Epilogue &epilogue, Idx begin, Idx end, mlir::Value scratch = {});

} // namespace dlc::cpu

#endif

#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_STRASSEN_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_STRASSEN_H

#include "compiler/target/cpu/contraction/Choice.h"
#include "compiler/target/cpu/contraction/Element.h"
#include "compiler/target/cpu/contraction/Epilogue.h"

#include <optional>

namespace dlc::cpu {

/// C[m, n] = A[m, k] * B[k, n] in f32, with a constant B, by one level of Strassen's algorithm: two rows of register
/// tiles, two panels of columns and two halves of k at a time take seven products instead of eight.
struct StrassenProblem {
  Idx m;
  int64_t n = 1, k = 1;
  /// Elements between rows; those of a row are adjacent.
  Idx aRow, cRow;
  /// What a dynamic m is taken to be.
  int64_t expectedRows = 256;
};

/// A tile of work is up to `pairs` pairs of register tiles by `columns` columns. It takes `depth` of k at a time: sums
/// of parts of A go into scratch, then all pairs are multiplied with one pair of panels after the other.
struct StrassenPlan {
  /// Register tile.
  int rows = 1, vectors = 1, unroll = 4, lanes = 1;
  int64_t pairs = 1, columns = 1, depth = 1;
  /// Lines of the panels to come to fetch per unrolled iteration; 0: none.
  int prefetchLines = 0;

  int64_t panel() const { return int64_t(vectors) * lanes; }
  /// Fewer rows than this are summed directly, from the four panels that do not mix rows: loading three more takes
  /// longer than they save.
  int64_t rowsAtLeast = 96;
  /// Columns of a tile of so few rows, which is all of them.
  int64_t fewColumns = 1;
};

/// The plan that is estimated to be faster than the direct product; none where that one is.
std::optional<StrassenPlan> chooseStrassen(const StrassenProblem &problem, const TargetInfo &target,
                                           const Choice &chosen = {});

/// The sums of parts of B: `[k / depth][n / (2 * panel)][7][depth / 2][panel]`.
int64_t strassenWeights(const StrassenProblem &problem);
/// From B with element strides `kStride` and `columnStride`.
void packStrassenWeights(const StrassenProblem &problem, const StrassenPlan &plan, const float *source, int64_t kStride,
                         int64_t columnStride, float *destination);
/// Emits what packStrassenWeights does to B as `[k][n]`, of any float type: tiles [begin, end) of `(k / depth) * (n /
/// (2 * panel))`.
void emitStrassenWeights(KernelBuilder &kb, int64_t panel, mlir::Value b, mlir::Value packed, Idx n, Idx depth,
                         Idx begin, Idx end);
/// Scratch bytes, of one thread.
int64_t strassenScratch(const StrassenProblem &problem, const StrassenPlan &plan);
/// Emits a loop over tiles [begin, end); there are `2 * ceil(floor(m / (2 * plan.rows)) / (2 * plan.pairs)) * (n /
/// plan.columns)`, columns fastest, each of which has as many pairs as the others or one more, or `n / plan.fewColumns`
/// if m is below `plan.rowsAtLeast`. Rows of A with infinities or NaNs do not touch others. `scratch` is an i8 buffer,
/// 64-byte-aligned.
void emitStrassen(KernelBuilder &kb, const StrassenProblem &problem, const StrassenPlan &plan, mlir::Value a,
                  mlir::Value weights, mlir::Value output, const Epilogue &epilogue, Idx begin, Idx end,
                  mlir::Value scratch);

} // namespace dlc::cpu

#endif

#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_EPILOGUE_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_EPILOGUE_H

#include "compiler/target/cpu/KernelBuilder.h"

#include <functional>
#include <optional>
#include <type_traits>

namespace dlc::cpu {

/// Where a vector of results goes.
struct EpilogueCoord {
  /// Linear element offset of lane 0 in the output.
  Idx offset;
  /// Row of the output taken as a matrix [rows, columns]: batch and spatial position, linear.
  Idx row;
  /// Output column (channel) of lane 0.
  Idx column;
  /// Lanes that hold results; the others must not be read from or written to memory.
  Lanes lanes;
};

/// Results in f32, no NaN and below 2^30, that are stored as bytes: rounded (halves to even), plus `zero`, saturated.
struct ByteRounding {
  int zero = 0;
  bool isSigned = false;
};

/// Maps a vector of accumulators to what is stored (bias, activation, residual, requantisation). The result has the
/// same number of lanes, and the output buffer's element type or one that is converted to it. Null stores as is.
class Epilogue {
public:
  using Function = std::function<mlir::Value(KernelBuilder &, mlir::Value accumulators, const EpilogueCoord &)>;

  Epilogue() = default;
  template <class F>
    requires std::is_invocable_r_v<mlir::Value, F &, KernelBuilder &, mlir::Value, const EpilogueCoord &>
  Epilogue(F function) : function(std::move(function)) {}

  /// How its results become bytes; otherwise they are converted.
  std::optional<ByteRounding> rounding;
  /// Results in bf16 are rounded by the CPU's instruction, which like its products of pairs takes subnormal numbers for
  /// zero.
  bool roundsPairs = false;
  /// So many instructions that register tiles do not repeat it for each of their rows.
  bool isLong = false;

  /// The same, but for what is computed before it is rounded.
  Epilogue computing(Function other) const {
    Epilogue changed = *this;
    changed.function = std::move(other);
    return changed;
  }

  explicit operator bool() const { return bool(function); }
  mlir::Value operator()(KernelBuilder &kb, mlir::Value accumulators, const EpilogueCoord &coord) const {
    return function(kb, accumulators, coord);
  }

private:
  Function function;
};

/// The lanes' elements of a per-column vector, such as a bias.
mlir::Value loadColumns(KernelBuilder &kb, mlir::Value buffer, const EpilogueCoord &coord);
/// The element of a per-row vector in every lane.
mlir::Value loadRow(KernelBuilder &kb, mlir::Value buffer, const EpilogueCoord &coord);
/// The lanes' elements of a tensor shaped and laid out like the output, such as a residual.
mlir::Value loadLikeOutput(KernelBuilder &kb, mlir::Value buffer, const EpilogueCoord &coord);
/// Element `offset` of a buffer in every lane.
mlir::Value loadSplat(KernelBuilder &kb, mlir::Value buffer, Idx offset, const EpilogueCoord &coord);

/// A vector of f32 in bf16, by the CPU's instruction where it has one: that takes subnormal numbers for zero.
mlir::Value roundToBF16(KernelBuilder &kb, mlir::Value v);

/// A vector of finished accumulators, and where their results go.
struct Finished {
  mlir::Value accumulators;
  EpilogueCoord coord;
  /// The result lies directly behind that of the vector before, and every lane of both is stored.
  bool follows = false;
};

/// Applies the epilogue to finished accumulators, converts, and stores.
void storeResults(KernelBuilder &kb, llvm::ArrayRef<Finished> finished, mlir::Value output, const Epilogue &epilogue);
/// The same for one vector.
void storeResult(KernelBuilder &kb, mlir::Value accumulators, mlir::Value output, const EpilogueCoord &coord,
                 const Epilogue &epilogue);

} // namespace dlc::cpu

#endif

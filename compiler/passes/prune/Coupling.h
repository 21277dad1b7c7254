//===- Coupling.h - which channels can only be removed together ----------------------------===//
#ifndef DLC_COMPILER_PASSES_PRUNE_COUPLING_H
#define DLC_COMPILER_PASSES_PRUNE_COUPLING_H
#include "dialects/nn/NN.h"
#include <vector>

namespace dlc::prune {
using mlir::Value;

/// A dim of a tensor whose size is a number above 1.
struct Axis {
  Value value;
  int64_t dim = 0, size = 0;
  int64_t first = 0; ///< the number of its index 0
};

/// Puts the indices of all axes of a graph into classes, such that the graph keeps its meaning, but for what
/// contractions sum up, when whole classes are removed: an addition couples each channel of one operand with that of
/// the other and with that of the result, a convolution its input's channels with a dim of its weights, and so on.
///
/// A class is fixed where an op or the caller needs its indices: inputs and outputs, windows, what a softmax adds up,
/// and every dim of an op that no rule is known for.
class Coupling {
public:
  /// Follows every op of `body`.
  explicit Coupling(mlir::Block &body);

  llvm::ArrayRef<Axis> axes() const { return all; }
  /// The number in axes(); nullopt for dims whose size is not a number above 1.
  std::optional<size_t> axisOf(Value v, int64_t dim) const;
  size_t classCount() const { return fixed.size(); }
  size_t classOf(const Axis &axis, int64_t index) const { return classes[axis.first + index]; }
  bool isFixed(size_t number) const { return fixed[number]; }

  // For rules.
  /// Nothing of the value (of its dim) may go.
  void fix(Value v);
  void fix(Value v, int64_t dim);
  /// Whether nothing of the dim may go, as far as is known.
  bool isFixed(Value v, int64_t dim);
  /// Equal indices go together. Sizes are equal, or one of them is not known.
  void tie(Value v, int64_t dim, Value w, int64_t otherDim);
  /// Single indices go together.
  void tie(Value v, int64_t dim, int64_t index, Value w, int64_t otherDim, int64_t otherIndex);

private:
  void add(Value v);
  int64_t find(int64_t node);
  void unite(int64_t a, int64_t b);
  void number();

  std::vector<Axis> all;
  llvm::DenseMap<Value, llvm::SmallVector<int64_t, 4>> numbers; ///< per dim: in `all`, or -1
  std::vector<int64_t> parents;                                 ///< a union-find over indices
  std::vector<bool> held;                                       ///< of roots: fixed
  std::vector<uint32_t> classes;
  std::vector<bool> fixed;
};

/// Couples what `op` couples.
void addRule(mlir::Operation *op, Coupling &c);
} // namespace dlc::prune
#endif

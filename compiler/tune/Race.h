//===- Race.h - candidates measured in turns ----------------------------------------------------------------===//
#ifndef DLC_COMPILER_TUNE_RACE_H
#define DLC_COMPILER_TUNE_RACE_H
#include "compiler/tune/Candidates.h"
#include <chrono>

namespace dlc::tune {
/// The buffers of a kernel: constants as the network has them, and random values for the rest.
class Buffers {
public:
  /// `constants`: per argument the constant of a dispatch, or null.
  Buffers(mlir::func::FuncOp kernel, llvm::ArrayRef<mlir::ElementsAttr> constants);
  /// The constant of argument `i`, as the graph has it.
  const nn::Tensor &constant(unsigned i) const { return tensors[i]; }
  /// The buffers in order: inputs, then the result.
  std::vector<void *> pointers() const;
  nn::Tensor &result() { return tensors.back(); }

private:
  std::vector<nn::Tensor> tensors; ///< views of aligned places in `owned`
  std::vector<nn::Tensor> owned;
};

/// Takes part in a race: a candidate with copies of what it packs, so that weights come from as far as they do in the
/// network, whose other layers' weights pass through the caches between two runs.
class Runner {
public:
  Runner(const Candidate &candidate, const Buffers &buffers, int64_t copies);
  /// Why the candidate can't run, such as what a library says; empty: it can.
  const std::string &problem() const { return failure; }
  /// Runs all tiles, on the next copy.
  void run();
  /// The median over blocks of the least seconds of a run in each.
  double seconds() const;
  std::vector<double> minima;

private:
  const Candidate *candidate;
  std::vector<std::vector<void *>> arguments; ///< per copy
  std::vector<LibraryKernels::Call> calls;    ///< per copy, where a library computes the kernel
  std::string failure;
  std::vector<nn::Tensor> owned;
  nn::Tensor scratch;
  size_t next = 0, stride = 1;
};

/// How long a race is: `blocks` of rounds in which each runner runs once, so that all see the same clock and the same
/// neighbours on the machine.
struct RaceLength {
  int blocks;
  double secondsPerBlock; ///< of one runner
  int leastRounds;
};
/// Clears and fills the runners' minima.
void race(llvm::MutableArrayRef<Runner> runners, const RaceLength &length);

/// Whether the minima of a race leave no doubt that `a` is faster than `b`: by more than 2% in the median, and in all
/// blocks but one at most (of seven, two that are equally fast show that once in sixteen times).
bool isFaster(llvm::ArrayRef<double> a, llvm::ArrayRef<double> b);

/// The largest difference between the elements, as a fraction of the peak of `expected`; infinite where one is NaN and
/// the other is not.
double difference(const nn::Tensor &expected, const nn::Tensor &actual);
} // namespace dlc::tune
#endif

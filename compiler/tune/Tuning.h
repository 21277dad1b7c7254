//===- Tuning.h - whether kernels are measured, and what came of it ---------------------------------------===//
#ifndef DLC_COMPILER_TUNE_TUNING_H
#define DLC_COMPILER_TUNE_TUNING_H
#include "compiler/tune/TuneCache.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace dlc::tune {
/// Kernels of the strategy `onednn`, to be measured.
class LibraryKernels {
public:
  virtual ~LibraryKernels() = default;
  /// Computes a kernel from its buffers, the inputs and then the result, on one thread, and says what went wrong
  /// (empty: nothing). What was made of the weights in the first call is used in all others.
  using Call = std::function<std::string(void *const *buffers)>;
  virtual llvm::Expected<Call> make(mlir::func::FuncOp kernel) const = 0;
};

/// Of a compilation; shared by all copies of its options.
struct Tuning {
  TuneCache cache;
  /// What may be spent on measuring what is not in the cache; 0: nothing is measured.
  double seconds = 0;
  /// Set when calls of oneDNN may be measured.
  std::shared_ptr<const LibraryKernels> library;
  /// When that is over; set when measuring begins.
  std::optional<std::chrono::steady_clock::time_point> deadline;
  /// Kernels, of all variants: found in the cache, measured now, not measured for want of time, of sizes that only a
  /// run knows, and for a CPU that this machine is not. `faster`: of all those known or measured.
  int known = 0, measured = 0, left = 0, dynamic = 0, foreign = 0, faster = 0;
  /// "22 kernels measured, 3 from the cache, 9 are faster than the cost model's choice".
  std::string summary() const;
};
} // namespace dlc::tune
#endif

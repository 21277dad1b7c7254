#ifndef DLC_TESTS_UNIT_CONTRACTION_JIT_H
#define DLC_TESTS_UNIT_CONTRACTION_JIT_H

#include "compiler/target/cpu/KernelBuilder.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dlc::cpu {

/// A kernel compiled and loaded into this process.
class Kernel {
public:
  struct Arguments {
    std::vector<mlir::Value> buffers;
    std::vector<mlir::Value> dims;
    mlir::Value begin, end, scratch;
  };
  using Body = std::function<void(KernelBuilder &, const Arguments &)>;
  struct Buffer {
    mlir::Type element;
    int64_t size = 1;
  };

  /// Builds `func @k`, lowers it, and loads the object. Fails the process with a message when it can't.
  static Kernel compile(mlir::MLIRContext &context, const TargetInfo &target, const std::vector<Buffer> &buffers,
                        int dims, const Body &body, const std::string &dump = "");

  int32_t run(const std::vector<void *> &buffers, const std::vector<int64_t> &dims, int64_t begin, int64_t end,
              void *scratch = nullptr) const;

private:
  using Function = int32_t (*)(void *const *, const int64_t *, int64_t, int64_t, void *);
  std::shared_ptr<void> jit;
  Function function = nullptr;
};

/// A context with everything that kernels need.
std::unique_ptr<mlir::MLIRContext> makeKernelContext();

/// The targets that this machine can execute, widest first. `extensions`: also without, and with, the dot products that
/// the others have or lack.
std::vector<TargetInfo> executableTargets(bool extensions = false);

} // namespace dlc::cpu

#endif

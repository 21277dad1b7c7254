#ifndef DLC_TESTS_UNIT_MATH_ELEMENTWISE_H
#define DLC_TESTS_UNIT_MATH_ELEMENTWISE_H

#include "compiler/target/cpu/TargetInfo.h"
#include "mlir/IR/Builders.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dlc {

/// An elementwise function that was written with `math` and `arith` ops, expanded, compiled and loaded.
class Elementwise {
public:
  using Body = std::function<std::vector<mlir::Value>(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;
  struct Spec {
    /// Element types, such as {b.getF32Type()}; made from a context.
    std::function<std::vector<mlir::Type>(mlir::OpBuilder &)> inputs, outputs;
    Body body;
    /// Shape of the vectors; empty for a loop over scalars.
    std::vector<int64_t> shape = {16};
    /// Dialects that `body` needs beside those of kernels.
    void (*registerMore)(mlir::DialectRegistry &) = nullptr;
  };

  /// Fails the test process with a message when something can't be compiled.
  static Elementwise compile(const Spec &spec, const cpu::TargetInfo &target, const std::string &dump = "");
  /// The same, from f32 or f64 to itself, for an op like "math.exp".
  static Elementwise compileOp(const std::string &op, int operands, bool isF64, const cpu::TargetInfo &target,
                               std::vector<int64_t> shape = {16});
  /// An ONNX node of one f32 input as it is imported, each of its nn ops as their own rules emit it in kernels.
  struct Node {
    const char *op;
    int64_t opset;
    const char *attributes = ""; ///< words such as "alpha=1"
  };
  static Elementwise compileNode(const Node &node, const cpu::TargetInfo &target);

  /// Inputs, then outputs. `count` is a multiple of the vector's elements.
  void run(const std::vector<const void *> &buffers, int64_t count) const;

  /// Symbols that the object file doesn't define.
  std::vector<std::string> undefinedSymbols;

private:
  using Function = int32_t (*)(const void *const *, const int64_t *, int64_t, int64_t, void *);
  std::shared_ptr<void> jit;
  Function function = nullptr;
};

/// The widest target that this machine can execute.
cpu::TargetInfo hostTarget();
/// All targets that this machine can execute, widest first.
std::vector<cpu::TargetInfo> hostTargets();

} // namespace dlc

#endif

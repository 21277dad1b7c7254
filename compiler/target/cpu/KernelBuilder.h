#ifndef DLC_COMPILER_TARGET_CPU_KERNELBUILDER_H
#define DLC_COMPILER_TARGET_CPU_KERNELBUILDER_H

#include "compiler/target/cpu/TargetInfo.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace dlc::cpu {

/// A size or an offset: known while compiling, or an SSA value of index type. `ShapedType::kDynamic` makes a size that is
/// dynamic and has no value: enough to choose tiles, not to emit code.
class Idx {
public:
  Idx(int64_t constant = 0) : number(constant) {}
  Idx(int constant) : number(constant) {}
  Idx(mlir::Value value) : ssa(value) {}

  bool isStatic() const { return !ssa && number != mlir::ShapedType::kDynamic; }
  bool is(int64_t constant) const { return isStatic() && number == constant; }
  int64_t constant() const { return number; }
  mlir::Value value() const { return ssa; }
  /// The constant, or `fallback` when the size is dynamic.
  int64_t constantOr(int64_t fallback) const { return isStatic() ? number : fallback; }

private:
  int64_t number = 0;
  mlir::Value ssa;
};

/// Which lanes of a vector take part in a load or store: lanes [0, active) of `width`.
struct Lanes {
  int width = 1;
  /// vector<width x i1>; null when every lane is active.
  mlir::Value mask;
  /// Number of active lanes.
  Idx active = 1;

  bool full() const { return !mask; }
};

/// Builds the body of a kernel: a thin layer on OpBuilder that folds index arithmetic, and speaks of linear (rank 1)
/// buffers, element offsets and vectors. Index arithmetic assumes no signed overflow.
class KernelBuilder {
public:
  KernelBuilder(mlir::OpBuilder &builder, mlir::Location loc, const TargetInfo &target)
      : b(builder), loc(loc), target(target) {}

  mlir::OpBuilder &builder() { return b; }
  mlir::Location location() const { return loc; }
  const TargetInfo &targetInfo() const { return target; }
  mlir::MLIRContext *context() { return b.getContext(); }

  // Index arithmetic. Division and remainder are of non-negative numbers, unless the name says otherwise.
  mlir::Value index(Idx x);
  Idx add(Idx x, Idx y);
  Idx sub(Idx x, Idx y);
  Idx mul(Idx x, Idx y);
  Idx min(Idx x, Idx y);
  Idx max(Idx x, Idx y);
  Idx div(Idx x, Idx y);
  Idx rem(Idx x, Idx y);
  Idx ceilDiv(Idx x, Idx y);
  /// ceil(x / y) for any sign of x, y > 0, never below `atLeast` (>= 0): the usual clamp of a loop bound.
  Idx ceilDivAtLeast(Idx x, int64_t y, int64_t atLeast);
  /// condition ? x : y.
  Idx select(mlir::Value condition, Idx x, Idx y);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, Idx x, Idx y);
  mlir::Value lessThan(Idx x, Idx y) { return compare(mlir::arith::CmpIPredicate::slt, x, y); }
  mlir::Value logicalAnd(mlir::Value x, mlir::Value y);
  /// 0 <= x < bound.
  mlir::Value inRange(Idx x, Idx bound);

  // Types and constants.
  /// Lanes of a full register of `element`.
  int lanes(mlir::Type element) const;
  mlir::VectorType vectorType(mlir::Type element, int width) const { return mlir::VectorType::get({width}, element); }
  /// A scalar or splat constant of `type` (float, integer, or a vector of them).
  mlir::Value constant(mlir::Type type, double number);
  mlir::Value zero(mlir::Type type);
  Lanes allLanes(int width) const;
  /// The first `count` lanes of `width`; all of them when count >= width. A count <= 0 leaves none.
  Lanes firstLanes(int width, Idx count);

  // Memory. Offsets are in elements of the buffer.
  mlir::Type elementType(mlir::Value buffer) const;
  mlir::Value loadScalar(mlir::Value buffer, Idx offset);
  void storeScalar(mlir::Value scalar, mlir::Value buffer, Idx offset);
  mlir::Value load(mlir::Value buffer, Idx offset, int width);
  /// Inactive lanes are zero and not read.
  mlir::Value load(mlir::Value buffer, Idx offset, const Lanes &lanes);
  mlir::Value broadcastLoad(mlir::Value buffer, Idx offset, int width);
  void store(mlir::Value vector, mlir::Value buffer, Idx offset);
  void store(mlir::Value vector, mlir::Value buffer, Idx offset, const Lanes &lanes);
  /// Fetches the cache line of an element for reading; locality 3 is every cache, 2 is L2. Never faults.
  void prefetch(mlir::Value buffer, Idx offset, int locality);

  // Arithmetic on scalars or vectors, float or integer; floats may contract.
  mlir::Value broadcast(mlir::Value scalar, int width);
  mlir::Value addValues(mlir::Value x, mlir::Value y);
  mlir::Value subValues(mlir::Value x, mlir::Value y);
  mlir::Value mulValues(mlir::Value x, mlir::Value y);
  /// x * y + z, fused where the target has it. Integers wrap.
  mlir::Value multiplyAdd(mlir::Value x, mlir::Value y, mlir::Value z);
  mlir::Value selectValues(mlir::Value condition, mlir::Value x, mlir::Value y);
  /// x < 0 ? 0 : x; keeps NaN. One instruction for floats.
  mlir::Value relu(mlir::Value x);
  /// Converts to another element type: widens, narrows (truncating), or converts between integer and float.
  mlir::Value convert(mlir::Value x, mlir::Type element, bool isSigned = true);
  mlir::Value bitcast(mlir::Value x, mlir::Type type);
  mlir::Value shuffle(mlir::Value x, mlir::Value y, llvm::ArrayRef<int64_t> lanes);

  // Control flow.
  using LoopBody = llvm::function_ref<llvm::SmallVector<mlir::Value>(Idx iv, mlir::ValueRange carried)>;
  /// for (iv = lower; iv < upper; iv += step), carrying `inits`. No loop is built when the trip count is 0 or 1.
  llvm::SmallVector<mlir::Value> loop(Idx lower, Idx upper, int64_t step, mlir::ValueRange inits, LoopBody body);
  void loop(Idx lower, Idx upper, int64_t step, llvm::function_ref<void(Idx iv)> body);
  void ifThen(mlir::Value condition, llvm::function_ref<void()> thenBody, llvm::function_ref<void()> elseBody = {});
  llvm::SmallVector<mlir::Value> ifElse(mlir::Value condition, mlir::TypeRange results,
                                        llvm::function_ref<llvm::SmallVector<mlir::Value>()> thenBody,
                                        llvm::function_ref<llvm::SmallVector<mlir::Value>()> elseBody);

private:
  mlir::OpBuilder &b;
  mlir::Location loc;
  TargetInfo target;
};

} // namespace dlc::cpu

#endif

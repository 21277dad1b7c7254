//===- Lower.h - the generic lowering of nn ops to linalg on plain tensors ----------===//
#ifndef DLC_DIALECTS_NN_LOWER_LOWER_H
#define DLC_DIALECTS_NN_LOWER_LOWER_H
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <functional>

namespace dlc::nn {
/// The type of a lowered tensor: no encoding, storage elements.
mlir::RankedTensorType getPlainType(mlir::RankedTensorType type);

/// Builds linalg ops for one kernel. Sizes come from `size`, which turns a formula into an index value.
class LowerContext {
public:
  using SizeFn = std::function<mlir::Value(dim::Expr)>;
  /// Computes one result element from the indices of the iteration space.
  using IndexBody = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;
  using ElementBody = IndexBody;

  LowerContext(mlir::OpBuilder &b, mlir::Location loc, SizeFn size) : b(b), loc(loc), sizeFn(std::move(size)) {}
  mlir::OpBuilder &b;
  mlir::Location loc;

  mlir::Value size(dim::Expr e);
  mlir::Value index(int64_t value);
  /// A tensor without contents.
  mlir::Value empty(llvm::ArrayRef<dim::Expr> shape, mlir::Type storage);
  /// A tensor of `shape` each element of which is `body(indices)`.
  mlir::Value compute(llvm::ArrayRef<dim::Expr> shape, mlir::Type storage, IndexBody body);
  /// The same for the shape and storage type of the nn value `like`.
  mlir::Value compute(mlir::Value like, IndexBody body);
  /// A parallel linalg.generic: `body` gets one element of each input, read through its map from the result's dims.
  mlir::Value map(llvm::ArrayRef<dim::Expr> shape, mlir::Type storage, llvm::ArrayRef<mlir::Value> inputs,
                  llvm::ArrayRef<mlir::AffineMap> maps, ElementBody body);
  /// Reduces over extra dims of sizes `reduced`, which follow the dims of `shape`: starts with `init` (a scalar), then
  /// acc = body(acc, indices). Without dims in `reduced`, each element is body(init, indices).
  mlir::Value reduce(llvm::ArrayRef<dim::Expr> shape, llvm::ArrayRef<dim::Expr> reduced, mlir::Type storage,
                     mlir::Value init,
                     llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::Value, mlir::ValueRange)> body);
  /// Goes along dim `axis` in order: (element, carry) = body(carry, indices), where carry starts with `init` (a scalar). A
  /// linalg.generic of two results whose last loop is a reduction: the elements, and the last carry.
  mlir::Value scan(llvm::ArrayRef<dim::Expr> shape, unsigned axis, mlir::Type storage, mlir::Value init,
                   llvm::function_ref<std::pair<mlir::Value, mlir::Value>(mlir::OpBuilder &, mlir::Location, mlir::Value,
                                                                          mlir::ValueRange)> body);
  /// The index of an operand's dim of size `own` for index `i` of a result's dim of size `full`; a dim that may be 1 at
  /// run time is compared then.
  mlir::Value broadcastIndex(mlir::OpBuilder &b, mlir::Location loc, dim::Expr own, dim::Expr full, mlir::Value i);
  /// Reads an element inside a body.
  static mlir::Value extract(mlir::OpBuilder &b, mlir::Location loc, mlir::Value tensor, mlir::ValueRange indices) {
    return mlir::tensor::ExtractOp::create(b, loc, tensor, indices);
  }

private:
  SizeFn sizeFn;
};

/// A constant of `type` (a float, integer or index, or a vector of them); a number outside the type saturates.
mlir::Value constantOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type, double value);
mlir::Value integerOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type, int64_t value);
/// `type` with its element type (or itself, when scalar) replaced.
mlir::Type withElement(mlir::Type type, mlir::Type element);
/// Between the type elements are stored in and the one arithmetic is done in: f32 for smaller floats, i1 for booleans.
/// `element` is the nn element type.
mlir::Value fromStorage(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, mlir::Type element);
mlir::Value toStorage(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, mlir::Type element);
mlir::Type getComputeType(mlir::Type element);
/// min/max as the specification has them: NaN wins. Operands of the compute type of `element`.
mlir::Value emitMin(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y, mlir::Type element);
mlir::Value emitMax(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y, mlir::Type element);
mlir::Value emitAdd(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y);
mlir::Value emitMul(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Value y);
/// Converts between compute types of two nn element types (see nn.cast).
mlir::Value emitCast(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, mlir::Type from, mlir::Type to);

/// A value of the compute type of a small float, no greater than that type's greatest number; NaN stays.
mlir::Value clampToGreatest(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, mlir::Type element);

/// Attaches `lower` and `emitElement` to every op that has them.
void registerLower(mlir::DialectRegistry &registry);
} // namespace dlc::nn
#endif

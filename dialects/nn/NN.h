//===- NN.h - the graph dialect --------------------------------------------------===//
#ifndef DLC_DIALECTS_NN_NN_H
#define DLC_DIALECTS_NN_NN_H
#include "dialects/dim/Dim.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace dlc::nn {
class EvalContext;
class Datum;
class LowerContext;
struct SizeRule;

/// Element type classes. Signed integers are signless (`i8`), unsigned ones say so (`ui8`), booleans are `i1`.
bool isFloat(mlir::Type element);
bool isInteger(mlir::Type element);
bool isNumber(mlir::Type element);
bool isBool(mlir::Type element);
bool isIndexLike(mlir::Type element);
bool isString(mlir::Type element);
/// How the element type is stored in kernels' buffers: signless, booleans as i8.
mlir::Type getStorageType(mlir::Type element);
/// Bits that one element takes in memory (booleans 8); 0 for strings.
unsigned getElementBits(mlir::Type element);

/// The verifier of InferTypes: inferred and actual result types must be compatible.
llvm::LogicalResult verifyResultTypes(mlir::Operation *op);
/// True when a value of type `a` may stand where `b` was inferred: equal up to dims that one of them does not know.
bool areCompatible(mlir::Type a, mlir::Type b);
/// Infers and sets the result types of `op`; true in `changed` when one of them changed.
llvm::LogicalResult refineResultTypes(mlir::Operation *op, bool *changed = nullptr);

/// Multi-directional broadcasting of shapes (ONNX "Broadcasting"). Fails, with the text in `error`, when dims differ.
mlir::FailureOr<dim::Shape> broadcastShapes(llvm::ArrayRef<dim::Shape> shapes, std::string &error);
/// The elements of the op's result as formulas, given those of its operands: what ShapeValue says, where the result is
/// a small tensor of integers or booleans whose type holds them.
std::optional<dim::Shape> inferShapeValue(mlir::Operation *op, llvm::ArrayRef<std::optional<dim::Shape>> operands);

/// The elements of small integer tensors as formulas, where shape arithmetic can follow them. Each value is looked at
/// once, so an op must be forgotten before it is erased or changes its meaning.
class ShapeValues {
public:
  std::optional<dim::Shape> of(mlir::Value value);
  void forget(mlir::Operation *op);

private:
  llvm::DenseMap<mlir::Value, std::optional<dim::Shape>> known;
};
/// The same for one value.
inline std::optional<dim::Shape> getShapeValue(mlir::Value value) { return ShapeValues().of(value); }
/// The tensor's sizes.
inline dim::Shape shapeOf(mlir::Value v) { return dim::getShape(llvm::cast<mlir::RankedTensorType>(v.getType())); }
inline mlir::Type elementOf(mlir::Value v) { return llvm::cast<mlir::RankedTensorType>(v.getType()).getElementType(); }
/// Whether the op is elementwise, with broadcasting: an EmitElement that works by element.
bool isElementwise(mlir::Operation *op);
inline int64_t rankOf(mlir::Value v) { return llvm::cast<mlir::RankedTensorType>(v.getType()).getRank(); }
/// `axis` counted from the front; nullopt when out of range for `rank`.
std::optional<int64_t> normalizeAxis(int64_t axis, int64_t rank);
} // namespace dlc::nn

#include "dialects/nn/NNDialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/nn/NNTypes.h.inc"
#include "dialects/nn/NNEnums.h.inc"
#include "dialects/nn/NNInterfaces.h.inc"
#define GET_OP_CLASSES
#include "dialects/nn/NNOps.h.inc"

namespace dlc::nn {
/// Creates an op whose result types are inferred: `args` are those of the op's builder after the result types.
/// On failure the error has been emitted and nothing is left behind.
template <class OpTy, class... Args>
mlir::FailureOr<OpTy> tryCreate(mlir::OpBuilder &b, mlir::Location loc, Args &&...args) {
  mlir::Type none = b.getNoneType();
  OpTy op;
  if constexpr (OpTy::template hasTrait<mlir::OpTrait::OneResult>()) {
    op = OpTy::create(b, loc, none, std::forward<Args>(args)...);
  } else if constexpr (OpTy::template hasTrait<mlir::OpTrait::NResults<2>::Impl>()) {
    op = OpTy::create(b, loc, mlir::TypeRange{none, none}, std::forward<Args>(args)...);
  } else if constexpr (OpTy::template hasTrait<mlir::OpTrait::NResults<3>::Impl>()) {
    op = OpTy::create(b, loc, mlir::TypeRange{none, none, none}, std::forward<Args>(args)...);
  } else if constexpr (OpTy::template hasTrait<mlir::OpTrait::NResults<4>::Impl>()) {
    op = OpTy::create(b, loc, mlir::TypeRange{none, none, none, none}, std::forward<Args>(args)...);
  } else {
    op = OpTy::create(b, loc, std::forward<Args>(args)...); // the caller says how many results there are
  }
  if (mlir::failed(refineResultTypes(op))) {
    op->erase();
    return mlir::failure();
  }
  return op;
}

/// tryCreate where operands are known to fit.
template <class OpTy, class... Args> OpTy create(mlir::OpBuilder &b, mlir::Location loc, Args &&...args) {
  mlir::FailureOr<OpTy> op = tryCreate<OpTy>(b, loc, std::forward<Args>(args)...);
  assert(mlir::succeeded(op) && "operands must fit");
  return *op;
}
} // namespace dlc::nn
#endif

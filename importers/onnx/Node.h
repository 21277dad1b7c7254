//===- Node.h - one node while it is imported ------------------------------------------===//
#ifndef DLC_IMPORTERS_ONNX_NODE_H
#define DLC_IMPORTERS_ONNX_NODE_H
#include "dialects/nn/NN.h"
#include "dialects/nn/eval/Eval.h"
#include "importers/onnx/RuleTable.h"
#include "importers/onnx/Scope.h"
#include "llvm/ADT/StringSet.h"

namespace dlc::onnx_import {
class Importer;
using dim::Expr;
using dim::Shape;
using mlir::Type;
using mlir::Value;
using Ints = llvm::SmallVector<int64_t, 6>;

/// What a rule sees of its node: operands, attributes, and the means to create ops and to state results.
///
/// The first thing that goes wrong makes the node fail; from then on, everything that creates ops returns null, so that
/// a rule needs to check only values whose types it looks at. Attributes that a rule never asks for are a problem too.
class Node {
public:
  Node(Importer &importer, Scope &scope, const onnx::NodeProto &proto, mlir::OpBuilder &builder, mlir::Location loc,
       llvm::SmallVector<Value> operands, int64_t opset, int since);

  const onnx::NodeProto &proto;
  Importer &importer;
  Scope &scope;
  mlir::OpBuilder &builder;
  const mlir::Location loc;
  /// The opset that the model imports, and the version of the op that this is.
  const int64_t opset;
  const int since;
  llvm::StringRef op() const { return proto.op_type(); }
  mlir::MLIRContext *context() const { return builder.getContext(); }

  // Operands. Those up to the rule's least number are there.
  unsigned numInputs() const { return operands.size(); }
  Value in(unsigned i) const { return i < operands.size() ? operands[i] : Value(); }
  bool has(unsigned i) const { return bool(in(i)); }
  mlir::ValueRange inputs() const { return operands; }

  // Results.
  unsigned numOutputs() const { return proto.output_size(); }
  bool wants(unsigned i) const { return i < numOutputs() && !proto.output(i).empty(); }
  void set(unsigned i, Value v);
  /// States result 0 and ends the rule.
  llvm::LogicalResult result(Value v) {
    set(0, v);
    return status();
  }
  llvm::ArrayRef<Value> results() const { return outputs; }

  // Errors.
  llvm::LogicalResult fail(const llvm::Twine &reason);
  bool failed() const { return hasFailed; }
  llvm::LogicalResult status() const { return mlir::failure(hasFailed); }
  const std::string &reason() const { return failure; }

  // Attributes, with the value to take when they are absent.
  bool hasAttribute(llvm::StringRef name);
  int64_t getInt(llvm::StringRef name, int64_t otherwise);
  bool getBool(llvm::StringRef name, bool otherwise) { return getInt(name, otherwise) != 0; }
  double getFloat(llvm::StringRef name, double otherwise);
  std::string getString(llvm::StringRef name, llvm::StringRef otherwise);
  Ints getInts(llvm::StringRef name, llvm::ArrayRef<int64_t> otherwise = {});
  llvm::SmallVector<float> getFloats(llvm::StringRef name);
  llvm::SmallVector<std::string> getStrings(llvm::StringRef name);
  /// Null when absent (or of another type: then the node fails).
  const onnx::GraphProto *getGraph(llvm::StringRef name);
  const onnx::TensorProto *getTensor(llvm::StringRef name);
  const onnx::AttributeProto *getAttribute(llvm::StringRef name);
  /// The nn element type of the DataType in an attribute; fails when there is none.
  Type getElementType(llvm::StringRef name, int64_t otherwise);
  /// For attributes that mean nothing here.
  void ignore(std::initializer_list<llvm::StringRef> names);
  /// The first attribute that the rule has not asked for; empty when there is none.
  llvm::StringRef unusedAttribute() const;
  /// The axis counted from the front; fails when it is out of range.
  int64_t axis(int64_t axis, int64_t rank);
  /// The same for several, which must differ. Ascending when `sorted`.
  Ints axes(llvm::ArrayRef<int64_t> axes, int64_t rank, bool sorted = true);

  // Values known while importing.
  /// The elements of operand `i`, a 1-D (or scalar) integer tensor, as formulas; those that can't be followed become
  /// symbols that are read from the data. Empty and failed when their number is not known.
  std::optional<Shape> sizes(unsigned i);
  /// The elements of an integer tensor, where all are known now.
  std::optional<Ints> knownInts(Value v);
  /// The elements of a constant tensor of numbers, converted.
  std::optional<llvm::SmallVector<double>> knownFloats(Value v);
  /// The elements of a constant; null when `v` is none.
  std::optional<nn::Tensor> knownTensor(Value v);
  /// The elements of a small integer tensor as formulas; those that can't be followed become symbols that are read.
  std::optional<Shape> readSizes(Value v);
  /// Attribute or operand `i`, whichever this version of the op has; both are numbers known now.
  std::optional<Ints> knownIntsOf(llvm::StringRef attribute, unsigned i);

  // Ops. All infer their types; all return null after a failure.
  template <class OpTy, class... Args> Value make(Args &&...args) {
    if (hasFailed) {
      return {};
    }
    mlir::FailureOr<OpTy> created = nn::tryCreate<OpTy>(builder, loc, std::forward<Args>(args)...);
    if (mlir::failed(created) || mlir::failed(finish(*created))) {
      hasFailed = true;
      return {};
    }
    return (*created)->getResult(0);
  }
  /// The same for an op of N results.
  template <class OpTy, unsigned N, class... Args> std::array<Value, N> makeAll(Args &&...args) {
    std::array<Value, N> results{};
    if (hasFailed) {
      return results;
    }
    mlir::FailureOr<OpTy> created = nn::tryCreate<OpTy>(builder, loc, std::forward<Args>(args)...);
    if (mlir::succeeded(created) && mlir::succeeded(finish(*created))) {
      llvm::copy((*created)->getResults(), results.begin());
    } else {
      hasFailed = true;
    }
    return results;
  }
  /// Checks a created op, and notes what it computes.
  llvm::LogicalResult finish(mlir::Operation *op);
  Value constant(mlir::ElementsAttr value);
  Value scalar(Type element, double value);
  Value i64s(llvm::ArrayRef<int64_t> values);
  Value filled(Type element, double value, llvm::ArrayRef<int64_t> shape);
  Value cast(Value v, Type element);
  Value reshape(Value v, llvm::ArrayRef<Expr> shape);
  Value broadcast(Value v, llvm::ArrayRef<Expr> shape);
  Value transpose(Value v, llvm::ArrayRef<int64_t> permutation);
  Value concat(mlir::ValueRange values, int64_t axis);
  /// `size` elements from `start` on along one axis.
  Value slice(Value v, int64_t axis, Expr start, Expr size, int64_t step = 1);
  Value reduce(Value v, nn::ReduceKind kind, llvm::ArrayRef<int64_t> axes, bool keepDims = true);
  Value select(Value condition, Value yes, Value no);
  Value add(Value a, Value b) { return make<nn::AddOp>(a, b); }
  Value sub(Value a, Value b) { return make<nn::SubOp>(a, b); }
  Value mul(Value a, Value b) { return make<nn::MulOp>(a, b); }
  Value div(Value a, Value b) { return make<nn::DivOp>(a, b); }
  Value max(Value a, Value b) { return make<nn::MaxOp>(a, b); }
  Value min(Value a, Value b) { return make<nn::MinOp>(a, b); }
  /// The same with a number of the value's own type.
  Value add(Value a, double b) { return a ? add(a, scalar(nn::elementOf(a), b)) : Value(); }
  Value sub(Value a, double b) { return a ? sub(a, scalar(nn::elementOf(a), b)) : Value(); }
  Value mul(Value a, double b) { return a ? mul(a, scalar(nn::elementOf(a), b)) : Value(); }
  Value div(Value a, double b) { return a ? div(a, scalar(nn::elementOf(a), b)) : Value(); }
  /// Gives a value trailing dims of size 1 until it has `rank` dims, for per-channel operands.
  Value perChannel(Value v, int64_t axis, int64_t rank);

  // Sizes.
  Expr number(int64_t value) { return dim::constant(context(), value); }
  Shape numbers(llvm::ArrayRef<int64_t> values);
  /// Fails where the formulas are too large to work with.
  dim::ShapeAttr shapeAttr(llvm::ArrayRef<Expr> shape);
  /// Sizes named by fresh symbols.
  Expr freshSize(const llvm::Twine &what, bool maybeNegative = false);
  /// True when the formula can't be negative: it is the size of a value that has been seen, or this can be proved.
  bool isSize(Expr e) const;
  /// Has the run check that two sizes are equal; fails where they are numbers that differ.
  void assume(Expr a, Expr b, const llvm::Twine &what);

private:
  /// Fails where a size is a negative number.
  llvm::LogicalResult checkSigns(Type type);
  /// Has the run check what the op takes for granted of its operands' sizes.
  void assumeSizes(mlir::Operation *op);
  const onnx::AttributeProto *attribute(llvm::StringRef name, onnx::AttributeProto::AttributeType type);
  const onnx::AttributeProto *resolve(llvm::StringRef name) const;

  llvm::SmallVector<Value> operands, outputs;
  llvm::StringSet<> used;
  bool hasFailed = false;
  std::string failure;
};
} // namespace dlc::onnx_import
#endif

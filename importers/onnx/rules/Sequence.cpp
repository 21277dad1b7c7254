//===- Sequence.cpp - lists and optional values -------------------------------------------------===//
#include "importers/onnx/Graph.h"
#include "importers/onnx/rules/LoopBuilder.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

nn::SequenceType sequenceType(Node &n, unsigned i) {
  auto type = n.has(i) ? llvm::dyn_cast<nn::SequenceType>(n.in(i).getType()) : nn::SequenceType();
  if (!type) {
    (void)n.fail("expected a sequence as input " + llvm::Twine(i));
  }
  return type;
}

bool isTensor(Value v) { return v && llvm::isa<mlir::RankedTensorType>(v.getType()); }

/// A list of tensors of the type `dtype`; what is put in says more about them.
Result sequenceEmpty(Node &n) {
  Type element = n.getElementType("dtype", 1);
  return element ? n.result(n.make<nn::SequenceEmptyOp>(n.builder.getNoneType())) : mlir::failure();
}

Result sequenceConstruct(Node &n) {
  return n.result(n.make<nn::SequenceConstructOp>(n.inputs()));
}

Value insert(Node &n, Value list, Value value, Value position) {
  auto type = llvm::cast<nn::SequenceType>(list.getType());
  if (isUntyped(type.getElement())) {
    list = typedSequence(n, list, withoutSizes(value.getType()));
    // The list that a loop carries: this is only to find out its type.
    if (list && isUntyped(llvm::cast<nn::SequenceType>(list.getType()).getElement())) {
      return n.make<nn::SequenceConstructOp>(mlir::ValueRange(value));
    }
  }
  return list ? n.make<nn::SequenceInsertOp>(list, value, position) : Value();
}

Result sequenceInsert(Node &n) {
  return sequenceType(n, 0) ? n.result(insert(n, n.in(0), n.in(1), n.in(2))) : mlir::failure();
}
Result sequenceErase(Node &n) {
  return sequenceType(n, 0) ? n.result(n.make<nn::SequenceEraseOp>(n.in(0), n.in(1))) : mlir::failure();
}
Result sequenceLength(Node &n) {
  return sequenceType(n, 0) ? n.result(n.make<nn::SequenceLengthOp>(n.in(0))) : mlir::failure();
}

/// Symbols for the sizes that the list's type does not know.
dim::ShapeAttr freshSizes(Node &n, llvm::ArrayRef<Expr> shape) {
  if (llvm::none_of(shape, dim::isUnknown)) {
    return {};
  }
  Shape names;
  for (Expr e : shape) {
    names.push_back(dim::isUnknown(e) ? n.freshSize(n.op() + "_dim") : n.number(0));
  }
  return n.shapeAttr(names);
}

Value elementAt(Node &n, Value list, Value position) {
  Type element = llvm::cast<nn::SequenceType>(list.getType()).getElement();
  if (isUntyped(element)) {
    (void)n.fail("expected a sequence whose elements' type is known");
    return {};
  }
  if (llvm::isa<mlir::UnrankedTensorType>(element)) {
    (void)n.fail("expected a sequence whose elements have one rank, which is known");
    return {};
  }
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(element);
  return n.make<nn::SequenceAtOp>(list, position, tensor ? freshSizes(n, dim::getShape(tensor)) : dim::ShapeAttr());
}

Result sequenceAt(Node &n) {
  return sequenceType(n, 0) && isTensor(n.in(1)) ? n.result(elementAt(n, n.in(0), n.in(1)))
                                                 : n.fail("expected a sequence and a position");
}

Result splitToSequence(Node &n) {
  int64_t axis = n.axis(n.getInt("axis", 0), nn::rankOf(n.in(0)));
  return n.result(n.make<nn::SplitToSequenceOp>(n.in(0), n.in(1), axis, n.getBool("keepdims", true)));
}

Result concatFromSequence(Node &n) {
  nn::SequenceType type = sequenceType(n, 0);
  bool newAxis = n.getBool("new_axis", false);
  auto tensor = type ? llvm::dyn_cast<mlir::RankedTensorType>(type.getElement()) : mlir::RankedTensorType();
  if (!tensor) {
    return n.fail("expected a sequence of tensors");
  }
  int64_t axis = n.axis(n.getInt("axis", 0), tensor.getRank() + newAxis);
  if (n.failed()) {
    return mlir::failure();
  }
  Shape shape = dim::getShape(tensor);
  if (newAxis) {
    shape.insert(shape.begin() + axis, dim::unknown(n.context()));
  } else {
    shape[axis] = dim::unknown(n.context());
  }
  return n.result(n.make<nn::ConcatFromSequenceOp>(n.in(0), axis, newAxis, freshSizes(n, shape)));
}

/// The type is that of the input, or the attribute's.
Result optional(Node &n) {
  if (n.has(0)) {
    n.ignore({"type"});
    return n.result(n.make<nn::OptionalMakeOp>(n.in(0), n.in(0).getType()));
  }
  const onnx::AttributeProto *type = n.getAttribute("type");
  std::string error = "expected an input or a type";
  Type element = type && type->has_tp() ? convertType(type->tp(), "optional", n.importer.symbols, n.context(), error) : Type();
  return element ? n.result(n.make<nn::OptionalMakeOp>(Value(), element)) : n.fail(error);
}

Result optionalHas(Node &n) {
  return n.result(n.has(0) ? n.make<nn::OptionalHasOp>(n.in(0)) : n.scalar(n.builder.getI1Type(), 0));
}
Result optionalGet(Node &n) { return n.result(n.make<nn::OptionalGetOp>(n.in(0))); }

/// A loop over the first list; other operands are lists of the same length, or tensors for every call.
Result sequenceMap(Node &n) {
  const onnx::GraphProto *graph = n.getGraph("body");
  if (!graph || !sequenceType(n, 0)) {
    return n.fail("expected a body and a sequence");
  }
  Values lists;
  for (int i = 0; i < graph->output_size(); ++i) {
    lists.push_back(n.make<nn::SequenceEmptyOp>(n.builder.getNoneType()));
  }
  auto body = [&](llvm::ArrayRef<Value> arguments, Values &results) -> Result {
    Values inner, outputs;
    for (Value v : n.inputs()) {
      inner.push_back(llvm::isa<nn::SequenceType>(v.getType()) ? elementAt(n, v, arguments[0]) : v);
    }
    if (n.failed() || mlir::failed(n.importer.importSubgraph(n, *graph, inner, outputs))) {
      return mlir::failure();
    }
    results.push_back(Value());
    for (auto [list, value] : llvm::zip(arguments.drop_front(2), outputs)) {
      results.push_back(insert(n, list, value, Value()));
    }
    return n.status();
  };
  Values results;
  if (n.failed() || mlir::failed(buildLoop(n, n.make<nn::SequenceLengthOp>(n.in(0)), Value(), lists, body, results))) {
    return mlir::failure();
  }
  for (auto [i, v] : llvm::enumerate(results)) {
    n.set(i, v);
  }
  return n.status();
}
} // namespace

void addSequenceRules(RuleTable &table) {
  table.add({{"", "SequenceEmpty", {11}, sequenceEmpty, {0, 0}},
             {"", "SequenceConstruct", {11}, sequenceConstruct, {1, kAnyNumber}, Inputs::Any},
             {"", "SequenceInsert", {11}, sequenceInsert, {2, 3}, Inputs::Any},
             {"", "SequenceErase", {11}, sequenceErase, {1, 2}, Inputs::Any},
             {"", "SequenceAt", {11}, sequenceAt, {2, 2}, Inputs::Any},
             {"", "SequenceLength", {11}, sequenceLength, {1, 1}, Inputs::Any},
             {"", "SequenceMap", {17}, sequenceMap, {1, kAnyNumber}, Inputs::Any},
             {"", "SplitToSequence", {11, 24}, splitToSequence, {1, 2}},
             {"", "ConcatFromSequence", {11}, concatFromSequence, {1, 1}, Inputs::Any},
             {"", "Optional", {15}, optional, {0, 1}, Inputs::Any},
             {"", "OptionalHasElement", {15, 18}, optionalHas, {0, 1}, Inputs::Any},
             {"", "OptionalGetElement", {15, 18}, optionalGet, {1, 1}, Inputs::Any}});
}
} // namespace dlc::onnx_import

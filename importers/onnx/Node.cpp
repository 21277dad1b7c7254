//===- Node.cpp - one node while it is imported --------------------------------------------===//
#include "importers/onnx/Node.h"
#include "dialects/nn/SizeRules.h"
#include "importers/onnx/Graph.h"

namespace dlc::onnx_import {
namespace {
/// Shapes have fewer elements.
constexpr int64_t kMaxSizes = 64;
} // namespace

Node::Node(Importer &importer, Scope &scope, const onnx::NodeProto &proto, mlir::OpBuilder &builder,
           mlir::Location loc, llvm::SmallVector<Value> operands, int64_t opset, int since)
    : proto(proto), importer(importer), scope(scope), builder(builder), loc(loc), opset(opset), since(since),
      operands(std::move(operands)), outputs(proto.output_size()) {}

void Node::set(unsigned i, Value v) {
  if (i < outputs.size()) {
    outputs[i] = v;
  }
}

llvm::LogicalResult Node::fail(const llvm::Twine &reason) {
  if (!hasFailed) {
    hasFailed = true;
    failure = reason.str();
  }
  return mlir::failure();
}

llvm::LogicalResult Node::finish(mlir::Operation *op) {
  std::optional<mlir::RegisteredOperationName> name = op->getRegisteredInfo();
  if (name && mlir::failed(name->verifyInvariants(op))) {
    op->erase();
    return fail(importer.diagnostic);
  }
  for (mlir::Value v : op->getResults()) {
    if (mlir::failed(checkSigns(v.getType()))) {
      op->erase();
      return mlir::failure();
    }
    if (!importer.noteSizes(v.getType())) {
      op->erase();
      return fail("expected results of fewer than 2^46 elements, and formulas of few terms");
    }
  }
  importer.known.note(op);
  assumeSizes(op);
  return mlir::success();
}

llvm::LogicalResult Node::checkSigns(Type type) {
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
  for (int64_t i = 0; tensor && i < tensor.getRank(); ++i) {
    if (!tensor.isDynamicDim(i) && tensor.getDimSize(i) < 0) {
      return fail("expected sizes of at least 0, got " + llvm::Twine(tensor.getDimSize(i)) + " at dim " +
                  llvm::Twine(i) + " of what the node computes");
    }
  }
  return mlir::success();
}

void Node::assume(Expr a, Expr b, const llvm::Twine &what) {
  mlir::Block *block = builder.getInsertionBlock();
  std::optional<int64_t> x = dim::getConstant(a), y = dim::getConstant(b);
  if (x && y && *x != *y) {
    (void)fail("expected " + llvm::Twine(*y) + " as " + what + ", got " + llvm::Twine(*x));
  }
  if (failed() || a == b || dim::isUnknown(a) || dim::isUnknown(b) || !importer.assumed.insert({block, a, b}).second) {
    return;
  }
  std::string name = proto.name().empty() ? proto.op_type() : proto.name();
  nn::AssumeOp::create(builder, loc, a, b, ("node \"" + llvm::Twine(name) + "\": " + what).str());
}

void Node::assumeSizes(mlir::Operation *op) {
  llvm::SmallVector<nn::SizeRule> found;
  if (auto rules = llvm::dyn_cast<nn::SizeRules>(op)) {
    rules.sizeRules(found);
  }
  mlir::OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op);
  for (const nn::SizeRule &rule : found) {
    assume(rule.lhs, rule.rhs, rule.what);
  }
}

bool Node::isSize(Expr e) const { return dim::provablyNonNegative(e) || importer.isKnownSize(e); }

std::optional<Shape> Node::sizes(unsigned i) {
  Value v = in(i);
  if (hasFailed || !v) {
    return std::nullopt;
  }
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
  if (!type || type.getRank() > 1 || !type.hasStaticShape() || type.getNumElements() > kMaxSizes ||
      !nn::isInteger(type.getElementType())) {
    (void)fail("expected a 1-D tensor of integers of known length at input " + llvm::Twine(i));
    return std::nullopt;
  }
  return readSizes(v);
}

std::optional<Shape> Node::readSizes(Value v) {
  if (!v) {
    return std::nullopt;
  }
  if (std::optional<Shape> known = importer.known.formulas(v)) {
    return known;
  }
  Shape symbols;
  llvm::StringRef base = proto.name().empty() ? llvm::StringRef(proto.op_type()) : llvm::StringRef(proto.name());
  int64_t count = llvm::cast<mlir::RankedTensorType>(v.getType()).getNumElements();
  for (int64_t k = 0; k < count; ++k) {
    symbols.push_back(importer.symbols.fresh(base + "_" + llvm::Twine(k), /*maybeNegative=*/true));
  }
  return make<nn::ReadDimsOp>(v, shapeAttr(symbols)) ? std::optional<Shape>(symbols) : std::nullopt;
}

Expr Node::freshSize(const llvm::Twine &what, bool maybeNegative) { return importer.symbols.fresh(what, maybeNegative); }

std::optional<Ints> Node::knownInts(Value v) {
  if (!v) {
    return std::nullopt;
  }
  Ints result;
  if (std::optional<Shape> values = importer.known.formulas(v)) {
    for (Expr e : *values) {
      std::optional<int64_t> x = dim::getConstant(e);
      if (!x) {
        return std::nullopt;
      }
      result.push_back(*x);
    }
    return result;
  }
  std::optional<nn::Tensor> tensor = knownTensor(v);
  if (!tensor || !llvm::isa<mlir::IntegerType>(tensor->element())) {
    return std::nullopt;
  }
  for (int64_t i = 0; i < tensor->count(); ++i) {
    result.push_back(tensor->integer(i));
  }
  return result;
}

std::optional<llvm::SmallVector<double>> Node::knownFloats(Value v) {
  std::optional<nn::Tensor> tensor = knownTensor(v);
  llvm::SmallVector<double> result;
  if (!tensor || !nn::isNumber(tensor->element())) {
    return std::nullopt;
  }
  nn::visitElement(tensor->element(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (nn::isSmallFloat<T>) {
      llvm::transform(tensor->values<T>(), std::back_inserter(result), [](T x) { return double(float(x)); });
    } else if constexpr (std::is_arithmetic_v<T>) {
      llvm::transform(tensor->values<T>(), std::back_inserter(result), [](T x) { return double(x); });
    }
  });
  return static_cast<int64_t>(result.size()) == tensor->count() ? std::optional(result) : std::nullopt;
}

std::optional<nn::Tensor> Node::knownTensor(Value v) {
  return v ? importer.known.tensor(v) : std::nullopt;
}

std::optional<Ints> Node::knownIntsOf(llvm::StringRef attribute, unsigned i) {
  if (hasAttribute(attribute)) {
    return getInts(attribute);
  }
  if (!has(i)) {
    return std::nullopt;
  }
  std::optional<Ints> known = knownInts(in(i));
  assert(known && "callers leave what only a run knows to switchAxes");
  return known;
}
} // namespace dlc::onnx_import

//===- LoopBuilder.cpp - loops whose values' types are found by trying ----------------------===//
#include "importers/onnx/rules/LoopBuilder.h"
#include "dialects/nn/Infer.h"
#include "importers/onnx/Graph.h"

namespace dlc::onnx_import {
namespace {
/// Every attempt generalises at least one type; more are a sign of values that never settle.
constexpr int kMaxAttempts = 6;

/// Finds types that hold in every iteration.
class Settle {
public:
  explicit Settle(Node &n) : n(n) {}

  /// The type that holds for `now` and for what an iteration makes of it; null when they are of different kinds.
  Type join(Type now, Type next) {
    if (now == next) {
      return now;
    }
    auto x = llvm::dyn_cast<mlir::RankedTensorType>(now), y = llvm::dyn_cast<mlir::RankedTensorType>(next);
    if (x && y && x.getRank() == y.getRank() && x.getElementType() == y.getElementType()) {
      return joinTensors(x, y);
    }
    auto s = llvm::dyn_cast<nn::SequenceType>(now), t = llvm::dyn_cast<nn::SequenceType>(next);
    if (s && t) {
      if (isUntyped(t.getElement())) {
        return now;
      }
      Type element = isUntyped(s.getElement()) ? withoutSizes(t.getElement()) : nn::joinItems(s.getElement(), t.getElement());
      return element ? Type(nn::SequenceType::get(n.context(), element)) : Type();
    }
    return llvm::isa<nn::OptionalType>(now) ? nn::joinTypes(now, next) : Type();
  }

private:
  Type joinTensors(mlir::RankedTensorType now, mlir::RankedTensorType next) {
    Shape dims = dim::getShape(now);
    bool changed = false;
    for (auto [d, e] : llvm::zip(dims, dim::getShape(next))) {
      if (!dim::equal(d, e) && !own.contains(d)) {
        d = n.freshSize("loop_dim");
        own.insert(d);
        changed = true;
      }
    }
    return changed ? dim::getTensorType(dims, now.getElementType()) : now;
  }

  Node &n;
  llvm::DenseSet<Expr> own;
};

/// One attempt with carried values of `types`.
nn::LoopOp tryBody(Node &n, Value tripCount, Value condition, const Values &carried, llvm::ArrayRef<Type> types,
                   LoopBody body, Values &yielded) {
  mlir::OpBuilder &b = n.builder;
  auto loop = nn::LoopOp::create(b, n.loc, mlir::TypeRange(), tripCount, condition, carried, mlir::ArrayAttr());
  mlir::OpBuilder::InsertionGuard guard(b);
  mlir::Block *block = b.createBlock(&loop.getBody());
  block->addArgument(mlir::RankedTensorType::get({}, b.getI64Type()), n.loc);
  block->addArgument(mlir::RankedTensorType::get({}, b.getI1Type()), n.loc);
  for (Type t : types) {
    block->addArgument(t, n.loc);
    (void)n.importer.noteSizes(t); // of values that exist, or symbols: never too large
  }
  Values arguments(block->args_begin(), block->args_end());
  if (n.failed() || mlir::failed(body(arguments, yielded)) || n.failed()) {
    n.importer.discard(loop);
    return {};
  }
  if (yielded[0] && !checkCondition(n, yielded[0])) {
    n.importer.discard(loop);
    return {};
  }
  std::optional<Ints> goesOn = yielded[0] ? n.knownInts(yielded[0]) : Ints{1};
  if (goesOn && goesOn->size() == 1 && goesOn->front()) {
    yielded[0] = block->getArgument(1);
  }
  return loop;
}

/// The loop with as many results as its body yields.
nn::LoopOp withResults(Node &n, nn::LoopOp loop, const Values &carried, const Values &yielded) {
  mlir::OpBuilder &b = n.builder;
  {
    mlir::OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&loop.getBody().front());
    nn::YieldOp::create(b, n.loc, yielded);
  }
  llvm::SmallVector<Type> none(yielded.size() - 1, b.getNoneType());
  auto full = nn::LoopOp::create(b, n.loc, none, loop.getTripCount(), loop.getCondition(), carried, mlir::ArrayAttr());
  full.getBody().takeBody(loop.getBody());
  loop.erase();
  return full;
}

/// Has the run check that `v` has one element; fails where it has another number of them or is of another type.
bool checkOne(Node &n, Value v, llvm::function_ref<bool(Type)> fits, llvm::StringRef what) {
  auto type = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
  if (!type || !fits(type.getElementType()) || (type.hasStaticShape() && type.getNumElements() != 1)) {
    std::string text;
    llvm::raw_string_ostream(text) << v.getType();
    (void)n.fail("expected " + what + ", got " + text);
    return false;
  }
  n.assume(dim::product(n.context(), nn::shapeOf(v)), n.number(1), "number of elements of " + what);
  return !n.failed();
}
} // namespace

bool checkCondition(Node &n, Value v) { return checkOne(n, v, nn::isBool, "a condition of one boolean"); }
bool checkTripCount(Node &n, Value v) { return checkOne(n, v, nn::isIndexLike, "a trip count of one integer"); }

Type withoutSizes(Type type) {
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
  return tensor ? mlir::RankedTensorType::get(llvm::SmallVector<int64_t>(tensor.getRank(), mlir::ShapedType::kDynamic),
                                              tensor.getElementType())
                : type;
}

Value typedSequence(Node &n, Value v, Type element) {
  auto empty = v.getDefiningOp<nn::SequenceEmptyOp>();
  auto type = llvm::dyn_cast<nn::SequenceType>(v.getType());
  return empty && type && isUntyped(type.getElement()) ? n.make<nn::SequenceEmptyOp>(element) : v;
}

llvm::LogicalResult nameResults(Node &n, mlir::Operation *op) {
  if (mlir::failed(nn::refineResultTypes(op))) {
    return mlir::failure();
  }
  llvm::SmallVector<mlir::Attribute> names;
  bool any = false;
  for (Type t : op->getResultTypes()) {
    names.push_back(n.builder.getUnitAttr());
    auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(t);
    if (!tensor) {
      continue;
    }
    Shape dims = dim::getShape(tensor);
    if (llvm::any_of(dims, dim::isUnknown)) {
      for (Expr &e : dims) {
        e = dim::isUnknown(e) ? n.freshSize(n.op() + "_dim") : n.number(0);
      }
      names.back() = n.shapeAttr(dims);
      any = true;
    }
  }
  if (any) {
    op->setAttr("result_dims", n.builder.getArrayAttr(names));
  }
  return any ? nn::refineResultTypes(op) : mlir::success();
}

llvm::LogicalResult buildLoop(Node &n, Value tripCount, Value condition, Values carried, LoopBody body, Values &results) {
  if (n.failed()) {
    return mlir::failure();
  }
  if (std::optional<Ints> always = n.knownInts(condition); always && always->size() == 1 && always->front()) {
    condition = Value();
  }
  Settle settle(n);
  llvm::SmallVector<Type> types(mlir::ValueRange(carried).getTypes());
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    Values yielded;
    nn::LoopOp loop = tryBody(n, tripCount, condition, carried, types, body, yielded);
    if (!loop) {
      return mlir::failure();
    }
    bool settled = true;
    for (size_t i = 0; i < carried.size(); ++i) {
      Type joined = settle.join(types[i], yielded[i + 1].getType());
      if (!joined) {
        n.importer.discard(loop);
        return n.fail("expected carried value " + llvm::Twine(i) + " to keep its kind, rank and element type");
      }
      settled &= joined == types[i];
      types[i] = joined;
    }
    if (!settled) {
      n.importer.discard(loop);
      for (auto [v, t] : llvm::zip(carried, types)) {
        auto sequence = llvm::dyn_cast<nn::SequenceType>(t);
        v = sequence ? typedSequence(n, v, sequence.getElement()) : v;
      }
      if (n.failed()) {
        return mlir::failure();
      }
      continue;
    }
    loop = withResults(n, loop, carried, yielded);
    if (mlir::failed(nameResults(n, loop)) || mlir::failed(n.finish(loop))) {
      return n.fail("expected a loop whose results have types: " + n.importer.diagnostic);
    }
    results.append(loop->result_begin(), loop->result_end());
    return mlir::success();
  }
  return n.fail("expected carried values whose types settle");
}
} // namespace dlc::onnx_import

//===- AxesSwitch.cpp - axes that only a run knows --------------------------------------------===//
#include "importers/onnx/rules/AxesSwitch.h"
#include "importers/onnx/Graph.h"
#include "importers/onnx/rules/LoopBuilder.h"

namespace dlc::onnx_import {
namespace {
constexpr size_t kMaxBranches = 32;

/// All sets of `count` axes below `rank`; nothing when there are too many.
std::vector<Ints> chooseAxes(int64_t rank, int64_t count, llvm::function_ref<bool(llvm::ArrayRef<int64_t>)> may) {
  std::vector<Ints> sets;
  for (uint64_t mask = 0; rank <= 16 && mask < uint64_t(1) << rank; ++mask) {
    Ints axes;
    for (int64_t i = 0; i < rank; ++i) {
      if (mask >> i & 1) {
        axes.push_back(i);
      }
    }
    if (static_cast<int64_t>(axes.size()) == count && may(axes)) {
      sets.push_back(axes);
    }
  }
  return sets;
}

/// A set as a number: one bit per axis.
int64_t codeOf(llvm::ArrayRef<int64_t> axes) {
  int64_t code = 0;
  for (int64_t axis : axes) {
    code |= int64_t(1) << axis;
  }
  return code;
}

/// The code of the axes in a tensor. With an axis twice, it has fewer bits than axes.
std::optional<Shape> readCode(Node &n, Value axes, int64_t rank) {
  Ints powers;
  for (int64_t i = 0; i < rank; ++i) {
    powers.push_back(int64_t(1) << i);
  }
  int64_t count = llvm::cast<mlir::RankedTensorType>(axes.getType()).getNumElements();
  Value flat = n.reshape(axes, {n.number(count)});
  Value bits = flat ? n.make<nn::GatherOp>(n.i64s(powers), flat, 0) : Value();
  Value code = bits ? n.reduce(bits, nn::ReduceKind::Sum, {0}, false) : Value();
  return code ? n.readSizes(code) : std::nullopt;
}

class Switch {
public:
  Switch(Node &n, Expr code, llvm::function_ref<Value(llvm::ArrayRef<int64_t>)> build)
      : n(n), code(code), build(build) {}

  /// A chain of Ifs over the sets.
  Value over(llvm::ArrayRef<Ints> sets) {
    Expr first = n.number(codeOf(sets.front()));
    if (sets.size() == 1) {
      n.assume(code, first, "set of axes (as bits)");
      return build(sets.front());
    }
    auto flag = mlir::RankedTensorType::get({}, n.builder.getI1Type());
    Value condition = n.make<nn::SizesOp>(n.shapeAttr(dim::equalTo(code, first)), flag);
    if (n.failed()) {
      return {};
    }
    auto op = nn::IfOp::create(n.builder, n.loc, n.builder.getNoneType(), condition, mlir::ArrayAttr());
    fill(op.getThenBody(), [&] { return build(sets.front()); });
    fill(op.getElseBody(), [&] { return over(sets.drop_front()); });
    if (n.failed() || mlir::failed(nameResults(n, op)) || mlir::failed(n.finish(op))) {
      (void)n.fail(n.importer.diagnostic); // one of the branches is to blame: all sets have equally many axes
      return {};
    }
    return op.getResult(0);
  }

private:
  void fill(mlir::Region &region, llvm::function_ref<Value()> result) {
    mlir::OpBuilder::InsertionGuard guard(n.builder);
    n.builder.createBlock(&region);
    Value v = result();
    nn::YieldOp::create(n.builder, n.loc, v ? mlir::ValueRange(v) : mlir::ValueRange());
  }
  Node &n;
  Expr code;
  llvm::function_ref<Value(llvm::ArrayRef<int64_t>)> build;
};
} // namespace

bool hasUnknownAxes(const Node &n, unsigned i) {
  return n.has(i) && llvm::isa<mlir::RankedTensorType>(n.in(i).getType()) && !const_cast<Node &>(n).knownInts(n.in(i));
}

Value switchAxes(Node &n, unsigned i, int64_t rank, llvm::function_ref<bool(llvm::ArrayRef<int64_t>)> may,
                 llvm::function_ref<Value(llvm::ArrayRef<int64_t>)> build) {
  auto type = llvm::cast<mlir::RankedTensorType>(n.in(i).getType());
  std::vector<Ints> sets;
  if (type.hasStaticShape() && nn::isIndexLike(type.getElementType())) {
    sets = chooseAxes(rank, type.getNumElements(), may);
  }
  if (sets.empty() || sets.size() > kMaxBranches) {
    (void)n.fail("expected input " + llvm::Twine(i) + " (axes) to be known at compile time, or one of 1 to " +
                 llvm::Twine(kMaxBranches) + " sets");
    return {};
  }
  std::optional<Shape> code = readCode(n, n.in(i), rank);
  return code && !n.failed() ? Switch(n, code->front(), build).over(sets) : Value();
}
} // namespace dlc::onnx_import

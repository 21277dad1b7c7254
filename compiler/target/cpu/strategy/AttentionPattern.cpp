//===- AttentionPattern.cpp - softmax(q k^T) v among a graph's ops ------------------------------------===//
#include "compiler/target/cpu/strategy/AttentionPattern.h"

namespace dlc::cpu {
namespace {
using mlir::Value;

/// Ops between the scores and their softmax; more are unlikely to be a scale and a mask.
constexpr size_t kMostBetween = 8;

bool equalShapes(llvm::ArrayRef<dim::Expr> a, llvm::ArrayRef<dim::Expr> b) {
  return a.size() == b.size() &&
         llvm::all_of(llvm::zip(a, b), [](auto p) { return dim::equal(std::get<0>(p), std::get<1>(p)); });
}

/// Whether every dim of `v` is that of `whole` below it, or 1.
bool broadcastsTo(Value v, llvm::ArrayRef<dim::Expr> whole) {
  dim::Shape own = nn::shapeOf(v);
  if (own.size() > whole.size()) {
    return false;
  }
  return llvm::all_of(llvm::zip(own, whole.take_back(own.size())), [](auto p) {
    return dim::isConstant(std::get<0>(p), 1) || dim::equal(std::get<0>(p), std::get<1>(p));
  });
}

/// The product that `v` comes from through elementwise ops of its shape, which are added to `between`, last first.
nn::MatmulOp findScores(Value v, mlir::Block *block, llvm::SmallVectorImpl<mlir::Operation *> &between) {
  mlir::Operation *op = v.getDefiningOp();
  if (!op || op->getBlock() != block || !v.hasOneUse() || between.size() > kMostBetween) {
    return {};
  }
  if (auto matmul = llvm::dyn_cast<nn::MatmulOp>(op)) {
    return matmul;
  }
  if (!nn::elementOf(v).isF32()) {
    return {};
  }
  dim::Shape shape = nn::shapeOf(v);
  if (!nn::isElementwise(op) || !llvm::all_of(op->getOperands(), [&](Value o) { return broadcastsTo(o, shape); })) {
    return {};
  }
  size_t before = between.size();
  between.push_back(op);
  for (Value operand : op->getOperands()) {
    if (equalShapes(nn::shapeOf(operand), shape)) {
      if (nn::MatmulOp scores = findScores(operand, block, between)) {
        return scores;
      }
    }
  }
  between.resize(before);
  return {};
}

/// The transposition of `v`, if the kernel alone uses it.
nn::TransposeOp transposition(Value v, mlir::Block *block) {
  auto op = v.getDefiningOp<nn::TransposeOp>();
  bool own = op && op->getBlock() == block && v.hasOneUse() && !op.getInput().getDefiningOp<nn::ConstantOp>();
  return own ? op : nn::TransposeOp();
}

bool keepsLastDim(nn::TransposeOp op) { return op.getPermutation().back() == int64_t(op.getPermutation().size()) - 1; }

/// Operands and result are of the element, and have one rank, and the result's batch dims or 1.
bool hasPlainBatch(nn::MatmulOp op, mlir::Type element) {
  dim::Shape result = nn::shapeOf(op.getResult());
  return result.size() >= 2 && llvm::all_of(op.getOperands(), [&](Value v) {
           dim::Shape own = nn::shapeOf(v);
           auto matches = [&](size_t i) { return dim::isConstant(own[i], 1) || dim::equal(own[i], result[i]); };
           return own.size() == result.size() && nn::elementOf(v) == element &&
                  llvm::all_of(llvm::seq<size_t>(0, own.size() - 2), matches);
         });
}

/// Op classes are pointers, and their accessors are not const.
template <class Op> mlir::Operation *operation(Op op) { return op.getOperation(); }

bool hasZero(Value v) { return llvm::is_contained(llvm::cast<mlir::RankedTensorType>(v.getType()).getShape(), 0); }
} // namespace

llvm::SmallVector<mlir::Operation *> AttentionPattern::ops() const {
  llvm::SmallVector<mlir::Operation *> all;
  for (mlir::Operation *op : {operation(query), operation(key), operation(scores)}) {
    op ? all.push_back(op) : void();
  }
  all.append(between.begin(), between.end());
  for (mlir::Operation *op :
       {operation(softmax), operation(rounded), operation(value), operation(values), operation(output)}) {
    op ? all.push_back(op) : void();
  }
  return all;
}

Value AttentionPattern::result() const {
  return output ? nn::TransposeOp(output).getResult() : nn::MatmulOp(values).getResult();
}

std::optional<AttentionPattern> findAttention(nn::MatmulOp values) {
  AttentionPattern p;
  mlir::Block *block = values->getBlock();
  p.values = values;
  mlir::Type element = nn::elementOf(values.getRhs());
  if (!element.isF32() && !element.isBF16()) {
    return std::nullopt;
  }
  Value weights = values.getLhs();
  p.rounded = element.isBF16() ? weights.getDefiningOp<nn::CastOp>() : nn::CastOp();
  if (p.rounded && weights.hasOneUse() && p.rounded->getBlock() == block) {
    weights = p.rounded.getInput();
  }
  p.softmax = weights.getDefiningOp<nn::SoftmaxOp>();
  if (!p.softmax || p.softmax->getBlock() != block || !weights.hasOneUse() || p.softmax.getLog() ||
      !nn::elementOf(weights).isF32() || values.getTransposeLhs() ||
      int64_t(p.softmax.getAxis()) + 1 != nn::rankOf(p.softmax.getInput())) {
    return std::nullopt;
  }
  p.scores = findScores(p.softmax.getInput(), block, p.between);
  if (!p.scores || !hasPlainBatch(p.scores, element) || !hasPlainBatch(values, element)) {
    return std::nullopt;
  }
  std::reverse(p.between.begin(), p.between.end());
  dim::Shape scores = nn::shapeOf(p.scores.getResult()), result = nn::shapeOf(values.getResult()),
             query = nn::shapeOf(p.scores.getLhs());
  bool sameBatch = equalShapes(llvm::ArrayRef(scores).drop_back(2), llvm::ArrayRef(result).drop_back(2));
  dim::Expr size = query[query.size() - (p.scores.getTransposeLhs() ? 2 : 1)];
  bool empty = hasZero(p.scores.getResult()) || hasZero(values.getResult()) || hasZero(p.scores.getLhs());
  // A single query gains nothing from packed keys.
  if (!sameBatch || empty || !dim::getConstant(size) || !dim::getConstant(result.back()) ||
      dim::isConstant(result[result.size() - 2], 1)) {
    return std::nullopt;
  }
  p.query = transposition(p.scores.getLhs(), block);
  p.key = transposition(p.scores.getRhs(), block);
  p.value = transposition(values.getRhs(), block);
  if (values.getResult().hasOneUse()) {
    p.output = llvm::dyn_cast<nn::TransposeOp>(*values.getResult().user_begin());
    if (p.output && (p.output->getBlock() != block || !keepsLastDim(p.output))) {
      p.output = {};
    }
  }
  return p;
}
} // namespace dlc::cpu

//===- IndexRanges.cpp - between which numbers are the elements of an integer tensor? -----------------===//
#include "compiler/passes/IndexRanges.h"
#include "dialects/nn/eval/Eval.h"
#include "llvm/ADT/TypeSwitch.h"

namespace dlc {
namespace {
using mlir::Value;

/// Constants of more elements are weights, not indices.
constexpr int64_t kMostConstants = int64_t(1) << 24;
/// How many ops are followed, one feeding the next.
constexpr int kMostDepth = 256;

dim::Expr number(Value v, int64_t n) { return dim::constant(v.getContext(), n); }
IndexRange anything(Value v) { return {dim::unknown(v.getContext()), dim::unknown(v.getContext())}; }

/// The positions along a dim.
IndexRange positions(dim::Expr size) {
  mlir::MLIRContext *c = size.getContext();
  return {dim::constant(c, 0), dim::sub(size, dim::constant(c, 1))};
}

IndexRange merge(const IndexRange &a, const IndexRange &b) {
  return {dim::min(a.low, b.low), dim::max(a.high, b.high)};
}

bool isAtLeast(dim::Expr e, dim::Expr least) {
  if (e.getKind() == dim::ExprKind::Min) {
    return llvm::all_of(e.getOperands(),
                        [&](mlir::Attribute part) { return isAtLeast(llvm::cast<dim::Expr>(part), least); });
  }
  return !dim::isUnknown(e) && dim::provablyNonNegative(dim::sub(e, least));
}
bool isAtLeast(dim::Expr e, int64_t least) { return isAtLeast(e, dim::constant(e.getContext(), least)); }
bool isAtMost(dim::Expr e, dim::Expr most) {
  if (e.getKind() == dim::ExprKind::Max) {
    return llvm::all_of(e.getOperands(),
                        [&](mlir::Attribute part) { return isAtMost(llvm::cast<dim::Expr>(part), most); });
  }
  if (e.getKind() == dim::ExprKind::Min) {
    return llvm::any_of(e.getOperands(),
                        [&](mlir::Attribute part) { return isAtMost(llvm::cast<dim::Expr>(part), most); });
  }
  return !dim::isUnknown(e) && dim::provablyNonNegative(dim::sub(most, e));
}

IndexRange ofConstant(nn::ConstantOp op) {
  mlir::ElementsAttr value = op.getValue();
  Value v = op.getResult();
  if (value.getNumElements() > kMostConstants) {
    return anything(v);
  }
  mlir::FailureOr<nn::Tensor> t = nn::tensorFromAttr(value);
  if (mlir::failed(t)) {
    return anything(v);
  }
  int64_t low = t->count() ? t->integer(0) : 0, high = low;
  for (int64_t i = 0; i < t->count(); ++i) {
    low = std::min(low, t->integer(i));
    high = std::max(high, t->integer(i));
  }
  return {number(v, low), number(v, high)};
}

bool isCountable(Value v) {
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(v.getType());
  return tensor && (nn::isInteger(tensor.getElementType()) || nn::isBool(tensor.getElementType()));
}

/// What the element type alone says.
IndexRange ofType(Value v) {
  auto type = llvm::cast<mlir::IntegerType>(nn::elementOf(v));
  if (type.getWidth() > 16) {
    return anything(v);
  }
  int64_t span = int64_t(1) << type.getWidth(), low = nn::isBool(type) || type.isUnsigned() ? 0 : -span / 2;
  return {number(v, low), number(v, low + span - 1)};
}

/// Whether values of the type can be all of a range, so that none wrapped. 64 bits hold what sizes are made of.
bool fits(const IndexRange &r, mlir::Type element) {
  unsigned bits = nn::getElementBits(element);
  if (bits >= 64) {
    return !element.isUnsignedInteger() || isAtLeast(r.low, 0);
  }
  std::optional<int64_t> low = dim::getConstant(r.low), high = dim::getConstant(r.high);
  if (!low || !high) {
    return false;
  }
  if (nn::isBool(element)) {
    return *low >= 0 && *high <= 1;
  }
  return element.isUnsignedInteger() ? *low >= 0 && *high >> bits == 0
                                     : llvm::isIntN(bits, *low) && llvm::isIntN(bits, *high);
}

/// Whether the op's result can be another number than arithmetic says: it wraps, or narrows.
bool mayWrap(mlir::Operation *op) { return llvm::isa<nn::AddOp, nn::SubOp, nn::MulOp, nn::CastOp, nn::IotaOp>(op); }
} // namespace

bool isWithin(const IndexRange &range, dim::Expr low, dim::Expr high) {
  return isAtLeast(range.low, low) && isAtMost(range.high, dim::sub(high, dim::constant(high.getContext(), 1)));
}

IndexRange IndexRanges::of(Value v) {
  if (!isCountable(v) || depth == kMostDepth) {
    return anything(v);
  }
  auto [it, fresh] = known.try_emplace(v, anything(v));
  if (!fresh) {
    return it->second;
  }
  ++depth;
  IndexRange r = find(v);
  --depth;
  known[v] = r;
  return r;
}

IndexRange IndexRanges::find(Value v) {
  auto result = llvm::dyn_cast<mlir::OpResult>(v);
  if (!result) {
    return ofArgument(llvm::cast<mlir::BlockArgument>(v));
  }
  IndexRange r = ofResult(result);
  if (mayWrap(result.getOwner()) && !fits(r, nn::elementOf(v))) {
    r = anything(v);
  }
  IndexRange type = ofType(v);
  return {dim::isUnknown(r.low) ? type.low : r.low, dim::isUnknown(r.high) ? type.high : r.high};
}

IndexRange IndexRanges::ofAll(mlir::ValueRange values) {
  IndexRange r = of(values.front());
  for (Value v : values.drop_front()) {
    r = merge(r, of(v));
  }
  return r;
}

/// The iteration, or a carried value: what it starts with and what each iteration makes of it, whatever it was before.
IndexRange IndexRanges::ofArgument(mlir::BlockArgument a) {
  auto loop = llvm::dyn_cast_or_null<nn::LoopOp>(a.getOwner()->getParentOp());
  unsigned i = a.getArgNumber();
  if (!loop || i == 1) {
    return ofType(a);
  }
  if (i == 0) {
    std::optional<dim::Shape> trips = loop.getTripCount() ? shapes.of(loop.getTripCount()) : std::nullopt;
    return trips && trips->size() == 1 ? positions(trips->front()) : anything(a);
  }
  return merge(of(loop.getCarried()[i - 2]), of(a.getOwner()->getTerminator()->getOperand(i - 1)));
}

IndexRange IndexRanges::ofResult(mlir::OpResult v) {
  if (std::optional<dim::Shape> value = shapes.of(v); value && !value->empty()) {
    IndexRange r = {value->front(), value->front()};
    for (dim::Expr e : *value) {
      r = merge(r, {e, e});
    }
    return r;
  }
  return llvm::TypeSwitch<mlir::Operation *, IndexRange>(v.getOwner())
      .Case([](nn::ConstantOp op) { return ofConstant(op); })
      .Case([](nn::IotaOp op) { return positions(op.getShape().getDims()[op.getAxis()]); })
      .Case([](nn::ArgReduceOp op) { return positions(nn::shapeOf(op.getInput())[op.getAxis()]); })
      .Case([&](nn::TopKOp op) {
        bool isPlace = v.getResultNumber() == 1;
        return isPlace ? positions(nn::shapeOf(op.getInput())[op.getAxis()]) : of(op.getInput());
      })
      .Case([](nn::MaxPoolIndicesOp op) {
        // -1 where a window lies in the padding.
        IndexRange range = positions(dim::product(op.getContext(), nn::shapeOf(op.getInput())));
        return IndexRange{dim::constant(op.getContext(), -1), range.high};
      })
      .Case<nn::ReshapeOp, nn::BroadcastOp, nn::TransposeOp, nn::SliceOp, nn::TileOp, nn::ReverseSequenceOp,
            nn::GatherOp, nn::GatherElementsOp, nn::GatherNDOp, nn::ReadDimsOp, nn::CastOp>(
          [&](mlir::Operation *op) { return of(op->getOperand(0)); })
      .Case([&](nn::ConcatOp op) { return ofAll(op.getInputs()); })
      .Case([&](nn::SelectOp op) { return ofAll(op->getOperands().drop_front()); })
      .Case([&](nn::IfOp op) {
        unsigned i = v.getResultNumber();
        return merge(of(op.getThenBody().front().getTerminator()->getOperand(i)),
                     of(op.getElseBody().front().getTerminator()->getOperand(i)));
      })
      .Case([&](nn::LoopOp op) {
        unsigned i = v.getResultNumber();
        IndexRange next = of(op.getBody().front().getTerminator()->getOperand(i + 1));
        return i < op.getCarried().size() ? merge(of(op.getCarried()[i]), next) : next;
      })
      .Default([&](mlir::Operation *op) { return ofArithmetic(op); });
}

IndexRange IndexRanges::ofArithmetic(mlir::Operation *op) {
  IndexRange none = anything(op->getResult(0));
  if (!llvm::isa<nn::AddOp, nn::SubOp, nn::MulOp, nn::DivOp, nn::ModOp, nn::MinOp, nn::MaxOp>(op)) {
    return none;
  }
  IndexRange a = of(op->getOperand(0)), b = of(op->getOperand(1));
  auto either = [](dim::Expr x, dim::Expr y, auto combine) {
    return dim::isUnknown(x) ? y : dim::isUnknown(y) ? x : combine(x, y);
  };
  return llvm::TypeSwitch<mlir::Operation *, IndexRange>(op)
      .Case([&](nn::AddOp) { return IndexRange{dim::add(a.low, b.low), dim::add(a.high, b.high)}; })
      .Case([&](nn::SubOp) { return IndexRange{dim::sub(a.low, b.high), dim::sub(a.high, b.low)}; })
      .Case([&](nn::MinOp) { return IndexRange{dim::min(a.low, b.low), either(a.high, b.high, dim::min)}; })
      .Case([&](nn::MaxOp) { return IndexRange{either(a.low, b.low, dim::max), dim::max(a.high, b.high)}; })
      .Case([&](nn::MulOp) {
        bool grows = isAtLeast(a.low, 0) && isAtLeast(b.low, 0);
        return grows ? IndexRange{dim::mul(a.low, b.low), dim::mul(a.high, b.high)} : none;
      })
      .Case([&](nn::DivOp) {
        bool shrinks = isAtLeast(a.low, 0) && isAtLeast(b.low, 1);
        return shrinks ? IndexRange{number(op->getResult(0), 0), a.high} : none;
      })
      // A remainder has the divisor's sign, and is nearer to zero.
      .Case([&](nn::ModOp) { return isAtLeast(b.low, 1) ? positions(b.high) : none; })
      .Default([&](mlir::Operation *) { return none; });
}
} // namespace dlc

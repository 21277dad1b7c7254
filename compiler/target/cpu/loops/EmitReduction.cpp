//===- EmitReduction.cpp - reductions: a lane per result, or lanes across the elements of one ------===//
#include "compiler/target/cpu/loops/LoopEmitter.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace dlc::cpu {
namespace linalg = mlir::linalg;
namespace arith = mlir::arith;
using mlir::Value;

namespace {
/// Chains of dependent operations are shorter than what the processor keeps in flight with this many at a time.
constexpr int kAccumulators = 4;
/// Reductions over this many elements are worth several accumulators.
constexpr int64_t kLongReduction = 16;

/// Whether `select` picks the smaller or greater of two by comparing just them.
bool isExtreme(arith::SelectOp select) {
  mlir::Operation *compare = select.getCondition().getDefiningOp();
  Value x = select.getTrueValue(), y = select.getFalseValue();
  if (!compare || compare->getNumOperands() != 2 || compare->getBlock() != select->getBlock()) {
    return false;
  }
  Value l = compare->getOperand(0), r = compare->getOperand(1);
  if (x == y || !((l == x && r == y) || (l == y && r == x))) {
    return false;
  }
  if (auto floats = llvm::dyn_cast<arith::CmpFOp>(compare)) {
    using P = arith::CmpFPredicate;
    return llvm::is_contained({P::OLT, P::OLE, P::OGT, P::OGE}, floats.getPredicate());
  }
  auto integers = llvm::dyn_cast<arith::CmpIOp>(compare);
  using P = arith::CmpIPredicate;
  return integers && !llvm::is_contained({P::eq, P::ne}, integers.getPredicate());
}

/// The op at the body's end that takes the accumulator, when it may be applied in any order: numbers of one type, whose
/// floating-point sums and products allow it.
mlir::Operation *findCombiner(linalg::GenericOp op) {
  mlir::Block *body = op.getBody();
  Value yielded = body->getTerminator()->getOperand(0), accumulator = body->getArguments().back();
  mlir::Operation *combiner = yielded.getDefiningOp();
  if (!combiner || combiner->getBlock() != body || !llvm::is_contained(combiner->getOperands(), accumulator)) {
    return nullptr;
  }
  if (auto select = llvm::dyn_cast<arith::SelectOp>(combiner)) {
    return isExtreme(select) && accumulator.hasNUses(2) ? combiner : nullptr;
  }
  if (!accumulator.hasOneUse()) {
    return nullptr;
  }
  if (llvm::isa<arith::AddFOp, arith::MulFOp>(combiner)) {
    auto flags = llvm::cast<arith::ArithFastMathInterface>(combiner).getFastMathFlagsAttr().getValue();
    return bitEnumContainsAll(flags, arith::FastMathFlags::reassoc) ? combiner : nullptr;
  }
  bool fits = llvm::isa<arith::AddIOp, arith::MulIOp, arith::MaximumFOp, arith::MinimumFOp, arith::MaxSIOp,
                        arith::MaxUIOp, arith::MinSIOp, arith::MinUIOp>(combiner);
  return fits && yielded.getType().isIntOrFloat() ? combiner : nullptr;
}

/// A number that changes nothing: 0 for sums, 1 for products; `init` where taking it again does no harm.
Value neutral(KernelBuilder &k, mlir::Operation *combiner, Value init) {
  if (llvm::isa<arith::AddFOp, arith::AddIOp>(combiner)) {
    return k.zero(init.getType());
  }
  return llvm::isa<arith::MulFOp, arith::MulIOp>(combiner) ? k.constant(init.getType(), 1) : init;
}
} // namespace

void LoopEmitter::emitReduction(linalg::GenericOp op, const LaneIndices &outer) {
  int64_t parallel = LoopNest::parallelLoops(op), column = lastLoop(op, nest.rowDims, parallel),
          axis = lastLoop(op, parallel, op.getNumLoops());
  mlir::Operation *combiner = axis < 0 || (column < 0 && isShortRow(op, axis)) ? nullptr : findCombiner(op);
  auto columns = [&] { reduceColumns(op, outer, column); };
  auto across = [&] { reduceAcross(op, outer, axis, combiner); };
  if (!combiner) {
    if (column < 0 || !tryLanes(columns)) {
      onScalars([&] { reduceScalars(op, outer); });
    }
    return;
  }
  // Reading neighbours is best, and sums of columns need no last step across lanes.
  const Extent &wide = column < 0 ? Extent() : nest.loops(op)[column];
  bool narrow = column < 0 || (wide.isStatic() && wide.factor * 2 < width);
  int columnGathers = column < 0 ? INT_MAX : probe(columns), acrossGathers = probe(across);
  bool chooseColumns =
      columnGathers != INT_MAX && (columnGathers < acrossGathers || (columnGathers == acrossGathers && !narrow));
  if (narrow && acrossGathers == 0) {
    chooseColumns = false;
  }
  if (chooseColumns ? tryLanes(columns) : acrossGathers != INT_MAX && tryLanes(across)) {
    return;
  }
  onScalars([&] { reduceScalars(op, outer); });
}

//===----------------------------------------------------------------------===//
// A lane per result
//===----------------------------------------------------------------------===//

void LoopEmitter::reduceScalars(linalg::GenericOp op, const LaneIndices &outer) {
  int64_t parallel = LoopNest::parallelLoops(op);
  emitLoops(op, outer, parallel, -1,
            [&](LaneIndices at) { body.store(op.getResult(0), at, accumulateColumns(op, at, {initOf(op)}, -1)[0]); });
}

void LoopEmitter::reduceColumns(linalg::GenericOp op, const LaneIndices &outer, int64_t column) {
  int64_t parallel = LoopNest::parallelLoops(op), length = 1;
  for (const Extent &e : nest.loops(op).drop_front(parallel)) {
    length *= e.isStatic() ? std::max<int64_t>(e.factor, 1) : kLongReduction;
  }
  int unroll = length >= kLongReduction ? kAccumulators : 1;
  emitLoops(op, outer, parallel, column, [&](LaneIndices at) {
    for (const Range &range : rangesOf(op, column)) {
      emitLanes(range, unroll, [&](Idx i, int vectors) {
        at[column] = LaneValue::index(i, body.lanes.width > 1);
        Carried sums = accumulateColumns(op, at, Carried(vectors, body.spread(initOf(op))), column);
        for (int v = 0; v < vectors; ++v) {
          LaneIndices here = at;
          here[column].base = k.add(i, int64_t(v) * width);
          body.store(op.getResult(0), here, sums[v]);
        }
      });
    }
  });
}

/// The reduction loops beyond `at`, carrying one accumulator for each vector of columns.
LoopEmitter::Carried LoopEmitter::accumulateColumns(linalg::GenericOp op, LaneIndices at, Carried accumulators,
                                                    int64_t column) {
  if (at.size() == op.getNumLoops()) {
    Idx first = column < 0 ? Idx(0) : at[column].base;
    for (auto [v, accumulator] : llvm::enumerate(accumulators)) {
      if (v > 0) {
        at[column].base = k.add(first, int64_t(v) * width);
      }
      accumulator = body.spread(body.results(op, at, accumulator)[0]);
    }
    return accumulators;
  }
  return k.loop(Idx(0), extent(op, at.size()), 1, accumulators, [&](Idx i, mlir::ValueRange carried) {
    LaneIndices next = at;
    next.push_back(LaneValue::index(i));
    return accumulateColumns(op, next, Carried(carried), column);
  });
}

//===----------------------------------------------------------------------===//
// Lanes across the elements of one result
//===----------------------------------------------------------------------===//

Value LoopEmitter::combine(linalg::GenericOp op, mlir::Operation *combiner, Value x, Value y) {
  mlir::Value accumulator = op.getBody()->getArguments().back();
  auto take = [&](mlir::Operation *from, Value condition) {
    mlir::Operation *clone = b.clone(*from);
    for (mlir::OpOperand &operand : clone->getOpOperands()) {
      bool isCondition = condition && operand.getOperandNumber() == 0;
      operand.set(isCondition ? condition : operand.get() == accumulator ? x : y);
    }
    mlir::Type result = from->getResult(0).getType();
    clone->getResult(0).setType(llvm::isa<mlir::VectorType>(x.getType())
                                    ? mlir::Type(llvm::cast<mlir::VectorType>(x.getType()).clone(result))
                                    : result);
    return clone->getResult(0);
  };
  auto select = llvm::dyn_cast<arith::SelectOp>(combiner);
  return take(combiner, select ? take(select.getCondition().getDefiningOp(), Value()) : Value());
}

/// Lane i of accumulator v sums the elements i, i + lanes, ... of its share; then accumulators, then lanes are summed
/// by halves. The order depends on sizes and the processor's vectors alone.
void LoopEmitter::reduceAcross(linalg::GenericOp op, const LaneIndices &outer, int64_t axis,
                               mlir::Operation *combiner) {
  int64_t parallel = LoopNest::parallelLoops(op);
  const Extent &size = nest.loops(op)[axis];
  int accumulators = size.isStatic() ? int(std::clamp<int64_t>(size.factor / width, 1, kAccumulators)) : kAccumulators;
  emitLoops(op, outer, parallel, -1, [&](LaneIndices at) {
    Value init = initOf(op), start = body.spread(neutral(k, combiner, init));
    Carried sums = accumulateAcross(op, at, Carried(accumulators, start), axis);
    for (; sums.size() > 1; sums.resize((sums.size() + 1) / 2)) {
      for (size_t i = 0, half = (sums.size() + 1) / 2; half + i < sums.size(); ++i) {
        sums[i] = combine(op, combiner, sums[i], sums[half + i]);
      }
    }
    Value sum = sums[0];
    for (int half = width / 2; half > 0; half /= 2) {
      llvm::SmallVector<int64_t> low, high;
      for (int i = 0; i < half; ++i) {
        low.push_back(i);
        high.push_back(half + i);
      }
      sum = combine(op, combiner, k.shuffle(sum, sum, low), k.shuffle(sum, sum, high));
    }
    sum = mlir::vector::ExtractOp::create(b, k.location(), sum, 0);
    Lanes all = body.lanes;
    body.lanes = Lanes();
    body.store(op.getResult(0), at, combine(op, combiner, init, sum));
    body.lanes = all;
  });
}

LoopEmitter::Carried LoopEmitter::accumulateAcross(linalg::GenericOp op, LaneIndices at, Carried accumulators,
                                                   int64_t axis) {
  int64_t d = at.size();
  if (d != axis) {
    return k.loop(Idx(0), extent(op, d), 1, accumulators, [&](Idx i, mlir::ValueRange carried) {
      LaneIndices next = at;
      next.push_back(LaneValue::index(i));
      return accumulateAcross(op, next, Carried(carried), axis);
    });
  }
  at.push_back(LaneValue::index(0));
  at.resize(op.getNumLoops(), LaneValue::index(0)); // loops of one iteration
  auto step = [&](Idx i, Value accumulator) {
    at[axis] = LaneValue::index(i, 1);
    return body.spread(body.results(op, at, accumulator)[0]);
  };
  Idx begin = 0, size = extent(op, axis);
  for (int64_t vectors : {int64_t(accumulators.size()), int64_t(1)}) {
    Idx end = k.mul(k.div(size, vectors * width), vectors * width);
    Carried part(accumulators.begin(), accumulators.begin() + vectors);
    part = k.loop(begin, end, vectors * width, part, [&](Idx i, mlir::ValueRange carried) {
      Carried next;
      for (int64_t v = 0; v < vectors; ++v) {
        next.push_back(step(k.add(i, v * width), carried[v]));
      }
      return next;
    });
    std::copy(part.begin(), part.end(), accumulators.begin());
    begin = end;
  }
  // The rest: on lanes whose others keep what they have, or one by one on the first lane.
  Idx left = k.sub(size, begin);
  if (left.is(0)) {
    return accumulators;
  }
  Lanes all = body.lanes;
  if (k.targetInfo().cheapMasks) {
    accumulators[0] = k.ifElse(
        k.lessThan(0, left), accumulators[0].getType(),
        [&]() -> Carried {
          body.lanes = k.firstLanes(width, left);
          Value next = step(begin, accumulators[0]);
          return {body.lanes.full() ? next : k.selectValues(body.lanes.mask, next, accumulators[0])};
        },
        [&]() -> Carried { return {accumulators[0]}; })[0];
  } else {
    body.lanes = Lanes();
    Value first = mlir::vector::ExtractOp::create(b, k.location(), accumulators[0], 0);
    first = k.loop(begin, size, 1, first, [&](Idx i, mlir::ValueRange carried) -> Carried {
      at[axis] = LaneValue::index(i);
      return {body.results(op, at, carried[0])[0]};
    })[0];
    accumulators[0] = mlir::vector::InsertOp::create(b, k.location(), first, accumulators[0], 0);
  }
  body.lanes = all;
  return accumulators;
}
} // namespace dlc::cpu

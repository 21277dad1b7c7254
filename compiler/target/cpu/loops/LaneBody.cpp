//===- LaneBody.cpp - elements of a linalg kernel, several at a time -------------------------------===//
#include "compiler/target/cpu/loops/LaneBody.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace dlc::cpu {
namespace {
namespace arith = mlir::arith;
namespace linalg = mlir::linalg;
namespace tensor = mlir::tensor;
using mlir::Value;

bool sameIdx(Idx x, Idx y) {
  return x.isStatic() == y.isStatic() && (x.isStatic() ? x.constant() == y.constant() : x.value() == y.value());
}

/// Whether a vector form may compute what a lane alone would not: division by another lane's zero traps.
bool mayTrap(mlir::Operation &op) {
  return llvm::isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp, arith::FloorDivSIOp,
                   arith::CeilDivSIOp, arith::CeilDivUIOp>(op);
}
} // namespace

bool LaneValue::operator==(const LaneValue &other) const {
  return value == other.value && step == other.step && repeats == other.repeats && sameIdx(base, other.base);
}

void LaneBody::reset() {
  computed.clear();
  failed = false;
  gathers = 0;
}

mlir::Type LaneBody::laneType(mlir::Type scalar) const {
  return lanes.width == 1 ? scalar : mlir::Type(k.vectorType(scalar, lanes.width));
}

Value LaneBody::giveUp(mlir::Type type) {
  failed = true;
  return arith::ConstantOp::create(b, k.location(), b.getZeroAttr(type));
}

Value LaneBody::spread(Value v) { return lanes.width == 1 || isVector(v) ? v : k.broadcast(v, lanes.width); }

/// base + lane * step as a vector of indices.
Value LaneBody::laneNumbers(Idx base, Idx step) {
  mlir::VectorType type = k.vectorType(b.getIndexType(), lanes.width);
  llvm::SmallVector<int64_t> numbers(lanes.width);
  for (int i = 0; i < lanes.width; ++i) {
    numbers[i] = i * (step.isStatic() ? step.constant() : 1);
  }
  Value v = arith::ConstantOp::create(b, k.location(), mlir::DenseElementsAttr::get(type, llvm::ArrayRef(numbers)));
  if (!step.isStatic()) {
    v = arith::MulIOp::create(b, k.location(), v, k.broadcast(k.index(step), lanes.width));
  }
  return base.is(0) ? v
                    : arith::AddIOp::create(b, k.location(), v, k.broadcast(k.index(base), lanes.width)).getResult();
}

Value LaneBody::materialize(const LaneValue &v) {
  if (!v.isIndex() || v.step == 0) {
    return v.isIndex() ? k.index(v.base) : v.value;
  }
  Value numbers = laneNumbers(v.base, v.step);
  return v.repeats ? k.selectValues(v.repeats, k.zero(numbers.getType()), numbers) : numbers;
}

LaneValue LaneBody::lookup(Value v, Environment &env) {
  auto it = env.find(v);
  if (it != env.end()) {
    return it->second;
  }
  if (std::optional<int64_t> constant = mlir::getConstantIntValue(v); constant && v.getType().isIndex()) {
    return LaneValue::index(*constant);
  }
  Value mapped = scalars.lookupOrDefault(v);
  return mapped.getType().isIndex() ? LaneValue::index(mapped) : LaneValue::of(mapped);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

LaneBody::Offset LaneBody::offsetOf(const TensorStorage &s, llvm::ArrayRef<LaneValue> at) {
  Offset o;
  for (size_t i = 0; i < s.sizes.size(); ++i) {
    const LaneValue &x = at[i + s.skip];
    o.base = k.mul(o.base, s.sizes[i]);
    o.step = k.mul(o.step, s.sizes[i]);
    if (o.lanes) {
      o.lanes = arith::MulIOp::create(b, k.location(), o.lanes, k.broadcast(k.index(s.sizes[i]), lanes.width));
    }
    if (x.isIndex()) {
      o.base = k.add(o.base, i == 0 ? k.sub(x.base, s.origin) : x.base);
      o.step = k.add(o.step, x.step);
    } else if (isVector(x.value)) {
      o.lanes = o.lanes ? arith::AddIOp::create(b, k.location(), o.lanes, x.value).getResult() : x.value;
      o.base = i == 0 ? k.sub(o.base, s.origin) : o.base;
    } else {
      o.base = k.add(o.base, i == 0 ? k.sub(Idx(x.value), s.origin) : Idx(x.value));
    }
  }
  return o;
}

Value LaneBody::gather(Value buffer, const Offset &o) {
  mlir::Type element = k.elementType(buffer);
  ++gathers;
  // Smaller elements have no gathering instructions.
  if (element.getIntOrFloatBitWidth() < 32) {
    return giveUp(laneType(element));
  }
  Value numbers = o.step.is(0) ? Value() : laneNumbers(0, o.step);
  numbers = !o.lanes   ? numbers
            : !numbers ? o.lanes
                       : arith::AddIOp::create(b, k.location(), numbers, o.lanes).getResult();
  mlir::VectorType type = k.vectorType(element, lanes.width);
  mlir::VectorType maskType = k.vectorType(b.getI1Type(), lanes.width);
  Value mask =
      lanes.mask ? lanes.mask
                 : arith::ConstantOp::create(b, k.location(), mlir::DenseElementsAttr::get(maskType, true)).getResult();
  return mlir::vector::GatherOp::create(b, k.location(), type, buffer, mlir::ValueRange{k.index(o.base)}, numbers, mask,
                                        k.zero(type));
}

Value LaneBody::load(const TensorStorage &s, llvm::ArrayRef<LaneValue> at) {
  const LaneValue *repeated = llvm::find_if(at, [](const LaneValue &v) { return bool(v.repeats); });
  if (repeated != at.end()) { // one element for all lanes, or neighbours
    LaneIndices one(at), each(at);
    one[repeated - at.begin()] = LaneValue::index(0);
    each[repeated - at.begin()].repeats = {};
    mlir::Type type = laneType(k.elementType(s.buffer));
    return k.ifElse(
        repeated->repeats, type, [&]() -> llvm::SmallVector<Value> { return {spread(load(s, one))}; },
        [&]() -> llvm::SmallVector<Value> { return {spread(load(s, each))}; })[0];
  }
  Offset o = offsetOf(s, at);
  if (!o.lanes && o.step.is(0)) {
    return k.loadScalar(s.buffer, o.base);
  }
  return !o.lanes && o.step.is(1) ? k.load(s.buffer, o.base, lanes) : gather(s.buffer, o);
}

void LaneBody::store(Value tensor, llvm::ArrayRef<LaneValue> at, Value v) {
  const TensorStorage &s = storage[tensor];
  Offset o = offsetOf(s, at);
  if (lanes.width == 1) {
    k.storeScalar(v, s.buffer, o.base);
  } else if (o.lanes || !o.step.is(1)) {
    failed = true;
  } else {
    k.store(spread(v), s.buffer, o.base, lanes);
  }
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

Value LaneBody::element(Value tensor, llvm::ArrayRef<LaneValue> at) {
  auto stored = storage.find(tensor);
  if (stored != storage.end()) {
    return load(stored->second, at);
  }
  if (auto fill = tensor.getDefiningOp<linalg::FillOp>()) {
    return scalars.lookupOrDefault(fill.getInputs()[0]);
  }
  auto op = tensor.getDefiningOp<linalg::GenericOp>();
  mlir::Block *here = b.getInsertionBlock();
  for (const Computed &c : llvm::reverse(computed)) {
    if (c.op == op && c.where == here && c.width == lanes.width && c.mask == lanes.mask && llvm::equal(c.at, at)) {
      return c.result;
    }
  }
  Value result = results(op, at, {})[0];
  computed.push_back({op, here, LaneIndices(at.begin(), at.end()), lanes.mask, result, lanes.width});
  return result;
}

llvm::SmallVector<Value> LaneBody::results(linalg::GenericOp op, llvm::ArrayRef<LaneValue> loops,
                                           mlir::ValueRange accumulators) {
  Environment env;
  mlir::Block *body = op.getBody();
  for (auto [i, input] : llvm::enumerate(op.getDpsInputOperands())) {
    if (body->getArgument(i).use_empty()) {
      continue;
    }
    LaneIndices at;
    for (mlir::AffineExpr e : op.getMatchingIndexingMap(input).getResults()) {
      auto constant = llvm::dyn_cast<mlir::AffineConstantExpr>(e);
      at.push_back(constant ? LaneValue::index(constant.getValue())
                            : loops[llvm::cast<mlir::AffineDimExpr>(e).getPosition()]);
    }
    env[body->getArgument(i)] = LaneValue::of(element(input->get(), at));
  }
  for (auto [argument, v] : llvm::zip(body->getArguments().take_back(accumulators.size()), accumulators)) {
    env[argument] = LaneValue::of(v);
  }
  if (accumulators.empty() && !body->getArguments().back().use_empty()) { // a reduction over no dims
    auto fill = op.getDpsInits().back().getDefiningOp<linalg::FillOp>();
    env[body->getArguments().back()] = LaneValue::of(scalars.lookupOrDefault(fill.getInputs()[0]));
  }
  emitOps(*body, loops, env);
  return yielded(*body, env, /*spreadAll=*/false);
}

llvm::SmallVector<Value> LaneBody::yielded(mlir::Block &block, Environment &env, bool spreadAll) {
  llvm::SmallVector<Value> values;
  for (Value v : block.getTerminator()->getOperands()) {
    Value x = materialize(lookup(v, env));
    values.push_back(spreadAll ? spread(x) : x);
  }
  return values;
}

void LaneBody::emitOps(mlir::Block &block, llvm::ArrayRef<LaneValue> loops, Environment &env) {
  for (mlir::Operation &op : block.without_terminator()) {
    if (auto index = llvm::dyn_cast<linalg::IndexOp>(op)) {
      env[index.getResult()] = loops[index.getDim()];
    } else if (auto extract = llvm::dyn_cast<tensor::ExtractOp>(op)) {
      LaneIndices at;
      for (Value v : extract.getIndices()) {
        at.push_back(lookup(v, env));
      }
      env[extract.getResult()] = LaneValue::of(element(extract.getTensor(), at));
    } else if (auto branch = llvm::dyn_cast<mlir::scf::IfOp>(op)) {
      emitIf(branch, loops, env);
    } else if (auto loop = llvm::dyn_cast<mlir::scf::ForOp>(op)) {
      emitFor(loop, loops, env);
    } else if (!emitIndexOp(op, env) && !emitRepeats(op, env)) {
      emitPlainOp(op, env);
    }
  }
}

/// Sums and multiples of `base + lane * step` keep that form.
bool LaneBody::emitIndexOp(mlir::Operation &op, Environment &env) {
  if (!llvm::isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op) || !op.getResult(0).getType().isIndex()) {
    return false;
  }
  LaneValue x = lookup(op.getOperand(0), env), y = lookup(op.getOperand(1), env);
  if (!x.isIndex() || !y.isIndex() || x.repeats || y.repeats) {
    return false;
  }
  LaneValue &result = env[op.getResult(0)];
  if (llvm::isa<arith::AddIOp>(op)) {
    result = LaneValue::index(k.add(x.base, y.base), x.step + y.step);
    return true;
  }
  if (llvm::isa<arith::SubIOp>(op)) {
    result = LaneValue::index(k.sub(x.base, y.base), x.step - y.step);
    return true;
  }
  if (y.step != 0) {
    std::swap(x, y);
  }
  if (y.step != 0 || (x.step != 0 && !y.base.isStatic())) {
    return false;
  }
  result = LaneValue::index(k.mul(x.base, y.base), x.step == 0 ? 0 : x.step * y.base.constant());
  return true;
}

/// A dim that may be 1 at run time has index 0 there: select(size == 1, 0, index).
bool LaneBody::emitRepeats(mlir::Operation &op, Environment &env) {
  auto select = llvm::dyn_cast<arith::SelectOp>(op);
  if (!select || !select.getType().isIndex()) {
    return false;
  }
  Value condition = materialize(lookup(select.getCondition(), env));
  LaneValue zero = lookup(select.getTrueValue(), env), index = lookup(select.getFalseValue(), env);
  bool fits =
      zero.isIndex() && zero.base.is(0) && zero.step == 0 && index.isIndex() && index.step != 0 && !index.repeats;
  if (isVector(condition) || !fits) {
    return false;
  }
  index.repeats = condition;
  env[select.getResult()] = index;
  return true;
}

/// Arithmetic: on scalars while all operands are, else on vectors.
void LaneBody::emitPlainOp(mlir::Operation &op, Environment &env) {
  llvm::SmallVector<Value> operands;
  bool vector = false;
  for (Value v : op.getOperands()) {
    operands.push_back(materialize(lookup(v, env)));
    vector |= isVector(operands.back());
  }
  if (op.hasTrait<mlir::OpTrait::ConstantLike>()) {
    if (op.getResult(0).getType().isIndex()) {
      env[op.getResult(0)] = LaneValue::index(*mlir::getConstantIntValue(op.getResult(0)));
      return;
    }
  }
  if (vector) {
    bool divides = mayTrap(op) && isVector(operands[1]);
    if (op.getNumRegions() != 0 || op.getNumResults() != 1 || divides ||
        !mlir::OpTrait::hasElementwiseMappableTraits(&op)) {
      for (Value v : op.getResults()) {
        env[v] = LaneValue::of(giveUp(laneType(v.getType())));
      }
      return;
    }
    for (auto [i, v] : llvm::enumerate(operands)) {
      bool scalarCondition = llvm::isa<arith::SelectOp>(op) && i == 0;
      v = scalarCondition ? v : spread(v);
    }
  }
  mlir::Operation *clone = b.clone(op);
  clone->setOperands(operands);
  for (auto [from, to] : llvm::zip(op.getResults(), clone->getResults())) {
    if (vector) {
      to.setType(laneType(from.getType()));
    }
    env[from] = !vector && to.getType().isIndex() ? LaneValue::index(Value(to)) : LaneValue::of(to);
  }
}

void LaneBody::emitFor(mlir::scf::ForOp loop, llvm::ArrayRef<LaneValue> loops, Environment &env) {
  Value lower = materialize(lookup(loop.getLowerBound(), env)), upper = materialize(lookup(loop.getUpperBound(), env));
  llvm::SmallVector<Value> inits;
  for (Value v : loop.getInitArgs()) {
    inits.push_back(spread(materialize(lookup(v, env))));
  }
  if (isVector(lower) || isVector(upper) || mlir::getConstantIntValue(loop.getStep()) != 1) {
    for (Value v : loop.getResults()) {
      env[v] = LaneValue::of(giveUp(laneType(v.getType())));
    }
    return;
  }
  llvm::SmallVector<Value> results = k.loop(Idx(lower), Idx(upper), 1, inits, [&](Idx i, mlir::ValueRange carried) {
    Environment inner(env);
    inner[loop.getInductionVar()] = LaneValue::index(i);
    for (auto [argument, v] : llvm::zip(loop.getRegionIterArgs(), carried)) {
      inner[argument] = v.getType().isIndex() ? LaneValue::index(v) : LaneValue::of(v);
    }
    emitOps(*loop.getBody(), loops, inner);
    return yielded(*loop.getBody(), inner, true);
  });
  for (auto [from, to] : llvm::zip(loop.getResults(), results)) {
    env[from] = to.getType().isIndex() ? LaneValue::index(to) : LaneValue::of(to);
  }
}

void LaneBody::emitIf(mlir::scf::IfOp branch, llvm::ArrayRef<LaneValue> loops, Environment &env) {
  auto region = [&](mlir::Block &block) {
    Environment inner(env);
    emitOps(block, loops, inner);
    return yielded(block, inner, true);
  };
  llvm::SmallVector<Value> results;
  auto decided = known.find(branch.getCondition());
  if (decided != known.end()) {
    results = region(decided->second ? *branch.thenBlock() : *branch.elseBlock());
  } else {
    Value condition = materialize(lookup(branch.getCondition(), env));
    if (isVector(condition)) {
      for (Value v : branch.getResults()) {
        env[v] = LaneValue::of(giveUp(laneType(v.getType())));
      }
      return;
    }
    llvm::SmallVector<mlir::Type> types;
    llvm::transform(branch.getResultTypes(), std::back_inserter(types), [&](mlir::Type t) { return laneType(t); });
    results = k.ifElse(
        condition, types, [&] { return region(*branch.thenBlock()); }, [&] { return region(*branch.elseBlock()); });
  }
  for (auto [from, to] : llvm::zip(branch.getResults(), results)) {
    env[from] = to.getType().isIndex() ? LaneValue::index(to) : LaneValue::of(to);
  }
}
} // namespace dlc::cpu

#include "compiler/target/cpu/KernelBuilder.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

#include <algorithm>

using namespace mlir;

namespace dlc::cpu {
namespace {

constexpr auto nsw = arith::IntegerOverflowFlags::nsw;

Type elementOf(Type type) { return getElementTypeOrSelf(type); }

Type withElement(Type like, Type element) {
  auto vector = dyn_cast<VectorType>(like);
  return vector ? Type(vector.clone(element)) : element;
}

} // namespace

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

Value KernelBuilder::index(Idx x) {
  return x.isStatic() ? arith::ConstantIndexOp::create(b, loc, x.constant()).getResult() : x.value();
}

Idx KernelBuilder::add(Idx x, Idx y) {
  if (x.isStatic() && y.isStatic()) {
    return x.constant() + y.constant();
  }
  if (x.is(0)) {
    return y;
  }
  if (y.is(0)) {
    return x;
  }
  return arith::AddIOp::create(b, loc, index(x), index(y), nsw).getResult();
}

Idx KernelBuilder::sub(Idx x, Idx y) {
  if (x.isStatic() && y.isStatic()) {
    return x.constant() - y.constant();
  }
  if (y.is(0)) {
    return x;
  }
  return arith::SubIOp::create(b, loc, index(x), index(y), nsw).getResult();
}

Idx KernelBuilder::mul(Idx x, Idx y) {
  if (x.isStatic() && y.isStatic()) {
    return x.constant() * y.constant();
  }
  if (x.is(0) || y.is(0)) {
    return 0;
  }
  if (x.is(1)) {
    return y;
  }
  if (y.is(1)) {
    return x;
  }
  return arith::MulIOp::create(b, loc, index(x), index(y), nsw).getResult();
}

Idx KernelBuilder::min(Idx x, Idx y) {
  if (x.isStatic() && y.isStatic()) {
    return std::min(x.constant(), y.constant());
  }
  return arith::MinSIOp::create(b, loc, index(x), index(y)).getResult();
}

Idx KernelBuilder::max(Idx x, Idx y) {
  if (x.isStatic() && y.isStatic()) {
    return std::max(x.constant(), y.constant());
  }
  return arith::MaxSIOp::create(b, loc, index(x), index(y)).getResult();
}

Idx KernelBuilder::div(Idx x, Idx y) {
  if (x.isStatic() && y.isStatic()) {
    return x.constant() / y.constant();
  }
  if (y.is(1)) {
    return x;
  }
  return arith::DivUIOp::create(b, loc, index(x), index(y)).getResult();
}

Idx KernelBuilder::rem(Idx x, Idx y) {
  if (x.isStatic() && y.isStatic()) {
    return x.constant() % y.constant();
  }
  if (y.is(1)) {
    return 0;
  }
  return arith::RemUIOp::create(b, loc, index(x), index(y)).getResult();
}

Idx KernelBuilder::ceilDiv(Idx x, Idx y) { return div(sub(add(x, y), 1), y); }

Idx KernelBuilder::ceilDivAtLeast(Idx x, int64_t y, int64_t atLeast) {
  return max(div(max(add(x, y - 1), 0), y), atLeast);
}

Idx KernelBuilder::select(Value condition, Idx x, Idx y) {
  return arith::SelectOp::create(b, loc, condition, index(x), index(y)).getResult();
}

Value KernelBuilder::compare(arith::CmpIPredicate predicate, Idx x, Idx y) {
  if (x.isStatic() && y.isStatic()) {
    APInt l(64, x.constant(), true), r(64, y.constant(), true);
    return arith::ConstantIntOp::create(b, loc, arith::applyCmpPredicate(predicate, l, r), 1);
  }
  return arith::CmpIOp::create(b, loc, predicate, index(x), index(y));
}

Value KernelBuilder::logicalAnd(Value x, Value y) { return b.createOrFold<arith::AndIOp>(loc, x, y); }

Value KernelBuilder::inRange(Idx x, Idx bound) { return compare(arith::CmpIPredicate::ult, x, bound); }

//===----------------------------------------------------------------------===//
// Types, constants, lanes
//===----------------------------------------------------------------------===//

int KernelBuilder::lanes(Type element) const {
  return std::max<int>(1, target.vectorBits / std::max<unsigned>(8, element.getIntOrFloatBitWidth()));
}

Value KernelBuilder::constant(Type type, double number) {
  Type element = elementOf(type);
  TypedAttr scalar = isa<FloatType>(element) ? TypedAttr(b.getFloatAttr(element, number))
                                             : TypedAttr(b.getIntegerAttr(element, static_cast<int64_t>(number)));
  if (auto vector = dyn_cast<VectorType>(type)) {
    scalar = DenseElementsAttr::get(vector, Attribute(scalar));
  }
  return arith::ConstantOp::create(b, loc, scalar);
}

Value KernelBuilder::zero(Type type) { return arith::ConstantOp::create(b, loc, b.getZeroAttr(type)); }

Lanes KernelBuilder::allLanes(int width) const { return {width, Value(), width}; }

Lanes KernelBuilder::firstLanes(int width, Idx count) {
  if (count.isStatic() && count.constant() >= width) {
    return allLanes(width);
  }
  if (count.isStatic()) {
    SmallVector<bool> bits(width);
    std::fill(bits.begin(), bits.begin() + std::max<int64_t>(0, count.constant()), true);
    auto attr = DenseElementsAttr::get(vectorType(b.getI1Type(), width), bits);
    return {width, arith::ConstantOp::create(b, loc, attr), std::max<int64_t>(0, count.constant())};
  }
  SmallVector<int32_t> numbers(width);
  for (int i = 0; i < width; ++i) {
    numbers[i] = i;
  }
  auto type = vectorType(b.getI32Type(), width);
  Value iota = arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, ArrayRef<int32_t>(numbers)));
  Idx active = max(min(count, width), 0);
  Value limit = broadcast(arith::IndexCastOp::create(b, loc, b.getI32Type(), index(active)), width);
  return {width, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, iota, limit), active};
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Type KernelBuilder::elementType(Value buffer) const { return cast<MemRefType>(buffer.getType()).getElementType(); }

Value KernelBuilder::loadScalar(Value buffer, Idx offset) {
  return memref::LoadOp::create(b, loc, buffer, ValueRange{index(offset)});
}

void KernelBuilder::storeScalar(Value scalar, Value buffer, Idx offset) {
  memref::StoreOp::create(b, loc, scalar, buffer, ValueRange{index(offset)});
}

Value KernelBuilder::load(Value buffer, Idx offset, int width) {
  return vector::LoadOp::create(b, loc, vectorType(elementType(buffer), width), buffer, ValueRange{index(offset)});
}

Value KernelBuilder::load(Value buffer, Idx offset, const Lanes &lanes) {
  if (lanes.full()) {
    return load(buffer, offset, lanes.width);
  }
  VectorType type = vectorType(elementType(buffer), lanes.width);
  return vector::MaskedLoadOp::create(b, loc, type, buffer, ValueRange{index(offset)}, lanes.mask, zero(type));
}

Value KernelBuilder::broadcastLoad(Value buffer, Idx offset, int width) {
  return broadcast(loadScalar(buffer, offset), width);
}

void KernelBuilder::store(Value vector, Value buffer, Idx offset) {
  vector::StoreOp::create(b, loc, vector, buffer, ValueRange{index(offset)});
}

void KernelBuilder::store(Value vector, Value buffer, Idx offset, const Lanes &lanes) {
  if (lanes.full()) {
    return store(vector, buffer, offset);
  }
  vector::MaskedStoreOp::create(b, loc, buffer, ValueRange{index(offset)}, lanes.mask, vector);
}

void KernelBuilder::prefetch(Value buffer, Idx offset, int locality) {
  memref::PrefetchOp::create(b, loc, buffer, ValueRange{index(offset)}, /*isWrite=*/false, locality,
                             /*isDataCache=*/true);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

static arith::FastMathFlagsAttr contract(OpBuilder &b) {
  return arith::FastMathFlagsAttr::get(b.getContext(), arith::FastMathFlags::contract);
}

Value KernelBuilder::broadcast(Value scalar, int width) {
  return vector::BroadcastOp::create(b, loc, vectorType(scalar.getType(), width), scalar);
}

Value KernelBuilder::addValues(Value x, Value y) {
  if (isa<FloatType>(elementOf(x.getType()))) {
    return arith::AddFOp::create(b, loc, x, y, contract(b));
  }
  return arith::AddIOp::create(b, loc, x, y);
}

Value KernelBuilder::subValues(Value x, Value y) {
  if (isa<FloatType>(elementOf(x.getType()))) {
    return arith::SubFOp::create(b, loc, x, y, contract(b));
  }
  return arith::SubIOp::create(b, loc, x, y);
}

Value KernelBuilder::mulValues(Value x, Value y) {
  if (isa<FloatType>(elementOf(x.getType()))) {
    return arith::MulFOp::create(b, loc, x, y, contract(b));
  }
  return arith::MulIOp::create(b, loc, x, y);
}

Value KernelBuilder::multiplyAdd(Value x, Value y, Value z) {
  auto type = dyn_cast<VectorType>(x.getType());
  if (target.fma && type && isa<FloatType>(type.getElementType())) {
    return vector::FMAOp::create(b, loc, x, y, z);
  }
  return addValues(mulValues(x, y), z);
}

Value KernelBuilder::selectValues(Value condition, Value x, Value y) {
  return arith::SelectOp::create(b, loc, condition, x, y);
}

Value KernelBuilder::relu(Value x) {
  Value none = zero(x.getType());
  if (isa<FloatType>(elementOf(x.getType()))) {
    Value negative = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, none, x);
    return selectValues(negative, none, x);
  }
  return arith::MaxSIOp::create(b, loc, x, none);
}

Value KernelBuilder::convert(Value x, Type element, bool isSigned) {
  Type from = elementOf(x.getType());
  if (from == element) {
    return x;
  }
  Type to = withElement(x.getType(), element);
  bool fromFloat = isa<FloatType>(from), toFloat = isa<FloatType>(element);
  unsigned fromBits = from.getIntOrFloatBitWidth(), toBits = element.getIntOrFloatBitWidth();
  if (from.isBF16() && element.isF32() && isa<VectorType>(x.getType())) {
    // On integers: LLVM may part an extension from its load, and has no vectors of bf16 where the CPU has none.
    Type bits = withElement(x.getType(), b.getI32Type());
    Value wide = convert(bitcast(x, withElement(x.getType(), b.getI16Type())), b.getI32Type(), /*isSigned=*/false);
    return bitcast(arith::ShLIOp::create(b, loc, wide, constant(bits, 16)), to);
  }
  if (fromFloat && toFloat) {
    if (fromBits == toBits) { // f16 and bf16
      return convert(convert(x, b.getF32Type()), element);
    }
    return fromBits < toBits ? arith::ExtFOp::create(b, loc, to, x).getResult()
                             : arith::TruncFOp::create(b, loc, to, x).getResult();
  }
  if (fromFloat) {
    return isSigned ? arith::FPToSIOp::create(b, loc, to, x).getResult()
                    : arith::FPToUIOp::create(b, loc, to, x).getResult();
  }
  if (toFloat) {
    return isSigned ? arith::SIToFPOp::create(b, loc, to, x).getResult()
                    : arith::UIToFPOp::create(b, loc, to, x).getResult();
  }
  if (fromBits > toBits) {
    return arith::TruncIOp::create(b, loc, to, x);
  }
  return isSigned ? arith::ExtSIOp::create(b, loc, to, x).getResult()
                  : arith::ExtUIOp::create(b, loc, to, x).getResult();
}

Value KernelBuilder::bitcast(Value x, Type type) {
  if (x.getType() == type) {
    return x;
  }
  if (isa<VectorType>(type)) {
    return vector::BitCastOp::create(b, loc, cast<VectorType>(type), x);
  }
  return arith::BitcastOp::create(b, loc, type, x);
}

Value KernelBuilder::shuffle(Value x, Value y, ArrayRef<int64_t> lanes) {
  return vector::ShuffleOp::create(b, loc, x, y, lanes);
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

SmallVector<Value> KernelBuilder::loop(Idx lower, Idx upper, int64_t step, ValueRange inits, LoopBody body) {
  if (lower.isStatic() && upper.isStatic()) {
    if (upper.constant() <= lower.constant()) {
      return SmallVector<Value>(inits);
    }
    if (upper.constant() - lower.constant() <= step) {
      return body(lower, inits);
    }
  }
  auto build = [&](OpBuilder &, Location, Value iv, ValueRange carried) {
    OpBuilder::InsertionGuard guard(b);
    SmallVector<Value> next = body(iv, carried);
    scf::YieldOp::create(b, loc, next);
  };
  auto op = scf::ForOp::create(b, loc, index(lower), index(upper), index(step), inits, build);
  return SmallVector<Value>(op.getResults());
}

void KernelBuilder::loop(Idx lower, Idx upper, int64_t step, llvm::function_ref<void(Idx)> body) {
  loop(lower, upper, step, ValueRange{}, [&](Idx iv, ValueRange) {
    body(iv);
    return SmallVector<Value>();
  });
}

void KernelBuilder::ifThen(Value condition, llvm::function_ref<void()> thenBody, llvm::function_ref<void()> elseBody) {
  APInt known;
  if (matchPattern(condition, m_ConstantInt(&known))) {
    if (known.isOne()) {
      thenBody();
    } else if (elseBody) {
      elseBody();
    }
    return;
  }
  auto region = [&](llvm::function_ref<void()> body) {
    return [this, body](OpBuilder &, Location) {
      body();
      scf::YieldOp::create(b, loc);
    };
  };
  auto thenRegion = region(thenBody);
  if (!elseBody) {
    scf::IfOp::create(b, loc, condition, thenRegion);
    return;
  }
  auto elseRegion = region(elseBody);
  scf::IfOp::create(b, loc, condition, thenRegion, elseRegion);
}

SmallVector<Value> KernelBuilder::ifElse(Value condition, TypeRange results,
                                         llvm::function_ref<SmallVector<Value>()> thenBody,
                                         llvm::function_ref<SmallVector<Value>()> elseBody) {
  APInt known;
  if (matchPattern(condition, m_ConstantInt(&known))) {
    return known.isOne() ? thenBody() : elseBody();
  }
  auto thenRegion = [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, thenBody()); };
  auto elseRegion = [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, elseBody()); };
  auto op = scf::IfOp::create(b, loc, condition, thenRegion, elseRegion);
  return SmallVector<Value>(op.getResults());
}

} // namespace dlc::cpu

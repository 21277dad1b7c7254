#include "compiler/target/cpu/contraction/Element.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace dlc::cpu {

ContractionTypes ContractionTypes::of(Type a, Type b, bool aSigned, bool bSigned) {
  Builder builder(a.getContext());
  Type accumulator = a;
  if (a.isF16() || a.isBF16()) {
    accumulator = builder.getF32Type();
  } else if (a.isInteger() && a.getIntOrFloatBitWidth() < 32) {
    accumulator = builder.getI32Type();
  }
  return {a, b, accumulator, aSigned, bSigned};
}

MacKind MacUnit::choose(const TargetInfo &target, const ContractionTypes &types, bool contiguousK) {
  bool bytes = types.a.isInteger(8) && types.b.isInteger(8) && types.accumulator.isInteger(32);
  if (!contiguousK) {
    return MacKind::Widen;
  }
  if (bytes && target.vnni && types.bSigned) {
    return MacKind::Vnni;
  }
  if (bytes) {
    return MacKind::Pairs16;
  }
  if (types.a.isBF16() && types.b.isBF16() && target.bf16) {
    return MacKind::Bf16Pairs;
  }
  return MacKind::Widen;
}

int MacUnit::groupOf(MacKind kind) {
  switch (kind) {
  case MacKind::Widen:
    return 1;
  case MacKind::Vnni:
    return 4;
  case MacKind::Pairs16:
  case MacKind::Bf16Pairs:
    return 2;
  }
  return 1;
}

MacUnit::MacUnit(KernelBuilder &kb, const ContractionTypes &types, MacKind kind)
    : kb(kb), elementTypes(types), macKind(kind), laneCount(kb.lanes(types.accumulator)),
      accType(kb.vectorType(types.accumulator, laneCount)) {}

Value MacUnit::gatherGroup(Value buffer, Idx offset, Idx kStep, Idx count) const {
  Type element = kb.elementType(buffer);
  VectorType type = kb.vectorType(element, group());
  if (!kStep.is(1)) {
    SmallVector<Value> parts;
    for (int i = 0; i < group(); ++i) {
      bool inside = count.constantOr(group()) > i;
      parts.push_back(inside ? kb.loadScalar(buffer, kb.add(offset, kb.mul(kStep, i))) : kb.zero(element));
    }
    return vector::FromElementsOp::create(kb.builder(), kb.location(), type, parts);
  }
  return kb.load(buffer, offset, kb.firstLanes(group(), count));
}

Value MacUnit::broadcastA(Value buffer, Idx offset, Idx kStep, Idx count) const {
  if (macKind == MacKind::Widen) {
    Value scalar = kb.loadScalar(buffer, offset);
    return kb.broadcast(kb.convert(scalar, elementTypes.accumulator, elementTypes.aSigned), laneCount);
  }
  return spread(gatherGroup(buffer, offset, kStep, count));
}

Value MacUnit::spread(Value elements) const {
  OpBuilder &b = kb.builder();
  int bits = group() * elementTypes.a.getIntOrFloatBitWidth();
  Type word = b.getIntegerType(bits);
  Value packed = kb.bitcast(elements, kb.vectorType(word, 1));
  Value scalar = vector::ExtractOp::create(b, kb.location(), packed, ArrayRef<int64_t>{0});
  Value wide = kb.bitcast(kb.broadcast(scalar, laneCount), kb.vectorType(elementTypes.a, laneCount * group()));
  if (macKind == MacKind::Pairs16) {
    return kb.convert(wide, b.getI16Type(), elementTypes.aSigned);
  }
  if (compensated()) {
    Value sign = kb.constant(wide.getType(), -128);
    return arith::XOrIOp::create(b, kb.location(), wide, sign);
  }
  return wide;
}

Value MacUnit::splatA(double number) const {
  OpBuilder &b = kb.builder();
  switch (macKind) {
  case MacKind::Widen:
    return kb.constant(accType, number);
  case MacKind::Vnni:
    return kb.constant(kb.vectorType(b.getI8Type(), laneCount * 4),
                       static_cast<int8_t>(static_cast<int64_t>(number) + (compensated() ? 128 : 0)));
  case MacKind::Pairs16:
    return kb.constant(kb.vectorType(b.getI16Type(), laneCount * 2), number);
  case MacKind::Bf16Pairs:
    return kb.constant(kb.vectorType(b.getBF16Type(), laneCount * 2), number);
  }
  return Value();
}

Value MacUnit::loadB(Value buffer, Idx offset, const Lanes &lanes) const {
  if (macKind == MacKind::Widen) {
    return kb.convert(kb.load(buffer, offset, lanes), elementTypes.accumulator, elementTypes.bSigned);
  }
  Value groups = kb.load(buffer, offset, laneCount * group());
  if (macKind == MacKind::Pairs16) {
    return kb.convert(groups, kb.builder().getI16Type(), elementTypes.bSigned);
  }
  return groups;
}

Value MacUnit::intrinsic(StringRef name, ValueRange operands) const {
  OpBuilder &b = kb.builder();
  return LLVM::CallIntrinsicOp::create(b, kb.location(), accType, b.getStringAttr(name), operands).getResult(0);
}

Value MacUnit::step(Value a, Value b, Value accumulator) const {
  int bits = kb.targetInfo().vectorBits;
  switch (macKind) {
  case MacKind::Widen:
    return kb.multiplyAdd(a, b, accumulator);
  case MacKind::Vnni:
    return intrinsic(bits == 512 ? "llvm.x86.avx512.vpdpbusd.512" : "llvm.x86.avx512.vpdpbusd.256",
                     {accumulator, a, b});
  case MacKind::Pairs16: {
    if (kb.targetInfo().vnni) {
      return intrinsic(bits == 512 ? "llvm.x86.avx512.vpdpwssd.512" : "llvm.x86.avx512.vpdpwssd.256",
                       {accumulator, a, b});
    }
    StringRef name = bits == 512   ? "llvm.x86.avx512.pmaddw.d.512"
                     : bits == 256 ? "llvm.x86.avx2.pmadd.wd"
                                   : "llvm.x86.sse2.pmadd.wd";
    return kb.addValues(accumulator, intrinsic(name, {a, b}));
  }
  case MacKind::Bf16Pairs:
    return intrinsic(bits == 512 ? "llvm.x86.avx512bf16.dpbf16ps.512" : "llvm.x86.avx512bf16.dpbf16ps.256",
                     {accumulator, a, b});
  }
  return Value();
}

Value MacUnit::compensate(Value b, Value compensation) const {
  return step(kb.constant(kb.vectorType(kb.builder().getI8Type(), laneCount * 4), -128), b, compensation);
}

Value MacUnit::finish(Value accumulator, Value compensation) const {
  return compensation ? kb.subValues(accumulator, compensation) : accumulator;
}

} // namespace dlc::cpu

#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_ELEMENT_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_ELEMENT_H

#include "compiler/target/cpu/KernelBuilder.h"

namespace dlc::cpu {

/// The element types of a contraction c += a * b.
struct ContractionTypes {
  mlir::Type a, b;
  /// What products are summed in: f32 for f32, f16 and bf16; f64; i32 for 8-bit integers; the type itself for i32, i64.
  mlir::Type accumulator;
  bool aSigned = true;
  bool bSigned = true;

  /// The usual accumulator for operands `a` and `b`.
  static ContractionTypes of(mlir::Type a, mlir::Type b, bool aSigned = true, bool bSigned = true);
};

/// How products are formed.
enum class MacKind {
  /// Operands are converted to the accumulator's type; one k per step.
  Widen,
  /// u8 x s8 dot products of 4; a signed `a` is offset by 128 and compensated.
  Vnni,
  /// 8-bit integers widened to 16 bits, dot products of 2.
  Pairs16,
  /// bf16 dot products of 2.
  Bf16Pairs,
};

/// One multiply-accumulate step on the target: how an element of A is broadcast and a vector of B is loaded so that
/// `step` adds their products to an accumulator vector. B lies in memory as [k / group][column][group].
class MacUnit {
public:
  MacUnit(KernelBuilder &kb, const ContractionTypes &types, MacKind kind);

  /// The fastest kind for these types. `contiguousK`: consecutive k of A are adjacent in memory.
  static MacKind choose(const TargetInfo &target, const ContractionTypes &types, bool contiguousK);
  /// Consecutive k that one step takes.
  static int groupOf(MacKind kind);

  MacKind kind() const { return macKind; }
  const ContractionTypes &types() const { return elementTypes; }
  int group() const { return groupOf(macKind); }
  int lanes() const { return laneCount; }
  mlir::VectorType accumulatorType() const { return accType; }
  /// Whether each vector of B needs a second accumulator that `finish` subtracts.
  bool compensated() const { return macKind == MacKind::Vnni && elementTypes.aSigned; }

  /// A step's operand from A: `group` elements, `kStep` apart, of which the last ones beyond `count` count as zero.
  mlir::Value broadcastA(mlir::Value buffer, Idx offset, Idx kStep, Idx count) const;
  /// The same for elements that are given, a vector of `group`.
  mlir::Value spread(mlir::Value elements) const;
  /// The same for a constant element.
  mlir::Value splatA(double number) const;
  /// A step's operand from B: `lanes` columns of a group that starts at `offset`. `isAccumulator`: the buffer holds
  /// elements of the accumulator's type (converted while packing).
  mlir::Value loadB(mlir::Value buffer, Idx offset, const Lanes &lanes) const;
  mlir::Value step(mlir::Value a, mlir::Value b, mlir::Value accumulator) const;
  /// compensation + 128 * b, summed over the group.
  mlir::Value compensate(mlir::Value b, mlir::Value compensation) const;
  mlir::Value finish(mlir::Value accumulator, mlir::Value compensation) const;

private:
  mlir::Value gatherGroup(mlir::Value buffer, Idx offset, Idx kStep, Idx count) const;
  mlir::Value intrinsic(llvm::StringRef name, mlir::ValueRange operands) const;

  KernelBuilder &kb;
  ContractionTypes elementTypes;
  MacKind macKind;
  int laneCount;
  mlir::VectorType accType;
};

} // namespace dlc::cpu

#endif

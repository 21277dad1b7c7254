#ifndef DLC_COMPILER_TARGET_CPU_CONTRACTION_PACKPANEL_H
#define DLC_COMPILER_TARGET_CPU_CONTRACTION_PACKPANEL_H

#include "compiler/target/cpu/contraction/Element.h"

namespace dlc::cpu {

/// A panel of a run-time B that a kernel packs into its scratch: `[ceil(k / group)][columns of the panel][group]`,
/// elements of the accumulator's type when the unit's group is 1, else B's.
struct PanelSource {
  mlir::Value b;
  /// Element offset of k = 0 and the panel's first column; strides of k and of columns.
  Idx offset;
  Idx kStep, columnStep;
  Idx k;
  /// Columns that exist, from the panel's first; may exceed the panel.
  Idx columns;
};

/// The scratch element type of a packed panel.
mlir::Type packedPanelType(const MacUnit &unit);
/// Packed panels have k rounded up to a multiple of this, in elements.
int64_t packedPanelRounding(const MacUnit &unit);

/// Packs `vectors` vectors of columns into `panel`, a buffer of `packedPanelType`.
void emitPackPanel(KernelBuilder &kb, const MacUnit &unit, const PanelSource &source, int vectors, mlir::Value panel);

} // namespace dlc::cpu

#endif

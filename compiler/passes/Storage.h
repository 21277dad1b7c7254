//===- Storage.h - which bytes a value names ------------------------------------------------===//
#ifndef DLC_COMPILER_PASSES_STORAGE_H
#define DLC_COMPILER_PASSES_STORAGE_H
#include "dialects/rt/RT.h"

namespace dlc::rt {
/// The value whose storage `v` shares: aliases are followed.
inline mlir::Value storageRoot(mlir::Value v) {
  while (auto alias = v.getDefiningOp<AliasOp>()) {
    v = alias.getBase();
  }
  return v;
}
} // namespace dlc::rt
#endif

//===- Entries.h - how functions say what callers see of them ----------------------------------------===//
#ifndef DLC_COMPILER_PASSES_ENTRIES_H
#define DLC_COMPILER_PASSES_ENTRIES_H
#include "llvm/ADT/StringRef.h"

namespace dlc {
/// On arguments and results: the port's name (StringAttr).
inline constexpr llvm::StringLiteral kNameAttr = "nn.name";
/// On arguments: the result (I64) that is kept for the next run. Such arguments and results come after all others.
inline constexpr llvm::StringLiteral kStateAttr = "nn.state";
/// On arguments: what the model calls dims whose size was stated (array of StringAttr, "" for others).
inline constexpr llvm::StringLiteral kDimNamesAttr = "nn.dims";
/// On functions: symbol -> [least, most] (dictionary of DenseI64Array; most -1: unbounded).
inline constexpr llvm::StringLiteral kBoundsAttr = "nn.bounds";
/// On functions: the name of their entry (StringAttr), when several are specialisations of one.
inline constexpr llvm::StringLiteral kEntryAttr = "nn.entry";
} // namespace dlc
#endif

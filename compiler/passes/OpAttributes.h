//===- OpAttributes.h - attributes as ops of libraries get them ------------------------------------===//
#ifndef DLC_COMPILER_PASSES_OPATTRIBUTES_H
#define DLC_COMPILER_PASSES_OPATTRIBUTES_H
#include "mlir/IR/BuiltinAttributes.h"
#include <vector>

namespace dlc {
/// The attributes of nn.custom in the form that docs/abi.md describes ("Ops of users"). Never empty.
std::vector<char> encodeOpAttributes(mlir::DictionaryAttr attributes);
} // namespace dlc
#endif

/// \file A call of a function of a user's op (dlc/custom_op.h).
#ifndef DLC_TOOLS_DLC_LIBRARYCALL_H
#define DLC_TOOLS_DLC_LIBRARYCALL_H

#include "dlc/custom_op.h"
#include "mlir/IR/BuiltinAttributes.h"
#include <string>
#include <vector>

namespace dlc {

/// What the functions of an op see of a node.
class LibraryCall {
public:
  LibraryCall(const dlc_custom_op &op, mlir::DictionaryAttr attributes);
  LibraryCall(const LibraryCall &) = delete;
  LibraryCall &operator=(const LibraryCall &) = delete;
  ~LibraryCall();
  /// Whether the ABI has room for the attributes; must hold before a call.
  bool hasAttributes() const { return attributesRead; }
  bool isSameShape() const { return op.flags & DLC_OP_SAME_SHAPE; }
  bool areSizesFromData() const { return op.flags & DLC_OP_SIZES_FROM_DATA; }
  /// Calls one of the op's functions, named `what` in errors, on `inputs` and `outputs`. What went wrong; empty:
  /// nothing.
  std::string apply(dlc_op_fn function, const char *what);

  const dlc_custom_op &op;
  std::vector<dlc_op_tensor> inputs, outputs;
  /// Which inputs are the same in all calls of this object.
  uint64_t constantInputs = 0;

private:
  std::vector<uint64_t> bytes; ///< of the attributes, aligned to 8
  dlc_op_attribute attributes[DLC_OP_MAX_ATTRIBUTES];
  size_t attributeCount = 0;
  bool attributesRead = false;
  void *state = nullptr; ///< what the op keeps from call to call
};

} // namespace dlc

#endif // DLC_TOOLS_DLC_LIBRARYCALL_H

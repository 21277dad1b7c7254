//===- KernelSignature.h - what a kernel takes, kept while its function becomes LLVM's ---------===//
#ifndef DLC_COMPILER_PASSES_KERNELSIGNATURE_H
#define DLC_COMPILER_PASSES_KERNELSIGNATURE_H
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"
#include <optional>

namespace dlc {
/// The numbers of a kernel's buffers and sizes; `begin`, `end` and the scratch come after them.
struct KernelSignature {
  int64_t buffers = 0;
  int64_t dims = 0;
};

/// The name of the attribute on a function: [buffers, dims].
constexpr llvm::StringLiteral kSignatureAttr = "dlc.kernel";

inline void setSignature(mlir::Operation *func, const KernelSignature &signature) {
  func->setAttr(kSignatureAttr, mlir::DenseI64ArrayAttr::get(func->getContext(), {signature.buffers, signature.dims}));
}
/// Takes the attribute away; nothing for a function that is no kernel.
inline std::optional<KernelSignature> takeSignature(mlir::Operation *func) {
  auto attribute = llvm::dyn_cast_if_present<mlir::DenseI64ArrayAttr>(func->removeAttr(kSignatureAttr));
  return attribute && attribute.size() == 2 ? std::optional(KernelSignature{attribute[0], attribute[1]}) : std::nullopt;
}
} // namespace dlc
#endif

//===- Attributes.cpp - constants as tensors and back -------------------------------===//
#include "dialects/nn/eval/Eval.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

namespace dlc::nn {
namespace {
/// Below this many bytes constants are written out in the IR.
constexpr size_t kInlineBytes = 1024;

mlir::FailureOr<Tensor> fromDense(mlir::DenseElementsAttr attr) {
  auto type = llvm::cast<mlir::RankedTensorType>(attr.getType());
  Tensor t = Tensor::zeros(type.getElementType(), type.getShape());
  if (auto strings = llvm::dyn_cast<mlir::DenseStringElementsAttr>(attr)) {
    llvm::ArrayRef<llvm::StringRef> raw = strings.getRawStringData();
    for (int64_t i = 0; i < t.count(); ++i) {
      t.values<std::string>()[i] = raw[strings.isSplat() ? 0 : i].str();
    }
    return t;
  }
  if (isBool(type.getElementType())) {
    for (auto [i, v] : llvm::enumerate(attr.getValues<bool>())) {
      t.values<bool>()[i] = v;
    }
    return t;
  }
  llvm::ArrayRef<char> raw = attr.getRawData();
  unsigned bits = getElementBits(type.getElementType());
  size_t size = (bits + 7) / 8;
  for (int64_t i = 0; i < t.count(); ++i) {
    std::memcpy(t.rawMutable() + i * size, raw.data() + (attr.isSplat() ? 0 : i * size), size);
  }
  if (bits < 8) { // the attribute leaves the other bits of the byte open
    for (char &byte : llvm::MutableArrayRef(t.rawMutable(), t.count())) {
      byte = extendBits(byte, type.getElementType());
    }
  }
  return t;
}
} // namespace

mlir::FailureOr<Tensor> tensorFromAttr(mlir::ElementsAttr attr) {
  if (auto resource = llvm::dyn_cast<mlir::DenseResourceElementsAttr>(attr)) {
    mlir::AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob) {
      return mlir::failure();
    }
    auto type = llvm::cast<mlir::RankedTensorType>(attr.getType());
    Tensor t = Tensor::view(type.getElementType(), type.getShape(), blob->getData().data());
    if (blob->getData().size() < t.bytes()) {
      return mlir::failure();
    }
    return t;
  }
  if (auto dense = llvm::dyn_cast<mlir::DenseElementsAttr>(attr)) {
    return fromDense(dense);
  }
  return mlir::failure();
}

mlir::ElementsAttr attrFromTensor(const Tensor &t) {
  mlir::RankedTensorType type = t.type();
  if (isString(t.element())) {
    llvm::SmallVector<llvm::StringRef> strings;
    for (const std::string &s : t.values<std::string>()) {
      strings.push_back(s);
    }
    return mlir::DenseStringElementsAttr::get(type, strings);
  }
  if (isBool(t.element())) {
    return mlir::DenseElementsAttr::get(type, t.values<bool>());
  }
  llvm::ArrayRef<char> raw(t.raw(), t.bytes());
  if (t.bytes() <= kInlineBytes && getElementBits(t.element()) % 8 == 0) {
    return mlir::DenseElementsAttr::getFromRawBuffer(type, raw);
  }
  return mlir::DenseResourceElementsAttr::get(type, "data",
                                              mlir::HeapAsmResourceBlob::allocateAndCopyWithAlign(raw, 64));
}
} // namespace dlc::nn

//===- Constants.h - tensors of a model as attributes ------------------------------===//
#ifndef DLC_IMPORTERS_ONNX_CONSTANTS_H
#define DLC_IMPORTERS_ONNX_CONSTANTS_H
#include "importers/onnx/Model.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringMap.h"

namespace dlc::onnx_import {
/// Turns TensorProtos into attributes. Raw data that is aligned stays where it is in the mapped file, which the
/// attribute keeps mapped; everything else is copied.
class Constants {
public:
  Constants(mlir::MLIRContext *context, const Model &model) : context(context), model(model) {}
  /// Null, with the text in `error`, when type, sizes and data don't fit together.
  mlir::ElementsAttr convert(const onnx::TensorProto &tensor, std::string &error);
  /// A sparse tensor made dense.
  mlir::ElementsAttr convert(const onnx::SparseTensorProto &tensor, std::string &error);

private:
  struct Bytes {
    llvm::ArrayRef<char> data;
    MappedFile owner;
  };
  std::optional<Bytes> rawBytes(const onnx::TensorProto &tensor, std::string &error);
  std::optional<Bytes> externalBytes(const onnx::TensorProto &tensor, std::string &error);
  mlir::ElementsAttr fromRaw(mlir::RankedTensorType type, const Bytes &bytes, std::string &error);

  mlir::MLIRContext *context;
  const Model &model;
  llvm::StringMap<MappedFile> external;
};
} // namespace dlc::onnx_import
#endif

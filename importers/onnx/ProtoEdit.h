//===- ProtoEdit.h - changes to a model's protobuf -----------------------------------------===//
#ifndef DLC_IMPORTERS_ONNX_PROTOEDIT_H
#define DLC_IMPORTERS_ONNX_PROTOEDIT_H
#include "importers/onnx/Constants.h"
#include "importers/onnx/Node.h"
#include "llvm/ADT/StringMap.h"

namespace dlc::onnx_import {
/// A model that is edited. Everything that fails says why in `error`, and returns false.
class ProtoEdit {
public:
  /// Reads the file; external data is looked for in `folder`.
  ProtoEdit(mlir::MLIRContext *context, llvm::StringRef path, llvm::StringRef folder);
  /// Reads the initialisers' external data into the model. Elsewhere (in subgraphs and attributes) there may be none.
  bool takeExternalData();
  /// The version of ONNX's own operators.
  int64_t opset() const;
  /// The node of the main graph whose location is `name` (Importer::locationOf); null when there is none, or several.
  onnx::NodeProto *node(llvm::StringRef name);
  /// Replaces the initialiser, or the tensor of the Constant node, of that name, which has the sizes `before`.
  bool setTensor(llvm::StringRef name, llvm::ArrayRef<int64_t> before, const nn::Tensor &t);
  bool setInt(onnx::NodeProto &node, llvm::StringRef attribute, int64_t value);
  /// States integers as operand `input`, a new initialiser; or as an attribute, where the version of the op has that.
  bool setInts(onnx::NodeProto &node, int input, llvm::StringRef attribute, llvm::ArrayRef<int64_t> values);
  void removeAttribute(onnx::NodeProto &node, llvm::StringRef name);
  bool serialise(std::string &bytes);
  bool fail(const std::string &reason);
  bool failNode(const std::string &name, const std::string &what);
  /// A tensor that can't be stored.
  bool failTensor(llvm::StringRef name);
  std::string error;

private:
  bool failSize();
  bool hasAttribute(const onnx::NodeProto &node, llvm::StringRef name) const;
  void dropUnused(const std::string &name);
  bool store(onnx::TensorProto &proto, llvm::StringRef name, const nn::Tensor &t);

  mlir::MLIRContext *context;
  Model model;
  llvm::StringMap<onnx::NodeProto *> nodes; ///< null: several have the name
  llvm::StringMap<onnx::TensorProto *> initializers;
  unsigned added = 0;
};
} // namespace dlc::onnx_import
#endif

//===- Model.h - a model read from a file or from memory --------------------------===//
#ifndef DLC_IMPORTERS_ONNX_MODEL_H
#define DLC_IMPORTERS_ONNX_MODEL_H
#include "importers/onnx/OnnxProto.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>
#include <vector>

namespace dlc::onnx_import {
/// A file that stays mapped as long as somebody holds it.
using MappedFile = std::shared_ptr<llvm::MemoryBuffer>;

/// Maps the regular file `path`. Null, with the text in `error`, when it can't be read.
MappedFile mapFile(llvm::StringRef path, std::string &error);

/// A parsed model whose large tensors' bytes are still in its file.
struct Model {
  onnx::ModelProto proto;
  MappedFile file;
  std::vector<llvm::ArrayRef<char>> detached;
  /// Where external data is looked for; empty: nowhere.
  std::string folder;
};

/// Parses the serialised model in `file`. False, with the text in `error`, when it is none.
bool parseModel(MappedFile file, llvm::StringRef folder, Model &model, std::string &error);
} // namespace dlc::onnx_import
#endif

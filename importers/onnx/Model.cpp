//===- Model.cpp - a model read from a file or from memory ------------------------===//
#include "importers/onnx/Model.h"
#include "importers/onnx/WireFormat.h"
#include "llvm/Support/FileSystem.h"
#include <google/protobuf/io/coded_stream.h>
#include <limits>

namespace dlc::onnx_import {
namespace {
constexpr int64_t kOldestIr = 3, kNewestIr = 13;

bool checkVersion(const onnx::ModelProto &proto, std::string &error) {
  if (!proto.has_graph()) {
    error = "expected an ONNX model, got none with a graph";
    return false;
  }
  if (proto.ir_version() < 1 || proto.ir_version() > kNewestIr) {
    error = "expected IR version " + std::to_string(kOldestIr) + " to " + std::to_string(kNewestIr) + ", got " +
            std::to_string(proto.ir_version());
    return false;
  }
  return true;
}
} // namespace

MappedFile mapFile(llvm::StringRef path, std::string &error) {
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status)) {
    error = "can't read " + path.str() + ": " + code.message();
    return nullptr;
  }
  if (status.type() != llvm::sys::fs::file_type::regular_file) {
    error = "expected a regular file, got " + path.str();
    return nullptr;
  }
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer) {
    error = "can't read " + path.str() + ": " + buffer.getError().message();
    return nullptr;
  }
  return MappedFile(std::move(*buffer));
}

bool parseModel(MappedFile file, llvm::StringRef folder, Model &model, std::string &error) {
  std::string rewritten;
  llvm::ArrayRef<char> bytes(file->getBufferStart(), file->getBufferSize());
  if (failed(detachTensors(bytes, rewritten, model.detached))) {
    error = "expected an ONNX model, got bytes that are not of protobuf's format";
    return false;
  }
  if (rewritten.size() > size_t(std::numeric_limits<int>::max())) {
    error = "expected at most 2 GiB beside the raw data of tensors, got " + std::to_string(rewritten.size()) + " bytes";
    return false;
  }
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(rewritten.data()),
                                                static_cast<int>(rewritten.size()));
  if (!model.proto.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    error = "expected an ONNX model, got bytes that protobuf can't parse as one";
    return false;
  }
  model.file = std::move(file);
  model.folder = folder.str();
  return checkVersion(model.proto, error);
}
} // namespace dlc::onnx_import

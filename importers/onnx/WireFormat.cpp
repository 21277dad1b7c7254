//===- WireFormat.cpp - a model's tensors found without parsing them -----------===//
#include "importers/onnx/WireFormat.h"

namespace dlc::onnx_import {
namespace {
/// Shorter data is left where it is.
constexpr size_t kLeastDetached = 512;
/// As deep as protobuf itself goes.
constexpr int kMaxDepth = 100;

enum class Message { Model, Graph, Node, Attribute, Function, TrainingInfo, SparseTensor, Tensor, Other };
enum WireType { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

/// What a length-delimited field of `parent` holds.
Message fieldMessage(Message parent, uint64_t field) {
  switch (parent) {
  case Message::Model:
    return field == 7 ? Message::Graph : field == 20 ? Message::TrainingInfo : field == 25 ? Message::Function : Message::Other;
  case Message::TrainingInfo:
    return field == 1 || field == 2 ? Message::Graph : Message::Other;
  case Message::Graph:
    return field == 1    ? Message::Node
           : field == 5  ? Message::Tensor
           : field == 15 ? Message::SparseTensor
                         : Message::Other;
  case Message::Function:
    return field == 7 ? Message::Node : field == 11 ? Message::Attribute : Message::Other;
  case Message::Node:
    return field == 5 ? Message::Attribute : Message::Other;
  case Message::Attribute:
    return field == 5 || field == 10    ? Message::Tensor
           : field == 6 || field == 11  ? Message::Graph
           : field == 22 || field == 23 ? Message::SparseTensor
                                        : Message::Other;
  case Message::SparseTensor:
    return field == 1 || field == 2 ? Message::Tensor : Message::Other;
  default:
    return Message::Other;
  }
}

struct Reader {
  const char *at, *end;

  bool varint(uint64_t &value) {
    value = 0;
    for (int shift = 0; shift < 64 && at < end; shift += 7) {
      uint8_t byte = *at++;
      value |= uint64_t(byte & 0x7f) << shift;
      if (!(byte & 0x80)) {
        return true;
      }
    }
    return false;
  }
  bool skip(uint64_t count) {
    if (count > uint64_t(end - at)) {
      return false;
    }
    at += count;
    return true;
  }
};

void appendVarint(std::string &out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(char(value | 0x80));
    value >>= 7;
  }
  out.push_back(char(value));
}

class Rewriter {
public:
  explicit Rewriter(std::vector<llvm::ArrayRef<char>> &detached) : detached(detached) {}

  llvm::LogicalResult message(Message kind, llvm::ArrayRef<char> bytes, std::string &out, int depth) {
    Reader in{bytes.begin(), bytes.end()};
    while (in.at != in.end) {
      const char *start = in.at;
      uint64_t key, length;
      if (!in.varint(key) || key >> 3 == 0 || key >> 32) {
        return mlir::failure();
      }
      bool read = false;
      switch (key & 7) {
      case Varint:
        read = in.varint(length);
        break;
      case Fixed64:
        read = in.skip(8);
        break;
      case Fixed32:
        read = in.skip(4);
        break;
      case Bytes: {
        if (!in.varint(length) || !in.skip(length)) {
          return mlir::failure();
        }
        if (failed(field(kind, key, start, {in.at - length, size_t(length)}, out, depth))) {
          return mlir::failure();
        }
        continue;
      }
      }
      if (!read) {
        return mlir::failure();
      }
      // Nobody else may speak of detached bytes.
      if (kind != Message::Tensor || key >> 3 != kDetachedField) {
        out.append(start, in.at);
      }
    }
    return mlir::success();
  }

private:
  llvm::LogicalResult field(Message kind, uint64_t key, const char *start, llvm::ArrayRef<char> bytes, std::string &out,
                            int depth) {
    constexpr uint64_t rawData = 9;
    if (kind == Message::Tensor && key >> 3 == rawData && bytes.size() >= kLeastDetached) {
      appendVarint(out, uint64_t(kDetachedField) << 3 | Varint);
      appendVarint(out, detached.size());
      detached.push_back(bytes);
      return mlir::success();
    }
    if (kind == Message::Tensor && key >> 3 == kDetachedField) {
      return mlir::success();
    }
    Message inner = fieldMessage(kind, key >> 3);
    if (inner == Message::Other) {
      out.append(start, bytes.end());
      return mlir::success();
    }
    std::string text;
    if (depth == kMaxDepth || failed(message(inner, bytes, text, depth + 1))) {
      return mlir::failure();
    }
    appendVarint(out, key);
    appendVarint(out, text.size());
    out += text;
    return mlir::success();
  }

  std::vector<llvm::ArrayRef<char>> &detached;
};
} // namespace

llvm::LogicalResult detachTensors(llvm::ArrayRef<char> bytes, std::string &rewritten,
                                  std::vector<llvm::ArrayRef<char>> &detached) {
  return Rewriter(detached).message(Message::Model, bytes, rewritten, 0);
}
} // namespace dlc::onnx_import

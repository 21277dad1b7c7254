//===- WireFormat.h - a model's tensors found without parsing them -------------===//
#ifndef DLC_IMPORTERS_ONNX_WIREFORMAT_H
#define DLC_IMPORTERS_ONNX_WIREFORMAT_H
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include <string>
#include <vector>

namespace dlc::onnx_import {
/// The field of a TensorProto that holds, in a rewritten model, the number of its detached bytes.
constexpr int kDetachedField = 536870911;

/// Copies the serialised ModelProto `bytes` to `rewritten` without the `raw_data` of its large tensors: each becomes an
/// entry of `detached` (a view of `bytes`) and a varint field kDetachedField with its index. Fails on bytes that are not
/// of protobuf's wire format or are nested too deep.
/// Source: protobuf's documentation, "Encoding"; field numbers of onnx.proto.
llvm::LogicalResult detachTensors(llvm::ArrayRef<char> bytes, std::string &rewritten,
                                  std::vector<llvm::ArrayRef<char>> &detached);
} // namespace dlc::onnx_import
#endif

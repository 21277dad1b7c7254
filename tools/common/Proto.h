/// \file ONNX's own value files: TensorProto, SequenceProto, OptionalProto and MapProto, as in test_data_set_N/*.pb.
#ifndef DLC_TOOLS_COMMON_PROTO_H
#define DLC_TOOLS_COMMON_PROTO_H

#include "tools/common/HostTensor.h"
#include "llvm/ADT/StringRef.h"

namespace onnx {
class TensorProto;
} // namespace onnx

namespace dlc {

/// A tensor out of raw_data or the typed fields, for every element type. External data is refused.
llvm::Expected<HostTensor> tensorFromProto(const onnx::TensorProto &proto);

/// Numbers go to raw_data, strings to string_data.
void tensorToProto(const HostTensor &tensor, onnx::TensorProto &proto);

/// Parses the bytes of a .pb. The file doesn't say which message it holds: `kind` does (tensors and strings are one).
llvm::Expected<HostValue> readProto(llvm::StringRef bytes, dlc_kind kind = DLC_KIND_TENSOR);

/// Writes the message of the value's kind, atomically.
llvm::Error writeProto(llvm::StringRef path, const HostValue &value);

} // namespace dlc

#endif // DLC_TOOLS_COMMON_PROTO_H

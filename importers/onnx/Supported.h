//===- Supported.h - what there are rules for, for people to read ---------------------===//
#ifndef DLC_IMPORTERS_ONNX_SUPPORTED_H
#define DLC_IMPORTERS_ONNX_SUPPORTED_H
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dlc::onnx_import {
/// The newest opset of the domain ai.onnx that a model may import; the first is 1. Other domains have no such bound.
constexpr int64_t kNewestOpset = 27;

/// A version of an op that there is a rule for.
struct SupportedVersion {
  int since;                          ///< the version of the domain's opset that it came with
  unsigned leastInputs;               ///< how many inputs a node has
  std::optional<unsigned> mostInputs; ///< none: any number
  bool takesTensorsOnly;              ///< an input that is a sequence or an optional is refused, whatever the op
};

struct SupportedOp {
  std::string domain; ///< "ai.onnx" where models may leave it empty
  std::string name;
  std::vector<SupportedVersion> versions; ///< the oldest first; none that no model can ask for
};

/// Every op that the importer has a rule for, by domain (ai.onnx first) and name.
std::vector<SupportedOp> supportedOps();

/// The names of TensorProto.DataType that a model's tensors may have, in the order of their numbers.
std::vector<std::string> supportedElementTypes();
} // namespace dlc::onnx_import
#endif

/// \file What `dlc verify` measures and when it is content.
#ifndef DLC_TOOLS_DLC_VERIFY_H
#define DLC_TOOLS_DLC_VERIFY_H

#include "mlir/IR/BuiltinOps.h"
#include "tools/common/Compare.h"

namespace dlc {

/// How near an output must be to what is expected. Integers, bools and strings must be equal, but for the 8-bit
/// integers of quantised models.
struct Bounds {
  double peak = 1e-4;      ///< max |error| / max |expected|
  double channel = 1e-3;   ///< the same within each index of the last axis; see channelError
  double floor = 0.01;     ///< of the peak: smaller channels are measured against that
  double cosine = 0.99999; ///< of the angle between both, at least
  bool isQuantized = false;
};

/// The bounds of a model: the widest that one of its ops calls for (f32; f16 and bf16; quantised).
Bounds boundsFor(mlir::ModuleOp module);

/// An output's errors, and why it fails (empty: it passes).
struct OutputCheck {
  std::string name;
  std::string type;
  Comparison comparison;
  double channelError = 0;
  std::string failure;
};

OutputCheck checkOutput(const HostValue &expected, const HostValue &actual, const Bounds &bounds);

/// The largest error in a channel (index of the last axis) relative to the largest |expected| in it, or to `floor` of the
/// tensor's where that is more.
double channelError(const HostTensor &expected, const Comparison &comparison, double floor);

/// Makes every tensor that an op of `@main` computes an output, after those that are there and before state. Returns
/// what computes each output that was added, in order: `node "conv1" (nn.conv)`.
std::vector<std::string> exposeLayers(mlir::ModuleOp module);

} // namespace dlc

#endif // DLC_TOOLS_DLC_VERIFY_H

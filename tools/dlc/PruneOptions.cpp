#include "tools/dlc/PruneOptions.h"
#include "dialects/nn/NN.h"
#include "tools/common/HostTensor.h"
#include "tools/common/Table.h"

namespace dlc {

llvm::Expected<PruneOptions> parsePruning(llvm::StringRef text) {
  PruneOptions options;
  if (text.empty()) {
    return options;
  }
  llvm::SmallVector<llvm::StringRef> parts;
  text.split(parts, ':');
  bool isFraction =
      parts.size() >= 2 && !parts[1].getAsDouble(options.fraction) && options.fraction >= 0 && options.fraction < 1;
  bool isScope = parts.size() == 2 || (parts.size() == 3 && (parts[2] == "global" || parts[2] == "layer"));
  if (parts[0] != "channel" || !isFraction || !isScope) {
    return makeError(
        "--prune: expected channel:FRACTION[:global|:layer] with a fraction below 1, such as channel:0.3, got '{0}'",
        text);
  }
  options.isGlobal = parts.size() == 3 && parts[2] == "global";
  return options;
}

double parameterCount(mlir::ModuleOp module) {
  double count = 0;
  module.walk([&](nn::ConstantOp constant) { count += static_cast<double>(constant.getValue().getNumElements()); });
  return count;
}

std::string pruningText(const std::pair<double, double> &parameters) {
  auto [before, after] = parameters;
  if (before == after) {
    return "nothing was pruned: every channel reaches an output, or an op that needs all channels";
  }
  return llvm::formatv("pruned: {0} parameters of {1} are left ({2:f1}% fewer)", countString(after),
                       countString(before), 100 * (before - after) / before);
}

} // namespace dlc

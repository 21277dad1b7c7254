#include "tools/dlc/Verify.h"
#include "compiler/passes/Entries.h"
#include "dialects/nn/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tools/common/ElementType.h"
#include "llvm/ADT/SetVector.h"
#include <cmath>

namespace dlc {
namespace {

bool isQuantizing(mlir::Operation *op) {
  return llvm::isa<nn::QuantizeLinearOp, nn::DequantizeLinearOp, nn::DynamicQuantizeOp, nn::MatmulIntegerOp,
                   nn::ConvIntegerOp>(op);
}

bool isHalf(mlir::Type type) {
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
  return tensor && nn::isFloat(tensor.getElementType()) && nn::getElementBits(tensor.getElementType()) < 32;
}

bool isBrain(mlir::Type type) {
  auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
  return tensor && tensor.getElementType().isBF16();
}

Tolerance toleranceFor(dlc_dtype type, const Bounds &bounds) {
  bool isSmallInteger = isIntegerElement(type) && elementBits(type) <= 8;
  bool isApproximate = isFloatElement(type) || isComplexElement(type) || (bounds.isQuantized && isSmallInteger);
  return isApproximate ? Tolerance{.absolute = 1e-9, .peak = bounds.peak} : Tolerance{};
}

/// The element type of what a value holds.
dlc_dtype typeOf(const HostValue &value) {
  bool isTensor = value.kind == DLC_KIND_TENSOR || value.kind == DLC_KIND_STRINGS;
  return isTensor ? value.tensor.dtype : value.elements.empty() ? DLC_UNDEFINED : typeOf(value.elements.front());
}

std::string describe(mlir::Operation *op) {
  auto name = op->getLoc()->findInstanceOf<mlir::NameLoc>();
  return (name ? "node \"" + name.getName().str() + "\" " : "") + "(" + op->getName().getStringRef().str() + ")";
}

} // namespace

Bounds boundsFor(mlir::ModuleOp module) {
  bool isQuantized = false, isDynamic = false, hasHalf = false, hasBrain = false;
  module.walk([&](mlir::Operation *op) {
    isDynamic |= llvm::isa<nn::DynamicQuantizeOp>(op);
    isQuantized |= isQuantizing(op);
    hasHalf |= llvm::any_of(op->getResultTypes(), isHalf);
    hasBrain |= llvm::any_of(op->getResultTypes(), [](mlir::Type t) { return isBrain(t); });
  });
  if (isQuantized) {
    // A step of rounding is a part of the whole range: in a channel of less than a tenth of it, errors say nothing more.
    // Scales that follow the data carry a flipped step from layer to layer: engines that are both right differ by 0.005.
    return {.peak = 3e-2, .channel = 0.3, .floor = 0.1, .cosine = isDynamic ? 0.99 : 0.999, .isQuantized = true};
  }
  // bf16 has three bits less than f16. What a small result is the sum of was rounded, too.
  if (hasBrain) {
    return {.peak = 3e-2, .channel = 0.3, .floor = 0.1, .cosine = 0.999};
  }
  return hasHalf ? Bounds{.peak = 1e-2, .channel = 0.1, .cosine = 0.9999} : Bounds{};
}

double channelError(const HostTensor &expected, const Comparison &comparison, double floor) {
  size_t channels = comparison.channelAbs.size();
  if (channels == 0 || !isFloatElement(expected.dtype)) {
    return 0;
  }
  std::vector<double> peaks(channels, 0);
  double peak = 0, worst = 0;
  for (size_t i = 0; i < comparison.count; ++i) {
    double value = std::fabs(expected.at(i));
    if (std::isfinite(value)) {
      peaks[i % channels] = std::fmax(peaks[i % channels], value);
      peak = std::fmax(peak, value);
    }
  }
  for (size_t c = 0; c < channels; ++c) {
    double base = std::fmax(peaks[c], peak * floor);
    worst = std::fmax(worst, base > 0 ? comparison.channelAbs[c] / base : comparison.channelAbs[c]);
  }
  return worst;
}

OutputCheck checkOutput(const HostValue &expected, const HostValue &actual, const Bounds &bounds) {
  OutputCheck check;
  check.name = actual.name;
  check.type = typeString(actual);
  check.comparison = compareValues(expected, actual, toleranceFor(typeOf(expected), bounds));
  if (expected.kind == DLC_KIND_TENSOR) {
    check.channelError = channelError(expected.tensor, check.comparison, bounds.floor);
  }
  const Comparison &comparison = check.comparison;
  bool isFloat = isFloatElement(typeOf(expected));
  if (!comparison.passed) {
    check.failure = comparison.toString();
  } else if (isFloat && check.channelError > bounds.channel) {
    check.failure = llvm::formatv("expected an error of at most {0:e2} per channel, got {1:e2}", bounds.channel,
                                  check.channelError);
  } else if (isFloat && comparison.count > 1 && comparison.maxAbs > 1e-9 && comparison.cosine < bounds.cosine) {
    check.failure = llvm::formatv("expected a cosine of at least {0:f6}, got {1:f6}", bounds.cosine, comparison.cosine);
  }
  return check;
}

std::vector<std::string> exposeLayers(mlir::ModuleOp module) {
  auto main = module.lookupSymbol<mlir::func::FuncOp>("main");
  auto returned = llvm::cast<mlir::func::ReturnOp>(main.front().getTerminator());
  llvm::SetVector<mlir::Value> values(returned.operand_begin(), returned.operand_end());
  std::vector<std::string> layers;
  llvm::SmallVector<mlir::Value> added;
  for (mlir::Operation &op : main.front().without_terminator()) {
    if (op.hasTrait<mlir::OpTrait::ConstantLike>() || llvm::isa<nn::ReadDimsOp, nn::ShapeOp, nn::SizesOp>(op)) {
      continue;
    }
    for (mlir::Value value : op.getResults()) {
      if (llvm::isa<mlir::RankedTensorType>(value.getType()) && values.insert(value)) {
        added.push_back(value);
        layers.push_back(describe(&op));
      }
    }
  }
  mlir::Builder b(main.getContext());
  unsigned end = main.getNumResults();
  for (unsigned i = 0; i < main.getNumArguments(); ++i) {
    if (auto state = main.getArgAttrOfType<mlir::IntegerAttr>(i, kStateAttr)) {
      end = std::min<unsigned>(end, state.getInt());
      main.setArgAttr(i, kStateAttr, b.getI64IntegerAttr(state.getInt() + added.size()));
    }
  }
  for (auto [i, value] : llvm::enumerate(added)) {
    auto name = b.getNamedAttr(kNameAttr, b.getStringAttr("layer_" + std::to_string(i)));
    (void)main.insertResult(end + i, value.getType(), b.getDictionaryAttr(name));
  }
  returned->insertOperands(end, added);
  return layers;
}

} // namespace dlc

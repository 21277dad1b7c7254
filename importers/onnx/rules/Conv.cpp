//===- Conv.cpp - convolutions ----------------------------------------------------------------------------===//
#include "importers/onnx/rules/Window.h"

namespace dlc::onnx_import {
namespace {
using Result = llvm::LogicalResult;

/// The sizes of the weight's window. Empty, with the node failed, when they don't fit kernel_shape.
std::optional<Ints> kernelOf(Node &n, Value weight) {
  Ints stated = n.getInts("kernel_shape");
  Shape shape = nn::shapeOf(weight);
  Ints kernel;
  for (size_t i = 2; i < shape.size(); ++i) {
    std::optional<int64_t> size = dim::getConstant(shape[i]);
    if (!size && i - 2 < stated.size()) {
      size = stated[i - 2];
    }
    if (!size) {
      (void)n.fail("expected a kernel whose sizes are known at compile time");
      return std::nullopt;
    }
    kernel.push_back(*size);
  }
  if (kernel.empty() || (!stated.empty() && stated != kernel)) {
    (void)n.fail("expected a weight with the sizes that kernel_shape states, at rank 3 or more");
    return std::nullopt;
  }
  return kernel;
}

Result conv(Node &n) {
  Value x = n.in(0), weight = n.in(1);
  std::optional<Ints> kernel = kernelOf(n, weight);
  int64_t groups = n.getInt("group", 1);
  std::optional<Window> w = kernel ? readWindow(n, x, *kernel, n.scalar(nn::elementOf(x), 0)) : std::nullopt;
  if (!w) {
    return mlir::failure();
  }
  Value y = n.make<nn::ConvOp>(x, weight, n.in(2), w->strides, w->dilations, w->pads, groups, false);
  return n.result(withOutputSizes(n, *w, y));
}

/// Pads so that the output has `wanted` elements; what the input can't reach is output padding.
struct TransposedPads {
  int64_t begin, end, outputPadding;
};
TransposedPads padsFor(int64_t natural, int64_t wanted, int64_t outputPadding, bool upper) {
  int64_t total = natural - wanted;
  if (total < 0) {
    return {0, 0, outputPadding - total};
  }
  int64_t half = total / 2;
  return upper ? TransposedPads{half, total - half, outputPadding} : TransposedPads{total - half, half, outputPadding};
}

/// Resolves output_shape and auto_pad (ONNX, ConvTranspose: "total_padding"). False when the node failed.
bool resolveTransposed(Node &n, Value x, Ints kernel, Ints strides, Ints dilations, Ints &pads, Ints &outputPadding) {
  Ints outputShape = n.getInts("output_shape");
  std::string mode = n.getString("auto_pad", "NOTSET");
  bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  size_t count = kernel.size();
  if (mode == "VALID") {
    pads.assign(2 * count, 0);
  }
  if (outputShape.size() > count) { // some producers state N and C too
    outputShape.erase(outputShape.begin(), outputShape.end() - count);
  }
  if (!same && outputShape.empty()) {
    return true;
  }
  for (size_t i = 0; i < count; ++i) {
    int64_t reach = (kernel[i] - 1) * dilations[i] + 1;
    std::optional<int64_t> size = dim::getConstant(nn::shapeOf(x)[2 + i]);
    TransposedPads p;
    if (!outputShape.empty() && size && outputShape.size() == count) {
      p = padsFor(strides[i] * (*size - 1) + outputPadding[i] + reach, outputShape[i], outputPadding[i], mode == "SAME_UPPER");
    } else if (outputShape.empty()) {
      // size * stride elements, whatever the size.
      p = padsFor(reach + outputPadding[i], strides[i], outputPadding[i], mode == "SAME_UPPER");
    } else {
      (void)n.fail("expected output_shape with an input whose sizes are known at compile time");
      return false;
    }
    pads[i] = p.begin;
    pads[count + i] = p.end;
    outputPadding[i] = p.outputPadding;
  }
  return true;
}

Result convTranspose(Node &n) {
  Value x = n.in(0), weight = n.in(1);
  std::optional<Ints> kernel = kernelOf(n, weight);
  if (!kernel) {
    return mlir::failure();
  }
  size_t count = kernel->size();
  int64_t groups = n.getInt("group", 1);
  Ints strides = n.getInts("strides", Ints(count, 1)), dilations = n.getInts("dilations", Ints(count, 1));
  Ints pads = n.getInts("pads", Ints(2 * count, 0)), outputPadding = n.getInts("output_padding", Ints(count, 0));
  if (strides.size() != count || dilations.size() != count || pads.size() != 2 * count ||
      outputPadding.size() != count || nn::rankOf(x) != static_cast<int64_t>(count) + 2) {
    return n.fail("expected strides, dilations, pads and output_padding for " + llvm::Twine(count) + " spatial dims");
  }
  if (!resolveTransposed(n, x, *kernel, strides, dilations, pads, outputPadding)) {
    return mlir::failure();
  }
  return n.result(n.make<nn::ConvTransposeOp>(x, weight, n.in(2), strides, dilations, pads, outputPadding, groups, false));
}
} // namespace

void addConvRules(RuleTable &table) {
  table.add({{"", "Conv", {1, 11, 22}, conv, {2, 3}}, {"", "ConvTranspose", {1, 11, 22}, convTranspose, {2, 3}}});
}
} // namespace dlc::onnx_import

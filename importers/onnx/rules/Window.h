//===- Window.h - what convolutions and pools share ---------------------------------------------------===//
#ifndef DLC_IMPORTERS_ONNX_RULES_WINDOW_H
#define DLC_IMPORTERS_ONNX_RULES_WINDOW_H
#include "importers/onnx/Node.h"

namespace dlc::onnx_import {
/// How windows move over the spatial dims of a tensor [N, C, spatial...].
struct Window {
  Ints kernel, strides, dilations;
  /// Begins, then ends; all at least 0.
  Ints pads;
  bool ceilMode = false;
  /// Where `auto_pad` meets sizes that are not known: the input has been padded, and this is the output's spatial shape.
  std::optional<Shape> outputSizes;
};

/// Reads kernel_shape (or takes `kernel` where that is not empty), strides, dilations, pads, auto_pad and ceil_mode.
/// `input` is replaced by a padded one where pads are negative or not numbers; `padding` is what to pad it with (null:
/// it can't be padded and such nodes fail).
std::optional<Window> readWindow(Node &n, Value &input, Ints kernel, Value padding);
/// A result with the sizes that SAME padding gives it.
Value withOutputSizes(Node &n, const Window &window, Value v);
} // namespace dlc::onnx_import
#endif

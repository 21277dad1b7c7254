//===- Image.h - tensors of a batch, channels and spatial dims ---------------------------===//
#ifndef DLC_DIALECTS_NN_EVAL_IMAGE_H
#define DLC_DIALECTS_NN_EVAL_IMAGE_H
#include "dialects/nn/eval/Dispatch.h"

namespace dlc::nn {
/// [N, C, spatial...] or, with `channelLast`, [N, spatial..., C]: sizes, and steps in elements.
struct Image {
  Image(llvm::ArrayRef<int64_t> shape, bool channelLast) {
    llvm::SmallVector<int64_t> strides = rowMajorStrides(shape);
    size_t channel = channelLast ? shape.size() - 1 : 1;
    batch = shape[0], batchStep = strides[0], channels = shape[channel], channelStep = strides[channel];
    for (size_t i = 1; i < shape.size(); ++i) {
      if (i != channel) {
        sizes.push_back(shape[i]);
        steps.push_back(strides[i]);
      }
    }
  }
  /// The shape of such a tensor.
  static llvm::SmallVector<int64_t> shape(int64_t batch, int64_t channels, llvm::ArrayRef<int64_t> sizes,
                                          bool channelLast) {
    llvm::SmallVector<int64_t> shape{batch};
    if (!channelLast) {
      shape.push_back(channels);
    }
    llvm::append_range(shape, sizes);
    if (channelLast) {
      shape.push_back(channels);
    }
    return shape;
  }
  int64_t at(int64_t n, int64_t c) const { return n * batchStep + c * channelStep; }
  /// The offset of a spatial position, or nullopt outside of the image.
  std::optional<int64_t> offset(llvm::ArrayRef<int64_t> position) const {
    int64_t sum = 0;
    for (size_t i = 0; i < position.size(); ++i) {
      if (position[i] < 0 || position[i] >= sizes[i]) {
        return std::nullopt;
      }
      sum += position[i] * steps[i];
    }
    return sum;
  }
  int64_t batch, channels, batchStep, channelStep;
  llvm::SmallVector<int64_t> sizes, steps;
};
} // namespace dlc::nn
#endif

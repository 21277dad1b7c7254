// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What pooling ops refuse.

func.func @case(%x: tensor<1x4x5xf32>) {
  // expected-error @+1 {{expected an input of rank 3 or more, and kernel, strides and dilations (at least 1) and pads (at least 0) for its spatial dims}}
  %out = nn.max_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, ceil_mode = false} : (tensor<1x4x5xf32>) -> tensor<1x4x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x1xf32>) {
  // expected-error @+1 {{expected a window within the padded input at spatial dim 1, got 'tensor<1x4x5x1xf32>'}}
  %out = nn.avg_pool %x {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, ceil_mode = false, count_include_pad = false} : (tensor<1x4x5x1xf32>) -> tensor<1x4x3x1xf32>
  return
}

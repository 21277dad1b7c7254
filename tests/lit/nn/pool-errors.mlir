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

// -----

func.func @case(%x: tensor<1x1x4xf32>) {
  // expected-error @+1 {{expected p to be at least 1, got -1}}
  %out = nn.lp_pool %x {kernel = array<i64: 2>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, ceil_mode = false, p = -1 : i64} : (tensor<1x1x4xf32>) -> tensor<1x1x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x1x4xf32>) {
  // expected-error @+1 {{expected channels first and a storage order of 0 or 1, got 2}}
  %out, %at = nn.max_pool_indices %x {kernel = array<i64: 2>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, ceil_mode = false, storage_order = 2 : i64} : (tensor<1x1x4xf32>) -> (tensor<1x1x3xf32>, tensor<1x1x3xi64>)
  return
}

// -----

func.func @case(%x: tensor<1x1x2xf32>, %at: tensor<2xi64>) {
  // expected-error @+1 {{expected indices and shapes of rank 3, got 'tensor<2xi64>'}}
  %out = nn.max_unpool %x, %at {indexed = #dim.shape<[1, 1, 4]>, shape = #dim.shape<[1, 1, 4]>} : (tensor<1x1x2xf32>, tensor<2xi64>) -> tensor<1x1x4xf32>
  return
}

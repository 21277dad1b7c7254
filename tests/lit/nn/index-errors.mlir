// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What ops that move elements to or from positions in data refuse.

func.func @case(%x: tensor<2x3xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{expected indices of rank 2, got 'tensor<2xi64>'}}
  %out = nn.gather_elements %x, %i {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %i: tensor<2x3xi64>) {
  // expected-error @+1 {{expected an axis below 2, got -1}}
  %out = nn.gather_elements %x, %i {axis = -1 : i64} : (tensor<2x3xf32>, tensor<2x3xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %i: tensor<1x3xi64>) {
  // expected-error @+1 {{expected index vectors of a known length for at most 2 dims after 0, got 'tensor<1x3xi64>'}}
  %out = nn.gather_nd %x, %i : (tensor<2x3xf32>, tensor<1x3xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %i: tensor<3x1xi64>) {
  // expected-error @+1 {{expected equal batch dims}}
  %out = nn.gather_nd %x, %i {batch_dims = 1 : i64} : (tensor<2x3xf32>, tensor<3x1xi64>) -> tensor<3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %i: tensor<2x3xi64>, %u: tensor<2x3xi64>) {
  // expected-error @+1 {{expected updates of type 'f32', got 'i64'}}
  %out = nn.scatter_elements %x, %i, %u {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2x3xi64>, tensor<2x3xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %i: tensor<2x3xi64>, %u: tensor<2x2xf32>) {
  // expected-error @+1 {{expected one update per index, got 'tensor<2x2xf32>'}}
  %out = nn.scatter_elements %x, %i, %u {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2x3xi64>, tensor<2x2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %i: tensor<1x1xi64>, %u: tensor<1x2xf32>) {
  // expected-error @+1 {{expected one slice of updates per index vector, got 'tensor<1x2xf32>'}}
  %out = nn.scatter_nd %x, %i, %u : (tensor<2x3xf32>, tensor<1x1xi64>, tensor<1x2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%i: tensor<2xi64>, %v: tensor<3xf32>) {
  // expected-error @+1 {{expected values of 2 elements, got 'tensor<3xf32>'}}
  %out = nn.one_hot %i, %v {depth = #dim.expr<4>, axis = 1 : i64} : (tensor<2xi64>, tensor<3xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @case() {
  // expected-error @+1 {{expected a type of numbers, got 'i1'}}
  %out = nn.iota {shape = #dim.shape<[2]>, axis = 0 : i64, to = i1} : () -> tensor<2xi1>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected 2 repeats, got 1}}
  %out = nn.tile %x {repeats = #dim.shape<[2]>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %l: tensor<2xi64>) {
  // expected-error @+1 {{expected different batch and time axes, got 0}}
  %out = nn.reverse_sequence %x, %l {batch_axis = 0 : i64, time_axis = 0 : i64} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2xf32>) {
  // expected-error @+1 {{expected an input of rank 2 or more, got 'tensor<2xf32>'}}
  %out = nn.trilu %x {upper = true} : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected an input of rank 3, got 'tensor<2x3xf32>'}}
  %out = nn.col2im %x {image = #dim.shape<[4]>, kernel = #dim.shape<[2]>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x4x3xf32>) {
  // expected-error @+1 {{expected image, strides, dilations and pads for 1 dims}}
  %out = nn.col2im %x {image = #dim.shape<[4, 4]>, kernel = #dim.shape<[2]>, strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>} : (tensor<1x4x3xf32>) -> tensor<1x2x4x4xf32>
  return
}

// -----

func.func @case(%i: tensor<2xi64>) {
  // expected-error @+1 {{expected a lower and an upper bound per component, got 1 and 2}}
  nn.check_indices %i from <[0]> below <[2, 3]> : tensor<2xi64>
  return
}

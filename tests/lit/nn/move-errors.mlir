// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What ops that move whole tensors refuse.

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected as many elements as the input's [2, 3], got [2, 2]}}
  %out = nn.reshape %x {shape = #dim.shape<[2, 2]>} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected at least 2 dims, got 1}}
  %out = nn.broadcast %x {shape = #dim.shape<[3]>} : (tensor<2x3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected [2, 3] to broadcast to [2, 4]}}
  %out = nn.broadcast %x {shape = #dim.shape<[2, 4]>} : (tensor<2x3xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected 2 entries of the permutation, got 1}}
  %out = nn.transpose %x {permutation = array<i64: 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected a permutation of 2 dims}}
  %out = nn.transpose %x {permutation = array<i64: 0, 0>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected 2 starts, got 1}}
  %out = nn.slice %x {starts = #dim.shape<[0]>, sizes = #dim.shape<[1, 1]>, steps = array<i64: 1, 1>} : (tensor<2x3xf32>) -> tensor<1x1xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected 2 sizes, got 1}}
  %out = nn.slice %x {starts = #dim.shape<[0, 0]>, sizes = #dim.shape<[1]>, steps = array<i64: 1, 1>} : (tensor<2x3xf32>) -> tensor<1x1xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected 2 steps, got 1}}
  %out = nn.slice %x {starts = #dim.shape<[0, 0]>, sizes = #dim.shape<[1, 1]>, steps = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<1x1xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected a slice within dim 1 of size 3, got 1 to 3}}
  %out = nn.slice %x {starts = #dim.shape<[0, 1]>, sizes = #dim.shape<[1, 2]>, steps = array<i64: 1, 2>} : (tensor<2x3xf32>) -> tensor<1x2xf32>
  return
}

// -----

func.func @case() {
  // expected-error @+1 {{expected at least one input}}
  %out = "nn.concat"() {axis = 0 : i64} : () -> tensor<2xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) {
  // expected-error @+1 {{expected an axis below 2, got 2}}
  %out = nn.concat %x, %y {axis = 2 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %y: tensor<2xf32>) {
  // expected-error @+1 {{expected inputs of one rank and element type, got 'tensor<2x3xf32>' and 'tensor<2xf32>'}}
  %out = nn.concat %x, %y {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %y: tensor<3x3xf32>) {
  // expected-error @+1 {{expected equal dims but at axis 1, got [2, 3] and [3, 3]}}
  %out = nn.concat %x, %y {axis = 1 : i64} : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{expected an axis below 2, got 2}}
  %out = nn.gather %x, %i {axis = 2 : i64} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected 2 begins, got 1}}
  %out = nn.pad %x {mode = 0 : i32, begins = #dim.shape<[0]>, ends = #dim.shape<[0, 0]>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected 2 ends, got 1}}
  %out = nn.pad %x {mode = 0 : i32, begins = #dim.shape<[0, 0]>, ends = #dim.shape<[0]>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %v: tensor<i64>) {
  // expected-error @+1 {{expected a padding value of type 'f32', got 'i64'}}
  %out = nn.pad %x, %v {mode = 0 : i32, begins = #dim.shape<[0, 0]>, ends = #dim.shape<[0, 0]>} : (tensor<2x3xf32>, tensor<i64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected padding that leaves at least 0 elements, got -1}}
  %out = nn.pad %x {mode = 0 : i32, begins = #dim.shape<[-3, 0]>, ends = #dim.shape<[0, 0]>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What constants, sizes and results refuse.

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected dims of a ranked tensor, got [0, 3) of}}
  %out = nn.shape %x {start = 0 : i64, end = 3 : i64} : (tensor<2x3xf32>) -> tensor<3xi64>
  return
}

// -----

func.func @case(%x: tensor<2xi64>) {
  // expected-error @+1 {{expected one symbol per element of 'tensor<2xi64>'}}
  %out = nn.read_dims %x {symbols = #dim.shape<[n]>} : (tensor<2xi64>) -> tensor<2xi64>
  return
}

// -----

func.func @case() {
  // expected-error @+1 {{expected a tensor of integers or booleans with 2 elements, got 'tensor<3xi64>'}}
  %out = nn.sizes <[2, 3]> {to = tensor<3xi64>} : tensor<3xi64>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected result 0 of type 'tensor<2x3xf32>', got 'tensor<2xf32>'}}
  %out = nn.relu %x : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{requires one result}}
  %r:2 = "nn.relu"(%x) : (tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>)
  return
}

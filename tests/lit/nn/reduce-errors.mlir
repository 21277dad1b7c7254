// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What reductions refuse.

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected different axes below 2, got 1}}
  %out = nn.reduce %x {kind = 0 : i32, axes = array<i64: 1, 1>, keep_dims = false} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected an axis below 2, got 2}}
  %out = nn.softmax %x {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected max or min, got sum}}
  %out = nn.arg_reduce %x {kind = 0 : i32, axis = 0 : i64, keep_dims = false} : (tensor<2x3xf32>) -> tensor<3xi64>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected an axis below 2, got 2}}
  %out = nn.cumsum %x {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected k from 0 to 3, got 4}}
  %out:2 = nn.top_k %x {axis = 1 : i64, k = #dim.expr<4>} : (tensor<2x3xf32>) -> (tensor<2x4xf32>, tensor<2x4xi64>)
  return
}

// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What random numbers refuse.

func.func @case() {
  // expected-error @+1 {{expected a type of floats, got 'i32'}}
  %out = nn.random_uniform {shape = #dim.shape<[3]>, low = 0.0, high = 1.0, seed = 1 : i64, to = i32} : () -> tensor<3xi32>
  return
}

// -----

func.func @case() {
  // expected-error @+1 {{expected a type of floats, got 'i64'}}
  %out = nn.random_normal {shape = #dim.shape<[3]>, mean = 0.0, scale = 1.0, seed = 1 : i64, to = i64} : () -> tensor<3xi64>
  return
}

// -----

func.func @case(%x: tensor<3xf32>) {
  // expected-error @+1 {{expected an input [batch, classes], a sample size of at least 0 and a result of 32-bit or 64-bit integers, got 'tensor<3xf32>', 2 and 'i32'}}
  %out = nn.multinomial %x {sample_size = 2 : i64, seed = 1 : i64, to = i32} : (tensor<3xf32>) -> tensor<3x2xi32>
  return
}

// -----

func.func @case(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{and a result of 32-bit or 64-bit integers, got 'tensor<3x4xf32>', 2 and 'f32'}}
  %out = nn.multinomial %x {sample_size = 2 : i64, seed = 1 : i64, to = f32} : (tensor<3x4xf32>) -> tensor<3x2xf32>
  return
}

// -----

func.func @case(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{and a result of 32-bit or 64-bit integers, got 'tensor<3x4xf32>', -1 and 'i32'}}
  %out = nn.multinomial %x {sample_size = -1 : i64, seed = 1 : i64, to = i32} : (tensor<3x4xf32>) -> tensor<3x0xi32>
  return
}

// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What matrix products refuse.

func.func @case(%x: tensor<2x3xf32>, %y: tensor<f32>) {
  // expected-error @+1 {{expected operands of rank 1 or more, got 'tensor<2x3xf32>' and 'tensor<f32>'}}
  %out = nn.matmul %x, %y : (tensor<2x3xf32>, tensor<f32>) -> tensor<2xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %y: tensor<2x3xf32>) {
  // expected-error @+1 {{expected equal inner dims, got 3 and 2}}
  %out = nn.matmul %x, %y : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x2x3xf32>, %y: tensor<3x3x2xf32>) {
  // expected-error @+1 {{expected dims that are equal or 1, got 2 and 3}}
  %out = nn.matmul %x, %y : (tensor<2x2x3xf32>, tensor<3x3x2xf32>) -> tensor<2x2x2xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %y: tensor<3x2xf64>) {
  // expected-error @+1 {{expected operands of one element type, got 'f32' and 'f64'}}
  %out = nn.matmul %x, %y : (tensor<2x3xf32>, tensor<3x2xf64>) -> tensor<2x2xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xi8>, %y: tensor<3x2xi32>) {
  // expected-error @+1 {{expected 8-bit integers, got 'tensor<3x2xi32>'}}
  %out = nn.matmul_integer %x, %y {operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<2x3xi8>, tensor<3x2xi32>) -> tensor<2x2xi32>
  return
}

// -----

func.func @case(%x: tensor<2x3xi8>, %y: tensor<3x2xi8>, %z: tensor<ui8>) {
  // expected-error @+1 {{expected a zero point of type 'i8', got 'ui8'}}
  %out = nn.matmul_integer %x, %y, %z {operandSegmentSizes = array<i32: 1, 1, 1, 0>} : (tensor<2x3xi8>, tensor<3x2xi8>, tensor<ui8>) -> tensor<2x2xi32>
  return
}

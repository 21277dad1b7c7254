// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What elementwise ops refuse.

func.func @case(%x: tensor<2x3xf32>, %y: tensor<2x3xi32>) {
  // expected-error @+1 {{expected operands of one element type, got 'f32' and 'i32'}}
  %out = nn.add %x, %y : (tensor<2x3xf32>, tensor<2x3xi32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %y: tensor<2xf32>) {
  // expected-error @+1 {{expected dims that are equal or 1, got 3 and 2}}
  %out = nn.add %x, %y : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%c: tensor<2xi1>, %x: tensor<2xf32>, %y: tensor<2xi64>) {
  // expected-error @+1 {{expected two values of one element type, got 'f32' and 'i64'}}
  %out = nn.select %c, %x, %y : (tensor<2xi1>, tensor<2xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @case(%x: tensor<2xi64>) {
  // expected-error @+1 {{operand #0 must be tensor of floating-point numbers, but got 'tensor<2xi64>'}}
  %out = nn.exp %x : (tensor<2xi64>) -> tensor<2xi64>
  return
}

// -----

func.func @case(%x: tensor<2xi64>) {
  // expected-error @+1 {{operand #0 must be tensor of booleans}}
  %out = nn.not %x : (tensor<2xi64>) -> tensor<2xi64>
  return
}

// -----

func.func @case(%x: tensor<2xf32>) {
  // expected-error @+1 {{expected plain numbers of equally many bits, got 'f32' and 'i64'}}
  %out = nn.bit_cast %x {to = i64} : (tensor<2xf32>) -> tensor<2xi64>
  return
}

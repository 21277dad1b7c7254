// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What quantisation refuse.

func.func @case(%x: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{expected to quantise to numbers, with a precision of a float type, got 'i1'}}
  %out = nn.quantize_linear %x, %s {to = i1} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi1>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{expected a block size of at least 0, got -1}}
  %out = nn.quantize_linear %x, %s {to = i8, block_size = -1 : i64} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xi8>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{expected a scale and zero point of 3 elements, got 'tensor<2xf32>'}}
  %out = nn.quantize_linear %x, %s {to = i8} : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xi8>
  return
}

// -----

func.func @case(%x: tensor<2x3xf32>, %s: tensor<f32>, %z: tensor<ui8>) {
  // expected-error @+1 {{expected a zero point of type 'i8', got 'ui8'}}
  %out = nn.quantize_linear %x, %s, %z {to = i8} : (tensor<2x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<2x3xi8>
  return
}

// -----

func.func @case(%x: tensor<2x3xi8>, %s: tensor<f32>) {
  // expected-error @+1 {{expected to dequantise to floats, got 'i8'}}
  %out = nn.dequantize_linear %x, %s {to = i8} : (tensor<2x3xi8>, tensor<f32>) -> tensor<2x3xi8>
  return
}

// -----

func.func @case(%x: tensor<2x3xi8>, %s: tensor<2x3xf32>) {
  // expected-error @+1 {{expected one scale and zero point per block of 2 along dim 1 of 'tensor<2x3xi8>', got 'tensor<2x3xf32>'}}
  %out = nn.dequantize_linear %x, %s {to = f32, block_size = 2 : i64} : (tensor<2x3xi8>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @case(%x: tensor<4xi8>) {
  // expected-error @+1 {{expected elements of 2 or 4 bits, got 'tensor<4xi8>'}}
  %out = nn.unpack_bits %x : (tensor<4xi8>) -> tensor<4xi8>
  return
}

// -----

func.func @case(%x: tensor<4xi8>) {
  // expected-error @+1 {{expected the bytes of elements of type 'ui4', got 'tensor<4xi8>'}}
  %out = nn.pack_bits %x {to = ui4} : (tensor<4xi8>) -> tensor<4xui4>
  return
}

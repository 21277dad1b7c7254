// RUN: dlc-opt %s --split-input-file --verify-diagnostics
// What convolutions refuse.

func.func @case(%x: tensor<1x4xf32>, %w: tensor<6x4xf32>) {
  // expected-error @+1 {{expected an input of rank 3 or more and a weight of the same rank}}
  %out = nn.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64} : (tensor<1x4xf32>, tensor<6x4xf32>) -> tensor<1x6x3x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x5xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @+1 {{expected 2 strides of at least 1, got [1]}}
  %out = nn.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64} : (tensor<1x4x5x5xf32>, tensor<6x4x3x3xf32>) -> tensor<1x6x3x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x5xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @+1 {{expected 2 dilations of at least 1, got [1, 0]}}
  %out = nn.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 0>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64} : (tensor<1x4x5x5xf32>, tensor<6x4x3x3xf32>) -> tensor<1x6x3x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x5xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @+1 {{expected 4 pads of at least 0, got [0, 0, 0]}}
  %out = nn.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0>, groups = 1 : i64} : (tensor<1x4x5x5xf32>, tensor<6x4x3x3xf32>) -> tensor<1x6x3x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x5xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @+1 {{expected at least 1 group, got 0}}
  %out = nn.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 0 : i64} : (tensor<1x4x5x5xf32>, tensor<6x4x3x3xf32>) -> tensor<1x6x3x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x5xf32>, %w: tensor<6x4x3x3xf16>) {
  // expected-error @+1 {{expected input, weight and bias of one element type, got 'f32' and 'f16'}}
  %out = nn.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64} : (tensor<1x4x5x5xf32>, tensor<6x4x3x3xf16>) -> tensor<1x6x3x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x5xf32>, %w: tensor<6x4x3x3xf32>, %b: tensor<5xf32>) {
  // expected-error @+1 {{expected a bias of 6 elements, got 'tensor<5xf32>'}}
  %out = nn.conv %x, %w, %b {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64} : (tensor<1x4x5x5xf32>, tensor<6x4x3x3xf32>, tensor<5xf32>) -> tensor<1x6x3x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x5xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @+1 {{expected an input of 8 channels, got 4}}
  %out = nn.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 2 : i64} : (tensor<1x4x5x5xf32>, tensor<6x4x3x3xf32>) -> tensor<1x6x3x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x5xf32>, %w: tensor<6x1x3x3xf32>) {
  // expected-error @+1 {{expected output channels that are a multiple of 4 groups, got 6}}
  %out = nn.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 4 : i64} : (tensor<1x4x5x5xf32>, tensor<6x1x3x3xf32>) -> tensor<1x6x3x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x1xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error @+1 {{expected a kernel within the padded input at spatial dim 1, got 1 elements for a reach of 3}}
  %out = nn.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64} : (tensor<1x4x5x1xf32>, tensor<6x4x3x3xf32>) -> tensor<1x6x3x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x5xi8>, %w: tensor<6x4x3x3xi32>) {
  // expected-error @+1 {{expected 8-bit integers, got 'i8' and 'i32'}}
  %out = nn.conv_integer %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<1x4x5x5xi8>, tensor<6x4x3x3xi32>) -> tensor<1x6x3x3xi32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x5xi8>, %w: tensor<6x4x3x3xi8>, %z: tensor<ui8>) {
  // expected-error @+1 {{expected zero points of the operands' element types}}
  %out = nn.conv_integer %x, %w, %z {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0>} : (tensor<1x4x5x5xi8>, tensor<6x4x3x3xi8>, tensor<ui8>) -> tensor<1x6x3x3xi32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x5xf32>, %w: tensor<3x6x3x3xf32>) {
  // expected-error @+1 {{expected an input of 3 channels, got 4}}
  %out = nn.conv_transpose %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, output_padding = array<i64: 0, 0>} : (tensor<1x4x5x5xf32>, tensor<3x6x3x3xf32>) -> tensor<1x6x3x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x5xf32>, %w: tensor<4x2x3x3xf32>) {
  // expected-error @+1 {{expected input channels that are a multiple of 3 groups, got 4}}
  %out = nn.conv_transpose %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 3 : i64, output_padding = array<i64: 0, 0>} : (tensor<1x4x5x5xf32>, tensor<4x2x3x3xf32>) -> tensor<1x6x3x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x5xf32>, %w: tensor<4x6x3x3xf32>) {
  // expected-error @+1 {{expected 2 output paddings, got 1}}
  %out = nn.conv_transpose %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, output_padding = array<i64: 0>} : (tensor<1x4x5x5xf32>, tensor<4x6x3x3xf32>) -> tensor<1x6x3x3xf32>
  return
}

// -----

func.func @case(%x: tensor<1x4x5x5xf32>, %w: tensor<4x6x3x3xf32>) {
  // expected-error @+1 {{expected pads that leave at least 0 elements at spatial dim 0, got -1}}
  %out = nn.conv_transpose %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 4, 4, 4, 4>, groups = 1 : i64, output_padding = array<i64: 0, 0>} : (tensor<1x4x5x5xf32>, tensor<4x6x3x3xf32>) -> tensor<1x6x3x3xf32>
  return
}

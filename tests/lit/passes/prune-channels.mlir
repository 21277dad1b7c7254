// RUN: dlc-opt %s --dlc-prune-channels --split-input-file | FileCheck %s

// Channel 1 is zero: filter and bias are. Its relu is zero, and so is what the padded convolution behind it adds.
// CHECK-LABEL: @zero_filter
// CHECK-DAG:     nn.constant dense<{{.*}}1.000000e+00{{.*}}3.000000e+00{{.*}}> : tensor<2x1x1x1xf32>
// CHECK-DAG:     nn.constant dense<[1.000000e-01, 3.000000e-01]> : tensor<2xf32>
// CHECK-DAG:     nn.constant dense<{{.*}}> : tensor<1x2x3x3xf32>
// CHECK:         nn.conv {{.*}} -> tensor<1x2x4x4xf32>
// CHECK:         nn.relu {{.*}} -> tensor<1x2x4x4xf32>
// CHECK:         nn.conv {{.*}} -> tensor<1x1x4x4xf32>
func.func @zero_filter(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = nn.constant dense<[[[[1.0]]], [[[0.0]]], [[[3.0]]]]> : tensor<3x1x1x1xf32>
  %b = nn.constant dense<[0.1, 0.0, 0.3]> : tensor<3xf32>
  %v = nn.constant dense<1.0> : tensor<1x3x3x3xf32>
  %0 = nn.conv %x, %w, %b {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64} : (tensor<1x1x4x4xf32>, tensor<3x1x1x1xf32>, tensor<3xf32>) -> tensor<1x3x4x4xf32>
  %1 = nn.relu %0 : (tensor<1x3x4x4xf32>) -> tensor<1x3x4x4xf32>
  %2 = nn.conv %1, %v {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, groups = 1 : i64} : (tensor<1x3x4x4xf32>, tensor<1x3x3x3xf32>) -> tensor<1x1x4x4xf32>
  return %2 : tensor<1x1x4x4xf32>
}

// -----

// A constant other than zero meets padding at the border: it stays.
// CHECK-LABEL: @constant_meets_padding
// CHECK:         nn.conv {{.*}} -> tensor<1x2x4x4xf32>
func.func @constant_meets_padding(%x: tensor<1x1x4x4xf32>) -> tensor<1x1x4x4xf32> {
  %w = nn.constant dense<[[[[1.0]]], [[[0.0]]]]> : tensor<2x1x1x1xf32>
  %b = nn.constant dense<[0.1, 5.0]> : tensor<2xf32>
  %v = nn.constant dense<1.0> : tensor<1x2x3x3xf32>
  %0 = nn.conv %x, %w, %b {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64} : (tensor<1x1x4x4xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  %2 = nn.conv %0, %v {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, groups = 1 : i64} : (tensor<1x2x4x4xf32>, tensor<1x2x3x3xf32>) -> tensor<1x1x4x4xf32>
  return %2 : tensor<1x1x4x4xf32>
}

// -----

// Without padding it becomes a bias: 5 * (1 + 2) for the first filter, -5 for the second.
// CHECK-LABEL: @constant_becomes_bias
// CHECK:         nn.conv {{.*}} -> tensor<1x1x4xf32>
// CHECK:         nn.constant dense<[1.500000e+01, -5.000000e+00]> : tensor<2xf32>
// CHECK:         nn.conv {{.*}} : (tensor<1x1x4xf32>, tensor<2x1x2xf32>, tensor<2xf32>) -> tensor<1x2x3xf32>
func.func @constant_becomes_bias(%x: tensor<1x1x4xf32>) -> tensor<1x2x3xf32> {
  %w = nn.constant dense<[[[1.0]], [[0.0]]]> : tensor<2x1x1xf32>
  %b = nn.constant dense<[0.1, 5.0]> : tensor<2xf32>
  %v = nn.constant dense<[[[1.0, 1.0], [1.0, 2.0]], [[1.0, 1.0], [0.0, -1.0]]]> : tensor<2x2x2xf32>
  %0 = nn.conv %x, %w, %b {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x1x4xf32>, tensor<2x1x1xf32>, tensor<2xf32>) -> tensor<1x2x4xf32>
  %1 = nn.relu %0 : (tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  %2 = nn.conv %1, %v {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x2x4xf32>, tensor<2x2x2xf32>) -> tensor<1x2x3xf32>
  return %2 : tensor<1x2x3xf32>
}

// -----

// Nobody uses channel 0 of the convolution: the product's rows 0 and 1 are zero, which are its two pixels.
// CHECK-LABEL: @unused_behind_flatten
// CHECK:         nn.conv {{.*}} -> tensor<1x1x2xf32>
// CHECK:         nn.reshape {{.*}} -> tensor<1x2xf32>
// CHECK:         nn.matmul {{.*}} (tensor<1x2xf32>, tensor<2x1xf32>) -> tensor<1x1xf32>
func.func @unused_behind_flatten(%x: tensor<1x1x2xf32>) -> tensor<1x1xf32> {
  %w = nn.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %v = nn.constant dense<[[0.0], [0.0], [1.0], [2.0]]> : tensor<4x1xf32>
  %0 = nn.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x1x2xf32>, tensor<2x1x1xf32>) -> tensor<1x2x2xf32>
  %1 = nn.reshape %0 {shape = #dim.shape<[1, 4]>} : (tensor<1x2x2xf32>) -> tensor<1x4xf32>
  %2 = nn.matmul %1, %v {transpose_lhs = false, transpose_rhs = false} : (tensor<1x4xf32>, tensor<4x1xf32>) -> tensor<1x1xf32>
  return %2 : tensor<1x1xf32>
}

// -----

// An addition needs its channels on both sides: channel 1 of the first operand is zero, that of the second is not.
// CHECK-LABEL: @residual
// CHECK:         nn.add {{.*}} -> tensor<1x2x4xf32>
// CHECK:         nn.conv
func.func @residual(%x: tensor<1x1x4xf32>) -> tensor<1x1x4xf32> {
  %w = nn.constant dense<[[[1.0]], [[0.0]], [[0.0]]]> : tensor<3x1x1xf32>
  %u = nn.constant dense<[[[1.0]], [[2.0]], [[0.0]]]> : tensor<3x1x1xf32>
  %v = nn.constant dense<1.0> : tensor<1x3x1xf32>
  %0 = nn.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x1x4xf32>, tensor<3x1x1xf32>) -> tensor<1x3x4xf32>
  %1 = nn.conv %x, %u {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x1x4xf32>, tensor<3x1x1xf32>) -> tensor<1x3x4xf32>
  %2 = nn.add %0, %1 : (tensor<1x3x4xf32>, tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  %3 = nn.conv %2, %v {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x3x4xf32>, tensor<1x3x1xf32>) -> tensor<1x1x4xf32>
  return %3 : tensor<1x1x4xf32>
}

// -----

// What the caller sees stays, and so does what a softmax adds up.
// CHECK-LABEL: @barriers
// CHECK:         nn.conv {{.*}} -> tensor<1x2x4xf32>
// CHECK:         nn.conv {{.*}} -> tensor<1x2x4xf32>
func.func @barriers(%x: tensor<1x1x4xf32>) -> (tensor<1x2x4xf32>, tensor<1x1x4xf32>) {
  %w = nn.constant dense<[[[1.0]], [[0.0]]]> : tensor<2x1x1xf32>
  %u = nn.constant dense<[[[1.0]], [[0.0]]]> : tensor<2x1x1xf32>
  %v = nn.constant dense<1.0> : tensor<1x2x1xf32>
  %0 = nn.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x1x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4xf32>
  %1 = nn.conv %x, %u {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x1x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4xf32>
  %2 = nn.softmax %1 {axis = 1 : i64} : (tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  %3 = nn.conv %2, %v {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x2x4xf32>, tensor<1x2x1xf32>) -> tensor<1x1x4xf32>
  return %0, %3 : tensor<1x2x4xf32>, tensor<1x1x4xf32>
}

// -----

// Both halves of a concat, a depthwise convolution behind it (groups follow), and a slice whose start moves.
// CHECK-LABEL: @concat_depthwise_slice
// CHECK:         nn.concat {{.*}} -> tensor<1x3x4xf32>
// CHECK:         nn.conv {{.*}}groups = 3 : i64{{.*}} -> tensor<1x3x4xf32>
// CHECK:         nn.slice {{.*}}sizes = #dim.shape<[1, 1, 4]>, starts = #dim.shape<[0, 2, 0]>
func.func @concat_depthwise_slice(%x: tensor<1x1x4xf32>) -> (tensor<1x1x4xf32>, tensor<1x1x4xf32>) {
  %w = nn.constant dense<[[[1.0]], [[0.0]]]> : tensor<2x1x1xf32>
  %u = nn.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %d = nn.constant dense<1.0> : tensor<4x1x1xf32>
  %v = nn.constant dense<[[[1.0], [1.0], [1.0], [1.0]]]> : tensor<1x4x1xf32>
  %0 = nn.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x1x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4xf32>
  %1 = nn.conv %x, %u {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x1x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4xf32>
  %2 = nn.concat %0, %1 {axis = 1 : i64} : (tensor<1x2x4xf32>, tensor<1x2x4xf32>) -> tensor<1x4x4xf32>
  %3 = nn.conv %2, %d {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 4 : i64} : (tensor<1x4x4xf32>, tensor<4x1x1xf32>) -> tensor<1x4x4xf32>
  %4 = nn.conv %3, %v {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x4x4xf32>, tensor<1x4x1xf32>) -> tensor<1x1x4xf32>
  %5 = nn.slice %3 {starts = #dim.shape<[0, 3, 0]>, sizes = #dim.shape<[1, 1, 4]>, steps = array<i64: 1, 1, 1>} : (tensor<1x4x4xf32>) -> tensor<1x1x4xf32>
  return %4, %5 : tensor<1x1x4xf32>, tensor<1x1x4xf32>
}

// -----

// Something stays of a layer that is zero altogether.
// CHECK-LABEL: @all_zero
// CHECK:         nn.conv {{.*}} -> tensor<1x1x4xf32>
// CHECK:         nn.conv {{.*}} (tensor<1x1x4xf32>, tensor<1x1x1xf32>) -> tensor<1x1x4xf32>
func.func @all_zero(%x: tensor<1x1x4xf32>) -> tensor<1x1x4xf32> {
  %w = nn.constant dense<0.0> : tensor<3x1x1xf32>
  %v = nn.constant dense<1.0> : tensor<1x3x1xf32>
  %0 = nn.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x1x4xf32>, tensor<3x1x1xf32>) -> tensor<1x3x4xf32>
  %1 = nn.conv %0, %v {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x3x4xf32>, tensor<1x3x1xf32>) -> tensor<1x1x4xf32>
  return %1 : tensor<1x1x4xf32>
}

// -----

// An input that stands twice in a concat says nothing of what stands between.
// CHECK-LABEL: @concat_twice
// CHECK:         nn.concat {{.*}} -> tensor<1x2x6xf32>
// CHECK:         nn.conv {{.*}} (tensor<1x2x6xf32>, tensor<1x2x1xf32>) -> tensor<1x1x6xf32>
func.func @concat_twice(%x: tensor<1x1x4xf32>) -> (tensor<1x1x6xf32>, tensor<1x1x4xf32>) {
  %z = nn.constant dense<0.0> : tensor<1x2x1xf32>
  %u = nn.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %v = nn.constant dense<[[[1.0], [1.0]]]> : tensor<1x2x1xf32>
  %w = nn.constant dense<[[[1.0]], [[0.0]]]> : tensor<2x1x1xf32>
  %s = nn.constant dense<[[[1.0], [1.0]]]> : tensor<1x2x1xf32>
  %0 = nn.conv %x, %u {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x1x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4xf32>
  %1 = nn.concat %z, %0, %z {axis = 2 : i64} : (tensor<1x2x1xf32>, tensor<1x2x4xf32>, tensor<1x2x1xf32>) -> tensor<1x2x6xf32>
  %2 = nn.conv %1, %v {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x2x6xf32>, tensor<1x2x1xf32>) -> tensor<1x1x6xf32>
  %3 = nn.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x1x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4xf32>
  %4 = nn.conv %3, %s {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x2x4xf32>, tensor<1x2x1xf32>) -> tensor<1x1x4xf32>
  return %2, %4 : tensor<1x1x6xf32>, tensor<1x1x4xf32>
}

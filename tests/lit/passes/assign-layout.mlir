// RUN: dlc-opt %s --dlc-assign-layout | FileCheck %s
// Convolutions become channel-last; elementwise ops and pools between them follow, transpositions stand at the borders.

// CHECK-LABEL: @main
// CHECK:         nn.transpose %arg0 {permutation = array<i64: 0, 2, 3, 1>}
// CHECK-NOT:     nn.transpose %{{[0-9]+}} {permutation = array<i64: 0, 3, 1, 2>}
// CHECK:         nn.conv {{.*}}channel_last = true
// CHECK-NOT:     nn.transpose
// CHECK:         nn.relu
// CHECK-NOT:     nn.transpose
// CHECK:         nn.conv {{.*}}channel_last = true
// CHECK:         nn.transpose %{{.*}} {permutation = array<i64: 0, 3, 1, 2>}
func.func @main(%x: tensor<1x8x6x6xf32>, %w: tensor<8x8x1x1xf32>) -> tensor<1x8x6x6xf32> {
  %0 = nn.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64} : (tensor<1x8x6x6xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x6x6xf32>
  %1 = nn.relu %0 : (tensor<1x8x6x6xf32>) -> tensor<1x8x6x6xf32>
  %2 = nn.conv %1, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64} : (tensor<1x8x6x6xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x6x6xf32>
  return %2 : tensor<1x8x6x6xf32>
}

// Data movement and resizing between convolutions follow too.
// CHECK-LABEL: @resized
// CHECK:         nn.conv {{.*}}channel_last = true
// CHECK-NOT:     nn.transpose
// CHECK:         nn.resize {{.*}}scales = array<f64: 1.000000e+00, 2.000000e+00, 3.000000e+00, 1.000000e+00>, sizes = #dim.shape<[1, 12, 18, 8]>
// CHECK-NOT:     nn.transpose
// CHECK:         nn.conv {{.*}}channel_last = true
func.func @resized(%x: tensor<1x8x6x6xf32>, %w: tensor<8x8x1x1xf32>) -> tensor<1x8x12x18xf32> {
  %0 = nn.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64} : (tensor<1x8x6x6xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x6x6xf32>
  %1 = nn.resize %0 {operandSegmentSizes = array<i32: 1, 0, 0>, sizes = #dim.shape<[1, 8, 12, 18]>, scales = array<f64: 1.0, 1.0, 2.0, 3.0>, mode = 1 : i32, coordinates = 0 : i32} : (tensor<1x8x6x6xf32>) -> tensor<1x8x12x18xf32>
  %2 = nn.conv %1, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64} : (tensor<1x8x12x18xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x12x18xf32>
  return %2 : tensor<1x8x12x18xf32>
}

// Branches are laid out too; what they take from outside is transposed inside.
// CHECK-LABEL: @branch
// CHECK:         nn.if
// CHECK:           %[[T:.*]] = nn.transpose %arg1
// CHECK:           nn.conv %[[T]], {{.*}}channel_last = true
func.func @branch(%c: tensor<i1>, %x: tensor<1x2x4xf32>, %w: tensor<2x2x1xf32>) -> tensor<1x2x4xf32> {
  %r = nn.if %c : tensor<i1> -> tensor<1x2x4xf32> {
    %0 = nn.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x2x4xf32>, tensor<2x2x1xf32>) -> tensor<1x2x4xf32>
    nn.yield %0 : tensor<1x2x4xf32>
  } else {
    nn.yield %x : tensor<1x2x4xf32>
  }
  return %r : tensor<1x2x4xf32>
}

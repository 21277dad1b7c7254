// RUN: dlc-opt %s --dlc-fold-scales --canonicalize | FileCheck %s

// conv * s + t = a conv with other weights and a bias.
// CHECK-LABEL: @scale_and_shift
// CHECK-DAG:     %[[W:.*]] = nn.constant dense<{{.*}}2.000000e+00{{.*}}9.000000e+00
// CHECK-DAG:     %[[B:.*]] = nn.constant dense<[1.000000e+00, -1.000000e+00]>
// CHECK:         %[[R:.*]] = nn.conv %arg0, %[[W]], %[[B]]
// CHECK-NEXT:    return %[[R]]
func.func @scale_and_shift(%x: tensor<1x1x4xf32>) -> tensor<1x2x4xf32> {
  %w = nn.constant dense<[[[1.0]], [[3.0]]]> : tensor<2x1x1xf32>
  %s = nn.constant dense<[[2.0], [3.0]]> : tensor<2x1xf32>
  %t = nn.constant dense<[[1.0], [-1.0]]> : tensor<2x1xf32>
  %0 = nn.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x1x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4xf32>
  %1 = nn.mul %0, %s : (tensor<1x2x4xf32>, tensor<2x1xf32>) -> tensor<1x2x4xf32>
  %2 = nn.add %1, %t : (tensor<1x2x4xf32>, tensor<2x1xf32>) -> tensor<1x2x4xf32>
  return %2 : tensor<1x2x4xf32>
}

// A convolution that somebody else uses too stays as it is.
// CHECK-LABEL: @shared
// CHECK:         nn.conv
// CHECK:         nn.mul
func.func @shared(%x: tensor<1x1x4xf32>) -> (tensor<1x2x4xf32>, tensor<1x2x4xf32>) {
  %w = nn.constant dense<[[[1.0]], [[3.0]]]> : tensor<2x1x1xf32>
  %s = nn.constant dense<[[2.0], [3.0]]> : tensor<2x1xf32>
  %0 = nn.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x1x4xf32>, tensor<2x1x1xf32>) -> tensor<1x2x4xf32>
  %1 = nn.mul %0, %s : (tensor<1x2x4xf32>, tensor<2x1xf32>) -> tensor<1x2x4xf32>
  return %0, %1 : tensor<1x2x4xf32>, tensor<1x2x4xf32>
}

// Batch normalisation without a convolution becomes arithmetic.
// CHECK-LABEL: @batch_norm
// CHECK-NOT:     nn.batch_norm
// CHECK:         nn.mul %arg0
// CHECK:         nn.add
func.func @batch_norm(%x: tensor<1x2x4xf32>) -> tensor<1x2x4xf32> {
  %s = nn.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %b = nn.constant dense<[1.0, 5.0]> : tensor<2xf32>
  %m = nn.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %v = nn.constant dense<[1.0, 4.0]> : tensor<2xf32>
  %0 = nn.batch_norm %x, %s, %b, %m, %v {epsilon = 0.0} : (tensor<1x2x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4xf32>
  return %0 : tensor<1x2x4xf32>
}

// Where a size of the input is a formula, the result's types stay what they were, though the constants say its number.
// CHECK-LABEL: @batch_norm_of_unknown_channels
// CHECK:         nn.mul %arg0
// CHECK:         nn.add {{.*}} -> tensor<?x?x4xf32, #dim.shape<[n, c, 4]>>
// CHECK-NEXT:    return
func.func @batch_norm_of_unknown_channels(%x: tensor<?x?x4xf32, #dim.shape<[n, c, 4]>>) -> tensor<?x?x4xf32, #dim.shape<[n, c, 4]>> {
  %s = nn.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %0 = nn.batch_norm %x, %s, %s, %s, %s {epsilon = 0.0} : (tensor<?x?x4xf32, #dim.shape<[n, c, 4]>>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<?x?x4xf32, #dim.shape<[n, c, 4]>>
  return %0 : tensor<?x?x4xf32, #dim.shape<[n, c, 4]>>
}

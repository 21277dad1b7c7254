// RUN: dlc-opt %s --dlc-prune-channels=fraction=0.5 | FileCheck %s --check-prefixes=CHECK,LAYER
// RUN: dlc-opt %s --dlc-prune-channels="fraction=0.5 global=true" | FileCheck %s --check-prefixes=CHECK,GLOBAL

// The norms are 1, 4, 2, 3 and 3, 8, 3.2, 2. Half of each layer: 4 and 3 stay of the first, 8 and 3.2 of the second. Of both
// together, each divided by its layer's mean, four stay: 4/2.5, 3/2.5 and 2/2.5 of the first, 8/4.05 of the second.
// CHECK-LABEL: @two_layers
// LAYER-DAG:     nn.constant dense<{{.*}}4.000000e+00{{.*}}3.000000e+00{{.*}}> : tensor<2x1x1xf32>
// LAYER-DAG:     nn.constant dense<{{.*}}4.000000e+00{{.*}}1.600000e+00{{.*}}> : tensor<2x2x1xf32>
// LAYER:         nn.conv {{.*}} -> tensor<1x2x4xf32>
// LAYER:         nn.conv {{.*}} -> tensor<1x2x4xf32>
// GLOBAL-DAG:    nn.constant dense<{{.*}}4.000000e+00{{.*}}2.000000e+00{{.*}}3.000000e+00{{.*}}> : tensor<3x1x1xf32>
// GLOBAL:        nn.conv {{.*}} -> tensor<1x3x4xf32>
// GLOBAL:        nn.conv {{.*}} -> tensor<1x1x4xf32>
func.func @two_layers(%x: tensor<1x1x4xf32>) -> tensor<1x1x4xf32> {
  %w = nn.constant dense<[[[1.0]], [[4.0]], [[2.0]], [[3.0]]]> : tensor<4x1x1xf32>
  %v = nn.constant dense<[[[1.5], [1.5], [1.5], [1.5]], [[-4.0], [4.0], [4.0], [4.0]], [[1.6], [1.6], [1.6], [1.6]], [[1.0], [1.0], [1.0], [1.0]]]> : tensor<4x4x1xf32>
  %u = nn.constant dense<1.0> : tensor<1x4x1xf32>
  %0 = nn.conv %x, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x1x4xf32>, tensor<4x1x1xf32>) -> tensor<1x4x4xf32>
  %1 = nn.conv %0, %v {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x4x4xf32>, tensor<4x4x1xf32>) -> tensor<1x4x4xf32>
  %2 = nn.conv %1, %u {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x4x4xf32>, tensor<1x4x1xf32>) -> tensor<1x1x4xf32>
  return %2 : tensor<1x1x4xf32>
}

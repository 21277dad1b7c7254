// RUN: dlc-opt %s --dlc-call-libraries | FileCheck %s
// Kernels of the strategy `onednn` become calls, with what follows the contraction; others stay.

// CHECK-LABEL: func.func @main
// CHECK-SAME:      %[[X:.*]]: tensor<1x8x8x4xf32>, %[[R:.*]]: tensor<1x8x8x6xf32>, %[[P:.*]]: tensor<3x5xf32>
// CHECK-DAG:     %[[W:.*]] = nn.constant {{.*}} : tensor<6x4x3x3xf32>
// CHECK-DAG:     %[[M:.*]] = nn.constant {{.*}} : tensor<7x5xf32>
// CHECK:         %[[C:.*]] = nn.custom "dlc.onednn" "conv" version 1(%[[X]], %[[W]], %[[R]]) places [0, 1, -1, 2]
// CHECK-SAME:      channel_last = 1 : i64, dilations = array<i64: 1, 1>, groups = 1 : i64
// CHECK-SAME:      high = 6.000000e+00 : f32, low = 0.000000e+00 : f32, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>
// CHECK-SAME:      nn.flops = #dim.expr<27648>, nn.reason = "--kernels=onednn", nn.strategy = "onednn"
// CHECK:         %[[B:.*]] = nn.constant dense<2.000000e+00> : tensor<7xf32>
// CHECK:         nn.custom "dlc.onednn" "matmul" version 1(%[[P]], %[[M]], %[[B]]) places [0, 1, 2, -1] parameters {transpose_rhs = 1 : i64}
// CHECK:         nn.dispatch @relu(%[[C]])
// CHECK:       module @kernels
// CHECK-NEXT:    func.func @relu
// CHECK-NOT:     func.func
module {
  func.func @main(%x: tensor<1x8x8x4xf32>, %r: tensor<1x8x8x6xf32>, %p: tensor<3x5xf32>) -> (tensor<1x8x8x6xf32>, tensor<3x7xf32>) {
    %w = nn.constant dense<0.5> : tensor<6x4x3x3xf32>
    %m = nn.constant dense<0.25> : tensor<7x5xf32>
    %0 = nn.dispatch @conv(%x, %w, %r) {nn.reason = "--kernels=onednn"} : (tensor<1x8x8x4xf32>, tensor<6x4x3x3xf32>, tensor<1x8x8x6xf32>) -> tensor<1x8x8x6xf32>
    %1 = nn.dispatch @matmul(%p, %m) : (tensor<3x5xf32>, tensor<7x5xf32>) -> tensor<3x7xf32>
    %2 = nn.dispatch @relu(%0) : (tensor<1x8x8x6xf32>) -> tensor<1x8x8x6xf32>
    return %2, %1 : tensor<1x8x8x6xf32>, tensor<3x7xf32>
  }
  module @kernels {
    func.func @conv(%a: tensor<1x8x8x4xf32>, %b: tensor<6x4x3x3xf32>, %c: tensor<1x8x8x6xf32>) -> tensor<1x8x8x6xf32> attributes {nn.strategy = "onednn"} {
      %six = nn.constant dense<6.0> : tensor<f32>
      %0 = nn.conv %a, %b {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, groups = 1 : i64, channel_last = true} : (tensor<1x8x8x4xf32>, tensor<6x4x3x3xf32>) -> tensor<1x8x8x6xf32>
      %1 = nn.add %c, %0 : (tensor<1x8x8x6xf32>, tensor<1x8x8x6xf32>) -> tensor<1x8x8x6xf32>
      %2 = nn.relu %1 : (tensor<1x8x8x6xf32>) -> tensor<1x8x8x6xf32>
      %3 = nn.min %2, %six : (tensor<1x8x8x6xf32>, tensor<f32>) -> tensor<1x8x8x6xf32>
      return %3 : tensor<1x8x8x6xf32>
    }
    func.func @matmul(%a: tensor<3x5xf32>, %b: tensor<7x5xf32>) -> tensor<3x7xf32> attributes {nn.strategy = "onednn"} {
      %two = nn.constant dense<2.0> : tensor<7xf32>
      %0 = nn.matmul %a, %b {transpose_rhs = true} : (tensor<3x5xf32>, tensor<7x5xf32>) -> tensor<3x7xf32>
      %1 = nn.add %0, %two : (tensor<3x7xf32>, tensor<7xf32>) -> tensor<3x7xf32>
      return %1 : tensor<3x7xf32>
    }
    func.func @relu(%a: tensor<1x8x8x6xf32>) -> tensor<1x8x8x6xf32> attributes {nn.strategy = "loops"} {
      %0 = nn.relu %a : (tensor<1x8x8x6xf32>) -> tensor<1x8x8x6xf32>
      return %0 : tensor<1x8x8x6xf32>
    }
  }
}

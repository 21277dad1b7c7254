// RUN: dlc-opt %s --dlc-lower-to-rt | FileCheck %s
// A dispatch that runs before all runs is a constant: its kernel, source, index arguments and tiles.

module {
  // CHECK-LABEL: rt.block @main
  // CHECK:         %[[C:.*]] = rt.constant dense<{{.*}}> : tensor<4xf16>
  // CHECK:         %[[P:.*]] = rt.prepare @widen_f16(%[[C]]) dims [4] tiles 7 : <tensor<4xf16>> to <tensor<4xf32>>
  // CHECK-NOT:     rt.dispatch @widen_f16
  // CHECK:         rt.dispatch @k(%arg0, %[[P]],
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    %c = nn.constant dense<1.0> : tensor<4xf16>
    %w = nn.dispatch @widen_f16(%c) {nn.prepared = array<i64: 7, 4>} : (tensor<4xf16>) -> tensor<4xf32>
    %0 = nn.dispatch @k(%x, %w) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }
  module @kernels {
    func.func private @k() attributes {nn.strategy = "loops", nn.dims = #dim.shape<[]>, nn.tiles = #dim.expr<1>, nn.flops = #dim.expr<4>}
    func.func private @widen_f16() attributes {nn.strategy = "prepare"}
  }
}

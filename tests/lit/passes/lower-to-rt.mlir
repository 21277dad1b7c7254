// RUN: dlc-opt %s --dlc-lower-to-rt | FileCheck %s
// Values become places: inputs, constants, buffers and outputs; a reshape is an alias; symbols are sizes of inputs.

module {
  // CHECK-LABEL: rt.block @main attributes {inputs = ["x"], outputs = ["y", "input_again"]}
  // CHECK:         rt.symbol "n" = %arg0[0]
  // CHECK:         rt.stage frame <0>
  // CHECK:         %[[C:.*]] = rt.constant dense<1.000000e+00> : tensor<4xf32>
  // CHECK:         %[[B:.*]] = rt.buffer "" at <0> size <16 * n>
  // CHECK:         rt.dispatch @k(%arg0, %[[C]], %[[B]]) writes 1 dims <[n]> tiles <n> scratch <0> flops <4 * n>
  // CHECK:         %[[A:.*]] = rt.alias %[[B]]
  // CHECK:         %[[Y:.*]] = rt.output 0
  // CHECK:         rt.dispatch @k(%[[A]], %[[C]], %[[Y]])
  // CHECK:         %[[Z:.*]] = rt.output 1
  // CHECK:         rt.copy %arg0 to %[[Z]]
  // CHECK:         rt.yield %[[Y]], %[[Z]]
  func.func @main(%x: tensor<?x4xf32, #dim.shape<[n, 4]>> {nn.name = "x"})
      -> (tensor<?x4xf32, #dim.shape<[n, 4]>> {nn.name = "y"}, tensor<?x4xf32, #dim.shape<[n, 4]>> {nn.name = "input_again"}) {
    %c = nn.constant dense<1.0> : tensor<4xf32>
    %0 = nn.dispatch @k(%x, %c) : (tensor<?x4xf32, #dim.shape<[n, 4]>>, tensor<4xf32>) -> tensor<?x4xf32, #dim.shape<[n, 4]>>
    %1 = nn.reshape %0 {shape = #dim.shape<[n, 4]>} : (tensor<?x4xf32, #dim.shape<[n, 4]>>) -> tensor<?x4xf32, #dim.shape<[n, 4]>>
    %2 = nn.dispatch @k(%1, %c) : (tensor<?x4xf32, #dim.shape<[n, 4]>>, tensor<4xf32>) -> tensor<?x4xf32, #dim.shape<[n, 4]>>
    return %2, %x : tensor<?x4xf32, #dim.shape<[n, 4]>>, tensor<?x4xf32, #dim.shape<[n, 4]>>
  }
  module @kernels {
    func.func private @k() attributes {nn.strategy = "loops", nn.dims = #dim.shape<[n]>, nn.tiles = #dim.expr<n>, nn.flops = #dim.expr<4 * n>}
  }
}

// RUN: dlc-opt %s --from=nn --to=rt | FileCheck %s
// Control flow stays control flow: blocks within steps. Sizes that are read from data begin a stage.

// CHECK-LABEL: rt.block @branch
// CHECK:         rt.if %arg0
// CHECK:           rt.dispatch
// CHECK:           rt.yield
// CHECK:         rt.yield
func.func @branch(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = nn.if %c : tensor<i1> -> tensor<4xf32> {
    %1 = nn.exp %x : (tensor<4xf32>) -> tensor<4xf32>
    nn.yield %1 : tensor<4xf32>
  } else {
    nn.yield %x : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: rt.block @stages
// CHECK:         rt.stage
// CHECK:         rt.dispatch
// CHECK:         rt.stage
// CHECK:         rt.symbol "n$" = read
// CHECK:         rt.dispatch
func.func @stages(%n: tensor<1xi64>, %x: tensor<f32>) -> tensor<?xf32, #dim.shape<[n$]>> {
  %m = nn.add %n, %n : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %0 = nn.read_dims %m {symbols = #dim.shape<[n$]>} : (tensor<1xi64>) -> tensor<1xi64>
  %1 = nn.broadcast %x {shape = #dim.shape<[n$]>} : (tensor<f32>) -> tensor<?xf32, #dim.shape<[n$]>>
  return %1 : tensor<?xf32, #dim.shape<[n$]>>
}

// Inputs are there from the start: reading them needs no stage of its own.
// CHECK-LABEL: rt.block @inputs
// CHECK:         rt.stage
// CHECK:         rt.symbol "k$" = read %arg0[0]
// CHECK-NOT:     rt.stage
// CHECK:         rt.dispatch
func.func @inputs(%n: tensor<1xi64>, %x: tensor<f32>) -> tensor<?xf32, #dim.shape<[k$]>> {
  %0 = nn.read_dims %n {symbols = #dim.shape<[k$]>} : (tensor<1xi64>) -> tensor<1xi64>
  %1 = nn.broadcast %x {shape = #dim.shape<[k$]>} : (tensor<f32>) -> tensor<?xf32, #dim.shape<[k$]>>
  return %1 : tensor<?xf32, #dim.shape<[k$]>>
}

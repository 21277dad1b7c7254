// RUN: dlc-opt %s --from=nn --to=rt | FileCheck %s
// What the graph takes for granted becomes a check of the stage that it stands in, also within control flow.

// CHECK-LABEL: rt.block @top
// CHECK:         rt.symbol "n"
// CHECK:         rt.symbol "m"
// CHECK:         rt.check <m> equals <n> "node \22sum\22: dims"
// CHECK:         rt.dispatch
func.func @top(%a: tensor<?xf32, #dim.shape<[n]>>, %b: tensor<?xf32, #dim.shape<[m]>>) -> tensor<?xf32, #dim.shape<[max(m, n)]>> {
  nn.assume <m> equals <n> "node \22sum\22: dims"
  %0 = nn.add %a, %b : (tensor<?xf32, #dim.shape<[n]>>, tensor<?xf32, #dim.shape<[m]>>) -> tensor<?xf32, #dim.shape<[max(m, n)]>>
  return %0 : tensor<?xf32, #dim.shape<[max(m, n)]>>
}

// CHECK-LABEL: rt.block @branch
// CHECK-NOT:     rt.check
// CHECK:         rt.if
// CHECK:           rt.check <n> equals <1> "squeezed"
// CHECK:         } else {
// CHECK-NOT:       rt.check
func.func @branch(%c: tensor<i1>, %x: tensor<?xf32, #dim.shape<[n]>>) -> tensor<f32> {
  %0 = nn.if %c : tensor<i1> -> tensor<f32> {
    nn.assume <n> equals <1> "squeezed"
    %1 = nn.reshape %x {shape = #dim.shape<[]>} : (tensor<?xf32, #dim.shape<[n]>>) -> tensor<f32>
    nn.yield %1 : tensor<f32>
  } else {
    %2 = nn.reduce %x {kind = 0 : i32, axes = array<i64: 0>, keep_dims = false} : (tensor<?xf32, #dim.shape<[n]>>) -> tensor<f32>
    nn.yield %2 : tensor<f32>
  }
  return %0 : tensor<f32>
}

// RUN: dlc-opt %s --dlc-lower-to-rt --dlc-plan-memory --dlc-order-steps --split-input-file | FileCheck %s
// A split batch is a loop over views of the inputs and of the places of the results.

// Memory is that of the largest part; the last step needs the loop, which writes what it reads.
// CHECK-LABEL: rt.block @parts
// CHECK:         rt.symbol "n" = %arg0[0]
// CHECK-NEXT:    rt.stage frame <64 * n + 128>
// CHECK-NEXT:    %[[WHOLE:.*]] = rt.buffer "" at <0> size <64 * n>
// CHECK:         rt.size "part.most" = <min(4, n)>
// CHECK:         "rt.loop"
// CHECK-SAME:        count = #dim.expr<-1 * floordiv(-1 * n, 4)>
// CHECK:           rt.stage frame <64 * part.most>
// CHECK-NEXT:      rt.symbol "part.index" = read
// CHECK-NEXT:      rt.size "part" = <min(part.most, n + -4 * part.index)>
// CHECK-NEXT:      %[[IN:.*]] = rt.alias %arg0 at <256 * part.index> : {{.*}} to <tensor<?x16xf32, #dim.shape<[part, 16]>>>
// CHECK-NEXT:      %[[MID:.*]] = rt.buffer "" at <0> size <64 * part.most>
// CHECK-NEXT:      rt.dispatch @k(%[[IN]], %[[MID]])
// CHECK-NEXT:      %[[OUT:.*]] = rt.alias %[[WHOLE]] at <256 * part.index>
// CHECK-NEXT:      rt.dispatch @k(%[[MID]], %[[OUT]]) {{.*}} after [0]
// An input that is passed on is copied.
// CHECK-NEXT:      %[[COPY:.*]] = rt.alias %{{.*}} at <256 * part.index>
// CHECK-NEXT:      rt.copy %[[IN]] to %[[COPY]]
// CHECK:         rt.dispatch @k(%[[WHOLE]], %{{.*}}) {{.*}} after [0]
func.func @parts(%x: tensor<?x16xf32, #dim.shape<[n, 16]>>) -> (tensor<?x16xf32, #dim.shape<[n, 16]>>, tensor<?x16xf32, #dim.shape<[n, 16]>>) {
  %0:2 = nn.split_batch <n> by 4 called "part"(%x) : (tensor<?x16xf32, #dim.shape<[n, 16]>>) -> (tensor<?x16xf32, #dim.shape<[n, 16]>>, tensor<?x16xf32, #dim.shape<[n, 16]>>) attributes {nn.reason = "why"} {
  ^bb0(%p: tensor<?x16xf32, #dim.shape<[part, 16]>>):
    %1 = nn.dispatch @k(%p) : (tensor<?x16xf32, #dim.shape<[part, 16]>>) -> tensor<?x16xf32, #dim.shape<[part, 16]>>
    %2 = nn.dispatch @k(%1) : (tensor<?x16xf32, #dim.shape<[part, 16]>>) -> tensor<?x16xf32, #dim.shape<[part, 16]>>
    nn.yield %2, %p : tensor<?x16xf32, #dim.shape<[part, 16]>>, tensor<?x16xf32, #dim.shape<[part, 16]>>
  }
  %3 = nn.dispatch @k(%0#0) : (tensor<?x16xf32, #dim.shape<[n, 16]>>) -> tensor<?x16xf32, #dim.shape<[n, 16]>>
  return %3, %0#1 : tensor<?x16xf32, #dim.shape<[n, 16]>>, tensor<?x16xf32, #dim.shape<[n, 16]>>
}
module @kernels {
  func.func @k(%x: tensor<?x16xf32, #dim.shape<[n, 16]>>) -> tensor<?x16xf32, #dim.shape<[n, 16]>> attributes {nn.strategy = "loops"} {
    return %x : tensor<?x16xf32, #dim.shape<[n, 16]>>
  }
}

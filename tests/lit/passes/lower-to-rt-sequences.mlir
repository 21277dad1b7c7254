// RUN: dlc-opt %s --dlc-lower-to-rt | FileCheck %s
// Callers put into a sequence what they like: sizes that its type states are checked, others are named.

// CHECK-LABEL: rt.block @main
// CHECK:         %[[E:.*]] = rt.dynamic
// CHECK-NEXT:    rt.host_call "sequence_at"
// CHECK-NEXT:    rt.stage
// CHECK-NEXT:    rt.symbol "b" = %[[E]][1]
// CHECK-NEXT:    rt.symbol "element.size" = %[[E]][0]
// CHECK-NEXT:    rt.check <element.size> equals <2> "dimension 0 of a sequence's element"
func.func @main(%s: !nn.sequence<tensor<2x?xf32, #dim.shape<[2, ?]>>>, %p: tensor<i64>) -> tensor<2x?xf32, #dim.shape<[2, b]>> {
  %0 = nn.sequence_at %s, %p {result_dims = #dim.shape<[2, b]>} : (!nn.sequence<tensor<2x?xf32, #dim.shape<[2, ?]>>>, tensor<i64>) -> tensor<2x?xf32, #dim.shape<[2, b]>>
  return %0 : tensor<2x?xf32, #dim.shape<[2, b]>>
}

// CHECK-LABEL: rt.block @strings
// CHECK:         rt.host_call "sequence_at"
// CHECK:         rt.check <element.size> equals <2> "dimension 0 of a sequence's element"
func.func @strings(%s: !nn.sequence<tensor<2x!nn.string>>, %p: tensor<i64>) -> tensor<2x!nn.string> {
  %0 = nn.sequence_at %s, %p : (!nn.sequence<tensor<2x!nn.string>>, tensor<i64>) -> tensor<2x!nn.string>
  return %0 : tensor<2x!nn.string>
}

// RUN: dlc-opt %s --dlc-order-steps | FileCheck %s
// Steps wait for what they read, and for who still uses bytes that they write; implied waits are left out.

// CHECK-LABEL: rt.block @main
// CHECK:         rt.dispatch @p({{.*}} after []
// CHECK:         rt.dispatch @q({{.*}} after []
// CHECK:         rt.dispatch @r({{.*}} after [0, 1]
// The last step writes where step 2 reads; it does not name steps 0 and 1.
// CHECK:         rt.dispatch @s({{.*}} after [2]
rt.block @main attributes {inputs = ["x"], outputs = ["y", "z"]} {
^bb0(%x: !rt.ref<tensor<64xf32>>):
  rt.stage frame <512>
  %a = rt.buffer "a" at <0> size <256> : <tensor<64xf32>>
  %b = rt.buffer "b" at <256> size <256> : <tensor<64xf32>>
  %c = rt.buffer "c" at <0> size <256> : <tensor<64xf32>>
  %y = rt.output 0 : <tensor<64xf32>>
  rt.dispatch @p(%x, %a) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<64xf32>>, !rt.ref<tensor<64xf32>>
  rt.dispatch @q(%x, %b) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<64xf32>>, !rt.ref<tensor<64xf32>>
  rt.dispatch @r(%a, %b, %y) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<64xf32>>, !rt.ref<tensor<64xf32>>, !rt.ref<tensor<64xf32>>
  rt.dispatch @s(%x, %c) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<64xf32>>, !rt.ref<tensor<64xf32>>
  rt.yield %y, %c : !rt.ref<tensor<64xf32>>, !rt.ref<tensor<64xf32>>
}

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

// What data may make fail runs in its order, so that the first failure is the one that is told; kernels need not wait.
// CHECK-LABEL: rt.block @checks
// CHECK:         rt.host_call "check_indices"{{.*}} after []
// CHECK:         rt.host_call "check_indices"{{.*}} after [0]
// CHECK:         rt.dispatch @p({{.*}} after []
// CHECK:         rt.host_call "top_k"{{.*}} after []
rt.block @checks attributes {inputs = ["i", "j"], outputs = ["y"]} {
^bb0(%i: !rt.ref<tensor<4xi64>>, %j: !rt.ref<tensor<4xi64>>):
  rt.stage frame <512>
  %a = rt.buffer "a" at <0> size <32> : <tensor<4xi64>>
  %b = rt.buffer "b" at <64> size <32> : <tensor<4xi64>>
  %y = rt.output 0 : <tensor<4xi64>>
  rt.host_call "check_indices" version 1(%i) places [0] writes 0 dims <[-4, 4]> after [] : !rt.ref<tensor<4xi64>>
  rt.host_call "check_indices" version 1(%j) places [0] writes 0 dims <[-4, 4]> after [] : !rt.ref<tensor<4xi64>>
  rt.dispatch @p(%i, %y) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<4xi64>>, !rt.ref<tensor<4xi64>>
  rt.host_call "top_k" version 1(%j, %a, %b) places [0, 1, 2] writes 2 dims <[0, 1, 4]> after [] : !rt.ref<tensor<4xi64>>, !rt.ref<tensor<4xi64>>, !rt.ref<tensor<4xi64>>
  rt.yield %y : !rt.ref<tensor<4xi64>>
}

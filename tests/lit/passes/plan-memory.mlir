// RUN: dlc-opt %s --dlc-plan-memory | FileCheck %s

// Buffers that are never alive together share bytes: the third stands where the first did.
// CHECK-LABEL: rt.block @chain
// CHECK:         rt.stage frame <512>
// CHECK:         rt.buffer "a" at <0> size <256>
// CHECK:         rt.buffer "b" at <256> size <256>
// CHECK:         rt.buffer "c" at <0> size <256>
rt.block @chain attributes {inputs = ["x"], outputs = ["y"]} {
^bb0(%x: !rt.ref<tensor<64xf32>>):
  rt.stage frame <0>
  %a = rt.buffer "a" at <0> size <256> : <tensor<64xf32>>
  rt.dispatch @k(%x, %a) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<64xf32>>, !rt.ref<tensor<64xf32>>
  %b = rt.buffer "b" at <0> size <256> : <tensor<64xf32>>
  rt.dispatch @k(%a, %b) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<64xf32>>, !rt.ref<tensor<64xf32>>
  %c = rt.buffer "c" at <0> size <256> : <tensor<64xf32>>
  rt.dispatch @k(%b, %c) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<64xf32>>, !rt.ref<tensor<64xf32>>
  %y = rt.output 0 : <tensor<64xf32>>
  rt.dispatch @k(%c, %y) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<64xf32>>, !rt.ref<tensor<64xf32>>
  rt.yield %y : !rt.ref<tensor<64xf32>>
}

// An alias keeps its base alive, and symbolic sizes give symbolic offsets, in whole cache lines, the larger first.
// CHECK-LABEL: rt.block @symbolic
// CHECK:         rt.stage frame <-64 * floordiv(-8 * n, 64) + -64 * floordiv(-4 * n, 64)>
// CHECK:         rt.buffer "a" at <-64 * floordiv(-8 * n, 64)> size <4 * n>
// CHECK:         rt.buffer "b" at <0> size <8 * n>
rt.block @symbolic attributes {inputs = ["x"], outputs = ["y"]} {
^bb0(%x: !rt.ref<tensor<?xf32, #dim.shape<[n]>>>):
  rt.symbol "n" = %x[0] : <tensor<?xf32, #dim.shape<[n]>>>
  rt.stage frame <0>
  %a = rt.buffer "a" at <0> size <4 * n> : <tensor<?xf32, #dim.shape<[n]>>>
  rt.dispatch @k(%x, %a) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<?xf32, #dim.shape<[n]>>>, !rt.ref<tensor<?xf32, #dim.shape<[n]>>>
  %alias = rt.alias %a at <0> : <tensor<?xf32, #dim.shape<[n]>>> to <tensor<1x?xf32, #dim.shape<[1, n]>>>
  %b = rt.buffer "b" at <0> size <8 * n> : <tensor<2x?xf32, #dim.shape<[2, n]>>>
  rt.dispatch @k(%x, %b) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<?xf32, #dim.shape<[n]>>>, !rt.ref<tensor<2x?xf32, #dim.shape<[2, n]>>>
  %y = rt.output 0 : <tensor<?xf32, #dim.shape<[n]>>>
  rt.dispatch @k(%alias, %b, %y) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<1x?xf32, #dim.shape<[1, n]>>>, !rt.ref<tensor<2x?xf32, #dim.shape<[2, n]>>>, !rt.ref<tensor<?xf32, #dim.shape<[n]>>>
  rt.yield %y : !rt.ref<tensor<?xf32, #dim.shape<[n]>>>
}

// Numbers times one formula are placed like numbers: the last two stand side by side where the first was.
// CHECK-LABEL: rt.block @multiples
// CHECK:         rt.stage frame <512 * n>
// CHECK:         rt.buffer "a" at <0> size <512 * n>
// CHECK:         rt.buffer "b" at <0> size <256 * n>
// CHECK:         rt.buffer "c" at <256 * n> size <200 * n>
rt.block @multiples attributes {inputs = ["x"], outputs = ["y", "z"]} {
^bb0(%x: !rt.ref<tensor<?x16xf32, #dim.shape<[n, 16]>>>):
  rt.symbol "n" = %x[0] : <tensor<?x16xf32, #dim.shape<[n, 16]>>>
  rt.stage frame <0>
  %y = rt.output 0 : <tensor<?x16xf32, #dim.shape<[n, 16]>>>
  %z = rt.output 1 : <tensor<?x16xf32, #dim.shape<[n, 16]>>>
  %a = rt.buffer "a" at <0> size <512 * n> : <tensor<?x128xf32, #dim.shape<[n, 128]>>>
  rt.dispatch @k(%x, %a) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<?x16xf32, #dim.shape<[n, 16]>>>, !rt.ref<tensor<?x128xf32, #dim.shape<[n, 128]>>>
  rt.dispatch @k(%a, %y) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<?x128xf32, #dim.shape<[n, 128]>>>, !rt.ref<tensor<?x16xf32, #dim.shape<[n, 16]>>>
  %b = rt.buffer "b" at <0> size <256 * n> : <tensor<?x64xf32, #dim.shape<[n, 64]>>>
  rt.dispatch @k(%x, %b) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<?x16xf32, #dim.shape<[n, 16]>>>, !rt.ref<tensor<?x64xf32, #dim.shape<[n, 64]>>>
  %c = rt.buffer "c" at <0> size <200 * n> : <tensor<?x50xf32, #dim.shape<[n, 50]>>>
  rt.dispatch @k(%x, %c) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<?x16xf32, #dim.shape<[n, 16]>>>, !rt.ref<tensor<?x50xf32, #dim.shape<[n, 50]>>>
  rt.dispatch @k(%b, %c, %z) writes 1 dims <[]> tiles <1> scratch <0> flops <0> after [] "loops" : !rt.ref<tensor<?x64xf32, #dim.shape<[n, 64]>>>, !rt.ref<tensor<?x50xf32, #dim.shape<[n, 50]>>>, !rt.ref<tensor<?x16xf32, #dim.shape<[n, 16]>>>
  rt.yield %y, %z : !rt.ref<tensor<?x16xf32, #dim.shape<[n, 16]>>>, !rt.ref<tensor<?x16xf32, #dim.shape<[n, 16]>>>
}

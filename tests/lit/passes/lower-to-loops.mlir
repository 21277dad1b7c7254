// RUN: dlc-opt %s --from=nn --to=graph --dlc-form-groups --dlc-outline-kernels --dlc-lower-to-linalg --dlc-lower-to-loops | FileCheck %s
// Kernels become loops over linear buffers: inputs, outputs, sizes, the tiles [begin, end) and scratch.

// CHECK-LABEL: func.func @relu_0(
// CHECK-SAME:    %[[X:.*]]: memref<{{[0-9]+}}xf32> {llvm.noalias}, %[[Y:.*]]: memref<{{[0-9]+}}xf32> {llvm.noalias}
// CHECK-SAME:    %[[N:[^:]*]]: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: memref<{{[0-9]+}}xi8> {llvm.noalias}) -> i32
// CHECK-SAME:    nn.dims = #dim.shape<[n]>
// CHECK-SAME:    nn.tiles = #dim.expr<
// CHECK:         scf.for
// CHECK-NOT:     tensor
// CHECK-NOT:     linalg
// CHECK:         return %{{.*}} : i32
func.func @main(%x: tensor<?x4xf32, #dim.shape<[n, 4]>>) -> tensor<?x4xf32, #dim.shape<[n, 4]>> {
  %0 = nn.relu %x : (tensor<?x4xf32, #dim.shape<[n, 4]>>) -> tensor<?x4xf32, #dim.shape<[n, 4]>>
  return %0 : tensor<?x4xf32, #dim.shape<[n, 4]>>
}

// A reduction over no dims is the identity.
// CHECK-LABEL: func.func @reduce_1(
// CHECK:         %[[X:.*]] = {{vector|memref}}.{{load|maskedload}}
// CHECK:         arith.addf %{{.*}}, %[[X]]
func.func @none(%x: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %0 = nn.reduce %x {axes = array<i64>, keep_dims = true, kind = 0 : i32} : (tensor<2x8xf32>) -> tensor<2x8xf32>
  return %0 : tensor<2x8xf32>
}

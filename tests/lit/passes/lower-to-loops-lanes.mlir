// RUN: dlc-opt %s --from=nn --to=rt --target=x86-64-v4 | FileCheck %s
// Kernels run on vectors of 16 f32.

// Neighbouring loops become one: 6 x 8 elements are 3 vectors.
// CHECK-LABEL: func.func @mul_0(
// CHECK:         scf.for %{{.*}} = %c0{{.*}} to %c48{{.*}} step %c16
// CHECK:           vector.load %{{.*}} : memref<48xf32>, vector<16xf32>
// CHECK:           vector.store
// CHECK-NOT:     vector.maskedstore
func.func @main(%x: tensor<6x8xf32>, %c: tensor<2x20xf32>, %d: tensor<2x32xf32>, %t: tensor<32x48xf32>, %n: tensor<?x128xf32, #dim.shape<[n, 128]>>,
                %r: tensor<3x200xf32>, %p: tensor<1x4x4x32xf32>, %i: tensor<1x3x8x16xf32>)
    -> (tensor<6x8xf32>, tensor<2x52xf32>, tensor<48x32xf32>, tensor<?x128xf32, #dim.shape<[n, 128]>>, tensor<3xf32>, tensor<1x2x2x32xf32>, tensor<1x8x16x3xf32>) {
  %0 = nn.mul %x, %x : (tensor<6x8xf32>, tensor<6x8xf32>) -> tensor<6x8xf32>

// A concatenation is a copy per operand, not a condition per element. What is left over is masked.
// CHECK-LABEL: func.func @concat_1(
// CHECK:         vector.load %{{.*}} : memref<40xf32>, vector<16xf32>
// CHECK:         vector.maskedload %{{.*}} : memref<40xf32>
// CHECK:         scf.for %{{.*}} = %c20{{.*}} to %c52{{.*}} step %c16
// CHECK:           vector.load %{{.*}} : memref<64xf32>, vector<16xf32>
// CHECK-NOT:     scf.if
  %1 = nn.concat %c, %d {axis = 1 : i64} : (tensor<2x20xf32>, tensor<2x32xf32>) -> tensor<2x52xf32>

// Blocks of 16 x 16 are transposed in registers.
// CHECK-LABEL: func.func @transpose_2(
// CHECK-NOT:     vector.gather
// CHECK-COUNT-16: vector.load
// CHECK-COUNT-64: vector.shuffle
// CHECK-COUNT-16: vector.store
  %2 = nn.transpose %t {permutation = array<i64: 1, 0>} : (tensor<32x48xf32>) -> tensor<48x32xf32>

// Softmax: the row stays in scratch between its passes; a block of rows is a tile.
// CHECK-LABEL: func.func @softmax_3(
// CHECK-SAME:    nn.tiles = #dim.expr<{{.*}}floordiv
// CHECK:         iter_args(%{{.*}}) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK:         arith.cmpf olt, %{{.*}} : vector<16xf32>
// CHECK:         arith.divf %{{.*}} : vector<16xf32>
  %3 = nn.softmax %n {axis = 1 : i64} : (tensor<?x128xf32, #dim.shape<[n, 128]>>) -> tensor<?x128xf32, #dim.shape<[n, 128]>>

// A sum across 200 elements: four vectors at a time, then one, then 8 elements; lanes are added by halves.
// CHECK-LABEL: func.func @reduce_4(
// CHECK:         scf.for {{.*}} iter_args(%{{.*}}) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK:         vector.maskedload
// CHECK:         arith.select %{{.*}} : vector<16xi1>, vector<16xf32>
// CHECK:         arith.addf %{{.*}} : vector<8xf32>
// CHECK:         arith.addf %{{.*}} : vector<1xf32>
  %4 = nn.reduce %r {axes = array<i64: 1>, keep_dims = false, kind = 0 : i32} : (tensor<3x200xf32>) -> tensor<3xf32>

// Windows over channels: a lane per channel.
// CHECK-LABEL: func.func @max_pool_5(
// CHECK:         vector.load %{{.*}} : memref<512xf32>, vector<16xf32>
// CHECK-NEXT:    arith.cmpf olt, %{{.*}} : vector<16xf32>
  %5 = nn.max_pool %p {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, ceil_mode = false, channel_last = true} : (tensor<1x4x4x32xf32>) -> tensor<1x2x2x32xf32>

// Three planes are interleaved.
// CHECK-LABEL: func.func @transpose_6(
// CHECK-COUNT-3: vector.load
// CHECK-COUNT-6: vector.shuffle
// CHECK-NOT:     vector.shuffle
// CHECK:         return
  %6 = nn.transpose %i {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x3x8x16xf32>) -> tensor<1x8x16x3xf32>
  return %0, %1, %2, %3, %4, %5, %6 : tensor<6x8xf32>, tensor<2x52xf32>, tensor<48x32xf32>, tensor<?x128xf32, #dim.shape<[n, 128]>>, tensor<3xf32>, tensor<1x2x2x32xf32>, tensor<1x8x16x3xf32>
}

// RUN: dlc-opt %s --dlc-check-indices --split-input-file | FileCheck %s
// Indices that data may put out of range are checked before the op that trusts them; what proves them spares it.

// CHECK-LABEL: func.func @unknown
// CHECK:         nn.check_indices %arg1 from <[-8]> below <[8]> : tensor<3xi64>
// CHECK-NEXT:    nn.gather
// The same check is made once.
// CHECK-NEXT:    nn.gather
// CHECK:         nn.check_indices %arg1 from <[-4]> below <[4]>
func.func @unknown(%x: tensor<8x4xf32>, %i: tensor<3xi64>) -> (tensor<3x4xf32>, tensor<3x4xf32>, tensor<8x3xf32>) {
  %0 = nn.gather %x, %i {axis = 0 : i64} : (tensor<8x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  %1 = nn.gather %x, %i {axis = 0 : i64} : (tensor<8x4xf32>, tensor<3xi64>) -> tensor<3x4xf32>
  %2 = nn.gather %x, %i {axis = 1 : i64} : (tensor<8x4xf32>, tensor<3xi64>) -> tensor<8x3xf32>
  return %0, %1, %2 : tensor<3x4xf32>, tensor<3x4xf32>, tensor<8x3xf32>
}

// -----

// CHECK-LABEL: func.func @each_op
// CHECK:         nn.check_indices %arg1 from <[-1 * n, -4]> below <[n, 4]>
// CHECK-NEXT:    nn.gather_nd
// CHECK:         nn.check_indices %arg2 from <[0]> below <[5]>
// CHECK-NEXT:    nn.reverse_sequence
// CHECK:         nn.check_indices %arg3 from <[-1 * n]> below <[n]>
// CHECK-NEXT:    nn.scatter_elements
func.func @each_op(%x: tensor<?x4xf32, #dim.shape<[n, 4]>>, %i: tensor<3x2xi32>, %l: tensor<?xi64, #dim.shape<[n]>>, %j: tensor<1x2xi64>, %u: tensor<1x2xf32>)
    -> (tensor<3xf32>, tensor<?x4xf32, #dim.shape<[n, 4]>>, tensor<?x4xf32, #dim.shape<[n, 4]>>) {
  %0 = nn.gather_nd %x, %i : (tensor<?x4xf32, #dim.shape<[n, 4]>>, tensor<3x2xi32>) -> tensor<3xf32>
  %1 = nn.reverse_sequence %x, %l {batch_axis = 0 : i64, time_axis = 1 : i64} : (tensor<?x4xf32, #dim.shape<[n, 4]>>, tensor<?xi64, #dim.shape<[n]>>) -> tensor<?x4xf32, #dim.shape<[n, 4]>>
  %2 = nn.scatter_elements %x, %j, %u {axis = 0 : i64} : (tensor<?x4xf32, #dim.shape<[n, 4]>>, tensor<1x2xi64>, tensor<1x2xf32>) -> tensor<?x4xf32, #dim.shape<[n, 4]>>
  return %0, %1, %2 : tensor<3xf32>, tensor<?x4xf32, #dim.shape<[n, 4]>>, tensor<?x4xf32, #dim.shape<[n, 4]>>
}

// -----

// Positions of the greatest, also where the size is a formula; a sum with a constant may leave the range.
// CHECK-LABEL: func.func @positions
// CHECK-NOT:     nn.check_indices
// CHECK:         nn.add
// CHECK:         nn.check_indices
// CHECK-NOT:     nn.check_indices
func.func @positions(%x: tensor<?xf32, #dim.shape<[n]>>) -> (tensor<1xf32>, tensor<1xf32>) {
  %one = nn.constant dense<1> : tensor<1xi64>
  %0 = nn.arg_reduce %x {kind = 3 : i32, axis = 0 : i64, keep_dims = true, select_last = false} : (tensor<?xf32, #dim.shape<[n]>>) -> tensor<1xi64>
  %1 = nn.gather %x, %0 {axis = 0 : i64} : (tensor<?xf32, #dim.shape<[n]>>, tensor<1xi64>) -> tensor<1xf32>
  %2 = nn.add %0, %one : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %3 = nn.gather %x, %2 {axis = 0 : i64} : (tensor<?xf32, #dim.shape<[n]>>, tensor<1xi64>) -> tensor<1xf32>
  return %1, %3 : tensor<1xf32>, tensor<1xf32>
}

// -----

// Constants: legal ones need no check; others are left to the run, which may never come there.
// CHECK-LABEL: func.func @constants
// CHECK-NOT:     nn.check_indices
// CHECK:         nn.gather
// CHECK:         nn.check_indices
// CHECK-NEXT:    nn.gather
func.func @constants(%x: tensor<4xf32>) -> (tensor<2xf32>, tensor<1xf32>) {
  %good = nn.constant dense<[3, -4]> : tensor<2xi64>
  %bad = nn.constant dense<4> : tensor<1xi64>
  %0 = nn.gather %x, %good {axis = 0 : i64} : (tensor<4xf32>, tensor<2xi64>) -> tensor<2xf32>
  %1 = nn.gather %x, %bad {axis = 0 : i64} : (tensor<4xf32>, tensor<1xi64>) -> tensor<1xf32>
  return %0, %1 : tensor<2xf32>, tensor<1xf32>
}

// -----

// Clamped and remaining values; a 32-bit sum may wrap, so nothing is concluded from it.
// CHECK-LABEL: func.func @arithmetic
// CHECK-NOT:     nn.check_indices
// CHECK:         nn.add
// CHECK-NEXT:    nn.check_indices
func.func @arithmetic(%x: tensor<8xf32>, %i: tensor<3xi32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %zero = nn.constant dense<0> : tensor<3xi32>
  %seven = nn.constant dense<7> : tensor<3xi32>
  %0 = nn.max %i, %zero : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
  %1 = nn.min %0, %seven : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
  %2 = nn.gather %x, %1 {axis = 0 : i64} : (tensor<8xf32>, tensor<3xi32>) -> tensor<3xf32>
  %3 = nn.mod %i, %seven : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
  %4 = nn.gather %x, %3 {axis = 0 : i64} : (tensor<8xf32>, tensor<3xi32>) -> tensor<3xf32>
  %5 = nn.add %0, %seven : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
  %6 = nn.gather %x, %5 {axis = 0 : i64} : (tensor<8xf32>, tensor<3xi32>) -> tensor<3xf32>
  return %2, %4, %6 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

// -----

// In a loop: the iteration is below the trip count; a carried value is followed, a value of the graph around is not known.
// CHECK-LABEL: func.func @loop
// CHECK:         nn.loop
// CHECK-NOT:     nn.check_indices
// CHECK:         nn.gather %arg0, %arg2
// CHECK-NEXT:    nn.gather %arg0, %arg4
// CHECK-NEXT:    nn.check_indices %arg1
// CHECK-NEXT:    nn.gather %arg0, %arg1
func.func @loop(%x: tensor<5xf32>, %i: tensor<i64>) -> tensor<i64> {
  %trips = nn.constant dense<5> : tensor<i64>
  %start = nn.constant dense<0> : tensor<i64>
  %next = nn.constant dense<4> : tensor<i64>
  %0 = nn.loop trips %trips : tensor<i64> (%start) : (tensor<i64>) -> tensor<i64> {
  ^bb0(%at: tensor<i64>, %going: tensor<i1>, %carried: tensor<i64>):
    %1 = nn.gather %x, %at {axis = 0 : i64} : (tensor<5xf32>, tensor<i64>) -> tensor<f32>
    %2 = nn.gather %x, %carried {axis = 0 : i64} : (tensor<5xf32>, tensor<i64>) -> tensor<f32>
    %3 = nn.gather %x, %i {axis = 0 : i64} : (tensor<5xf32>, tensor<i64>) -> tensor<f32>
    nn.yield %going, %next : tensor<i1>, tensor<i64>
  }
  return %0 : tensor<i64>
}

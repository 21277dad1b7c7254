// RUN: dlc-opt %s --dlc-split-batch=part=4 --split-input-file | FileCheck %s
// Ops that treat each image by itself run on parts of the batch.

// The parts are equal: their size is a number. What follows from no image stays before, and what needs all of them behind.
// CHECK-LABEL: func.func @equal_parts
// CHECK:         %[[W:.*]] = nn.exp %arg1
// CHECK:         %[[R:.*]] = nn.split_batch <8> by 4(%arg0) : (tensor<8x6xf32>) -> tensor<8x4xf32>
// CHECK-NEXT:    ^bb0(%[[P:.*]]: tensor<4x6xf32>):
// CHECK-NEXT:      %[[A:.*]] = nn.matmul %[[P]], %[[W]] : (tensor<4x6xf32>, tensor<6x4xf32>) -> tensor<4x4xf32>
// CHECK-NEXT:      %[[B:.*]] = nn.relu %[[A]] : (tensor<4x4xf32>) -> tensor<4x4xf32>
// CHECK-NEXT:      nn.yield %[[B]] : tensor<4x4xf32>
// CHECK:         %[[M:.*]] = nn.reduce %[[R]] {{.*}} : (tensor<8x4xf32>) -> tensor<4xf32>
// CHECK-NEXT:    return %[[R]], %[[M]], %[[W]]
func.func @equal_parts(%x: tensor<8x6xf32>, %w: tensor<6x4xf32>) -> (tensor<8x4xf32>, tensor<4xf32>, tensor<6x4xf32>) {
  %3 = nn.exp %w : (tensor<6x4xf32>) -> tensor<6x4xf32>
  %0 = nn.matmul %x, %3 : (tensor<8x6xf32>, tensor<6x4xf32>) -> tensor<8x4xf32>
  %1 = nn.relu %0 : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %2 = nn.reduce %1 {axes = array<i64: 0>, keep_dims = false, kind = 1 : i32} : (tensor<8x4xf32>) -> tensor<4xf32>
  return %1, %2, %3 : tensor<8x4xf32>, tensor<4xf32>, tensor<6x4xf32>
}

// -----

// The last part is smaller: its size has a name.
// CHECK-LABEL: func.func @remainder
// CHECK:         nn.split_batch <6> by 4 called "part"(%arg0) : (tensor<6x6xf32>) -> tensor<12x3xf32>
// CHECK-NEXT:    ^bb0(%[[P:.*]]: tensor<?x6xf32, #dim.shape<[part, 6]>>):
// CHECK-NEXT:      nn.reshape %[[P]] {shape = #dim.shape<[2 * part, 3]>}
func.func @remainder(%x: tensor<6x6xf32>) -> tensor<12x3xf32> {
  %0 = nn.reshape %x {shape = #dim.shape<[12, 3]>} : (tensor<6x6xf32>) -> tensor<12x3xf32>
  return %0 : tensor<12x3xf32>
}

// -----

// Only the run knows the batch. The name of a part's size is not one of the model's.
// CHECK-LABEL: func.func @dynamic
// CHECK:         nn.split_batch <n> by 4 called "part_"(%arg0) : (tensor<?x?xf32, #dim.shape<[n, part]>>)
// CHECK-NEXT:    ^bb0(%[[P:.*]]: tensor<?x?xf32, #dim.shape<[part_, part]>>):
// CHECK-NEXT:      nn.exp %[[P]]
func.func @dynamic(%x: tensor<?x?xf32, #dim.shape<[n, part]>>) -> tensor<?x?xf32, #dim.shape<[n, part]>> {
  %0 = nn.exp %x : (tensor<?x?xf32, #dim.shape<[n, part]>>) -> tensor<?x?xf32, #dim.shape<[n, part]>>
  return %0 : tensor<?x?xf32, #dim.shape<[n, part]>>
}

// -----

// What needs a value of another op that needs all images is behind, too.
// CHECK-LABEL: func.func @only_a_part_of_the_graph
// CHECK:         nn.split_batch
// CHECK:           nn.relu
// CHECK-NEXT:      nn.yield
// CHECK:         nn.softmax
// CHECK-NEXT:    nn.exp
// CHECK-NEXT:    return
func.func @only_a_part_of_the_graph(%x: tensor<8x6xf32>) -> tensor<8x6xf32> {
  %0 = nn.relu %x : (tensor<8x6xf32>) -> tensor<8x6xf32>
  %1 = nn.softmax %0 {axis = 0 : i64} : (tensor<8x6xf32>) -> tensor<8x6xf32>
  %2 = nn.exp %1 : (tensor<8x6xf32>) -> tensor<8x6xf32>
  return %2 : tensor<8x6xf32>
}

// -----

// A part that is the whole batch is none.
// CHECK-LABEL: func.func @small_batch
// CHECK-NOT:     nn.split_batch
func.func @small_batch(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %0 = nn.exp %x : (tensor<4x6xf32>) -> tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}

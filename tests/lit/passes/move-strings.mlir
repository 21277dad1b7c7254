// RUN: dlc-opt %s --dlc-move-strings | FileCheck %s

// CHECK-LABEL: @transposed
// CHECK:         %[[I:.*]] = nn.iota
// CHECK:         %[[P:.*]] = nn.reshape %[[I]] {{.*}} -> tensor<2x3xi64>
// CHECK:         %[[T:.*]] = nn.transpose %[[P]] {{.*}} -> tensor<3x2xi64>
// CHECK:         nn.string_pick %[[T]], %arg0
func.func @transposed(%x: tensor<2x3x!nn.string>) -> tensor<3x2x!nn.string> {
  %0 = nn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<2x3x!nn.string>) -> tensor<3x2x!nn.string>
  return %0 : tensor<3x2x!nn.string>
}

// Places count on from one tensor to the next.
// CHECK-LABEL: @joined
// CHECK:         nn.sizes <[n]>
// CHECK:         nn.concat {{.*}} -> tensor<?xi64
// CHECK:         nn.string_pick %{{.*}}, %arg0, %arg1
func.func @joined(%x: tensor<?x!nn.string, #dim.shape<[n]>>, %y: tensor<2x!nn.string>) -> tensor<?x!nn.string, #dim.shape<[n + 2]>> {
  %0 = nn.concat %x, %y {axis = 0} : (tensor<?x!nn.string, #dim.shape<[n]>>, tensor<2x!nn.string>) -> tensor<?x!nn.string, #dim.shape<[n + 2]>>
  return %0 : tensor<?x!nn.string, #dim.shape<[n + 2]>>
}

// Numbers are moved as they are.
// CHECK-LABEL: @numbers
// CHECK-NOT:     nn.string_pick
func.func @numbers(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
  %0 = nn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

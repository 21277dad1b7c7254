// RUN: dlc-opt %s --dlc-lower-to-linalg | FileCheck %s
// Kernels get plain tensors and one index argument per formula that their code needs.

module {
  module @kernels {
    // CHECK-LABEL: func.func @relu(
    // CHECK-SAME:    %[[X:.*]]: tensor<?x4xf32> {nn.sizes = array<i64: 0, -1>}, %[[N:.*]]: index)
    // CHECK-SAME:    -> (tensor<?x4xf32> {nn.sizes = array<i64: 0, -1>})
    // CHECK-SAME:    nn.dims = #dim.shape<[2 * n]>
    // CHECK:         tensor.empty(%[[N]])
    // CHECK:         linalg.generic
    // CHECK-SAME:      iterator_types = ["parallel", "parallel"]
    // CHECK:           arith.select
    // CHECK:         return
    func.func @relu(%x: tensor<?x4xf32, #dim.shape<[2 * n, 4]>>) -> tensor<?x4xf32, #dim.shape<[2 * n, 4]>>
        attributes {nn.strategy = "loops"} {
      %0 = nn.relu %x : (tensor<?x4xf32, #dim.shape<[2 * n, 4]>>) -> tensor<?x4xf32, #dim.shape<[2 * n, 4]>>
      return %0 : tensor<?x4xf32, #dim.shape<[2 * n, 4]>>
    }

    // Booleans and unsigned numbers are stored as signless ones; a broadcast reads its operand by fewer indices.
    // CHECK-LABEL: func.func @less(
    // CHECK-SAME:    tensor<3x2xi8> {{.*}}tensor<2xi8> {{.*}}) -> (tensor<3x2xi8>
    // CHECK:         arith.cmpi ult
    func.func @less(%x: tensor<3x2xui8>, %y: tensor<2xui8>) -> tensor<3x2xi1> attributes {nn.strategy = "loops"} {
      %0 = nn.less %x, %y : (tensor<3x2xui8>, tensor<2xui8>) -> tensor<3x2xi1>
      return %0 : tensor<3x2xi1>
    }

    // A reduction of no axes is elementwise: where it starts is a number, for there is no accumulator.
    // CHECK-LABEL: func.func @no_axes(
    // CHECK:         %[[INIT:.*]] = arith.constant 0xFF800000 : f32
    // CHECK:         linalg.generic
    // CHECK-SAME:      iterator_types = ["parallel"]
    // CHECK:           arith.maximumf %[[INIT]], %{{.*}} : f32
    func.func @no_axes(%x: tensor<4xf32>) -> tensor<4xf32> attributes {nn.strategy = "loops"} {
      %0 = nn.reduce %x {axes = array<i64>, keep_dims = false, kind = 3 : i32} : (tensor<4xf32>) -> tensor<4xf32>
      return %0 : tensor<4xf32>
    }
  }
}

// RUN: dlc-opt %s --dlc-form-groups | FileCheck %s

// A contraction takes the elementwise ops that alone use its result, whatever else they read.
// CHECK-LABEL: @epilogue
// CHECK:      nn.group "{{.*}}"(%arg0, %arg1, %arg2)
// CHECK:        nn.matmul
// CHECK-NEXT:   nn.add
// CHECK-NEXT:   nn.relu
// CHECK-NEXT:   nn.yield
// CHECK-NOT:  nn.group
func.func @epilogue(%x: tensor<2x4xf32>, %w: tensor<4x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> {
  %0 = nn.matmul %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  %1 = nn.add %0, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %2 = nn.relu %1 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %2 : tensor<2x3xf32>
}

// A result that others use too stays a value: the epilogue ends there.
// CHECK-LABEL: @shared
// CHECK:      %[[P:.*]] = nn.group
// CHECK-NEXT: ^bb0
// CHECK-NEXT:   nn.matmul
// CHECK-NEXT:   nn.yield
// CHECK:      nn.group "{{.*}}"(%[[P]])
func.func @shared(%x: tensor<2x4xf32>, %w: tensor<4x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  %0 = nn.matmul %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  %1 = nn.relu %0 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0, %1 : tensor<2x3xf32>, tensor<2x3xf32>
}

// Other ops take what feeds them; reshapes are no kernel, and splats are copied into the group.
// CHECK-LABEL: @producers
// CHECK:      nn.reshape %arg0
// CHECK:      nn.group
// CHECK:        nn.constant
// CHECK:        nn.mul
// CHECK-NEXT:   nn.exp
// CHECK-NEXT:   nn.reduce
// CHECK-NEXT:   nn.yield
func.func @producers(%x: tensor<6xf32>) -> tensor<2xf32> {
  %two = nn.constant dense<2.0> : tensor<f32>
  %0 = nn.reshape %x {shape = #dim.shape<[2, 3]>} : (tensor<6xf32>) -> tensor<2x3xf32>
  %1 = nn.mul %0, %two : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %2 = nn.exp %1 : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %3 = nn.reduce %2 {axes = array<i64: 1>, keep_dims = false, kind = 0 : i32} : (tensor<2x3xf32>) -> tensor<2xf32>
  return %3 : tensor<2xf32>
}

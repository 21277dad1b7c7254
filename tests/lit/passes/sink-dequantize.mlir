// RUN: dlc-opt %s --dlc-sink-dequantize | FileCheck %s

// Elements move while they are bytes.
// CHECK-LABEL: @moves
// CHECK:         %[[T:.*]] = nn.transpose %arg0 {{.*}} : (tensor<2x3x4xui8>) -> tensor<4x2x3xui8>
// CHECK:         %[[R:.*]] = nn.reshape %[[T]]
// CHECK:         %[[D:.*]] = nn.dequantize_linear %[[R]]
// CHECK-NEXT:    return %[[D]]
func.func @moves(%x: tensor<2x3x4xui8>) -> tensor<4x6xf32> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<3> : tensor<ui8>
  %0 = nn.dequantize_linear %x, %s, %z {to = f32} : (tensor<2x3x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<2x3x4xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 2, 0, 1>} : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
  %2 = nn.reshape %1 {shape = #dim.shape<[4, 6]>} : (tensor<4x2x3xf32>) -> tensor<4x6xf32>
  return %2 : tensor<4x6xf32>
}

// Scales along an axis go where the axis goes.
// CHECK-LABEL: @axis
// CHECK:         nn.dequantize_linear %{{.*}} {axis = 2 : i64
func.func @axis(%x: tensor<2x3x1xi8>) -> tensor<3x1x2xf32> {
  %s = nn.constant dense<[0.5, 2.0]> : tensor<2xf32>
  %0 = nn.dequantize_linear %x, %s {axis = 0 : i64, to = f32} : (tensor<2x3x1xi8>, tensor<2xf32>) -> tensor<2x3x1xf32>
  %1 = nn.transpose %0 {permutation = array<i64: 1, 2, 0>} : (tensor<2x3x1xf32>) -> tensor<3x1x2xf32>
  return %1 : tensor<3x1x2xf32>
}

// Parts of a concat need equal scales.
// CHECK-LABEL: @concat
// CHECK:         %[[C:.*]] = nn.concat %arg0, %arg1 {{.*}} -> tensor<4xui8>
// CHECK:         nn.dequantize_linear %[[C]]
// CHECK:         nn.concat %{{.*}} -> tensor<4xf32>
func.func @concat(%x: tensor<2xui8>, %y: tensor<2xui8>) -> (tensor<4xf32>, tensor<4xf32>) {
  %s = nn.constant dense<0.5> : tensor<f32>
  %s2 = nn.constant dense<0.25> : tensor<f32>
  %0 = nn.dequantize_linear %x, %s {to = f32} : (tensor<2xui8>, tensor<f32>) -> tensor<2xf32>
  %1 = nn.dequantize_linear %y, %s {to = f32} : (tensor<2xui8>, tensor<f32>) -> tensor<2xf32>
  %2 = nn.dequantize_linear %y, %s2 {to = f32} : (tensor<2xui8>, tensor<f32>) -> tensor<2xf32>
  %3 = nn.concat %0, %1 {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  %4 = nn.concat %0, %2 {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  return %3, %4 : tensor<4xf32>, tensor<4xf32>
}

// The least value is 0, so saturation does what relu does; then nothing is left.
// CHECK-LABEL: @cancels
// CHECK-NEXT:    return %arg0
func.func @cancels(%x: tensor<2xui8>) -> tensor<2xui8> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<0> : tensor<ui8>
  %0 = nn.dequantize_linear %x, %s, %z {to = f32} : (tensor<2xui8>, tensor<f32>, tensor<ui8>) -> tensor<2xf32>
  %1 = nn.relu %0 : (tensor<2xf32>) -> tensor<2xf32>
  %2 = nn.quantize_linear %1, %s, %z {to = ui8} : (tensor<2xf32>, tensor<f32>, tensor<ui8>) -> tensor<2xui8>
  return %2 : tensor<2xui8>
}

// With another zero point relu cuts off, and with another scale the bytes change.
// CHECK-LABEL: @stays
// CHECK:         nn.relu
// CHECK:         nn.quantize_linear
func.func @stays(%x: tensor<2xui8>) -> tensor<2xui8> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<7> : tensor<ui8>
  %0 = nn.dequantize_linear %x, %s, %z {to = f32} : (tensor<2xui8>, tensor<f32>, tensor<ui8>) -> tensor<2xf32>
  %1 = nn.relu %0 : (tensor<2xf32>) -> tensor<2xf32>
  %2 = nn.quantize_linear %1, %s, %z {to = ui8} : (tensor<2xf32>, tensor<f32>, tensor<ui8>) -> tensor<2xui8>
  return %2 : tensor<2xui8>
}

// What is added is quantised too; without a value it is 0, the zero point.
// CHECK-LABEL: @pad
// CHECK-DAG:     %[[V:.*]] = nn.quantize_linear %{{.*}} : (tensor<f32>, tensor<f32>, tensor<ui8>) -> tensor<ui8>
// CHECK-DAG:     %[[Q:.*]] = nn.quantize_linear %arg0, %{{.*}} -> tensor<2x3xui8>
// CHECK:         %[[P:.*]] = nn.pad %[[Q]], %[[V]] {{.*}} -> tensor<3x5xui8>
// CHECK:         %[[Q2:.*]] = nn.quantize_linear %arg0, %{{.*}}, %[[Z:.*]] {
// CHECK:         %[[P2:.*]] = nn.pad %[[Q2]], %[[Z]] {{.*}} -> tensor<3x5xui8>
// CHECK:         return %[[P]], %[[P2]]
func.func @pad(%x: tensor<2x3xf32>) -> (tensor<3x5xui8>, tensor<3x5xui8>) {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<7> : tensor<ui8>
  %v = nn.constant dense<2.0> : tensor<f32>
  %0 = nn.pad %x, %v {begins = #dim.shape<[1, 1]>, ends = #dim.shape<[0, 1]>, mode = 0 : i32} : (tensor<2x3xf32>, tensor<f32>) -> tensor<3x5xf32>
  %1 = nn.quantize_linear %0, %s, %z {to = ui8} : (tensor<3x5xf32>, tensor<f32>, tensor<ui8>) -> tensor<3x5xui8>
  %2 = nn.pad %x {begins = #dim.shape<[1, 1]>, ends = #dim.shape<[0, 1]>, mode = 0 : i32} : (tensor<2x3xf32>) -> tensor<3x5xf32>
  %3 = nn.quantize_linear %2, %s, %z {to = ui8} : (tensor<3x5xf32>, tensor<f32>, tensor<ui8>) -> tensor<3x5xui8>
  return %1, %3 : tensor<3x5xui8>, tensor<3x5xui8>
}

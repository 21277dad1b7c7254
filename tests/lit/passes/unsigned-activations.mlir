// RUN: dlc-opt %s --dlc-unsigned-activations | FileCheck %s

// CHECK-LABEL: @both_ends
// CHECK-DAG:     %[[Q:.*]] = nn.constant dense<133> : tensor<ui8>
// CHECK-DAG:     %[[D:.*]] = nn.constant dense<128> : tensor<ui8>
// CHECK:         %[[X:.*]] = nn.quantize_linear %arg0, %{{.*}}, %[[Q]] {{.*}}to = ui8
// CHECK:         nn.dequantize_linear %[[X]], %{{.*}}, %[[D]]
func.func @both_ends(%x: tensor<4xf32>) -> tensor<4xf32> {
  %s = nn.constant dense<0.5> : tensor<f32>
  %z = nn.constant dense<5> : tensor<i8>
  %0 = nn.quantize_linear %x, %s, %z {to = i8} : (tensor<4xf32>, tensor<f32>, tensor<i8>) -> tensor<4xi8>
  %1 = nn.dequantize_linear %0, %s {to = f32} : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// Somebody else sees the bytes.
// CHECK-LABEL: @seen
// CHECK:         to = i8
func.func @seen(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi8>) {
  %s = nn.constant dense<0.5> : tensor<f32>
  %0 = nn.quantize_linear %x, %s {to = i8} : (tensor<4xf32>, tensor<f32>) -> tensor<4xi8>
  %1 = nn.dequantize_linear %0, %s {to = f32} : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
  return %1, %0 : tensor<4xf32>, tensor<4xi8>
}

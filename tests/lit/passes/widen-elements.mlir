// RUN: dlc-opt %s --dlc-widen-elements --split-input-file --verify-diagnostics | FileCheck %s

// What is passed is packed; what is moved are bytes.
// CHECK-LABEL: @moved
// CHECK:         %[[X:.*]] = nn.unpack_bits %arg0 : (tensor<2x3xi4>) -> tensor<2x3xi8>
// CHECK:         %[[T:.*]] = nn.transpose %[[X]] {{.*}} -> tensor<3x2xi8>
// CHECK:         %[[Y:.*]] = nn.pack_bits %[[T]] {to = i4} : (tensor<3x2xi8>) -> tensor<3x2xi4>
// CHECK:         return %[[Y]]
func.func @moved(%x: tensor<2x3xi4>) -> tensor<3x2xi4> {
  %0 = nn.transpose %x {permutation = array<i64: 1, 0>} : (tensor<2x3xi4>) -> tensor<3x2xi4>
  return %0 : tensor<3x2xi4>
}

// The low bits are kept, with their sign.
// CHECK-LABEL: @made
// CHECK:         %[[R:.*]] = nn.round %arg0
// CHECK:         nn.bit_and
// CHECK:         nn.cast {{.*}}to = i8
// CHECK:         nn.dequantize_linear {{.*}} : (tensor<4xi8>, tensor<f32>) -> tensor<4xf32>
func.func @made(%x: tensor<4xf32>, %s: tensor<f32>) -> tensor<4xf32> {
  %0 = nn.cast %x {to = i4, saturate = true} : (tensor<4xf32>) -> tensor<4xi4>
  %1 = nn.dequantize_linear %0, %s {to = f32} : (tensor<4xi4>, tensor<f32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// Quantised values saturate at the bounds of fewer bits.
// CHECK-LABEL: @quantised
// CHECK:         %[[Q:.*]] = nn.quantize_linear {{.*}}to = ui8
// CHECK:         nn.max %[[Q]]
// CHECK:         nn.min
// CHECK:         nn.pack_bits {{.*}}to = ui2
func.func @quantised(%x: tensor<4xf32>, %s: tensor<f32>) -> tensor<4xui2> {
  %0 = nn.quantize_linear %x, %s {to = ui2} : (tensor<4xf32>, tensor<f32>) -> tensor<4xui2>
  return %0 : tensor<4xui2>
}

// Codes are looked up in a table.
// CHECK-LABEL: @powers
// CHECK:         %[[B:.*]] = nn.bit_cast %arg0 {to = ui8}
// CHECK:         nn.gather {{.*}} : (tensor<256xf32>, tensor<4xi32>) -> tensor<4xf32>
func.func @powers(%x: tensor<4xf8E8M0FNU>) -> tensor<4xf32> {
  %0 = nn.cast %x {to = f32, saturate = true} : (tensor<4xf8E8M0FNU>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// Sequences of elements of different ranks are made of bytes, too.
// CHECK-LABEL: @mixed
// CHECK:         nn.sequence_construct {{.*}} -> !nn.sequence<tensor<*xi8>>
// CHECK:         nn.sequence_length {{.*}} : (!nn.sequence<tensor<*xi8>>) -> tensor<i64>
func.func @mixed(%x: tensor<2x3xi4>, %y: tensor<3xi4>) -> tensor<i64> {
  %0 = nn.sequence_construct %x, %y : (tensor<2x3xi4>, tensor<3xi4>) -> !nn.sequence<tensor<*xi4>>
  %1 = nn.sequence_length %0 : (!nn.sequence<tensor<*xi4>>) -> tensor<i64>
  return %1 : tensor<i64>
}

// -----

// expected-error @below {{expected tensors where inputs have elements of less than a byte, got '!nn.sequence<tensor<2xi4>>'}}
// expected-error @below {{expected tensors where results have elements of less than a byte, got '!nn.sequence<tensor<2xi4>>'}}
func.func @listed(%x: !nn.sequence<tensor<2xi4>>) -> !nn.sequence<tensor<2xi4>> {
  return %x : !nn.sequence<tensor<2xi4>>
}

// RUN: dlc-opt %s --dlc-widen-floats --canonicalize | FileCheck %s
// RUN: dlc-opt %s --dlc-widen-floats=bf16=false --canonicalize | FileCheck %s --check-prefix=PAIRS

// One cast in, one out; nothing is rounded between.
// CHECK-LABEL: @chain
// CHECK:         %[[X:.*]] = nn.cast %arg0 {{.*}}to = f32
// CHECK-NEXT:    %[[M:.*]] = nn.mul %[[X]], %[[X]] {{.*}} -> tensor<4xf32>
// CHECK-NEXT:    %[[R:.*]] = nn.relu %[[M]] {{.*}} -> tensor<4xf32>
// CHECK-NEXT:    %[[Y:.*]] = nn.cast %[[R]] {{.*}}to = f16
// CHECK-NEXT:    return %[[Y]]
func.func @chain(%x: tensor<4xf16>) -> tensor<4xf16> {
  %0 = nn.mul %x, %x : (tensor<4xf16>, tensor<4xf16>) -> tensor<4xf16>
  %1 = nn.relu %0 : (tensor<4xf16>) -> tensor<4xf16>
  return %1 : tensor<4xf16>
}

// What the model rounds itself stays rounded.
// CHECK-LABEL: @own_cast
// CHECK:         nn.cast %arg0 {{.*}}to = f16
// CHECK:         nn.cast %{{.*}} {{.*}}to = f32
// CHECK:         nn.relu
func.func @own_cast(%x: tensor<4xf32>) -> tensor<4xf16> {
  %0 = nn.cast %x {to = f16, saturate = true} : (tensor<4xf32>) -> tensor<4xf16>
  %1 = nn.relu %0 : (tensor<4xf16>) -> tensor<4xf16>
  return %1 : tensor<4xf16>
}

// Results of other types are as they were.
// CHECK-LABEL: @compare
// CHECK:         nn.less %{{.*}} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
// CHECK-NEXT:    return
func.func @compare(%x: tensor<4xf16>, %y: tensor<4xf16>) -> tensor<4xi1> {
  %0 = nn.less %x, %y : (tensor<4xf16>, tensor<4xf16>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}

// Where the CPU has products of bf16 pairs, bf16 stays.
// CHECK-LABEL: @brain(
// CHECK:         nn.matmul {{.*}} -> tensor<4x4xf32>
// PAIRS-LABEL: @brain(
// PAIRS:         nn.matmul {{.*}} -> tensor<4x4xbf16>
func.func @brain(%x: tensor<4x4xbf16>) -> tensor<4x4xbf16> {
  %0 = nn.matmul %x, %x : (tensor<4x4xbf16>, tensor<4x4xbf16>) -> tensor<4x4xbf16>
  return %0 : tensor<4x4xbf16>
}

// Functions with a short form say that few bits of theirs are asked for, casts that sums need not be rounded.
// CHECK-LABEL: @functions
// CHECK:         nn.cast %arg0 {nn.half_precision, {{.*}}to = f32
// CHECK:         nn.erf %{{.*}} {nn.half_precision} : (tensor<4xf32>)
// CHECK:         nn.softmax %{{.*}} {{.*}}nn.half_precision{{.*}} : (tensor<4xf32>)
// CHECK:         nn.cast %{{.*}} {saturate = true, to = f16}
// CHECK:         nn.erf %arg1 : (tensor<4xf32>)
func.func @functions(%x: tensor<4xf16>, %y: tensor<4xf32>) -> (tensor<4xf16>, tensor<4xf32>) {
  %0 = nn.erf %x : (tensor<4xf16>) -> tensor<4xf16>
  %1 = nn.softmax %0 {axis = 0 : i64} : (tensor<4xf16>) -> tensor<4xf16>
  %2 = nn.erf %y : (tensor<4xf32>) -> tensor<4xf32>
  return %1, %2 : tensor<4xf16>, tensor<4xf32>
}

// Between contractions of bf16, arithmetic is in f32, and rounded once; what moves elements moves rounded ones.
// PAIRS-LABEL: @brain_chain
// PAIRS:         %[[M:.*]] = nn.matmul %arg0, %arg0 {{.*}} -> tensor<4x4xbf16>
// PAIRS:         %[[W:.*]] = nn.cast %[[M]] {{.*}}to = f32
// PAIRS:         %[[A:.*]] = nn.add %[[W]], %[[W]] {{.*}} -> tensor<4x4xf32>
// PAIRS:         %[[E:.*]] = nn.erf %[[A]] {{.*}} -> tensor<4x4xf32>
// PAIRS:         %[[R:.*]] = nn.cast %[[E]] {{.*}}to = bf16
// PAIRS:         %[[V:.*]] = nn.cast %[[R]] {{.*}}to = f32
// PAIRS:         %[[T:.*]] = nn.transpose %[[R]] {{.*}} -> tensor<4x4xbf16>
// PAIRS:         %[[N:.*]] = nn.matmul %[[T]], %[[T]] {{.*}} -> tensor<4x4xbf16>
// PAIRS:         %[[U:.*]] = nn.cast %[[N]] {{.*}}to = f32
// PAIRS:         nn.add %[[U]], %[[V]] {{.*}} -> tensor<4x4xf32>
func.func @brain_chain(%x: tensor<4x4xbf16>) -> tensor<4x4xbf16> {
  %0 = nn.matmul %x, %x : (tensor<4x4xbf16>, tensor<4x4xbf16>) -> tensor<4x4xbf16>
  %1 = nn.add %0, %0 : (tensor<4x4xbf16>, tensor<4x4xbf16>) -> tensor<4x4xbf16>
  %2 = nn.erf %1 : (tensor<4x4xbf16>) -> tensor<4x4xbf16>
  %3 = nn.transpose %2 {permutation = array<i64: 1, 0>} : (tensor<4x4xbf16>) -> tensor<4x4xbf16>
  %4 = nn.matmul %3, %3 : (tensor<4x4xbf16>, tensor<4x4xbf16>) -> tensor<4x4xbf16>
  %5 = nn.add %4, %2 : (tensor<4x4xbf16>, tensor<4x4xbf16>) -> tensor<4x4xbf16>
  return %5 : tensor<4x4xbf16>
}

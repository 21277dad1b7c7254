// RUN: dlc-opt %s --dlc-integer-contractions --canonicalize | FileCheck %s

// CHECK-LABEL: @conv
// CHECK:         %[[I:.*]] = nn.conv_integer %arg0
// CHECK:         %[[R:.*]] = nn.cast %[[I]]
// CHECK:         %[[M:.*]] = nn.mul %[[R]]
// CHECK:         %[[A:.*]] = nn.add %[[M]]
// CHECK:         return %[[A]]
func.func @conv(%q: tensor<1x2x4xui8>) -> tensor<1x2x4xf32> {
  %w = nn.constant dense<[[[1], [2]], [[3], [-4]]]> : tensor<2x2x1xi8>
  %b = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %sx = nn.constant dense<0.5> : tensor<f32>
  %zx = nn.constant dense<7> : tensor<ui8>
  %sw = nn.constant dense<[0.25, 2.0]> : tensor<2xf32>
  %0 = nn.dequantize_linear %q, %sx, %zx {to = f32} : (tensor<1x2x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x2x4xf32>
  %1 = nn.dequantize_linear %w, %sw {axis = 0 : i64, to = f32} : (tensor<2x2x1xi8>, tensor<2xf32>) -> tensor<2x2x1xf32>
  %2 = nn.conv %0, %1, %b {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64} : (tensor<1x2x4xf32>, tensor<2x2x1xf32>, tensor<2xf32>) -> tensor<1x2x4xf32>
  return %2 : tensor<1x2x4xf32>
}

// The quantisation at the end divides no more: the scale of the sums takes its factor.
// CHECK-LABEL: @matmul
// CHECK-DAG:     %[[ONE:.*]] = nn.constant dense<1.000000e+00> : tensor<f32>
// CHECK-DAG:     %[[FOUR:.*]] = nn.constant dense<4.000000e+00> : tensor<f32>
// CHECK:         nn.matmul_integer %arg0
// CHECK:         %[[F:.*]] = nn.mul %{{.*}}, %[[FOUR]] : (tensor<f32>, tensor<f32>)
// CHECK:         %[[M:.*]] = nn.mul %{{.*}}, %[[F]]
// CHECK:         nn.quantize_linear %[[M]], %[[ONE]]
func.func @matmul(%q: tensor<3x2xui8>) -> tensor<3x2xui8> {
  %w = nn.constant dense<[[1, 2], [3, -4]]> : tensor<2x2xi8>
  %s = nn.constant dense<0.25> : tensor<f32>
  %0 = nn.dequantize_linear %q, %s {to = f32} : (tensor<3x2xui8>, tensor<f32>) -> tensor<3x2xf32>
  %1 = nn.dequantize_linear %w, %s {to = f32} : (tensor<2x2xi8>, tensor<f32>) -> tensor<2x2xf32>
  %2 = nn.matmul %0, %1 : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  %3 = nn.quantize_linear %2, %s {to = ui8} : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xui8>
  return %3 : tensor<3x2xui8>
}

// Scales along the summed dim can't be taken out of the sum.
// CHECK-LABEL: @wrong_axis
// CHECK:         nn.matmul %
func.func @wrong_axis(%q: tensor<3x2xui8>) -> tensor<3x2xf32> {
  %w = nn.constant dense<[[1, 2], [3, -4]]> : tensor<2x2xi8>
  %s = nn.constant dense<0.25> : tensor<f32>
  %sw = nn.constant dense<[0.25, 2.0]> : tensor<2xf32>
  %0 = nn.dequantize_linear %q, %s {to = f32} : (tensor<3x2xui8>, tensor<f32>) -> tensor<3x2xf32>
  %1 = nn.dequantize_linear %w, %sw {axis = 0 : i64, to = f32} : (tensor<2x2xi8>, tensor<2xf32>) -> tensor<2x2xf32>
  %2 = nn.matmul %0, %1 : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  return %2 : tensor<3x2xf32>
}

// Through a rectifier, and into what is added: a residual's own scale changes, for this use alone.
// CHECK-LABEL: @residual
// CHECK-DAG:     %[[ONE:.*]] = nn.constant dense<1.000000e+00> : tensor<f32>
// CHECK-DAG:     %[[FOUR:.*]] = nn.constant dense<4.000000e+00> : tensor<f32>
// CHECK:         %[[FACTOR:.*]] = nn.mul %{{.*}}, %[[FOUR]]
// CHECK:         nn.matmul_integer
// CHECK:         %[[SCALED:.*]] = nn.mul %{{.*}} : (tensor<3x2xf32>, tensor<f32>)
// CHECK-DAG:     %[[R:.*]] = nn.dequantize_linear %arg1, %[[FACTOR]] {to = f32}
// CHECK-DAG:     %[[OLD:.*]] = nn.dequantize_linear %arg1, %{{.*}} {to = f32}
// CHECK:         %[[SUM:.*]] = nn.add %[[SCALED]], %[[R]]
// CHECK:         %[[POSITIVE:.*]] = nn.relu %[[SUM]]
// CHECK:         %[[Q:.*]] = nn.quantize_linear %[[POSITIVE]], %[[ONE]]
// CHECK:         return %[[Q]], %[[OLD]]
func.func @residual(%q: tensor<3x2xui8>, %r: tensor<3x2xui8>) -> (tensor<3x2xui8>, tensor<3x2xf32>) {
  %w = nn.constant dense<[[1, 2], [3, -4]]> : tensor<2x2xi8>
  %s = nn.constant dense<0.25> : tensor<f32>
  %0 = nn.dequantize_linear %q, %s {to = f32} : (tensor<3x2xui8>, tensor<f32>) -> tensor<3x2xf32>
  %1 = nn.dequantize_linear %w, %s {to = f32} : (tensor<2x2xi8>, tensor<f32>) -> tensor<2x2xf32>
  %2 = nn.matmul %0, %1 : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  %3 = nn.dequantize_linear %r, %s {to = f32} : (tensor<3x2xui8>, tensor<f32>) -> tensor<3x2xf32>
  %4 = nn.add %2, %3 : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %5 = nn.relu %4 : (tensor<3x2xf32>) -> tensor<3x2xf32>
  %6 = nn.quantize_linear %5, %s {to = ui8} : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xui8>
  return %6, %3 : tensor<3x2xui8>, tensor<3x2xf32>
}

// What is added here comes from elsewhere: a product more.
// CHECK-LABEL: @unscaled
// CHECK:         %[[SUM:.*]] = nn.add %{{.*}}, %arg1
// CHECK:         %[[M:.*]] = nn.mul %[[SUM]], %
// CHECK:         nn.quantize_linear %[[M]], %
func.func @unscaled(%q: tensor<3x2xui8>, %r: tensor<3x2xf32>) -> tensor<3x2xui8> {
  %w = nn.constant dense<[[1, 2], [3, -4]]> : tensor<2x2xi8>
  %s = nn.constant dense<0.25> : tensor<f32>
  %0 = nn.dequantize_linear %q, %s {to = f32} : (tensor<3x2xui8>, tensor<f32>) -> tensor<3x2xf32>
  %1 = nn.dequantize_linear %w, %s {to = f32} : (tensor<2x2xi8>, tensor<f32>) -> tensor<2x2xf32>
  %2 = nn.matmul %0, %1 : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  %3 = nn.add %2, %r : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %4 = nn.quantize_linear %3, %s {to = ui8} : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xui8>
  return %4 : tensor<3x2xui8>
}

// A scale per block keeps its shape, even when there is one block only.
// CHECK-LABEL: @one_block
// CHECK:         nn.quantize_linear %{{.*}}, %{{.*}} {{{.*}}block_size = 2 : i64, to = ui8} : (tensor<1x2xf32>, tensor<1x1xf32>)
func.func @one_block(%q: tensor<1x2xui8>) -> tensor<1x2xui8> {
  %w = nn.constant dense<[[1, 2], [3, -4]]> : tensor<2x2xi8>
  %s = nn.constant dense<0.25> : tensor<f32>
  %b = nn.constant dense<0.5> : tensor<1x1xf32>
  %0 = nn.dequantize_linear %q, %s {to = f32} : (tensor<1x2xui8>, tensor<f32>) -> tensor<1x2xf32>
  %1 = nn.dequantize_linear %w, %s {to = f32} : (tensor<2x2xi8>, tensor<f32>) -> tensor<2x2xf32>
  %2 = nn.matmul %0, %1 : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %3 = nn.quantize_linear %2, %b {axis = 1 : i64, block_size = 2 : i64, to = ui8} : (tensor<1x2xf32>, tensor<1x1xf32>) -> tensor<1x2xui8>
  return %3 : tensor<1x2xui8>
}

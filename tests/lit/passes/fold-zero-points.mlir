// RUN: dlc-opt %s --dlc-fold-zero-points --canonicalize | FileCheck %s

// w - 128 fits signed bytes: [2, -3]; the bias is -7 * (2 - 3); what pads is the zero point.
// CHECK-LABEL: @conv
// CHECK-DAG:     %[[W:.*]] = nn.constant dense<{{\[}}{{\[}}[2, -3]]]> : tensor<1x1x2xi8>
// CHECK-DAG:     %[[B:.*]] = nn.constant dense<7> : tensor<1xi32>
// CHECK:         nn.conv %arg0, %[[W]], %[[B]] {{.*}}pad_value = 7
func.func @conv(%q: tensor<1x1x4xui8>) -> tensor<1x1x4xi32> {
  %w = nn.constant dense<[[[130, 125]]]> : tensor<1x1x2xui8>
  %zx = nn.constant dense<7> : tensor<ui8>
  %zw = nn.constant dense<128> : tensor<ui8>
  %0 = nn.conv_integer %q, %w, %zx, %zw {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 1, 0>, groups = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1>} : (tensor<1x1x4xui8>, tensor<1x1x2xui8>, tensor<ui8>, tensor<ui8>) -> tensor<1x1x4xi32>
  return %0 : tensor<1x1x4xi32>
}

// 255 - 0 is no signed byte.
// CHECK-LABEL: @too_wide
// CHECK:         nn.conv_integer
func.func @too_wide(%q: tensor<1x1x4xui8>) -> tensor<1x1x4xi32> {
  %w = nn.constant dense<[[[255]]]> : tensor<1x1x1xui8>
  %0 = nn.conv_integer %q, %w {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<1x1x4xui8>, tensor<1x1x1xui8>) -> tensor<1x1x4xi32>
  return %0 : tensor<1x1x4xi32>
}

// A zero point that data gives is multiplied by the sums of the columns.
// CHECK-LABEL: @dynamic
// CHECK-DAG:     %[[S:.*]] = nn.constant dense<[4, -2]> : tensor<2xi32>
// CHECK:         %[[M:.*]] = nn.matmul %arg0
// CHECK:         %[[Z:.*]] = nn.cast %arg1
// CHECK:         %[[P:.*]] = nn.mul %[[Z]], %[[S]]
// CHECK:         nn.sub %[[M]], %[[P]]
func.func @dynamic(%q: tensor<3x2xui8>, %zx: tensor<ui8>) -> tensor<3x2xi32> {
  %w = nn.constant dense<[[1, 2], [3, -4]]> : tensor<2x2xi8>
  %0 = nn.matmul_integer %q, %w, %zx {operandSegmentSizes = array<i32: 1, 1, 1, 0>} : (tensor<3x2xui8>, tensor<2x2xi8>, tensor<ui8>) -> tensor<3x2xi32>
  return %0 : tensor<3x2xi32>
}

// What is added is the zero point: the convolution pads by itself. Another value stays.
// CHECK-LABEL: @padded
// CHECK:         nn.conv %arg0, %{{.*}} {{.*}}pad_value = 7 : i64, pads = array<i64: 1, 1>
// CHECK:         %[[P:.*]] = nn.pad
// CHECK:         nn.conv %[[P]], %{{.*}} {{.*}}pad_value = 7 : i64, pads = array<i64: 0, 0>
func.func @padded(%q: tensor<1x1x4xui8>) -> (tensor<1x1x4xi32>, tensor<1x1x4xi32>) {
  %w = nn.constant dense<[[[1, 2, 3]]]> : tensor<1x1x3xi8>
  %z = nn.constant dense<7> : tensor<ui8>
  %v = nn.constant dense<8> : tensor<ui8>
  %0 = nn.pad %q, %z {begins = #dim.shape<[0, 0, 1]>, ends = #dim.shape<[0, 0, 1]>, mode = 0 : i32} : (tensor<1x1x4xui8>, tensor<ui8>) -> tensor<1x1x6xui8>
  %1 = nn.conv_integer %0, %w, %z {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0>} : (tensor<1x1x6xui8>, tensor<1x1x3xi8>, tensor<ui8>) -> tensor<1x1x4xi32>
  %2 = nn.pad %q, %v {begins = #dim.shape<[0, 0, 1]>, ends = #dim.shape<[0, 0, 1]>, mode = 0 : i32} : (tensor<1x1x4xui8>, tensor<ui8>) -> tensor<1x1x6xui8>
  %3 = nn.conv_integer %2, %w, %z {strides = array<i64: 1>, dilations = array<i64: 1>, pads = array<i64: 0, 0>, groups = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0>} : (tensor<1x1x6xui8>, tensor<1x1x3xi8>, tensor<ui8>) -> tensor<1x1x4xi32>
  return %1, %3 : tensor<1x1x4xi32>, tensor<1x1x4xi32>
}

// RUN: dlc-opt %s --dlc-split-batch=part=4 --split-input-file | FileCheck %s
// Which ops treat each image by itself, and which do not.

// CHECK-LABEL: func.func @each_image
// CHECK:         nn.split_batch <8> by 4
// CHECK-COUNT-16:  (tensor<4x
// CHECK:           nn.yield
// CHECK-NEXT:    }
// CHECK-NEXT:    return
func.func @each_image(%x: tensor<8x4x4x6xf32>, %w: tensor<6x6x1x1xf32>, %v: tensor<6xf32>, %i: tensor<8x3xi64>, %t: tensor<9x6xf32>)
    -> (tensor<8x4x4x6xf32>, tensor<8x3x6xf32>, tensor<8x1x1x6xf32>, tensor<8x4x4x3xf32>, tensor<8x4x8x6xf32>, tensor<8x4x4x6xui8>, tensor<8x4x4x4xf32>) {
  %s = nn.constant dense<0.5> : tensor<f32>
  %0 = nn.conv %x, %w {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, groups = 1 : i64, channel_last = true} : (tensor<8x4x4x6xf32>, tensor<6x6x1x1xf32>) -> tensor<8x4x4x6xf32>
  %1 = nn.add %0, %v : (tensor<8x4x4x6xf32>, tensor<6xf32>) -> tensor<8x4x4x6xf32>
  %2 = nn.add %1, %x : (tensor<8x4x4x6xf32>, tensor<8x4x4x6xf32>) -> tensor<8x4x4x6xf32>
  %3 = nn.max_pool %2 {kernel = array<i64: 1, 1>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, ceil_mode = false, channel_last = true} : (tensor<8x4x4x6xf32>) -> tensor<8x4x4x6xf32>
  %4 = nn.softmax %3 {axis = 3 : i64} : (tensor<8x4x4x6xf32>) -> tensor<8x4x4x6xf32>
  %5 = nn.layer_norm %4, %v {axis = 3 : i64, epsilon = 0.1 : f64} : (tensor<8x4x4x6xf32>, tensor<6xf32>) -> tensor<8x4x4x6xf32>
  %6 = nn.transpose %5 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<8x4x4x6xf32>) -> tensor<8x4x4x6xf32>
  %7 = nn.gather %t, %i {axis = 0 : i64} : (tensor<9x6xf32>, tensor<8x3xi64>) -> tensor<8x3x6xf32>
  %8 = nn.reduce %6 {axes = array<i64: 1, 2>, keep_dims = true, kind = 1 : i32} : (tensor<8x4x4x6xf32>) -> tensor<8x1x1x6xf32>
  %9 = nn.slice %6 {starts = #dim.shape<[0, 0, 0, 1]>, sizes = #dim.shape<[8, 4, 4, 3]>, steps = array<i64: 1, 1, 1, 1>} : (tensor<8x4x4x6xf32>) -> tensor<8x4x4x3xf32>
  %10 = nn.concat %6, %6 {axis = 2 : i64} : (tensor<8x4x4x6xf32>, tensor<8x4x4x6xf32>) -> tensor<8x4x8x6xf32>
  %11 = nn.quantize_linear %6, %s {to = ui8} : (tensor<8x4x4x6xf32>, tensor<f32>) -> tensor<8x4x4x6xui8>
  %12 = nn.matmul %9, %9 {transpose_rhs = true} : (tensor<8x4x4x3xf32>, tensor<8x4x4x3xf32>) -> tensor<8x4x4x4xf32>
  %13 = nn.pad %12 {mode = 0 : i32, begins = #dim.shape<[0, 1, 0, 0]>, ends = #dim.shape<[0, -1, 0, 0]>} : (tensor<8x4x4x4xf32>) -> tensor<8x4x4x4xf32>
  %14 = nn.broadcast %8 {shape = #dim.shape<[8, 4, 4, 6]>} : (tensor<8x1x1x6xf32>) -> tensor<8x4x4x6xf32>
  %15 = nn.sub %2, %14 : (tensor<8x4x4x6xf32>, tensor<8x4x4x6xf32>) -> tensor<8x4x4x6xf32>
  %16 = nn.resize %15 {sizes = #dim.shape<[8, 4, 4, 6]>, scales = array<f64: 1.0, 1.0, 1.0, 1.0>, mode = 0 : i32, coordinates = 4 : i32, operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<8x4x4x6xf32>) -> tensor<8x4x4x6xf32>
  return %16, %7, %8, %9, %10, %11, %13 : tensor<8x4x4x6xf32>, tensor<8x3x6xf32>, tensor<8x1x1x6xf32>, tensor<8x4x4x3xf32>, tensor<8x4x8x6xf32>, tensor<8x4x4x6xui8>, tensor<8x4x4x4xf32>
}

// -----

// CHECK-LABEL: func.func @images_together
// CHECK-NOT:     nn.split_batch
func.func @images_together(%x: tensor<8x4x6xf32>, %y: tensor<8x8xf32>, %c: tensor<8x6xf32>, %i: tensor<3xi64>)
    -> (tensor<4x8x6xf32>, tensor<8x4x6xf32>, tensor<1x4x6xf32>, tensor<16x4x6xf32>, tensor<3x4x6xf32>, tensor<8x6xf32>, tensor<8x8xf32>, tensor<8x6xf32>,
        tensor<8x4x6xf32>, tensor<8x4x6xf32>, tensor<8x4x6xf32>, tensor<16x4x6xf32>, tensor<8x4x6xui8>, tensor<4x2x24xf32>, tensor<8x4x6xf32>) {
  %k = nn.constant dense<0.5> : tensor<8x6xf32>
  %s = nn.constant dense<0.5> : tensor<8xf32>
  // A permutation that moves the batch; sums over it; sizes and places that change along it.
  %0 = nn.transpose %x {permutation = array<i64: 1, 0, 2>} : (tensor<8x4x6xf32>) -> tensor<4x8x6xf32>
  %1 = nn.softmax %x {axis = 0 : i64} : (tensor<8x4x6xf32>) -> tensor<8x4x6xf32>
  %2 = nn.reduce %x {axes = array<i64: 0>, keep_dims = true, kind = 0 : i32} : (tensor<8x4x6xf32>) -> tensor<1x4x6xf32>
  %3 = nn.concat %x, %x {axis = 0 : i64} : (tensor<8x4x6xf32>, tensor<8x4x6xf32>) -> tensor<16x4x6xf32>
  %4 = nn.gather %x, %i {axis = 0 : i64} : (tensor<8x4x6xf32>, tensor<3xi64>) -> tensor<3x4x6xf32>
  // The batch is summed over: as a right-hand side's rows, as a turned left-hand side's.
  %5 = nn.matmul %y, %c : (tensor<8x8xf32>, tensor<8x6xf32>) -> tensor<8x6xf32>
  %6 = nn.matmul %y, %y {transpose_lhs = true} : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  // A constant with other rows for other images.
  %7 = nn.add %c, %k : (tensor<8x6xf32>, tensor<8x6xf32>) -> tensor<8x6xf32>
  %8 = nn.cumsum %x {axis = 0 : i64} : (tensor<8x4x6xf32>) -> tensor<8x4x6xf32>
  %9 = nn.slice %x {starts = #dim.shape<[7, 0, 0]>, sizes = #dim.shape<[8, 4, 6]>, steps = array<i64: -1, 1, 1>} : (tensor<8x4x6xf32>) -> tensor<8x4x6xf32>
  %10 = nn.pad %x {mode = 0 : i32, begins = #dim.shape<[1, 0, 0]>, ends = #dim.shape<[-1, 0, 0]>} : (tensor<8x4x6xf32>) -> tensor<8x4x6xf32>
  %11 = nn.tile %x {repeats = #dim.shape<[2, 1, 1]>} : (tensor<8x4x6xf32>) -> tensor<16x4x6xf32>
  %12 = nn.quantize_linear %x, %s {to = ui8, axis = 0 : i64} : (tensor<8x4x6xf32>, tensor<8xf32>) -> tensor<8x4x6xui8>
  // Rows that are no multiple of the images.
  %13 = nn.reshape %x {shape = #dim.shape<[4, 2, 24]>} : (tensor<8x4x6xf32>) -> tensor<4x2x24xf32>
  // Random numbers are those of positions.
  %14 = nn.bernoulli %x {seed = 1 : i64, to = f32} : (tensor<8x4x6xf32>) -> tensor<8x4x6xf32>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14 : tensor<4x8x6xf32>, tensor<8x4x6xf32>, tensor<1x4x6xf32>, tensor<16x4x6xf32>, tensor<3x4x6xf32>, tensor<8x6xf32>, tensor<8x8xf32>, tensor<8x6xf32>,
        tensor<8x4x6xf32>, tensor<8x4x6xf32>, tensor<8x4x6xf32>, tensor<16x4x6xf32>, tensor<8x4x6xui8>, tensor<4x2x24xf32>, tensor<8x4x6xf32>
}

// -----

// Another dim, or an attribute, depends on how many images there are.
// CHECK-LABEL: func.func @counted_images
// CHECK-NOT:     nn.split_batch
func.func @counted_images(%x: tensor<?x4xf32, #dim.shape<[n, 4]>>) -> (tensor<?x?xf32, #dim.shape<[n, n + 4]>>, tensor<?x?xf32, #dim.shape<[n, 4 * n]>>) {
  %0 = nn.pad %x {mode = 0 : i32, begins = #dim.shape<[0, 0]>, ends = #dim.shape<[0, n]>} : (tensor<?x4xf32, #dim.shape<[n, 4]>>) -> tensor<?x?xf32, #dim.shape<[n, n + 4]>>
  %1 = nn.tile %x {repeats = #dim.shape<[1, n]>} : (tensor<?x4xf32, #dim.shape<[n, 4]>>) -> tensor<?x?xf32, #dim.shape<[n, 4 * n]>>
  return %0, %1 : tensor<?x?xf32, #dim.shape<[n, n + 4]>>, tensor<?x?xf32, #dim.shape<[n, 4 * n]>>
}
